"""Single sign-on, against a certified OpenID provider that the test starts, and a faulty one beside it."""

import sqlite3
import time

import pytest

from _support.api import Api
from _support.contract import contract
from _support.database import on_postgres
from _support.dns import DnsServer
from _support.identity_providers import IdentityProviders, UserAgent, parameter
from _support.people import OTHER_PASSWORD, PASSWORD, Browser, Mails, owner_of, sign_up, told
from _support.second_factor import enable
from _support.stack import Stack
from _support.waiting import wait_until

SESSION, ATTEMPT = "__Host-connect_session", "__Host-connect_sso"
DOMAIN = "acme.example"
TENANT, FOREIGN_TENANT = "0a1b2c3d-0000-4000-8000-00000000000a", "0a1b2c3d-0000-4000-8000-00000000000b"


@pytest.fixture(scope="module")
def idp():
    providers = IdentityProviders()
    yield providers
    providers.close()


@pytest.fixture(scope="module")
def dns():
    server = DnsServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, idp, dns):
    settings = {"SSO_DNS_SERVER": dns.place, "SSO_GOOGLE_CLIENT_ID": "everybody", "SSO_GOOGLE_CLIENT_SECRET": "s",
                "DEBUG_GOOGLE_ISSUER": idp.faulty, "SSO_MICROSOFT_CLIENT_ID": "everybody", "SSO_MICROSOFT_CLIENT_SECRET": "s",
                "TERMS_VERSION": "2026-11", "SSO_MICROSOFT_TENANTS": TENANT, "DEBUG_MICROSOFT_ISSUER": idp.faulty + "/tenants/{tenantid}/v2.0"}
    stack = Stack(tmp_path_factory.mktemp("sso"), settings)
    # Cookies of a browser are for a host that it knows by this name.
    stack.server.settings["PUBLIC_URL"] = stack.server.base_url
    stack.start()
    yield stack.server
    stack.close()


@pytest.fixture(scope="module")
def owner(server):
    return owner_of(server)


def add_provider(owner, home, issuer, register=None, **more):
    """A provider of the owner's workspace; `register` makes the client that it is at the issuer."""
    body = {"name": "Acme", "issuer": issuer, "client_id": "client-1", "client_secret": "secret-1", **more}
    answer = owner.post("/v1/sso/providers", body)
    assert answer.status == 201, answer
    provider = answer.json()
    assert "client_secret" not in provider and "secret-1" not in answer.body.decode()
    if register:
        client_id, secret = register(f"{home}/v1/sso/callback/{provider['id']}")
        change = {"client_id": client_id, "client_secret": secret}
        assert owner.patch(f"/v1/sso/providers/{provider['id']}", change).status == 200
    return provider["id"]


@pytest.fixture(scope="module")
def provider(server, owner, idp, dns):
    """Of the sandbox's workspace, at the certified provider. The workspace has proven its domain."""
    made = add_provider(owner, server.base_url, idp.issuer, idp.register)
    dns.prove(owner, DOMAIN)
    return made


@pytest.fixture(scope="module")
def faulty(server, owner, idp, provider):
    """The same at the one that says what it is told."""
    return add_provider(owner, server.base_url, idp.faulty)


def begin(browser, **body):
    answer = browser.post("/v1/sso/sign_ins", {"return_to": "/messages", **body})
    assert answer.status == 201, answer
    return answer.json()["authorization_url"]


def come(server, browser, **body):
    """All the way; what the callback answers."""
    back = UserAgent().authorize(begin(browser, **body), server.base_url)
    return browser.get(back)


def begin_link(browser, provider, **more):
    """To the account of who has signed in: where the browser is sent."""
    answer = browser.post("/v1/sso/identities", {"provider_id": provider, "password": PASSWORD, **more})
    assert answer.status == 201, answer
    return answer.json()["authorization_url"]


def link(server, browser, provider, **more):
    """All the way; what the callback answers."""
    return browser.get(UserAgent().authorize(begin_link(browser, provider, **more), server.base_url))


