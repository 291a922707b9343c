"""Small HTTP clients: one for single calls, one for posting prepared requests fast and measuring each."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from .processes import BenchError


def get_text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def get_json(url: str):
    return json.loads(get_text(url))


def call(method: str, url: str, body=None, headers: dict | None = None):
    """The answer's JSON, None when it is empty. A status of 400 and more raises."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise BenchError(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}") from error
    return json.loads(text) if text else None


def raw_post(port: int, path: str, headers: dict, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class PostConnection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self):
        self._transport = None
        self._buffer = b""
        self._answered: asyncio.Future | None = None

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, error):
        if self._answered and not self._answered.done():
            self._answered.set_exception(BenchError(f"the server closed the connection: {error}"))

    def data_received(self, data: bytes):
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = 0
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            length = int(head[at + 17 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        status = int(head[9:12])
        self._buffer = self._buffer[end + 4 + length :]
        self._answered.set_result(status)

    async def post(self, request: bytes) -> int:
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self):
        self._transport.close()


async def connect(port: int) -> PostConnection:
    _, connection = await asyncio.get_running_loop().create_connection(PostConnection, "127.0.0.1", port)
    return connection


@dataclass
class PostResult:
    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)


def post_all(port: int, requests: list[bytes], connections: int) -> PostResult:
    """Posts each request once, a closed loop on each connection. Any answer but 200 raises."""
    return asyncio.run(_post_all(port, requests, connections))


async def _post_all(port: int, requests: list[bytes], connections: int) -> PostResult:
    result = PostResult()
    waiting = iter(requests)

    async def work():
        connection = await connect(port)
        for request in waiting:
            begun = time.perf_counter()
            status = await connection.post(request)
            if status != 200:
                raise BenchError(f"a webhook was answered with {status}")
            result.latencies_ms.append((time.perf_counter() - begun) * 1000)
        connection.close()

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    result.seconds = time.perf_counter() - begun
    return result
