"""The customers' API and the simulator's control API, as the tests speak them."""

import json
from urllib.parse import quote

from _support import acts
from _support.contract import contract
from _support.http_client import HttpClient
from _support.waiting import wait_until

FINAL = {"unknown", "sent", "failed", "delivered", "read", "received"}


# Its checksum is right.
KEY_OF_NOBODY = "fsk_test_" + "a" * 40 + "3ZdJNH"


def code(answer):
    """Of a problem."""
    return answer.json()["code"]


def text_to(to, body="Your parcel is on its way.", **more):
    return {"to": to, "type": "text", "text": {"body": body}, **more}


class Api:
    """Each answer is judged by the contract, unless `checked` is off (for load)."""

    def __init__(self, base_url, api_key, checked=True):
        self.base_url, self.api_key, self.checked = base_url, api_key, checked
        self.http = HttpClient(base_url)

    def request(self, method, target, body=None, headers=None, key=True):
        """`body`: bytes and text go as they are, anything else as JSON. `key`: True is this API's own, None is none."""
        sent = {"Accept": "application/json"}
        if key:
            sent["Authorization"] = f"Bearer {self.api_key if key is True else key}"
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body.encode() if isinstance(body, str) else body
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        answer = self.http.request(method, target, headers=sent, body=body)
        if self.checked:
            faults = contract().faults_of_answer(method, target, answer)
            assert not faults, f"{method} {target} -> {answer}: {faults}"
            acts.note(self.base_url, method, target, answer)
        return answer

    def get(self, target, **more):
        return self.request("GET", target, **more)

    def post(self, target, body=None, **more):
        return self.request("POST", target, body=body, **more)

    def send(self, message, idempotency_key=None, prefer=None):
        headers = {"Idempotency-Key": idempotency_key, "Prefer": prefer}
        return self.post("/v1/messages", message, headers=headers)

    def accept(self, message, **more):
        """Sends and gives the message of the 202."""
        answer = self.send(message, **more)
        assert answer.status == 202, answer
        return answer.json()

    def message(self, message_id):
        answer = self.get(f"/v1/messages/{message_id}")
        assert answer.status == 200, answer
        return answer.json()

    def wait_for_status(self, message_id, *statuses):
        def reached():
            message = self.message(message_id)
            return message if message["status"] in statuses else None
        return wait_until(reached, f"{message_id} is {' or '.join(statuses)}")

    def all_of(self, path, **filters):
        """Every item of a list, oldest first, by its pages."""
        items, after = [], ""
        query = "".join(f"&{name}={quote(str(value), safe='')}" for name, value in filters.items())
        while True:
            page = self.get(f"{path}?limit=100{query}{after}").json()
            items += page["data"]
            if not page["has_more"]:
                return items[::-1]
            after = f"&after={page['next']}"

    def quota(self):
        return self.get("/v1/quota").json()

    def add_endpoint(self, url, events=None, **more):
        body = {"url": url, **({"events": events} if events else {}), **more}
        answer = self.post("/v1/webhook_endpoints", body)
        assert answer.status == 201, answer
        return answer.json()

    def metric(self, name, **labels):
        """The sum of a metric's samples that have these labels."""
        total = 0.0
        for line in self.get("/metrics").body.decode().splitlines():
            if not line.startswith((name + "{", name + " ")):
                continue
            if all(f'{label}="{value}"' in line for label, value in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total


class SimulatorApi:
    def __init__(self, url):
        self.url = url
        self.http = HttpClient(url)

    def call(self, method, name, body=None):
        # On a connection of its own: one kept for minutes may have been closed by the simulator in the meantime.
        self.http.forget()
        answer = self.http.request(method, f"/_sim/{name}", body=None if body is None else json.dumps(body),
                                   headers={"Content-Type": "application/json"})
        assert answer.status == 200, answer
        return answer.json()

    def fault(self, action, times=None, scope="messages", to=None):
        rule = {"scope": scope, "when": {"next": times} if times else {"always": True}, "action": action}
        return self.call("POST", "faults", {**rule, **({"to": to} if to else {})})

    def clear_faults(self):
        return self.call("DELETE", "faults")

    def stats(self):
        return self.call("GET", "stats")

    def settings(self, **changes):
        return self.call("POST", "settings", changes)

    def taken(self, to=None):
        """What it accepted, oldest first."""
        return self.call("GET", f"messages?to={quote(to, safe='')}" if to else "messages")["messages"]

    def times_taken(self, to):
        return self.call("GET", f"messages?limit=1&to={quote(to, safe='')}")["count"]

    def inbound(self, sender="+919812345678", **message):
        if "type" not in message:
            message = {"type": "text", "text": {"body": "Where is my parcel?"}, **message}
        return self.call("POST", "inbound", {"from": sender, **message})

    def status(self, message_id, status, **more):
        return self.call("POST", "statuses", {"message_id": message_id, "status": status, **more})