def word(answer):
    problem = answer.json()
    return problem.get("provider", {}).get("reason") or problem["code"]


# --- who comes in ---

def test_an_unknown_one_with_the_workspaces_address_is_a_member_at_once(server, owner, idp, provider):
    idp.account("ada", email=f"ada@{DOMAIN}", email_verified=True, name="Ada")
    browser = Browser(server.base_url)
    answer = come(server, browser, email=f"ada@{DOMAIN}")
    assert (answer.status, answer.headers["Location"]) == (303, "/messages")
    assert ATTEMPT not in browser.cookies
    user = browser.get("/v1/user").json()
    assert (user["email"], user["name"], user["email_verified"]) == (f"ada@{DOMAIN}", "Ada", True)
    assert [each["role"] for each in browser.get("/v1/workspaces").json()["data"]] == ["viewer"]
    assert browser.get("/v1/members").status == 200
    assert browser.get("/v1/sessions").json()["data"][0]["provider_id"] == provider
    joined = owner.get(f"/v1/audit_events?target={user['id']}").json()["data"]
    assert [event["act"] for event in joined] == ["member.joined"]
    # The next time it is the same user, from a browser that is known by now: no mail about it.
    assert come(server, browser, provider_id=provider).status == 303
    assert browser.get("/v1/user").json()["id"] == user["id"]


def test_the_session_is_as_one_by_password(server, idp, provider):
    idp.account("grace", email=f"grace@{DOMAIN}", email_verified=True, name="Grace")
    browser = Browser(server.base_url)
    answer = come(server, browser, provider_id=provider)
    set_cookies = {each.split("=")[0]: each for each in answer.headers.get_all("Set-Cookie")}
    for name in (SESSION, "__Host-connect_device"):
        attributes = {part.strip() for part in set_cookies[name].split(";")[1:]}
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= attributes
    assert "Max-Age=0" in set_cookies[ATTEMPT]
    assert Mails(server).wait_for(f"grace@{DOMAIN}")  # a sign-in from a new browser
    assert browser.delete("/v1/sessions/current").status == 204
    assert browser.get("/v1/user").status == 401


def test_a_renamed_one_stays_who_he_is(server, idp, provider):
    idp.account("renamed", email=f"before@{DOMAIN}", email_verified=True)
    browser = Browser(server.base_url)
    assert come(server, browser, provider_id=provider).status == 303
    before = browser.get("/v1/user").json()["id"]
    idp.account("renamed", email=f"after@{DOMAIN}", email_verified=True)
    assert come(server, browser, provider_id=provider).status == 303
    assert browser.get("/v1/user").json()["id"] == before


@pytest.mark.parametrize("claims", [
    {"email": f"unverified@{DOMAIN}", "email_verified": False},
    {"email": "somebody@elsewhere.example", "email_verified": True},
    {"name": "Nobody"},
])
def test_who_the_provider_does_not_vouch_for_stays_out(server, idp, provider, claims):
    idp.account(f"out{len(str(claims))}", **claims)
    browser = Browser(server.base_url)
    answer = come(server, browser, provider_id=provider)
    assert (answer.status, word(answer)) == (403, "sso_not_admitted")
    assert SESSION not in browser.cookies


def test_an_account_with_the_same_address_is_not_taken_over(server, idp, provider):
    victim = sign_up(server, f"victim@{DOMAIN}")
    idp.account("attacker", email=f"victim@{DOMAIN}", email_verified=True)
    browser = Browser(server.base_url)
    answer = come(server, browser, provider_id=provider)
    assert (answer.status, word(answer)) == (409, "sso_link_required")
    assert SESSION not in browser.cookies
    assert victim.get("/v1/sso/identities").json()["data"] == []


