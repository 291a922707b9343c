"""Accounts that a workspace connects: by a system user's token, their steps, what happens to their tokens, their end."""

import time

import pytest

from _support.api import code, text_to
from _support.connections import account_in, token_for
from _support.graph import Graph
from _support.http_client import HttpClient
from _support.people import WHY, operator_of, owner_of, sign_up
from _support.signing import post_signed_request, signed_request
from _support.waiting import wait_until

PIN = "123456"
TO = "+919876500042"


@pytest.fixture
def root(stack):
    return operator_of(stack.server)


def path_of(workspace, connection=None, edge=""):
    path = f"/admin/v1/workspaces/{workspace}/connections"
    return path + (f"/{connection}" if connection else "") + edge


def connect(stack, root, account=None, token=None, workspace=None, headers=None, **more):
    account = account or account_in(stack.sim)
    body = {"token": token or token_for(stack.sim, account), "pin": PIN, **more}
    return root.post(path_of(workspace or stack.server.sandbox["workspace_id"]), body, headers={**WHY, **(headers or {})})


def steps_of(connection):
    return {step["name"]: step for step in connection["onboarding"]["steps"]}


def updates_in(receiver):
    """What it was told of connections."""
    return [each.event["data"]["connection"] for each in receiver.all() if each.type == "connection.updated"]


def sender_of(stack, connection):
    return next(each for each in stack.api.all_of("/v1/senders") if each["connection_id"] == connection["id"])


# --- connecting ---

def test_an_operator_connects_an_account_and_it_sends_and_hears(stack, root):
    receiver = stack.receiver(["connection.updated", "message.*"])
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    answer = connect(stack, root, account, token)
    assert answer.status == 201, answer
    made = answer.json()
    assert (made["status"], made["onboarding"]["status"], made["connected_via"]) == ("active", "complete", "system_token")
    assert made["account_id"] == account["id"]
    assert token not in answer.body.decode()
    assert {name: step["state"] for name, step in steps_of(made).items()} == {
        "token": "done", "account": "done", "numbers": "done", "subscription": "done", "callback": "skipped",
        "registration": "done", "history": "skipped"}
    senders = {each["phone_number_id"]: each for each in stack.api.all_of("/v1/senders")}
    sender = senders[account["phone_number_id"]]
    assert sender["connection_id"] == made["id"]

    sent = stack.api.accept({**text_to(TO), "from": sender["id"]})
    stack.api.wait_for_status(sent["id"], "read")
    stack.sim.inbound(phone_number_id=account["phone_number_id"])
    assert receiver.wait_for_type("message.received").message["sender_id"] == sender["id"]
    shown = stack.api.get(f"/v1/connections/{made['id']}").json()
    wait_until(lambda: updates_in(receiver) and updates_in(receiver)[-1] == shown, "all of it was told")


def test_the_token_stands_nowhere_in_clear(stack, root):
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    assert connect(stack, root, account, token).status == 201
    stack.server.terminate()
    assert [path for path, content in stack.server.files().items() if token.encode() in content] == []
    assert token not in stack.server.log_text()


@pytest.mark.parametrize("wish, wrong", [
    ({"expires_in": -60}, "token_expired"),
    ({"scopes": ["public_profile"]}, "permission_missing"),
    ({"scopes": ["whatsapp_business_messaging"]}, "permission_missing"),
])
def test_a_token_that_is_not_good_is_refused_and_nothing_is_stored(stack, root, wish, wrong):
    account = account_in(stack.sim)
    answer = connect(stack, root, account, token_for(stack.sim, account, **wish))
    assert (answer.status, code(answer)) == (400, "invalid_request"), answer
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("/token", wrong)]
    assert len(stack.api.all_of("/v1/connections")) == 1


def test_a_token_of_another_app_is_refused(stack, root):
    app = stack.sim.call("POST", "apps", {"secret": "another-secret"})["id"]
    account = account_in(stack.sim)
    answer = connect(stack, root, account, token_for(stack.sim, account, app_id=app))
    assert answer.json()["errors"][0]["code"] == "token_of_another_app", answer


def test_a_token_of_several_accounts_wants_one_named(stack, root):
    one, two = account_in(stack.sim), account_in(stack.sim)
    token = token_for(stack.sim, one, two)
    assert connect(stack, root, token=token).json()["errors"][0]["code"] == "account_ambiguous"
    named = connect(stack, root, token=token, account_id=two["id"])
    assert (named.status, named.json()["account_id"]) == (201, two["id"])


