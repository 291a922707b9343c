"""A workspace's settings, as its members and keys meet them."""

import pytest
from _support.api import Api, code, text_to
from _support.people import Mails, add_member, owner_of, sign_up


@pytest.fixture(scope="module")
def server(shared):
    return shared.server


@pytest.fixture
def owner(server):
    """Of a workspace of his own."""
    browser = sign_up(server, f"owner{next(NUMBERS)}@example.com")
    browser.workspace = browser.home = browser.post("/v1/workspaces", {"name": "Acme"}).json()["id"]
    return browser


NUMBERS = iter(range(1000))


def path_of(browser):
    return f"/v1/workspaces/{browser.home}"


def faults(answer):
    assert answer.status == 400, answer
    return [fault["pointer"] for fault in answer.json()["errors"]]


def test_a_new_workspace_has_the_defaults(owner):
    shown = owner.get(path_of(owner)).json()
    assert (shown["id"], shown["name"], shown["role"], shown["time_zone"]) == (owner.home, "Acme", "owner", "UTC")
    assert shown["default_senders"] == {"live": None, "test": None}
    assert shown["retention"] == {"records_days": None, "content_hours": None}
    assert shown["retention_max"] == {"records_days": None, "content_hours": 24}
    assert shown["ip_allow_list"] == []
    assert not shown["sso_required"] and not shown["support_needs_approval"]
    assert not shown["consent_required_for_marketing"]


def test_a_change_is_a_merge_patch_and_on_the_record(owner):
    changed = owner.patch(path_of(owner), {"time_zone": "Asia/Kolkata", "retention": {"records_days": 30}}).json()
    assert (changed["time_zone"], changed["retention"]["records_days"]) == ("Asia/Kolkata", 30)
    changed = owner.patch(path_of(owner), {"retention": {"content_hours": 0}}).json()
    assert changed["retention"] == {"records_days": 30, "content_hours": 0}
    changed = owner.patch(path_of(owner), {"retention": {"records_days": None}, "support_needs_approval": True}).json()
    assert changed["retention"] == {"records_days": None, "content_hours": 0}
    assert changed == owner.get(path_of(owner)).json()
    newest, *_ = owner.get(f"/v1/audit_events?target={owner.home}").json()["data"]
    assert newest["act"] == "workspace.changed"
    assert newest["before"] == {"records_days": 30, "support_needs_approval": False}
    assert newest["after"] == {"records_days": None, "support_needs_approval": True}
    assert newest["address"] == "127.0.0.1"


@pytest.mark.parametrize("change, pointer", [
    ({"name": ""}, "/name"),
    ({"time_zone": "Mars/Olympus"}, "/time_zone"),
    ({"time_zone": None}, "/time_zone"),
    ({"retention": {"records_days": 9}}, "/retention/records_days"),
    ({"retention": {"content_hours": 25}}, "/retention/content_hours"),
    ({"retention": {"years": 1}}, "/retention/years"),
    ({"retention": None}, "/retention"),
    ({"default_senders": {"test": "snd_01kb2v5m4q8x9r3t6w7y0z1a2c"}}, "/default_senders/test"),
    ({"ip_allow_list": ["203.0.113.1/24"]}, "/ip_allow_list/0"),
    ({"ip_allow_list": ["203.0.113.0/24"]}, "/ip_allow_list"),
    ({"sso_required": "yes"}, "/sso_required"),
    ({"role": "owner"}, "/role"),
])
def test_faults_of_a_change_are_named(owner, change, pointer):
    assert faults(owner.patch(path_of(owner), change)) == [pointer]
    assert owner.get(path_of(owner)).json()["time_zone"] == "UTC"


def test_a_new_name_is_in_every_members_list(server, owner):
    member = add_member(server, owner, "renamed@example.com", "viewer")
    assert owner.patch(path_of(owner), {"name": "Acme Ltd"}).json()["name"] == "Acme Ltd"
    for browser in (owner, member):
        assert [each["name"] for each in browser.get("/v1/workspaces").json()["data"]] == ["Acme Ltd"]


