"""What the gateway adds to a call: request to provider's answer through connectd, and to the provider directly, at a
moderate rate, with large status webhooks coming in meanwhile."""

import shutil
import threading
import time

from harness import load, report
from harness.http import post_all
from harness.paths import WORK
from harness.servers import Connectd, Simulator
from harness.webhooks import signed_posts

from .status import send_messages

NAME = "latency"
HELP = "latency that the gateway adds at a moderate rate"

WEBHOOKS_PER_SECOND = 5
UPDATES_PER_WEBHOOK = 1_000
DIRECT, QUIET, BUSY = "provider directly", "connectd, no webhooks", "connectd, webhooks coming in"
COLUMNS = {
    "rate": "messages/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "p999_ms": "p99.9 ms",
    "added_p50_ms": "added p50 ms",
    "added_p99_ms": "added p99 ms",
}


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--pause-ms", type=int, default=12, help="of each of 64 connections; 12: about 5,000/s")
    parser.add_argument("--connectd-threads", type=int, default=0)


class Webhooks:
    """Posts prepared webhooks at their rate for the length of the `with` block."""

    def __init__(self, server, messages: list[dict]):
        self._port = server.port
        self._requests = signed_posts(server, messages, "delivered", UPDATES_PER_WEBHOOK)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        for request in self._requests:
            if self._end.wait(1 / WEBHOOKS_PER_SECOND):
                return
            post_all(self._port, [request], connections=1)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


def _row(result: load.LoadResult) -> dict:
    return {
        "rate": result.answers / result.seconds,
        "p50_ms": result.p50_ms,
        "p99_ms": result.p99_ms,
        "p999_ms": result.p999_ms,
    }


def _round(folder, options, seconds: float) -> dict[str, dict]:
    settings = load.Load(pause_ms=options.pause_ms)
    with (
        Simulator(folder / "sim") as provider,
        Connectd(folder / "connectd", provider, options.connectd_threads) as server,
    ):

        def through() -> dict:
            return _row(load.send("connectd-wait", server.port, "/v1/messages", server.key, seconds, settings))

        messages = send_messages(server, provider, int(seconds + 1) * WEBHOOKS_PER_SECOND * UPDATES_PER_WEBHOOK)
        time.sleep(0.5)
        path = f"/v25.0/{server.number_id}/messages"
        direct = load.send("meta", provider.port, path, "sandbox-token", seconds, settings)
        rows = {DIRECT: _row(direct), QUIET: through()}
        with Webhooks(server, messages):
            rows[BUSY] = through()
    for name in (QUIET, BUSY):
        rows[name]["added_p50_ms"] = rows[name]["p50_ms"] - rows[DIRECT]["p50_ms"]
        rows[name]["added_p99_ms"] = rows[name]["p99_ms"] - rows[DIRECT]["p99_ms"]
    return rows


def run(options) -> None:
    rounds, seconds = (2, 3.0) if options.quick else (options.rounds, options.seconds)
    measured: dict[str, list[dict]] = {DIRECT: [], QUIET: [], BUSY: []}
    for number in range(rounds):
        folder = WORK / NAME
        shutil.rmtree(folder, ignore_errors=True)
        for name, row in _round(folder, options, seconds).items():
            measured[name].append(row)
            report.progress(f"round {number + 1}/{rounds}, {name}", row)
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    text = report.table(summary, COLUMNS) + (
        f"\n\nMedians of {rounds} rounds of {seconds:.0f} s; sends with `Prefer: wait`, so that each answer "
        f"carries the provider's, 64 connections with random pauses of {options.pause_ms} ms in the mean; webhooks: "
        f"{WEBHOOKS_PER_SECOND} a second of {UPDATES_PER_WEBHOOK:,} updates. Both commits to disk are in what is added. "
        "Target: 2 ms added at p99."
    )
    report.save(NAME, text, {"median": summary, "rounds": measured}, publish=not options.quick)
