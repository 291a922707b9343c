"""Senders are managed at the provider: what WhatsApp says of each, what is set there, what is refused, and who may do it."""

import pytest

from _support.api import code, text_to
from _support.graph import Graph
from _support.people import add_member, owner_of
from _support.signing import ACCOUNT_ID
from _support.waiting import wait_until

ANA = "+919812345678"
MISSING = "snd_01kb2v5m4q8x9r3t6w7y0z1a2c"


def target(stack, tail="", sender=None):
    return f"/v1/senders/{sender or stack.server.sandbox['sender_id']}{tail}"


def of_connection(stack, tail):
    return f"/v1/connections/{stack.server.sandbox['connection_id']}{tail}"


def sync(stack, **more):
    answer = stack.api.post(of_connection(stack, "/sync"), **more)
    assert answer.status == 200, answer
    return answer.json()


def new_number(stack, digits="1510000042"):
    """A number that the account got elsewhere: neither verified nor registered. Its sender's id."""
    made = Graph.of_simulator(stack).call("POST", f"{ACCOUNT_ID}/phone_numbers", {"cc": "49", "phone_number": digits, "verified_name": "Shop"})
    assert made.status == 200, made
    [sender] = sync(stack)["added"]
    return sender


def verified_number(stack):
    sender = new_number(stack)
    stack.api.post(target(stack, "/request_code", sender), {"method": "sms"})
    stack.api.post(target(stack, "/verify_code", sender), {"code": "123456"})
    return sender


# --- what WhatsApp says of a number ---

def test_a_sender_that_was_never_synced_says_so(stack):
    shown = stack.api.get(target(stack)).json()
    assert (shown["synced_at"], shown["status"], shown["quality"]) == (None, None, None)


def test_a_sync_reads_what_whatsapp_says_and_it_outlives_the_server(stack):
    [shown] = sync(stack)["senders"]
    assert (shown["status"], shown["quality"], shown["name"]) == ("connected", "green", "Simulated business")
    assert shown["throughput"] == {"level": "standard", "messages_per_second": 80}
    assert shown["messaging_limit"] == {"tier": "tier_unlimited", "people_per_day": None}
    stack.kill_and_restart()
    assert stack.api.get(target(stack)).json() == shown
    assert stack.api.get("/v1/senders").json()["data"] == [shown]


def test_a_number_that_is_new_becomes_a_sender_and_can_send(stack):
    sender = verified_number(stack)
    assert stack.api.post(target(stack, "/register", sender), {"pin": "123456"}).json()["status"] == "connected"
    sent = stack.api.accept(text_to(ANA, **{"from": sender}))
    stack.api.wait_for_status(sent["id"], "read")
    assert sync(stack)["added"] == [], "it is known now"


def test_a_number_that_is_gone_stays_as_a_sender_and_says_so(stack):
    sender = new_number(stack)
    number = stack.api.get(target(stack, sender=sender)).json()["phone_number_id"]
    stack.sim.call("POST", "phones", {"id": number, "set": {"_account": "1"}})
    assert sync(stack)["gone"] == [sender]
    assert stack.api.get(target(stack, sender=sender)).json()["status"] == "gone"


def test_a_webhook_changes_what_is_known(stack):
    sync(stack)
    stack.sim.call("POST", "phones", {"event": "THROUGHPUT_UPGRADE"})
    wait_until(lambda: stack.api.get(target(stack)).json()["throughput"]["level"] == "high", "the upgrade is known")
    stack.sim.call("POST", "webhook", {"field": "business_capability_update", "value": {
        "max_daily_conversations_per_business": 2000, "max_phone_numbers_per_business": 20}})
    wait_until(lambda: stack.api.get(target(stack)).json()["messaging_limit"]["people_per_day"] == 2000, "the limit is known")


def test_a_webhook_about_a_number_that_is_not_ours_changes_none_of_ours(stack):
    before = sync(stack)["senders"]
    receiver = stack.receiver(["sender.quality_updated"])
    stack.sim.call("POST", "webhook", {"field": "phone_number_quality_update", "value": {
        "display_phone_number": "15559998888", "event": "FLAGGED", "current_limit": "TIER_250"}})
    receiver.wait_for_type("sender.quality_updated")
    assert stack.api.get("/v1/senders").json()["data"] == before


