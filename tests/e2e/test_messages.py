"""Sending: the whole way of each kind of message, its limits, and what the answer tells."""

import time

import pytest

from _support.api import text_to
from _support.waiting import wait_until

MESSAGES = {
    "text": {"body": "See https://example.com/track", "preview_url": True},
    "image": {"link": "https://example.com/parcel.jpg", "caption": "Your parcel"},
    "video": {"id": "1037543291543636", "caption": "How to unpack it"},
    "audio": {"id": "1037543291543637", "voice": True},
    "sticker": {"link": "https://example.com/thanks.webp"},
    "location": {"latitude": 18.5204, "longitude": 73.8567, "name": "Example Shop"},
    "contacts": [{"name": {"formatted_name": "Ana Diaz", "first_name": "Ana"}, "phones": [{"phone": "+919876500000"}]}],
    "document": {"link": "https://example.com/invoice.pdf", "caption": "Your invoice", "filename": "invoice.pdf"},
    "reaction": {"message_id": "wamid.HBgMOTE5ODc2NTQzMjEwFQIAERgSNUYwQjlDMTIzNDU2Nzg5MEFCAA==", "emoji": "👍"},
    "interactive": {
        "type": "button", "header": {"type": "text", "text": "Delivery"}, "body": {"text": "Does tomorrow suit you?"},
        "footer": {"text": "Example Shop"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}},
                               {"type": "reply", "reply": {"id": "no", "title": "No"}}]}},
    "template": {
        "name": "order_shipped", "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "A-1001"}]}]},
}


def message_of(kind, to="+919876543210"):
    return {"to": to, "type": kind, kind: MESSAGES[kind]}


def fault_of(answer):
    """Pointer and code of the only wrong field."""
    assert answer.status == 400, answer
    [fault] = answer.json()["errors"]
    return fault["pointer"], fault["code"]


@pytest.mark.parametrize("kind", MESSAGES)
def test_each_kind_of_message_reaches_the_provider(shared, kind):
    to = f"+9198111{list(MESSAGES).index(kind):05}"
    sent = shared.api.accept(message_of(kind, to))
    # A reaction is only ever sent: WhatsApp tells nothing more about it.
    shared.api.wait_for_status(sent["id"], "sent" if kind == "reaction" else "read")
    [taken] = shared.sim.taken(to)
    assert (taken["type"], taken["biz_opaque_callback_data"]) == (kind, sent["id"])


def test_a_message_to_a_user_without_a_number_is_sent(shared):
    sent = shared.api.accept(text_to("US.13491208655302741918"))
    assert shared.api.wait_for_status(sent["id"], "read")["to"] == "US.••••1918"


def test_a_message_to_a_group_is_sent(shared):
    group = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"
    sent = shared.api.accept({**text_to(group), "recipient_type": "group"})
    assert shared.api.wait_for_status(sent["id"], "read")["to"] == "group ••••jAZD"


def test_a_group_is_not_sent_what_groups_do_not_take(shared):
    answer = shared.api.send({**message_of("location", "Y2FwaV9ncm91cDox"), "recipient_type": "group"})
    assert fault_of(answer) == ("/type", "not_allowed")


def test_a_one_time_code_goes_to_a_number_only(shared):
    code = [{"type": "text", "text": "482915"}]
    template = {"name": "authentication_code", "language": {"code": "en_US"}, "components": [
        {"type": "body", "parameters": code}, {"type": "button", "sub_type": "otp", "index": 0, "parameters": code}]}
    answer = shared.api.send({"to": "US.13491208655302741918", "type": "template", "template": template})
    assert fault_of(answer) == ("/to", "not_allowed")
    sent = shared.api.accept({"to": "+919876500011", "type": "template", "template": template})
    shared.api.wait_for_status(sent["id"], "read")


def test_a_file_of_ours_is_refused_while_there_are_none(shared):
    header = {"type": "image", "image": {"id": "med_01kb2v5m4q8x9r3t6w7y0z1a2d"}}
    interactive = {**MESSAGES["interactive"], "header": header}
    answer = shared.api.send({"to": "+919876500012", "type": "interactive", "interactive": interactive})
    assert fault_of(answer) == ("/interactive/header/image/id", "not_found")


