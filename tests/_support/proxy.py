"""A reverse proxy in front of several servers: each request goes to the next one, as a load balancer does that knows nothing.

It speaks as much HTTP/1.1 as the tests do: bodies have a Content-Length. A server that refuses the connection is left out;
where a connection breaks after the request was sent, or nothing comes for too long, the client's is cut: only the client
can know whether it may ask again.
"""

import asyncio
import itertools
import threading

from _support.waiting import PATIENCE_SECONDS

ANSWER_SECONDS = 20.0  # longer than a server holds a request back while a part of the database changes hands


class Proxy:
    def __init__(self, port, backends):
        self.port, self._backends, self._turn = port, backends, itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._listens = threading.Event()
        self.requests = 0

    def start(self):
        self._thread.start()
        assert self._listens.wait(PATIENCE_SECONDS), "the proxy does not listen"
        return self

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self._listens.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._server.close()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self, reader, writer):
        try:
            while message := await _read_message(reader):
                self.requests += 1
                writer.write(await asyncio.wait_for(self._ask(message), ANSWER_SECONDS))
                await writer.drain()
        except (OSError, EOFError, asyncio.TimeoutError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _ask(self, message):
        reader, writer = await self._connect()
        try:
            writer.write(message)
            await writer.drain()
            answer = await _read_message(reader, request=message)
            if not answer:
                raise EOFError
            return answer
        finally:
            writer.close()

    async def _connect(self):
        for _ in self._backends:
            try:
                return await asyncio.open_connection("127.0.0.1", self._backends[next(self._turn) % len(self._backends)])
            except OSError:
                continue
        raise EOFError  # nobody is there


async def _read_message(reader, request=None):
    """Head and body, of the answer to `request` where there is one; empty at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    lines = head.split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    # The answer to a HEAD tells the length of a body that does not follow.
    if request and (request.startswith(b"HEAD ") or lines[0].split(b" ")[1] in (b"204", b"304")):
        length = 0
    return head + await reader.readexactly(length)
