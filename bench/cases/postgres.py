"""Durable sends on PostgreSQL beside the embedded SQLite: CPU of both processes, round trips, lock waits."""

import os
import shutil
import threading

from harness import load, report
from harness.paths import WORK
from harness.processes import Usage
from harness.servers import Connectd, Postgres, Simulator

from .sends import Others

NAME = "postgres"
HELP = "durable sends on PostgreSQL beside SQLite"

COLUMNS = {
    "rate": "messages/s",
    "rate_ratio": "rate, SQLite = 1",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "cpu_us": "connectd's CPU µs/message",
    "database_cpu_us": "PostgreSQL's CPU µs/message",
    "operations": "operations/commit",
    "round_trips": "round trips/message",
    "lock_waits": "sessions waiting for a lock",
    "written": "bytes written/message",
    "others_percent": "others' CPU %",
}
SQLITE, POSTGRES = "SQLite", "PostgreSQL, 1 process"
SAMPLE_SECONDS = 0.1


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="of load in each round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--body-bytes", type=int, default=256, help="of the request to connectd")


class LockWaits:
    """The mean number of sessions that wait for a lock, by samples."""

    def __init__(self, postgres):
        self._postgres, self._samples = postgres, []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()

    def _run(self):
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while not self._ends.wait(SAMPLE_SECONDS):
            self._samples.append(int(self._postgres.sql(query)))

    def mean(self) -> float:
        return sum(self._samples) / max(1, len(self._samples))


def _measure(folder, postgres, seconds: float, settings: load.Load) -> dict:
    database = {"CONNECT_DATABASE": postgres.conninfo()} if postgres else {}
    with (
        Simulator(folder / "sim") as provider,
        Connectd(folder / "connectd", provider, settings=database) as server,
    ):
        load.send("connectd", server.port, "/v1/messages", server.key, 1, settings)
        before_count, begun = server.wait_until_all_sent()
        others = Others(server, provider)
        before, before_metrics = server.usage(), server.metrics()
        before_database = postgres.usage() if postgres else Usage()
        result = load.send("connectd", server.port, "/v1/messages", server.key, seconds, settings)
        count, ended = server.wait_until_all_sent()
        messages = count - before_count
        used = server.usage() - before
        of_database = postgres.usage() - before_database if postgres else Usage()
        metrics = server.metrics()

        def grown(name: str) -> float:
            return metrics[f"connect_store_{name}_total"] - before_metrics[f"connect_store_{name}_total"]

        row = {
            "rate": result.answers / result.seconds,
            "p50_ms": result.p50_ms,
            "p99_ms": result.p99_ms,
            "cpu_us": used.cpu_seconds * 1e6 / messages,
            "operations": grown("operations") / grown("commits"),
            "written": (used.write_bytes + of_database.write_bytes) / messages,
            "messages": messages,
            "others_percent": max(0.0, others.percent() - _percent(of_database.cpu_seconds, ended - begun)),
        }
        if not postgres:
            return row
        row |= {
            "database_cpu_us": of_database.cpu_seconds * 1e6 / messages,
            "round_trips": grown("round_trips") / messages,
        }
        # Apart, so that the question costs the round nothing.
        with LockWaits(postgres) as waits:
            load.send("connectd", server.port, "/v1/messages", server.key, seconds / 3, settings)
        server.wait_until_all_sent()
        return row | {"lock_waits": waits.mean()}


def _percent(cpu_seconds: float, seconds: float) -> float:
    return 100 * cpu_seconds / (seconds * os.cpu_count())


def _round(name: str, seconds: float, settings: load.Load) -> dict:
    folder = WORK / NAME
    shutil.rmtree(folder, ignore_errors=True)
    if name == SQLITE:
        return _measure(folder, None, seconds, settings)
    with Postgres({"fsync": "on"}) as postgres:
        return _measure(folder, postgres, seconds, settings)


def run(options) -> None:
    rounds, seconds = (2, 3.0) if options.quick else (options.rounds, options.seconds)
    settings = load.Load(options.connections, options.body_bytes)
    measured: dict[str, list[dict]] = {SQLITE: [], POSTGRES: []}
    for number in range(rounds):
        for name, all_rounds in measured.items():
            all_rounds.append(_round(name, seconds, settings))
            report.progress(f"round {number + 1}/{rounds}, {name}", all_rounds[-1])
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    for row in summary.values():
        row["rate_ratio"] = row["rate"] / summary[SQLITE]["rate"]
    text = report.table(summary, COLUMNS) + (
        f"\n\nMedians of {rounds} interleaved rounds of {seconds:.0f} s, wrk with one thread and {settings.connections} "
        f"connections, bodies of {settings.body_bytes} B, one workspace. SQLite with synchronous=FULL, PostgreSQL 15 with "
        "fsync and synchronous_commit on, as Debian configures it but for max_wal_size, on the same disk. Rate of 202 "
        "answers; the provider has them all before a round ends. Target: rate at least 0.5 of SQLite's."
    )
    data = {"seconds": seconds, "median": summary, "rounds": measured}
    report.save(NAME, text, data, publish=not options.quick)
