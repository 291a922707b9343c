"""Durable sends beside nginx and Kannel: what a message costs from the request to the provider that has it."""

import shutil
import time
from dataclasses import asdict
from pathlib import Path

from harness import load, report
from harness.paths import WORK
from harness.servers import Connectd, Kannel, NginxProxy, Simulator

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
}


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="of load in each round")
    parser.add_argument("--connectd-threads", default="0", metavar="N[,N]", help="one row each; 0 is one a core")
    parser.add_argument("--body-bytes", type=int, default=256, help="of the request to connectd")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", default="", metavar="WORD[,WORD]", help="rows whose name has one of the words")


class ConnectdRow:
    def __init__(self, threads: int):
        self.name = f"connectd, {threads} thread" + ("s" if threads > 1 else "") if threads else "connectd"
        self._threads = threads

    def measure(self, folder: Path, seconds: float, settings: load.Load) -> dict:
        with Simulator(folder / "sim") as provider, Connectd(folder / "connectd", provider, self._threads) as server:

            def send(duration: float):
                return load.send("connectd", server.port, "/v1/messages", server.key, duration, settings)

            return _measure(server, provider, send, server.wait_until_all_sent, seconds)


class NginxRow:
    name = "nginx proxy_pass"

    def measure(self, folder: Path, seconds: float, settings: load.Load) -> dict:
        with Simulator(folder / "sim") as provider, NginxProxy(folder / "nginx", provider.port) as server:
            path = "/v25.0/106540352242922/messages"

            def send(duration: float):
                return load.send("meta", server.port, path, "sandbox-token", duration, settings)

            def finish():
                return provider.accepted(), time.monotonic()

            return _measure(server, provider, send, finish, seconds)


class KannelRow:
    def __init__(self, durable: bool):
        self.name = "Kannel, spool" if durable else "Kannel, no store"
        self._durable = durable

    def measure(self, folder: Path, seconds: float, settings: load.Load) -> dict:
        with Kannel(folder / "kannel", self._durable) as server:

            def send(duration: float):
                return load.send("kannel", server.port, "/cgi-bin/sendsms", server.PASSWORD, duration, settings)

            return _measure(server, None, send, server.wait_until_all_sent, seconds)


def _measure(server, provider, send, finish, seconds: float) -> dict:
    """One round: a short warm-up, then the load until the provider has every message of it."""
    send(1)
    before_count, _ = finish()
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
    }
    if provider:
        row["provider_cpu_us"] = (provider.usage() - provider_before).cpu_seconds * 1e6 / messages
    return row


def _rows(options) -> list:
    rows = [ConnectdRow(int(threads)) for threads in options.connectd_threads.split(",")]
    rows += [NginxRow(), KannelRow(durable=False), KannelRow(durable=True)]
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
        f"\n\nMedians of {rounds} interleaved rounds of {seconds:.0f} s, wrk with one thread and {settings.connections} "
        f"connections, connectd's body {settings.body_bytes} B; a message counts once the provider has it. connectd and "
        "'Kannel, spool' are durable, the others are not. Latency is that of the answer (connectd: 202 after commit 1)."
    )
    report.save(NAME, text, {"load": asdict(settings), "seconds": seconds, "median": summary, "rounds": measured})