def test_its_owner_links_it_and_unlinks_it(server, idp, provider):
    own = sign_up(server, f"linked@{DOMAIN}")
    idp.account("linked", email=f"linked@{DOMAIN}", email_verified=True)
    for password in ({}, {"password": "violet harbour seventeen"}):
        refused = own.post("/v1/sso/identities", {"provider_id": provider, **password})
        assert (refused.status, word(refused)) == (401, "invalid_credentials")
    answer = link(server, own, provider, return_to="/account")
    assert (answer.status, answer.headers["Location"]) == (303, "/account")
    [identity] = own.get("/v1/sso/identities").json()["data"]
    assert (identity["issuer"], identity["subject"]) == (idp.issuer, "linked")
    browser = Browser(server.base_url)
    assert come(server, browser, provider_id=provider).status == 303
    assert browser.get("/v1/user").json()["email"] == f"linked@{DOMAIN}"
    assert own.delete(f"/v1/sso/identities/{identity['id']}").status == 204
    assert browser.get("/v1/user").status == 401
    assert word(come(server, Browser(server.base_url), provider_id=provider)) == "sso_link_required"


def test_a_link_is_made_only_where_it_was_asked_for(server, idp, provider):
    own = sign_up(server, f"asked@{DOMAIN}")
    idp.account("asked", email=f"asked@{DOMAIN}", email_verified=True)
    back = UserAgent().authorize(begin_link(own, provider), server.base_url)
    other = Browser(server.base_url)
    other.cookies[ATTEMPT] = own.cookies[ATTEMPT]  # the attempt without the session
    assert word(other.get(back)) == "invalid_session"
    assert own.get("/v1/sso/identities").json()["data"] == []


def test_who_is_brought_by_a_provider_accepts_the_terms_before_his_first_change(server, idp, provider):
    idp.account("terms", email=f"terms@{DOMAIN}", email_verified=True)
    assert word(come(server, Browser(server.base_url), provider_id=provider, terms_version="1999-01")) == "terms_not_accepted"
    browser = Browser(server.base_url)
    assert come(server, browser, provider_id=provider).status == 303
    assert browser.get("/v1/quota").status == 200, "he may read"
    assert word(browser.make_key()) == "terms_not_accepted"
    assert browser.post("/v1/terms_acceptances", {"kind": "terms", "version": "2026-11"}).status == 201
    assert word(browser.make_key()) != "terms_not_accepted"


# --- where one is sent ---

def test_an_address_leads_to_its_workspace_whether_it_has_an_account_or_not(server, idp, provider):
    sign_up(server, f"known@{DOMAIN}")
    for address in (f"known@{DOMAIN}", f"unknown@{DOMAIN}"):
        assert begin(Browser(server.base_url), email=address).startswith(idp.issuer)
    sign_up(server, "known@private.example")
    answers = [Browser(server.base_url).post("/v1/sso/sign_ins", {"email": address})
               for address in ("known@private.example", "unknown@private.example")]
    assert [(answer.status, answer.json()["detail"]) for answer in answers] == \
        [(404, answers[0].json()["detail"])] * 2


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "/\\evil.example", "messages", "/a b"])
def test_the_browser_is_sent_to_no_other_server(server, provider, path):
    answer = Browser(server.base_url).post("/v1/sso/sign_ins", {"provider_id": provider, "return_to": path})
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/return_to"]


def test_a_browser_is_shown_a_page_when_it_fails(server, provider):
    answer = Browser(server.base_url).get(f"/v1/sso/callback/{provider}?code=a&state=b",
                                          headers={"Accept": "text/html,*/*"})
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?error=state_mismatch")


# --- what is not believed ---

def test_a_callback_is_good_once_and_a_code_too(server, idp, provider):
    idp.account("ada", email=f"ada@{DOMAIN}", email_verified=True, name="Ada")
    browser = Browser(server.base_url)
    agent = UserAgent()
    first = begin(browser, provider_id=provider)
    attempt = browser.cookies[ATTEMPT]
    back = agent.authorize(first, server.base_url)
    assert browser.get(back).status == 303
    browser.cookies[ATTEMPT] = attempt
    assert word(browser.get(back)) == "state_mismatch"
    # The code once more, with a sign-in that waits: now the provider itself says no.
    second = begin(browser, provider_id=provider)
    code = parameter(back, "code")
    target = f"/v1/sso/callback/{provider}?code={code}&state={parameter(second, 'state')}&iss={idp.issuer}"
    assert word(browser.get(target)) == "code_refused"


