"""Every operation of openapi/openapi.yaml that a key may call, and those for everybody, by their successes and refusals. Each
answer that the client gets is judged by the contract: status, headers and body. Those of people: test_people.py,
test_sso.py."""

import json
import socket

import pytest

from _support.api import text_to
from _support.contract import contract
from _support.media import PNG, uploaded
from _support.people import owner_of, sign_up
from _support.waiting import PATIENCE_SECONDS, wait_until

MISSING = "01kb2v5m4q8x9r3t6w7y0z1a2c"
# Forms that Meta signs: test_connections.py.
OF_THE_PROVIDER = {("post", "/hooks/whatsapp/deauthorize"), ("post", "/hooks/whatsapp/data_deletion"),
                   ("get", "/hooks/whatsapp/data_deletion")}
CONSENT = {"recipient": "+919876543210", "purpose": "marketing", "source": "a form"}
KNOWN_URL = "http://127.0.0.1:9/nobody"
DESIGN = {"components": [{"type": "BODY", "text": "Hello from the shop"}]}


@pytest.fixture(scope="module")
def world(shared):
    """Ids of one object of each kind."""
    receiver = shared.receiver()
    sent = shared.api.accept(text_to("+919876543210"))
    shared.api.wait_for_status(sent["id"], "read")
    shared.sim.inbound()
    received = receiver.wait_for_type("message.received").message["id"]
    event = shared.api.all_of("/v1/events")[-1]["id"]
    return {"message": sent["id"], "received": received, "event": event, "endpoint": receiver.endpoint_id}


def template(name):
    return {"name": name, "language": "en_US", "category": "utility", **DESIGN}


def template_calls(world):
    """The same of templates."""
    design, shelved, paused, connection = (world[name] for name in ("template", "shelved", "paused", "connection"))
    one = "/v1/templates/{id}"
    return [
        ("post", "/v1/templates", None, template("new_one"), 201),
        ("get", "/v1/templates", None, None, 200),
        ("get", one, f"/v1/templates/{design}", None, 200),
        ("patch", one, f"/v1/templates/{design}", DESIGN, 200),
        ("get", f"{one}/versions", f"/v1/templates/{design}/versions", None, 200),
        ("get", f"{one}/schema", f"/v1/templates/{design}/schema", None, 200),
        ("post", f"{one}/preview", f"/v1/templates/{design}/preview", {}, 200),
        ("post", f"{one}/copy", f"/v1/templates/{design}/copy", {"connection_id": connection, "name": "copied"}, 201),
        ("post", f"{one}/archive", f"/v1/templates/{shelved}/archive", None, 200),
        ("post", f"{one}/unarchive", f"/v1/templates/{shelved}/unarchive", None, 200),
        ("post", f"{one}/unpause", f"/v1/templates/{paused}/unpause", None, 200),
        ("delete", one, f"/v1/templates/{design}", None, 204),
        ("delete", "/v1/templates", "/v1/templates?name=copied", None, 204),
        ("post", "/v1/connections/{id}/templates/sync", f"/v1/connections/{connection}/templates/sync", None, 200),
        ("get", "/v1/template_library", None, None, 200),
    ]


def templates_of(stack):
    """One for each state that a call needs."""
    made = {}
    for name in ("template", "shelved", "paused"):
        answer = stack.api.post("/v1/templates", template(name)).json()
        made[name] = answer["id"]
    stack.sim.call("POST", "templates", {"id": answer["provider_id"], "do": "pause"})
    stack.sim.call("POST", "clock", {"advance_seconds": 301})
    return made


