"""Who may do what with requests for data and for deletion: docs/permissions.md, from the caller's side."""

from _support.contract import contract
from _support.people import add_member, owner_of, sign_up
from _support.privacy import NUMBER, OTHER_NUMBER, ask


ROLES = ("owner", "admin", "developer", "billing", "viewer")
MAY = {"account": set(), "recipient": {"owner", "admin"}, "workspace": {"owner"}}  # beside who it is about, or asked


def operations_on(request):
    """On a request of somebody else's, and what each may answer to whom it lets in."""
    path = f"/v1/data_requests/{request['id']}"
    return {"getDataRequest": ("GET", path), "downloadDataRequest": ("GET", path + "/export"), "cancelDataRequest": ("POST", path + "/cancel")}


def test_each_role_may_do_with_each_subject_what_its_row_says(shared):
    owner = owner_of(shared.server)
    owner.workspace = shared.server.sandbox["workspace_id"]
    browsers = {"owner": owner}
    for role in ROLES[1:]:
        browsers[role] = add_member(shared.server, owner, f"may-{role}@example.com", role)
    asha = sign_up(shared.server, "may-asha@example.com")
    stranger = sign_up(shared.server, "may-stranger@example.com")
    for browser in [*browsers.values(), stranger]:
        browser.workspace = owner.workspace
    requests = {"account": ask(asha, "export", "account").json(),
                "recipient": ask(owner, "export", "recipient", recipient=NUMBER).json(),
                "workspace": ask(owner, "export", "workspace").json()}
    wrong = []
    for subject, request in requests.items():
        for name, (method, path) in operations_on(request).items():
            allowed = {"GET": 200, "POST": 409}[method]  # an export can't be cancelled
            for role, browser in browsers.items():
                expected = allowed if role in MAY[subject] else 404 if subject == "account" else 403
                if (status := browser.request(method, path).status) != expected:
                    wrong.append((subject, name, role, status))
            if (status := stranger.request(method, path).status) != 404:
                wrong.append((subject, name, "a stranger", status))
        if subject == "account":
            continue  # everybody asks for his own
        for kind in ("export", "deletion"):
            more = {"recipient": OTHER_NUMBER} if subject == "recipient" else {}
            more |= {"password": "wrong"} if kind == "deletion" else {}
            for role, browser in browsers.items():
                expected = 403 if role not in MAY[subject] else 201 if kind == "export" else 401
                if (status := ask(browser, kind, subject, **more).status) != expected:
                    wrong.append((subject, "createDataRequest", kind, role, status))
            if (status := ask(stranger, kind, subject, **more).status) != 404:
                wrong.append((subject, "createDataRequest", kind, "a stranger", status))
    for role, browser in browsers.items():
        if (status := browser.get("/v1/data_requests").status) != (200 if role in MAY["recipient"] else 403):
            wrong.append(("listDataRequests", role, status))
    if (status := stranger.get("/v1/data_requests").status) != 404:
        wrong.append(("listDataRequests", "a stranger", status))
    assert wrong == []


def test_every_operation_on_requests_is_in_that_table():
    named = {operation["operationId"] for _, path, operation in contract().operations() if path.startswith("/v1/data_requests")}
    assert named == {*operations_on({"id": ""}), "createDataRequest", "listDataRequests"}
