"""Terms and the provider's policies: who has accepted what, and what waits for it."""

import pytest
from _support.api import code
from _support.people import PASSWORD, Browser, add_member, owner_of, sign_up

POLICIES = {"kind": "provider_policies", "version": "2026-11"}


@pytest.fixture(scope="module")
def server(shared):
    return shared.server


@pytest.fixture(scope="module")
def asha(server):
    """The owner of a workspace of her own, who has accepted no policies."""
    owner = sign_up(server, "no-policies@example.com")
    assert owner.post("/v1/workspaces", {"name": "Acme"}).status == 201
    return owner


def make_live_key(browser):
    return browser.make_key(mode="live")


def test_a_live_key_waits_for_the_providers_policies(server):
    owner = sign_up(server, "policies@example.com")
    workspace = owner.post("/v1/workspaces", {"name": "Acme"}).json()["id"]
    developer = add_member(server, owner, "developer@example.com", "developer")
    refused = make_live_key(developer)
    assert (refused.status, code(refused)) == (403, "terms_not_accepted")
    assert "2026-11" in refused.json()["detail"] and "POST /v1/terms_acceptances" in refused.json()["fix"]
    assert owner.make_key().status == 201
    assert code(developer.post("/v1/terms_acceptances", POLICIES)) == "insufficient_scope"
    accepted = owner.post("/v1/terms_acceptances", POLICIES)
    assert accepted.status == 201
    assert make_live_key(developer).status == 201
    again = owner.post("/v1/terms_acceptances", POLICIES)
    assert (again.status, again.json()) == (200, accepted.json())
    [event] = owner.get(f"/v1/audit_events?target={accepted.json()['id']}").json()["data"]
    assert (event["act"], event["address"]) == ("provider_policies.accepted", "127.0.0.1")
    assert event["after"] == {"version": "2026-11"}
    assert workspace in [each["id"] for each in owner.get("/v1/workspaces").json()["data"]]


@pytest.mark.parametrize("method, target, body", [
    ("POST", "/v1/templates", {"name": "order_ready", "language": "en_US", "category": "utility",
                               "components": [{"type": "BODY", "text": "Hello from the shop"}]}),
    ("PATCH", "/v1/templates/tpl_01kb2v5m4q8x9r3t6w7y0z1a2c", {"category": "marketing"}),
    ("DELETE", "/v1/templates/tpl_01kb2v5m4q8x9r3t6w7y0z1a2c", None),
    ("DELETE", "/v1/templates?name=order_ready", None),
    ("POST", "/v1/templates/tpl_01kb2v5m4q8x9r3t6w7y0z1a2c/copy", {"connection_id": "con_01kb2v5m4q8x9r3t6w7y0z1a2c"}),
    ("POST", "/v1/templates/tpl_01kb2v5m4q8x9r3t6w7y0z1a2c/archive", None),
    ("POST", "/v1/templates/tpl_01kb2v5m4q8x9r3t6w7y0z1a2c/unarchive", None),
    ("POST", "/v1/templates/tpl_01kb2v5m4q8x9r3t6w7y0z1a2c/unpause", None),
])
def test_a_person_changes_live_templates_once_the_policies_are_accepted(asha, method, target, body):
    def call(mode):
        return asha.request(method, target, body, headers={"Connect-Mode": mode})
    assert code(call("live")) == "terms_not_accepted"
    assert call("test").status in (400, 404, 409)


@pytest.mark.parametrize("body, pointer", [
    ({**POLICIES, "version": "2019-01"}, "/version"),
    ({**POLICIES, "kind": "promises"}, "/kind"),
    ({"kind": "terms"}, "/version"),
])
def test_faults_of_an_acceptance_are_named(server, body, pointer):
    answer = owner_of(server).post("/v1/terms_acceptances", body)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_later_terms_are_accepted_by_each_for_himself(make_stack):
    stack = make_stack(settings={"TERMS_VERSION": "2026-06"})
    asha = {"name": "Asha", "email": "asha@example.com", "password": PASSWORD}
    old = Browser(stack.server.base_url).post("/v1/users", {**asha, "terms_version": "2025-01"})
    assert [fault["pointer"] for fault in old.json()["errors"]] == ["/terms_version"]
    owner = owner_of(stack.server)
    assert owner.get("/v1/terms").json()["terms_version"] == "2026-06"
    assert owner.post("/v1/terms_acceptances", POLICIES).status == 201
    assert code(make_live_key(owner)) == "terms_not_accepted"
    assert owner.post("/v1/terms_acceptances", {"kind": "terms", "version": "2026-06"}).status == 201
    assert make_live_key(owner).status == 201
    shown = owner.get("/v1/terms_acceptances").json()["data"]
    assert [(each["kind"], each["version"]) for each in shown] == [("provider_policies", "2026-11"), ("terms", "2026-06")]
