"""Accounts, sessions, members and API keys, as people and programs meet them."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from _support import second_factor
from _support.api import Api, code, text_to
from _support.contract import contract
from _support.people import OTHER_PASSWORD, PASSWORD, Browser, Mails, add_member, operator_of, owner_of, sign_up, text_of
from _support.waiting import wait_until

SESSION = "__Host-connect_session"
POLICIES = "2026-11"  # the default of terms.provider_policies_version


@pytest.fixture(scope="module")
def server(shared):
    return shared.server


@pytest.fixture(scope="module")
def owner(server):
    return owner_of(server)


# --- accounts ---

def test_an_account_is_opened_by_mail_and_used(server):
    browser = sign_up(server, "asha@example.com")
    user = browser.get("/v1/user").json()
    assert (user["email"], user["name"], user["email_verified"]) == ("asha@example.com", "Asha", True)
    assert browser.patch("/v1/user", {"name": "Asha K"}).json()["name"] == "Asha K"
    acts = [event["act"] for event in browser.get("/v1/user/audit_events").json()["data"]]
    assert len(browser.get("/v1/user/audit_events/export").body.splitlines()) >= len(acts) >= 3
    assert browser.delete("/v1/sessions/current").status == 204
    assert SESSION not in browser.cookies
    assert code(browser.get("/v1/user")) == "invalid_session"


def test_the_cookie_is_bound_to_this_host_and_hidden_from_scripts(server):
    browser = sign_up(server, "cookie@example.com")
    answer = browser.sign_in("cookie@example.com")
    for cookie in answer.headers.get_all("Set-Cookie"):
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert cookie.startswith("__Host-")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= attributes
        assert not any(attribute.startswith("Domain") for attribute in attributes)


def test_answers_do_not_tell_whether_an_address_has_an_account(server):
    sign_up(server, "known@example.com")
    browser = Browser(server.base_url)
    known = [browser.sign_in("known@example.com", OTHER_PASSWORD),
             browser.post("/v1/password_resets", {"email": "known@example.com"}),
             browser.post("/v1/email_verifications", {"email": "known@example.com"}),
             browser.post("/v1/users", {"name": "X", "email": "known@example.com", "password": PASSWORD, "terms_version": "1"})]
    unknown = [browser.sign_in("unknown@example.com", OTHER_PASSWORD),
               browser.post("/v1/password_resets", {"email": "unknown@example.com"}),
               browser.post("/v1/email_verifications", {"email": "unknown@example.com"}),
               browser.post("/v1/users", {"name": "X", "email": "unknown@example.com", "password": PASSWORD,
                                          "terms_version": "1"})]

    def said(answer):
        return answer.status, re.sub(r"req_\w+", "", answer.body.decode())
    assert [said(answer) for answer in known] == [said(answer) for answer in unknown]


def test_a_password_is_reset_by_mail_once_and_ends_every_session(server):
    browser = sign_up(server, "reset@example.com")
    assert Browser(server.base_url).post("/v1/password_resets", {"email": "reset@example.com"}).status == 202
    token = Mails(server).token_for("reset@example.com", "reset")
    visitor = Browser(server.base_url)
    confirm = {"token": token, "password": OTHER_PASSWORD}
    reset = visitor.post("/v1/password_resets/confirm", confirm)
    assert (reset.status, reset.json()["linked_providers"]) == (200, [])
    assert code(visitor.post("/v1/password_resets/confirm", confirm)) == "invalid_token"
    assert code(browser.get("/v1/user")) == "invalid_session"
    assert visitor.sign_in("reset@example.com").status == 401
    assert visitor.sign_in("reset@example.com", OTHER_PASSWORD).status == 201


def test_a_token_is_used_once_even_by_many_at_once(server):
    browser = Browser(server.base_url)
    browser.post("/v1/users", {"name": "A", "email": "once@example.com", "password": PASSWORD, "terms_version": "1"})
    body = {"token": Mails(server).token_for("once@example.com", "verify"), "password": PASSWORD}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: browser.post("/v1/email_verifications/confirm", body).status, range(8)))
    assert sorted(answers) == [204] + [400] * 7


def test_a_changed_password_gives_a_new_cookie_and_ends_other_sessions(server):
    browser = sign_up(server, "change@example.com")
    other = Browser(server.base_url)
    other.sign_in("change@example.com")
    before = browser.cookies[SESSION]
    change = {"old_password": PASSWORD, "password": OTHER_PASSWORD}
    assert browser.post("/v1/user/password", change).status == 204
    assert browser.cookies[SESSION] != before
    assert browser.get("/v1/user").status == 200
    assert code(other.get("/v1/user")) == "invalid_session"
    fixed = Browser(server.base_url)
    fixed.cookies[SESSION] = before
    assert code(fixed.get("/v1/user")) == "invalid_session"


def test_guesses_are_stopped_and_the_users_own_browser_is_not(server):
    browser = sign_up(server, "guessed@example.com")
    stranger = Browser(server.base_url)
    answers = [stranger.sign_in("guessed@example.com", OTHER_PASSWORD) for _ in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert stranger.sign_in("guessed@example.com").status == 429
    assert browser.sign_in("guessed@example.com").status == 201


def test_who_has_set_a_new_password_gets_in_whatever_others_guess(server):
    sign_up(server, "kept-out@example.com")
    stranger, owner = Browser(server.base_url), Browser(server.base_url)
    for _ in range(11):
        stranger.sign_in("kept-out@example.com", OTHER_PASSWORD)
    assert owner.sign_in("kept-out@example.com").status == 429, "on a new device he waits, or sets a new password"
    owner.post("/v1/password_resets", {"email": "kept-out@example.com"})
    reset = {"token": Mails(server).token_for("kept-out@example.com", "reset"), "password": OTHER_PASSWORD}
    assert owner.post("/v1/password_resets/confirm", reset).status == 200
    for _ in range(11):
        stranger.sign_in("kept-out@example.com", "a guess that is wrong")
    assert stranger.sign_in("kept-out@example.com", OTHER_PASSWORD).status == 429
    assert owner.sign_in("kept-out@example.com", OTHER_PASSWORD).status == 201


def test_no_answer_is_kept_by_a_cache(server):
    browser = sign_up(server, "no-store@example.com")
    answers = [browser.get("/v1/user"), browser.get("/v1/sessions"), browser.get("/v1/nothing"),
               browser.sign_in("no-store@example.com", OTHER_PASSWORD), browser.sign_in("no-store@example.com")]
    assert [answer.headers.get_all("Cache-Control") for answer in answers] == [["no-store"]] * len(answers)
    [current] = [each for each in browser.get("/v1/sessions").json()["data"] if each["is_current"]]
    assert current["last_seen_address"] == current["address"] == "127.0.0.1"


@pytest.mark.parametrize("body, pointer", [
    ({"email": "no address"}, "/email"),
    ({"password": "short"}, "/password"),
    ({"password": "password1234"}, "/password"),
    ({"name": "<b>"}, "/name"),
    ({"extra": 1}, "/extra"),
])
def test_faults_of_a_sign_up_are_named(server, body, pointer):
    wanted = {"name": "A", "email": "faults@example.com", "password": PASSWORD, "terms_version": "1", **body}
    answer = Browser(server.base_url).post("/v1/users", wanted)
    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


# --- what a browser may be made to do ---

def test_what_another_site_sends_is_refused(server, owner):
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
                    {"Origin": "null"}):
        assert code(owner.make_key(headers=headers)) == "cross_site_request", headers
        sign_in = {"email": "a@example.com", "password": PASSWORD}
        assert code(Browser(server.base_url).post("/v1/sessions", sign_in, headers=headers)) == "cross_site_request"
    own = f"http://127.0.0.1:{server.port}"
    assert owner.make_key(headers={"Origin": own, "Sec-Fetch-Site": "same-origin"}).status == 201


def test_two_cookies_of_one_name_are_no_session(server, owner):
    tossed = Browser(server.base_url)
    cookie = f"{SESSION}={owner.cookies[SESSION]}; {SESSION}=tossed"
    assert code(tossed.get("/v1/user", headers={"Cookie": cookie})) == "invalid_session"
    assert code(tossed.get("/v1/api_keys", headers={"Cookie": cookie})) == "invalid_session"


def test_a_session_is_not_fixed_by_who_chose_its_cookie(server):
    browser = sign_up(server, "fixed@example.com")
    browser.cookies[SESSION] = "chosenbyastranger"
    browser.sign_in("fixed@example.com")
    assert browser.cookies[SESSION] != "chosenbyastranger"


def test_sessions_are_listed_and_ended_by_their_owner_only(server):
    one = sign_up(server, "list@example.com")
    two = Browser(server.base_url)
    two.sign_in("list@example.com")
    sessions = one.get("/v1/sessions").json()["data"]
    assert [session["is_current"] for session in sessions] == [False, True]
    stranger = sign_up(server, "stranger@example.com")
    assert stranger.delete(f"/v1/sessions/{sessions[0]['id']}").status == 404
    assert one.delete(f"/v1/sessions/{sessions[0]['id']}").status == 204
    assert code(two.get("/v1/user")) == "invalid_session"


# --- workspaces and members ---

def test_a_new_workspace_is_its_makers(server):
    browser = sign_up(server, "maker@example.com")
    assert code(browser.get("/v1/members")) == "workspace_required"
    workspace = browser.post("/v1/workspaces", {"name": "Acme"}).json()
    assert workspace["role"] == "owner"
    assert [member["email"] for member in browser.get("/v1/members").json()["data"]] == ["maker@example.com"]
    second = browser.post("/v1/workspaces", {"name": "Second"}).json()
    assert [each["name"] for each in browser.get("/v1/workspaces").json()["data"]] == ["Second", "Acme"]
    assert code(browser.get("/v1/members")) == "workspace_required"
    browser.workspace = second["id"]
    assert browser.get("/v1/members").status == 200


def test_an_invited_one_joins_with_his_role_and_is_out_at_once_when_removed(server, owner):
    member = add_member(server, owner, "invited@example.com", "developer")
    user = member.get("/v1/user").json()["id"]
    assert [each["role"] for each in member.get("/v1/workspaces").json()["data"]] == ["developer"]
    assert member.make_key().status == 201
    assert owner.patch(f"/v1/members/{user}", {"role": "viewer"}).json()["role"] == "viewer"
    assert code(member.make_key()) == "insufficient_scope"
    assert owner.delete(f"/v1/members/{user}").status == 204
    assert code(member.get("/v1/members")) == "workspace_required"
    member.workspace = server.sandbox["workspace_id"]
    assert member.get("/v1/members").status == 404


def test_an_invitation_is_for_its_address_only(server, owner):
    owner.post("/v1/invitations", {"email": "meant@example.com", "role": "admin"})
    token = Mails(server).token_for("meant@example.com", "invitation")
    other = sign_up(server, "notmeant@example.com")
    assert code(other.post("/v1/invitations/accept", {"token": token})) == "invalid_token"


def test_the_last_owner_stays(server):
    browser = sign_up(server, "last@example.com")
    browser.post("/v1/workspaces", {"name": "Alone"})
    assert code(browser.delete("/v1/members/me")) == "conflict"


# --- API keys ---

def test_a_key_works_until_it_is_revoked(server, owner, shared):
    made = owner.make_key()
    assert made.status == 201
    api = Api(server.base_url, made.json()["key"])
    assert api.send(text_to("+919876500001")).status == 202
    assert "key" not in owner.get(f"/v1/api_keys/{made.json()['id']}").json()
    assert owner.delete(f"/v1/api_keys/{made.json()['id']}").status == 204
    assert code(api.send(text_to("+919876500001"))) == "invalid_api_key"


def test_a_rotated_key_has_an_overlap(server, owner):
    old = owner.make_key().json()
    new = owner.post(f"/v1/api_keys/{old['id']}/rotate", {"overlap_seconds": 3600}).json()
    for key in (old, new):
        assert Api(server.base_url, key["key"]).get("/v1/quota").status == 200
    ended = owner.make_key().json()
    owner.post(f"/v1/api_keys/{ended['id']}/rotate", {"overlap_seconds": 0})
    assert code(Api(server.base_url, ended["key"]).get("/v1/quota")) == "invalid_api_key"


def test_rules_of_a_key_hold(server, owner):
    sender = Api(server.base_url, server.sandbox["api_key"]).get("/v1/senders").json()["data"][0]["id"]
    elsewhere = owner.make_key(allowed_addresses=["203.0.113.0/24"]).json()
    assert code(Api(server.base_url, elsewhere["key"]).get("/v1/quota")) == "address_not_allowed"
    here = owner.make_key(allowed_addresses=["127.0.0.0/8"], sender_ids=[sender]).json()
    assert Api(server.base_url, here["key"]).send(text_to("+919876500002")).status == 202
    slow = Api(server.base_url, owner.make_key(requests_per_second=1).json()["key"])
    assert 429 in [slow.get("/v1/quota").status for _ in range(5)]
    reader = Api(server.base_url, owner.make_key(scopes=["usage:read"]).json()["key"])
    assert code(reader.send(text_to("+919876500003"))) == "insufficient_scope"


@pytest.mark.parametrize("rule, pointer", [
    ({"scopes": ["keys:manage"]}, "/scopes/0"),
    ({"scopes": []}, "/scopes"),
    ({"allowed_addresses": ["203.0.113.1/24"]}, "/allowed_addresses/0"),
    ({"sender_ids": ["snd_01kb2v5m4q8x9r3t6w7y0z1a2c"]}, "/sender_ids/0"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ({"requests_per_second": 0}, "/requests_per_second"),
])
def test_faults_of_a_key_are_named(owner, rule, pointer):
    answer = owner.make_key(**rule)
    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_a_replay_does_not_show_the_key_again(owner):
    headers = {"Idempotency-Key": "make-it-once"}
    first, again = owner.make_key(headers=headers), owner.make_key(headers=headers)
    assert again.json()["id"] == first.json()["id"]
    assert "key" not in again.json() and "fix" in again.json()
    assert again.headers["Idempotent-Replayed"] == "true"


def test_who_finds_a_key_may_end_it(server, owner):
    made = owner.make_key().json()
    report = {"key": made["key"]}
    finder = Browser(server.base_url)
    assert finder.post("/v1/api_keys/report_leaked", report).status == 202
    assert code(Api(server.base_url, made["key"]).get("/v1/quota")) == "invalid_api_key"
    mails = Mails(server).wait_for(server.sandbox["owner"]["email"], 2)
    assert any(made["prefix"] in text_of(mail) for mail in mails)
    assert finder.post("/v1/api_keys/report_leaked", {"key": "nothing"}).status == 202


def test_keys_and_members_are_on_the_record_without_secrets(server, owner):
    made = owner.make_key().json()
    owner.delete(f"/v1/api_keys/{made['id']}")
    events = owner.get(f"/v1/audit_events?target={made['id']}").json()["data"]
    assert [event["act"] for event in events] == ["api_key.revoked", "api_key.created"]
    user = owner.get("/v1/user").json()["id"]
    assert all(event["actor"] == {"type": "user", "id": user} for event in events)
    assert all(event["address"] == "127.0.0.1" and event["request_id"] for event in events)
    assert made["key"][17:] not in owner.get("/v1/audit_events?limit=100").body.decode()


def test_what_a_mail_to_a_stranger_says_is_no_link(server):
    """Who reads an invitation has not asked for it, and its subject has the workspace's name."""
    browser = sign_up(server, "phisher@example.com")
    for name in ("Refund due: https://evil.example/pay", "<b>Acme</b>", "Acme\nLtd", " \"Acme\""):
        answer = browser.post("/v1/workspaces", {"name": name})
        assert (answer.status, answer.json()["errors"][0]["pointer"]) == (400, "/name"), name
    home = browser.post("/v1/workspaces", {"name": "Acme & Söhne (Pune)"}).json()["id"]
    answer = browser.patch(f"/v1/workspaces/{home}", {"name": "Acme https://evil.example"})
    assert answer.json()["errors"][0]["pointer"] == "/name"


