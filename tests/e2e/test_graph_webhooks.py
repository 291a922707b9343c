"""Webhooks in Meta's own shape, signed as Meta signs: to endpoints of the format graph, and to no others."""

import pytest

from _support.api import text_to
from _support.graph import Graph, GraphReceiver, Subscriber
from _support.signing import ACCOUNT_ID
from _support.waiting import wait_until


def statuses_of(receiver, wamid):
    return [each for each in receiver.elements("statuses") if each["id"] == wamid]


def test_the_statuses_of_a_send_come_with_the_clients_own_data(stack):
    receiver = GraphReceiver(stack)
    wamid = Graph.of_door(stack).send(text_to("+919811400001", biz_opaque_callback_data="order-42")).json()["messages"][0]["id"]
    receiver.wait_for_element("statuses", lambda each: each["id"] == wamid and each["status"] == "read")
    statuses = statuses_of(receiver, wamid)
    assert [each["status"] for each in statuses] == ["sent", "delivered", "read"]
    assert {each["biz_opaque_callback_data"] for each in statuses} == {"order-42"}
    assert {each["recipient_id"] for each in statuses} == {"919811400001"}
    # As Meta told it, with what our own event leaves out.
    assert statuses[0]["pricing"]["pricing_model"] == "PMP"
    field, value = receiver.changes()[0]
    assert (field, value["messaging_product"]) == ("messages", "whatsapp")
    assert value["metadata"]["phone_number_id"] == stack.server.sandbox["phone_number_id"]
    assert {each.event["entry"][0]["id"] for each in receiver.all()} == {ACCOUNT_ID}


def test_what_the_api_sends_has_no_data_but_what_its_metadata_say(stack):
    receiver = GraphReceiver(stack)
    stack.api.accept({**text_to("+919811400002"), "metadata": {"order": "A-1"}})
    status = receiver.wait_for_element("statuses", lambda each: each["status"] == "read")
    assert "biz_opaque_callback_data" not in status


def test_an_inbound_message_and_its_sender_come_as_meta_told_them(stack):
    receiver, ours = GraphReceiver(stack), stack.receiver()
    wamid = stack.sim.inbound("+919811400003", type="text", text={"body": "Où / 👍"}, profile_name="Zoë")["id"]
    message = receiver.wait_for_element("messages", lambda each: each["id"] == wamid)
    assert (message["text"]["body"], message["from"]) == ("Où / 👍", "919811400003")
    [(_, value)] = receiver.changes()
    assert value["contacts"][0]["profile"]["name"] == "Zoë"
    assert ours.wait_for_type("message.received").event["data"]["message"]["text"]["body"] == "Où / 👍"
    assert "provider.webhook" not in {each.type for each in ours.all()}


def test_a_field_of_the_account_comes_whole(stack):
    receiver = GraphReceiver(stack)
    stack.sim.call("POST", "webhook", {"field": "account_update", "value": {"event": "ACCOUNT_RESTRICTION", "restriction_info": [
        {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1790000000}]}})
    [(field, value)] = receiver.wait_for(lambda _: receiver.changes(), "a change")
    assert (field, value["event"]) == ("account_update", "ACCOUNT_RESTRICTION")
    assert value["restriction_info"][0]["expiration"] == 1790000000


def test_one_element_comes_in_each_and_the_same_comes_once(stack):
    receiver = GraphReceiver(stack)
    stack.sim.fault({"duplicate": True}, scope="webhooks")
    inbound = stack.sim.inbound("+919811400004", count=5)["ids"]
    receiver.wait_for(lambda _: len(receiver.elements("messages")) >= 5, "five messages")
    wait_until(lambda: stack.deliveries_done() and stack.is_idle(), "nothing waits")
    assert sorted(each["id"] for each in receiver.elements("messages")) == sorted(inbound)
    assert all(len(value["messages"]) == 1 for _, value in receiver.changes())