def test_an_answer_belongs_to_the_browser_that_began(server, idp, provider):
    idp.account("ada", email=f"ada@{DOMAIN}", email_verified=True, name="Ada")
    attacker, victim = Browser(server.base_url), Browser(server.base_url)
    back = UserAgent().authorize(begin(attacker, provider_id=provider), server.base_url)
    assert word(victim.get(back)) == "state_mismatch"  # no attempt at all
    begin(victim, provider_id=provider)
    assert word(victim.get(back)) == "state_mismatch"  # the state of another
    assert SESSION not in victim.cookies


def test_answers_of_two_providers_are_not_mixed_up(server, idp, provider, faulty):
    idp.account("ada", email=f"ada@{DOMAIN}", email_verified=True, name="Ada")
    browser = Browser(server.base_url)
    back = UserAgent().authorize(begin(browser, provider_id=provider), server.base_url)
    assert word(browser.get(back.replace(provider, faulty))) == "attempt_mismatch"
    browser = Browser(server.base_url)
    idp.break_tokens(iss=idp.issuer)
    back = UserAgent().authorize(begin(browser, provider_id=faulty), server.base_url)
    assert word(browser.get(back)) == "callback_issuer_mismatch"
    idp.break_tokens()


def test_who_says_no_at_the_provider_stays_out(server, idp, provider):
    idp.choose(None)
    assert word(come(server, Browser(server.base_url), provider_id=provider)) == "access_denied"


def test_keys_may_be_rotated(server, idp, provider):
    idp.account("ada", email=f"ada@{DOMAIN}", email_verified=True, name="Ada")
    assert come(server, Browser(server.base_url), provider_id=provider).status == 303
    idp.rotate_keys()
    assert come(server, Browser(server.base_url), provider_id=provider).status == 303


@pytest.mark.parametrize("faults, reason", [
    ({"claims": {"iss": "https://evil.example"}}, "id_token_issuer"),
    ({"claims": {"aud": "another"}}, "id_token_audience"),
    ({"claims": {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}}, "id_token_expired"),
    ({"claims": {"nonce": "of another sign-in"}}, "id_token_nonce"),
    ({"signer": "stranger"}, "id_token_signature"),
    ({"header": {"kid": "unknown"}}, "id_token_unknown_key"),
])
def test_what_a_token_must_not_say(server, idp, faulty, faults, reason):
    idp.account("faulty", email=f"faulty@{DOMAIN}", email_verified=True)
    idp.break_tokens(**faults)
    browser = Browser(server.base_url)
    answer = come(server, browser, provider_id=faulty)
    idp.break_tokens()
    assert (answer.status, word(answer)) == (502, reason)
    assert SESSION not in browser.cookies
    assert come(server, browser, provider_id=faulty).status == 303


# --- what a workspace's provider is the master of ---