def test_invitations_have_an_end(server):
    """Also those that are withdrawn at once: each was a mail to a stranger."""
    browser = sign_up(server, "inviter@example.com")
    browser.post("/v1/workspaces", {"name": "Inviting"})
    for number in range(50):
        invited = browser.post("/v1/invitations", {"email": f"stranger{number}@example.com", "role": "viewer"})
        assert invited.status == 201
        assert browser.delete(f"/v1/invitations/{invited.json()['id']}").status == 204
    refused = browser.post("/v1/invitations", {"email": "one.more@example.com", "role": "viewer"})
    assert (refused.status, code(refused)) == (429, "rate_limited")


# --- who may do what, by the contract ---

ROLES = ("owner", "admin", "developer", "billing", "viewer")
# What a role may do, by operationId; the table of docs/permissions.md once more, from the caller's side.
EVERYBODY = set(ROLES)
MANAGERS = {"owner", "admin"}
BUILDERS = {"owner", "admin", "developer"}
ALLOWED = {
    "createMessage": BUILDERS, "validateMessage": BUILDERS, "markMessageRead": BUILDERS,
    "listMessages": BUILDERS | {"viewer"}, "getMessage": BUILDERS | {"viewer"}, "listSenders": BUILDERS | {"viewer"},
    "listEvents": BUILDERS | {"viewer"}, "getEvent": BUILDERS | {"viewer"}, "listDeliveries": BUILDERS,
    "createWebhookEndpoint": BUILDERS, "listWebhookEndpoints": BUILDERS, "getWebhookEndpoint": BUILDERS,
    "updateWebhookEndpoint": BUILDERS, "deleteWebhookEndpoint": BUILDERS,
    "getQuota": EVERYBODY, "listUsage": EVERYBODY,
    "listMembers": EVERYBODY, "leaveWorkspace": EVERYBODY, "updateMember": MANAGERS, "deleteMember": MANAGERS,
    "listInvitations": EVERYBODY, "createInvitation": MANAGERS, "deleteInvitation": MANAGERS,
    "createApiKey": BUILDERS, "listApiKeys": BUILDERS, "getApiKey": BUILDERS, "revokeApiKey": BUILDERS,
    "rotateApiKey": BUILDERS, "listAuditEvents": MANAGERS, "getAuditEvent": MANAGERS, "exportAuditEvents": MANAGERS,
    "listConsents": BUILDERS | {"viewer"}, "getConsent": BUILDERS | {"viewer"}, "createConsent": BUILDERS,
    "withdrawConsent": BUILDERS, "listRetentionRuns": MANAGERS,
    "listConnections": BUILDERS | {"viewer"}, "getConnection": BUILDERS | {"viewer"}, "updateConnection": MANAGERS,
    "resumeConnection": MANAGERS, "disconnect": MANAGERS,
    "listTemplates": BUILDERS | {"viewer"}, "getTemplate": BUILDERS | {"viewer"}, "getTemplateSchema": BUILDERS | {"viewer"},
    "listTemplateVersions": BUILDERS | {"viewer"}, "previewTemplate": BUILDERS | {"viewer"}, "searchTemplateLibrary": BUILDERS | {"viewer"},
    "createTemplate": BUILDERS, "editTemplate": BUILDERS, "deleteTemplate": BUILDERS, "deleteTemplatesByName": BUILDERS,
    "copyTemplate": BUILDERS, "archiveTemplate": BUILDERS, "unarchiveTemplate": BUILDERS, "unpauseTemplate": BUILDERS,
    "syncTemplates": BUILDERS,
    "createMedia": BUILDERS, "deleteMedia": BUILDERS, "listMedia": BUILDERS | {"viewer"}, "getMedia": BUILDERS | {"viewer"},
    "downloadMedia": BUILDERS | {"viewer"},
    "listOnboardingSessions": BUILDERS | {"viewer"}, "getOnboardingSession": BUILDERS | {"viewer"},
    "createOnboardingSession": MANAGERS, "revokeOnboardingSession": MANAGERS,
    "listTermsAcceptances": EVERYBODY, "acceptTerms": EVERYBODY,
    "getWorkspace": EVERYBODY, "updateWorkspace": MANAGERS,
    "listSsoProviders": MANAGERS, "createSsoProvider": MANAGERS, "getSsoProvider": MANAGERS, "updateSsoProvider": MANAGERS,
    "deleteSsoProvider": MANAGERS, "listSsoDomains": MANAGERS, "createSsoDomain": MANAGERS, "getSsoDomain": MANAGERS,
    "deleteSsoDomain": MANAGERS, "verifySsoDomain": MANAGERS,
    "listSupportSessions": EVERYBODY, "getSupportSession": EVERYBODY, "approveSupportSession": MANAGERS,
    "endSupportSession": MANAGERS,
    "getSender": BUILDERS | {"viewer"}, "getSenderProfile": BUILDERS | {"viewer"}, "getSenderAutomation": BUILDERS | {"viewer"},
    "listBlockedUsers": BUILDERS | {"viewer"}, "listQrCodes": BUILDERS | {"viewer"}, "getQrCode": BUILDERS | {"viewer"},
    "registerSender": MANAGERS, "deregisterSender": MANAGERS, "setSenderPin": MANAGERS, "requestSenderCode": MANAGERS,
    "verifySenderCode": MANAGERS, "requestSenderName": MANAGERS, "changeSenderProfile": MANAGERS, "setSenderAutomation": MANAGERS,
    "blockUsers": MANAGERS, "unblockUsers": MANAGERS, "createQrCode": MANAGERS, "changeQrCode": MANAGERS, "deleteQrCode": MANAGERS,
    "syncConnection": MANAGERS, "diagnoseConnection": MANAGERS, "preflight": BUILDERS,
}
OPEN = {"people", "sandbox", "privacy", "operation", "operators", "hosted"}  # tags of what no workspace's role decides
NOT_OF_A_ROLE = {"acceptInvitation", "reportLeakedApiKey"}
IDS = {"messages": "msg", "webhook_endpoints": "whe", "events": "evt", "members": "usr", "invitations": "inv", "api_keys": "key",
       "audit_events": "aud", "sso": "idp", "support_sessions": "sup", "consents": "cns", "senders": "snd", "connections": "con",
       "onboarding_sessions": "onb", "templates": "tpl", "media": "med"}