def test_events_choose_by_our_names(stack):
    received = GraphReceiver(stack, events=["message.received"])
    every = GraphReceiver(stack)
    stack.api.accept(text_to("+919811400005"))
    every.wait_for_element("statuses", lambda each: each["status"] == "read")
    stack.sim.inbound("+919811400005")
    received.wait_for_element("messages", lambda each: each["type"] == "text")
    assert received.elements("statuses") == []


def test_a_failure_that_the_provider_does_not_tell_of_is_told_as_it_would(stack):
    receiver = GraphReceiver(stack)
    answer = Graph.of_door(stack).send(text_to("+1555131031", biz_opaque_callback_data="order-43"))
    message = answer.json()["error"]["error_data"]["flowsell_message_id"]
    status = receiver.wait_for_element("statuses", lambda each: each["status"] == "failed")
    assert (status["id"], status["biz_opaque_callback_data"]) == (message, "order-43")
    assert status["errors"][0]["code"] == 131031
    assert status["errors"][0]["error_data"]["details"]


def test_a_failure_that_the_provider_tells_of_is_told_once(stack):
    receiver = GraphReceiver(stack)
    wamid = Graph.of_door(stack).send(text_to("+1555131026")).json()["messages"][0]["id"]
    receiver.wait_for_element("statuses", lambda each: each["status"] == "failed")
    wait_until(lambda: stack.deliveries_done() and stack.is_idle(), "nothing waits")
    assert [each["id"] for each in receiver.elements("statuses") if each["status"] == "failed"] == [wamid]


def test_the_words_are_sealed_while_they_wait_and_gone_afterwards(stack):
    marker = "a-marker-of-somebodys-words"
    receiver = GraphReceiver(stack)
    held = []
    receiver.take = lambda headers, body: (held.append(body), (503, {}, b""))[1]
    stack.sim.inbound("+919811400006", type="text", text={"body": marker})
    wait_until(lambda: held, "an attempt")
    assert marker.encode() in held[0]
    files = stack.server.files()
    assert not any(marker.encode() in content for content in files.values())
    [event] = stack.api.get("/v1/events?type=provider.webhook").json()["data"]
    original = event["data"]["webhook"]["original"]
    assert original["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"] == marker


@pytest.mark.parametrize("body, fault", [({"format": "xml"}, "/format"), ({"format": 1}, "/format")])
def test_a_format_that_there_is_not(shared, body, fault):
    answer = shared.api.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/x", **body})
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (400, fault)


def test_the_format_can_be_changed(stack):
    receiver = GraphReceiver(stack)
    changed = stack.api.request("PATCH", f"/v1/webhook_endpoints/{receiver.endpoint_id}", {"format": "standard"})
    assert changed.json()["format"] == "standard"
    stack.sim.inbound("+919811400007")
    [delivery] = receiver.wait_for(list, "a delivery in the other shape")
    assert delivery.type == "message.received"
    assert "webhook-signature" in delivery.headers
    receiver.faults.clear()  # of what it is not made for


def test_an_endpoint_is_asked_with_its_verify_token(stack):
    with Subscriber("my token") as mine:
        body = {"url": mine.url, "format": "graph", "verify_token": "my token"}
        made = stack.api.post("/v1/webhook_endpoints", body)
        assert made.status == 201, made
        assert made.json()["has_verify_token"] is True
        assert "my token" not in made.body.decode()
        path = f"/v1/webhook_endpoints/{made.json()['id']}"
        mine.token = "another"
        moved = stack.api.request("PATCH", path, {"url": mine.url + "?moved=1"})
        assert (moved.status, moved.json()["errors"][0]["pointer"], moved.json()["errors"][0]["code"]) == (400, "/url", "challenge_failed")
        assert stack.api.get(path).json()["url"] == mine.url
        refused = stack.api.post("/v1/webhook_endpoints", body)
        assert (refused.status, refused.json()["errors"][0]["code"]) == (400, "challenge_failed")
        assert stack.api.request("PATCH", path, {"verify_token": ""}).json()["has_verify_token"] is False
        assert stack.api.request("PATCH", path, {"url": mine.url + "?moved=1"}).status == 200
        assert len(mine.asked) == 3
