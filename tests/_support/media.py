"""Files, and forms that upload them."""

import hashlib
import http.client
import json
import os
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PDF_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0" + b"\0" * 40


def pdf(size=2000, seed=b""):
    """Bytes that look like a document, each time others unless `seed` says which."""
    body = hashlib.shake_256(seed or os.urandom(16)).digest(max(size - len(PDF_HEAD), 0))
    return PDF_HEAD + body


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def form(content, filename="invoice.pdf", kind="application/pdf", **fields):
    """(headers, body) of a form whose last part is the file."""
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
    head += f"Content-Type: {kind}\r\n\r\n" if kind else "\r\n"
    body = "".join(parts).encode() + head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body


def upload(api, content, headers=None, **more):
    form_headers, body = form(content, **more)
    return api.post("/v1/media", body, headers={**form_headers, **(headers or {})})


def uploaded(api, content, **more):
    answer = upload(api, content, **more)
    assert answer.status == 201, answer
    return answer.json()


class FileServer:
    """Somebody's server of files: `pages` says what each path answers, (status, headers, body)."""

    def __init__(self, pages):
        outer = self
        self.asked = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked.append((self.path, dict(self.headers)))
                status, headers, body = outer.pages.get(self.path.split("?")[0], (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.pages = pages
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def stream_up(base_url, key, size, piece, seconds=900):
    """Uploads a document of `size` bytes, made as it is sent; (media, its SHA-256)."""
    boundary = uuid.uuid4().hex
    head = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="large.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n").encode() + PDF_HEAD
    tail = f"\r\n--{boundary}--\r\n".encode()
    mark = os.urandom(16)
    digest = hashlib.sha256(PDF_HEAD)
    left = size - len(PDF_HEAD) - len(mark)
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=seconds)
    connection.putrequest("POST", "/v1/media")
    connection.putheader("Authorization", f"Bearer {key}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={boundary}")
    connection.putheader("Content-Length", str(len(head) + size - len(PDF_HEAD) + len(tail)))
    connection.endheaders()
    connection.send(head + mark)
    digest.update(mark)
    while left:
        part = piece[:left]
        connection.send(part)
        digest.update(part)
        left -= len(part)
    connection.send(tail)
    response = connection.getresponse()
    media = json.loads(response.read())
    connection.close()
    assert response.status == 201, media
    return media, digest.hexdigest()


def stream_down(base_url, key, media_id, seconds=900):
    """Downloads it in pieces; (bytes, SHA-256)."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=seconds)
    connection.request("GET", f"/v1/media/{media_id}/content", headers={"Authorization": f"Bearer {key}"})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    digest, size = hashlib.sha256(), 0
    while piece := response.read(256 * 1024):
        digest.update(piece)
        size += len(piece)
    connection.close()
    return size, digest.hexdigest()