def operations_of_workspaces():
    return {operation["operationId"]: (method.upper(), path) for method, path, operation in contract().operations()
            if not set(operation["tags"]) & OPEN and operation["operationId"] not in NOT_OF_A_ROLE}


def ask(browser, method, path):
    """Something that is well-formed but about nothing that exists, so that it changes nothing."""
    if path.startswith("/v1/workspaces/{id}"):
        path = path.replace("{id}", browser.home)
    kind = IDS.get(path.split("/")[2], "msg")
    target = path.replace("{id}", f"{kind}_01kb2v5m4q8x9r3t6w7y0z1a2c").replace("{domain}", "nobody.example")
    target = target.replace("{code}", "NOSUCHCODE")
    return browser.request(method, target, {"nothing": 1} if method in ("POST", "PATCH") else None)


def test_every_operation_has_its_row():
    assert set(operations_of_workspaces()) == set(ALLOWED)


def test_each_role_may_do_what_its_row_says_and_nothing_else(make_stack):
    server = make_stack(checked=False).server
    owner = owner_of(server, checked=False)
    browsers = {"owner": owner}
    for role in ROLES[1:]:
        browsers[role] = add_member(server, owner, f"{role}@example.com", role)
        browsers[role].checked = False
    stranger = sign_up(server, "foreign@example.com", checked=False)
    stranger.post("/v1/workspaces", {"name": "Another"})
    wrong = []
    home = server.sandbox["workspace_id"]
    for browser in [*browsers.values(), stranger]:
        browser.home = home
    for name, (method, path) in operations_of_workspaces().items():
        if name == "leaveWorkspace":
            continue  # it would; test_people has it
        for role, browser in browsers.items():
            refused = ask(browser, method, path).status == 403
            if refused == (role in ALLOWED[name]):
                wrong.append((name, role))
        nobody = Browser(server.base_url, checked=False)
        nobody.home = home
        foreign = ask(nobody, method, path)
        if foreign.status != 401:
            wrong.append((name, "nobody", foreign.status))
        stranger.workspace = server.sandbox["workspace_id"]
        if ask(stranger, method, path).status != 404:
            wrong.append((name, "a stranger"))
    assert wrong == []


