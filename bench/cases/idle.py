"""Doing nothing, and starting: CPU and memory without traffic, time from exec to the first answer."""

import shutil
import socket
import time

from harness import load, report
from harness.paths import WORK
from harness.processes import BenchError
from harness.servers import Connectd, Simulator

NAME = "idle"
HELP = "CPU and memory without traffic; start to first answer"

STARTS = 10
COLUMNS = {
    "cpu_ms": "CPU ms while idle",
    "switches": "wake-ups/s",
    "rss_mb": "RSS MB",
    "start_ms": "start to first answer ms",
    "slowest_start_ms": "slowest",
    "database_mb": "data MB",
}


def add_options(parser) -> None:
    parser.add_argument("--seconds", type=float, default=20, help="without traffic")
    parser.add_argument("--stored", type=int, default=300_000, help="messages in the large database")
    parser.add_argument("--connectd-threads", type=int, default=0)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _start_ms(folder, provider, threads: int) -> float:
    server = Connectd(folder, provider, threads)
    begun = time.perf_counter()
    program = server.launch()
    try:
        while not _answers(server.port):
            program.check_running()
            if time.perf_counter() - begun > 60:
                raise BenchError("connectd did not answer within 60 s")
            time.sleep(0.0005)
        return (time.perf_counter() - begun) * 1000
    finally:
        server.stop()


def _store(folder, provider, threads: int, count: int) -> None:
    with Connectd(folder, provider, threads) as server:
        first = provider.accepted()
        while provider.accepted() - first < count:
            load.send("connectd", server.port, "/v1/messages", server.key, 2, load.Load())
            server.wait_until_all_sent()


def _measure(folder, provider, options, seconds: float) -> dict:
    starts = [_start_ms(folder, provider, options.connectd_threads) for _ in range(STARTS)]
    with Connectd(folder, provider, options.connectd_threads) as server:
        time.sleep(1)
        before = server.usage()
        time.sleep(seconds)
        used = server.usage() - before
        rss = server.rss()
    size = sum(file.stat().st_size for file in server.data.rglob("*") if file.is_file())
    return {
        "cpu_ms": used.cpu_seconds * 1000,
        "switches": used.switches / seconds,
        "rss_mb": rss / 1e6,
        "start_ms": report.percentile(starts, 50),
        "slowest_start_ms": max(starts),
        "database_mb": size / 1e6,
    }


def run(options) -> None:
    seconds, stored = (5.0, 20_000) if options.quick else (options.seconds, options.stored)
    folder = WORK / NAME
    shutil.rmtree(folder, ignore_errors=True)
    rows = {}
    with Simulator(folder / "sim") as provider:
        _start_ms(folder / "connectd", provider, options.connectd_threads)  # makes the keys and the tables
        rows["empty database"] = _measure(folder / "connectd", provider, options, seconds)
        report.progress("empty database", rows["empty database"])
        _store(folder / "connectd", provider, options.connectd_threads, stored)
        name = f"{stored:,} messages stored"
        rows[name] = _measure(folder / "connectd", provider, options, seconds)
        report.progress(name, rows[name])
    text = report.table(rows, COLUMNS, "connectd") + (
        f"\n\nIdle for {seconds:.0f} s after one second of rest; CPU is counted in ticks of 10 ms. Start: median of "
        f"{STARTS}, from exec to a 200 of /readyz, files in the page cache. Targets: no CPU, at most 50 MB and 200 ms."
    )
    report.save(NAME, text, {"result": rows}, publish=not options.quick)
