"""What our server asks about accounts and files, and what the simulator answers to that, judged by Meta's own OpenAPI
(meta/accounts.json, meta/management.json): an account is connected, gone on with and let go of; a file goes up, comes down and goes."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from _support.connections import account_in, token_for
from _support.media import PNG, uploaded
from _support.people import WHY, operator_of
from meta_document import MetaDocument
from test_management import META

ACCOUNTS = MetaDocument("accounts.json")
DOCUMENT = ACCOUNTS.document

# Where Meta's file is not what its API takes, and how we know. (operation, field, reason)
DEVIATIONS = {
    ("post /{Version}/{Phone-Number-ID}/media", "type"): "Meta's page on media: `type` is required; the file has two of the three fields.",
    ("post /{Version}/{Phone-Number-ID}/media", "file"): "A file, here by its type: the schema is of its bytes.",
}
# Meta's pages have them, its file has not.
NOT_IN_THE_FILE = {"get /debug_token"}


def faults_of_body(operation, body):
    return [error.message for error in ACCOUNTS.errors("requests", operation, body)]


def faults_of_form(operation, form):
    known = DOCUMENT["forms"][operation]["properties"]
    unknown = [name for name in form if name not in known and (operation, name) not in DEVIATIONS]
    missing = [name for name in known if name not in form]
    return unknown + missing


def faults_of_query(operation, query):
    known = DOCUMENT["queries"].get(operation, {})
    return [name for name in query if name not in known]


@pytest.mark.parametrize("operation", sorted(DOCUMENT["requests"]))
def test_metas_own_requests_hold(operation):
    examples = DOCUMENT["requests"][operation]["examples"]
    assert examples and [faults_of_body(operation, each) for each in examples] == [[]] * len(examples)


@pytest.mark.parametrize("operation, body", [
    ("post /{Version}/{WABA-ID}/subscribed_apps", {"override_callback_uri": 7}),
    ("post /{Version}/{Phone-Number-ID}/register", {"messaging_product": "whatsapp", "pin": "12345"}),
])
def test_a_wrong_request_is_seen(operation, body):
    """Else the judgement below would be worth nothing."""
    assert faults_of_body(operation, body)


def operation_of(exchange, account):
    parts = urlsplit(exchange.path)
    head, _, edge = re.sub(r"^/v\d+\.\d+", "", parts.path).strip("/").partition("/")
    if head == "debug_token":
        return "get /debug_token", {}
    owner = {account["id"]: "{WABA-ID}", account["phone_number_id"]: "{Phone-Number-ID}"}.get(head)
    if owner is None:
        owner = "{Phone-Number-ID}" if edge == "media" else "{Media-ID}"
    return f"{exchange.method.lower()} /{{Version}}/{owner}" + (f"/{edge}" if edge else ""), parse_qs(parts.query)


def walk(stack, account):
    root = operator_of(stack.server)
    path = f"/admin/v1/workspaces/{stack.server.sandbox['workspace_id']}/connections"
    made = root.post(path, {"token": token_for(stack.sim, account)}, headers=WHY)
    assert (made.status, made.json()["onboarding"]["status"]) == (201, "action_required"), made
    one = made.json()["id"]
    assert stack.api.post(f"/v1/connections/{one}/resume", {"pin": "123456"}).json()["status"] == "active"
    assert stack.api.request("DELETE", f"/v1/connections/{one}").status == 204
    file = uploaded(stack.api, PNG, filename="a.png", kind="image/png", size=len(PNG))["id"]
    stack.api.get(f"/v1/media/{file}/content")  # its address is the simulator's own, which the recorder's is not: only the look-up counts
    assert stack.api.request("DELETE", f"/v1/media/{file}").status == 200


def test_each_call_is_one_of_metas_and_its_answer_too(recorded):
    stack, recorder = recorded
    account = account_in(stack.sim)
    recorder.exchanges.clear()
    recorder.keeps_reads = True
    walk(stack, account)
    wrong, seen = [], set()
    for exchange in recorder.exchanges:
        operation, query = operation_of(exchange, account)
        seen.add(operation)
        assert exchange.status == 200, (operation, exchange)
        wrong += [(operation, "query", fault) for fault in faults_of_query(operation, query)]
        if operation in DOCUMENT["forms"]:
            wrong += [(operation, "form", fault) for fault in faults_of_form(operation, exchange.request)]
        elif exchange.request is not None:
            wrong += [(operation, "request", fault) for fault in faults_of_body(operation, exchange.request)]
        if operation not in NOT_IN_THE_FILE:
            wrong += [(operation, "answer", fault) for fault in META.faults(operation, exchange.answer)]
    assert wrong == []
    wanted = {*DOCUMENT["requests"], *DOCUMENT["forms"], *DOCUMENT["queries"]}
    assert wanted <= seen, "a call was never made"
    assert seen - wanted - NOT_IN_THE_FILE == set()
