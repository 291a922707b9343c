"""Onboarding links over HTTP: who makes them, what a visitor's page may send, and what hostile callers get."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from _support.api import Api, code
from _support.contract import contract
from _support.onboarding import SESSIONS, Guest, make_link, opened, path_of, session_of, signed_up, started
from _support.people import WHY, Browser, operator_of, owner_of
from _support.processes import CONNECTD
from _support.signing import ACCOUNT_ID, post_signed_request, signed_request
from _support.waiting import wait_until

NOBODY = "onb_01kb2v5m4q8x9r3t6w7y0z1a2c"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    stack = started(tmp_path_factory.mktemp("onboarding"))
    yield stack
    stack.close()


@pytest.fixture
def made(stack):
    return make_link(stack.api)


def failure_of(answer):
    assert answer.status == 200, answer
    return (answer.json()["failure"] or {}).get("code")


def connect(guest, pin="135790"):
    answer = guest.say("steps", {"pin": pin} if pin else {})
    assert answer.status == 200, answer
    return answer.json()


# --- the workspace's side ---

def test_a_link_is_made_shown_once_and_listed(stack):
    made = make_link(stack.api, label="Ana's Bakery", expires_in_hours=1, return_url="https://app.example/done", coexistence=True)
    assert made["url"].startswith(f"http://localhost:{stack.server.port}/connect/")
    shown = session_of(stack.api, made)
    assert "url" not in shown and shown == {key: value for key, value in made.items() if key != "url"}
    assert (shown["state"], shown["way"], shown["mode"], shown["coexistence"]) == ("created", "embedded_signup", "test", True)
    assert stack.api.get(f"{SESSIONS}?limit=1").json()["data"] == [shown]


def test_a_replay_does_not_show_the_link_again(stack):
    headers = {"Idempotency-Key": "one-link"}
    first, second = (stack.api.post(SESSIONS, {}, headers=headers) for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json()["id"] == first.json()["id"] and "url" not in second.json() and "shown once" in second.json()["fix"]


def test_a_server_that_chose_its_port_names_it_in_links(tmp_path):
    where = tmp_path / "sandbox.json"
    process = subprocess.Popen([CONNECTD, "--sandbox", "--data-dir", str(tmp_path), "--listen", "127.0.0.1:0"],
                               env={**os.environ, "CONNECT_WHATSAPP_APP_SECRET": "an-app-secret"},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(where.exists, "the server tells where it is")
        sandbox = json.loads(where.read_text(encoding="utf-8"))
        made = make_link(Api(sandbox["base_url"], sandbox["api_key"]))
        assert made["url"].startswith(f"{sandbox['base_url']}/connect/") and ":0/" not in made["url"]
        server = SimpleNamespace(base_url=sandbox["base_url"])
        answer = post_signed_request(server, "data_deletion", signed_request("an-app-secret", user_id="1"))
        assert answer.json()["url"].startswith(f"{sandbox['base_url']}/hooks/"), answer
    finally:
        process.terminate()
        assert process.wait(30) == 0


@pytest.mark.parametrize("change, pointer", [
    ({"way": "post"}, "/way"),
    ({"expires_in_hours": 0}, "/expires_in_hours"),
    ({"expires_in_hours": 721}, "/expires_in_hours"),
    ({"return_url": "javascript:alert(1)"}, "/return_url"),
    ({"return_url": "http://app.example/done"}, "/return_url"),
    ({"return_url": "https://u:p@app.example/"}, "/return_url"),
    ({"return_url": "//app.example"}, "/return_url"),
    ({"label": "x" * 201}, "/label"),
    ({"label": "a\nb"}, "/label"),
    ({"coexistence": "yes"}, "/coexistence"),
    ({"mode": "live"}, "/mode"),
])
def test_a_wrong_link_is_refused(stack, change, pointer):
    answer = stack.api.post(SESSIONS, change)
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_a_link_is_of_its_mode_and_its_workspace(stack, made, make_stack):
    owner = owner_of(stack.server)
    assert owner.get(f"{SESSIONS}/{made['id']}").status == 200
    assert owner.get(f"{SESSIONS}/{made['id']}", headers={"Connect-Mode": "live"}).status == 404
    assert owner.request("DELETE", f"{SESSIONS}/{made['id']}", headers={"Connect-Mode": "live"}).status == 404
    other = make_stack(settings={"SANDBOX_WORKSPACES": 2})
    mine, theirs = other.server.sandbox["workspaces"]
    answer = other.api.post(SESSIONS, {}, key=theirs["api_key"])
    assert other.api.get(f"{SESSIONS}/{answer.json()['id']}", key=mine["api_key"]).status == 404


def test_a_mode_without_an_app_at_meta_has_no_links(stack):
    refused = owner_of(stack.server).post(SESSIONS, {}, headers={"Connect-Mode": "live"})
    assert (refused.status, code(refused)) == (409, "conflict") and "whatsapp.app_id" in refused.json()["detail"]


def test_a_link_that_was_taken_back_opens_nothing(stack, made):
    guest = opened(stack, made)
    assert stack.api.request("DELETE", f"{SESSIONS}/{made['id']}").status == 204
    page = guest.open()
    assert page.status == 410 and "taken back" in page.content().decode()
    message, meta_code = signed_up(stack)
    assert guest.say("code", {"code": meta_code}).json()["state"] == "revoked"
    assert guest.say("steps").json()["state"] == "revoked"
    assert session_of(stack.api, made)["connection_id"] is None


def test_a_link_whose_time_is_over_opens_nothing(stack, made):
    guest = opened(stack, made)
    stack.server.database.sql("UPDATE onboarding_sessions SET expires_at = 1 WHERE created_at = (SELECT MAX(created_at) FROM onboarding_sessions)")
    page = guest.open()
    assert page.status == 410 and "too old" in page.content().decode()
    assert guest.say("visit").json()["state"] == "expired"
    assert session_of(stack.api, made)["state"] == "expired"


@pytest.mark.parametrize("name", ["deauthorize", "data_deletion"])
def test_who_takes_the_consent_back_leaves_no_token_of_an_unfinished_sign_up(stack, made, name):
    guest = opened(stack, made)
    _, meta_code = signed_up(stack)
    assert guest.say("code", {"code": meta_code}).json()["state"] == "signed_up"
    [[user]] = stack.server.database.sql("SELECT grant_user FROM onboarding_sessions WHERE grant_user <> '' ORDER BY id DESC LIMIT 1")
    answer = post_signed_request(stack.server, name, signed_request(stack.app_secret, user_id=user))
    assert answer.status == 200, answer
    assert failure_of(guest.status()) == "token_refused"
    assert stack.server.database.sql("SELECT COUNT(*) FROM onboarding_sessions WHERE sealed_grant IS NOT NULL AND length(sealed_grant) > 0 "
                                     f"AND grant_user = '{user}'") == [["0"]]
    _, another = signed_up(stack)
    assert guest.say("code", {"code": another}).json()["state"] == "signed_up"


def test_an_operator_makes_one_for_a_workspace_and_says_why(stack):
    operator, workspace = operator_of(stack.server), stack.server.sandbox["workspace_id"]
    target = f"/admin/v1/workspaces/{workspace}/onboarding_sessions"
    silent = operator.post(target, {"mode": "test"})
    assert (silent.status, silent.json()["errors"][0]["pointer"]) == (400, "Connect-Reason")
    answer = operator.post(target, {"mode": "test", "label": "helped"}, headers=WHY)
    assert answer.status == 201, answer
    made = answer.json()
    seen = session_of(stack.api, made)
    assert seen["created_by"].startswith("usr_") and seen["label"] == "helped"
    record = next(each for each in stack.api.get("/v1/audit_events?limit=100").json()["data"]
                  if each["act"] == "onboarding_session.created" and each["target"] == made["id"])
    assert record["actor"]["type"] == "operator" and record["personal"]["reason"] == WHY["Connect-Reason"]
    assert operator.get("/admin/v1/audit_events?limit=5").json()["data"][0]["act"]
    assert owner_of(stack.server).post(target, {}, headers=WHY).status == 404
    missing = "/admin/v1/workspaces/ws_01kb2v5m4q8x9r3t6w7y0z1a2c/onboarding_sessions"
    assert operator.post(missing, {"mode": "test"}, headers=WHY).status == 404


# --- the visitor's side ---

def test_every_hosted_operation_succeeds_once(stack):
    """By this file's calls: the contract's tag of those that no key and no person calls."""
    made = make_link(stack.api)
    guest = opened(stack, made)
    message, meta_code = signed_up(stack)
    assert guest.say("visit").json()["state"] == "opened"
    assert guest.status().json()["state"] == "opened"
    assert guest.say("message", {"message": message}).status == 200
    assert guest.say("code", {"code": meta_code}).json()["state"] == "signed_up"
    assert guest.say("restart").json()["state"] == "opened"
    message, meta_code = signed_up(stack)
    guest.say("message", {"message": message})
    guest.say("code", {"code": meta_code})
    assert connect(guest)["state"] == "done"
    by_redirect = opened(stack, make_link(stack.api, way="oauth"))
    left = by_redirect.get(f"{by_redirect.path}/oauth")
    assert left.status == 303
    state = left.headers["Location"].split("state=")[1].split("&")[0]
    _, meta_code = signed_up(stack, redirect_uri=f"http://localhost:{stack.server.port}/connect/oauth/callback")
    back = by_redirect.get(f"/connect/oauth/callback?code={meta_code}&state={state}")
    assert (back.status, back.headers["Location"]) == (303, by_redirect.path)
    hosted = {(method, path) for method, path, operation in contract().operations() if "hosted" in operation["tags"]}
    assert hosted <= Browser.succeeded


def test_the_whole_way_is_told_and_on_record(stack):
    receiver = stack.receiver(["onboarding_session.updated"])
    made = make_link(stack.api)
    guest = opened(stack, made)
    guest.say("visit")
    message, meta_code = signed_up(stack)
    guest.say("code", {"code": meta_code})
    guest.say("message", {"message": message})
    waiting = connect(guest, pin=None)
    assert (waiting["state"], waiting["failure"]["next"]) == ("awaiting_pin", "pin")
    done = connect(guest)
    assert done["state"] == "done" and done["account"]["business_name"] == "Ana's Bakery" and len(done["account"]["numbers"]) == 1
    session = session_of(stack.api, made)
    assert session["connection_id"].startswith("con_") and session["ended_at"]

    def states():
        told = [each.event["data"]["onboarding_session"] for each in receiver.all()]
        return [each["state"] for each in told if each["id"] == made["id"]]
    wanted = ["created", "opened", "signed_up", "connecting", "awaiting_pin", "connecting", "done"]
    wait_until(lambda: states() == wanted, "every state is told, in order")
    acts = [each["act"] for each in stack.api.get("/v1/audit_events?limit=100").json()["data"] if each["target"] == made["id"]]
    assert acts == [f"onboarding_session.{name}" for name in ("completed", "window_finished", "signed_up", "opened", "created")]


def test_a_used_link_does_nothing_more(stack):
    guest = opened(stack, make_link(stack.api))
    message, meta_code = signed_up(stack)
    guest.say("code", {"code": meta_code})
    guest.say("message", {"message": message})
    assert connect(guest)["state"] == "done"
    _, another = signed_up(stack)
    for answer in (guest.say("code", {"code": another}), guest.say("steps"), guest.say("restart"),
                   guest.say("message", {"message": message})):
        assert answer.json()["state"] == "done"
    assert guest.open().status == 200


@pytest.mark.parametrize("scenario, failure", [("late_code", "code_expired"), ("no_waba_scope", "access_missing"),
                                               ("only_waba", "number_missing")])
def test_what_fails_ends_in_words_and_the_link_goes_on(stack, made, scenario, failure):
    guest = opened(stack, made)
    message, meta_code = signed_up(stack, scenario)
    guest.say("message", {"message": message})
    answer = guest.say("code", {"code": meta_code})
    if answer.json()["state"] == "signed_up":
        answer = guest.say("steps", {"pin": "135790"})
    assert failure_of(answer) == failure and answer.json()["failure"]["next"] == "sign_up"
    message, meta_code = signed_up(stack)
    guest.say("message", {"message": message})
    assert guest.say("code", {"code": meta_code}).json()["state"] == "signed_up"
    assert connect(guest)["state"] == "done"


def test_without_a_message_the_token_says_which_account(stack, made):
    guest = opened(stack, made)
    _, meta_code = signed_up(stack)
    assert guest.say("code", {"code": meta_code}).json()["state"] == "signed_up"
    assert connect(guest)["state"] == "done"


def test_a_message_that_lies_about_the_account_connects_nothing_else(stack, made):
    """The sandbox's own account is not what the customer has shared."""
    guest = opened(stack, made)
    message, meta_code = signed_up(stack)
    told = json.loads(message)
    told["data"]["waba_id"] = ACCOUNT_ID
    guest.say("message", {"message": json.dumps(told)})
    guest.say("code", {"code": meta_code})
    done = connect(guest)
    assert done["state"] == "done" and done["account"]["business_name"] == "Ana's Bakery"


