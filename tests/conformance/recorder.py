"""A reverse proxy before the simulator that keeps each exchange: what the server asked, and what was answered."""

import http.client
import json
import re
import threading
from dataclasses import dataclass
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from _support.waiting import PATIENCE_SECONDS

DROPPED = {"host", "content-length", "connection", "transfer-encoding"}


@dataclass
class Exchange:
    method: str
    path: str        # without the proof
    request: object
    status: int
    answer: object


def without_proof(target):
    """Meta's file lists parameters of single calls: appsecret_proof, which all of them take as they take a token
    (whatsapp.md 7.1), it lacks. The simulator has judged it."""
    return re.sub(r"[?&]appsecret_proof=[0-9a-f]{64}$", "", target)


def form_of(kind, body):
    """Each field's text, a file's type in its place."""
    parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).get_payload()
    return {part.get_param("name", header="Content-Disposition"):
            {"file": part.get_content_type()} if part.get_filename() else part.get_payload() for part in parts}


def read_body(kind, body):
    if not body:
        return None
    if kind.startswith("multipart/form-data"):
        return form_of(kind, body)
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode()))
    return json.loads(body)


class Recorder:
    def __init__(self, upstream):
        self.exchanges = []
        self.keeps_reads = False
        self._upstream = urlsplit(upstream)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def forward(self, method, path, headers, body):
        connection = http.client.HTTPConnection(self._upstream.hostname, self._upstream.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if body or self.keeps_reads:
            asked = read_body({name.lower(): value for name, value in headers.items()}.get("content-type", "application/json"), body)
            told = json.loads(content) if "json" in answer.getheader("Content-Type", "") else None
            self.exchanges.append(Exchange(method, without_proof(path), asked, answer.status, told))
        return answer.status, answer.getheaders(), content

    def _handler(recorder):  # noqa: N805: the handler's own self is another one
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
                status, given, content = recorder.forward(self.command, self.path, headers, body)
                self.send_response_only(status)
                for name, value in given:
                    if name.lower() not in DROPPED:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = _pass_on

            def log_message(self, *_):
                pass

        return Handler