def test_a_companys_provider_opens_no_other_door(server, owner, idp, provider):
    """Somebody who belongs to two workspaces and has linked the provider of one."""
    own = sign_up(server, f"two@{DOMAIN}")
    other = own.post("/v1/workspaces", {"name": "Another"}).json()["id"]
    idp.account("two", email=f"two@{DOMAIN}", email_verified=True)
    assert link(server, own, provider).status == 303
    browser = Browser(server.base_url)
    assert come(server, browser, provider_id=provider).status == 303
    assert browser.get("/v1/members").status == 200  # of its own workspace, whatever others there are
    assert [each["id"] for each in browser.get("/v1/workspaces").json()["data"]] == [server.sandbox["workspace_id"]]
    assert len(browser.get("/v1/sessions").json()["data"]) == 1
    browser.workspace = other
    assert word(browser.get("/v1/members")) == "session_not_for_workspace"
    refused = [browser.patch("/v1/user", {"name": "Taken"}),
               browser.post("/v1/user/password", {"old_password": PASSWORD, "password": PASSWORD + "!"}),
               browser.post("/v1/sso/identities", {"provider_id": "google"}),
               browser.post("/v1/workspaces", {"name": "Third"}),
               browser.get("/v1/sso/identities"), browser.get("/v1/user/audit_events")]
    assert [word(answer) for answer in refused] == ["session_not_for_workspace"] * len(refused)
    mine = own.get("/v1/sessions").json()["data"]
    assert browser.delete(f"/v1/sessions/{[each for each in mine if each['is_current']][0]['id']}").status == 404


def test_sessions_end_with_their_provider(server, owner, idp, provider):
    idp.account("ends", email=f"ends@{DOMAIN}", email_verified=True)
    for end in ("switched off", "removed"):
        made = add_provider(owner, server.base_url, idp.faulty)
        browser, stays = Browser(server.base_url), Browser(server.base_url)
        assert come(server, browser, provider_id=made).status == 303
        assert browser.get("/v1/user").status == 200
        idp.account("ada", email=f"ada@{DOMAIN}", email_verified=True, name="Ada")
        assert come(server, stays, provider_id=provider).status == 303
        if end == "removed":
            assert owner.delete(f"/v1/sso/providers/{made}").status == 204
        else:
            assert owner.patch(f"/v1/sso/providers/{made}", {"enabled": False}).json()["enabled"] is False
        assert word(browser.get("/v1/user")) == "invalid_session"
        assert stays.get("/v1/user").status == 200
        assert Browser(server.base_url).post("/v1/sso/sign_ins", {"provider_id": made}).status == 404
        idp.choose("ends")


def test_a_workspace_may_take_single_sign_on_only(server, idp):
    """Of its own, since it shuts its doors."""
    boss = sign_up(server, "boss@closed.example")
    workspace = boss.post("/v1/workspaces", {"name": "Closed"}).json()["id"]
    key = boss.make_key().json()["key"]
    made = add_provider(boss, server.base_url, idp.faulty)
    path = f"/v1/workspaces/{workspace}"
    assert word(boss.patch(path, {"sso_required": True})) == "conflict"  # he would be out at once
    idp.account("boss", email="boss@closed.example", email_verified=True)
    assert link(server, boss, made).status == 303
    signed_on = Browser(server.base_url)
    assert come(server, signed_on, provider_id=made).status == 303
    assert signed_on.patch(path, {"sso_required": True}).json()["sso_required"] is True
    assert word(boss.get("/v1/members")) == "sso_required"
    export = {"kind": "export", "subject": "recipient", "recipient": "+919876543210"}
    assert word(boss.post("/v1/data_requests", export)) == "sso_required"  # a door of its own
    assert boss.get("/v1/user").status == 200  # his account is his own
    assert signed_on.get("/v1/members").status == 200
    assert Api(server.base_url, key).get("/v1/quota").status == 200  # programs are not people
    assert signed_on.patch(path, {"sso_required": False}).status == 200
    assert boss.get("/v1/members").status == 200


# --- providers of everybody ---

def test_google_signs_up_and_in(server, idp):
    options = Browser(server.base_url).get("/v1/sso/sign_in_options").json()["data"]
    assert [option["id"] for option in options] == ["google", "microsoft"]
    idp.account("gmail", email="ada.lovelace@gmail.com", email_verified=True, name="Ada")
    browser = Browser(server.base_url)
    assert word(come(server, browser, provider_id="google")) == "sso_not_admitted"  # the terms
    assert come(server, browser, provider_id="google", terms_version="2026-11").status == 303
    assert browser.patch("/v1/user", {"name": "Ada L"}).status == 200  # the account is its own
    assert come(server, Browser(server.base_url), provider_id="google").status == 303
    idp.account("other", email="ada@other.example", email_verified=True)
    answer = come(server, Browser(server.base_url), provider_id="google", terms_version="2026-11")
    assert word(answer) == "sso_not_admitted"


