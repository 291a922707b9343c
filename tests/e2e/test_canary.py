"""The canary (DESIGN 7): random markers go as content through every way that a message can take. Once all is final,
none of them is in a file, a log or a metric of the server. Nor are the secrets, at any time."""

import base64
import secrets

import pytest

from _support.api import text_to
from _support.media import PDF_HEAD, PNG, FileServer, upload, uploaded
from _support.signing import callback, post_callback
from _support.waiting import wait_until


class Markers:
    """Each is random, and long enough to be nowhere by accident: 20 characters, as many as a button may have."""

    def __init__(self):
        self.made = {}

    def __call__(self, name):
        return self.made.setdefault(name, "canary" + secrets.token_hex(7))

    def number(self, name, country="+91"):
        """A telephone number: content as well."""
        digits = "9" + "".join(secrets.choice("0123456789") for _ in range(9))
        self.made[name] = digits
        return country + digits


def forms_of(text):
    """As it is, and as base64 would hold it at each of the three offsets. The latter not of numbers: the id that
    WhatsApp gives to a message, which we must keep, has the person's number in it as base64."""
    raw = text.encode()
    forms = [raw, raw.hex().encode()]
    if text.isdigit():
        return forms
    for offset in range(3):
        # What depends on the neighbours is cut off: the first 4 and the last 4 characters.
        forms.append(base64.b64encode(b"\0" * offset + raw)[4:-4])
    return forms


def places_of(stack, markers, without=()):
    """Where a marker was found: (marker, place)."""
    places = {str(path.name): content for path, content in stack.server.files().items() if path.name not in without}
    places["log"] = stack.server.log.read_bytes()
    places["database"] = stack.server.database.content()
    places["metrics"] = stack.api.get("/metrics").body
    assert places["log"] and len(places["metrics"]) > 100
    return [(name, place) for name, text in markers.items() for place, content in places.items()
            if any(form in content for form in forms_of(text))]