def test_a_sync_is_made_once_for_a_key(stack):
    headers = {"Idempotency-Key": "k1"}
    sync(stack, headers=headers)
    again = stack.api.post(of_connection(stack, "/sync"), headers=headers)
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")


def test_a_sync_that_whatsapp_refuses_changes_nothing(make_stack):
    stack = make_stack(simulator={"access-token": "another"})
    before = stack.api.get("/v1/senders").json()["data"]
    answer = stack.api.post(of_connection(stack, "/sync"))
    assert (answer.status, code(answer), answer.json()["provider"]["code"]) == (502, "provider_rejected", 190)
    assert stack.api.get("/v1/senders").json()["data"] == before


def test_a_provider_that_is_away_is_told_as_that(stack):
    stack.stop_simulator()
    answer = stack.api.post(of_connection(stack, "/sync"))
    assert (answer.status, code(answer)) == (502, "provider_unreachable")


# --- registration ---

def test_from_a_new_number_to_a_registered_one(stack):
    sender = new_number(stack)
    api = stack.api
    early = api.post(target(stack, "/register", sender), {"pin": "123456"})
    assert (early.status, early.json()["provider"]["code"]) == (502, 133006)
    assert api.post(target(stack, "/request_code", sender), {"method": "voice", "language": "de"}).status == 200
    wrong = api.post(target(stack, "/verify_code", sender), {"code": "000-000"})
    assert (wrong.status, wrong.json()["provider"]["reason"]) == (502, "code_refused")
    assert api.post(target(stack, "/verify_code", sender), {"code": "123-456"}).json()["verification"] == "verified"
    registered = api.post(target(stack, "/register", sender), {"pin": "123456", "region": "IN"}).json()
    assert (registered["status"], registered["has_pin"]) == ("connected", True)
    assert api.post(target(stack, "/deregister", sender)).json()["status"] == "disconnected"


def test_a_wrong_pin_is_counted_and_each_wait_is_told(stack):
    sender = verified_number(stack)
    path = target(stack, "/register", sender)
    assert stack.api.post(path, {"pin": "123456"}).status == 200
    wrong = stack.api.post(path, {"pin": "111111"})
    assert wrong.json()["provider"]["reason"] == "pin_mismatch"
    fast = stack.api.post(path, {"pin": "111111"})
    assert fast.json()["provider"]["reason"] == "pin_tried_too_fast"
    assert (fast.headers["Retry-After"], "ten minutes" in fast.json()["fix"]) == ("600", True)
    assert "111111" not in stack.server.log_text()


def test_ten_registrations_are_the_most(stack):
    sender = verified_number(stack)
    answers = [stack.api.post(target(stack, "/register", sender), {"pin": "123456"}) for _ in range(11)]
    assert [each.status for each in answers] == [200] * 10 + [502]
    problem = answers[-1].json()
    assert problem["provider"]["reason"] == "registration_limited"
    assert (answers[-1].headers["Retry-After"], "72 hours" in problem["fix"]) == (str(72 * 3600), True)


def test_the_pin_is_changed_and_shown_nowhere(stack):
    answer = stack.api.request("PUT", target(stack, "/pin"), {"pin": "864213"})
    assert (answer.status, answer.json()["has_pin"]) == (200, True)
    stack.server.terminate()
    assert "864213" not in stack.server.log_text()
    assert all(b"864213" not in content for content in stack.server.files().values())


def test_a_registration_is_made_once_for_a_key(stack):
    sender = verified_number(stack)
    headers = {"Idempotency-Key": "k"}
    answers = [stack.api.post(target(stack, "/register", sender), {"pin": "123456"}, headers=headers) for _ in range(12)]
    assert [each.status for each in answers] == [200] * 12, "a replay asks nobody"


