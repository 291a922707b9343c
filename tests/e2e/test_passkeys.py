"""Passkeys in a real browser, with a virtual authenticator: WebAuthn Level 3 as people and thieves meet it."""

import base64
import copy
import http.server
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from _support import second_factor
from _support.api import code
from _support.browser import RealBrowser, Refused, local_url
from _support.contract import contract
from _support.people import OTHER_PASSWORD, PASSWORD, Browser, Mails, sign_up, told
from _support.privacy import AT_ONCE, ask, delete, found_on_disk, link_token, wait_until_gone

SESSION, DEVICE, ATTEMPT = (f"__Host-connect_{name}" for name in ("session", "device", "passkey"))
BEGIN, OPTIONS, PASSKEYS = "/v1/passkey_sign_ins", "/v1/user/passkeys/options", "/v1/user/passkeys"


@pytest.fixture(scope="module")
def server(shared):
    return shared.server


@pytest.fixture(scope="module")
def chromium(shared):
    """One for the tests of this file; each begins without cookies and with an empty authenticator."""
    with RealBrowser(shared.server.base_url) as browser:
        yield browser


@pytest.fixture
def device(chromium):
    chromium.driver.delete_all_cookies()
    chromium.plug_in()
    chromium.open("/healthz")
    return chromium


def fault(answer):
    """Of what: the word of the fault of a refused registration."""
    return answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]


def acts_of(browser):
    return [event["act"] for event in browser.get("/v1/user/audit_events?limit=100").json()["data"]]


def add(person, device, name="phone"):
    """The passkey that the device has made for somebody who has signed in."""
    options = person.post(OPTIONS, {"password": PASSWORD})
    assert options.status == 201, options
    answer = person.post(PASSKEYS, {"name": name, "credential": device.make(options.json())})
    assert answer.status == 201, answer
    return answer.json()


def person_with_passkey(server, device, address):
    person = sign_up(server, address)
    return person, add(person, device)


def begin(server):
    """A browser without cookies that wants to sign in, and what it is to ask."""
    browser = Browser(server.base_url)
    options = browser.post(BEGIN)
    assert options.status == 201, options
    return browser, options.json()


def finish(browser, answer):
    return browser.post("/v1/sessions", {"passkey": answer})


def sign_in(server, device):
    browser, options = begin(server)
    return finish(browser, device.ask(options))


def is_refused(answer):
    return (answer.status, code(answer)) == (401, "invalid_passkey")


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "==")


def to_base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def with_another_end(text):
    """base64url of the same bytes but the last."""
    known = from_base64url(text)
    return to_base64url(known[:-1] + bytes([known[-1] ^ 1]))


@contextmanager
def another_site():
    """A page on another port of the same name: the browser takes it for another origin."""
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    try:
        yield local_url(f"http://127.0.0.1:{site.server_port}")
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


# --- the whole way, in the browser ---

def test_a_passkey_is_made_and_signs_in_a_fresh_browser(server, device):
    address = "whole@example.com"
    sign_up(server, address)
    status, _ = device.call("POST", "/v1/sessions", {"email": address, "password": PASSWORD})
    assert status == 201
    status, options = device.call("POST", OPTIONS, {"password": PASSWORD})
    assert (status, options["rp"]["id"], options["user"]["name"]) == (201, "localhost", address)
    status, passkey = device.call("POST", PASSKEYS, {"name": "My phone", "credential": device.make(options)})
    assert (status, passkey["object"], passkey["name"], passkey["last_used_at"]) == (201, "passkey", "My phone", None)
    told(server, address, "A passkey was added")

    [credential] = device.credentials()
    with RealBrowser(server.base_url) as fresh:
        fresh.give(credential)
        status, options = fresh.call("POST", BEGIN)
        assert (status, options["allowCredentials"]) == (201, []), "nobody has said who he is"
        assert ATTEMPT in fresh.cookies()
        status, session = fresh.call("POST", "/v1/sessions", {"passkey": fresh.ask(options)})
        assert (status, session["second_factor"], session["passkey_id"]) == (201, True, passkey["id"])
        assert fresh.cookies().keys() == {SESSION, DEVICE}
        status, user = fresh.call("GET", "/v1/user")
        assert (status, user["email"]) == (200, address)
        status, listed = fresh.call("GET", PASSKEYS)
        assert [(each["id"], each["last_used_at"] is not None) for each in listed["data"]] == [(passkey["id"], True)]
    told(server, address, "Somebody signed in")


