"""Durable sends beside nginx and Kannel: what a message costs from the request to the provider that has it."""

import os
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path

from harness import load, processes, report
from harness.paths import WORK
from harness.servers import Connectd, Kannel, NginxProxy, Server, Simulator

NAME = "sends"
HELP = "durable sends beside nginx's proxy_pass and Kannel"

COLUMNS = {
    "rate": "messages/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "cpu_us": "CPU µs/message",
    "cpu_ratio": "CPU, nginx = 1",
    "rate_ratio": "rate, Kannel = 1",
    "provider_cpu_us": "provider's CPU µs",
    "written": "bytes written/message",
    "rss_mb": "RSS MB",
    "others_percent": "others' CPU %",
}
# More than this of the machine taken by programs that are not in the run: its rates and latencies say little.
OTHERS_PERCENT_MAX = 15
DEFAULT_BODY_BYTES = 256


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="of load in each round")
    parser.add_argument("--connectd-threads", default="0", metavar="N[,N]", help="one row each; 0 is one a core")
    parser.add_argument("--body-bytes", type=int, default=DEFAULT_BODY_BYTES, help="of the request to connectd")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument(
        "--nginx-pause-ms",
        type=int,
        default=4,
        help="mean pause of each connection in nginx's second row, which brings it near connectd's rate: a server that "
        "is not saturated is woken more often for each message",
    )
    parser.add_argument("--only", default="", metavar="WORD[,WORD]", help="rows whose name has one of the words")


class ConnectdRow:
    def __init__(self, threads: int):
        self.name = f"connectd, {threads} thread" + ("s" if threads > 1 else "") if threads else "connectd"
        self._threads = threads

    def measure(self, folder: Path, seconds: float, settings: load.Load) -> dict:
        with Simulator(folder / "sim") as provider, Connectd(folder / "connectd", provider, self._threads) as server:

            def send(duration: float):
                return load.send("connectd", server.port, "/v1/messages", server.key, duration, settings)

            return measure(server, provider, send, server.wait_until_all_sent, seconds)


class NginxRow:
    name = "nginx proxy_pass"

    def __init__(self, pause_ms: int = 0):
        self._pause_ms = pause_ms
        if pause_ms:
            self.name += ", not saturated"

    def measure(self, folder: Path, seconds: float, settings: load.Load) -> dict:
        with Simulator(folder / "sim") as provider, NginxProxy(folder / "nginx", provider.port) as server:
            path = "/v25.0/106540352242922/messages"
            paced = replace(settings, pause_ms=self._pause_ms)

            def send(duration: float):
                return load.send("meta", server.port, path, "sandbox-token", duration, paced)

            def finish():
                return provider.accepted(), time.monotonic()

            return measure(server, provider, send, finish, seconds)


class KannelRow:
    def __init__(self, durable: bool):
        self.name = "Kannel, spool" if durable else "Kannel, no store"
        self._durable = durable

    def measure(self, folder: Path, seconds: float, settings: load.Load) -> dict:
        with Kannel(folder / "kannel", self._durable) as server:

            def send(duration: float):
                return load.send("kannel", server.port, "/cgi-bin/sendsms", server.PASSWORD, duration, settings)

            return measure(server, None, send, server.wait_until_all_sent, seconds)


class Others:
    """The share of the machine that went to programs outside the run."""

    def __init__(self, *ours: Server):
        self._ours = ours
        self._begun, self._busy, self._own = time.monotonic(), processes.busy_seconds(), self._own_seconds()

    def _own_seconds(self) -> float:
        return processes.own_seconds() + sum(server.everything().cpu_seconds for server in self._ours)

    def percent(self) -> float:
        foreign = processes.busy_seconds() - self._busy - (self._own_seconds() - self._own)
        return 100 * max(0.0, foreign) / ((time.monotonic() - self._begun) * os.cpu_count())


def measure(server, provider, send, finish, seconds: float) -> dict:
    """One round: a short warm-up, then the load until the provider has every message of it."""
    send(1)
    before_count, _ = finish()
    others = Others(*(each for each in (server, provider) if each))
    before, provider_before = server.usage(), provider.usage() if provider else None
    begun = time.monotonic()
    result = send(seconds)
    count, ended = finish()
    messages = count - before_count
    used = server.usage() - before
    row = {
        "rate": messages / (ended - begun),
        "answers_rate": result.answers / result.seconds,
        "p50_ms": result.p50_ms,
        "p99_ms": result.p99_ms,
        "p999_ms": result.p999_ms,
        "cpu_us": used.cpu_seconds * 1e6 / messages,
        "written": used.write_bytes / messages,
        "switches": used.switches / messages,
        "rss_mb": server.rss() / 1e6,
        "messages": messages,
        "others_percent": others.percent(),
    }
    if provider:
        row["provider_cpu_us"] = (provider.usage() - provider_before).cpu_seconds * 1e6 / messages
    return row


def _rows(options) -> list:
    rows = [ConnectdRow(int(threads)) for threads in options.connectd_threads.split(",")]
    rows += [NginxRow(), NginxRow(options.nginx_pause_ms), KannelRow(durable=False), KannelRow(durable=True)]
    words = [word for word in options.only.lower().split(",") if word]
    return [row for row in rows if not words or any(word in row.name.lower() for word in words)]


def _add_ratios(summary: dict[str, dict]) -> None:
    nginx, kannel = summary.get(NginxRow.name), summary.get("Kannel, no store")
    for row in summary.values():
        if nginx:
            row["cpu_ratio"] = row["cpu_us"] / nginx["cpu_us"]
        if kannel:
            row["rate_ratio"] = row["rate"] / kannel["rate"]


def run(options) -> None:
    rounds, seconds = (2, 3.0) if options.quick else (options.rounds, options.seconds)
    settings = load.Load(options.connections, options.body_bytes)
    subjects = _rows(options)
    measured: dict[str, list[dict]] = {row.name: [] for row in subjects}
    for number in range(rounds):
        for row in subjects:
            folder = WORK / "sends"
            shutil.rmtree(folder, ignore_errors=True)
            measured[row.name].append(row.measure(folder, seconds, settings))
            report.progress(f"round {number + 1}/{rounds}, {row.name}", measured[row.name][-1])
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    _add_ratios(summary)
    text = report.table(summary, COLUMNS) + (
        f"\n\nMedians of {rounds} interleaved rounds of {seconds:.0f} s, wrk with one thread and "
        f"{settings.connections} connections, connectd's body {settings.body_bytes} B; a message counts once the "
        "provider has it. connectd and 'Kannel, spool' are durable, the others are not. Latency is that of the answer "
        "(connectd: 202 after commit 1)."
    )
    if any(row["others_percent"] > OTHERS_PERCENT_MAX for row in summary.values()):
        text += "\n\n**Not to be published: other programs took much of the machine during these rounds.**"
    data = {"load": asdict(settings), "seconds": seconds, "median": summary, "rounds": measured}
    name = NAME if options.body_bytes == DEFAULT_BODY_BYTES else f"{NAME}-{options.body_bytes}-bytes"
    report.save(name, text, data, publish=not options.quick)
