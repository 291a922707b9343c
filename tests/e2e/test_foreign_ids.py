"""What another workspace has is not there: each operation of the contract that names a thing, asked with a real id."""

from _support.api import text_to
from _support.contract import contract
from _support.media import PNG, uploaded
from _support.people import operator_of, owner_of, sign_up
from _support.waiting import wait_until

RECIPIENT = "+919876500001"
# Whose place is no thing: the workspace itself (test_people.py), and who speaks for himself.
NAMES_NO_THING = {"/v1/workspaces/{id}"}


def things_of(stack, owner):
    """One of each kind, by the path that lists it."""
    api = stack.api
    sent = api.send(text_to(RECIPIENT))
    endpoint = owner.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/hook"}).json()["id"]
    event = wait_until(lambda: next(iter(api.get("/v1/events").json()["data"]), None), "an event")
    invited = owner.post("/v1/invitations", {"email": "guest@example.com", "role": "viewer"}).json()
    provider = {"name": "Acme", "issuer": "https://id.acme.example", "client_id": "connect", "client_secret": "s"}
    session = operator_of(stack.server).post("/admin/v1/support_sessions", {
        "workspace_id": stack.server.sandbox["workspace_id"], "category": "debugging", "reason": "Deliveries stop"})
    consent = {"recipient": RECIPIENT, "purpose": "marketing", "source": "a form"}
    template = {"name": "hello", "language": "en_US", "category": "utility", "components": [{"type": "BODY", "text": "Hello"}]}
    made = api.post("/v1/templates", template).json()
    request = {"kind": "export", "subject": "recipient", "recipient": RECIPIENT}
    return {
        "/v1/messages": sent.json()["id"],
        "/v1/webhook_endpoints": endpoint,
        "/v1/events": event["id"],
        "/v1/senders": stack.server.sandbox["sender_id"],
        "/v1/members": owner.get("/v1/user").json()["id"],
        "/v1/invitations": invited["id"],
        "/v1/api_keys": owner.make_key().json()["id"],
        "/v1/audit_events": owner.get("/v1/audit_events").json()["data"][0]["id"],
        "/v1/media": uploaded(api, PNG, filename="a.png", kind="image/png")["id"],
        "/v1/templates": made["id"],
        "/v1/consents": owner.post("/v1/consents", consent).json()["id"],
        "/v1/sso/providers": owner.post("/v1/sso/providers", provider).json()["id"],
        "/v1/sso/domains": owner.post("/v1/sso/domains", {"domain": "acme.example"}).json()["domain"],
        "/v1/support_sessions": session.json()["id"],
        "/v1/connections": stack.server.sandbox["connection_id"],
        "/v1/onboarding_sessions": owner.post("/v1/onboarding_sessions", {}).json()["id"],
        "/v1/data_requests": owner.post("/v1/data_requests", request).json()["id"],
    }


def operations_on_things(things):
    for method, path, operation in contract().operations():
        if "{" not in path or path in NAMES_NO_THING or "session" not in str(operation.get("security")):
            continue
        kind = path[:path.index("/{")]
        if path.startswith("/v1/") and not set(operation["tags"]) & {"people", "sandbox"}:
            assert kind in things, f"{method} {path}: this test lacks one of {kind}"
            yield method.upper(), path, operation, things[kind]


def body_of(operation):
    """The contract's own example."""
    body = contract().resolved(operation.get("requestBody", {}))
    content = body.get("content", {}).get("application/json")
    return next(iter(content["examples"].values()))["value"] if content else None


def test_a_thing_of_another_workspace_is_not_there(make_stack):
    stack = make_stack()
    owner = owner_of(stack.server)
    things = things_of(stack, owner)
    stranger = sign_up(stack.server, "stranger@example.com")
    stranger.workspace = stranger.post("/v1/workspaces", {"name": "Another"}).json()["id"]
    wrong = []
    for method, path, operation, thing in operations_on_things(things):
        target = path.replace("{id}", thing).replace("{domain}", thing).replace("{code}", "NOSUCHCODE")
        answer = stranger.request(method, target, body_of(operation))
        if answer.status != 404:
            wrong.append((method, path, answer.status, answer.json().get("code")))
    assert wrong == []
    for kind, thing in things.items():
        if kind not in ("/v1/members", "/v1/invitations"):  # these are not read one by one
            assert owner.get(f"{kind}/{thing}").status == 200, kind
