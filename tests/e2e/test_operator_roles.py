"""Who of the operators may do what, by the contract: in their own paths, and in a workspace by a support session."""

from _support.api import Api, code
from _support.contract import contract
from _support.operators import ROLES, SUPPORT_HEADER, add_operator, helper_of
from _support.people import WHY, Browser, operator_of, owner_of, sign_up

NOTHING = "01kb2v5m4q8x9r3t6w7y0z1a2c"
EVERY_ROLE = set(ROLES)
# What a role may do, by operationId; the table of docs/permissions.md once more, from the caller's side.
ALLOWED = {
    "openSupportSession": EVERY_ROLE, "listSupportOpenings": EVERY_ROLE, "getOpenedSupportSession": EVERY_ROLE,
    "closeSupportSession": EVERY_ROLE, "findWorkspaces": EVERY_ROLE,
    "listOperators": {"superadmin"}, "createOperator": {"superadmin"}, "updateOperator": {"superadmin"},
    "deleteOperator": {"superadmin"}, "listOperatorActs": {"superadmin"},
    "createDataRequestForSomebody": {"support", "superadmin"}, "listAllDataRequests": {"support", "superadmin"},
    "findUsers": {"support", "superadmin"}, "removeSecondFactor": {"support", "superadmin"},
    "listSecondFactorRemovals": {"support", "superadmin"}, "cancelSecondFactorRemoval": {"support", "superadmin"},
    "listConnectionsOfWorkspace": EVERY_ROLE, "getConnectionOfWorkspace": EVERY_ROLE,
    "connectByToken": {"onboarding", "superadmin"}, "updateConnectionOfWorkspace": {"onboarding", "superadmin"},
    "resumeConnectionOfWorkspace": {"onboarding", "superadmin"},
    "getAnyDataRequest": {"support", "superadmin"}, "stepDataRequest": {"support", "superadmin"},
    "createOnboardingSessionForWorkspace": {"onboarding", "superadmin"},
    "createLegalHold": {"support", "superadmin"}, "listLegalHolds": {"support", "superadmin"}, "liftLegalHold": {"support", "superadmin"},
}
# What a superadmin's support session may do: "read" always, "write" by a scope. What is not here is open to none.
IN_SUPPORT = {
    "listMessages": "read", "getMessage": "read", "createMessage": "write", "validateMessage": "write",
    "markMessageRead": "write", "listSenders": "read", "listWebhookEndpoints": "read", "getWebhookEndpoint": "read",
    "updateWebhookEndpoint": "write", "deleteWebhookEndpoint": "write", "listDeliveries": "read", "getQuota": "read",
    "listUsage": "read", "getWorkspace": "read", "listMembers": "read", "listInvitations": "read", "listApiKeys": "read", "getApiKey": "read",
    "listAuditEvents": "read", "getAuditEvent": "read", "getSender": "read", "listConnections": "read",
    "getConnection": "read", "resumeConnection": "write", "diagnoseConnection": "write",
}
IDS = {"users": "usr", "data_requests": "dsr", "legal_holds": "aud", "support_sessions": "sup", "operators": "usr", "messages": "msg",
       "webhook_endpoints": "whe", "events": "evt", "members": "usr", "invitations": "inv", "api_keys": "key", "audit_events": "aud",
       "senders": "snd", "connections": "con", "workspaces": "ws", "onboarding_sessions": "onb"}


def admin_operations():
    return {operation["operationId"]: (method.upper(), path) for method, path, operation in contract().operations()
            if path.startswith("/admin/")}


def calls_of_workspaces():
    """Those that go by a key or by a member's role."""
    of_people = {"people", "privacy", "sandbox", "operation", "operators", "hosted"}
    return {operation["operationId"]: (method.upper(), path) for method, path, operation in contract().operations()
            if not set(operation["tags"]) & of_people
            and operation["operationId"] not in {"acceptInvitation", "reportLeakedApiKey"}}


def ask(browser, method, path, headers=None):
    """Something that is well-formed but about nothing that exists, so that it changes nothing."""
    kind = IDS.get(path.split("/")[3 if path.startswith("/admin/") else 2], "msg")
    target = (path.replace("{id}", f"{kind}_{NOTHING}").replace("{connection}", f"con_{NOTHING}")
              .replace("{code}", "NOSUCHCODE"))
    return browser.request(method, target, {"nothing": 1} if method in ("POST", "PATCH") else None,
                           headers={**WHY, **(headers or {})})


def test_every_admin_operation_has_its_row():
    assert set(admin_operations()) == set(ALLOWED)


def test_to_others_there_is_no_such_path(shared):
    server, owner = shared.server, owner_of(shared.server)
    for method, path in admin_operations().values():
        answer = ask(owner, method, path)
        assert (answer.status, code(answer)) == (404, "not_found"), path
        answer = ask(Browser(server.base_url), method, path)
        assert (answer.status, code(answer)) == (401, "invalid_session"), path
        answer = Api(server.base_url, server.sandbox["api_key"]).request(method, path.replace("{id}", "x"))
        assert answer.status == 401, "a key opens no door of operators"


def test_each_role_may_do_what_its_row_says_and_nothing_else(make_stack):
    server = make_stack(checked=False).server
    root = operator_of(server, checked=False)
    browsers = {role: add_operator(server, root, f"{role}@example.com", role, checked=False) for role in ROLES}
    stranger = sign_up(server, "foreign@example.com", checked=False)
    wrong = []
    for name, (method, path) in admin_operations().items():
        for role, browser in browsers.items():
            refused = ask(browser, method, path).status == 403
            if refused == (role in ALLOWED[name]):
                wrong.append((name, role))
        if ask(stranger, method, path).status != 404:
            wrong.append((name, "no operator"))
        if ask(Browser(server.base_url, checked=False), method, path).status != 401:
            wrong.append((name, "nobody"))
    assert wrong == []


def test_a_support_session_may_do_what_its_row_says_and_nothing_else(make_stack):
    server = make_stack(checked=False).server
    root = operator_of(server, checked=False)
    workspace = server.sandbox["workspace_id"]
    reader = helper_of(root, workspace)
    writer = helper_of(root, workspace, scopes=["messages:send", "webhooks:manage", "connections:manage"])
    wrong = []
    for name, (method, path) in calls_of_workspaces().items():
        for helper, allowed in ((reader, ("read",)), (writer, ("read", "write"))):
            answer = ask(root, method, path, {SUPPORT_HEADER: helper.session})
            is_refused = answer.status == 403 and code(answer) == "insufficient_scope"
            if is_refused == (IN_SUPPORT.get(name) in allowed):
                wrong.append((name, IN_SUPPORT.get(name), answer.status))
    assert wrong == []