def test_a_browser_makes_no_second_passkey_on_the_same_device(server, device):
    person, _ = person_with_passkey(server, device, "twice@example.com")
    options = person.post(OPTIONS, {"password": PASSWORD}).json()
    assert len(options["excludeCredentials"]) == 1
    with pytest.raises(Refused, match="InvalidStateError"):
        device.make(options)


def test_several_passkeys_are_kept_renamed_and_removed(server, device):
    person, first = person_with_passkey(server, device, "several@example.com")
    device.plug_in()
    second = add(person, device, "laptop")
    assert [each["name"] for each in person.get(PASSKEYS).json()["data"]] == ["phone", "laptop"]
    assert person.patch(f"{PASSKEYS}/{first['id']}", {"name": "old phone"}).json()["name"] == "old phone"
    other = sign_up(server, "several.other@example.com")
    assert other.get(PASSKEYS).json()["data"] == []
    assert code(other.patch(f"{PASSKEYS}/{second['id']}", {"name": "mine"})) == "not_found"
    assert code(other.delete(f"{PASSKEYS}/{second['id']}")) == "not_found"
    assert person.delete(f"{PASSKEYS}/{first['id']}").status == 204
    assert code(person.delete(f"{PASSKEYS}/{first['id']}")) == "not_found"
    assert [each["name"] for each in person.get(PASSKEYS).json()["data"]] == ["laptop"]
    told(server, "several@example.com", "A passkey was removed")
    names = acts_of(person)
    assert {"passkey.added", "passkey.renamed", "passkey.removed"} <= set(names)


# --- making one ---

def test_making_one_needs_the_password(server):
    person = sign_up(server, "proof@example.com")
    assert code(person.post(OPTIONS, {"password": OTHER_PASSWORD})) == "invalid_credentials"
    assert code(person.post(OPTIONS, {})) == "invalid_credentials"


def test_a_challenge_makes_one_passkey_in_its_own_session(server, device):
    address = "own-session@example.com"
    person = sign_up(server, address)
    elsewhere = Browser(server.base_url)
    elsewhere.sign_in(address)
    made = device.make(person.post(OPTIONS, {"password": PASSWORD}).json())
    body = {"name": "phone", "credential": made}
    assert fault(elsewhere.post(PASSKEYS, body)) == ("/credential", "wrong_challenge")
    assert person.post(PASSKEYS, body).status == 201
    assert fault(person.post(PASSKEYS, body)) == ("/credential", "wrong_challenge")


def test_a_passkey_made_on_another_sites_page_is_refused(server, device):
    person = sign_up(server, "made-elsewhere@example.com")
    options = person.post(OPTIONS, {"password": PASSWORD}).json()
    with another_site() as site:
        device.visit(site)
        made = device.make(options)
    assert fault(person.post(PASSKEYS, {"name": "phone", "credential": made})) == ("/credential", "wrong_origin")


def test_a_device_that_verifies_nobody_makes_none(server, device):
    person = sign_up(server, "no-pin@example.com")
    device.plug_in(has_user_verification=False, is_user_verified=False)
    options = person.post(OPTIONS, {"password": PASSWORD}).json()
    with pytest.raises(Refused, match="NotAllowedError"):
        device.make(options)
    lax = copy.deepcopy(options)
    lax["authenticatorSelection"]["userVerification"] = "discouraged"
    made = device.make(lax)
    assert fault(person.post(PASSKEYS, {"name": "phone", "credential": made})) == ("/credential", "user_not_verified")


def test_an_authenticator_that_is_attested_is_taken_without_a_look(server, device):
    person = sign_up(server, "attested@example.com")
    options = person.post(OPTIONS, {"password": PASSWORD}).json()
    made = device.make({**options, "attestation": "direct"})
    assert b"packed" in from_base64url(made["response"]["attestationObject"])
    assert person.post(PASSKEYS, {"name": "phone", "credential": made}).status == 201


def test_each_algorithm_that_is_asked_for_signs_in(server, device):
    person = sign_up(server, "algorithm@example.com")
    options = person.post(OPTIONS, {"password": PASSWORD}).json()
    asked = [each["alg"] for each in options["pubKeyCredParams"]]
    assert asked == [-7, -8, -257]
    for algorithm in asked:
        device.plug_in()
        options = person.post(OPTIONS, {"password": PASSWORD}).json()
        made = device.make({**options, "pubKeyCredParams": [{"type": "public-key", "alg": algorithm}]})
        assert made["response"]["publicKeyAlgorithm"] == algorithm
        assert person.post(PASSKEYS, {"name": f"algorithm {algorithm}", "credential": made}).status == 201
        assert sign_in(server, device).status == 201


