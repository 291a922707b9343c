"""The way in: what the provider reports is verified, stored before it is answered, and told once and in order."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from _support.api import text_to
from _support.signing import callback, post_callback, signature_of, status_of
from _support.waiting import wait_until

NO_STATUSES = {"no-statuses": True}
INBOUND = {
    "text": {"type": "text", "text": {"body": "Where is my parcel?"}},
    "image": {"type": "image", "image": {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": "SfInY0gG",
                                         "caption": "Broken"}},
    "button": {"type": "button", "button": {"payload": "stop", "text": "No more"},
               "context": {"from": "15550783881", "id": "wamid.HBgMOTE5ODc2NTQzMjEwFQIAERgSNUYw"}},
    "interactive": {"type": "interactive", "interactive": {"type": "button_reply",
                                                           "button_reply": {"id": "yes", "title": "Yes"}}},
    "location": {"type": "location", "location": {"latitude": 52.5, "longitude": 13.4, "name": "Berlin"}},
}


def inbound_value(wamid, body="Hello", sender="919812345678"):
    return {"contacts": [{"profile": {"name": "Ana"}, "wa_id": sender}],
            "messages": [{"from": sender, "id": wamid, "timestamp": str(int(time.time())), "type": "text",
                          "text": {"body": body}}]}


@pytest.fixture(scope="module")
def listening(shared):
    return shared.receiver()


# --- the door ---

@pytest.mark.parametrize("signature", ["", "sha256=" + "0" * 64, "sha1=abc", "nonsense"])
def test_what_is_not_signed_by_the_app_is_refused(shared, signature):
    answer = post_callback(shared, callback(inbound_value("wamid.unsigned")), signature)
    assert (answer.status, answer.json()["code"]) == (401, "invalid_signature")


def test_a_signature_of_another_secret_is_refused(shared):
    raw = json.dumps(callback(inbound_value("wamid.other"))).encode()
    assert post_callback(shared, raw, signature_of(raw, "another secret")).status == 401


def test_the_signature_is_over_the_raw_bytes(shared):
    raw = json.dumps(callback(inbound_value("wamid.raw"))).encode()
    assert post_callback(shared, raw + b" ", signature_of(raw, shared.app_secret)).status == 401


def test_what_is_signed_but_no_json_is_refused(shared):
    assert post_callback(shared, b"{").status == 400


def test_meta_can_verify_the_address(make_stack):
    api = make_stack(settings={"WHATSAPP_VERIFY_TOKEN": "our token"}).api
    target = "/hooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    right, wrong = api.get(target + "our%20token", key=None), api.get(target + "guess", key=None)
    assert (right.status, right.body) == (200, b"1158201444")
    assert wrong.status == 401


def test_the_simulator_verifies_a_callback_as_meta_does(make_stack):
    stack = make_stack(settings={"WHATSAPP_VERIFY_TOKEN": "our token"})
    receiver = stack.receiver(["message.received"])
    stack.sim.settings(webhook_url="")
    stack.sim.http.forget()
    refused = stack.sim.http.request("POST", "/_sim/settings", body=json.dumps(
        {"webhook_url": stack.hook_url, "verify_token": "guess"}))
    assert (refused.status, refused.json()["error"]["fields"][0]["pointer"]) == (400, "/webhook_url")
    stack.sim.settings(webhook_url=stack.hook_url, verify_token="our token")
    stack.sim.inbound()
    receiver.wait_for_type("message.received")


# --- inbound messages ---

@pytest.mark.parametrize("kind", INBOUND)
def test_what_a_person_writes_arrives_under_its_type(shared, listening, kind):
    wamid = shared.sim.inbound("+919812345678", **INBOUND[kind])["id"]
    event = listening.wait_for(lambda all_: next(
        (each for each in all_ if each.message.get("provider_message_id") == wamid), None), wamid)
    assert (event.type, event.message["type"], event.message[kind]) == ("message.received", kind, INBOUND[kind][kind])
    assert (event.message["from"], event.message["from_masked"]) == ("+919812345678", "+91••••••5678")


def test_a_reaction_is_an_event_of_its_own(shared, listening):
    sent = shared.api.accept(text_to("+919876540001"))
    provider_id = shared.api.wait_for_status(sent["id"], "read")["provider_message_id"]
    shared.sim.inbound("+919876540001", type="reaction", reaction={"message_id": provider_id, "emoji": "👍"})
    event = listening.wait_for_type("message.reaction")
    assert event.message["reaction"] == {"message_id": provider_id, "emoji": "👍"}


def test_a_person_without_a_number_is_known_by_the_user_id(shared, listening):
    value = inbound_value("wamid.user.only")
    value["contacts"] = [{"profile": {"name": "Ana"}, "user_id": "US.13491208655302741918"}]
    del value["messages"][0]["from"]
    value["messages"][0]["from_user_id"] = "US.13491208655302741918"
    assert post_callback(shared, callback(value)).status == 200
    event = next(each for each in wait_for_provider_id(listening, "wamid.user.only")
                 if each.message.get("provider_message_id") == "wamid.user.only")
    assert event.message["from"] == "US.13491208655302741918"
    assert event.message["from_masked"] == "US.••••1918"


def test_a_received_message_can_be_read_and_marked(shared, listening):
    wamid = shared.sim.inbound("+919812340002")["id"]
    event = listening.wait_for(lambda all_: next(
        (each for each in all_ if each.message.get("provider_message_id") == wamid), None), wamid)
    message = shared.api.message(event.message["id"])
    assert (message["direction"], message["status"], message["from"]) == ("inbound", "received", "+91••••••0002")
    assert "text" not in message
    reads = shared.sim.stats()["reads"]
    assert shared.api.post(f"/v1/messages/{message['id']}/read", {"typing_indicator": True}).status == 200
    assert shared.sim.stats()["reads"] == reads + 1


def events_of(deliveries, provider_id):
    """By their ids: one of them may be delivered more than once."""
    return {each.id for each in deliveries if each.message.get("provider_message_id") == provider_id}


def test_the_same_message_twice_is_one_event(shared, listening):
    for _ in range(3):
        assert post_callback(shared, callback(inbound_value("wamid.same"))).status == 200
    post_callback(shared, callback(inbound_value("wamid.after")))
    assert len(events_of(wait_for_provider_id(listening, "wamid.after"), "wamid.same")) == 1


def test_the_same_message_many_times_at_once_is_one_event(shared, listening):
    with ThreadPoolExecutor(8) as pool:
        statuses = pool.map(lambda _: post_callback(shared, callback(inbound_value("wamid.at.once"))).status, range(16))
        assert set(statuses) == {200}
    post_callback(shared, callback(inbound_value("wamid.after.that")))
    assert len(events_of(wait_for_provider_id(listening, "wamid.after.that"), "wamid.at.once")) == 1


def wait_for_provider_id(receiver, wamid):
    return receiver.wait_for(lambda all_: list(all_) if any(
        each.message.get("provider_message_id") == wamid for each in all_) else None, wamid)


def test_a_conversation_arrives_in_its_order(shared, listening):
    bodies = [f"line {number}" for number in range(40)]
    for number, body in enumerate(bodies):
        post_callback(shared, callback(inbound_value(f"wamid.order.{number}", body, "919812340003")))

    def arrived(all_):
        texts = [each.message["text"]["body"] for each in all_ if each.message.get("from") == "+919812340003"]
        return texts if len(texts) == len(bodies) else None
    assert listening.wait_for(arrived, "the whole conversation") == bodies


# --- statuses ---

def test_a_delivered_that_overtakes_sent_is_told_and_nothing_goes_back(make_stack):
    stack = make_stack(simulator=NO_STATUSES)
    receiver = stack.receiver()
    stack.sim.fault({"latency_ms": 700}, times=1)
    sent = stack.api.accept(text_to("+919876540002"))
    taken = wait_until(lambda: stack.sim.taken("+919876540002"), "the provider has it")[0]
    stack.sim.status(taken["id"], "delivered")
    receiver.wait_for_type("message.delivered", sent["id"])
    wait_until(lambda: stack.api.metric("connect_messages_settled_total", outcome="sent") == 1, "it is settled")
    message = stack.api.message(sent["id"])
    assert (message["status"], message["provider_message_id"]) == ("delivered", taken["id"])
    for late in ("sent", "delivered", "read", "delivered", "sent"):
        post_callback(stack, callback({"statuses": [status_of(sent["id"], late, taken["id"])]}))
    receiver.wait_for_type("message.read", sent["id"])
    assert stack.api.message(sent["id"])["status"] == "read"
    day = stack.api.get("/v1/usage").json()["data"][0]
    assert (day["accepted"], day["sent"], day["delivered"], day["read"]) == (1, 1, 1, 1)
    later = stack.api.accept(text_to("+919876540002"))
    receiver.wait_for_type("message.sent", later["id"])
    types = receiver.types_about(sent["id"])
    assert [each for each in types if each in ("message.sent", "message.delivered", "message.read")] == [
        "message.delivered", "message.read"]


def test_a_failed_message_that_was_delivered_after_all_is_delivered(make_stack):
    stack = make_stack(simulator=NO_STATUSES)
    sent = stack.api.accept(text_to("+919876540003"))
    wamid = stack.api.wait_for_status(sent["id"], "sent")["provider_message_id"]
    steps = []
    for status in ("failed", "sent", "delivered", "failed"):
        post_callback(stack, callback({"statuses": [status_of(sent["id"], status, wamid)]}))
        steps.append(stack.api.message(sent["id"])["status"])
    assert steps == ["failed", "failed", "delivered", "delivered"]


def test_a_thousand_statuses_in_one_call_are_stored_before_the_answer(make_stack):
    count = 1000
    stack = make_stack(simulator=NO_STATUSES, checked=False)
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: stack.api.accept(text_to(f"+9198{n:08}"))["id"], range(count)))
    wait_until(lambda: stack.api.get("/v1/usage").json()["data"][0]["sent"] == count, "all are sent")
    receiver = stack.receiver(["message.delivered"])
    body = callback({"statuses": [status_of(message_id, "delivered", f"wamid.{message_id}") for message_id in ids]})
    assert post_callback(stack, body).status == 200
    assert len(stack.api.all_of("/v1/messages", status="delivered")) == count
    for _ in range(2):  # as Meta does when an answer was lost
        assert post_callback(stack, body).status == 200
    assert stack.api.get("/v1/usage").json()["data"][0]["delivered"] == count
    arrived = receiver.wait_for(lambda all_: [e.message["id"] for e in all_] if len(all_) >= count else None,
                                "all events")
    wait_until(stack.deliveries_done, "all deliveries are done")
    assert sorted(arrived) == sorted(ids) and len(receiver.all()) == count


def test_a_status_of_a_message_that_is_not_ours_is_told_as_unknown(shared, listening):
    shared.sim.status("wamid.of.another.system", "delivered", to="+919812340004")
    event = listening.wait_for_type("provider.unknown")
    assert event.event["data"]["update"]["provider_id"] == "wamid.of.another.system"


def test_a_status_of_a_message_that_is_gone_is_kept_as_unknown(shared):
    gone = "msg_01kb2v5m4q8x9r3t6w7y0z1a2d"
    assert post_callback(shared, callback({"statuses": [status_of(gone, "delivered", "wamid.gone")]})).status == 200
    events = shared.api.all_of("/v1/events", type="provider.unknown")
    assert "wamid.gone" in {each["data"]["update"].get("provider_id") for each in events}


def test_what_has_no_event_yet_is_told_without_its_content(shared, listening):
    shared.sim.call("POST", "webhook", {"field": "wings_update", "value": {"event": "GREW_SECRET_WINGS"}})
    value = inbound_value("wamid.hologram.1")
    value["messages"][0] |= {"type": "hologram", "hologram": {"shows": "secret picture"}}
    assert post_callback(shared, callback(value)).status == 200

    def hologram(arrived):
        return next((each for each in arrived
                     if each.event["data"].get("update", {}).get("provider_id") == "wamid.hologram.1"), None)

    def account(arrived):
        return next((each for each in arrived
                     if each.event["data"].get("update", {}).get("field") == "wings_update"), None)
    told = listening.wait_for(account, "the account's update")
    assert b"GREW_SECRET_WINGS" not in told.body
    event = listening.wait_for(hologram, "the hologram")
    assert event.event["data"]["update"]["field"] == "messages/hologram"
    assert b"secret picture" not in event.body


def test_what_is_not_understood_is_told_once_however_often_it_comes(make_stack):
    stack = make_stack()
    receiver = stack.receiver(["provider.unknown"])
    hologram = inbound_value("wamid.hologram.2")
    hologram["messages"][0] |= {"type": "hologram", "hologram": {"id": "1"}}
    account = callback({})
    account["entry"][0] |= {"time": 1790000000, "changes": [
        {"field": "wings_update", "value": {"event": event}} for event in ("GREW", "CUT")]}
    bodies = [callback(hologram), callback({"errors": ["x"]}), callback({"errors": ["y"]}), account,
              callback({"statuses": [status_of("not an id of ours", "delivered", "wamid.of.another.system")]}),
              callback({"statuses": [status_of("msg_01kb2v5m4q8x9r3t6w7y0z1a2d", "read", "wamid.gone")]})]
    for _ in range(3):
        for body in bodies:
            assert post_callback(stack, body).status == 200
    stack.kill_and_restart()
    for body in bodies:
        assert post_callback(stack, body).status == 200
    fields = [each["data"]["update"]["field"] for each in stack.api.all_of("/v1/events", type="provider.unknown")]
    assert sorted(fields) == ["messages/errors"] * 2 + ["messages/hologram"] + ["messages/status"] * 2 + [
        "wings_update"] * 2
    receiver.wait_for(lambda all_: len(all_) >= 6 or None, "all but that of the message that is gone")
    wait_until(stack.deliveries_done, "all deliveries are done")
    assert len({each.id for each in receiver.all()}) == 6  # one that was under way at the kill comes again


def test_updates_of_an_unknown_number_are_answered_and_counted(shared):
    before = shared.api.metric("connect_provider_updates_unroutable_total")
    assert post_callback(shared, callback(inbound_value("wamid.elsewhere"), phone_number_id="999")).status == 200
    assert shared.api.metric("connect_provider_updates_unroutable_total") == before + 1


@pytest.mark.parametrize("action", [{"duplicate": True}, {"reorder": True}, {"late_ms": 200}])
def test_webhooks_that_come_twice_late_or_in_another_order_end_in_the_same_state(make_stack, action):
    stack = make_stack()
    receiver = stack.receiver()
    stack.sim.fault(action, scope="webhooks")
    ids = [stack.api.accept(text_to(f"+91987654{n:04}"))["id"] for n in range(10)]
    for message_id in ids:
        receiver.wait_for_type("message.read", message_id)
        assert stack.api.message(message_id)["status"] == "read"
        types = receiver.types_about(message_id)
        assert len(types) == len(set(types))


def test_a_webhook_that_was_lost_while_the_server_was_away_is_taken_when_it_comes_again(make_stack):
    stack = make_stack(simulator={"sent-after-ms": 200, "delivered-after-ms": 250, "read-after-ms": 300})
    sent = stack.api.accept(text_to("+919876540005"))
    stack.api.wait_for_status(sent["id"], "sent")
    stack.server.kill()
    wait_until(lambda: stack.sim.stats()["webhooks_failed"] > 0, "a webhook found nobody")
    stack.start_server()
    stack.api.wait_for_status(sent["id"], "read")