@pytest.mark.parametrize("scenario, failure", [("cancel", "cancelled"), ("error", "signup_error")])
def test_a_window_that_ended_without_a_consent_is_said(stack, made, scenario, failure):
    guest = opened(stack, made)
    message, meta_code = signed_up(stack, scenario)
    assert meta_code is None
    answer = guest.say("message", {"message": message})
    assert failure_of(answer) == failure and answer.json()["failure"]["next"] == "sign_up"
    _, meta_code = signed_up(stack)
    assert guest.say("code", {"code": meta_code}).json()["state"] == "signed_up"


def account_in(message):
    return json.loads(message)["data"]["waba_id"]


def test_an_account_that_somebody_else_has_connected_is_not_connected_again(make_stack):
    stack = make_stack(settings={"SANDBOX_WORKSPACES": 2})
    mine, theirs = stack.server.sandbox["workspaces"]
    first = opened(stack, stack.api.post(SESSIONS, {}, key=mine["api_key"]).json())
    message, meta_code = signed_up(stack)
    first.say("message", {"message": message})
    first.say("code", {"code": meta_code})
    assert connect(first)["state"] == "done"
    second = opened(stack, stack.api.post(SESSIONS, {}, key=theirs["api_key"]).json())
    again = stack.sim.call("POST", "codes", {"accounts": [account_in(message)]})["code"]
    assert second.say("code", {"code": again}).json()["state"] == "signed_up"
    answer = second.say("steps")
    assert failure_of(answer) == "account_taken" and answer.json()["failure"]["next"] == "sign_up"
    assert answer.json()["account"] is None