def success_calls(world):
    """One call for each operation: method, path of the contract, target, body, status."""
    text = text_to("+919876543210")
    return [
        ("post", "/v1/messages", None, text, 202),
        ("get", "/v1/messages", None, None, 200),
        ("post", "/v1/messages/validate", None, text, 200),
        ("get", "/v1/messages/{id}", f"/v1/messages/{world['message']}", None, 200),
        ("post", "/v1/messages/{id}/read", f"/v1/messages/{world['received']}/read", {"typing_indicator": True}, 200),
        ("post", "/v1/webhook_endpoints", None, {"url": KNOWN_URL, "events": ["message.received"]}, 201),
        ("get", "/v1/webhook_endpoints", None, None, 200),
        ("get", "/v1/webhook_endpoints/{id}", f"/v1/webhook_endpoints/{world['endpoint']}", None, 200),
        ("patch", "/v1/webhook_endpoints/{id}", f"/v1/webhook_endpoints/{world['endpoint']}",
         {"description": "Production"}, 200),
        ("delete", "/v1/webhook_endpoints/{id}", f"/v1/webhook_endpoints/{world['endpoint']}", None, 204),
        ("get", "/v1/events", None, None, 200),
        ("get", "/v1/events/{id}", f"/v1/events/{world['event']}", None, 200),
        ("get", "/v1/deliveries", None, None, 200),
        ("get", "/v1/senders", None, None, 200),
        ("get", "/v1/connections", None, None, 200),
        ("get", "/v1/connections/{id}", f"/v1/connections/{world['connection']}", None, 200),
        ("patch", "/v1/connections/{id}", f"/v1/connections/{world['connection']}", {"name": "Main"}, 200),
        ("post", "/v1/connections/{id}/resume", f"/v1/connections/{world['connection']}/resume", {}, 200),
        *sender_calls(world["sender"], world["connection"]),
        ("post", "/v1/media", None, {"media_id": world["media"]}, 201),
        ("get", "/v1/media", None, None, 200),
        ("get", "/v1/media/{id}", f"/v1/media/{world['media']}", None, 200),
        ("get", "/v1/media/{id}/content", f"/v1/media/{world['media']}/content", None, 200),
        ("delete", "/v1/media/{id}", f"/v1/media/{world['media']}", None, 200),
        ("get", "/v1/quota", None, None, 200),
        ("get", "/v1/usage", None, None, 200),
        ("get", "/v1/audit_events", None, None, 200),
        ("get", "/v1/audit_events/{id}", f"/v1/audit_events/{world['audited']}", None, 200),
        ("get", "/v1/audit_events/export", None, None, 200),
        ("get", "/v1/sandbox/mails", None, None, 200),
        ("get", "/v1/sandbox/mails/{id}", f"/v1/sandbox/mails/{world['mail']}", None, 200),
        ("get", "/v1/retention_runs", None, None, 200),
        ("post", "/v1/consents", None, CONSENT, 201),
        ("get", "/v1/consents", None, None, 200),
        ("get", "/v1/consents/{id}", f"/v1/consents/{world['consent']}", None, 200),
        ("post", "/v1/consents/{id}/withdraw", f"/v1/consents/{world['consent']}/withdraw", None, 200),
        ("post", "/v1/onboarding_sessions", None, {}, 201),
        ("get", "/v1/onboarding_sessions", None, None, 200),
        ("get", "/v1/onboarding_sessions/{id}", f"/v1/onboarding_sessions/{world['onboarding']}", None, 200),
        ("delete", "/v1/onboarding_sessions/{id}", f"/v1/onboarding_sessions/{world['onboarding']}", None, 204),
        *template_calls(world),
        ("get", "/healthz", None, None, 200),
        ("get", "/readyz", None, None, 200),
        ("get", "/metrics", None, None, 200),
        ("get", "/hooks/whatsapp", "/hooks/whatsapp?hub.mode=subscribe&hub.verify_token=vt&hub.challenge=1", None, 200),
        ("post", "/hooks/whatsapp", None, None, 200),
        ("delete", "/v1/connections/{id}", f"/v1/connections/{world['connection']}", None, 204),
        *[(method, path, None, None, None) for method, path in OF_THE_PROVIDER],
        ("get", "/openapi.yaml", None, None, 200),
        ("get", "/errors/{code}", "/errors/quota_exhausted", None, 200),
    ]


