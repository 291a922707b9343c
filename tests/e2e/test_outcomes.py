"""The table of outcomes (DESIGN 4.8): whatever the provider does, a status is never a guess, and nothing is sent twice
that may have been taken. Most cases have a server of their own, because some troubles pause the whole sender."""

import time

import pytest

from _support.api import text_to
from _support.waiting import wait_until

TO = "+919876520001"
NO_STATUSES = {"no-statuses": True}
ONE_SECOND = {"PROVIDER_TIMEOUT_SECONDS": 1}

# What makes the outcome unknown: action of the simulator, how often it took the message.
UNKNOWN = {
    "dropped_before_it_was_taken": ({"drop": "before"}, 0),
    "dropped_after_it_was_taken": ({"drop": "after"}, 1),
    "slower_than_the_time_limit": ({"latency_ms": 2500}, 1),
    "cut_in_half": ({"truncate": True}, 1),
    "garbage": ({"garbage": True}, 1),
    "500_without_a_readable_body": ({"http": 500, "body": "oops"}, 0),
    "502_of_a_proxy": ({"http": 502, "body": "<html>Bad Gateway</html>"}, 0),
    "504_of_a_proxy": ({"http": 504, "body": ""}, 0),
    "429_without_a_readable_body": ({"http": 429, "body": "slow down"}, 0),
    "200_without_an_id": ({"http": 200, "body": "{}", "content_type": "application/json"}, 0),
}

# What is tried again: action, for how many attempts, the shortest wait of all in seconds.
TRIED_AGAIN = {
    "503_with_metas_body": ({"http": 503, "meta": True}, 1, 0.8),
    "500_with_metas_body": ({"http": 500, "meta": True}, 1, 0.8),
    "429_with_a_time": ({"rate_limit": True, "error": 130429, "retry_after": 2}, 1, 2.0),
    "an_error_of_this_message_only": ({"error": 131000}, 1, 0.8),
    "maintenance_with_a_time": ({"error": 131016, "retry_after": 2}, 1, 0.8),
    "the_limit_of_a_pair": ({"error": 131056}, 2, 0.8 + 3.2),  # 1 s and 4 s, each up to a fifth shorter
}


def attempts(stack):
    """Sends that the simulator saw whole, taken or not."""
    stats = stack.sim.stats()
    return stats["accepted"] + stats["rejected"]


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_may_have_been_taken_is_unknown_and_never_sent_again(make_stack, case):
    action, times_taken = UNKNOWN[case]
    stack = make_stack(settings=ONE_SECOND, simulator=NO_STATUSES)
    receiver = stack.receiver()
    stack.sim.fault(action, times=1)
    sent = stack.api.accept(text_to(TO))
    event = receiver.wait_for_type("message.unknown", sent["id"])
    message = stack.api.wait_for_status(sent["id"], "unknown")
    assert message["provider_message_id"] is None and message["error"]["code"]
    assert event.message["status"] == "unknown"
    # The lane is in order: when a later message of it is through, the first would have had its turn.
    later = stack.api.accept(text_to(TO))
    stack.api.wait_for_status(later["id"], "sent")
    assert stack.api.message(sent["id"])["status"] == "unknown"
    assert (stack.sim.times_taken(TO), stack.sim.stats()["requests"]) == (times_taken + 1, 2)
    assert receiver.types_about(sent["id"]) == ["message.accepted", "message.sending", "message.unknown"]


@pytest.mark.parametrize("case", TRIED_AGAIN)
def test_what_was_refused_for_now_is_sent_later(make_stack, case):
    action, times, wait_seconds = TRIED_AGAIN[case]
    stack = make_stack(simulator=NO_STATUSES)
    receiver = stack.receiver()
    stack.sim.fault(action, times=times)
    began = time.monotonic()  # before the first attempt; its event may come late, and would make the wait look short
    sent = stack.api.accept(text_to(TO))
    sent_event = receiver.wait_for_type("message.sent", sent["id"])
    assert sent_event.arrived - began >= wait_seconds
    assert (stack.sim.times_taken(TO), attempts(stack)) == (1, times + 1)
    assert receiver.types_about(sent["id"]) == ["message.accepted", "message.sending", "message.sent"]