def test_of_several_accounts_the_window_says_which(stack):
    accounts = [account_in(signed_up(stack)[0]) for _ in range(2)]
    guest = opened(stack, make_link(stack.api))
    guest.say("code", {"code": stack.sim.call("POST", "codes", {"accounts": accounts})["code"]})
    assert failure_of(guest.say("steps")) == "several_accounts"
    guest.say("code", {"code": stack.sim.call("POST", "codes", {"accounts": accounts})["code"]})
    told = {"type": "WA_EMBEDDED_SIGNUP", "event": "FINISH", "data": {"waba_id": accounts[1]}}
    guest.say("message", {"message": json.dumps(told)})
    assert connect(guest)["state"] == "done"


def test_an_app_that_meta_does_not_know_is_said(tmp_path):
    """The server's id of it is not the simulator's."""
    stack = started(tmp_path, settings={"WHATSAPP_APP_ID": "111111111111111"})
    try:
        guest = opened(stack, make_link(stack.api))
        _, meta_code = signed_up(stack)
        answer = guest.say("code", {"code": meta_code})
        assert failure_of(answer) == "setup_fault" and "did nothing wrong" in answer.json()["failure"]["detail"]
    finally:
        stack.close()


def test_a_consent_that_was_withdrawn_meanwhile_is_asked_for_again(stack, made):
    guest = opened(stack, made)
    message, meta_code = signed_up(stack)
    guest.say("message", {"message": message})
    guest.say("code", {"code": meta_code})
    stack.sim.call("POST", "clock", {"advance_seconds": 61 * 86_400})  # the token's life
    answer = guest.say("steps")
    assert failure_of(answer) == "token_refused" and answer.json()["failure"]["next"] == "sign_up"