def sender_calls(sender, connection):
    """A number as it is in a sandbox: verified and registered, so that it is asked no code."""
    one, code = f"/v1/senders/{sender}", "{code}"
    people = {"users": ["+919812345678"]}
    calls = [("get", "", None), ("post", "/deregister", None), ("post", "/register", {"pin": "123456"}), ("put", "/pin", {"pin": "654321"}),
             ("post", "/display_name", {"name": "Corner Shop"}), ("get", "/profile", None), ("patch", "/profile", {"about": "Open"}),
             ("get", "/automation", None), ("put", "/automation", {"prompts": ["Where are you?"]}),
             ("post", "/blocked_users", people), ("get", "/blocked_users", None), ("delete", "/blocked_users", people),
             ("get", "/qr_codes", None)]
    return [*((method, f"/v1/senders/{{id}}{tail}", one + tail, body, 200) for method, tail, body in calls),
            ("post", "/v1/senders/{id}/request_code", f"{one}/request_code", {"method": "sms"}, 502),
            ("post", "/v1/senders/{id}/verify_code", f"{one}/verify_code", {"code": "123456"}, 502),
            ("post", "/v1/senders/{id}/qr_codes", f"{one}/qr_codes", {"message": "Hello"}, 201),
            *((method, f"/v1/senders/{{id}}/qr_codes/{code}", f"{one}/qr_codes/NOSUCHCODE", body, 404)
              for method, body in (("get", None), ("patch", {"message": "Hi"}), ("delete", None))),  # their successes: test_senders.py
            ("post", "/v1/connections/{id}/sync", f"/v1/connections/{connection}/sync", None, 200),
            ("post", "/v1/connections/{id}/diagnose", f"/v1/connections/{connection}/diagnose", None, 200),
            ("post", "/v1/preflight", None, {"category": "marketing", "count": 10}, 200)]


def is_of_keys(operation):
    return any("api_key" in way for way in operation.get("security", [{"api_key": []}]))


def is_of_people(operation):
    """Those, and what a hosted page's browser calls: test_onboarding.py."""
    return "hosted" in operation["tags"] or not is_of_keys(operation) and {"people", "team", "privacy", "sso", "support", "operators"} & set(operation["tags"])


def secured():
    """Target of every operation that needs a key."""
    return [(method.upper(), path.replace("{id}", f"{prefix_of(path)}_{MISSING}").replace("{code}", "NOSUCHCODE"))
            for method, path, operation in contract().operations() if is_of_keys(operation)]


def prefix_of(path):
    return {"messages": "msg", "webhook_endpoints": "whe", "events": "evt", "audit_events": "aud",
            "consents": "cns", "senders": "snd", "connections": "con", "media": "med", "templates": "tpl",
            "onboarding_sessions": "onb"}.get(path.split("/")[2], "")


def ids_paths():
    return [(method, target) for method, target in secured() if MISSING in target]


SENDER_BODIES = {"register": {"pin": "123456"}, "pin": {"pin": "123456"}, "request_code": {"method": "sms"},
                 "verify_code": {"code": "123456"}, "display_name": {"name": "Shop"}, "profile": {"about": "Open"},
                 "blocked_users": {"users": ["+919812345678"]}, "qr_codes": {"message": "Hello"}, "automation": {},
                 "NOSUCHCODE": {"message": "Hello"}}


def body_for(method, target):
    if target.startswith("/v1/senders/"):
        return None if method == "GET" else SENDER_BODIES.get(target.split("/")[-1])
    if method not in ("POST", "PATCH"):
        return None
    if target == "/v1/preflight":
        return {"category": "marketing", "count": 1}
    if target.startswith("/v1/webhook_endpoints"):
        return {"description": "x"} if method == "PATCH" else {"url": KNOWN_URL}
    if target.startswith("/v1/connections"):
        return {"name": "x"} if method == "PATCH" else None
    if target == "/v1/consents":
        return CONSENT
    if target == "/v1/media":
        return {"media_id": f"med_{MISSING}"}
    if target == "/v1/onboarding_sessions":
        return {}
    if target.startswith("/v1/templates"):
        return template("another") if target == "/v1/templates" else DESIGN if method == "PATCH" else (
            {} if target.endswith("/preview") else {"connection_id": "con_x"})
    return {} if target.endswith(("/read", "/withdraw")) else text_to("+919876543210")


