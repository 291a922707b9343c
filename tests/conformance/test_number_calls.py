"""What our server asks about numbers, and what the simulator answers to that, judged by Meta's own OpenAPI (meta/numbers.json,
meta/management.json): each call of the senders' management, of a sync, a diagnosis and a preflight."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft202012Validator

from _support.graph import Graph
from _support.signing import ACCOUNT_ID
from meta_document import MetaDocument
from test_management import META

ANA = "+491510000001"

# Where Meta's schema is not what its API takes, and how we know. (operation, where in the request, reason)
DEVIATIONS = {
    ("post /{Version}/{Phone-Number-ID}/message_qrdls", "code"): "Its own examples have a 1: the pattern allows 2 to 7.",
    ("post /{Version}/{Phone-Number-ID}/conversational_automation", "prompts"):
        "Meta's page on conversational components says 4 ice breakers; the schema 3.",
    ("post /{Version}/{Phone-Number-ID}/whatsapp_business_profile", "description"):
        "Meta's page on business profiles says 512 characters; the schema 256.",
}
ANSWER_DEVIATIONS = {
    ("get /{Version}/{Phone-Number-ID}", "quality_rating"):
        "The list of numbers has UNKNOWN in its own example for the same field; this one's enum has NA for that.",
}
# Calls that clients make and Meta's file has not (reference: its pages), so that only their method and path are judged.
NOT_IN_THE_FILE = {"get /debug_token", "get /{WABA-ID}/message_templates"}


class MetaRequests(MetaDocument):
    def faults(self, operation, body):
        return [(list(error.absolute_path), error.message[:200]) for error in self.errors("requests", operation, body)
                if (operation, field_of(error)) not in DEVIATIONS]

    def query_faults(self, operation, query):
        known = self.document["queries"].get(operation)
        if known is None:
            return []
        faults = [name for name in query if name not in known]
        for name, values in query.items():
            schema = known.get(name, {})
            value = int(values[0]) if schema.get("type") == "integer" else values[0]
            faults += [error.message for error in Draft202012Validator(schema).iter_errors(value)]
        return faults


def field_of(error):
    """Of a choice between schemas: what the nearest one has against it."""
    leaves = [leaf for each in error.context or [] for leaf in [each, *(each.context or [])]]
    for each in [error, *leaves]:
        named = [part for part in each.absolute_path if isinstance(part, str)]
        if named:
            return named[0]
    return ""


REQUESTS = MetaRequests("numbers.json")


@pytest.mark.parametrize("operation", sorted(REQUESTS.document["requests"]))
def test_metas_own_requests_hold(operation):
    examples = REQUESTS.document["requests"][operation]["examples"]
    assert examples
    for example in examples:
        assert REQUESTS.faults(operation, example) == []


@pytest.mark.parametrize("operation, body", [
    ("post /{Version}/{Phone-Number-ID}/register", {"messaging_product": "whatsapp", "pin": "12345"}),
    ("post /{Version}/{Phone-Number-ID}/register", {"pin": "123456"}),
    ("post /{Version}/{Phone-Number-ID}/request_code", {"code_method": "sms", "language": "en_US"}),
    ("post /{Version}/{Phone-Number-ID}/verify_code", {"code": "123-456"}),
    ("post /{Version}/{Phone-Number-ID}/whatsapp_business_profile", {"messaging_product": "whatsapp", "vertical": "retail"}),
    ("post /{Version}/{Phone-Number-ID}/block_users", {"block_users": "+491510000001"}),
    ("post /{Version}/{Phone-Number-ID}/message_qrdls", {"message": "Hello"}),
    ("post /{Version}/{Phone-Number-ID}/conversational_automation", {"commands": [{"name": "help"}]}),
])
def test_a_wrong_request_is_seen(operation, body):
    """Else the judgement below would be worth nothing."""
    assert REQUESTS.faults(operation, body)


def operation_of(exchange):
    """As Meta's file names it, with its query."""
    parts = urlsplit(exchange.path)
    path = re.sub(r"^/v\d+\.\d+", "", parts.path)
    head, _, edge = path.strip("/").partition("/")
    if head == "debug_token":
        return "get /debug_token", {}
    owner = "{WABA-ID}" if head == ACCOUNT_ID else "{Phone-Number-ID}"
    edge = re.sub(r"^message_qrdls/.+", "message_qrdls/{QR-Code-ID}", edge)
    name = f"/{{Version}}/{owner}" + (f"/{edge}" if edge else "")
    if edge == "message_templates":
        return "get /{WABA-ID}/message_templates", {}
    return f"{exchange.method.lower()} {name}", parse_qs(parts.query)