def test_the_same_key_connects_once(stack, root):
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    first = connect(stack, root, account, token, headers={"Idempotency-Key": "connect-1"})
    again = connect(stack, root, account, token, headers={"Idempotency-Key": "connect-1"})
    assert (first.status, again.status, again.headers.get("Idempotent-Replayed")) == (201, 201, "true")
    assert again.json()["id"] == first.json()["id"]


# --- steps that fail ---

def test_a_wrong_pin_is_said_in_words_and_the_right_one_goes_on(stack, root):
    owner = owner_of(stack.server)
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    assert Graph.of_simulator(stack, token).call("POST", f"{account['phone_number_id']}/register",
                                                 {"messaging_product": "whatsapp", "pin": "246810"}).status == 200
    stack.sim.call("POST", "phones", {"id": account["phone_number_id"], "set": {"status": "DISCONNECTED"}})
    made = connect(stack, root, account, token).json()
    assert (made["status"], made["onboarding"]["status"]) == ("pending", "action_required")
    failed = steps_of(made)["registration"]
    assert (failed["state"], failed["code"], failed["provider"]["code"]) == ("failed", "pin_mismatch", 133005)
    assert "two-step verification" in failed["fix"]
    assert steps_of(made)["subscription"]["state"] == "done"

    resume = f"/v1/connections/{made['id']}/resume"
    assert owner.post(resume, {"pin": "12345"}).json()["errors"][0]["pointer"] == "/pin"
    stack.sim.call("POST", "clock", {"advance_seconds": 60})
    again = owner.post(resume, {"pin": "246810"})
    assert (again.status, again.json()["status"]) == (200, "active"), again
    assert owner.post(resume, {}).json()["status"] == "active"


def test_without_a_pin_the_number_waits_for_one(stack, root):
    account = account_in(stack.sim)
    answer = root.post(path_of(stack.server.sandbox["workspace_id"]), {"token": token_for(stack.sim, account)}, headers=WHY)
    assert steps_of(answer.json())["registration"]["code"] == "pin_required"
    made = answer.json()["id"]
    resumed = root.post(path_of(stack.server.sandbox["workspace_id"], made, "/resume"), {"pin": PIN}, headers=WHY)
    assert resumed.json()["status"] == "active", resumed


def test_a_number_that_another_provider_has_says_what_to_do(stack, root):
    account = account_in(stack.sim)
    stack.sim.call("POST", "phones", {"id": account["phone_number_id"], "set": {"_registered_elsewhere": True}})
    failed = steps_of(connect(stack, root, account).json())["registration"]
    assert (failed["state"], failed["code"]) == ("failed", "number_migration")
    assert "another provider" in failed["fix"]


def test_a_number_on_its_owners_app_is_not_registered(stack, root):
    account = account_in(stack.sim)
    stack.sim.call("POST", "phones", {"id": account["phone_number_id"], "set": {"is_on_biz_app": True}})
    made = connect(stack, root, account).json()
    assert (made["status"], made["coexistence"]) == ("active", True), made
    assert steps_of(made)["registration"]["state"] == "skipped"
    assert steps_of(made)["history"]["state"] == "done"


# --- whose it is ---

def test_an_account_of_another_workspace_is_a_conflict_until_it_is_let_go(stack, root):
    owner = owner_of(stack.server)
    account = account_in(stack.sim)
    mine = connect(stack, root, account).json()["id"]
    stranger = sign_up(stack.server, "stranger@example.com")
    other = stranger.post("/v1/workspaces", {"name": "Another"}).json()["id"]
    refused = connect(stack, root, account, workspace=other)
    assert (refused.status, code(refused)) == (409, "account_connected_elsewhere")
    stranger.workspace = other
    assert stranger.get(f"/v1/connections/{mine}").status == 404
    assert owner.delete(f"/v1/connections/{mine}").status == 204
    assert connect(stack, root, account, workspace=other).json()["status"] == "active"


def test_a_workspace_that_is_not_there_is_not_found(stack, root):
    answer = connect(stack, root, workspace="ws_01kb2v5m4q8x9r3t6w7y0z1a2c")
    assert (answer.status, code(answer)) == (404, "not_found")


