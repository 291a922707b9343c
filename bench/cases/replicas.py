"""Durable sends with one, two and three replicas on one PostgreSQL: what a message costs stays what it was."""

import shutil
import time
from contextlib import ExitStack
from statistics import median
from threading import Thread

from harness import load, report
from harness.paths import WORK
from harness.processes import wait_until
from harness.servers import Balancer, Connectd, Postgres, Simulator, server_name

from .postgres import LockWaits

NAME = "replicas"
HELP = "durable sends with one, two and three replicas on one PostgreSQL"

COLUMNS = {
    "rate": "messages/s",
    "rate_ratio": "rate, SQLite of the same round = 1",
    "cpu_us": "connectd's CPU µs/message, all replicas",
    "database_cpu_us": "PostgreSQL's CPU µs/message",
    "both_us": "both",
    "balancer_us": "HAProxy's CPU µs/message, not in 'both'",
    "ratio": "both, 1 replica that is asked so = 1",
    "operations": "operations/commit",
    "round_trips": "round trips/message",
    "forwarded": "passed on to another replica, of a message",
    "lock_waits": "sessions waiting for a lock",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
}
WORKSPACES = (1, 1000)
DIRECT, LEARNT = "asked directly", "by HAProxy"
# (replicas, how a request comes to one); None: a server on SQLite.
# One replica right behind SQLite: a machine whose speed changes within minutes gives both the same.
SHAPES = ((None, ""), (1, DIRECT), (1, LEARNT), (2, LEARNT), (3, LEARNT), (2, DIRECT), (3, DIRECT))


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

    def __init__(self, folder, provider, postgres, replicas: int | None, way: str, workspaces: int, cells: int):
        self._folder, self._provider = folder, provider
        settings = {"CONNECT_SANDBOX_WORKSPACES": str(workspaces)}
        if postgres:
            settings |= {"CONNECT_DATABASE": postgres.conninfo(), "CONNECT_CELLS": str(cells)}
        self.servers = [self._server(n, way, settings) for n in range(replicas or 1)]
        self.balancer = Balancer(folder / "haproxy", self.servers) if way == LEARNT else None

    def _server(self, number: int, way: str, settings: dict) -> Connectd:
        named = {"CONNECT_CLUSTER_NAME": server_name(number)} if way == LEARNT else {}
        return Connectd(self._folder / f"replica-{number}", self._provider, settings=settings | named)

    def start(self, ends: ExitStack) -> None:
        first = ends.enter_context(self.servers[0])
        for server in self.servers[1:]:
            server.data.mkdir(parents=True)
            shutil.copy(first.data / "master.key", server.data)
            shutil.copytree(first.data / "keys", server.data / "keys")
            ends.enter_context(server)
        if len(self.servers) > 1:
            wait_until(self._is_spread, "the cells are spread")
        if self.balancer:
            ends.enter_context(self.balancer)
        self._keys = self._folder / "keys.txt"
        self._keys.write_text("".join(f"{each['api_key']}\n" for each in first.workspaces))
        self._doors = [self.balancer] if self.balancer else self.servers

    def _is_spread(self) -> bool:
        owned = [server.metrics()["connect_cells_owned"] for server in self.servers]
        return max(owned) - min(owned) <= 1 and min(owned) > 0

    def send(self, seconds: float, settings: load.Load) -> list[load.LoadResult]:
        """A client at each door, all at once, each for all workspaces and with its share of the connections."""
        share = load.Load(max(1, settings.connections // len(self._doors)), settings.body_bytes)
        results: list[load.LoadResult | None] = [None] * len(self._doors)

        def run(n: int) -> None:
            results[n] = load.send("connectd", self._doors[n].port, "/v1/messages", f"@{self._keys}", seconds, share)

        clients = [Thread(target=run, args=(n,)) for n in range(len(self._doors))]
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

    def balancer_cpu_seconds(self) -> float:
        return self.balancer.usage().cpu_seconds if self.balancer else 0.0


def _measure(folder, postgres, replicas, way: str, workspaces: int, options, seconds: float) -> dict:
    settings = load.Load(options.connections if workspaces == 1 else options.connections_many, options.body_bytes)
    with ExitStack() as ends:
        provider = ends.enter_context(Simulator(folder / "sim", numbers=workspaces))
        cluster = Cluster(folder, provider, postgres, replicas, way, workspaces, options.cells)
        cluster.start(ends)
        cluster.send(2, settings)
        before_count = cluster.wait_until_all_sent()
        names = ["connect_store_operations_total", "connect_store_commits_total", "connect_store_round_trips_total",
                 "connect_requests_forwarded_total"]
        before = {name: cluster.total(name) for name in names}
        before_cpu, before_database = cluster.cpu_seconds(), _database_cpu(postgres)
        before_balancer = cluster.balancer_cpu_seconds()
        results = cluster.send(seconds, settings)
        messages = cluster.wait_until_all_sent() - before_count
        grown = {name: cluster.total(name) - before[name] for name in names}
        row = {
            "rate": sum(result.answers / result.seconds for result in results),
            "cpu_us": (cluster.cpu_seconds() - before_cpu) * 1e6 / messages,
            "database_cpu_us": (_database_cpu(postgres) - before_database) * 1e6 / messages,
            "balancer_us": (cluster.balancer_cpu_seconds() - before_balancer) * 1e6 / messages,
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
        row, alone = (summary[name_of(*each)] for each in (case, (case[0], 1, case[2] or DIRECT)))
        of_sqlite = measured[name_of(case[0], None, "")]
        row["rate_ratio"] = median(mine["rate"] / its["rate"] for mine, its in zip(measured[name_of(*case)], of_sqlite))
        if case[1]:
            row["ratio"] = row["both_us"] / alone["both_us"]
    text = report.table(summary, COLUMNS) + (
        f"\n\nMedians of {rounds} interleaved rounds of {seconds:.0f} s, {options.connections} connections in all for one "
        f"workspace, {options.connections_many} for 1,000, "
        "each for all workspaces in turn. Asked directly: a client at each replica, so that with several many requests are passed on, as "
        "behind a balancer that knows nothing. By HAProxy: one client at it, which learns where each key's workspace is "
        "(deploy/haproxy) and speaks HTTP/2 to the replicas. Without statuses. "
        f"{options.cells} cells. PostgreSQL 15 with fsync and synchronous_commit on. All on these cores: more "
        "replicas can't be faster here. Targets: both within 1.15 of one replica's; rate of one at least 0.5 of SQLite's."
    )
    report.save(NAME, text, {"seconds": seconds, "median": summary, "rounds": measured}, publish=not options.quick)