def test_each_kind_that_waits_is_sent_after_a_restart(make_stack):
    stack = make_stack()
    stack.stop_simulator()
    sent = {kind: stack.api.accept(message_of(kind, f"+9198112{number:05}"))["id"] for number, kind in enumerate(MESSAGES)}
    stack.kill_and_restart()
    stack.start_simulator()
    for kind, message_id in sent.items():
        stack.api.wait_for_status(message_id, "sent" if kind == "reaction" else "read")


def test_the_answer_tells_what_was_accepted_and_never_the_content(shared):
    answer = shared.api.send(text_to("+919876500001", metadata={"order": "A-1001"}, client_ref="ref-1"))
    message = answer.json()
    assert answer.headers["Location"] == f"/v1/messages/{message['id']}"
    assert (message["status"], message["to"]) == ("accepted", "+91••••••0001")
    assert (message["metadata"], message["client_ref"]) == ({"order": "A-1001"}, "ref-1")
    assert "text" not in message


def test_the_history_tells_each_status_once_and_in_order(shared):
    sent = shared.api.accept(text_to("+919876500002"))
    history = shared.api.wait_for_status(sent["id"], "read")["status_history"]
    assert [step["status"] for step in history] == ["accepted", "sending", "sent", "delivered", "read"]


def test_a_sender_can_be_named_by_its_id_or_its_number(shared):
    [sender] = shared.api.all_of("/v1/senders")
    for name in (sender["id"], sender["phone_number"]):
        assert shared.api.accept(text_to("+919876500003", **{"from": name}))["sender_id"] == sender["id"]


def test_an_unknown_sender_is_refused(shared):
    assert shared.api.send(text_to("+919876500004", **{"from": "+4915112345678"})).status in (400, 404)


def test_a_reply_refers_to_our_own_id(shared):
    first = shared.api.accept(text_to("+919876500005"))
    shared.api.wait_for_status(first["id"], "read")
    reply = shared.api.accept(text_to("+919876500005", context={"message_id": first["id"]}))
    shared.api.wait_for_status(reply["id"], "read")


@pytest.mark.parametrize("kind, change, ok", [
    ("text", {"body": "x" * 4096}, True),
    ("text", {"body": "x" * 4097}, False),
    ("text", {"body": "ä" * 4096}, True),
    ("text", {"body": "👍" * 4096}, True),
    ("text", {"body": ""}, False),
    ("image", {"caption": "x" * 1024}, True),
    ("image", {"caption": "x" * 1025}, False),
    ("image", {"link": "ftp://example.com/a.jpg"}, False),
    ("document", {"caption": "x" * 1024}, True),
    ("document", {"caption": "x" * 1025}, False),
    ("reaction", {"emoji": ""}, True),
    ("reaction", {"emoji": "👍👍"}, False),
    ("interactive", {"body": {"text": "x" * 1024}}, True),
    ("interactive", {"body": {"text": "x" * 1025}}, False),
    ("interactive", {"header": {"type": "text", "text": "x" * 60}}, True),
    ("interactive", {"header": {"type": "text", "text": "x" * 61}}, False),
    ("interactive", {"footer": {"text": "x" * 60}}, True),
    ("interactive", {"footer": {"text": "x" * 61}}, False),
    ("interactive", {"action": {"buttons": [{"type": "reply", "reply": {"id": f"{i}", "title": f"{i}"}}
                                            for i in range(3)]}}, True),
    ("interactive", {"action": {"buttons": [{"type": "reply", "reply": {"id": f"{i}", "title": f"{i}"}}
                                            for i in range(4)]}}, False),
    ("interactive", {"action": {"buttons": [{"type": "reply", "reply": {"id": "a", "title": "x" * 20}}]}}, True),
    ("interactive", {"action": {"buttons": [{"type": "reply", "reply": {"id": "a", "title": "x" * 21}}]}}, False),
    ("interactive", {"action": {"buttons": [{"type": "reply", "reply": {"id": "i" * 256, "title": "x"}}]}}, True),
    ("interactive", {"action": {"buttons": [{"type": "reply", "reply": {"id": "i" * 257, "title": "x"}}]}}, False),
    ("template", {"name": "n" * 512}, True),
    ("template", {"name": "n" * 513}, False),
    ("template", {"name": "Order"}, False),
    ("template", {"language": {"code": "english"}}, False),
    ("template", {"components": [{"type": "body", "parameters": [{"type": "text", "text": "x" * 1024}]}]}, True),
    ("template", {"components": [{"type": "body", "parameters": [{"type": "text", "text": "x" * 1025}]}]}, False),
    ("template", {"components": [{"type": "body", "parameters": [{"type": "text", "text": "a\nb"}]}]}, False),
])
def test_a_limit_holds_on_both_sides(shared, kind, change, ok):
    message = {"to": "+919876543210", "type": kind, kind: {**MESSAGES[kind], **change}}
    answer = shared.api.post("/v1/messages/validate", message)
    assert answer.status == (200 if ok else 400), answer
    if not ok:
        assert answer.json()["code"] == "invalid_request"
        assert all(fault["pointer"].startswith(f"/{kind}/") for fault in answer.json()["errors"])


