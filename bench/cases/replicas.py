"""Durable sends with one, two and three replicas on one PostgreSQL: what a message costs stays what it was."""

import shutil
import time
from contextlib import ExitStack
from threading import Thread

from harness import load, report
from harness.paths import WORK
from harness.processes import wait_until
from harness.servers import Connectd, Postgres, Simulator

from .postgres import LockWaits

NAME = "replicas"
HELP = "durable sends with one, two and three replicas on one PostgreSQL"

COLUMNS = {
    "rate": "messages/s",
    "rate_ratio": "rate, SQLite = 1",
    "cpu_us": "connectd's CPU µs/message, all replicas",
    "database_cpu_us": "PostgreSQL's CPU µs/message",
    "both_us": "both",
    "ratio": "both, 1 replica = 1",
    "operations": "operations/commit",
    "round_trips": "round trips/message",
    "forwarded": "passed on to another replica, of a message",
    "lock_waits": "sessions waiting for a lock",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
}
WORKSPACES = (1, 1000)
CHANCE, TOGETHER = "by chance", "kept together"
# (replicas, how a request comes to one); None: a server on SQLite.
SHAPES = ((None, ""), (1, ""), (2, TOGETHER), (3, TOGETHER), (2, CHANCE), (3, CHANCE))


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="of load in each round")
    parser.add_argument("--connections", type=int, default=64, help="of all clients together, for one workspace")
    parser.add_argument("--connections-many", type=int, default=256, help="the same for 1,000")
    parser.add_argument("--cells", type=int, default=8)
    parser.add_argument("--body-bytes", type=int, default=256, help="of the request to connectd")


def name_of(workspaces: int, replicas: int | None, way: str) -> str:
    engine = "SQLite" if replicas is None else f"PostgreSQL, {replicas} replica{'s' * (replicas > 1)}"
    return f"{workspaces:,} workspace{'s' * (workspaces > 1)}: {engine}{', ' * bool(way)}{way}"