def test_a_connection_is_read_named_and_listed(stack):
    [only] = stack.api.all_of("/v1/connections")
    assert only["id"] == stack.server.sandbox["connection_id"] == stack.server.sandbox["workspaces"][0]["connection_id"]
    assert (only["status"], only["connected_via"]) == ("active", "set_up")
    path = f"/v1/connections/{only['id']}"
    changed = stack.api.request("PATCH", path, body={"name": "Main"}, headers={"Idempotency-Key": "name-1"})
    assert changed.json()["name"] == "Main"
    again = stack.api.request("PATCH", path, body={"name": "Main"}, headers={"Idempotency-Key": "name-1"})
    assert again.headers.get("Idempotent-Replayed") == "true"
    assert stack.api.get(path).json()["name"] == "Main"
    assert stack.api.request("PATCH", path, body={"admin_notes": "x"}).json()["errors"][0]["code"] == "unknown_field"


# --- what operators do ---

def test_states_of_its_numbers_are_known_once_it_is_connected(stack, root):
    sender = sender_of(stack, connect(stack, root).json())
    assert sender["synced_at"] and (sender["status"], sender["quality"]) != (None, None)


def test_operators_read_connections_in_pages_newest_first(stack, root):
    made = [connect(stack, root).json()["id"] for _ in range(2)]
    path = path_of(stack.server.sandbox["workspace_id"])
    everything = [each["id"] for each in root.get(path, headers=WHY).json()["data"]]
    assert everything == sorted(everything, reverse=True) and everything[:2] == made[::-1]
    first = root.get(f"{path}?limit=1", headers=WHY).json()
    assert ([each["id"] for each in first["data"]], first["has_more"]) == ([made[1]], True)
    second = root.get(f"{path}?limit=1&after={made[1]}", headers=WHY).json()
    assert [each["id"] for each in second["data"]] == [made[0]]


def test_notes_and_who_did_what_are_for_operators(stack, root):
    workspace, made = stack.server.sandbox["workspace_id"], connect(stack, root).json()["id"]
    path = path_of(workspace, made)
    change = {"admin_notes": "calls on Mondays", "payment_setup_status": "ready", "funding_mode": "credit_line",
              "steps": [{"name": "business_verification", "state": "done", "note": "papers seen"}]}
    shown = root.patch(path, change, headers=WHY).json()
    assert (shown["admin_notes"], shown["payment_setup_status"], shown["funding_mode"]) == (
        "calls on Mondays", "ready", "credit_line")
    step = steps_of(shown)["business_verification"]
    assert (step["by"], step["note"]) == (root.get("/v1/user").json()["id"], "papers seen")
    assert root.get(path, headers=WHY).json() == shown
    assert made in [each["id"] for each in root.get(path_of(workspace), headers=WHY).json()["data"]]

    members = stack.api.get(f"/v1/connections/{made}")
    assert steps_of(members.json())["business_verification"]["state"] == "done"
    for secret in ("Mondays", "papers", step["by"]):
        assert secret not in members.body.decode()
    acts = root.get("/admin/v1/audit_events?act=operator.connection_changed", headers=WHY).json()["data"]
    assert [each["target"] for each in acts] == [workspace]


def test_who_pays_may_change_at_a_later_date(stack, root):
    made = connect(stack, root).json()["id"]
    path = path_of(stack.server.sandbox["workspace_id"], made)
    later = {"funding_mode": "wallet", "funding_effective_from": "2099-01-01T00:00:00.000Z"}
    shown = root.patch(path, later, headers=WHY).json()
    assert shown["funding_mode"] == "customer_direct"
    assert [(each["mode"], each["effective_from"]) for each in shown["funding_history"]] == [
        ("wallet", "2099-01-01T00:00:00.000Z")]


@pytest.mark.parametrize("change, wrong", [
    ({"funding_mode": "magic"}, "/funding_mode"),
    ({"funding_effective_from": "2099-01-01T00:00:00Z"}, "/funding_effective_from"),
    ({"payment_setup_status": "soon"}, "/payment_setup_status"),
    ({"steps": [{"name": "token", "state": "done"}]}, "/steps/0/name"),
    ({"steps": [{"name": "other", "state": "perhaps"}]}, "/steps/0/state"),
    ({"token": "EAAx"}, "/token"),
])
def test_what_is_no_change_is_refused(stack, root, change, wrong):
    path = path_of(stack.server.sandbox["workspace_id"], stack.server.sandbox["connection_id"])
    answer = root.patch(path, change, headers=WHY)
    assert (answer.status, [each["pointer"] for each in answer.json()["errors"]]) == (400, [wrong])