def test_a_display_name_is_reviewed(stack):
    sync(stack)
    stack.sim.call("POST", "templates", {"review_after_ms": 0})
    answer = stack.api.post(target(stack, "/display_name"), {"name": "reject Corner Shop"})
    assert answer.json()["display_name"]["requested"] == "reject Corner Shop"
    assert answer.json()["name"] == "Simulated business"


@pytest.mark.parametrize("tail, body, pointer", [
    ("/register", {"pin": "12345"}, "/pin"),
    ("/register", {"pin": 123456}, "/pin"),
    ("/register", {"pin": "123456", "region": "FR"}, "/region"),
    ("/register", {"pin": "123456", "more": 1}, "/more"),
    ("/request_code", {"method": "letter"}, "/method"),
    ("/verify_code", {"code": "12345a"}, "/code"),
    ("/display_name", {"name": ""}, "/name"),
    ("/blocked_users", {"users": []}, "/users"),
    ("/blocked_users", {"users": ["919876543210"]}, "/users/0"),
    ("/qr_codes", {"message": "x" * 141}, "/message"),
    ("/qr_codes", {"message": "x", "image": "gif"}, "/image"),
])
def test_what_is_wrong_is_told_before_whatsapp_is_asked(shared, tail, body, pointer):
    answer = shared.api.post(target(shared, tail), body)
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (400, pointer)


# --- what people see ---

def test_a_profile_is_changed_field_by_field(stack):
    path = target(stack, "/profile")
    changed = stack.api.request("PATCH", path, {"about": "Open 9 to 5", "websites": ["https://example.com"], "vertical": "retail"})
    assert changed.status == 200, changed
    stack.api.request("PATCH", path, {"email": "hello@example.com"})
    shown = stack.api.get(path).json()
    assert (shown["about"], shown["email"], shown["vertical"]) == ("Open 9 to 5", "hello@example.com", "retail")
    assert shown["websites"] == ["https://example.com"]


def test_a_profiles_faults_are_told_all_at_once(shared):
    answer = shared.api.request("PATCH", target(shared, "/profile"), {
        "about": "x" * 140, "email": "shop", "vertical": "shop", "websites": ["https://a", "https://b", "c"]})
    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/about", "/email", "/vertical", "/websites", "/websites/2"]


def test_what_conversations_offer_is_replaced_as_a_whole(stack):
    path = target(stack, "/automation")
    assert stack.api.get(path).json() == {"object": "sender_automation", "welcome_message": False, "commands": [], "prompts": []}
    wanted = {"welcome_message": True, "commands": [{"name": "order", "description": "Order"}], "prompts": ["When are you open?"]}
    assert stack.api.request("PUT", path, wanted).status == 200
    assert stack.api.get(path).json() == {"object": "sender_automation", **wanted}
    stack.api.request("PUT", path, {"prompts": ["Where are you?"]})
    assert stack.api.get(path).json()["commands"] == []
    too_many = stack.api.request("PUT", path, {"prompts": ["a", "b", "c", "d", "e"]})
    assert too_many.json()["errors"][0]["pointer"] == "/prompts"


# --- people who are blocked ---

def test_each_person_is_blocked_or_told_why_not(stack):
    stack.sim.inbound(ANA)
    path = target(stack, "/blocked_users")
    wait_until(lambda: stack.api.get("/v1/messages").json()["data"], "the message came")
    results = stack.api.post(path, {"users": [ANA, "+14155550123"]}).json()["data"]
    assert [(each["asked"], each["status"]) for each in results] == [(ANA, "blocked"), ("+14155550123", "failed")]
    assert results[1]["error"]["code"] == "window_closed"
    assert [each["user"] for each in stack.api.get(path).json()["data"]] == [ANA]
    assert stack.api.request("DELETE", path, {"users": [ANA]}).json()["data"][0]["status"] == "unblocked"
    assert stack.api.get(path).json()["data"] == []


def test_who_is_blocked_is_listed_in_pages(stack):
    people = [f"+9198123400{i:02}" for i in range(5)]
    for person in people:
        stack.sim.inbound(person)
    path = target(stack, "/blocked_users")
    assert all(each["status"] == "blocked" for each in stack.api.post(path, {"users": people}).json()["data"])
    seen, query = [], "?limit=2"
    while query:
        page = stack.api.get(path + query).json()
        seen += [each["user"] for each in page["data"]]
        query = f"?limit=2&after={page['next']}" if page["has_more"] else None
    assert sorted(seen) == people