def test_who_has_not_signed_in_learns_nothing(server):
    wrong = []
    for method, path, operation in contract().operations():
        if operation.get("security") == [{"session": []}]:
            answer = ask(Browser(server.base_url), method.upper(), path)
            if answer.status != 401 or code(answer) not in ("invalid_session", "missing_api_key"):
                wrong.append((method, path, answer))
    assert wrong == []


def test_the_rest_of_the_operations_succeed(server, owner):
    """What no test above has done."""
    visitor = Browser(server.base_url)
    visitor.post("/v1/users", {"name": "A", "email": "late@example.com", "password": PASSWORD, "terms_version": POLICIES})
    assert visitor.post("/v1/email_verifications", {"email": "late@example.com"}).status == 202
    browser = sign_up(server, "rest@example.com")
    home = browser.post("/v1/workspaces", {"name": "Rest"}).json()["id"]
    assert browser.get(f"/v1/workspaces/{home}").json()["name"] == "Rest"
    assert browser.patch(f"/v1/workspaces/{home}", {"name": "The rest"}).json()["name"] == "The rest"
    assert browser.get("/v1/terms").json()["provider_policies_version"] == POLICIES
    assert browser.post("/v1/terms_acceptances", {"kind": "provider_policies", "version": POLICIES}).status == 201
    assert [each["kind"] for each in browser.get("/v1/terms_acceptances").json()["data"]] == ["provider_policies", "terms"]
    invited = browser.post("/v1/invitations", {"email": "nobody@example.com", "role": "viewer"}).json()
    assert [each["id"] for each in browser.get("/v1/invitations").json()["data"]] == [invited["id"]]
    assert browser.delete(f"/v1/invitations/{invited['id']}").status == 204
    assert len(browser.get("/v1/api_keys").json()["data"]) == 0
    assert browser.post("/v1/user/email", {"email": "rest.new@example.com", "password": PASSWORD}).status == 202
    token = Mails(server).token_for("rest.new@example.com", "change-email")
    assert browser.post("/v1/user/email/confirm", {"token": token}).status == 204
    _, codes = second_factor.enable(browser)
    assert browser.get("/v1/user/second_factor").json()["enabled"]
    renewed = browser.post("/v1/user/recovery_codes", {"password": PASSWORD, "code": codes[0]}).json()["recovery_codes"]
    assert browser.post("/v1/user/second_factor/disable", {"password": PASSWORD, "code": renewed[0]}).status == 204
    leaving = add_member(server, owner, "leaving@example.com", "viewer")
    assert leaving.delete("/v1/members/me").status == 204


