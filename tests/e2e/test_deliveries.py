"""The way to the customer's endpoint: signed, tried again by the schedule, in order, and no endpoint harms another."""

import threading

from _support.api import text_to
from _support.receiver import Receiver
from _support.waiting import PATIENCE_SECONDS, wait_until

def failing(times):
    """An answer for a receiver: so many refusals, then none."""
    return lambda _, nth: (500, {}, b"secret words") if nth <= times else None


QUICK_RETRIES = {"WEBHOOK_RETRY_SCHEDULE_SECONDS": "0,1,1"}
TO = "+919876550001"


def deliveries(stack, **filters):
    return stack.api.all_of("/v1/deliveries", **filters)


def inbound_event(stack, receiver, number=1):
    """One event that arrived at the receiver: a person's message."""
    wamid = stack.sim.inbound(f"+91981255{number:04}")["id"]
    return receiver.wait_for(lambda all_: next(
        (each for each in all_ if each.message.get("provider_message_id") == wamid), None), wamid)


def test_a_delivery_that_failed_is_made_again_with_the_same_id(make_stack):
    stack = make_stack(settings=QUICK_RETRIES)
    receiver = stack.receiver(["message.received"], answer=failing(2))
    event = inbound_event(stack, receiver)
    arrived = receiver.wait_for(lambda all_: list(all_) if len(all_) == 3 else None, "three attempts")
    assert {each.id for each in arrived} == {event.id}
    assert len({each.body for each in arrived}) == 1
    wait_until(stack.deliveries_done, "it is done")
    [delivery] = deliveries(stack)
    assert (delivery["status"], [each.get("status") for each in delivery["attempts"]]) == ("succeeded", [500, 500, 200])
    assert [each.get("error") for each in delivery["attempts"]] == ["http_error", "http_error", None]
    assert delivery["next_attempt_at"] is None and delivery["finished_at"]


def test_a_delivery_that_waits_tells_when_it_comes_again(make_stack):
    stack = make_stack(settings={"WEBHOOK_RETRY_SCHEDULE_SECONDS": "0,600"})
    receiver = stack.receiver(["message.received"], answer=lambda *_: (503, {}, b""))
    inbound_event(stack, receiver)
    delivery = wait_until(lambda: next((each for each in deliveries(stack) if each["attempts"]), None), "an attempt")
    assert (delivery["status"], delivery["finished_at"]) == ("pending", None)
    assert delivery["next_attempt_at"] > delivery["attempts"][0]["at"]


def test_after_the_last_attempt_a_delivery_has_failed_and_its_content_is_gone(make_stack):
    stack = make_stack(settings={"WEBHOOK_RETRY_SCHEDULE_SECONDS": "0,0"})
    receiver = stack.receiver(["message.received"], answer=lambda *_: (500, {}, b""))
    event = inbound_event(stack, receiver)
    [delivery] = wait_until(lambda: deliveries(stack, status="failed"), "it has failed")
    assert len(delivery["attempts"]) == 2
    kept = stack.api.get(f"/v1/events/{event.id}").json()
    assert kept["content_expired"] is True and "text" not in kept["data"]["message"]


def test_an_endpoint_that_says_it_is_gone_is_disabled(make_stack):
    stack = make_stack(settings=QUICK_RETRIES)
    receiver = stack.receiver(["message.received"], answer=lambda *_: (410, {}, b""))
    inbound_event(stack, receiver)
    target = f"/v1/webhook_endpoints/{receiver.endpoint_id}"
    wait_until(lambda: stack.api.get(target).json()["status"] == "disabled", "it is disabled")
    [delivery] = deliveries(stack)
    assert (delivery["status"], len(delivery["attempts"])) == ("failed", 1)
    stack.sim.inbound("+919812550002")
    wait_until(lambda: len(stack.api.all_of("/v1/events", type="message.received")) == 2, "the second event")
    assert len(deliveries(stack)) == 1


def test_a_redirect_is_not_followed(make_stack):
    stack = make_stack(settings={"WEBHOOK_RETRY_SCHEDULE_SECONDS": "0"})
    elsewhere = Receiver()
    stack.receivers.append(elsewhere)
    receiver = stack.receiver(["message.received"], answer=lambda *_: (307, {"Location": elsewhere.url}, b""))
    inbound_event(stack, receiver)
    [delivery] = wait_until(lambda: deliveries(stack, status="failed"), "it has failed")
    assert delivery["attempts"][0]["error"] == "redirect"
    assert elsewhere.all() == [] and elsewhere.faults == []


def test_a_deleted_endpoint_gets_nothing_more(make_stack):
    stack = make_stack(settings=QUICK_RETRIES)
    receiver = stack.receiver(["message.received"], answer=lambda *_: (500, {}, b""))
    inbound_event(stack, receiver)
    wait_until(lambda: deliveries(stack)[0]["attempts"], "the first attempt is stored")
    assert stack.api.request("DELETE", f"/v1/webhook_endpoints/{receiver.endpoint_id}").status == 204
    wait_until(lambda: deliveries(stack)[0]["status"] == "canceled", "its delivery is canceled")
    assert len(receiver.all()) == 1