# --- hostile calls ---

def test_a_link_that_is_wrong_leads_nowhere(stack, made):
    path = path_of(made)
    last = "a" if path[-1] != "a" else "b"
    for wrong in (path[:-1] + last, path[:-1], "/connect/x", "/connect/" + "0" * 69, path.upper().replace("/CONNECT/", "/connect/")):
        answer = Browser(stack.server.base_url).get(wrong)
        assert answer.status == 404 and "not valid" in answer.content().decode(), wrong


CALLS = [("visit", {}), ("code", {"code": "AQ1"}), ("message", {"message": "{}"}), ("steps", {}), ("restart", {})]


@pytest.mark.parametrize("name, body", CALLS, ids=[name for name, _ in CALLS])
def test_only_the_page_in_its_browser_may_send(stack, made, name, body):
    guest, other = opened(stack, made), opened(stack, make_link(stack.api))
    before = session_of(stack.api, made)
    for headers in ({"Connect-Page": None}, {"Connect-Page": "x"}, {"Connect-Page": other.token}, {"Cookie": None},
                    {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = guest.say(name, body, **headers)
        assert (answer.status, code(answer)) == (403, "cross_site_request"), headers
    assert session_of(stack.api, made) == before


def test_a_form_of_another_site_sends_nothing(stack, made):
    guest = opened(stack, made)
    answer = guest.say("code", b"code=AQ1", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status, code(answer)) == (415, "unsupported_media_type")


@pytest.mark.parametrize("name, body, pointer", [
    ("code", {}, "/code"), ("code", {"code": "x" * 2049}, "/code"), ("code", {"code": 1}, "/code"), ("code", {"code": "a", "more": 1}, "/more"),
    ("message", {"message": "hello"}, "/message"), ("message", {"message": "x" * 16385}, "/message"),
    ("steps", {"pin": "12345"}, "/pin"), ("steps", {"pin": "12345a"}, "/pin"), ("steps", {"pin": 123456}, "/pin"), ("visit", {"x": 1}, "/x"),
])
def test_what_is_wrong_is_refused(stack, made, name, body, pointer):
    answer = opened(stack, made).say(name, body)
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_there_are_no_steps_without_a_consent(stack, made):
    answer = opened(stack, made).say("steps")
    assert (answer.status, code(answer)) == (409, "conflict")


def test_a_code_of_somebody_else_is_worth_nothing_twice(stack):
    """A code that was used by one link, sent by another."""
    first, second = opened(stack, make_link(stack.api)), opened(stack, make_link(stack.api))
    _, meta_code = signed_up(stack)
    assert first.say("code", {"code": meta_code}).json()["state"] == "signed_up"
    assert failure_of(second.say("code", {"code": meta_code})) == "code_used"


def test_two_tabs_at_once_connect_once(stack, made):
    guest = opened(stack, made)
    codes = [signed_up(stack)[1] for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda meta_code: guest.say("code", {"code": meta_code}), codes))
        wait_until(lambda: not guest.status().json()["busy"], "the exchange ended")
        answers = list(pool.map(lambda _: guest.say("steps", {"pin": "135790"}), range(4)))
    assert {answer.status for answer in answers} == {200}
    wait_until(lambda: guest.status().json()["state"] == "done", "it is connected")
    acts = [each["act"] for each in stack.api.get("/v1/audit_events?limit=100").json()["data"] if each["target"] == made["id"]]
    assert acts.count("onboarding_session.completed") == acts.count("onboarding_session.signed_up") == 1


def test_a_redirect_is_good_once_in_the_browser_that_began(stack):
    callback = f"http://localhost:{stack.server.port}/connect/oauth/callback"
    guest = opened(stack, make_link(stack.api, way="oauth"))
    left = guest.get(f"{guest.path}/oauth").headers["Location"]
    assert left.startswith(f"{stack.sim.url}/v25.0/dialog/oauth?client_id=") and "redirect_uri=http%3A%2F%2Flocalhost" in left
    assert "secret" not in left and guest.path.split("/")[-1] not in left
    state = left.split("state=")[1].split("&")[0]
    _, meta_code = signed_up(stack, redirect_uri=callback)
    target = f"/connect/oauth/callback?code={meta_code}&state={state}"
    stranger = opened(stack, make_link(stack.api, way="oauth"))
    stranger.get(f"{stranger.path}/oauth")
    nobody = Browser(stack.server.base_url)
    for answer in (nobody.get(target), stranger.get(target), guest.get(target.replace(state, "x" * 43)),
                   guest.get(f"/connect/oauth/callback?code={meta_code}")):
        assert answer.status == 400 and "did not start" in answer.content().decode()
    assert guest.get(target).status == 303
    assert guest.status().json()["state"] == "signed_up"
    assert guest.get(target).status == 400


def test_a_redirect_that_was_declined_is_said(stack):
    guest = opened(stack, make_link(stack.api, way="oauth"))
    left = guest.get(f"{guest.path}/oauth").headers["Location"]
    state = left.split("state=")[1].split("&")[0]
    assert guest.get(f"/connect/oauth/callback?error=access_denied&error_reason=user_denied&state={state}").status == 303
    assert failure_of(guest.status()) == "denied"


def test_a_link_of_the_other_way_is_shown_its_page(stack, made):
    guest = opened(stack, made)
    assert guest.get(f"{guest.path}/oauth").headers["Location"] == guest.path


def test_a_provider_that_is_away_is_said_and_tried_again(tmp_path):
    stack = started(tmp_path)
    try:
        guest = opened(stack, make_link(stack.api))
        message, meta_code = signed_up(stack)
        guest.say("message", {"message": message})
        guest.say("code", {"code": meta_code})
        stack.stop_simulator()
        answer = guest.say("steps")
        assert failure_of(answer) == "provider_unreachable" and answer.json()["failure"]["next"] == "connect"
    finally:
        stack.close()


def test_networks_have_so_many_calls(make_stack):
    stack = make_stack(settings={"OPEN_REQUESTS_PER_MINUTE": 5})
    guest = Guest(stack.server.base_url, make_link(stack.api))
    answers = [guest.open().status for _ in range(12)]
    assert 429 in answers and answers[0] == 200


def test_the_page_keeps_to_itself(stack, made):
    page = opened(stack, made).open()
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store" and page.headers["X-Frame-Options"] == "DENY"
    text = page.content().decode()
    assert stack.app_secret not in text and "EAA" not in text
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "Secure" in cookie and "SameSite=Lax" in cookie


def test_no_token_is_kept_in_clear_or_logged(stack, made):
    guest = opened(stack, made)
    message, meta_code = signed_up(stack)
    guest.say("code", {"code": meta_code})
    guest.say("message", {"message": message})
    files = b"".join(stack.server.files().values())
    for secret in (meta_code, path_of(made).split("/")[-1], guest.token):
        assert secret.encode() not in files and secret not in stack.server.log_text()
    assert b"EAA" not in files
