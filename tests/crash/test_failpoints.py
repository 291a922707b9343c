"""What docs/failpoints.md promises: one message, one crash at a named point, and what holds after the restart."""

import threading

import pytest

from _support.api import text_to
from _support.load import CONNECTION_FAULTS
from _support.processes import CONNECTD, Connectd
from _support.waiting import PATIENCE_SECONDS, wait_until

TO = "+919876570001"
KEY = "the-key"
SLOW_STATUSES = {"sent-after-ms": 700, "delivered-after-ms": 750, "read-after-ms": 800}


def die_at(stack, failpoint):
    """Restarts the server with the failpoint, without an end that would settle anything."""
    stack.server.kill()
    stack.start_server(failpoint=failpoint)


def wait_for_death(stack):
    wait_until(lambda: not stack.server.running(), "the failpoint is passed")
    assert stack.server.process.returncode == -9, stack.server.log_text()[-2000:]


def send_and_die(stack, failpoint):
    """The answer, or None when the server died first."""
    die_at(stack, failpoint)
    try:
        answer = stack.api.send(text_to(TO), idempotency_key=KEY)
    except CONNECTION_FAULTS:
        answer = None
    wait_for_death(stack)
    return answer


def replay(stack):
    """The same call again, until it is answered: the message's id and whether it was there before."""
    answer = stack.api.send(text_to(TO), idempotency_key=KEY)
    assert answer.status == 202
    return answer.json()["id"], answer.headers["Idempotent-Replayed"] == "true"


def test_killed_before_the_first_byte_the_message_is_unknown_and_the_provider_never_saw_it(make_stack):
    stack = make_stack()
    send_and_die(stack, "client.before_first_byte")
    stack.start_server()
    message_id, was_there = replay(stack)
    assert (was_there, stack.api.message(message_id)["status"], stack.sim.times_taken(TO)) == (True, "unknown", 0)


def test_killed_after_the_first_byte_a_status_proves_the_message(make_stack):
    stack = make_stack(simulator=SLOW_STATUSES)
    send_and_die(stack, "client.after_first_byte")
    wait_until(lambda: stack.sim.times_taken(TO), "the provider has it")
    stack.start_server()
    message_id, was_there = replay(stack)
    history = [step["status"] for step in stack.api.wait_for_status(message_id, "read")["status_history"]]
    assert (was_there, stack.sim.times_taken(TO)) == (True, 1)
    assert history == ["accepted", "sending", "unknown", "sent", "delivered", "read"]


def test_killed_before_the_acceptance_is_stored_nothing_is_there(make_stack):
    stack = make_stack()
    assert send_and_die(stack, "commit.before.accept") is None
    stack.start_server()
    assert (stack.api.all_of("/v1/messages"), stack.api.quota()["used"]) == ([], 0)
    message_id, was_there = replay(stack)
    stack.api.wait_for_status(message_id, "read")
    assert (was_there, stack.sim.times_taken(TO), stack.api.quota()["used"]) == (False, 1, 1)


def test_killed_after_the_acceptance_is_stored_the_same_key_finds_the_message(make_stack):
    stack = make_stack()
    assert send_and_die(stack, "commit.after.accept") is None
    stack.start_server()
    [message] = stack.api.all_of("/v1/messages")
    # It had a free slot and was claimed by the same commit, so nobody can know that no byte left.
    assert (message["status"], stack.sim.times_taken(TO), stack.api.quota()["used"]) == ("unknown", 0, 1)
    assert replay(stack) == (message["id"], True)


def test_a_queued_message_is_sent_after_a_crash_that_followed_its_acceptance(make_stack):
    stack = make_stack()
    stack.server.settings["SENDER_MESSAGES_PER_SECOND"] = 1
    die_at(stack, "commit.after.accept:2")
    first = stack.api.accept(text_to("+919876570002"))  # takes the second's only slot
    with pytest.raises(CONNECTION_FAULTS):
        stack.api.send(text_to(TO), idempotency_key=KEY)
    wait_for_death(stack)
    stack.start_server()
    message_id, was_there = replay(stack)
    stack.api.wait_for_status(message_id, "read")
    assert (was_there, stack.sim.times_taken(TO)) == (True, 1)
    assert first["id"] != message_id


