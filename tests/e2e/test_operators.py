"""Operators, and the support sessions by which they look into workspaces."""

import pytest

from _support.api import code, text_to
from _support.contract import contract
from _support.operators import REASON, ROLES, Helper, acts_of, add_operator, helper_of, open_session
from _support.people import WHY, Browser, Mails, add_member, operator_of, owner_of, sign_up, text_of, told
from _support.second_factor import enable, sign_in
from _support.waiting import wait_until

LOST = "The telephone was stolen; asked on the known number"
NOTHING = "01kb2v5m4q8x9r3t6w7y0z1a2c"


@pytest.fixture(scope="module")
def server(shared):
    return shared.server


@pytest.fixture(scope="module")
def owner(server):
    return owner_of(server)


@pytest.fixture(scope="module")
def root(server):
    return operator_of(server)


# --- who is an operator ---

def test_an_operator_without_a_second_factor_is_refused_where_it_is_required(make_stack):
    server = make_stack(settings={"OPERATORS_SECOND_FACTOR": "required"}).server
    root = operator_of(server)
    answer = root.get("/admin/v1/workspaces")
    assert (answer.status, code(answer)) == (401, "second_factor_required")
    answer = open_session(root, server.sandbox["workspace_id"])
    assert (answer.status, code(answer)) == (401, "second_factor_required")
    enable(root, server.sandbox["operator"]["password"])
    helper = helper_of(root, server.sandbox["workspace_id"])
    assert helper.get("/v1/quota").status == 200


def test_an_operator_is_made_changed_disabled_and_removed(server, root):
    browser = add_operator(server, root, "meera@example.com", "support")
    user = browser.get("/v1/user").json()["id"]
    assert browser.get("/admin/v1/workspaces").status == 200
    listed = root.get("/admin/v1/operators?limit=100", headers=WHY).json()["data"]
    assert ("meera@example.com", "support") in [(each["email"], each["role"]) for each in listed]
    again = root.post("/admin/v1/operators", {"email": "meera@example.com", "role": "billing"}, headers=WHY)
    assert code(again) == "conflict"
    changed = root.patch(f"/admin/v1/operators/{user}", {"role": "billing"}, headers=WHY).json()
    assert (changed["role"], changed["email"]) == ("billing", "meera@example.com")
    assert browser.get("/admin/v1/workspaces").status == 401
    browser.sign_in("meera@example.com")
    assert root.patch(f"/admin/v1/operators/{user}", {"disabled": True}, headers=WHY).json()["disabled"]
    assert browser.get("/admin/v1/workspaces").status == 404
    assert not root.patch(f"/admin/v1/operators/{user}", {"disabled": False}, headers=WHY).json()["disabled"]
    browser.sign_in("meera@example.com")
    assert browser.get("/admin/v1/workspaces").status == 200
    assert root.delete(f"/admin/v1/operators/{user}", headers=WHY).status == 204
    assert browser.get("/admin/v1/workspaces").status == 404
    assert browser.get("/v1/user").status == 200, "the account stays"


def test_nobody_becomes_an_operator_who_has_no_account(root):
    answer = root.post("/admin/v1/operators", {"email": "nobody@example.com", "role": "support"}, headers=WHY)
    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/email"]


def test_an_operator_works_on_a_workspaces_connections(server, shared, root):
    account = shared.sim.call("POST", "accounts", {"display_phone_number": "15550779999"})
    token = shared.sim.call("POST", "tokens", {"accounts": [account["id"]]})["access_token"]
    path = f"/admin/v1/workspaces/{server.sandbox['workspace_id']}/connections"
    made = root.post(path, {"token": token}, headers=WHY)
    assert (made.status, made.json()["onboarding"]["status"]) == (201, "action_required")
    one = f"{path}/{made.json()['id']}"
    assert root.get(one, headers=WHY).json() == made.json()
    assert made.json()["id"] in [each["id"] for each in root.get(path, headers=WHY).json()["data"]]
    assert root.post(path.replace("connections", "onboarding_sessions"), {"mode": "test"}, headers=WHY).json()["url"]
    assert root.patch(one, {"admin_notes": "wants a PIN"}, headers=WHY).json()["admin_notes"] == "wants a PIN"
    shared.sim.call("POST", "phones", {"id": account["phone_number_id"], "set": {"code_verification_status": "VERIFIED"}})
    assert root.post(f"{one}/resume", {"pin": "123456"}, headers=WHY).json()["status"] == "active"
    assert root.post(path, {"token": token}, headers={"Connect-Reason": None}).status == 400
    # Other tests send from the only sender that there is.
    assert shared.api.request("DELETE", f"/v1/connections/{made.json()['id']}").status == 204


