"""A healthy endpoint beside a dead one: does its delivery latency stay what it was?"""

import asyncio
import json
import shutil
import socket
import time

from harness import report
from harness.http import connect
from harness.paths import WORK
from harness.processes import BenchError, free_port
from harness.servers import Connectd, NginxSink, Simulator
from harness.webhooks import signed_posts

from .status import send_messages

NAME = "neighbour"
HELP = "delivery latency alone and beside a dead endpoint"

EVENTS_PER_SECOND = 400
UPDATES_PER_WEBHOOK = 10
WARM_UP_SECONDS = 1.0
# What a second endpoint costs whether it lives or not: its deliveries are recorded and sent too.
CONTROL = "beside another healthy one"
COLUMNS = {
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "p99_ratio": "p99, alone = 1",
    "p99_control": "p99, beside a healthy one = 1",
    "deliveries": "deliveries",
}


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=11, help="many short ones: a p99 is two webhooks of each")
    parser.add_argument("--seconds", type=float, default=4, help="of each part")
    parser.add_argument("--connectd-threads", type=int, default=0)


class Receiver(asyncio.Protocol):
    """A healthy endpoint: answers 204 at once and notes when each message's event came."""

    arrivals: dict[str, float] = {}

    def connection_made(self, transport):
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes):
        now = time.perf_counter()
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.index(b"\r\ncontent-length:") + 17
            size = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
            if len(self._buffer) < size:
                return
            event = json.loads(self._buffer[end + 4 : size])
            self._buffer = self._buffer[size:]
            self.arrivals.setdefault(event["data"]["message"]["id"], now)
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


class BlackHole:
    """Takes connections (the kernel does, up to the backlog) and never reads or answers."""

    def __enter__(self) -> str:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(4096)
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def __exit__(self, *_):
        self._socket.close()


async def _post_steadily(server, messages: list[dict]) -> dict[str, float]:
    """An open loop: each webhook leaves at its time, whatever became of the others. Message -> when it left."""
    requests = signed_posts(server, messages, "delivered", UPDATES_PER_WEBHOOK)
    free = [await connect(server.port) for _ in range(8)]
    left: dict[str, float] = {}
    tasks = []

    async def post(request: bytes):
        connection = free.pop() if free else await connect(server.port)
        if await connection.post(request) != 200:
            raise BenchError("a webhook was refused")
        free.append(connection)

    begun = time.perf_counter()
    for number, request in enumerate(requests):
        due = begun + number * UPDATES_PER_WEBHOOK / EVENTS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        now = time.perf_counter()
        for message in messages[number * UPDATES_PER_WEBHOOK : (number + 1) * UPDATES_PER_WEBHOOK]:
            left[message["biz_opaque_callback_data"]] = now
        tasks.append(asyncio.ensure_future(post(request)))
    await asyncio.gather(*tasks)
    for connection in free:
        connection.close()
    return left


async def _part(server, messages: list[dict], other_url: str | None) -> list[float]:
    """Latencies in ms, from a status webhook's first byte to the healthy endpoint's last."""
    loop = asyncio.get_running_loop()
    Receiver.arrivals = {}
    receiver = await loop.create_server(Receiver, "127.0.0.1", 0)
    port = receiver.sockets[0].getsockname()[1]
    endpoints = [server.add_endpoint(f"http://127.0.0.1:{port}/", ["message.delivered"])]
    if other_url:
        endpoints.append(server.add_endpoint(other_url, ["message.delivered"]))
    left = await _post_steadily(server, messages)
    for _ in range(500):
        if len(Receiver.arrivals) >= len(left):
            break
        await asyncio.sleep(0.02)
    if len(Receiver.arrivals) < len(left):
        raise BenchError(f"{len(left) - len(Receiver.arrivals)} of {len(left)} deliveries never came")
    for endpoint in endpoints:
        await loop.run_in_executor(None, server.remove_endpoint, endpoint)
    receiver.close()
    measured = list(left)[int(WARM_UP_SECONDS * EVENTS_PER_SECOND) :]
    return [(Receiver.arrivals[message] - left[message]) * 1000 for message in measured]


def _measure(folder, options, count: int, other_url: str | None) -> list[float]:
    """One part on a server of its own: what a dead endpoint leaves behind is not in another part."""
    shutil.rmtree(folder, ignore_errors=True)
    with (
        Simulator(folder / "sim") as provider,
        Connectd(folder / "connectd", provider, options.connectd_threads) as server,
    ):
        return asyncio.run(_part(server, list(send_messages(server, provider, count)), other_url))


def run(options) -> None:
    rounds, seconds = (2, 3.0) if options.quick else (options.rounds, options.seconds)
    count = int((WARM_UP_SECONDS + seconds) * EVENTS_PER_SECOND)
    folder = WORK / NAME
    shutil.rmtree(folder, ignore_errors=True)
    measured: dict[str, list[dict]] = {}
    with BlackHole() as black_hole, NginxSink(folder / "sink") as sink:
        parts = {
            "alone": None,
            CONTROL: f"http://127.0.0.1:{sink.port}/",
            "beside one that refuses connections": f"http://127.0.0.1:{free_port()}/",
            "beside one that never answers": black_hole,
        }
        for number in range(rounds):
            for name, other_url in parts.items():
                latencies = _measure(folder / "part", options, count, other_url)
                row = {
                    "p50_ms": report.percentile(latencies, 50),
                    "p99_ms": report.percentile(latencies, 99),
                    "deliveries": len(latencies),
                }
                measured.setdefault(name, []).append(row)
                report.progress(f"round {number + 1}/{rounds}, {name}", row)
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    for row in summary.values():
        row["p99_ratio"] = row["p99_ms"] / summary["alone"]["p99_ms"]
        row["p99_control"] = row["p99_ms"] / summary[CONTROL]["p99_ms"]
    text = report.table(summary, COLUMNS, "healthy endpoint") + (
        f"\n\nMedians of {rounds} rounds of {seconds:.0f} s, {EVENTS_PER_SECOND} events a second in webhooks of "
        f"{UPDATES_PER_WEBHOOK}; latency from the status webhook's first byte to the endpoint's receipt. A second "
        "endpoint doubles the deliveries, dead or not: what its being dead costs is the last ratio. Target: within 1.1."
    )
    report.save(NAME, text, {"median": summary, "rounds": measured}, publish=not options.quick)