def test_when_the_provider_refuses_connections_the_message_waits_and_is_then_sent_once(make_stack):
    stack = make_stack(simulator=NO_STATUSES)
    receiver = stack.receiver()
    stack.stop_simulator()
    sent = stack.api.accept(text_to(TO))
    receiver.wait_for_type("message.sending", sent["id"])
    assert stack.api.message(sent["id"])["status"] == "sending"
    stack.start_simulator()
    receiver.wait_for_type("message.sent", sent["id"])
    assert (stack.sim.times_taken(TO), attempts(stack)) == (1, 1)
    assert receiver.types_about(sent["id"]) == ["message.accepted", "message.sending", "message.sent"]


def test_a_message_whose_life_ends_while_it_waits_has_failed(make_stack):
    stack = make_stack()
    receiver = stack.receiver()
    stack.stop_simulator()
    sent = stack.api.accept(text_to(TO, ttl_seconds=1))
    event = receiver.wait_for_type("message.failed", sent["id"])
    assert event.message["error"]["code"] == "message_expired"
    assert stack.api.message(sent["id"])["status"] == "failed"


@pytest.mark.parametrize("action", [{"drop": "after"}, {"truncate": True}, {"garbage": True}, {"latency_ms": 1500}])
def test_a_status_proves_what_became_of_an_unknown_message(make_stack, action):
    stack = make_stack(settings=ONE_SECOND, simulator={"sent-after-ms": 1600, "delivered-after-ms": 1650,
                                                       "read-after-ms": 1700})
    receiver = stack.receiver()
    stack.sim.fault(action, times=1)
    sent = stack.api.accept(text_to(TO))
    receiver.wait_for_type("message.unknown", sent["id"])
    receiver.wait_for_type("message.read", sent["id"])
    message = stack.api.wait_for_status(sent["id"], "read")
    assert message["provider_message_id"] == stack.sim.taken(TO)[0]["id"]
    assert receiver.types_about(sent["id"]) == [
        "message.accepted", "message.sending", "message.unknown", "message.sent", "message.delivered", "message.read"]


def test_an_unknown_message_that_was_never_taken_stays_unknown_over_a_restart(make_stack):
    stack = make_stack()
    stack.sim.fault({"drop": "before"}, times=1)
    sent = stack.api.accept(text_to(TO))
    stack.api.wait_for_status(sent["id"], "unknown")
    stack.kill_and_restart()
    later = stack.api.accept(text_to(TO))
    stack.api.wait_for_status(later["id"], "read")
    assert (stack.api.message(sent["id"])["status"], stack.sim.times_taken(TO)) == ("unknown", 1)


# --- the simulator's special recipients: +1555 and the code of an error (src/sim/README.md) ---

REFUSED_FOR_GOOD = [
    130497, 131005, 131008, 131009, 131021, 131030, 131031, 131037, 131045, 131051, 131052, 131062, 131063, 131064,
    132000, 132001, 132005, 132007, 132008, 132012, 132016, 132068, 133000, 133005, 133006, 133010, 134011, 135000,
]
FAILED_LATER = [130472, 131026, 131042, 131047, 131049, 131050, 131053, 137000]
TRIED_SOON = [130429, 131000, 131016, 133004]
TRIED_AFTER_A_WHILE = [131048, 131057, 132015, 132069, 133015]
WAITS_LONGER_THAN_ANY_MESSAGE_LIVES = 133016  # 72 hours


@pytest.mark.parametrize("code", REFUSED_FOR_GOOD)
def test_an_error_for_good_fails_the_message_with_the_providers_code(shared, code):
    to = f"+1555{code}"
    message = shared.api.send(text_to(to), prefer="wait=5").json()
    assert message["status"] == "failed"
    assert (message["error"]["provider"]["code"], message["provider_message_id"]) == (code, None)
    assert shared.sim.times_taken(to) == 0


@pytest.fixture(scope="module")
def listening(shared):
    return shared.receiver()


