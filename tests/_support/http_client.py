"""A small HTTP client that hides nothing: status, headers and bytes as they came. One connection a thread."""

import gzip
import http.client
import json
import threading
from urllib.parse import urlsplit


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def content(self):
        return gzip.decompress(self.body) if self.headers.get("Content-Encoding") == "gzip" else self.body

    def json(self):
        return json.loads(self.content())

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


class HttpClient:
    def __init__(self, base_url, seconds=30.0):
        parts = urlsplit(base_url)
        self.host, self.port, self.seconds = parts.hostname, parts.port, seconds
        self._local = threading.local()

    def request(self, method, target, headers=None, body=None):
        """Sends once. Any fault of the connection is raised: only the caller knows whether to try again."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=self.seconds)
            self._local.connection = connection
        try:
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except BaseException:
            self.forget()
            raise
        if response.will_close:
            self.forget()
        return answer

    def forget(self):
        """The next request of this thread opens a connection of its own."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()
