"""What a send costs with few and with millions of messages stored, on both engines."""

import shutil
import time
from contextlib import ExitStack

from harness import load, report
from harness.paths import WORK
from harness.processes import Usage
from harness.servers import Connectd, Postgres, Simulator

NAME = "stored"
HELP = "durable sends with 1,000 and with 5,000,000 messages stored"

COLUMNS = {
    "cpu_us": "CPU µs/message, database's included",
    "ratio": "few stored = 1",
    "rate": "messages/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "written": "bytes written/message",
    "stored_before": "stored at the round's begin",
    "stored_after": "at its end",
    "start_seconds": "seconds until ready",
}
FILL_SECONDS = 20
FEW = 1_000


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of load in each round")
    parser.add_argument("--messages", type=int, default=5_000_000, help="to store first")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--body-bytes", type=int, default=256, help="of the request to connectd")


class Installation:
    """A server's data, with a server started for each measurement. What is stored came in by the API."""

    def __init__(self, folder, postgres, database: str | None):
        shutil.rmtree(folder, ignore_errors=True)
        self._folder, self._postgres = folder, postgres
        self._settings = {"CONNECT_DATABASE": postgres.conninfo(database), "CONNECT_CELLS": "1"} if postgres else {}
        if postgres:
            postgres.sql(f"CREATE DATABASE {database}")
        self.stored = 0

    def _start(self, ends: ExitStack) -> tuple[Connectd, float]:
        # Few are kept there: it is not what is measured.
        provider = ends.enter_context(Simulator(self._folder / "sim", messages_kept=FEW))
        begun = time.monotonic()
        server = ends.enter_context(Connectd(self._folder / "connectd", provider, settings=self._settings))
        return server, time.monotonic() - begun

    def _send(self, server: Connectd, seconds: float, settings: load.Load) -> load.LoadResult:
        before, _ = server.wait_until_all_sent()
        result = load.send("connectd", server.port, "/v1/messages", server.key, seconds, settings)
        after, _ = server.wait_until_all_sent()
        self.stored += after - before
        return result

    def _usage(self, server: Connectd) -> Usage:
        return server.usage() + self._postgres.usage() if self._postgres else server.usage()

    def fill(self, messages: int, seconds: float, settings: load.Load) -> None:
        with ExitStack() as ends:
            server, _ = self._start(ends)
            while self.stored < messages:
                self._send(server, seconds, settings)
                print(f"  {self.stored:,} stored", flush=True)

    def measure(self, seconds: float, settings: load.Load) -> dict:
        with ExitStack() as ends:
            server, start_seconds = self._start(ends)
            self._send(server, 1, settings)  # its caches have what they need
            before, stored_before = self._usage(server), self.stored
            result = self._send(server, seconds, settings)
            used, messages = self._usage(server) - before, self.stored - stored_before
            return {
                "cpu_us": used.cpu_seconds * 1e6 / messages,
                "rate": result.answers / result.seconds,
                "p50_ms": result.p50_ms,
                "p99_ms": result.p99_ms,
                "written": used.write_bytes / messages,
                "stored_before": stored_before,
                "stored_after": self.stored,
                "start_seconds": start_seconds,
            }


def _measure(postgres, rounds: int, seconds: float, options) -> tuple[list[dict], list[dict]]:
    """The rounds with few stored, and those with many."""
    full_load = load.Load(options.connections, options.body_bytes)
    engine = "postgres" if postgres else "sqlite"
    many = Installation(WORK / NAME / f"{engine}-many", postgres, "many")
    many.fill(options.messages, min(FILL_SECONDS, options.messages / 10_000), full_load)
    of_few, of_many = [], []
    for number in range(rounds):
        # A new one for each round, so that it stays few.
        few = Installation(WORK / NAME / f"{engine}-few", postgres, f"few_{number}")
        few.fill(FEW, 1, load.Load(4, options.body_bytes, pause_ms=5))
        of_few.append(few.measure(seconds, full_load))
        of_many.append(many.measure(seconds, full_load))
        report.progress(f"round {number + 1}/{rounds}, {engine}, few", of_few[-1])
        report.progress(f"round {number + 1}/{rounds}, {engine}, many", of_many[-1])
    return of_few, of_many


def run(options) -> None:
    rounds, seconds = options.rounds, options.seconds
    if options.quick:
        rounds, options.messages = 1, 50_000
    measured: dict[str, list[dict]] = {}
    measured["SQLite, few"], measured["SQLite, many"] = _measure(None, rounds, seconds, options)
    with Postgres({"fsync": "on"}) as postgres:
        measured["PostgreSQL, few"], measured["PostgreSQL, many"] = _measure(postgres, rounds, seconds, options)
    shutil.rmtree(WORK / NAME, ignore_errors=True)
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    for engine in ("SQLite", "PostgreSQL"):
        few, many = summary[f"{engine}, few"], summary[f"{engine}, many"]
        many["ratio"] = many["cpu_us"] / few["cpu_us"]
    text = report.table(summary, COLUMNS) + (
        f"\n\nMedians of {rounds} rounds of {seconds:.0f} s, few and many by turns, each with a server started for it; "
        f"{options.connections} connections, bodies of {options.body_bytes} B, one workspace, all in one month and, with an "
        "idempotency key each, in one day. PostgreSQL 15 with fsync and synchronous_commit on. Target: at most 1.2."
    )
    report.save(NAME, text, {"seconds": seconds, "median": summary, "rounds": measured}, publish=not options.quick)