# --- its token's life ---

def status_of(stack, connection):
    return stack.api.get(f"/v1/connections/{connection}").json()


def test_a_revoked_token_is_noticed_by_a_send_and_mended_by_connecting_again(stack, root):
    receiver = stack.receiver(["connection.updated"])
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    made = connect(stack, root, account, token).json()
    sender = sender_of(stack, made)
    stack.sim.call("POST", "tokens/revoke", {"token": token})
    waiting = stack.api.accept({**text_to(TO), "from": sender["id"]})
    wait_until(lambda: status_of(stack, made["id"])["status"] == "action_required", "its token is known to be revoked")
    reason = status_of(stack, made["id"])["reason"]
    assert reason["code"] == "token_revoked"
    assert "again" in reason["fix"]
    wait_until(lambda: any(each["reason"] == reason for each in updates_in(receiver)), "the workspace is told")

    again = connect(stack, root, account).json()
    assert (again["id"], again["status"], again["reason"]) == (made["id"], "active", None)
    assert stack.api.get(f"/v1/messages/{waiting['id']}").json()["status"] != "failed"


def test_one_refused_send_does_not_alarm_where_the_token_is_good(stack):
    stack.sim.fault({"error": 190}, times=1)
    before = status_of(stack, stack.server.sandbox["connection_id"])
    sent = stack.api.accept(text_to(TO))
    wait_until(lambda: stack.sim.call("GET", "faults")["faults"][0]["hits"] == 1, "the send was refused")
    assert sent["status"] == "accepted"
    assert status_of(stack, stack.server.sandbox["connection_id"]) == before


@pytest.mark.parametrize("value, reason", [
    ({"event": "PARTNER_REMOVED"}, "partner_removed"),
    ({"event": "PARTNER_APP_UNINSTALLED"}, "app_removed"),
    ({"event": "ACCOUNT_DELETED"}, "account_deleted"),
    ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}, "account_disabled"),
])
def test_what_whatsapp_tells_of_an_account_is_its_status(stack, value, reason):
    connection = stack.server.sandbox["connection_id"]
    stack.sim.call("POST", "webhook", {"field": "account_update", "value": value})
    wait_until(lambda: status_of(stack, connection)["status"] == "action_required", "it is told")
    assert status_of(stack, connection)["reason"]["code"] == reason
    restored = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}
    stack.sim.call("POST", "webhook", {"field": "account_update", "value": restored})
    if reason == "account_disabled":
        wait_until(lambda: status_of(stack, connection)["status"] == "active", "it is enabled again")


# --- its end ---

def test_a_disconnected_account_sends_nothing_more(stack, root):
    owner = owner_of(stack.server)
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    made = connect(stack, root, account, token).json()
    sender = sender_of(stack, made)
    graph = Graph.of_simulator(stack, token)
    assert len(graph.call("GET", f"{account['id']}/subscribed_apps").json()["data"]) == 1
    stack.sim.fault({"error": 131016}, to=TO)  # it waits to be tried again
    waiting = stack.api.accept({**text_to(TO), "from": sender["id"]})
    wait_until(lambda: stack.sim.call("GET", "faults")["faults"][0]["hits"] >= 1, "it was refused once")

    assert owner.delete(f"/v1/connections/{made['id']}").status == 204
    assert owner.delete(f"/v1/connections/{made['id']}").status == 204
    gone = status_of(stack, made["id"])
    assert (gone["status"], gone["token_expires_at"]) == ("disconnected", None)
    assert graph.call("GET", f"{account['id']}/subscribed_apps").json()["data"] == []
    assert sender["id"] not in [each["id"] for each in stack.api.all_of("/v1/senders")]
    refused = stack.api.post("/v1/messages", {**text_to(TO), "from": sender["id"]})
    assert refused.json()["errors"][0]["pointer"] == "/from"
    failed = stack.api.wait_for_status(waiting["id"], "failed")
    assert failed["error"]["code"] == "sender_removed"
    assert code(owner.post(f"/v1/connections/{made['id']}/resume", {})) == "conflict"