def test_the_last_superadmin_stays(root):
    me = root.get("/v1/user").json()["id"]
    assert code(root.delete(f"/admin/v1/operators/{me}", headers=WHY)) == "conflict"
    assert code(root.patch(f"/admin/v1/operators/{me}", {"role": "support"}, headers=WHY)) == "conflict"
    assert code(root.patch(f"/admin/v1/operators/{me}", {"disabled": True}, headers=WHY)) == "conflict"


def test_what_an_operator_does_says_why(root):
    user = f"/admin/v1/operators/usr_{NOTHING}"
    for answer in (root.delete(user), root.patch(user, {}, headers={"Connect-Reason": "no"}),
                   root.get("/admin/v1/operators", headers={"Connect-Reason": None})):
        assert answer.status == 400
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["Connect-Reason"]


def test_an_operators_account_is_ended_by_who_may_end_operators(server, root):
    helper = add_operator(server, root, "hand@example.com", "support")
    other = add_operator(server, root, "other-hand@example.com", "support")
    wish = {"kind": "deletion", "subject": "account", "user_id": other.get("/v1/user").json()["id"]}
    assert code(helper.post("/admin/v1/data_requests", wish, headers=WHY)) == "insufficient_scope"
    asked = root.post("/admin/v1/data_requests", wish, headers=WHY)
    assert asked.status == 201
    assert other.post(f"/v1/data_requests/{asked.json()['id']}/cancel").status == 200


def test_who_asked_for_a_deletion_does_not_approve_it(server, root):
    user = sign_up(server, "two-pairs@example.com").get("/v1/user").json()["id"]
    helper = add_operator(server, root, "four-eyes@example.com", "support")
    wish = {"kind": "deletion", "subject": "account", "user_id": user}
    request = helper.post("/admin/v1/data_requests", wish, headers=WHY).json()
    steps = f"/admin/v1/data_requests/{request['id']}/steps"
    refused = helper.post(steps, {"step": "approve"}, headers=WHY)
    assert (refused.status, [fault["code"] for fault in refused.json()["errors"]]) == (400, ["own_request"])
    assert root.post(steps, {"step": "approve"}, headers=WHY).json()["state"] == "approved"
    assert helper.post(steps, {"step": "refuse"}, headers=WHY).json()["state"] == "refused", "he may still stop it"


def test_what_operators_do_is_on_record_with_its_reason(server, root):
    browser = add_operator(server, root, "record@example.com", "support")
    user = browser.get("/v1/user").json()["id"]
    browser.get(f"/admin/v1/workspaces?email={server.sandbox['owner']['email']}",
                headers={"Connect-Reason": "ticket T-7"})
    assert browser.get("/admin/v1/operators").status == 403
    acts = root.get(f"/admin/v1/audit_events?actor_id={user}").json()["data"]
    assert [(act["act"], act["after"]["operation"]) for act in acts] == [
        ("operator.refused", "GET /admin/v1/operators"), ("operator.read", "GET /admin/v1/workspaces")]
    assert acts[1]["personal"]["reason"] == "ticket T-7"
    assert acts[1]["personal"]["query"] == {"email": server.sandbox["owner"]["email"]}
    made = root.get(f"/admin/v1/audit_events?act=operator.*&target={user}").json()["data"]
    assert (made[0]["act"], made[0]["personal"]["reason"]) == ("operator.created", WHY["Connect-Reason"])


def test_workspaces_are_found_by_id_and_by_address(server, root, owner):
    mine = server.sandbox["workspace_id"]
    assert mine in [each["id"] for each in root.get("/admin/v1/workspaces?limit=100").json()["data"]]
    by_id = root.get(f"/admin/v1/workspaces?id={mine}").json()["data"]
    by_email = root.get(f"/admin/v1/workspaces?email={server.sandbox['owner']['email']}").json()["data"]
    assert by_id == by_email
    assert by_id[0]["id"] == mine and by_id[0]["members"] >= 1
    assert root.get("/admin/v1/workspaces?email=nobody@example.com").json()["data"] == []
    assert root.get(f"/admin/v1/workspaces?id=ws_{NOTHING}").json()["data"] == []
    made = [owner.post("/v1/workspaces", {"name": f"Page {number}"}).json()["id"] for number in range(3)]
    owner.workspace = mine
    first = root.get("/admin/v1/workspaces?limit=2").json()
    assert [each["id"] for each in first["data"]] == [made[2], made[1]]
    second = root.get(f"/admin/v1/workspaces?limit=2&after={first['next']}").json()
    assert second["data"][0]["id"] == made[0]


