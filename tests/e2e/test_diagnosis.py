"""A connection is looked at from all sides: one thing is broken at a time, and found with its fix."""

import pytest

from _support.signing import ACCOUNT_ID
from _support.waiting import wait_until


@pytest.fixture
def sound(make_stack):
    """A stack in which nothing is wrong, and its connection's id."""
    stack = make_stack(settings={"WHATSAPP_VERIFY_TOKEN": "vt"})
    stack.sim.inbound()
    wait_until(lambda: stack.api.get("/v1/messages").json()["data"], "a webhook came")
    return stack, stack.server.sandbox["connection_id"]


def diagnose(sound):
    stack, connection = sound
    answer = stack.api.post(f"/v1/connections/{connection}/diagnose")
    assert answer.status == 200, answer
    return answer.json()


def finding(diagnosis, check):
    [found] = [each for each in diagnosis["checks"] if each["check"] == check]
    return found


def is_found(sound, check, status):
    found = finding(diagnose(sound), check)
    assert (found["status"], bool(found["fix"])) == (status, True), found
    return found


def test_of_a_sound_connection_all_pass(sound):
    diagnosis = diagnose(sound)
    assert [each for each in diagnosis["checks"] if each["status"] != "pass"] == []
    assert diagnosis["status"] == "pass"
    assert len(diagnosis["checks"]) == 15


def test_the_round_trip_reaches_our_own_door(sound):
    stack, _ = sound
    evidence = finding(diagnose(sound), "webhook_round_trip")["evidence"]
    assert stack.hook_url in evidence and "vt" not in evidence.replace(stack.hook_url, "")


def test_a_token_that_is_not_taken_is_found_and_hides_nothing(make_stack):
    stack = make_stack(settings={"WHATSAPP_VERIFY_TOKEN": "vt"}, simulator={"access-token": "another"})
    diagnosis = diagnose((stack, stack.server.sandbox["connection_id"]))
    assert finding(diagnosis, "token_valid")["status"] == "fail"
    assert finding(diagnosis, "webhook_round_trip")["status"] == "pass"
    assert {each["status"] for each in diagnosis["checks"] if each["check"].startswith("account_")} == {"skipped"}
    assert "sandbox-token" not in str(diagnosis)


def test_an_app_that_is_not_subscribed_is_found(sound):
    stack, _ = sound
    stack.sim.call("POST", "accounts", {"id": ACCOUNT_ID, "set": {"_subscribed_apps": {}}})
    is_found(sound, "app_subscribed", "fail")


@pytest.mark.parametrize("change, check, status", [
    ({"_registered": False, "status": "DISCONNECTED"}, "sender_registered", "fail"),
    ({"name_status": "DECLINED"}, "display_name", "fail"),
    ({"quality_rating": "RED"}, "quality", "fail"),
    ({"quality_rating": "YELLOW"}, "quality", "warn"),
    ({"code_verification_status": "NOT_VERIFIED"}, "sender_health", "fail"),
])
def test_what_is_wrong_with_a_number_is_found(sound, change, check, status):
    stack, _ = sound
    stack.sim.call("POST", "phones", {"set": change})
    assert is_found(sound, check, status)["sender_id"] == stack.server.sandbox["sender_id"]


@pytest.mark.parametrize("change, check, status", [
    ({"account_review_status": "REJECTED"}, "account_review", "fail"),
    ({"_no_payment_method": True}, "account_health", "fail"),
])
def test_what_is_wrong_with_an_account_is_found(sound, change, check, status):
    stack, _ = sound
    stack.sim.call("POST", "accounts", {"id": ACCOUNT_ID, "set": change})
    is_found(sound, check, status)


def test_payment_has_metas_own_advice(sound):
    stack, _ = sound
    stack.sim.call("POST", "accounts", {"id": ACCOUNT_ID, "set": {"_no_payment_method": True}})
    found = is_found(sound, "account_health", "fail")
    assert ("141006" in found["evidence"], found["fix"]) == (True, "Add a valid payment method.")


def test_a_small_limit_is_found(sound):
    stack, _ = sound
    stack.sim.call("POST", "businesses", {"tier": "TIER_250"})
    is_found(sound, "limits", "warn")


def test_webhooks_that_go_elsewhere_are_found_without_the_others_secret(sound):
    stack, _ = sound
    stack.sim.call("POST", "phones", {"set": {"_callbacks": {"670843887433847": {"url": "https://other.example/in?key=S3CRET"}}}})
    found = is_found(sound, "webhook_destination", "fail")
    assert "https://other.example" in found["evidence"] and "S3CRET" not in str(found)


def test_an_address_that_does_not_lead_here_is_found(make_stack):
    other = make_stack(settings={"WHATSAPP_VERIFY_TOKEN": "another"})
    stack = make_stack(start=False, settings={"WHATSAPP_VERIFY_TOKEN": "vt", "PUBLIC_URL": other.server.base_url})
    stack.start()
    found = is_found((stack, stack.server.sandbox["connection_id"]), "webhook_round_trip", "fail")
    assert "status 401" in found["evidence"]


def test_without_a_verify_token_the_round_trip_is_skipped(stack):
    is_found((stack, stack.server.sandbox["connection_id"]), "webhook_round_trip", "skipped")


def test_a_provider_that_is_away_leaves_what_needs_none_of_it(sound):
    stack, _ = sound
    stack.stop_simulator()
    diagnosis = diagnose(sound)
    by_status = {each["check"]: each["status"] for each in diagnosis["checks"]}
    assert by_status["webhook_round_trip"] == by_status["policies_accepted"] == by_status["webhook_recent"] == "pass"
    assert {by_status[check] for check in ("token_valid", "app_subscribed", "account_health", "quality", "sender_health")} == {"skipped"}


def test_a_connection_that_is_not_there_is_not_found(shared):
    assert shared.api.post("/v1/connections/con_01kb2v5m4q8x9r3t6w7y0z1a2c/diagnose").status == 404
    assert shared.api.post("/v1/connections/snd_01kb2v5m4q8x9r3t6w7y0z1a2c/diagnose").status == 400
