"""Memory while messages wait: many queued behind a paced sender, and a restart with all of them."""

import shutil
import time

from harness import load, report
from harness.paths import WORK
from harness.servers import Connectd, Simulator

NAME = "queue"
HELP = "memory and restart with 200,000 queued messages"

COLUMNS = {
    "queued": "queued",
    "before_mb": "RSS before MB",
    "after_mb": "RSS after MB",
    "growth_mb": "growth MB",
    "bytes_each": "bytes/message",
    "restart_ms": "restart to first answer ms",
    "restarted_mb": "RSS after restart MB",
    "database_mb": "database MB",
}


def add_options(parser) -> None:
    parser.add_argument("--messages", type=int, default=200_000, help="1000000 for the large row")
    parser.add_argument("--connectd-threads", type=int, default=0)


def _queued(server) -> int:
    return int(server.metrics()["connect_outbox_queued"])


def _fill(server, seconds: float) -> None:
    load.send("connectd", server.port, "/v1/messages", server.key, seconds, load.Load())


def run(options) -> None:
    wanted = 20_000 if options.quick else options.messages
    folder = WORK / NAME
    shutil.rmtree(folder, ignore_errors=True)
    paced = {"CONNECT_SENDER_MESSAGES_PER_SECOND": "1"}
    with Simulator(folder / "sim") as provider:
        with Connectd(folder / "connectd", provider, options.connectd_threads, paced) as server:
            _fill(server, 1)  # buffers, caches and pools have their size before the count starts
            first, before = _queued(server), server.rss()
            while _queued(server) - first < wanted:
                _fill(server, 1)
            row = {"queued": _queued(server), "before_mb": before / 1e6, "after_mb": server.rss() / 1e6}
            row["growth_mb"] = row["after_mb"] - row["before_mb"]
            row["bytes_each"] = row["growth_mb"] * 1e6 / (row["queued"] - first)
        row["database_mb"] = sum(file.stat().st_size for file in server.data.rglob("*") if file.is_file()) / 1e6
        begun = time.monotonic()
        with Connectd(folder / "connectd", provider, options.connectd_threads, paced) as server:
            row["restart_ms"] = (time.monotonic() - begun) * 1000
            row["restarted_mb"] = server.rss() / 1e6
    text = report.table({"connectd": row}, COLUMNS) + (
        "\n\nThe sender's pace is 1 a second, so all but a few stay queued. Targets: growth below 50 MB with 200,000, "
        "200 MB in all with 1,000,000."
    )
    report.save(NAME if wanted <= 200_000 else f"{NAME}-{wanted}", text, {"result": row}, publish=not options.quick)