# --- support sessions ---

def test_a_session_lets_its_operator_read_and_the_workspace_sees_it(server, root, owner, shared):
    message = shared.api.send(text_to("+919876500001")).json()["id"]
    before = len(Mails(server).all_to(server.sandbox["owner"]["email"]))
    helper = helper_of(root, server.sandbox["workspace_id"], ticket="T-1042")
    shown = owner.get(f"/v1/support_sessions/{helper.session}").json()
    assert (shown["status"], shown["reason"], shown["ticket"], shown["minutes"]) == ("active", REASON, "T-1042", 30)
    assert shown["operator"]["name"] == "Sandbox Operator" and shown["writes"] == []
    assert helper.session in [each["id"] for each in owner.get("/v1/support_sessions").json()["data"]]
    assert helper.get(f"/v1/messages/{message}").json()["id"] == message
    assert helper.get("/v1/quota").status == 200
    assert acts_of(owner, helper.session) == [
        ("support_session.opened", None), ("support_session.read", "GET /v1/messages/{}"),
        ("support_session.read", "GET /v1/quota")]
    read = owner.get(f"/v1/audit_events?target={helper.session}&act=support_session.read").json()["data"][1]
    assert read["actor"] == {"type": "operator", "id": shown["operator"]["id"]}
    assert read["after"]["object"] == message and read["request_id"]
    mail = Mails(server).wait_for(server.sandbox["owner"]["email"], before + 1)[-1]
    assert REASON in text_of(mail)


def test_without_a_session_an_operator_is_a_stranger(server, root):
    root.workspace = server.sandbox["workspace_id"]
    assert root.get("/v1/members").status == 404
    root.workspace = None


def test_a_session_reads_only_unless_it_was_opened_for_more(server, root, owner, shared):
    receiver = shared.receiver()
    endpoint = receiver.endpoint_id
    reader = helper_of(root, server.sandbox["workspace_id"])
    change = {"status": "disabled"}
    path = f"/v1/webhook_endpoints/{endpoint}"
    shown = reader.get(path).json()
    assert shown["status"] == "enabled"
    assert receiver.url.startswith(shown["url"] + "/"), "a path may hold a secret"
    assert code(reader.request("PATCH", path, change)) == "insufficient_scope"
    assert code(reader.request("POST", "/v1/messages", text_to("+919876500002"))) == "insufficient_scope"
    assert owner.get(path).json()["status"] == "enabled"
    writer = helper_of(root, server.sandbox["workspace_id"], scopes=["webhooks:manage"])
    assert writer.request("PATCH", path, change).json()["status"] == "disabled"
    for elsewhere in ({"url": "https://example.com/mine"}, {"events": ["message.received"]}):
        assert code(writer.request("PATCH", path, elsewhere)) == "insufficient_scope", "content goes where events go"
    assert acts_of(owner, reader.session)[1:] == [
        ("support_session.read", "GET /v1/webhook_endpoints/{}"),
        ("support_session.refused", "PATCH /v1/webhook_endpoints/{}"),
        ("support_session.refused", "POST /v1/messages")]
    assert ("support_session.write", "PATCH /v1/webhook_endpoints/{}") in acts_of(owner, writer.session)


def test_scopes_are_those_that_the_role_writes_by(server, root):
    operators = {role: add_operator(server, root, f"writes-{role}@example.com", role) for role in ROLES}
    workspace = server.sandbox["workspace_id"]
    allowed = {"support": {"webhooks:manage"}, "billing": set(),
               "onboarding": {"webhooks:manage", "messages:send", "connections:manage"},
               "superadmin": {"webhooks:manage", "messages:send", "connections:manage"}}
    every = ("messages:send", "messages:read", "webhooks:manage", "usage:read", "audit:read", "keys:manage", "members:read",
             "members:manage", "workspace:manage", "connections:read", "connections:manage")
    for role, browser in operators.items():
        taken = {scope for scope in every if open_session(browser, workspace, scopes=[scope]).status == 201}
        assert taken == allowed[role], role
    billing = helper_of(operators["billing"], workspace)
    assert billing.get("/v1/usage").status == 200
    assert code(billing.get("/v1/messages")) == "insufficient_scope"


