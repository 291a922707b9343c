"""What the law asks to be kept stays, whoever wants it deleted."""

from _support.api import code
from _support.contract import contract
from _support.people import WHY, Browser, operator_of, owner_of, sign_up
from _support.privacy import AT_ONCE, NUMBER, delete, step


def test_a_hold_holds_whoever_asks_cancels_or_refuses(make_stack):
    stack = make_stack(settings=AT_ONCE)
    operator = operator_of(stack.server)
    asha = sign_up(stack.server, "kept@example.com")
    wish = {"subject": "account", "email": "kept@example.com"}
    reason = {"Connect-Reason": "a court asks"}
    held = operator.post("/admin/v1/legal_holds", wish, headers=reason)
    assert held.status == 201 and held.json()["reason"] == "a court asks"
    assert code(operator.post("/admin/v1/legal_holds", wish, headers=reason)) == "conflict"
    first = delete(asha)
    assert (first["state"], first["reason"]) == ("on_hold", "a court asks")
    assert asha.post(f"/v1/data_requests/{first['id']}/cancel", None).json()["state"] == "cancelled"
    second = delete(asha)
    assert second["state"] == "on_hold"
    assert step(operator, second, "refuse").json()["state"] == "refused"
    assert delete(asha)["state"] == "on_hold"
    [listed] = operator.get("/admin/v1/legal_holds").json()["data"]
    assert listed == held.json()
    assert operator.delete(f"/admin/v1/legal_holds/{listed['id']}", headers=WHY).status == 204
    assert code(operator.delete(f"/admin/v1/legal_holds/{listed['id']}", headers=WHY)) == "not_found"
    assert asha.get("/v1/data_requests").json()["data"][0]["state"] == "in_review"


def test_a_held_request_leaves_its_hold_behind(make_stack):
    stack = make_stack(settings=AT_ONCE | {"PRIVACY_REVIEW": "true"})
    operator = operator_of(stack.server)
    owner = owner_of(stack.server)
    password = stack.server.sandbox["owner"]["password"]
    first = delete(owner, "recipient", password, recipient=NUMBER)
    assert step(operator, first, "hold", "a court asks").json()["state"] == "on_hold"
    [hold] = operator.get("/admin/v1/legal_holds").json()["data"]
    assert (hold["subject"], hold["recipient"], hold["put_by"]) == ("recipient", first["recipient"], operator.get("/v1/user").json()["id"])
    assert owner.post(f"/v1/data_requests/{first['id']}/cancel", None).json()["state"] == "cancelled"
    second = delete(owner, "recipient", password, recipient=NUMBER)
    assert second["state"] == "on_hold"
    whole = operator.post("/admin/v1/legal_holds", {"subject": "workspace", "workspace_id": hold["workspace_id"]}, headers=WHY)
    assert whole.status == 201
    assert code(step(operator, second, "release")) == "conflict", "its workspace is held"
    assert operator.delete(f"/admin/v1/legal_holds/{whole.json()['id']}", headers=WHY).status == 204
    assert step(operator, second, "release").json()["state"] == "in_review"
    assert operator.get("/admin/v1/legal_holds").json()["data"] == []


def test_every_operation_on_holds_has_succeeded_here():
    wanted = {(method, path) for method, path, _ in contract().operations() if "legal_holds" in path}
    assert wanted and wanted - Browser.succeeded == set()
