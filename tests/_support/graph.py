"""The Graph-compatible door, and Meta's own address, as a program that was written for Meta speaks to them."""

import json
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from _support.http_client import HttpClient
from _support.receiver import Delivery, QuietServer, Receiver
from _support.signing import PHONE_NUMBER_ID, signature_of

VERSION = "v25.0"


class Graph:
    """`url` ends before the version. Each answer must look like Meta's."""

    def __init__(self, url, token, phone):
        self.url, self.token, self.phone = url, token, phone
        host, self.root, _ = url.partition("/graph")
        self.http = HttpClient(host)

    @classmethod
    def of_door(cls, stack, key=None):
        return cls(f"{stack.server.base_url}/graph", key or stack.api.api_key, stack.server.sandbox["phone_number_id"])

    @classmethod
    def of_simulator(cls, stack, token="EAAG-metas-own"):
        """Around our server, as somebody at Meta itself."""
        return cls(stack.sim.url, token, PHONE_NUMBER_ID)

    def call(self, method, path, body=None, headers=None, token=True):
        """`token`: True is this one's own, None is none. A text goes as it is."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            sent["Authorization"] = f"Bearer {self.token if token is True else token}"
        sent.update(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        answer = self.http.request(method, f"{self.root}/{VERSION}/{path}", headers=sent,
                                   body=body.encode() if isinstance(body, str) else body)
        assert answer.headers["x-fb-trace-id"], answer
        if answer.status >= 400:
            error = answer.json()["error"]
            assert {"message", "type", "code", "fbtrace_id"} <= set(error), answer
        return answer

    def send(self, message, key=None, edge="messages", phone=None, **more):
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", f"{phone or self.phone}/{edge}", {"messaging_product": "whatsapp", **message},
                         headers=headers, **more)


def code_of(answer):
    """HTTP status, code and subcode of an error."""
    error = answer.json()["error"]
    return answer.status, error["code"], error.get("error_subcode", 0)


class GraphReceiver(Receiver):
    """An endpoint of the format graph: verifies as a program does that was written for Meta's webhooks."""

    def __init__(self, stack, events=None, api=None):
        super().__init__(checked=False)
        stack.receivers.append(self)
        endpoint = (api or stack.api).add_endpoint(self.url, events, format="graph")
        self.secret, self.endpoint_id = endpoint["secret"], endpoint["id"]

    def take(self, headers, body):
        if headers.get("x-hub-signature-256") != signature_of(body, self.secret):
            self.faults.append(f"not signed as Meta signs: {headers}")
        if any(byte > 127 for byte in body) or b"/" in body.replace(b"\\/", b""):
            self.faults.append(f"not escaped as Meta escapes: {body[:200]}")
        event = {"type": "webhook", "data": {}, **json.loads(body)}
        delivery = Delivery(headers, body, event, 0)
        with self._changed:
            self._deliveries.append(delivery)
            self._changed.notify_all()
        return 200, {}, b""

    def changes(self):
        """Field and value of each, in the order in which they came."""
        return [(change["field"], change["value"]) for each in self.all() for entry in each.event["entry"]
                for change in entry["changes"]]

    def elements(self, name):
        """Of a list in the values: "statuses", "messages"."""
        return [element for _, value in self.changes() for element in value.get(name, [])]

    def wait_for_element(self, name, fact):
        def found(_):
            return next((each for each in self.elements(name) if fact(each)), None)
        return self.wait_for(found, name)


class Subscriber:
    """Answers the challenge of whoever knows its token, as a program does that was written for Meta's webhooks."""

    def __init__(self, token):
        self.token, self.asked = token, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = dict(parse_qsl(urlsplit(self.path).query))
                outer.asked.append(query)
                knows = query.get("hub.mode") == "subscribe" and query.get("hub.verify_token") == outer.token
                body = query["hub.challenge"].encode() if knows else b""
                self.send_response(200 if knows else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