@pytest.mark.parametrize("wrong, pointer", [
    ({"category": "curiosity"}, "/category"),
    ({"reason": "too short"}, "/reason"),
    ({"reason": "x" * 501}, "/reason"),
    ({"reason": "two\nlines of a reason"}, "/reason"),
    ({"minutes": 0}, "/minutes"),
    ({"minutes": 241}, "/minutes"),
    ({"scopes": ["members:manage"]}, "/scopes/0"),
    ({"workspace_id": "msg_01"}, "/workspace_id"),
    ({"other": 1}, "/other"),
])
def test_faults_of_an_opening_are_named(root, server, wrong, pointer):
    answer = open_session(root, **{"workspace": server.sandbox["workspace_id"], **wrong}) if "workspace_id" not in wrong \
        else root.post("/admin/v1/support_sessions", {"category": "debugging", "reason": REASON, **wrong})
    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_a_workspace_that_is_not_there_is_not_found(root):
    assert open_session(root, f"ws_{NOTHING}").status == 404


def test_a_replay_opens_no_second_session(server, root):
    headers = {"Idempotency-Key": "open-it-once"}
    first = open_session(root, server.sandbox["workspace_id"], headers=headers)
    again = open_session(root, server.sandbox["workspace_id"], headers=headers)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert code(open_session(root, server.sandbox["workspace_id"], headers=headers, minutes=5)) == "idempotency_key_reused"


def test_the_workspace_ends_a_session_at_once(server, root, owner):
    helper = helper_of(root, server.sandbox["workspace_id"])
    assert helper.get("/v1/quota").status == 200
    assert owner.delete(f"/v1/support_sessions/{helper.session}").status == 204
    assert code(helper.get("/v1/quota")) == "support_session_inactive"
    shown = root.get(f"/admin/v1/support_sessions/{helper.session}").json()
    assert (shown["status"], shown["ended_by"]) == ("ended", owner.get("/v1/user").json()["id"])
    assert owner.delete(f"/v1/support_sessions/{helper.session}").status == 204, "once more changes nothing"


def test_an_operator_ends_his_own_and_sees_no_others(server, root, owner):
    one = add_operator(server, root, "one@example.com", "support")
    two = add_operator(server, root, "two@example.com", "support")
    helper = helper_of(one, server.sandbox["workspace_id"])
    path = f"/admin/v1/support_sessions/{helper.session}"
    assert [each["id"] for each in one.get("/admin/v1/support_sessions").json()["data"]] == [helper.session]
    assert two.get("/admin/v1/support_sessions").json()["data"] == []
    assert two.get(f"/admin/v1/support_sessions?operator_id={one.get('/v1/user').json()['id']}").status == 403
    assert two.get(path).status == 404
    assert two.delete(path).status == 404
    for other in (two, owner):
        assert code(Helper(other, helper.session).get("/v1/quota")) == "support_session_inactive", "it is its opener's"
    assert code(Helper(one, f"sup_{NOTHING}").get("/v1/quota")) == "support_session_inactive"
    assert code(Helper(one, "mine").get("/v1/quota")) == "invalid_id"
    assert helper.session in [each["id"] for each in root.get("/admin/v1/support_sessions?limit=100").json()["data"]]
    assert one.delete(path).status == 204
    assert code(helper.get("/v1/quota")) == "support_session_inactive"
    user = one.get("/v1/user").json()["id"]
    acts = root.get(f"/admin/v1/audit_events?act=support_session.*&actor_id={user}").json()["data"]
    assert [(act["act"], act["target"]) for act in acts] == [("support_session.ended", helper.session),
                                                             ("support_session.opened", helper.session)]


def test_who_is_no_operator_any_more_is_out_of_his_sessions(server, root):
    browser = add_operator(server, root, "leaves@example.com", "support")
    helper = helper_of(browser, server.sandbox["workspace_id"])
    user = browser.get("/v1/user").json()["id"]
    assert helper.get("/v1/quota").status == 200
    root.patch(f"/admin/v1/operators/{user}", {"role": "billing"}, headers=WHY)
    browser.sign_in("leaves@example.com")
    assert code(helper.get("/v1/messages")) == "insufficient_scope", "he has no more than his role by now"
    root.patch(f"/admin/v1/operators/{user}", {"disabled": True}, headers=WHY)
    assert code(helper.get("/v1/quota")) == "support_session_inactive"