def walk(stack):
    """Each call once."""
    api = stack.api
    sender = api.get("/v1/senders").json()["data"][0]
    one, account = f"/v1/senders/{sender['id']}", f"/v1/connections/{sender['connection_id']}"
    assert api.post(f"{account}/sync").status == 200
    new = {"cc": "49", "phone_number": "1510000042", "verified_name": "Shop"}
    assert Graph.of_simulator(stack).call("POST", f"{ACCOUNT_ID}/phone_numbers", new).status == 200
    fresh = f"/v1/senders/{api.post(f'{account}/sync').json()['added'][0]}"
    for method, path, body in [
            ("POST", f"{fresh}/request_code", {"method": "sms"}), ("POST", f"{fresh}/verify_code", {"code": "123-456"}),
            ("POST", f"{fresh}/register", {"pin": "123456", "region": "DE"}), ("PUT", f"{fresh}/pin", {"pin": "654321"}),
            ("POST", f"{fresh}/display_name", {"name": "Corner Shop"}), ("POST", f"{fresh}/deregister", None),
            ("PATCH", f"{one}/profile", {"about": "Open", "address": "", "description": "x" * 512, "email": "a@example.com",
                                         "vertical": "retail", "websites": ["https://example.com"],
                                         "picture_handle": "4::aW1hZ2U=:ARa"}),
            ("PUT", f"{one}/automation", {"welcome_message": True, "commands": [{"name": "order", "description": "Order"}],
                                          "prompts": ["a", "b", "c", "d"]}),
            ("GET", f"{one}/automation", None)]:
        assert api.request(method, path, body).status == 200, (method, path)
    stack.sim.inbound(ANA)
    for method in ("POST", "DELETE"):
        assert api.request(method, f"{one}/blocked_users", {"users": [ANA]}).status == 200
    api.get(f"{one}/blocked_users?limit=5")
    code = api.post(f"{one}/qr_codes", {"message": "Hello", "image": "svg"}).json()["code"]
    api.request("PATCH", f"{one}/qr_codes/{code}", {"message": "Good day"})
    api.get(f"{one}/qr_codes?limit=100")
    api.get(f"{one}/qr_codes/{code}")
    assert api.request("DELETE", f"{one}/qr_codes/{code}").status == 204
    assert api.post(f"{account}/diagnose").status == 200
    template = {"name": "sale", "language": "en_US"}
    batch = {"from": sender["id"], "template": template, "category": "marketing", "count": 1}
    assert api.post("/v1/preflight", batch).status == 200


def test_each_call_is_one_of_metas_and_its_answer_too(recorded):
    stack, recorder = recorded
    recorder.keeps_reads = True
    walk(stack)
    wrong, seen = [], set()
    for exchange in recorder.exchanges:
        operation, query = operation_of(exchange)
        seen.add(operation)
        if exchange.request is not None and operation in REQUESTS.document["requests"]:
            wrong += [(operation, "request", fault) for fault in REQUESTS.faults(operation, exchange.request)]
        wrong += [(operation, "query", fault) for fault in REQUESTS.query_faults(operation, query)]
        if operation in META.document["answers"]:
            wrong += [(operation, "answer", fault) for fault in META.faults(operation, exchange.answer)
                      if (operation, fault[0]) not in ANSWER_DEVIATIONS]
        assert exchange.status == 200, (operation, exchange)
    assert wrong == []
    assert set(REQUESTS.document["requests"]) <= seen, "a request was never made"
    judged = set(REQUESTS.document["requests"]) | set(META.document["answers"]) | set(REQUESTS.document["queries"])
    others = {"get /{Version}/{Phone-Number-ID}/message_qrdls/{QR-Code-ID}"}  # in the file, with the answer of the list
    assert seen - judged - NOT_IN_THE_FILE - others == set()
