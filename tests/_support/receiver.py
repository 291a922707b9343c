"""A customer's webhook endpoint: verifies each delivery with the public Standard Webhooks library and keeps it."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

from _support.contract import contract
from _support.waiting import PATIENCE_SECONDS


class Delivery:
    def __init__(self, headers, body, event, arrived):
        self.id = headers.get("webhook-id")
        self.headers = headers
        self.body = body
        self.event = event
        self.arrived = arrived

    @property
    def type(self):
        return self.event["type"]

    @property
    def message(self):
        return self.event["data"].get("message", {})


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A server under test that is killed breaks its connections: no news."""


class Receiver:
    """`answer(delivery, nth)` gives (status, headers, body) of the nth attempt, counted over all; None answers 200.
    `faults` holds what was not right with a delivery: the test's end looks at it."""

    def __init__(self, answer=None, checked=True):
        self.answer = answer
        self.checked = checked
        self.secret = None
        self.faults = []
        self._deliveries = []
        self._changed = threading.Condition()
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}/events"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def all(self):
        with self._changed:
            return list(self._deliveries)

    def about(self, message_id):
        return [each for each in self.all() if each.message.get("id") == message_id]

    def types_about(self, message_id):
        return [each.type for each in self.about(message_id)]

    def wait_for(self, fact, what, seconds=PATIENCE_SECONDS):
        """Waits until `fact(deliveries)` is true, and gives its answer."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                answer = fact(self._deliveries)
                if answer:
                    return answer
                left = deadline - time.monotonic()
                if left <= 0:
                    seen = [f"{each.type} {each.message.get('id', '')}" for each in self._deliveries]
                    raise AssertionError(f"not within {seconds:g} s: {what}; {len(seen)} arrived: {seen[-20:]}")
                self._changed.wait(left)

    def wait_for_type(self, event_type, message_id=None, seconds=PATIENCE_SECONDS):
        def found(deliveries):
            return next((each for each in deliveries if each.type == event_type
                         and message_id in (None, each.message.get("id"))), None)
        return self.wait_for(found, f"{event_type} of {message_id or 'any'}", seconds)

    def take(self, headers, body):
        arrived = time.monotonic()
        try:
            # The library's own message says what is wrong; without a secret nothing can be verified.
            event = Webhook(self.secret).verify(body, headers)
            faults = contract().faults_of_webhook(event["type"], headers, event) if self.checked else []
            if event["data"]["id"] != headers.get("webhook-id"):
                faults.append("webhook-id is not the event's id")
        except (WebhookVerificationError, ValueError, KeyError, AttributeError, TypeError) as error:
            event, faults = {"type": "unverified", "data": {}}, [f"{type(error).__name__}: {error}"]
        delivery = Delivery(headers, body, event, arrived)
        with self._changed:
            self.faults += [f"{delivery.type} {delivery.id}: {fault}" for fault in faults]
            self._deliveries.append(delivery)
            count = len(self._deliveries)
            self._changed.notify_all()
        return (self.answer(delivery, count) if self.answer else None) or (200, {}, b"")

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, extra, text = receiver.take(headers, body)
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):
                receiver.faults.append("a GET came: was a redirect followed?")
                self.send_error(405)

            def log_message(self, *_):
                pass

        return Handler