def test_a_session_of_another_workspace_stays_there(server, root, owner):
    other = sign_up(server, "otherowner@example.com")
    workspace = other.post("/v1/workspaces", {"name": "Other"}).json()["id"]
    helper = helper_of(root, workspace)
    helper.browser.workspace = server.sandbox["workspace_id"]
    emails = {member["email"] for member in helper.get("/v1/members").json()["data"]}
    helper.browser.workspace = None
    assert emails == {"otherowner@example.com"}, "Connect-Workspace opens no other one"
    assert owner.get(f"/v1/support_sessions/{helper.session}").status == 404
    assert owner.delete(f"/v1/support_sessions/{helper.session}").status == 404


def test_nobody_approves_a_session_that_does_not_wait(server, root, owner):
    helper = helper_of(root, server.sandbox["workspace_id"])
    assert code(owner.post(f"/v1/support_sessions/{helper.session}/approvals")) == "conflict"


def test_members_see_who_looks_in_and_managers_end_it(server, root, owner):
    helper = helper_of(root, server.sandbox["workspace_id"])
    viewer = add_member(server, owner, "sees@example.com", "viewer")
    assert viewer.get(f"/v1/support_sessions/{helper.session}").json()["status"] == "active"
    assert viewer.delete(f"/v1/support_sessions/{helper.session}").status == 403


def test_a_workspace_that_wants_to_approve_is_asked_first(server, root):
    asked = sign_up(server, "approves@example.com")
    workspace = asked.post("/v1/workspaces", {"name": "Careful"}).json()["id"]
    change = {"support_needs_approval": True}
    assert asked.patch(f"/v1/workspaces/{workspace}", change).json()["support_needs_approval"]
    helper = helper_of(root, workspace)
    assert asked.get(f"/v1/support_sessions/{helper.session}").json()["status"] == "awaiting_approval"
    assert code(helper.get("/v1/quota")) == "support_session_inactive"
    approved = asked.post(f"/v1/support_sessions/{helper.session}/approvals")
    assert (approved.status, approved.json()["status"]) == (201, "active")
    assert approved.json()["approved_by"] == asked.get("/v1/user").json()["id"]
    assert helper.get("/v1/quota").status == 200
    assert helper.get(f"/v1/workspaces/{workspace}").json()["id"] == workspace
    assert [act for act, _ in acts_of(asked, helper.session)][:2] == ["support_session.requested", "support_session.approved"]
    assert code(helper.request("PATCH", f"/v1/workspaces/{workspace}", {"support_needs_approval": False})) == \
        "insufficient_scope"
    declined = helper_of(root, workspace)
    assert asked.delete(f"/v1/support_sessions/{declined.session}").status == 204
    assert code(asked.post(f"/v1/support_sessions/{declined.session}/approvals")) == "conflict"


# --- a second factor that was lost ---

def find_user(operator, address):
    return operator.get(f"/admin/v1/users?email={address}", headers=WHY).json()["data"]


def remove_factor(operator, user, **more):
    return operator.post(f"/admin/v1/users/{user}/second_factor_removals", {"reason": LOST, "ticket": "T-17", **more})


def test_a_lost_second_factor_goes_only_after_a_wait_that_its_user_can_end(server, root):
    address = "keeps@example.com"
    _, codes = enable(sign_up(server, address))
    helper = add_operator(server, root, "factor-helper@example.com", "support")
    [user] = find_user(helper, address)
    assert (user["email"], user["second_factor"], user["recovery_codes_left"]) == (address, True, 10)
    assert find_user(helper, "keeps@example") == []
    assert code(helper.get("/admin/v1/users")) == "invalid_request"
    asked = remove_factor(helper, user["id"])
    assert (asked.status, asked.json()["state"], asked.json()["reason"]) == (201, "waiting", LOST)
    assert code(remove_factor(helper, user["id"])) == "conflict"
    anybody = Browser(server.base_url)
    token = Mails(server).token_for(address, "keep-second-factor")
    shown = anybody.post("/v1/second_factor_removal_links", {"token": token}).json()
    assert (shown["state"], shown["reason"], shown["requested_by"]) == ("waiting", None, None)
    assert sign_in(anybody, address, codes[0]).status == 201, "nothing changes before its time"
    assert anybody.post("/v1/second_factor_removal_links/cancel", {"token": token}).json()["state"] == "cancelled"
    assert code(anybody.post("/v1/second_factor_removal_links/cancel", {"token": token})) == "conflict"
    assert code(anybody.post("/v1/second_factor_removal_links", {"token": "x" * 43})) == "invalid_token"
    assert [each["state"] for each in helper.get(f"/admin/v1/users/{user['id']}/second_factor_removals").json()["data"]] == \
        ["cancelled"]
    assert remove_factor(helper, user["id"]).status == 201
    cancel = f"/admin/v1/users/{user['id']}/second_factor_removals/cancel"
    assert code(helper.post(cancel, {})) == "invalid_request", "a change says why"
    assert helper.post(cancel, {}, headers=WHY).json()["state"] == "cancelled"
    assert code(helper.post(cancel, {}, headers=WHY)) == "not_found"
    acts = [event["act"] for event in anybody.get("/v1/user/audit_events").json()["data"]]
    assert acts.count("second_factor.removal_asked") == acts.count("second_factor.removal_cancelled") == 2
    theirs = root.get("/admin/v1/audit_events?act=second_factor.*").json()["data"]
    assert {event["target"] for event in theirs} == {user["id"]} and LOST in str(theirs)