@pytest.mark.parametrize("to, ok", [
    ("+1234567", True), ("+123456", False), ("+123456789012345", True), ("+1234567890123456", False),
    ("919876543210", False), ("+0123456789", False), ("", False), ("US.1", True), ("us.1", False),
])
def test_a_recipient_is_a_number_or_a_user_id(shared, to, ok):
    answer = shared.api.post("/v1/messages/validate", text_to(to))
    assert answer.status == (200 if ok else 400), answer


@pytest.mark.parametrize("change, fault", [
    ({"colour": "red"}, ("/colour", "unknown_field")),
    ({"text": {"body": "Hi", "size": 3}}, ("/text/size", "unknown_field")),
    ({"image": {"link": "https://example.com/a.jpg"}}, ("/image", "unknown_field")),
    ({"metadata": {"a": 1}}, ("/metadata/a", "wrong_type")),
    ({"ttl_seconds": 0}, ("/ttl_seconds", "out_of_range")),
    ({"ttl_seconds": 86401}, ("/ttl_seconds", "out_of_range")),
    ({"client_ref": "x" * 101}, ("/client_ref", "too_long")),
])
def test_a_wrong_field_is_named_by_its_pointer(shared, change, fault):
    assert fault_of(shared.api.send({**text_to("+919876543210"), **change})) == fault


def test_all_wrong_fields_are_told_at_once(shared):
    answer = shared.api.send({"to": "nobody", "type": "text", "text": {"body": ""}, "colour": "red"})
    assert {"/to", "/colour"} <= {fault["pointer"] for fault in answer.json()["errors"]}


def test_validation_refuses_a_reference_as_sending_does(shared):
    message = {**text_to("+919876543210"), "context": {"message_id": "msg_" + "0" * 26}}
    assert fault_of(shared.api.send(message)) == ("/context/message_id", "not_found")
    assert fault_of(shared.api.post("/v1/messages/validate", message)) == ("/context/message_id", "not_found")


def test_validation_counts_nothing_and_stores_nothing(make_stack):
    api = make_stack().api
    api.post("/v1/messages/validate", message_of("text"))
    assert (api.quota()["used"], api.all_of("/v1/messages")) == (0, [])


def test_waiting_for_the_provider_gives_its_id(shared):
    answer = shared.api.send(text_to("+919876500010"), prefer="wait=5")
    assert (answer.status, answer.headers["Preference-Applied"]) == (200, "wait=5")
    assert answer.json()["status"] in ("sent", "delivered", "read")
    assert answer.json()["provider_message_id"].startswith("wamid.")


def test_waiting_ends_with_202_when_the_provider_is_slow(make_stack):
    stack = make_stack()
    stack.sim.fault({"latency_ms": 4000}, times=1)
    began = time.monotonic()
    answer = stack.api.send(text_to("+919876500011"), prefer="wait=1")
    assert (answer.status, answer.json()["status"]) == (202, "accepted")
    assert time.monotonic() - began > 0.9
    stack.api.wait_for_status(answer.json()["id"], "read")


