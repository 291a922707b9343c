"""Status webhooks in: signed posts of 1, 100 and 1,000 updates about messages that were sent before."""

import shutil

from harness import load, report
from harness.http import post_all
from harness.paths import WORK
from harness.processes import BenchError, wait_until
from harness.servers import Connectd, Simulator
from harness.webhooks import signed_posts, taken_messages

NAME = "status"
HELP = "signed status webhooks in, 1, 100 and 1,000 updates each"

CONNECTIONS = 16
# Updates of one round: each one moves a message that no other update has moved.
UPDATES = {1: 8_000, 100: 30_000, 1000: 30_000}
COLUMNS = {
    "rate": "updates/s",
    "cpu_us": "CPU µs/update",
    "p50_ms": "p50 ms/webhook",
    "p99_ms": "p99 ms/webhook",
    "written": "bytes written/update",
}


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connectd-threads", type=int, default=0)


def send_messages(server, provider, count: int) -> list[dict]:
    """At least `count` messages sent by `server`, as the simulator has them."""
    while provider.accepted() < count:
        load.send("connectd", server.port, "/v1/messages", server.key, 2, load.Load())
        server.wait_until_all_sent()
    return taken_messages(provider.url, limit=count)


def _measure(server, messages: list[dict], batch: int) -> dict:
    requests = signed_posts(server, messages, "delivered", batch)
    before_taken = server.metrics()["connect_provider_updates_total"]
    before = server.usage()
    result = post_all(server.port, requests, CONNECTIONS)
    used = server.usage() - before
    taken = server.metrics()["connect_provider_updates_total"] - before_taken
    if taken != len(messages):
        raise BenchError(f"{taken:.0f} of {len(messages)} updates were taken")
    return {
        "rate": len(messages) / result.seconds,
        "cpu_us": used.cpu_seconds * 1e6 / len(messages),
        "p50_ms": report.percentile(result.latencies_ms, 50),
        "p99_ms": report.percentile(result.latencies_ms, 99),
        "written": used.write_bytes / len(messages),
    }


def run(options) -> None:
    rounds = 2 if options.quick else options.rounds
    folder = WORK / NAME
    shutil.rmtree(folder, ignore_errors=True)
    measured: dict[str, list[dict]] = {f"{batch} a webhook": [] for batch in UPDATES}
    with (
        Simulator(folder / "sim") as provider,
        Connectd(folder / "connectd", provider, options.connectd_threads) as server,
    ):
        messages = send_messages(server, provider, rounds * sum(UPDATES.values()))
        wait_until(lambda: server.unfinished() == 0, "an empty outbox")
        at = 0
        for number in range(rounds):
            for batch, count in UPDATES.items():
                row = _measure(server, messages[at : at + count], batch)
                at += count
                measured[f"{batch} a webhook"].append(row)
                report.progress(f"round {number + 1}/{rounds}, {batch} a webhook", row)
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    text = report.table(summary, COLUMNS, "updates") + (
        f"\n\nMedians of {rounds} rounds; {CONNECTIONS} connections; every update is verified, moves a message to "
        "`delivered` and is durable, with its event, before the 200."
    )
    report.save(NAME, text, {"median": summary, "rounds": measured}, publish=not options.quick)