def test_the_path_names_the_workspace_and_not_a_header(server, owner):
    second = owner.post("/v1/workspaces", {"name": "Second"}).json()["id"]
    assert owner.get(f"/v1/workspaces/{second}").json()["name"] == "Second"
    stranger = sign_up(server, "stranger.of.settings@example.com")
    assert code(stranger.get(path_of(owner))) == "not_found"
    assert code(stranger.patch(path_of(owner), {"name": "Mine"})) == "not_found"
    assert code(owner.get("/v1/workspaces/usr_01kb2v5m4q8x9r3t6w7y0z1a2c")) == "invalid_id"


def test_a_key_neither_reads_nor_changes_settings(server, owner):
    key = owner.make_key(scopes=["usage:read", "audit:read"]).json()["key"]
    api = Api(server.base_url, key, checked=False)
    assert code(api.get(path_of(owner))) == "insufficient_scope"
    assert code(api.request("PATCH", path_of(owner), {"name": "Mine"})) == "insufficient_scope"


def test_who_calls_from_elsewhere_is_kept_out_at_once(make_stack):
    """Addresses are told apart by a trusted proxy's header: all of the test come from one machine."""
    server = make_stack(settings={"TRUSTED_PROXIES": "127.0.0.1"}).server
    owner = owner_of(server)
    here, there = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "198.51.100.7"}
    home = f"/v1/workspaces/{server.sandbox['workspace_id']}"
    api = Api(server.base_url, server.sandbox["api_key"])
    assert api.get("/v1/quota", headers=there).status == 200
    assert faults(owner.patch(home, {"ip_allow_list": ["198.51.100.0/24"]}, headers=here)) == ["/ip_allow_list"]
    assert owner.patch(home, {"ip_allow_list": ["203.0.113.0/24"]}, headers=here).status == 200
    assert code(api.get("/v1/quota", headers=there)) == "address_not_allowed"
    assert code(api.send(text_to("+919876500001"))) == "address_not_allowed"
    assert code(owner.get("/v1/members", headers=there)) == "address_not_allowed"
    assert code(owner.get(home, headers=there)) == "address_not_allowed"
    assert owner.get("/v1/members", headers=here).status == 200
    assert api.get("/v1/quota", headers=here).status == 200
    # His account, and other workspaces, are not bound.
    assert owner.get("/v1/user", headers=there).status == 200
    assert owner.get("/v1/workspaces", headers=there).status == 200
    assert owner.patch(home, {"ip_allow_list": []}, headers=here).status == 200
    assert api.get("/v1/quota", headers=there).status == 200


def test_settings_are_in_force_after_a_restart(make_stack):
    stack = make_stack(settings={"TRUSTED_PROXIES": "127.0.0.1"})
    owner = owner_of(stack.server)
    here, there = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "198.51.100.7"}
    change = {"ip_allow_list": ["203.0.113.0/24"], "sso_required": False, "time_zone": "Europe/Berlin"}
    home = f"/v1/workspaces/{stack.server.sandbox['workspace_id']}"
    assert owner.patch(home, change, headers=here).status == 200
    assert stack.server.terminate() == 0
    stack.start_server()
    api = Api(stack.server.base_url, stack.server.sandbox["api_key"])
    assert code(api.get("/v1/quota", headers=there)) == "address_not_allowed"
    assert owner_of(stack.server).get(home, headers=here).json()["time_zone"] == "Europe/Berlin"


def test_an_invitation_has_no_way_round_the_limit_of_workspaces(make_stack):
    server = make_stack(checked=False).server
    owner = owner_of(server, checked=False)
    asha = sign_up(server, "collector@example.com", checked=False)
    assert owner.post("/v1/invitations", {"email": "collector@example.com", "role": "viewer"}).status == 201
    token = Mails(server).token_for("collector@example.com", "invitation")
    made = [asha.post("/v1/workspaces", {"name": f"Shop {number}"}) for number in range(100)]
    assert {answer.status for answer in made} == {201}
    refused = asha.post("/v1/invitations/accept", {"token": token})
    assert (refused.status, refused.json()["code"]) == (409, "conflict")
    assert len(asha.get("/v1/workspaces").json()["data"]) == 100
