"""Operators' browsers, and their support sessions."""

from _support.people import WHY, sign_up

SUPPORT_HEADER = "Connect-Support-Session"
ROLES = ("support", "onboarding", "billing", "superadmin")
REASON = "Deliveries to the shop stop since noon"


def add_operator(server, root, address, role, checked=True):
    """Somebody new whom a superadmin has made an operator, and who has signed in since."""
    browser = sign_up(server, address, checked=checked)
    answer = root.post("/admin/v1/operators", {"email": address, "role": role}, headers=WHY)
    assert answer.status == 201, answer
    assert browser.get("/admin/v1/workspaces").status == 401, "no session that is older than the right"
    assert browser.sign_in(address).status == 201
    return browser


def open_session(operator, workspace, headers=None, **more):
    body = {"workspace_id": workspace, "category": "debugging", "reason": REASON, **more}
    return operator.post("/admin/v1/support_sessions", body, headers=headers)


class Helper:
    """An operator's browser, as it is let in by a support session."""

    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def request(self, method, target, body=None, **more):
        return self.browser.request(method, target, body, headers={SUPPORT_HEADER: self.session, **more})

    def get(self, target):
        return self.request("GET", target)


def helper_of(operator, workspace, **more):
    answer = open_session(operator, workspace, **more)
    assert answer.status == 201, answer
    return Helper(operator, answer.json()["id"])


def acts_of(owner, session):
    """What the workspace's record says of a session, the oldest first."""
    events = owner.get(f"/v1/audit_events?target={session}&limit=100").json()["data"]
    return [(event["act"], (event["after"] or {}).get("operation")) for event in reversed(events)]