@pytest.mark.parametrize("moment, status", [("before", "sent"), ("after", "unknown")])
def test_killed_around_a_claim_what_was_claimed_is_unknown_and_what_was_not_is_sent(make_stack, moment, status):
    stack = make_stack(simulator={"no-statuses": True})
    stack.stop_simulator()
    ids = [stack.api.accept(text_to(TO))["id"]]
    stack.server.kill()
    stack.start_simulator()
    stack.start_server()  # an open attempt, if there was one, is settled here
    wait_until(lambda: stack.api.metric("connect_outbox_queued") == 0, "the first one is through")
    stack.server.settings["SENDER_MESSAGES_PER_SECOND"] = 2
    die_at(stack, f"commit.{moment}.claim")
    try:
        for number in range(4):
            ids.append(stack.api.accept(text_to(f"+91987657100{number}"))["id"])
    except CONNECTION_FAULTS:
        pass
    wait_for_death(stack)
    stack.server.settings["SENDER_MESSAGES_PER_SECOND"] = 0
    stack.start_server()
    wait_until(stack.is_idle, "all are sent")
    ends = [stack.api.message(message_id)["status"] for message_id in ids[1:]]
    taken = [each["biz_opaque_callback_data"] for each in stack.sim.taken()]
    assert status in ends and set(ends) <= {"sent", "unknown"}
    assert moment == "after" or "unknown" not in ends
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_settlement_the_message_ends_as_it_did_at_the_provider(make_stack, moment):
    stack = make_stack(simulator=SLOW_STATUSES)
    send_and_die(stack, f"commit.{moment}.settle")
    stack.start_server()
    message_id, was_there = replay(stack)
    message = stack.api.message(message_id)
    assert (was_there, message["status"]) == (True, "unknown" if moment == "before" else "sent")
    stack.api.wait_for_status(message_id, "read")
    assert stack.sim.times_taken(TO) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_a_status_the_provider_repeats_it_and_it_is_told_once(make_stack, moment):
    stack = make_stack()
    receiver = stack.receiver(["message.delivered", "message.read"])
    send_and_die(stack, f"commit.{moment}.status")
    stack.start_server()
    message_id, _ = replay(stack)
    receiver.wait_for_type("message.read", message_id)
    wait_until(stack.deliveries_done, "all deliveries are done")
    ids = {}
    for delivery in receiver.about(message_id):
        ids.setdefault(delivery.type, set()).add(delivery.id)
    assert all(len(each) == 1 for each in ids.values())
    assert stack.api.message(message_id)["status"] == "read"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_end_of_a_delivery_it_is_repeated_under_the_same_id_or_done(make_stack, moment):
    stack = make_stack()
    receiver = stack.receiver(["message.read"])
    send_and_die(stack, f"commit.{moment}.delivery")
    stack.start_server()
    wait_until(stack.deliveries_done, "it is done")
    [delivery] = stack.api.all_of("/v1/deliveries")
    assert delivery["status"] == "succeeded"
    assert len(receiver.all()) == (2 if moment == "before" else 1)
    assert {each.id for each in receiver.all()} == {delivery["event_id"]}


class HeldAnswers:
    """An endpoint that takes deliveries and answers none of them until it is released."""

    def __init__(self):
        self._released = threading.Event()

    def __call__(self, _delivery, _nth):
        self._released.wait(PATIENCE_SECONDS)
        return (204, {}, b"")

    def release(self):
        self._released.set()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_queue_of_an_endpoint_without_room_every_event_is_delivered(make_stack, moment):
    stack = make_stack(settings={"CONCURRENCY_PER_ENDPOINT": "1"})
    answers = HeldAnswers()
    receiver = stack.receiver(["message.read"], answers)
    die_at(stack, f"commit.{moment}.enqueue")
    for number in range(3):
        try:
            stack.api.send(text_to(f"{TO}{number}"))
        except CONNECTION_FAULTS:
            break
    wait_for_death(stack)
    answers.release()
    stack.start_server()
    wait_until(lambda: len(stack.api.all_of("/v1/messages")) == len(
        {each["id"] for each in stack.api.all_of("/v1/messages") if each["status"] == "read"}), "all are read")
    wait_until(stack.deliveries_done, "all deliveries are done")
    deliveries = stack.api.all_of("/v1/deliveries")
    assert len(deliveries) == len(stack.api.all_of("/v1/messages")) > 1
    assert {each["status"] for each in deliveries} == {"succeeded"}
    assert {each.id for each in receiver.all()} == {each["event_id"] for each in deliveries}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_recovery_of_open_deliveries_the_next_start_makes_them(make_stack, moment):
    stack = make_stack()
    answers = HeldAnswers()
    receiver = stack.receiver(["message.read"], answers)
    stack.api.accept(text_to(TO))
    receiver.wait_for_type("message.read")
    stack.server.kill()
    answers.release()
    stack.server.begin(f"commit.{moment}.recover_begun_deliveries")
    wait_for_death(stack)
    stack.start_server()
    wait_until(stack.deliveries_done, "it is done")
    [delivery] = stack.api.all_of("/v1/deliveries")
    assert delivery["status"] == "succeeded"
    assert [each.id for each in receiver.all()] == [delivery["event_id"]] * 2


@pytest.mark.parametrize("kind", ["recover_begun", "recover"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_recovery_the_next_start_ends_it(make_stack, moment, kind):
    stack = make_stack()
    stack.sim.fault({"latency_ms": 5000}, times=1)
    sent = stack.api.accept(text_to(TO))
    wait_until(lambda: stack.sim.stats()["requests"], "the provider has it")
    stack.server.kill()
    stack.server.begin(f"commit.{moment}.{kind}")
    wait_for_death(stack)
    stack.start_server()
    assert stack.api.wait_for_status(sent["id"], "unknown", "sent", "delivered", "read")
    assert stack.sim.times_taken(TO) == 1
    assert stack.api.get("/v1/usage").json()["data"][0]["unknown"] == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_a_new_endpoint_its_key_tells_whether_it_is_there(make_stack, moment):
    stack = make_stack()
    die_at(stack, f"commit.{moment}.endpoint")
    call = {"target": "/v1/webhook_endpoints", "body": {"url": "http://127.0.0.1:9/"},
            "headers": {"Idempotency-Key": KEY}}
    with pytest.raises(CONNECTION_FAULTS):
        stack.api.post(**call)
    wait_for_death(stack)
    stack.start_server()
    answer = stack.api.post(**call)
    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true" if moment == "after" else None)
    assert len(stack.api.all_of("/v1/webhook_endpoints")) == 1


def test_failpoints_are_refused_outside_the_sandbox(tmp_path):
    server = Connectd(tmp_path, {})
    server.spawn([CONNECTD, "--data-dir", str(server.data), "--failpoint", "commit.before"])
    assert server.wait_for_end() == 2
    assert "failpoint" in server.log_text()
