"""The same key gives the same answer, and the provider sees one message: later, at the same time, after a crash."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from _support.api import text_to
from _support.waiting import wait_until


def test_a_replay_gives_the_first_answer_and_sends_nothing(shared):
    to = "+919876510001"
    first = shared.api.send(text_to(to), idempotency_key="replay")
    shared.api.wait_for_status(first.json()["id"], "read")
    second = shared.api.send(text_to(to), idempotency_key="replay")
    assert (second.status, second.headers["Idempotent-Replayed"]) == (202, "true")
    assert (second.json(), first.headers["Idempotent-Replayed"]) == (first.json(), None)
    assert shared.sim.times_taken(to) == 1


def test_another_body_under_the_same_key_is_refused(shared):
    shared.api.accept(text_to("+919876510002"), idempotency_key="body")
    answer = shared.api.send(text_to("+919876510002", "Another text."), idempotency_key="body")
    assert (answer.status, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_quoted_key_is_the_same_as_a_bare_one(shared):
    first = shared.api.accept(text_to("+919876510003"), idempotency_key="quoted")
    assert shared.api.accept(text_to("+919876510003"), idempotency_key='"quoted"')["id"] == first["id"]


@pytest.mark.parametrize("key, ok", [("x" * 255, True), ("x" * 256, False), ("k\u00e9y", False), ('""', False)])
def test_a_key_has_one_to_255_printable_characters(shared, key, ok):
    answer = shared.api.send(text_to("+919876510004"), idempotency_key=key)
    assert answer.status == (202 if ok else 400)
    assert ok or answer.json()["code"] == "invalid_idempotency_key"


def test_keys_of_different_paths_are_different_keys(shared):
    sent = shared.api.accept(text_to("+919876510005"), idempotency_key="paths")
    answer = shared.api.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "events": ["message.received"]},
                             headers={"Idempotency-Key": "paths"})
    assert (answer.status, sent["object"]) == (201, "message")


def test_a_refused_call_leaves_its_key_free(shared):
    assert shared.api.send(text_to("nobody"), idempotency_key="free").status == 400
    assert shared.api.send(text_to("+919876510006"), idempotency_key="free").status == 202


def test_calls_at_the_same_time_make_one_message(shared):
    to = "+919876510007"
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: shared.api.send(text_to(to), idempotency_key="together"), range(64)))
    assert {answer.status for answer in answers} <= {202, 409}
    [message_id] = {answer.json()["id"] for answer in answers if answer.status == 202}
    shared.api.wait_for_status(message_id, "read")
    assert shared.sim.times_taken(to) == 1


def test_a_replay_that_waits_gets_the_outcome(shared):
    first = shared.api.accept(text_to("+919876510008"), idempotency_key="wait")
    second = shared.api.send(text_to("+919876510008"), idempotency_key="wait", prefer="wait=5")
    assert (second.status, second.json()["id"]) == (200, first["id"])
    assert second.json()["provider_message_id"]


def test_a_replay_attaches_to_a_message_that_is_still_being_sent(make_stack):
    stack = make_stack(simulator={"no-statuses": True})
    stack.sim.fault({"latency_ms": 700}, times=1)
    first = stack.api.accept(text_to("+919876510009"), idempotency_key="live")
    second = stack.api.send(text_to("+919876510009"), idempotency_key="live", prefer="wait=5")
    assert (second.status, second.json()["id"], second.json()["status"]) == (200, first["id"], "sent")


def test_an_endpoints_secret_is_not_in_the_replay(shared):
    body = {"url": "http://127.0.0.1:9/", "events": ["message.received"]}
    headers = {"Idempotency-Key": "endpoint"}
    first = shared.api.post("/v1/webhook_endpoints", body, headers=headers).json()
    second = shared.api.post("/v1/webhook_endpoints", body, headers=headers)
    assert second.headers["Idempotent-Replayed"] == "true"
    replayed = second.json()
    assert "create another" in replayed.pop("fix")
    assert replayed == {name: value for name, value in first.items() if name != "secret"}


def test_a_replayed_change_changes_nothing(shared):
    endpoint = shared.api.add_endpoint("http://127.0.0.1:9/", ["message.received"])
    target = f"/v1/webhook_endpoints/{endpoint['id']}"
    for description, key in (("one", "change-1"), ("two", "change-2"), ("one", "change-1")):
        answer = shared.api.request("PATCH", target, body={"description": description},
                                    headers={"Idempotency-Key": key})
        assert answer.status == 200
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert shared.api.get(target).json()["description"] == "two"


def test_a_reading_mark_is_sent_once(make_stack):
    stack = make_stack()
    receiver = stack.receiver()
    stack.sim.inbound()
    received = receiver.wait_for_type("message.received").message["id"]
    for _ in range(3):
        answer = stack.api.post(f"/v1/messages/{received}/read", headers={"Idempotency-Key": "mark"})
        assert answer.status == 200
    assert (answer.headers["Idempotent-Replayed"], stack.sim.stats()["reads"]) == ("true", 1)


def test_a_replay_after_a_crash_gives_the_same_message(make_stack):
    stack = make_stack()
    to = "+919876510010"
    first = stack.api.accept(text_to(to), idempotency_key="crash")
    stack.api.wait_for_status(first["id"], "read")
    stack.kill_and_restart()
    second = stack.api.send(text_to(to), idempotency_key="crash")
    assert (second.status, second.headers["Idempotent-Replayed"], second.json()) == (202, "true", first)
    assert stack.sim.times_taken(to) == 1


# --- the quota ---

def test_exactly_the_quota_is_accepted_whoever_asks_at_the_same_time(make_stack):
    stack = make_stack(settings={"TEST_QUOTA": 50})
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: stack.api.send(text_to(f"+9198765{n:05}")), range(160)))
    accepted = [answer.json()["id"] for answer in answers if answer.status == 202]
    refused = [answer.json()["code"] for answer in answers if answer.status != 202]
    assert (len(accepted), len(refused), set(refused)) == (50, 110, {"quota_exhausted"})
    assert {answer.status for answer in answers} == {202, 402}
    quota = stack.api.quota()
    assert (quota["used"], quota["remaining"]) == (50, 0)
    wait_until(lambda: stack.sim.stats()["accepted"] == 50, "the provider has the 50")
    assert {message["id"] for message in stack.api.all_of("/v1/messages")} == set(accepted)


def test_a_key_that_the_quota_refused_is_free_when_there_is_room_again(make_stack):
    stack = make_stack(settings={"TEST_QUOTA": 1})
    first = stack.api.accept(text_to("+919876510011"), idempotency_key="first")
    assert stack.api.send(text_to("+919876510012"), idempotency_key="second").status == 402
    assert stack.api.accept(text_to("+919876510011"), idempotency_key="first")["id"] == first["id"]
    stack.server.terminate()
    # There is no call that buys more: a running period keeps the limit that it began with.
    stack.server.database.sql("UPDATE quotas SET quota_limit = 2")
    stack.start_server()
    assert stack.api.send(text_to("+919876510012"), idempotency_key="second").status == 202


def test_a_failed_message_counts_as_well(make_stack):
    stack = make_stack()
    assert stack.api.send(text_to("+1555131021"), prefer="wait=5").json()["status"] == "failed"
    assert stack.api.quota()["used"] == 1


def test_endpoints_made_at_once_under_one_key_are_one(shared):
    body = {"url": "http://127.0.0.1:1/", "events": ["message.failed"]}

    def create(number):
        return shared.api.post("/v1/webhook_endpoints", body, headers={"Idempotency-Key": f"endpoint-{number % 4}"})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(32)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 4
    assert sum("secret" in answer.json() for answer in answers) == 4


def test_no_more_than_fifty_endpoints_are_made_even_at_once(make_stack):
    api = make_stack().api
    body = {"url": "http://127.0.0.1:1/"}
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: api.post("/v1/webhook_endpoints", body).status, range(60)))
    assert (statuses.count(201), statuses.count(409)) == (50, 10)
    assert len(api.all_of("/v1/webhook_endpoints")) == 50