def test_waiting_tells_why_a_message_failed(shared):
    answer = shared.api.send(text_to("+1555131021"), prefer="wait=5")
    message = answer.json()
    assert (answer.status, message["status"]) == (200, "failed")
    assert (message["error"]["code"], message["error"]["provider"]["code"]) == ("recipient_is_sender", 131021)
    assert message["error"]["detail"]  # the provider's own words: in the live answer only
    assert "detail" not in shared.api.message(message["id"])["error"]


def test_the_list_filters_and_pages(make_stack):
    api = make_stack().api
    ids = [api.accept(text_to(f"+91987650{i:04}", client_ref=f"ref-{i % 2}"))["id"] for i in range(7)]
    assert [message["id"] for message in api.all_of("/v1/messages")] == ids
    assert [m["id"] for m in api.all_of("/v1/messages", client_ref="ref-1")] == ids[1::2]
    assert [m["id"] for m in api.all_of("/v1/messages", to="+919876500003")] == [ids[3]]
    assert api.all_of("/v1/messages", direction="inbound") == []
    first = api.get("/v1/messages?limit=3").json()
    assert ([m["id"] for m in first["data"]], first["has_more"]) == (ids[:3:-1], True)
    second = api.get(f"/v1/messages?limit=3&after={first['next']}").json()
    assert [m["id"] for m in second["data"]] == ids[3:0:-1]
    back = api.get(f"/v1/messages?limit=3&before={second['data'][0]['id']}").json()
    assert ([m["id"] for m in back["data"]], back["has_more"], back["next"]) == (ids[:3:-1], False, None)


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/events", "/v1/deliveries", "/v1/webhook_endpoints"])
def test_a_list_is_read_upwards_to_its_end(make_stack, path):
    stack = make_stack(simulator={"no-statuses": True})
    receivers = [stack.receiver(["message.sent"]) for _ in range(5)]
    for number in range(5):
        stack.api.send(text_to(f"+91987651{number:04}"), prefer="wait=5")
    wait_until(stack.deliveries_done, "all deliveries are done")
    assert len(receivers[0].all()) == 5
    ids = [item["id"] for item in stack.api.all_of(path)]
    seen, target = [], f"{path}?limit=2&before={ids[0]}"
    while target:
        answer = stack.api.get(target)
        page = answer.json()
        seen += [item["id"] for item in reversed(page["data"])]
        assert page["has_more"] == (page["next"] is not None)
        link = answer.headers["Link"]
        assert bool(link) == page["has_more"]
        target = link[1:link.index(">")] if link else None
    assert seen == ids[1:]
    both = stack.api.get(f"{path}?after={ids[1]}&before={ids[0]}")
    assert (both.status, both.json()["errors"][0]["pointer"]) == (400, "?before")


def test_the_list_finds_messages_by_status(make_stack):
    api = make_stack().api
    failed = api.send(text_to("+1555131021"), prefer="wait=5").json()
    read = api.accept(text_to("+919876500012"))
    api.wait_for_status(read["id"], "read")
    assert [m["id"] for m in api.all_of("/v1/messages", status="failed")] == [failed["id"]]
    assert [m["id"] for m in api.all_of("/v1/messages", status="read")] == [read["id"]]


def test_usage_counts_each_step(make_stack):
    api = make_stack().api
    api.wait_for_status(api.accept(text_to("+919876500013"))["id"], "read")
    api.send(text_to("+1555131021"), prefer="wait=5")
    [day] = wait_until(lambda: api.get("/v1/usage").json()["data"], "the usage of today")
    assert {name: day[name] for name in ("accepted", "sent", "delivered", "read", "failed", "unknown")} == {
        "accepted": 2, "sent": 1, "delivered": 1, "read": 1, "failed": 1, "unknown": 0}


def test_the_simulator_inside_the_process_plays_the_same_part(make_stack):
    stack = make_stack(in_process=True)
    receiver = stack.receiver()
    sent = stack.api.accept(text_to("+919876500014"))
    receiver.wait_for_type("message.read", sent["id"])
    stack.sim.inbound("+919876500014")
    receiver.wait_for_type("message.received")
