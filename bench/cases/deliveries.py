"""Webhook deliveries out: events of a status storm, signed and durable, to one endpoint that answers at once."""

import shutil
import time

from harness import report
from harness.http import post_all
from harness.paths import WORK
from harness.processes import wait_until
from harness.servers import Connectd, NginxSink, Simulator
from harness.webhooks import signed_posts

from .status import send_messages

NAME = "deliveries"
HELP = "signed, durable webhook deliveries to one fast endpoint"

EVENTS = 15_000
BATCH = 1_000
COLUMNS = {
    "rate": "deliveries/s",
    "cpu_us": "CPU µs/delivery",
    "with_ingest_us": "with the status that caused it",
    "ingest_us": "that status alone",
    "written": "bytes written/delivery",
}


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connectd-threads", type=int, default=0)
    parser.add_argument("--concurrency", default="32,256", metavar="N[,N]", help="deliveries open at once")


def _ingest_alone(server, messages: list[dict]) -> dict:
    requests = signed_posts(server, messages, "delivered", BATCH)
    before = server.usage()
    post_all(server.port, requests, connections=4)
    used = server.usage() - before
    return {"ingest_us": used.cpu_seconds * 1e6 / len(messages), "ingest_written": used.write_bytes / len(messages)}


def _deliver(server, sink, messages: list[dict]) -> dict:
    requests = signed_posts(server, messages, "delivered", BATCH)
    before, count_before, asked = server.usage(), sink.requests(), 0
    begun = time.monotonic()
    post_all(server.port, requests, connections=4)

    def all_there() -> float | None:
        nonlocal asked
        asked += 1
        return time.monotonic() if sink.requests() - count_before - asked >= len(messages) else None

    ended = wait_until(all_there, "every delivery", 60)
    wait_until(lambda: server.unfinished() == 0, "an empty outbox")
    used = server.usage() - before
    return {
        "rate": len(messages) / (ended - begun),
        "with_ingest_us": used.cpu_seconds * 1e6 / len(messages),
        "with_ingest_written": used.write_bytes / len(messages),
    }


def _measure(folder, concurrency: int, threads: int) -> dict:
    settings = {"CONNECT_CONCURRENCY_PER_ENDPOINT": str(concurrency)}
    with (
        Simulator(folder / "sim") as provider,
        NginxSink(folder / "sink") as sink,
        Connectd(folder / "connectd", provider, threads, settings) as server,
    ):
        messages = send_messages(server, provider, 2 * EVENTS)
        row = _ingest_alone(server, messages[:EVENTS])
        server.add_endpoint(f"http://127.0.0.1:{sink.port}/", ["message.*"])
        row |= _deliver(server, sink, messages[EVENTS:])
    row["cpu_us"] = row["with_ingest_us"] - row["ingest_us"]
    row["written"] = row["with_ingest_written"] - row["ingest_written"]
    return row


def run(options) -> None:
    rounds = 2 if options.quick else options.rounds
    levels = [int(each) for each in options.concurrency.split(",")]
    measured: dict[str, list[dict]] = {f"{level} at once": [] for level in levels}
    for number in range(rounds):
        for level in levels:
            folder = WORK / NAME
            shutil.rmtree(folder, ignore_errors=True)
            row = _measure(folder, level, options.connectd_threads)
            measured[f"{level} at once"].append(row)
            report.progress(f"round {number + 1}/{rounds}, {level} at once", row)
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    text = report.table(summary, COLUMNS, "one endpoint") + (
        f"\n\nMedians of {rounds} rounds of {EVENTS:,} events from signed webhooks of {BATCH:,} updates; the rate runs "
        "from the first webhook to the last delivery. Each is signed, recorded before it leaves and settled after. The "
        "endpoint is nginx with `return 204`. Convoy, Outpost and Svix need PostgreSQL and mostly Redis and publish no "
        "rate: they are not in the table because they are not built here."
    )
    report.save(NAME, text, {"median": summary, "rounds": measured}, publish=not options.quick)