def test_a_disabled_endpoint_gets_nothing_until_it_is_enabled(make_stack):
    stack = make_stack()
    receiver = stack.receiver(["message.received"])
    target = f"/v1/webhook_endpoints/{receiver.endpoint_id}"
    stack.api.request("PATCH", target, body={"status": "disabled"})
    stack.sim.inbound("+919812550003")
    wait_until(lambda: stack.api.all_of("/v1/events"), "the event")
    stack.api.request("PATCH", target, body={"status": "enabled"})
    second = inbound_event(stack, receiver, 4)
    assert [each.id for each in receiver.all()] == [second.id]


def test_an_endpoint_gets_the_events_that_it_asked_for(make_stack):
    stack = make_stack()
    some, all_ = stack.receiver(["message.delivered", "message.read"]), stack.receiver()
    sent = stack.api.accept(text_to(TO))
    all_.wait_for_type("message.read", sent["id"])
    some.wait_for_type("message.read", sent["id"])
    assert some.types_about(sent["id"]) == ["message.delivered", "message.read"]
    assert all_.types_about(sent["id"]) == ["message.accepted", "message.sending", "message.sent", "message.delivered",
                                            "message.read"]


def test_a_changed_address_gets_what_comes_then(make_stack):
    stack = make_stack()
    first, second = stack.receiver(), Receiver()
    stack.receivers.append(second)
    second.secret = first.secret
    stack.api.request("PATCH", f"/v1/webhook_endpoints/{first.endpoint_id}", body={"url": second.url})
    sent = stack.api.accept(text_to(TO))
    second.wait_for_type("message.read", sent["id"])
    assert first.all() == []


def test_the_events_of_a_conversation_arrive_in_order_though_one_is_made_again(make_stack):
    stack = make_stack(settings=QUICK_RETRIES)
    receiver = stack.receiver(["message.received"], answer=failing(1))
    for number in range(5):
        stack.sim.inbound("+919812550005", text={"body": f"line {number}"})

    def texts(arrived):
        bodies = [each.message["text"]["body"] for each in arrived]
        return bodies if len(bodies) == 6 else None
    assert receiver.wait_for(texts, "all five and the repetition") == ["line 0", *[f"line {n}" for n in range(5)]]


def test_a_dead_endpoint_does_not_hold_up_a_healthy_one(make_stack):
    stack = make_stack(settings={"WEBHOOK_TIMEOUT_SECONDS": 1, "WEBHOOK_RETRY_SCHEDULE_SECONDS": "0,3600,3600"})
    release = threading.Event()
    silent = stack.receiver(answer=lambda *_: release.wait(PATIENCE_SECONDS) and None)
    nobody = stack.api.add_endpoint("http://127.0.0.1:9/nobody")
    healthy = stack.receiver()
    ids = [stack.api.accept(text_to(f"+91987656{n:04}"))["id"] for n in range(60)]
    for message_id in ids:
        healthy.wait_for_type("message.read", message_id)
    assert len(silent.all()) < len(healthy.all())
    release.set()
    assert deliveries(stack, endpoint_id=nobody["id"], status="pending")
    attempts = [each for delivery in deliveries(stack, endpoint_id=nobody["id"]) for each in delivery["attempts"]]
    assert attempts and all("status" not in each and each["error"] for each in attempts)


def test_a_slow_endpoint_is_cut_off_at_the_time_limit(make_stack):
    stack = make_stack(settings={"WEBHOOK_TIMEOUT_SECONDS": 1, "WEBHOOK_RETRY_SCHEDULE_SECONDS": "0"})
    release = threading.Event()
    receiver = stack.receiver(["message.received"], answer=lambda *_: release.wait(PATIENCE_SECONDS) and None)
    inbound_event(stack, receiver)
    [delivery] = wait_until(lambda: deliveries(stack, status="failed"), "it has failed")
    release.set()
    [attempt] = delivery["attempts"]
    assert attempt["error"] == "timed_out" and 900 <= attempt["latency_ms"] < 30_000


def test_deliveries_that_wait_are_made_after_a_crash(make_stack):
    stack = make_stack(settings=QUICK_RETRIES)
    receiver = stack.receiver(["message.received"], answer=failing(1))
    event = inbound_event(stack, receiver)
    wait_until(lambda: deliveries(stack)[0]["attempts"], "the first attempt is stored")
    stack.kill_and_restart()
    receiver.wait_for(lambda all_: len(all_) >= 2, "the second attempt")
    assert {each.id for each in receiver.all()} == {event.id}
    wait_until(stack.deliveries_done, "it is done")


def test_a_delivery_that_was_open_at_a_crash_is_made_again(make_stack):
    stack = make_stack()
    release = threading.Event()

    def silent_once(_, nth):
        if nth == 1:
            release.wait(PATIENCE_SECONDS)

    receiver = stack.receiver(["message.received"], answer=silent_once)
    event = inbound_event(stack, receiver)
    stack.server.kill()
    release.set()
    stack.start_server()
    arrived = receiver.wait_for(lambda all_: list(all_) if len(all_) == 2 else None, "the repetition")
    assert {each.id for each in arrived} == {event.id}