def test_bodies_that_are_no_credential_are_refused_field_by_field(server):
    person = sign_up(server, "bodies@example.com", checked=False)
    answer = person.post(PASSKEYS, {"name": "phone", "credential": {"id": "*", "type": "password", "response": {}}})
    assert answer.status == 400
    assert {each["pointer"] for each in answer.json()["errors"]} == {
        "/credential/type", "/credential/id", "/credential/response/clientDataJSON", "/credential/response/attestationObject"}
    assert person.post("/v1/sessions", {"passkey": {}, "email": "bodies@example.com"}).status == 400
    assert person.post("/v1/sessions", {"passkey": "text"}).status == 400
    huge = {"id": "aaaa", "type": "public-key", "response": {"clientDataJSON": "aaaa", "attestationObject": "a" * 50001}}
    assert fault(person.post(PASSKEYS, {"name": "phone", "credential": huge}))[1] == "too_long"


# --- signing in ---

def test_a_replayed_answer_is_refused(server, device):
    person_with_passkey(server, device, "replay@example.com")
    browser, options = begin(server)
    answer = device.ask(options)
    attempt = browser.cookies[ATTEMPT]
    assert finish(browser, answer).status == 201
    browser.cookies[ATTEMPT] = attempt
    assert is_refused(finish(browser, answer))


def test_an_answer_to_anothers_challenge_is_refused(server, device):
    person_with_passkey(server, device, "foreign@example.com")
    _, options = begin(server)
    thief, _ = begin(server)
    answer = device.ask(options)
    assert is_refused(finish(thief, answer)), "the challenge was another browser's"
    assert is_refused(finish(Browser(server.base_url), answer)), "nor is it good without its cookie"
    made_up = {**options, "challenge": to_base64url(b"c" * 32)}
    assert is_refused(finish(thief, device.ask(made_up)))


def test_a_registrations_challenge_signs_nobody_in(server, device):
    person, _ = person_with_passkey(server, device, "crossed@example.com")
    challenge = person.post(OPTIONS, {"password": PASSWORD}).json()["challenge"]
    browser, options = begin(server)
    assert is_refused(finish(browser, device.ask({**options, "challenge": challenge})))


def test_an_answer_that_another_sites_page_asked_for_is_refused(server, device):
    person_with_passkey(server, device, "phished@example.com")
    browser, options = begin(server)
    with another_site() as site:
        device.visit(site)
        answer = device.ask(options)
    refused = finish(browser, answer)
    assert is_refused(refused)
    assert "another address" in refused.json()["detail"]
    told_origin = json.loads(from_base64url(answer["response"]["clientDataJSON"]))["origin"]
    assert told_origin == site, "the browser, not the page, says whose it is"


def test_an_answer_without_verification_is_refused(server, device):
    person_with_passkey(server, device, "unverified@example.com")
    [credential] = device.credentials()
    device.plug_in(has_user_verification=False, is_user_verified=False)
    device.give(credential)
    browser, options = begin(server)
    with pytest.raises(Refused, match="NotAllowedError"):
        device.ask(options)
    # A page of ours that somebody has changed: devices give without verification what is named to them.
    named = [{"type": "public-key", "id": credential.id.rstrip("="), "transports": ["internal"]}]
    answer = device.ask({**options, "userVerification": "discouraged", "allowCredentials": named})
    assert from_base64url(answer["response"]["authenticatorData"])[32] & 4 == 0
    refused = finish(browser, answer)
    assert is_refused(refused)
    assert "has not verified" in refused.json()["detail"]


def test_a_counter_that_goes_back_is_refused_and_told(server, device):
    address = "copied@example.com"
    person, _ = person_with_passkey(server, device, address)
    assert sign_in(server, device).status == 201
    [credential] = device.credentials()
    device.take_all()
    device.give(credential, sign_count=0)
    refused = sign_in(server, device)
    assert is_refused(refused)
    assert "counted backwards" in refused.json()["detail"]
    told(server, address, "it may be a copy")
    assert "passkey.counter_went_back" in acts_of(person)


def test_a_removed_passkey_signs_nobody_in_and_its_sessions_end(server, device):
    person, passkey = person_with_passkey(server, device, "removed@example.com")
    browser, options = begin(server)
    assert finish(browser, device.ask(options)).status == 201
    assert person.delete(f"{PASSKEYS}/{passkey['id']}").status == 204
    assert code(browser.get("/v1/user")) == "invalid_session"
    assert is_refused(sign_in(server, device))
    assert person.get("/v1/user").status == 200, "sessions by password go on"


