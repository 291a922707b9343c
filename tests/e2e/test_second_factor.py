"""The second factor and a change of address, as people meet them."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from _support.api import code
from _support.people import OTHER_PASSWORD, PASSWORD, Browser, Mails, sign_up, told
from _support.second_factor import begin, enable, sign_in

SESSION = "__Host-connect_session"


@pytest.fixture(scope="module")
def server(shared):
    return shared.server


# --- setting it up ---

def test_it_is_set_up_in_two_steps_and_renews_the_session(server):
    address = "setup@example.com"
    browser, other = sign_up(server, address), Browser(server.base_url)
    other.sign_in(address)
    before = browser.cookies[SESSION]
    assert browser.get("/v1/user/second_factor").json() == {
        "object": "second_factor", "enabled": False, "enabled_at": None, "recovery_codes_left": 0}
    authenticator = begin(browser)
    assert authenticator.label == f"FlowSell Connect:{address}"
    assert Browser(server.base_url).sign_in(address).status == 201, "nothing changes before it is confirmed"
    answer = browser.post("/v1/user/second_factor/confirm", {"code": authenticator.wrong_code()})
    assert (answer.status, code(answer)) == (401, "invalid_second_factor")
    assert browser.post("/v1/user/second_factor/confirm", {"code": authenticator.code()}).status == 200
    assert browser.cookies[SESSION] != before
    assert code(other.get("/v1/user")) == "invalid_session"
    fixed = Browser(server.base_url)
    fixed.cookies[SESSION] = before
    assert code(fixed.get("/v1/user")) == "invalid_session"
    state = browser.get("/v1/user/second_factor").json()
    assert (state["enabled"], state["recovery_codes_left"]) == (True, 10)
    assert [session["second_factor"] for session in browser.get("/v1/sessions").json()["data"]] == [True]
    told(server, address, "A second factor was set up")


def test_setting_it_up_needs_the_password_and_no_other_one(server):
    browser = sign_up(server, "needs@example.com")
    assert code(browser.post("/v1/user/second_factor", {"password": OTHER_PASSWORD})) == "invalid_credentials"
    assert code(browser.post("/v1/user/second_factor", {})) == "invalid_credentials"
    assert code(browser.post("/v1/user/second_factor/confirm", {"code": "000000"})) == "conflict"
    enable(browser)
    assert code(browser.post("/v1/user/second_factor", {"password": PASSWORD})) == "conflict"


# --- signing in ---

def test_a_code_is_asked_for_after_the_right_password_and_works_once(server):
    address = "once-code@example.com"
    authenticator, _ = enable(sign_up(server, address))
    browser = Browser(server.base_url)
    asked = browser.sign_in(address)
    assert (asked.status, code(asked)) == (401, "second_factor_required")
    assert asked.headers.get_all("Set-Cookie") is None
    assert code(browser.sign_in(address, OTHER_PASSWORD)) == "invalid_credentials"
    assert code(sign_in(browser, address, authenticator.code(), OTHER_PASSWORD)) == "invalid_credentials"
    confirmed = authenticator.last_code()
    answer = sign_in(browser, address, confirmed)
    assert (answer.status, answer.json()["second_factor"]) == (201, True)
    assert code(sign_in(Browser(server.base_url), address, confirmed)) == "invalid_second_factor"


def test_of_many_with_one_code_one_gets_in(server):
    address = "race@example.com"
    browser = sign_up(server, address)
    _, codes = enable(browser)

    def at_once(with_code, several=5):
        with ThreadPoolExecutor(several) as pool:
            return sorted(pool.map(lambda _: sign_in(Browser(server.base_url), address, with_code).status, range(several)))
    assert at_once(codes[0]) == [201] + [401] * 4


def test_a_recovery_code_works_once_and_is_told(server):
    address = "recovery@example.com"
    _, codes = enable(sign_up(server, address))
    browser = Browser(server.base_url)
    assert sign_in(browser, address, codes[0].upper().replace("-", " ")).status == 201
    assert code(sign_in(Browser(server.base_url), address, codes[0])) == "invalid_second_factor"
    assert browser.get("/v1/user/second_factor").json()["recovery_codes_left"] == 9
    told(server, address, "A recovery code was used; 9 of them are left")


def test_guesses_of_codes_are_stopped_and_neither_strangers_nor_guessers_lock_the_user_out(server):
    address = "code-guessed@example.com"
    browser = sign_up(server, address)
    authenticator, codes = enable(browser)
    without_password = Browser(server.base_url)
    for _ in range(6):
        assert code(sign_in(without_password, address, codes[0], OTHER_PASSWORD)) == "invalid_credentials"
    knows_password = Browser(server.base_url)
    wrong = authenticator.wrong_code()
    answers = [sign_in(knows_password, address, wrong) for _ in range(4)]
    assert [code(answer) for answer in answers] == ["invalid_second_factor"] * 4
    stopped = sign_in(knows_password, address, wrong)
    assert stopped.status == 429, "eleven attempts of the account from devices that it does not know"
    assert sign_in(browser, address, codes[1]).status == 201, "the user's own browser"


def test_five_wrong_codes_are_the_end_even_of_a_known_browser(server):
    address = "five@example.com"
    browser = sign_up(server, address)
    authenticator, codes = enable(browser)
    answers = [sign_in(browser, address, authenticator.wrong_code()) for _ in range(6)]
    assert [code(answer) for answer in answers] == ["invalid_second_factor"] * 5 + ["rate_limited"]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert code(sign_in(browser, address, codes[0])) == "rate_limited", "the right one too"
    told(server, address, "too many wrong codes")


def test_a_password_reset_leaves_it(server):
    address = "reset-factor@example.com"
    _, codes = enable(sign_up(server, address))
    browser = Browser(server.base_url)
    browser.post("/v1/password_resets", {"email": address})
    token = Mails(server).token_for(address, "reset")
    assert browser.post("/v1/password_resets/confirm", {"token": token, "password": OTHER_PASSWORD}).status == 200
    assert code(browser.sign_in(address, OTHER_PASSWORD)) == "second_factor_required"
    assert sign_in(browser, address, codes[0], OTHER_PASSWORD).status == 201


# --- doing without it ---

def test_disabling_needs_password_and_code_and_ends_other_sessions(server):
    address = "disable@example.com"
    browser = sign_up(server, address)
    authenticator, codes = enable(browser)
    other = Browser(server.base_url)
    sign_in(other, address, codes[0])

    def disable(password, with_code):
        return browser.post("/v1/user/second_factor/disable", {"password": password, "code": with_code})
    assert code(disable(OTHER_PASSWORD, codes[1])) == "invalid_credentials"
    assert code(disable(PASSWORD, authenticator.wrong_code())) == "invalid_second_factor"
    before = browser.cookies[SESSION]
    assert disable(PASSWORD, authenticator.code()).status == 204
    assert browser.cookies[SESSION] != before
    assert code(other.get("/v1/user")) == "invalid_session"
    assert [session["second_factor"] for session in browser.get("/v1/sessions").json()["data"]] == [False]
    assert Browser(server.base_url).sign_in(address).status == 201
    assert code(disable(PASSWORD, codes[1])) == "conflict"


def test_new_recovery_codes_void_the_old_ones(server):
    address = "renew@example.com"
    browser = sign_up(server, address)
    _, codes = enable(browser)
    proof = {"password": PASSWORD, "code": codes[0]}
    answer = browser.post("/v1/user/recovery_codes", proof)
    assert answer.status == 201
    fresh = answer.json()["recovery_codes"]
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    assert code(browser.post("/v1/user/recovery_codes", proof)) == "invalid_second_factor"
    assert code(sign_in(Browser(server.base_url), address, codes[1])) == "invalid_second_factor"
    assert sign_in(Browser(server.base_url), address, fresh[0]).status == 201


def test_nothing_stored_has_the_seed_or_the_codes_in_clear(make_stack):
    stack = make_stack()
    address = "stored@example.com"
    authenticator, codes = enable(sign_up(stack.server, address))
    assert sign_in(Browser(stack.server.base_url), address, codes[0]).status == 201
    assert stack.server.terminate() == 0
    files = [file for file in stack.folder.rglob("*") if file.is_file() and file.suffix != ".eml"]
    stored = stack.server.database.content() + b"".join(file.read_bytes() for file in files)
    assert address.encode() in stored
    in_base32 = base64.b32encode(authenticator.seed)
    for secret in (authenticator.seed, in_base32, *(each.encode() for each in codes)):
        assert secret not in stored


def test_it_is_there_after_a_restart(make_stack):
    stack = make_stack()
    _, codes = enable(sign_up(stack.server, "again@example.com"))
    stack.kill_and_restart()
    browser = Browser(stack.server.base_url)
    assert code(browser.sign_in("again@example.com")) == "second_factor_required"
    assert sign_in(browser, "again@example.com", codes[0]).status == 201


# --- another address ---

def test_an_address_is_changed_by_a_link_to_the_new_one(server):
    browser, other = sign_up(server, "old@example.com"), Browser(server.base_url)
    other.sign_in("old@example.com")
    mails = Mails(server)
    assert code(browser.post("/v1/user/email", {"email": "new@example.com", "password": OTHER_PASSWORD})) == "invalid_credentials"
    answer = browser.post("/v1/user/email", {"email": "new@example.com", "password": PASSWORD})
    assert (answer.status, answer.json()["status"]) == (202, "accepted")
    token = mails.token_for("new@example.com", "change-email")
    assert browser.get("/v1/user").json()["email"] == "old@example.com"
    told(server, "old@example.com", "Another email address was asked for")
    before = browser.cookies[SESSION]
    stranger = sign_up(server, "stranger-email@example.com")
    assert code(stranger.post("/v1/user/email/confirm", {"token": token})) == "invalid_token"
    assert browser.post("/v1/user/email/confirm", {"token": token}).status == 204
    assert browser.cookies[SESSION] != before
    assert browser.get("/v1/user").json()["email"] == "new@example.com"
    assert code(other.get("/v1/user")) == "invalid_session"
    assert code(browser.post("/v1/user/email/confirm", {"token": token})) == "invalid_token"
    assert code(other.sign_in("old@example.com")) == "invalid_credentials"
    assert other.sign_in("new@example.com").status == 201
    told(server, "old@example.com", "new@example.com")


def test_an_address_that_has_an_account_is_told_by_the_same_words(server):
    sign_up(server, "taken@example.com")
    browser = sign_up(server, "asks@example.com")
    taken = browser.post("/v1/user/email", {"email": "taken@example.com", "password": PASSWORD})
    free = browser.post("/v1/user/email", {"email": "free@example.com", "password": PASSWORD})
    assert (taken.status, taken.body) == (free.status, free.body) == (202, free.body)
    assert "#token=" not in told(server, "taken@example.com", "Somebody tried")