def test_a_disconnected_account_stays_so_after_a_restart_and_comes_back_with_its_ids(stack, root):
    account = account_in(stack.sim)
    made = connect(stack, root, account).json()
    sender = sender_of(stack, made)
    assert stack.api.request("DELETE", f"/v1/connections/{made['id']}").status == 204
    stack.server.terminate()
    stack.start_server()
    assert status_of(stack, made["id"])["status"] == "disconnected"
    again = connect(stack, operator_of(stack.server), account).json()
    assert (again["id"], again["status"], again["disconnected_at"]) == (made["id"], "active", None)
    assert sender["id"] in [each["id"] for each in stack.api.all_of("/v1/senders")]


# --- who has connected it ---

def user_of(stack, token):
    return Graph.of_simulator(stack, token).call("GET", "me").json()["id"]


def test_who_removes_the_app_leaves_a_connection_that_needs_action(stack, root):
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    made = connect(stack, root, account, token).json()
    answer = post_signed_request(stack.server, "deauthorize", signed_request(stack.app_secret, user_id=user_of(stack, token)))
    assert answer.status == 200, answer
    assert status_of(stack, made["id"])["reason"]["code"] == "app_removed"


def test_who_wants_their_data_deleted_is_told_where_to_read_of_it(stack, root):
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    made = connect(stack, root, account, token).json()
    answer = post_signed_request(stack.server, "data_deletion", signed_request(stack.app_secret, user_id=user_of(stack, token)))
    assert answer.status == 200, answer
    shown = answer.json()
    assert shown["confirmation_code"] in shown["url"]
    http = HttpClient(stack.server.base_url)
    page = http.request("GET", "/hooks/whatsapp/data_deletion?" + shown["url"].split("?")[1])
    assert (page.status, b"deleted" in page.body) == (200, True)
    changed = shown["confirmation_code"][:-1] + ("0" if shown["confirmation_code"][-1] != "0" else "1")
    assert http.request("GET", f"/hooks/whatsapp/data_deletion?code={changed}").status == 404
    assert status_of(stack, made["id"])["status"] == "action_required"
    stack.server.terminate()
    [[sealed, user]] = stack.server.database.sql("SELECT length(sealed_token), token_user FROM connections WHERE via = 3")
    assert (int(sealed), user) == (0, "")


@pytest.mark.parametrize("name", ["deauthorize", "data_deletion"])
@pytest.mark.parametrize("text", [
    "", ".", "x.y", signed_request("another-secret", user_id="1"),
    signed_request("another-secret", user_id="1").split(".")[1],
])
def test_what_the_app_has_not_signed_is_refused(shared, name, text):
    answer = post_signed_request(shared.server, name, text)
    assert (answer.status, code(answer)) == (401, "invalid_signature")


def test_a_signed_request_that_was_changed_is_refused(shared):
    signature, payload = signed_request(shared.app_secret, user_id="1").split(".")
    other = signed_request(shared.app_secret, user_id="2").split(".")[1]
    assert post_signed_request(shared.server, "deauthorize", f"{signature}.{payload}").status == 200
    assert post_signed_request(shared.server, "deauthorize", f"{signature}.{other}").status == 401


@pytest.mark.parametrize("name", ["deauthorize", "data_deletion"])
@pytest.mark.parametrize("age", [25 * 3600, -25 * 3600, None])
def test_a_signed_request_of_another_day_is_refused(shared, name, age):
    issued_at = None if age is None else int(time.time()) - age
    answer = post_signed_request(shared.server, name, signed_request(shared.app_secret, user_id="1", issued_at=issued_at))
    assert (answer.status, code(answer)) == (401, "invalid_signature")


def test_what_is_allowed_again_is_not_taken_back_by_a_request_that_comes_twice(stack, root):
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    request = signed_request(stack.app_secret, user_id=user_of(stack, token), issued_at=int(time.time()) - 3600)
    made = connect(stack, root, account, token).json()
    assert post_signed_request(stack.server, "data_deletion", request).status == 200
    assert status_of(stack, made["id"])["status"] == "active"


def test_somebody_who_is_not_known_here_is_done_with(shared):
    answer = post_signed_request(shared.server, "data_deletion", signed_request(shared.app_secret, user_id="77"))
    assert answer.status == 200, answer