def test_nobody_removes_his_own_nor_an_operators_without_that_right(server, root):
    first = add_operator(server, root, "factor-first@example.com", "support")
    second = add_operator(server, root, "factor-second@example.com", "support")
    enable(first)
    user = first.get("/v1/user").json()["id"]
    for operator in (first, second):
        assert code(remove_factor(operator, user)) == "insufficient_scope"
    assert remove_factor(root, user).status == 201
    plain = sign_up(server, "factor-none@example.com").get("/v1/user").json()["id"]
    assert code(remove_factor(root, plain)) == "conflict"
    assert code(remove_factor(root, f"usr_{NOTHING}")) == "not_found"
    for wrong in ({"reason": "short"}, {"reason": "two lines\nof a reason"}, {"more": 1}):
        assert code(remove_factor(root, plain, **wrong)) == "invalid_request"


def test_a_lost_second_factor_is_gone_when_its_time_has_come(make_stack):
    stack = make_stack(settings={"ACCOUNTS_SECOND_FACTOR_REMOVAL_HOURS": 0})
    address = "lost@example.com"
    browser = sign_up(stack.server, address)
    enable(browser)
    root = operator_of(stack.server)
    [user] = find_user(root, address)
    assert remove_factor(root, user["id"]).status == 201
    removals = f"/admin/v1/users/{user['id']}/second_factor_removals"
    wait_until(lambda: root.get(removals).json()["data"][0]["state"] == "done", "it takes effect")
    assert code(browser.get("/v1/user")) == "invalid_session"
    assert browser.sign_in(address).status == 201
    assert browser.get("/v1/user/second_factor").json()["enabled"] is False
    record = browser.get("/v1/user/audit_events?act=second_factor.removed").json()["data"]
    assert [event["actor"]["id"] for event in record] == [root.get("/v1/user").json()["id"]]
    told(stack.server, address, "taken off your account")


def test_a_removal_whose_time_comes_while_nobody_runs_takes_effect_at_the_start(make_stack):
    stack = make_stack()
    address = "later@example.com"
    enable(sign_up(stack.server, address))
    root = operator_of(stack.server)
    [user] = find_user(root, address)
    assert remove_factor(root, user["id"]).status == 201
    stack.server.terminate()
    stack.server.database.sql("UPDATE second_factor_removals SET effective_at = created_at", shared=True)
    stack.start_server()
    browser = Browser(stack.server.base_url)
    wait_until(lambda: browser.sign_in(address).status == 201, "the second factor is gone")


def test_a_session_ends_by_its_time(make_stack):
    """A minute is the shortest that there is: its end is moved behind the server's back."""
    stack = make_stack()
    server = stack.server
    helper = helper_of(operator_of(server), server.sandbox["workspace_id"], minutes=1)
    assert helper.get("/v1/quota").status == 200
    server.terminate()
    server.database.sql("UPDATE support_sessions SET expires_at = expires_at - 60000")
    stack.start_server()
    owner = owner_of(server)
    assert code(Helper(operator_of(server), helper.session).get("/v1/quota")) == "support_session_inactive"
    assert owner.get(f"/v1/support_sessions/{helper.session}").json()["status"] == "expired"
    expired = ("support_session.expired", None)
    wait_until(lambda: acts_of(owner, helper.session)[-1] == expired, "its end is on the workspace's record")


def test_every_operation_of_operators_and_support_has_succeeded_here():
    wanted = {(method, path) for method, path, operation in contract().operations()
              if {"operators", "support"} & set(operation["tags"])}
    assert wanted - Browser.succeeded == set()