def test_who_is_told_that_his_second_factor_goes_keeps_it(server):
    """What operators may do there: test_operators.py."""
    address = "keeps-it@example.com"
    browser = sign_up(server, address)
    second_factor.enable(browser)
    user = browser.get("/v1/user").json()["id"]
    wish = {"reason": "The telephone was stolen; asked on the known number"}
    assert operator_of(server).post(f"/admin/v1/users/{user}/second_factor_removals", wish).status == 201
    anybody = Browser(server.base_url)
    token = {"token": Mails(server).token_for(address, "keep-second-factor")}
    assert anybody.post("/v1/second_factor_removal_links", token).json()["state"] == "waiting"
    assert anybody.post("/v1/second_factor_removal_links/cancel", token).json()["state"] == "cancelled"
    assert browser.get("/v1/user/second_factor").json()["enabled"] is True


def test_every_operation_of_people_has_succeeded_here():
    of_others = {"operators", "support", "privacy", "sso", "passkeys"}  # test_operators.py, test_privacy.py and so on
    wanted = {(method, path) for method, path, operation in contract().operations()
              if (operation.get("security") == [{"session": []}] or "people" in operation["tags"])
              and not of_others & set(operation["tags"])}
    assert wanted - Browser.succeeded == set()


# --- how much may be asked ---