@pytest.mark.parametrize("code", FAILED_LATER)
def test_a_failure_that_comes_by_webhook_fails_the_message(shared, listening, code):
    to = f"+1555{code}"
    sent = shared.api.accept(text_to(to))
    event = listening.wait_for_type("message.failed", sent["id"])
    assert event.message["error"]["provider"]["code"] == code
    assert event.message["provider_detail"]
    listening.wait_for_type("message.sent", sent["id"])  # before it, unless the webhook has overtaken the answer
    message = shared.api.message(sent["id"])
    assert (message["status"], message["error"]["provider"]["code"]) == ("failed", code)
    assert shared.sim.times_taken(to) == 1
    assert sorted(listening.types_about(sent["id"])) == ["message.accepted", "message.failed", "message.sending", "message.sent"]


@pytest.mark.parametrize("code", TRIED_SOON)
def test_a_passing_error_is_tried_again_and_never_failed(make_stack, code):
    stack = make_stack()
    to = f"+1555{code}"
    sent = stack.api.accept(text_to(to))
    wait_for_attempts(stack, 2)
    assert (stack.api.message(sent["id"])["status"], stack.sim.times_taken(to)) == ("sending", 0)


@pytest.mark.parametrize("code", TRIED_AFTER_A_WHILE)
def test_an_error_with_a_wait_is_not_tried_at_once(make_stack, code):
    """Its lane or its sender waits: after the end of the server it is still there, attempted once."""
    stack = make_stack()
    receiver = stack.receiver()
    to = f"+1555{code}"
    sent = stack.api.accept(text_to(to))
    wait_for_attempts(stack, 1)
    receiver.wait_for_type("message.sending", sent["id"])
    stack.server.terminate()
    stack.start_server()
    assert (stack.api.message(sent["id"])["status"], attempts(stack)) == ("sending", 1)
    assert stack.api.metric("connect_outbox_queued") == 1


def test_an_error_with_a_wait_that_outlasts_the_message_fails_it_with_the_providers_code(shared):
    code = WAITS_LONGER_THAN_ANY_MESSAGE_LIVES
    message = shared.api.send(text_to(f"+1555{code}"), prefer="wait=5").json()
    assert (message["status"], message["error"]["provider"]["code"]) == ("failed", code)


@pytest.mark.parametrize("code, status", [(131048, "accepted"), (131056, "sent")])
def test_trouble_of_the_sender_holds_up_all_and_trouble_of_a_lane_only_its_own(make_stack, code, status):
    stack = make_stack(simulator=NO_STATUSES)
    stack.api.accept(text_to(f"+1555{code}"))
    wait_for_attempts(stack, 1)
    wait_until(lambda: stack.api.metric("connect_messages_settled_total", outcome="retry") == 1, "it is put back")
    other = stack.api.send(text_to(TO), prefer="wait=1").json()
    assert other["status"] == status


def wait_for_attempts(stack, count):
    wait_until(lambda: attempts(stack) >= count, f"{count} attempts")


def types_of(receiver, message_id, last):
    receiver.wait_for_type(last, message_id)
    return [each for each in receiver.types_about(message_id) if each not in ("message.accepted", "message.sending")]


@pytest.mark.parametrize("number, expected", [
    ("9990002", ["message.sent", "message.read"]),                          # read without delivered
    ("9990003", ["message.sent", "message.delivered", "message.read"]),     # each status twice
    ("9990004", ["message.sent", "message.read"]),                          # read, delivered, sent
    ("9990006", ["message.sent", "message.delivered", "message.read"]),     # held for quality assessment
    ("1234567", ["message.sent", "message.delivered", "message.read"]),     # nothing special
])
def test_statuses_of_a_special_recipient_move_the_message_forward_only(shared, listening, number, expected):
    sent = shared.api.accept(text_to(f"+1555{number}"))
    assert types_of(listening, sent["id"], "message.read") == expected
    assert shared.api.message(sent["id"])["status"] == "read"


def test_a_message_that_is_never_delivered_stays_sent(shared, listening):
    sent = shared.api.accept(text_to("+15559990001"))
    other = shared.api.accept(text_to("+15559990006"))
    listening.wait_for_type("message.read", other["id"])
    assert types_of(listening, sent["id"], "message.sent") == ["message.sent"]
    assert shared.api.message(sent["id"])["status"] == "sent"


def test_statuses_that_come_late_are_taken(shared, listening):
    sent = shared.api.accept(text_to("+15559990005"))
    listening.wait_for_type("message.read", sent["id"])