def test_changed_bytes_are_refused_and_tell_nothing(server, device):
    person, _ = person_with_passkey(server, device, "changed@example.com")
    details = set()
    for field in ("signature", "userHandle", "id"):
        browser, options = begin(server)
        answer = device.ask(options)
        held = answer if field == "id" else answer["response"]
        held[field] = with_another_end(held[field])
        refused = finish(browser, answer)
        assert is_refused(refused)
        details.add(refused.json()["detail"])
    assert len(details) == 1, "who tries learns not which passkeys there are"
    assert "user.sign_in_failed" in acts_of(person)


# --- beside passwords and codes ---

def test_no_code_is_asked_for_and_a_second_factor_that_ends_leaves_it(server, device):
    person, _ = person_with_passkey(server, device, "both@example.com")
    browser, options = begin(server)
    assert finish(browser, device.ask(options)).json()["second_factor"]
    _, codes = second_factor.enable(person)
    assert sign_in(server, device).status == 201, "no code is asked for"
    browser, options = begin(server)
    finish(browser, device.ask(options))
    proof = {"password": PASSWORD, "code": codes[0]}
    assert browser.post("/v1/user/second_factor/disable", proof).status == 204
    assert browser.get("/v1/sessions").json()["data"][0]["second_factor"], "the passkey has confirmed it all the same"


def test_an_operator_comes_in_with_a_passkey_alone(make_stack):
    stack = make_stack(settings={"OPERATORS_SECOND_FACTOR": "required"})
    operator = stack.server.sandbox["operator"]
    person = Browser(stack.server.base_url)
    assert person.sign_in(operator["email"], operator["password"]).status == 201
    assert code(person.get("/admin/v1/operators")) == "second_factor_required"
    with RealBrowser(stack.server.base_url) as device:
        options = person.post(OPTIONS, {"password": operator["password"]}).json()
        assert person.post(PASSKEYS, {"name": "key", "credential": device.make(options)}).status == 201
        browser, options = begin(stack.server)
        assert finish(browser, device.ask(options)).status == 201
    assert browser.get("/admin/v1/operators").status == 200


def test_a_password_reset_leaves_passkeys_and_says_so(server, device):
    address = "reset-passkey@example.com"
    person_with_passkey(server, device, address)
    browser = Browser(server.base_url)
    browser.post("/v1/password_resets", {"email": address})
    token = Mails(server).token_for(address, "reset")
    assert browser.post("/v1/password_resets/confirm", {"token": token, "password": OTHER_PASSWORD}).status == 200
    told(server, address, "A passkey can still sign in")
    assert sign_in(server, device).status == 201


def test_it_is_there_after_a_restart_and_challenges_too(make_stack):
    stack = make_stack()
    with RealBrowser(stack.server.base_url) as device:
        person_with_passkey(stack.server, device, "restart@example.com")
        browser, options = begin(stack.server)
        answer = device.ask(options)
        stack.kill_and_restart()
        browser.http.forget()
        assert finish(browser, answer).status == 201


def test_of_many_with_one_answer_one_gets_in(server, device):
    person_with_passkey(server, device, "many@example.com")
    browser, options = begin(server)
    answer, attempt = device.ask(options), browser.cookies[ATTEMPT]

    def at_once(_):
        each = Browser(server.base_url)
        each.cookies[ATTEMPT] = attempt
        return finish(each, answer).status
    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(at_once, range(5))) == [201] + [401] * 4


def test_an_export_shows_names_and_times_and_no_keys(server, device):
    person, passkey = person_with_passkey(server, device, "exported@example.com")
    asked = ask(person, "export", "account").json()
    lines = [json.loads(line) for line in person.get(asked["download"]).content().splitlines()]
    [row] = [line["data"] for line in lines if line["type"] == "passkeys"]
    assert (row["id"], row["name"]) == (passkey["id"], "phone")
    assert not {"public_key", "credential_id", "sign_count"} & set(row)


def test_a_deleted_accounts_passkey_is_nowhere_and_signs_nobody_in(make_stack):
    stack = make_stack(settings=AT_ONCE)
    server, address, name = stack.server, "gone@example.com", "Ashalata's violet phone"
    with RealBrowser(server.base_url) as device:
        person = sign_up(server, address)
        add(person, device, name)
        [credential] = device.credentials()
        marks = [name.encode(), from_base64url(credential.id)]
        assert found_on_disk(server, marks) == marks
        delete(person)
        wait_until_gone(server, link_token(server, address))
        assert is_refused(sign_in(server, device))
    assert server.terminate() == 0
    assert found_on_disk(server, marks) == []


def test_every_operation_of_passkeys_has_succeeded_here():
    wanted = {(method, path) for method, path, operation in contract().operations() if "passkeys" in operation["tags"]}
    assert wanted - Browser.succeeded == set()