def limited_of(answers):
    limited = [answer for answer in answers if answer.status == 429]
    assert all(code(answer) == "rate_limited" and int(answer.headers["Retry-After"]) >= 1 for answer in limited)
    return len(limited)


def test_a_users_requests_are_limited_over_all_sessions_and_told(make_stack):
    stack = make_stack(settings={"REQUESTS_PER_SECOND_PER_USER": 3})
    one, two = owner_of(stack.server), owner_of(stack.server)
    answers = [browser.get(path) for _ in range(10) for browser, path in ((one, "/v1/user"), (two, "/v1/api_keys"))]
    assert '"user";q=3;w=1' in answers[0].headers["RateLimit-Policy"]
    assert '"user";r=' in answers[1].headers["RateLimit"]
    assert 10 < limited_of(answers) < 20
    assert stack.api.get("/v1/quota").status == 200, "a key has a rate of its own"
    wait_until(lambda: one.get("/v1/user").status == 200, "the limit ends")


def test_what_needs_no_account_is_limited_by_network(make_stack):
    server = make_stack(settings={"OPEN_REQUESTS_PER_MINUTE": 4}).server
    visitor = Browser(server.base_url)
    calls = [("/v1/api_keys/report_leaked", {"key": owner_of(server).make_key().json()["key"]}),
             ("/v1/data_request_links", {"token": "t"}), ("/v1/data_request_links/cancel", {"token": "t"}),
             ("/v1/email_verifications/confirm", {"token": "t", "password": PASSWORD}),
             ("/v1/password_resets/confirm", {"token": "t", "password": PASSWORD})]
    answers = [visitor.post(path, body) for path, body in calls]
    assert [answer.status for answer in answers] == [202, 400, 400, 400, 429]
    assert all(visitor.post(path, body).status == 429 for path, body in calls)
    assert visitor.get("/v1/terms").status == 200


def test_last_use_of_a_key_is_shown_in_time(make_stack):
    """Written by upkeep, and at the latest by a stop."""
    stack = make_stack()
    owner = owner_of(stack.server)
    made = owner.make_key().json()
    assert made["last_used_at"] is None
    assert Api(stack.server.base_url, made["key"]).get("/v1/quota").status == 200
    stack.server.terminate()
    stack.start_server()
    owner = owner_of(stack.server)
    shown = wait_until(lambda: owner.get(f"/v1/api_keys/{made['id']}").json(), "the key")
    assert shown["last_used_address"] == "127.0.0.1"