def test_every_operation_answers_as_the_contract_says(make_stack):
    stack = make_stack(settings={"WHATSAPP_VERIFY_TOKEN": "vt"}, simulator={"review-after-ms": 0})
    receiver = stack.receiver()
    sent = stack.api.accept(text_to("+919876543210"))
    stack.api.wait_for_status(sent["id"], "read")
    stack.sim.inbound()
    owner_of(stack.server).make_key()
    sign_up(stack.server, "contract@example.com")
    world = {"sender": stack.server.sandbox["sender_id"], "connection": stack.server.sandbox["connection_id"],
             "message": sent["id"], "received": receiver.wait_for_type("message.received").message["id"],
             "event": stack.api.all_of("/v1/events")[-1]["id"], "endpoint": receiver.endpoint_id,
             "audited": stack.api.get("/v1/audit_events").json()["data"][0]["id"],
             "mail": stack.api.get("/v1/sandbox/mails").json()["data"][0]["id"],
             "media": uploaded(stack.api, PNG, filename="a.png", kind="image/png")["id"],
             "consent": stack.api.post("/v1/consents", {**CONSENT, "purpose": "news"}).json()["id"],
             "onboarding": stack.api.post("/v1/onboarding_sessions", {}).json()["id"], **templates_of(stack)}
    calls = success_calls(world)
    assert {(method, path) for method, path, *_ in calls} == {
        (method, path) for method, path, operation in contract().operations() if not is_of_people(operation)}
    for method, path, target, body, status in calls:
        if (method, path) == ("post", "/hooks/whatsapp") or (method, path) in OF_THE_PROVIDER:
            continue  # the simulator calls it all the time, and the answer is in its statistics
        assert stack.api.request(method.upper(), target or path, body=body).status == status, (method, path)
    assert stack.sim.stats()["webhooks_failed"] == 0


# --- who may call ---

@pytest.mark.parametrize("method, target", secured())
def test_without_a_key_nothing_is_answered(shared, method, target):
    answer = shared.api.request(method, target, key=None, body=body_for(method, target))
    assert (answer.status, answer.json()["code"]) == (401, "missing_api_key")


@pytest.mark.parametrize("change", [
    lambda key: "nonsense",
    lambda key: key[:-1] + ("x" if key[-1] != "x" else "y"),      # its checksum is wrong
    lambda key: key.replace("fsk_test_", "fsk_live_"),
    lambda key: "fsk_test_" + "0" * (len(key) - 9),
])
def test_a_wrong_key_is_refused(shared, change):
    answer = shared.api.get("/v1/quota", key=change(shared.api.api_key))
    assert (answer.status, answer.json()["code"]) == (401, "invalid_api_key")


SCOPES = {"messages:send": "POST /v1/messages", "messages:read": "GET /v1/messages",
          "webhooks:manage": "GET /v1/webhook_endpoints", "usage:read": "GET /v1/quota",
          "audit:read": "GET /v1/audit_events", "consents:read": "GET /v1/consents",
          "consents:manage": "POST /v1/consents", "connections:read": "GET /v1/connections",
          "connections:manage": f"PATCH /v1/connections/con_{MISSING}", "templates:read": "GET /v1/template_library",
          "templates:manage": "DELETE /v1/templates?name=nobody"}