def test_whom_somebody_blocked_is_found_nowhere_here(stack):
    stack.sim.inbound("+919000012345")
    stack.api.post(target(stack, "/blocked_users"), {"users": ["+14155550999"]})
    stack.server.terminate()
    assert "14155550999" not in stack.server.log_text()
    assert all(b"14155550999" not in content for content in stack.server.files().values())


# --- QR codes ---

def test_a_qr_codes_life(stack):
    path = target(stack, "/qr_codes")
    made = stack.api.post(path, {"message": "Hello", "image": "png"})
    assert made.status == 201
    shown = made.json()
    assert shown["url"].endswith(shown["code"]) and shown["image_url"]
    one = f"{path}/{shown['code']}"
    assert made.headers["Location"] == one
    assert stack.api.get(one).json() == shown
    assert stack.api.request("PATCH", one, {"message": "Good day"}).json()["message"] == "Good day"
    assert [each["message"] for each in stack.api.get(path).json()["data"]] == ["Good day"]
    assert stack.api.request("DELETE", one).status == 204
    assert [stack.api.request(method, one, body).status for method, body in
            (("GET", None), ("PATCH", {"message": "x"}), ("DELETE", None))] == [404, 404, 404]


def test_a_qr_code_is_made_once_for_a_key(stack):
    path, headers = target(stack, "/qr_codes"), {"Idempotency-Key": "k"}
    made = [stack.api.post(path, {"message": "Hello"}, headers=headers) for _ in range(2)]
    assert made[0].json() == made[1].json()
    assert made[1].headers["Idempotent-Replayed"] == "true"
    assert len(stack.api.get(path).json()["data"]) == 1
    other = stack.api.post(path, {"message": "Other"}, headers=headers)
    assert code(other) == "idempotency_key_reused"


@pytest.mark.parametrize("tail", ["%2e%2e%2fx", "a%2Fb", "a?b", "x" * 65])
def test_what_can_be_no_code_is_not_found_and_reaches_nobody(shared, tail):
    assert shared.api.get(target(shared, f"/qr_codes/{tail}")).status == 404


# --- who may ---

CHANGES = [("POST", "/register", {"pin": "123456"}), ("PUT", "/pin", {"pin": "123456"}), ("GET", "/profile", None),
           ("PATCH", "/profile", {"about": "x"}), ("GET", "/blocked_users", None), ("DELETE", "/blocked_users", {"users": [ANA]}),
           ("GET", "/qr_codes", None), ("POST", "/qr_codes", {"message": "x"}), ("PUT", "/automation", {})]


@pytest.mark.parametrize("method, tail, body", [("GET", "", None), *CHANGES])
def test_a_sender_that_is_not_there_is_not_found(shared, method, tail, body):
    assert shared.api.request(method, target(shared, tail, MISSING), body).status == 404


def test_a_sender_of_another_workspace_is_not_there(make_stack):
    stack = make_stack(settings={"SANDBOX_WORKSPACES": 2}, simulator={"numbers": 2})
    mine, other = stack.server.sandbox["workspaces"]
    for method, tail, body in [("GET", "", None), *CHANGES]:
        answer = stack.api.request(method, target(stack, tail, other["sender_id"]), body, key=mine["api_key"])
        assert answer.status == 404, (method, tail)


def test_a_viewer_looks_and_changes_nothing(stack):
    viewer = add_member(stack.server, owner_of(stack.server), "viewer@example.com", "viewer")
    for method, tail, body in CHANGES:
        answer = viewer.request(method, target(stack, tail), body)
        assert (answer.status == 403) == (method != "GET"), (method, tail, answer)
    assert viewer.post(of_connection(stack, "/diagnose")).status == 403
    owner = owner_of(stack.server)
    assert owner.request("PUT", target(stack, "/pin"), {"pin": "123456"}).status == 200