class Cluster:
    """Servers that share a database, or one on SQLite."""

    def __init__(self, folder, provider, postgres, replicas: int | None, workspaces: int, cells: int):
        self._folder, self._provider, self._postgres, self._cells = folder, provider, postgres, cells
        settings = {"CONNECT_SANDBOX_WORKSPACES": str(workspaces)}
        if postgres:
            settings |= {"CONNECT_DATABASE": postgres.conninfo(), "CONNECT_CELLS": str(cells)}
        self.servers = [Connectd(folder / f"replica-{n}", provider, settings=settings) for n in range(replicas or 1)]

    def start(self, ends: ExitStack) -> None:
        first = ends.enter_context(self.servers[0])
        for server in self.servers[1:]:
            server.data.mkdir(parents=True)
            shutil.copy(first.data / "master.key", server.data)
            shutil.copytree(first.data / "keys", server.data / "keys")
            ends.enter_context(server)
        if len(self.servers) > 1:
            wait_until(self._is_spread, "the cells are spread")
        self._keys = [each["api_key"] for each in first.workspaces]

    def _is_spread(self) -> bool:
        owned = [server.metrics()["connect_cells_owned"] for server in self.servers]
        return max(owned) - min(owned) <= 1 and min(owned) > 0

    def _keys_of(self, server: Connectd) -> list[str]:
        """Those whose workspaces it has: workspace n of the sandbox is in cell n modulo their number."""
        cells = self._postgres.sql(f"SELECT c.id FROM cells c JOIN replicas r ON r.id = c.replica WHERE r.address = '{server.url}'")
        mine = {int(cell) for cell in cells.split()}
        return [key for n, key in enumerate(self._keys) if n % self._cells in mine]

    def share_out(self, way: str) -> None:
        """Decides which client sends for which workspaces: with TOGETHER for those that its replica has, else for all."""
        self._clients = []
        for n, server in enumerate(self.servers):
            keys = self._keys_of(server) if way == TOGETHER else self._keys
            if not keys:
                continue
            file = self._folder / f"keys-{n}.txt"
            file.write_text("".join(f"{key}\n" for key in keys))
            self._clients.append((server, file))

    def send(self, seconds: float, settings: load.Load) -> list[load.LoadResult]:
        """All clients at once, each with its share of the connections."""
        share = load.Load(max(1, settings.connections // len(self._clients)), settings.body_bytes)
        results: list[load.LoadResult | None] = [None] * len(self._clients)

        def run(n: int) -> None:
            server, keys = self._clients[n]
            results[n] = load.send("connectd", server.port, "/v1/messages", f"@{keys}", seconds, share)

        clients = [Thread(target=run, args=(n,)) for n in range(len(self._clients))]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return [result for result in results if result]

    def wait_until_all_sent(self) -> int:
        """What the simulator has in all: the end counts once it has held for a while."""
        last, since = -1, 0.0

        def count() -> int | None:
            nonlocal last, since
            # The order matters: what is not in the outbox any more is at the simulator already.
            is_done = self.total("connect_outbox_queued") + self.total("connect_outbox_in_flight") == 0
            now, number = time.monotonic(), self._provider.accepted() if is_done else -1
            if number != last:
                last, since = number, now
            return number if is_done and now - since > 0.3 else None

        return wait_until(count, "all messages are sent", timeout=120)

    def total(self, name: str) -> float:
        return sum(server.metrics().get(name, 0.0) for server in self.servers)

    def cpu_seconds(self) -> float:
        return sum(server.usage().cpu_seconds for server in self.servers)


def _measure(folder, postgres, replicas, way: str, workspaces: int, options, seconds: float) -> dict:
    settings = load.Load(options.connections if workspaces == 1 else options.connections_many, options.body_bytes)
    with ExitStack() as ends:
        provider = ends.enter_context(Simulator(folder / "sim", numbers=workspaces))
        cluster = Cluster(folder, provider, postgres, replicas, workspaces, options.cells)
        cluster.start(ends)
        cluster.share_out(way)
        cluster.send(2, settings)
        before_count = cluster.wait_until_all_sent()
        names = ["connect_store_operations_total", "connect_store_commits_total", "connect_store_round_trips_total",
                 "connect_requests_forwarded_total"]
        before = {name: cluster.total(name) for name in names}
        before_cpu, before_database = cluster.cpu_seconds(), _database_cpu(postgres)
        results = cluster.send(seconds, settings)
        messages = cluster.wait_until_all_sent() - before_count
        grown = {name: cluster.total(name) - before[name] for name in names}
        row = {
            "rate": sum(result.answers / result.seconds for result in results),
            "cpu_us": (cluster.cpu_seconds() - before_cpu) * 1e6 / messages,
            "database_cpu_us": (_database_cpu(postgres) - before_database) * 1e6 / messages,
            "operations": grown[names[0]] / grown[names[1]],
            "round_trips": grown[names[2]] / messages,
            "forwarded": grown[names[3]] / messages,
            "p50_ms": sum(result.p50_ms for result in results) / len(results),
            "p99_ms": max(result.p99_ms for result in results),
        }
        row["both_us"] = row["cpu_us"] + row["database_cpu_us"]
        if postgres:
            # Apart, so that the question costs the round nothing.
            with LockWaits(postgres) as waits:
                cluster.send(seconds / 3, settings)
            cluster.wait_until_all_sent()
            row["lock_waits"] = waits.mean()
        return row


def _database_cpu(postgres) -> float:
    return postgres.usage().cpu_seconds if postgres else 0.0


def _round(workspaces: int, replicas: int | None, way: str, options, seconds: float) -> dict:
    folder = WORK / NAME
    shutil.rmtree(folder, ignore_errors=True)
    if replicas is None:
        return _measure(folder, None, None, way, workspaces, options, seconds)
    with Postgres({"fsync": "on"}) as postgres:
        return _measure(folder, postgres, replicas, way, workspaces, options, seconds)


def run(options) -> None:
    rounds, seconds = (1, 3.0) if options.quick else (options.rounds, options.seconds)
    cases = [(workspaces, *shape) for workspaces in WORKSPACES for shape in SHAPES]
    measured: dict[str, list[dict]] = {name_of(*case): [] for case in cases}
    for number in range(rounds):
        for case in cases:
            name = name_of(*case)
            measured[name].append(_round(*case, options, seconds))
            report.progress(f"round {number + 1}/{rounds}, {name}", measured[name][-1])
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    for case in cases:
        row, sqlite, alone = (summary[name_of(*each)] for each in (case, (case[0], None, ""), (case[0], 1, "")))
        row["rate_ratio"] = row["rate"] / sqlite["rate"]
        if case[1]:
            row["ratio"] = row["both_us"] / alone["both_us"]
    text = report.table(summary, COLUMNS) + (
        f"\n\nMedians of {rounds} interleaved rounds of {seconds:.0f} s, {options.connections} connections in all for one "
        f"workspace, {options.connections_many} for 1,000, shared out among one client for each replica. Kept together: each "
        "client sends for the workspaces that its replica has; by chance: for all, as behind a balancer, so that many are passed on. "
        f"{options.cells} cells. PostgreSQL 15 with fsync and synchronous_commit on. All on these cores: more "
        "replicas can't be faster here. Targets: both within 1.15 of one replica's; rate of one at least 0.5 of SQLite's."
    )
    report.save(NAME, text, {"seconds": seconds, "median": summary, "rounds": measured}, publish=not options.quick)