def of_tenant(idp, subject, tenant, says=None, **claims):
    """Somebody of a tenant of Microsoft's signs in next; the token says that its issuer is of `says`."""
    idp.account(subject, iss=f"{idp.faulty}/tenants/{says or tenant}/v2.0", tid=tenant, **claims)


def test_microsofts_word_about_an_address_is_no_proof(server, idp):
    of_tenant(idp, "nobody", TENANT, email="ms-nobody@example.com", email_verified=True)
    answer = come(server, Browser(server.base_url), provider_id="microsoft", terms_version="2026-11")
    assert word(answer) == "sso_not_admitted"
    sign_up(server, "ms-known@example.com")
    of_tenant(idp, "known", TENANT, email="ms-known@example.com", email_verified=True)
    answer = come(server, Browser(server.base_url), provider_id="microsoft", terms_version="2026-11")
    assert word(answer) == "sso_not_admitted", "as if nobody had the address"


def test_microsofts_identity_is_linked_and_signs_in(server, idp):
    browser = sign_up(server, "ms-link@example.com")
    of_tenant(idp, "linked", TENANT, email="elsewhere@example.com")
    assert link(server, browser, "microsoft").status == 303
    linked = browser.get("/v1/sso/identities").json()["data"]
    assert [(each["provider_id"], each["issuer"]) for each in linked] == [
        ("microsoft", f"{idp.faulty}/tenants/{TENANT}/v2.0")]
    visitor = Browser(server.base_url)
    assert come(server, visitor, provider_id="microsoft").status == 303
    assert visitor.get("/v1/user").json()["email"] == "ms-link@example.com"


def test_a_tenant_that_may_not_sign_in_links_nothing_either(server, idp):
    browser = sign_up(server, "ms-foreign@example.com")
    of_tenant(idp, "foreign", FOREIGN_TENANT)
    assert word(link(server, browser, "microsoft")) == "sso_not_admitted"
    assert browser.get("/v1/sso/identities").json()["data"] == []
    of_tenant(idp, "foreign", TENANT, says=FOREIGN_TENANT)
    assert word(come(server, Browser(server.base_url), provider_id="microsoft")) == "id_token_issuer"


# --- everybody's provider, and a second factor ---

@pytest.fixture(scope="module")
def everybodys(tmp_path_factory, idp):
    """A server at which the certified provider is everybody's."""
    stack = Stack(tmp_path_factory.mktemp("everybodys"))
    home = stack.server.base_url
    client, secret = idp.register(f"{home}/v1/sso/callback/google", token_endpoint_auth_method="client_secret_post")
    stack.server.settings.update({"PUBLIC_URL": home, "SSO_GOOGLE_CLIENT_ID": client, "SSO_GOOGLE_CLIENT_SECRET": secret,
                                  "DEBUG_GOOGLE_ISSUER": idp.issuer})
    stack.start()
    yield stack.server
    stack.close()


def link_google(server, idp, browser, name):
    idp.account(name, email=f"{name}@gmail.com", email_verified=True)
    assert link(server, browser, "google").status == 303


def with_factor(server, idp, name):
    """Somebody who has a second factor, and Google linked: his authenticator and recovery codes."""
    browser = sign_up(server, f"{name}@private.example")
    link_google(server, idp, browser, name)
    return enable(browser)