def messages_with(m):
    """One message of each kind, every free text of it a marker."""
    return [
        text_to(m.number("text number"), m("text")),
        {"to": m.number("image number"), "type": "image",
         "image": {"link": f"https://example.com/a.jpg?token={m('image query')}", "caption": m("image caption")}},
        {"to": m.number("document number"), "type": "document",
         "document": {"link": f"https://example.com/{m('document path')}.pdf", "caption": m("document caption"),
                      "filename": m("filename") + ".pdf"}},
        {"to": m.number("interactive number"), "type": "interactive", "interactive": {
            "type": "button", "header": {"type": "text", "text": m("header")}, "body": {"text": m("body")},
            "footer": {"text": m("footer")},
            "action": {"buttons": [{"type": "reply", "reply": {"id": m("button id"), "title": m("button title")}}]}}},
        {"to": m.number("contacts number"), "type": "contacts", "contacts": [{
            "name": {"formatted_name": m("formatted name"), "first_name": m("first name")},
            "phones": [{"phone": m.number("contact's phone")}], "emails": [{"email": m("email") + "@example.com"}],
            "org": {"company": m("company")}}]},
        {"to": m.number("location number"), "type": "location",
         "location": {"latitude": 1.5, "longitude": 2, "name": m("place"), "address": m("address")}},
        {"to": m.number("list number"), "type": "interactive", "interactive": {
            "type": "list", "body": {"text": m("list body")}, "action": {"button": m("list button"), "sections": [
                {"rows": [{"id": m("row id"), "title": m("row title"), "description": m("row description")}]}]}}},
        {"to": m.number("flow number"), "type": "interactive", "interactive": {
            "type": "flow", "body": {"text": m("flow body")}, "action": {"name": "flow", "parameters": {
                "flow_id": "1", "flow_cta": m("flow cta"), "flow_token": m("flow token"),
                "flow_action_payload": {"screen": "S", "data": {m("flow key"): [m("flow value")]}}}}}},
        {"to": m.number("order number"), "type": "interactive", "interactive": {
            "type": "order_details", "body": {"text": m("order body")}, "action": {
                "name": "review_and_pay", "parameters": {
                    "reference_id": m("reference"), "type": "digital-goods", "currency": "BRL",
                    "total_amount": {"value": 1, "offset": 100},
                    "payment_settings": [{"type": "boleto", "boleto": {"digitable_line": m("boleto")}}]}}}},
        {"to": m.number("template number"), "type": "template", "template": {
            "name": "order_shipped", "language": {"code": "en_US"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": m("parameter")}]}]}},
    ]


def accept_each(stack, messages, **more):
    return [stack.api.accept({**message, **more})["id"] for message in messages]


@pytest.fixture
def canary_stack(make_stack):
    stack = make_stack(settings={"PROVIDER_TIMEOUT_SECONDS": 1, "WEBHOOK_RETRY_SCHEDULE_SECONDS": "0,0",
                                 "WHATSAPP_VERIFY_TOKEN": "canary-verify-token"})
    assert stack.server.settings["LOG_LEVEL"] == "debug"
    return stack


def assert_nothing_is_left(stack, markers):
    wait_until(stack.deliveries_done, "all deliveries are done")
    assert places_of(stack, markers.made) == []
    # Nor in what a clean end writes.
    assert stack.server.terminate() == 0
    stack.start_server()
    assert places_of(stack, markers.made) == []


def test_the_search_finds_what_is_there(canary_stack):
    """Guards the other tests: what is kept on purpose is found in the database and its log."""
    sent = canary_stack.api.accept(text_to("+919876560001", client_ref="canary-reference"))
    canary_stack.api.wait_for_status(sent["id"], "read")
    found = {place for _, place in places_of(canary_stack, {"kept": "canary-reference"})}
    assert found & {"connect.db", "connect.db-wal", "database"}


def test_content_of_sent_messages_is_nowhere(canary_stack):
    m = Markers()
    canary_stack.receiver()
    for message_id in accept_each(canary_stack, messages_with(m)):
        canary_stack.api.wait_for_status(message_id, "read")
    assert_nothing_is_left(canary_stack, m)


def test_content_of_failed_messages_is_nowhere(canary_stack):
    m = Markers()
    canary_stack.receiver()
    canary_stack.sim.fault({"error": 131009})
    for message_id in accept_each(canary_stack, messages_with(m)):
        canary_stack.api.wait_for_status(message_id, "failed")
    assert_nothing_is_left(canary_stack, m)


@pytest.mark.parametrize("action", [{"drop": "after"}, {"garbage": True}, {"latency_ms": 1500}])
def test_content_of_unknown_messages_is_nowhere(canary_stack, action):
    m = Markers()
    canary_stack.receiver()
    canary_stack.sim.settings(send_statuses=False)
    canary_stack.sim.fault(action)
    for message_id in accept_each(canary_stack, messages_with(m)):
        canary_stack.api.wait_for_status(message_id, "unknown")
    assert_nothing_is_left(canary_stack, m)


def test_content_of_messages_that_were_tried_again_is_nowhere(canary_stack):
    m = Markers()
    canary_stack.receiver()
    canary_stack.sim.fault({"error": 131000}, times=5)
    for message_id in accept_each(canary_stack, messages_with(m)):
        canary_stack.api.wait_for_status(message_id, "read")
    assert_nothing_is_left(canary_stack, m)


def test_content_of_expired_messages_is_nowhere(canary_stack):
    m = Markers()
    canary_stack.receiver()
    canary_stack.stop_simulator()
    for message_id in accept_each(canary_stack, messages_with(m), ttl_seconds=1):
        canary_stack.api.wait_for_status(message_id, "failed")
    assert_nothing_is_left(canary_stack, m)


def test_content_of_messages_that_waited_over_a_crash_is_nowhere(canary_stack):
    m = Markers()
    canary_stack.receiver()
    canary_stack.stop_simulator()
    ids = accept_each(canary_stack, messages_with(m))
    canary_stack.kill_and_restart()
    canary_stack.start_simulator()
    for message_id in ids:
        canary_stack.api.wait_for_status(message_id, "read", "unknown")
    assert_nothing_is_left(canary_stack, m)


def test_content_while_it_waits_is_in_no_readable_place(canary_stack):
    """Sealed, not destroyed: the messages are still to be sent."""
    m = Markers()
    canary_stack.stop_simulator()
    accept_each(canary_stack, messages_with(m))
    assert places_of(canary_stack, m.made) == []


def test_content_of_refused_requests_is_nowhere(canary_stack):
    m = Markers()
    api = canary_stack.api
    assert api.send(text_to(m.number("to")[1:], m("text"))).status == 400
    unknown_field = {**text_to(m.number("unknown field"), m("text of an unknown field")), m("name"): m("value")}
    assert api.send(unknown_field).status == 400
    assert api.send('{"to": "' + m("broken") + '"').status == 400
    assert api.send(text_to(m.number("long"), m("too long") * 4096)).status == 400
    api.accept(text_to("+919876560002", m("first body")), idempotency_key="canary")
    assert api.send(text_to("+919876560002", m("second body")), idempotency_key="canary").status == 422
    assert api.get(f"/v1/messages?to=%2B{m.number('filter')[1:]}").status == 200
    assert api.get(f"/v1/messages?{m('parameter')}={m('value of it')}").status == 400
    assert_nothing_is_left(canary_stack, m)


def inbound_values(m):
    sender = m.number("sender")[1:]
    contents = [
        ("text", {"body": m("inbound text")}),
        ("image", {"id": "1003383421387256", "mime_type": "image/jpeg", "caption": m("inbound caption")}),
        ("document", {"id": "1003383421387257", "mime_type": "text/plain", "filename": m("inbound filename")}),
        ("button", {"payload": m("payload"), "text": m("button")}),
        ("interactive", {"type": "list_reply", "list_reply": {"id": m("row id"), "title": m("row"),
                                                              "description": m("row description")}}),
        ("location", {"latitude": 1.5, "longitude": 2.5, "name": m("place"), "address": m("address")}),
        ("order", {"catalog_id": m("catalog"), "text": m("order text"), "product_items": []}),
        ("edit", {"original_message_id": "wamid.canary.0", "message": {"type": "text", "text": {"body": m("edited")}}}),
        ("system", {"type": "user_changed_number", "wa_id": m.number("new number")[1:], "body": m("change")}),
    ]
    for number, (kind, content) in enumerate(contents):
        yield {"contacts": [{"profile": {"name": m("profile name")}, "wa_id": sender}],
               "messages": [{"from": sender, "id": f"wamid.canary.{number}", "timestamp": "1795403047", "type": kind,
                             kind: content}]}


@pytest.mark.parametrize("status", [200, 404])
def test_content_of_received_messages_is_nowhere_once_they_are_delivered_or_given_up(canary_stack, status):
    m = Markers()
    receiver = canary_stack.receiver(answer=lambda *_: (status, {}, b""))
    values = list(inbound_values(m))
    for value in values:
        assert post_callback(canary_stack, callback(value)).status == 200
    receiver.wait_for(lambda all_: len({each.id for each in all_}) == len(values), "all have arrived")
    assert_nothing_is_left(canary_stack, m)


def notices(m):
    """What is told of people beside their messages: (field, value)."""
    person = m.number("person")[1:]
    message = {"id": "wamid.canary.n", "timestamp": "1795403047", "type": "text", "text": {"body": m("echo")}}
    yield "smb_message_echoes", {"message_echoes": [message | {"from": "15550783881", "to": person}]}
    yield "history", {"history": [{"metadata": {"phase": 0, "chunk_order": 1, "progress": 1}, "threads": [
        {"id": person, "messages": [message | {"from": person, "text": {"body": m("past")}}]}]}]}
    yield "smb_app_state_sync", {"state_sync": [{"type": "contact", "action": "add", "metadata": {"timestamp": "1795403047"},
                                                 "contact": {"full_name": m("full name"), "phone_number": person}}]}
    yield "user_preferences", {"user_preferences": [{"wa_id": person, "detail": m("detail"), "value": "stop",
                                                     "category": "marketing_messages", "timestamp": 1795403047}]}
    yield "calls", {"calls": [{"id": "wacid.canary", "from": person, "to": "15550783881", "event": "connect",
                               "timestamp": "1795403047", "direction": "USER_INITIATED",
                               "session": {"sdp_type": "offer", "sdp": m("session")}}]}
    yield "group_participants_update", {"groups": [{"group_id": "Y2Fw", "type": "group_participants_add",
                                                    "timestamp": "1795403047", "subject": m("subject"),
                                                    "added_participants": [{"wa_id": person}]}]}
    yield "automatic_events", {"automatic_events": [{"id": "wamid.canary.a", "event_name": "Purchase",
                                                     "timestamp": 1795403047, "ctwa_clid": m("click")}]}


def test_content_of_what_is_told_of_people_is_nowhere_once_it_is_delivered(canary_stack):
    m = Markers()
    receiver = canary_stack.receiver()
    bodies = []
    for field, value in notices(m):
        bodies.append(callback(value, field=field))
        assert post_callback(canary_stack, bodies[-1]).status == 200
    receiver.wait_for(lambda all_: len({each.id for each in all_}) == len(bodies), "all have arrived")
    assert {each.type for each in receiver.all()}.isdisjoint({"provider.unknown"})
    assert_nothing_is_left(canary_stack, m)


def test_content_of_received_messages_without_an_endpoint_is_in_no_readable_place(canary_stack):
    m = Markers()
    for value in inbound_values(m):
        assert post_callback(canary_stack, callback(value)).status == 200
    assert places_of(canary_stack, m.made) == []


def test_bytes_of_files_are_nowhere(canary_stack):
    """Whatever becomes of them: kept by the provider, refused here or there, cut, or fetched."""
    m = Markers()
    stack, api = canary_stack, canary_stack.api

    def document(name, size=200_000):
        """The marker stands at its begin, and again far behind."""
        mark = m(name).encode()
        return PDF_HEAD + mark + b"\n" * size + mark

    kept = uploaded(api, document("kept"))
    uploaded(api, document("again"))
    uploaded(api, document("again"))
    assert api.get(f"/v1/media/{kept['id']}/content").body == document("kept")
    uploaded(api, document("sample"), purpose="template_header")
    assert upload(api, document("mismatch"), kind="image/png").status == 400
    assert upload(api, PNG + m("too large").encode() * 400_000, kind="image/png").status == 413
    assert upload(api, document("wrong sum"), sha256="0" * 64).status == 400
    assert upload(api, document("field"), nonsense=m("unknown field")).status == 400
    for act in ("refuse", "cut"):
        stack.sim.settings(upload_fault={"after_bytes": 100_000, "do": act})
        assert upload(api, document(act)).status >= 500
    pages = {"/a.pdf": (200, {"Content-Type": "application/pdf"}, document("fetched"))}
    with FileServer(pages) as files:
        answer = api.post("/v1/media", {"url": f"{files.url}/a.pdf?token={m('query of an address')}"})
        assert answer.status == 201
        assert api.post("/v1/media", {"url": f"{files.url}/b?{m('query of nothing')}"}).status == 400
    stack.sim.http.forget()
    stack.sim.http.request("POST", f"/_sim/inbound_media?from={m.number('sender of a file').replace('+', '%2B')}&type=image"
                           f"&caption={m('caption')}&filename={m('name of a file')}", headers={"Content-Type": "image/png"},
                           body=PNG + m("received").encode())
    received = wait_until(lambda: api.get("/v1/media?direction=received").json()["data"], "it is here")[0]
    assert m("received").encode() in api.get(f"/v1/media/{received['id']}/content").body
    sent = api.accept({"to": m.number("file's number"), "type": "document", "document": {
        "id": kept["id"], "caption": m("caption of a file"), "filename": m("name of a sent file")}})
    api.wait_for_status(sent["id"], "read")
    api.request("DELETE", f"/v1/media/{kept['id']}")
    stack.receiver()
    assert_nothing_is_left(stack, m)


def test_what_is_refused_at_the_providers_door_is_nowhere(canary_stack):
    m = Markers()
    for value in inbound_values(m):
        assert post_callback(canary_stack, callback(value), "sha256=" + "0" * 64).status == 401
    assert post_callback(canary_stack, b'{"' + m("not json").encode()).status == 400
    assert_nothing_is_left(canary_stack, m)


def test_secrets_are_nowhere(canary_stack):
    receiver = canary_stack.receiver()
    target = "/hooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token=canary-verify-token"
    assert canary_stack.api.get(target, key=None).status == 200
    canary_stack.api.get("/v1/quota", key=canary_stack.api.api_key[:-1] + "_")
    sent = canary_stack.api.accept(text_to("+919876560003"))
    receiver.wait_for_type("message.read", sent["id"])
    found = {
        # The key's beginning is kept on purpose, to find it by.
        "api key": canary_stack.api.api_key[-20:],
        "webhook secret": receiver.secret.removeprefix("whsec_"),
        "app secret": canary_stack.app_secret,
        "verify token": "canary-verify-token",
        "access token": "sandbox-token",
    }
    # sandbox.json holds the key by design: it is how a developer gets it.
    assert places_of(canary_stack, found, without=("sandbox.json",)) == []


def test_the_raw_bytes_of_the_webhook_secret_are_nowhere(canary_stack):
    receiver = canary_stack.receiver()
    raw = base64.b64decode(receiver.secret.removeprefix("whsec_"))
    assert len(raw) >= 24
    assert [path.name for path, content in canary_stack.server.files().items() if raw in content] == []