def test_a_key_does_what_its_scopes_allow_and_nothing_else(make_stack):
    stack = make_stack()
    stack.server.terminate()
    [[scopes]] = stack.server.database.sql("SELECT scopes FROM api_keys")
    assert set(scopes.split()) == set(SCOPES)
    for allowed in SCOPES:
        # There is no call that changes a key's scopes: the table is the only door.
        stack.server.database.sql(f"UPDATE api_keys SET scopes = '{allowed}'")
        stack.start_server()
        for scope, call in SCOPES.items():
            method, target = call.split()
            answer = stack.api.request(method, target, body=body_for(method, target))
            assert (answer.status == 403) == (scope != allowed), (allowed, call, answer)
            assert answer.status != 403 or answer.json()["code"] == "insufficient_scope"
        stack.server.terminate()


# --- ids ---

@pytest.mark.parametrize("method, target", ids_paths())
def test_an_id_that_does_not_exist_is_not_found(shared, method, target):
    answer = shared.api.request(method, target, body=body_for(method, target))
    assert (answer.status, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("method, target", ids_paths())
def test_an_id_of_another_kind_is_refused_and_the_right_prefix_named(shared, method, target):
    prefix = prefix_of(target)
    answer = shared.api.request(method, target.replace(f"{prefix}_{MISSING}", f"dlv_{MISSING}"),
                                body=body_for(method, target))
    assert (answer.status, answer.json()["code"]) == (400, "invalid_id")
    assert f"{prefix}_" in answer.json()["detail"]


def test_nothing_of_another_workspace_is_visible(make_stack, shared, world):
    stranger = make_stack().api
    for target in (f"/v1/messages/{world['message']}", f"/v1/events/{world['event']}",
                   f"/v1/webhook_endpoints/{world['endpoint']}"):
        assert shared.api.get(target).status == 200
        assert stranger.get(target).status == 404
        assert stranger.get(target, key=shared.api.api_key).status == 401


# --- bodies ---

@pytest.mark.parametrize("body", [
    "", "{", "nonsense", '{"to":"+919876543210","to":"+919876543211"}', b'{"to":"\xff"}', "[1,", "{}x",
    "[" * 2000 + "]" * 2000,
])
def test_what_is_not_json_is_refused(shared, body):
    answer = shared.api.post("/v1/messages", body)
    assert (answer.status, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("body", ["[]", "null", "3", '"text"'])
def test_a_body_that_is_no_object_is_refused(shared, body):
    assert shared.api.post("/v1/messages", body).status == 400


@pytest.mark.parametrize("target", ["/v1/messages", "/v1/messages/validate", "/v1/webhook_endpoints"])
def test_another_media_type_is_refused(shared, target):
    answer = shared.api.post(target, body_for("POST", target), headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.json()["code"]) == (415, "unsupported_media_type")


def test_json_with_a_charset_is_json(shared):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert shared.api.post("/v1/messages/validate", text_to("+919876543210"), headers=headers).status == 200


def test_a_body_over_the_limit_is_refused_and_one_at_it_is_not(make_stack):
    api = make_stack(settings={"BODY_BYTES_MAX": 4096}).api
    message = json.dumps(text_to("+919876543210"))
    assert api.post("/v1/messages", message + " " * (4096 - len(message))).status == 202
    answer = api.post("/v1/messages", message + " " * (4097 - len(message)))
    assert (answer.status, answer.json()["code"]) == (413, "payload_too_large")


def test_an_unknown_parameter_of_a_list_is_refused(shared):
    answer = shared.api.get("/v1/messages?colour=red")
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (400, "?colour")


@pytest.mark.parametrize("limit, ok", [("1", True), ("100", True), ("0", False), ("101", False), ("x", False)])
@pytest.mark.parametrize("path", [
    "/v1/messages", "/v1/events", "/v1/deliveries", "/v1/webhook_endpoints", "/v1/senders"])
def test_a_page_has_one_to_a_hundred_items(shared, path, limit, ok):
    assert shared.api.get(f"{path}?limit={limit}").status == (200 if ok else 400)


# --- problems ---

def test_a_problem_names_its_request_and_where_its_code_is_explained(shared):
    answer = shared.api.get(f"/v1/messages/msg_{MISSING}")
    problem = answer.json()
    assert problem["instance"] == answer.headers["Request-Id"]
    page = shared.api.get(problem["type"])
    assert (page.status, page.body.decode().split()[0]) == (200, "not_found")


def test_every_code_is_explained(shared):
    for code in contract().document["components"]["schemas"]["ErrorCode"]["enum"]:
        assert shared.api.get(f"/errors/{code}").status == 200
    assert shared.api.get("/errors/no_such_code").status == 404


# --- HTTP ---

@pytest.mark.parametrize("method, target, allow", [
    ("DELETE", "/v1/messages", {"GET", "HEAD", "POST"}),
    ("PATCH", "/v1/quota", {"GET", "HEAD"}),
    ("PUT", "/v1/webhook_endpoints", {"GET", "HEAD", "POST"}),
    ("GET", "/v1/messages/validate", None),
])
def test_a_method_that_a_path_has_not_is_refused_with_those_it_has(shared, method, target, allow):
    answer = shared.api.request(method, target)
    if allow is None:  # as an id it is none: either refusal is right
        assert answer.status in (400, 405)
        return
    assert (answer.status, answer.json()["code"]) == (405, "method_not_allowed")
    assert {each.strip() for each in answer.headers["Allow"].split(",")} >= allow - {"HEAD"}


def test_an_unknown_path_is_not_found(shared):
    answer = shared.api.get("/v1/nothing")
    assert (answer.status, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("target", ["/v1/messages", "/v1/quota", "/healthz", "/openapi.yaml"])
def test_head_answers_as_get_without_the_body(shared, target):
    head, got = shared.api.request("HEAD", target), shared.api.get(target)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert int(head.headers["Content-Length"]) > 0


def test_a_large_answer_is_packed_where_the_client_takes_it(shared):
    plain = shared.api.get("/openapi.yaml")
    packed = shared.api.get("/openapi.yaml", headers={"Accept-Encoding": "gzip"})
    assert (plain.headers["Content-Encoding"], packed.headers["Content-Encoding"]) == (None, "gzip")
    assert packed.content() == plain.body and len(packed.body) < len(plain.body) / 2


def raw_exchange(stack, request, until=b"\r\n\r\n"):
    """The first bytes of the answer, up to and with `until`."""
    with socket.create_connection(("127.0.0.1", stack.server.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(request)
        answer = b""
        while until not in answer:
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
        return answer


def raw_head(stack, length, more=""):
    return (f"POST /v1/messages/validate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.api.api_key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n").encode()


def test_a_client_that_expects_to_go_on_is_told_so(shared):
    body = json.dumps(text_to("+919876543210")).encode()
    with socket.create_connection(("127.0.0.1", shared.server.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(raw_head(shared, len(body), "Expect: 100-continue\r\n"))
        assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(1024).startswith(b"HTTP/1.1 200 ")


def test_another_expectation_is_refused(shared):
    assert raw_exchange(shared, raw_head(shared, 0, "Expect: the-unexpected\r\n")).startswith(b"HTTP/1.1 417 ")


def test_a_body_in_chunks_is_read(shared):
    body = json.dumps(text_to("+919876543210")).encode()
    request = raw_head(shared, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    request += f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    assert raw_exchange(shared, request).startswith(b"HTTP/1.1 200 ")


def test_two_lengths_of_one_body_are_refused(shared):
    assert raw_exchange(shared, raw_head(shared, 5, "Content-Length: 6\r\n")).startswith(b"HTTP/1.1 400 ")


def test_a_target_that_is_too_long_is_refused(shared):
    assert shared.api.get("/v1/messages?client_ref=" + "x" * 20000).status in (414, 431)


def test_headers_that_are_too_large_are_refused(shared):
    answer = shared.api.get("/v1/quota", headers={"X-Large": "x" * 20000})
    assert (answer.status, answer.json()["code"]) == (431, "headers_too_large")


# --- limits of use ---

def test_the_rate_of_a_key_is_limited_and_told(make_stack):
    api = make_stack(settings={"REQUESTS_PER_SECOND_PER_KEY": 5}).api
    answers = [api.get("/v1/quota") for _ in range(30)]
    limited = [answer for answer in answers if answer.status == 429]
    assert 10 < len(limited) < 30
    assert limited[0].json()["code"] == "rate_limited" and int(limited[0].headers["Retry-After"]) >= 1
    assert '"key";q=5;w=1' in answers[0].headers["RateLimit-Policy"]
    wait_until(lambda: api.get("/v1/quota").status == 200, "the limit ends")


def test_the_quota_is_told_with_each_message(make_stack):
    answer = make_stack(settings={"TEST_QUOTA": 7}).api.send(text_to("+919876543210"))
    assert '"quota";q=7;' in answer.headers["RateLimit-Policy"]
    assert '"quota";r=6;' in answer.headers["RateLimit"]


# --- webhook endpoints ---

@pytest.mark.parametrize("change, pointer", [
    ({"url": "nonsense"}, "/url"),
    ({"url": "http://10.0.0.1/x"}, "/url"),
    ({"url": "http://example.com/x"}, "/url"),
    ({"url": "https://user:password@example.com/x"}, "/url"),
    ({"events": []}, "/events"),
    ({"events": ["message.nothing"]}, "/events/0"),
    ({"events": ["message.sent"] * 21}, "/events"),
    ({"description": "x" * 201}, "/description"),
    ({"secret": "mine"}, "/secret"),
])
def test_a_wrong_endpoint_is_refused(shared, change, pointer):
    answer = shared.api.post("/v1/webhook_endpoints", {"url": KNOWN_URL, **change})
    assert answer.status == 400, answer
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_the_secret_of_an_endpoint_is_shown_once(shared):
    made = shared.api.add_endpoint(KNOWN_URL, ["message.received"])
    assert made["secret"].startswith("whsec_")
    shown = [shared.api.get(f"/v1/webhook_endpoints/{made['id']}").json(),
             shared.api.request("PATCH", f"/v1/webhook_endpoints/{made['id']}", body={"description": "new"}).json()]
    assert all("secret" not in endpoint for endpoint in shown)
    assert shown[1]["description"] == "new"


def test_a_deleted_endpoint_is_gone(shared):
    made = shared.api.add_endpoint(KNOWN_URL, ["message.received"])
    assert shared.api.request("DELETE", f"/v1/webhook_endpoints/{made['id']}").status == 204
    assert shared.api.get(f"/v1/webhook_endpoints/{made['id']}").status == 404


def test_there_are_at_most_fifty_endpoints(make_stack):
    api = make_stack().api
    for number in range(50):
        api.add_endpoint(f"{KNOWN_URL}/{number}", ["message.received"])
    answer = api.post("/v1/webhook_endpoints", {"url": KNOWN_URL})
    assert (answer.status, answer.json()["code"]) == (409, "conflict")
    assert len(api.all_of("/v1/webhook_endpoints")) == 50


# --- reading marks ---

def test_only_a_received_message_can_be_marked_as_read(shared, world):
    answer = shared.api.post(f"/v1/messages/{world['message']}/read")
    assert (answer.status, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("action, status, code", [
    ({"error": 131009}, 502, "provider_rejected"),
    ({"http": 500, "body": "<html>"}, 502, "provider_unreachable"),
    ({"drop": "after"}, 504, "provider_timeout"),
])
def test_a_provider_that_does_not_take_the_reading_mark_is_told(shared, world, action, status, code):
    shared.sim.fault(action, times=1, scope="reads")
    answer = shared.api.post(f"/v1/messages/{world['received']}/read")
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert shared.api.post(f"/v1/messages/{world['received']}/read").status == 200