def test_everybodys_provider_is_no_second_factor(everybodys, idp):
    server = everybodys
    authenticator, codes = with_factor(server, idp, "careful")
    browser = Browser(server.base_url)
    answer = come(server, browser, provider_id="google", return_to="/messages?open=1#top")
    assert (answer.status, answer.headers["Location"]) == (303, "/messages?open=1&second_factor=required#top")
    assert SESSION not in browser.cookies and browser.get("/v1/user").status == 401, "no half session"
    wrong = browser.post("/v1/sso/sign_ins/confirm", {"code": authenticator.wrong_code()})
    assert (wrong.status, word(wrong)) == (401, "invalid_second_factor")
    assert SESSION not in browser.cookies and ATTEMPT in browser.cookies
    waiting = dict(browser.cookies)
    answer = browser.post("/v1/sso/sign_ins/confirm", {"code": authenticator.code()})
    assert (answer.status, answer.json()["second_factor"], answer.json()["provider_id"]) == (201, True, "google")
    assert ATTEMPT not in browser.cookies
    assert browser.get("/v1/user").json()["email"] == "careful@private.example"
    replay = Browser(server.base_url)
    replay.cookies.update({ATTEMPT: waiting[ATTEMPT]})
    assert word(replay.post("/v1/sso/sign_ins/confirm", {"code": codes[0]})) == "invalid_session"
    assert come(server, browser, provider_id="google", return_to="/a").headers["Location"] == "/a?second_factor=required"
    assert browser.post("/v1/sso/sign_ins/confirm", {"code": codes[0]}).status == 201, "it was not used up"


def test_a_code_is_asked_for_in_the_browser_that_came(everybodys, idp):
    _, codes = with_factor(everybodys, idp, "elsewhere")
    browser, other = Browser(everybodys.base_url), Browser(everybodys.base_url)
    begun = begin(browser, provider_id="google")
    attempt = browser.cookies[ATTEMPT]
    assert browser.get(UserAgent().authorize(begun, everybodys.base_url)).status == 303
    assert word(other.post("/v1/sso/sign_ins/confirm", {"code": codes[0]})) == "invalid_session"
    other.cookies[ATTEMPT] = attempt  # who knew the attempt does not know what waits
    assert word(other.post("/v1/sso/sign_ins/confirm", {"code": codes[0]})) == "invalid_session"
    assert browser.post("/v1/sso/sign_ins/confirm", {"code": codes[0]}).status == 201


def test_guesses_behind_a_provider_are_stopped(everybodys, idp):
    authenticator, _ = with_factor(everybodys, idp, "guessed")
    browser = Browser(everybodys.base_url)
    assert come(everybodys, browser, provider_id="google").status == 303
    wrong = {"code": authenticator.wrong_code()}
    answers = [browser.post("/v1/sso/sign_ins/confirm", wrong) for _ in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    again = Browser(everybodys.base_url)
    assert come(everybodys, again, provider_id="google").status == 303
    assert again.post("/v1/sso/sign_ins/confirm", {"code": authenticator.code()}).status == 429
    told(everybodys, "guessed@private.example", "whom an identity provider vouches for sent too many wrong codes")


def test_a_reset_says_which_providers_stay(everybodys, idp):
    address = "reset@private.example"
    link_google(everybodys, idp, sign_up(everybodys, address), "reset")
    visitor = Browser(everybodys.base_url)
    visitor.post("/v1/password_resets", {"email": address})
    token = Mails(everybodys).token_for(address, "reset")
    answer = visitor.post("/v1/password_resets/confirm", {"token": token, "password": OTHER_PASSWORD})
    assert answer.json()["linked_providers"] == [{"provider_id": "google", "name": "Google"}]
    told(everybodys, address, "What is linked to the account still signs in to it: Google.")
    assert come(everybodys, Browser(everybodys.base_url), provider_id="google").status == 303


# --- domains and the record ---

def test_a_domain_is_proven_by_its_record_and_belongs_to_one(server, owner, dns, provider):
    other = sign_up(server, "other-owner@example.com")
    other.post("/v1/workspaces", {"name": "Other"})
    claimed = other.post("/v1/sso/domains", {"domain": DOMAIN.upper()}).json()
    assert (claimed["domain"], claimed["status"]) == (DOMAIN, "pending")
    assert word(other.post(f"/v1/sso/domains/{DOMAIN}/verify")) == "conflict"
    mine = owner.get(f"/v1/sso/domains/{DOMAIN}").json()
    assert mine["record"]["value"] != claimed["record"]["value"]
    dns.records[claimed["record"]["name"]] = [mine["record"]["value"], claimed["record"]["value"]]
    assert word(other.post(f"/v1/sso/domains/{DOMAIN}/verify")) == "conflict"
    assert other.delete(f"/v1/sso/domains/{DOMAIN}").status == 204
    assert other.get("/v1/sso/domains").json()["data"] == []
    assert [each["status"] for each in owner.get("/v1/sso/domains").json()["data"]] == ["verified"]
    public = other.post("/v1/sso/domains", {"domain": "gmail.com"})
    assert [fault["pointer"] for fault in public.json()["errors"]] == ["/domain"]


@pytest.mark.parametrize("body, pointer", [
    ({"issuer": "http://id.example.com"}, "/issuer"),
    ({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}, "/issuer"),
    ({"default_role": "owner"}, "/default_role"),
    ({"client_auth": "private_key_jwt"}, "/client_auth"),
    ({"client_secret": None}, "/client_secret"),
    ({"extra": 1}, "/extra"),
])
def test_faults_of_a_provider_are_named(owner, body, pointer):
    whole = {"name": "Acme", "issuer": "https://id.example.com", "client_id": "c", "client_secret": "s", **body}
    wanted = {name: value for name, value in whole.items() if value is not None}
    answer = owner.post("/v1/sso/providers", wanted)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_changes_are_on_the_workspaces_record(server, owner, idp, provider):
    assert owner.get(f"/v1/sso/providers/{provider}").json()["id"] == provider
    assert provider in [each["id"] for each in owner.get("/v1/sso/providers").json()["data"]]
    events = owner.get(f"/v1/audit_events?target={provider}").json()["data"]
    assert {"sso_provider.created", "sso_provider.changed"} <= {event["act"] for event in events}
    assert owner.get(f"/v1/audit_events?target={DOMAIN}&act=sso_domain.verified").json()["data"]


@pytest.mark.skipif(on_postgres(), reason="reads the file by SQLite's own shell")
def test_secrets_are_not_stored_in_clear(server, owner, idp, provider):
    with sqlite3.connect(server.data / "connect.db") as db:
        rows = db.execute("SELECT client_id, sealed_secret FROM sso_providers").fetchall()
    db.close()
    assert rows and all(sealed and b"secret-1" not in sealed for _, sealed in rows)


def test_every_operation_of_single_sign_on_has_succeeded_here():
    wanted = {(method, path) for method, path, operation in contract().operations() if "sso" in operation["tags"]}
    assert wanted - Browser.succeeded == set()


def test_a_domain_whose_record_is_gone_is_not_proven_any_more(make_stack, dns):
    """The looks before the last one are put into the database: they are days apart."""
    stack = make_stack(settings={"SSO_DNS_SERVER": dns.place})
    owner, domain = owner_of(stack.server), "lapse.example"
    address = owner.get("/v1/user").json()["email"]
    dns.prove(owner, domain)
    record = owner.get(f"/v1/sso/domains/{domain}").json()["record"]
    mails = len(Mails(stack.server).all_to(address))
    assert stack.server.terminate() == 0
    del dns.records[record["name"]]
    stack.server.database.sql("UPDATE sso_domains SET looked_at = 0, misses = 2", shared=True)
    stack.start_server()
    owner = owner_of(stack.server)
    wait_until(lambda: owner.get(f"/v1/sso/domains/{domain}").json()["status"] == "pending", "the domain is not proven")
    [event] = owner.get("/v1/audit_events?act=sso_domain.lapsed").json()["data"]
    assert (event["actor"]["type"], event["target"]) == ("system", domain)
    told(stack.server, address, domain, mails)
    dns.records[record["name"]] = [record["value"]]
    assert owner.post(f"/v1/sso/domains/{domain}/verify").json()["status"] == "verified"
