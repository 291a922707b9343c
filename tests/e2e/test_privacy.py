"""What is held about people: exported, deleted, and looked for afterwards on disk."""

import json
import re
import subprocess

import pytest

from _support.api import Api, code, text_to
from _support.connections import account_in, token_for
from _support.contract import contract
from _support.database import on_postgres
from _support.graph import Graph
from _support.load import CONNECTION_FAULTS
from _support.people import OTHER_PASSWORD, PASSWORD, WHY, Browser, Mails, add_member, operator_of, owner_of, sign_up, told
from _support.postgres import Postgres
from _support.privacy import (AT_ONCE, NUMBER, OTHER_NUMBER, ask, delete, found_in, found_on_disk, link_token, step, wait_until_done,
                              wait_until_gone)
from _support.processes import CONNECTD
from _support.signing import callback, post_callback
from _support.waiting import wait_until

NAME, AGENT = "Ashalata Kelkar", "Mosaic/0.9 (of her own)"
MARKS = [b"ashalata", NAME.encode(), AGENT.encode()]


def lines_of(answer):
    assert answer.status == 200, answer
    return [json.loads(line) for line in answer.body.decode().splitlines()]


def states(server):
    """Of all requests, behind the server's back."""
    return [state for [state] in server.database.sql("SELECT state FROM data_requests", shared=True)]


def sign_up_as_asha(server, address="ashalata@example.com"):
    browser = sign_up(server, address, NAME)
    answer = browser.request("POST", "/v1/sessions", {"email": address, "password": PASSWORD}, headers={"User-Agent": AGENT})
    assert answer.status == 201
    return browser


# --- exports ---

def test_an_account_is_exported_with_its_parts(shared):
    owner = owner_of(shared.server)
    member = add_member(shared.server, owner, "export@example.com", "developer")
    made = member.make_key().json()
    request = ask(member, "export", "account").json()
    assert (request["state"], request["retained"]) == ("done", [])
    lines = lines_of(member.get(request["download"]))
    types = {line["type"] for line in lines}
    assert {"export", "users", "sessions", "known_devices", "user_workspaces", "data_requests", "audit_event"} <= types
    [user] = [line["data"] for line in lines if line["type"] == "users"]
    assert (user["email"], user["terms_version"]) == ("export@example.com", "2026-11")
    assert not any("hash" in key for line in lines for key in line["data"] if line["type"] != "audit_event")
    [part] = lines[0]["data"]["more"]
    of_workspace = lines_of(member.get(part))
    assert {"members", "api_key_made", "audit_event"} <= {line["type"] for line in of_workspace}
    assert made["id"] in json.dumps(of_workspace)
    assert owner.get("/v1/user").json()["id"] not in {line["data"].get("user_id") for line in of_workspace[1:]}


def test_an_export_is_its_subjects_alone(shared):
    asha, stranger = sign_up(shared.server, "mine@example.com"), sign_up(shared.server, "notmine@example.com")
    request = ask(asha, "export", "account").json()
    for target in (f"/v1/data_requests/{request['id']}", request["download"]):
        assert asha.get(target).status == 200
        assert stranger.get(target).status == 404
    assert stranger.post(f"/v1/data_requests/{request['id']}/cancel", None).status == 404
    assert [each["id"] for each in asha.get("/v1/data_requests").json()["data"]] == [request["id"]]
    assert stranger.get("/v1/data_requests").json()["data"] == []


def test_a_number_is_exported_to_owners_and_admins_only(shared):
    owner = owner_of(shared.server)
    sent = shared.api.accept(text_to(NUMBER))
    shared.api.wait_for_status(sent["id"], "read")
    shared.api.wait_for_status(shared.api.accept(text_to(OTHER_NUMBER))["id"], "read")
    request = ask(owner, "export", "recipient", recipient=NUMBER).json()
    lines = lines_of(owner.get(request["download"]))
    assert [line["data"]["id"] for line in lines if line["type"] == "message"] == [sent["id"]]
    assert any(line["type"] == "event" for line in lines)
    assert NUMBER not in json.dumps(lines)
    for role, status in (("admin", 200), ("developer", 403), ("billing", 403), ("viewer", 403)):
        member = add_member(shared.server, owner, f"dsr-{role}@example.com", role)
        assert member.get(request["download"]).status == status, role
        assert ask(member, "export", "recipient", recipient=NUMBER).status == (201 if status == 200 else 403), role
        assert ask(member, "deletion", "workspace", password=PASSWORD).status == 403, role
    stranger = sign_up(shared.server, "dsr-stranger@example.com")
    stranger.workspace = shared.server.sandbox["workspace_id"]
    assert stranger.get(request["download"]).status == 404
    assert ask(stranger, "export", "recipient", recipient=NUMBER).status == 404
    owner.workspace = shared.server.sandbox["workspace_id"]
    assert request["id"] in {each["id"] for each in owner.get("/v1/data_requests").json()["data"]}


def parts_of(browser, target):
    """All lines of an export, and in how many parts they came."""
    lines, parts = [], 0
    while target:
        answer = browser.get(target)
        lines += lines_of(answer)
        parts += 1
        link = answer.headers.get("Link")
        target = re.match("<(.*)>; rel=\"next\"$", link).group(1) if link else None
    return lines, parts


def test_a_workspace_is_exported_to_its_owners_without_secrets(shared):
    owner = owner_of(shared.server)
    endpoint = shared.api.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/exported", "events": ["message.read"]}).json()
    sent = shared.api.wait_for_status(shared.api.accept(text_to(NUMBER))["id"], "read")
    request = ask(owner, "export", "workspace").json()
    lines, _ = parts_of(owner, request["download"])
    held = {line["type"] for line in lines}
    assert {"export", "workspaces", "members", "api_keys", "senders", "connections", "webhook_endpoints", "messages", "events",
            "usage_daily", "quotas", "audit_event", "data_requests"} <= held
    assert sent["id"] in {line["data"]["id"] for line in lines if line["type"] == "messages"}
    text = json.dumps(lines)
    for secret in (endpoint["secret"], shared.server.sandbox["api_key"], "sealed", "wrapped_key", NUMBER):
        assert secret not in text, secret
    # The chain's own are no secrets.
    assert not any("hash" in key for line in lines if line["type"] != "audit_event" for key in line["data"])
    for role in ("admin", "viewer"):
        member = add_member(shared.server, owner, f"wsx-{role}@example.com", role)
        assert member.get(request["download"]).status == 403
        assert ask(member, "export", "workspace").status == 403
    assert code(owner.get(request["download"] + "?cursor=x")) == "invalid_id"
    assert code(owner.get(request["download"] + "?cursor=99")) == "invalid_id"
    assert [event["act"] for event in owner.get(f"/v1/audit_events?target={request['id']}").json()["data"]] == ["data_request.asked"]


@pytest.mark.parametrize("body, pointer", [
    ({"kind": "nothing", "subject": "account"}, "/kind"),
    ({"kind": "export", "subject": "everybody"}, "/subject"),
    ({"kind": "export", "subject": "recipient"}, "/recipient"),
    ({"kind": "export", "subject": "recipient", "recipient": "98765432"}, "/recipient"),
    ({"kind": "export", "subject": "account", "recipient": NUMBER}, "/recipient"),
])
def test_faults_of_a_request_are_named(shared, body, pointer):
    answer = owner_of(shared.server).post("/v1/data_requests", body)
    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


# --- deletions that are not done ---

def test_a_deletion_needs_the_password_and_can_be_taken_back(shared):
    asha = sign_up(shared.server, "keep@example.com")
    assert code(ask(asha, "deletion", "account")) == "invalid_credentials"
    assert code(ask(asha, "deletion", "account", password=OTHER_PASSWORD)) == "invalid_credentials"
    request = delete(asha)
    assert request["state"] == "received" and request["runs_after"] > request["created_at"] and request["retained"]
    assert code(ask(asha, "deletion", "account", password=PASSWORD)) == "conflict"
    target = f"/v1/data_requests/{request['id']}"
    assert code(asha.get(f"{target}/export")) == "conflict"
    assert asha.post(f"{target}/cancel", None).json()["state"] == "cancelled"
    assert code(asha.post(f"{target}/cancel", None)) == "conflict"
    assert asha.get("/v1/user").status == 200


def test_the_mails_link_stops_a_deletion_without_a_session(shared):
    asha = sign_up(shared.server, "link@example.com")
    request = delete(asha)
    token = link_token(shared.server, "link@example.com")
    visitor = Browser(shared.server.base_url)
    assert visitor.post("/v1/data_request_links", {"token": token}).json()["id"] == request["id"]
    other = token[:-1] + ("1" if token.endswith("0") else "0")
    assert code(visitor.post("/v1/data_request_links/cancel", {"token": other})) == "invalid_token"
    assert visitor.post("/v1/data_request_links/cancel", {"token": token}).json()["state"] == "cancelled"
    assert asha.get(f"/v1/data_requests/{request['id']}").json()["state"] == "cancelled"


def test_the_last_owner_hands_over_first(shared):
    asha = sign_up(shared.server, "lastowner@example.com")
    workspace = asha.post("/v1/workspaces", {"name": "Alone"}).json()["id"]
    answer = ask(asha, "deletion", "account", password=PASSWORD)
    assert code(answer) == "conflict" and workspace in answer.json()["detail"]


def test_open_requests_are_counted(shared):
    delete(sign_up(shared.server, "counted@example.com"))  # those of other tests were cancelled
    wait_until(lambda: shared.api.metric("connect_data_requests_open") == 1, "the open request is counted")
    assert shared.api.metric("connect_data_requests_overdue") == 0


# --- deletions ---

def test_a_deleted_account_is_nowhere(make_stack):
    stack = make_stack(settings=AT_ONCE)
    owner = owner_of(stack.server)
    old, address = "ashalata.before@example.com", "ashalata@example.com"
    for role in ("viewer", "developer"):  # the first is withdrawn: both acts name her
        assert owner.post("/v1/invitations", {"email": old, "role": role}).status == 201
    asha = sign_up_as_asha(stack.server, old)
    assert asha.post("/v1/invitations/accept", {"token": Mails(stack.server).token_for(old, "invitation")}).status == 201
    move_to(stack.server, asha, address)
    looked_for_by_an_operator(stack.server, address)
    assert asha.make_key().status == 201
    user = asha.get("/v1/user").json()["id"]
    wait_until(lambda: len(Mails(stack.server).all_to(old)) >= 3, "her mails are sent")
    assert found_on_disk(stack.server, MARKS) == MARKS
    assert old in json.dumps(personal_of(owner, "invitation.*"))
    delete(asha)
    done = wait_until_gone(stack.server, link_token(stack.server, address))
    wait_until(lambda: any("was deleted" in mail["Subject"] for mail in Mails(stack.server).all_to(address)), "the last mail")

    assert code(asha.get("/v1/user")) == "invalid_session"
    assert code(Browser(stack.server.base_url).sign_in(address)) == "invalid_credentials"
    assert user not in owner.get("/v1/members").body.decode()
    events = owner.get(f"/v1/audit_events?actor_id={user}").json()["data"]
    assert events and all(event["erased"] and event["address"] in (None, "") for event in events)
    assert stack.server.terminate() == 0
    assert found_on_disk(stack.server, MARKS) == []
    check_certificate(stack, done, assert_record_is_whole(stack))
    stack.start_server()
    again = sign_up(stack.server, address)
    assert again.get("/v1/user").json()["id"] != user


def personal_of(owner, act):
    return [event["personal"] for event in owner.get(f"/v1/audit_events?act={act}").json()["data"]]


def move_to(server, browser, address):
    assert browser.post("/v1/user/email", {"email": address, "password": PASSWORD}).status == 202
    token = Mails(server).token_for(address, "change-email")
    assert browser.post("/v1/user/email/confirm", {"token": token}).status == 204


def looked_for_by_an_operator(server, address):
    operator = operator_of(server)
    assert operator.get(f"/admin/v1/users?email={address}", headers=WHY).status == 200
    acts = operator.get("/admin/v1/audit_events?act=operator.read").json()["data"]
    assert address in json.dumps(acts), "it is on record, until she is deleted"


def check_certificate(stack, done, public_key):
    """With nothing but the file, with the server's key, with another, and changed."""
    file = stack.server.data.parent / "certificate.json"
    file.write_text(done["certificate"])

    def verify(*more):
        return subprocess.run([CONNECTD, "audit", "verify-certificate", "--from", file, *more],
                              text=True, capture_output=True, timeout=60, check=False)
    sound = verify()
    assert sound.returncode == 0 and done["id"] in sound.stdout and public_key in sound.stdout, sound
    assert verify("--public-key", public_key).returncode == 0
    assert verify("--public-key", "ab" * 32).returncode == 1
    file.write_text(done["certificate"].replace("account", "Account", 1))
    assert verify().returncode == 1


def assert_record_is_whole(stack):
    """The public key that proves it."""
    verified = stack.server.audit("verify", "--data-dir", stack.server.data)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return re.search(r"signed by ([0-9a-f]{64})", verified.stdout).group(1)


def agree(owner, number, source):
    wish = {"recipient": number, "purpose": "marketing", "source": source, "obtained_at": "2026-01-31T12:00:00Z"}
    assert owner.post("/v1/consents", wish).status == 201


def test_a_deleted_number_is_nowhere_and_counts_stay(make_stack):
    stack = make_stack(settings=AT_ONCE)
    owner = owner_of(stack.server)
    mark = {"client_ref": "order of Ashalata", "metadata": {"customer": "Ashalata"}}
    sent = stack.api.accept({**text_to(NUMBER), **mark})
    read = stack.api.wait_for_status(sent["id"], "read")
    other = stack.api.wait_for_status(stack.api.accept(text_to(OTHER_NUMBER))["id"], "read")
    usage = stack.api.get("/v1/usage").json()["data"]
    agree(owner, NUMBER, "paper form of Ashalata")
    agree(owner, OTHER_NUMBER, "paper form of somebody else")
    marks = [b"Ashalata", read["provider_message_id"].encode(), read["to"].encode()]
    request = delete(owner, "recipient", stack.server.sandbox["owner"]["password"], recipient=NUMBER)
    assert request["recipient"] == read["to"]

    ended = wait_until_done(owner, request)
    assert ended["recipient"] is None and ended["certificate"]
    message = stack.api.message(sent["id"])
    assert (message["to"], message["provider_message_id"], message["client_ref"], message["metadata"]) == ("", None, None, {})
    assert (message["status"], message["status_history"]) == ("read", read["status_history"])
    assert stack.api.message(other["id"]) == other
    assert stack.api.get("/v1/usage").json()["data"] == usage
    assert stack.api.get(f"/v1/messages?to={NUMBER.replace('+', '%2B')}").json()["data"] == []
    acts = [event["act"] for event in owner.get("/v1/audit_events").json()["data"]]
    assert {"data_request.asked", "data_request.recipient_erased", "audit.personal_erased"} <= set(acts)
    events = owner.get("/v1/audit_events?act=consent.recorded").json()["data"]
    assert [(event["erased"], event["personal"] is None) for event in events] == [(False, False), (True, True)]
    assert stack.server.terminate() == 0
    assert found_on_disk(stack.server, marks) == []


def test_what_a_provider_told_of_a_deleted_number_is_nowhere(make_stack):
    stack = make_stack(settings=AT_ONCE)
    owner = owner_of(stack.server)
    person = NUMBER[1:]
    stack.sim.inbound(NUMBER, user_id="", type="text", text={"body": "Hello"})
    notices = [("user_preferences", {"user_preferences": [{"wa_id": person, "value": "stop", "timestamp": 1795403047,
                                                           "category": "marketing_messages"}]}),
               ("smb_message_echoes", {"message_echoes": [{"to": person, "id": "wamid.of.ashalata", "type": "text",
                                                           "timestamp": "1795403047", "text": {"body": "Hi"}}]}),
               ("calls", {"calls": [{"id": "wacid.of.ashalata", "from": person, "event": "connect",
                                     "timestamp": "1795403047", "direction": "USER_INITIATED"}]})]
    for field, value in notices:
        assert post_callback(stack, callback(value, field=field)).status == 200
    wait_until(lambda: len(stack.api.all_of("/v1/events")) == 4, "all is told")
    masked = next(each["data"]["call"]["contact_masked"] for each in stack.api.all_of("/v1/events")
                  if each["type"] == "call.started")
    request = delete(owner, "recipient", stack.server.sandbox["owner"]["password"], recipient=NUMBER)
    wait_until_done(owner, request)
    events = stack.api.all_of("/v1/events")
    assert len(events) == 4 and masked not in str(events) and "ashalata" not in str(events)
    assert stack.server.terminate() == 0
    assert found_on_disk(stack.server, [b"of.ashalata", masked.encode()]) == []
    for table in ("conversation_windows", "marketing_choices"):
        assert stack.server.database.sql(f"SELECT COUNT(*) FROM {table}") == [["0"]]


def test_a_deleted_workspace_lets_nobody_in(make_stack):
    stack = make_stack(settings=AT_ONCE)
    asha = sign_up(stack.server, "founder@example.com")
    workspace = asha.post("/v1/workspaces", {"name": "Ashalata and Sons"}).json()["id"]
    key = asha.make_key(scopes=["webhooks:manage", "usage:read"]).json()["key"]
    api = Api(stack.server.base_url, key)
    secret = api.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/ashalata"}).json()["secret"]
    request = delete(asha, "workspace")
    assert request["workspace_id"] == workspace
    wait_until_done(asha, request)
    told(stack.server, "founder@example.com", request["id"])
    assert code(api.get("/v1/quota")) == "invalid_api_key"
    assert asha.get("/v1/workspaces").json()["data"] == []
    asha.workspace = workspace
    assert asha.get("/v1/members").status == 404
    assert stack.server.terminate() == 0
    assert found_on_disk(stack.server, [b"ashalata", secret.encode()]) == []
    stack.start_server()
    assert stack.api.get("/v1/quota").status == 200
    assert code(Api(stack.server.base_url, key).get("/v1/quota")) == "invalid_api_key"
    assert_account_can_go_now(stack, asha)


def test_a_deleted_workspace_lets_go_of_its_whatsapp_accounts(make_stack):
    stack = make_stack(settings=AT_ONCE)
    asha = sign_up(stack.server, "founder@example.com")
    workspace = asha.post("/v1/workspaces", {"name": "Ashalata and Sons"}).json()["id"]
    account = account_in(stack.sim)
    token = token_for(stack.sim, account)
    made = operator_of(stack.server).post(f"/admin/v1/workspaces/{workspace}/connections", {"token": token, "pin": "123456"}, headers=WHY)
    assert (made.status, made.json()["status"]) == (201, "active"), made

    def subscribed():
        return Graph.of_simulator(stack, token).call("GET", f"{account['id']}/subscribed_apps").json()["data"]
    assert len(subscribed()) == 1
    wait_until_done(asha, delete(asha, "workspace"))
    assert subscribed() == []
    [[after]] = stack.server.database.sql("SELECT after_state FROM audit_events WHERE act = 'connection.disconnected'")
    assert json.loads(after)["provider_told"] == "yes"
    # Anybody may connect it anew.
    again = operator_of(stack.server).post(f"/admin/v1/workspaces/{stack.server.sandbox['workspace_id']}/connections",
                                           {"token": token, "pin": "123456"}, headers=WHY)
    assert (again.status, again.json()["status"]) == (201, "active"), again


def assert_account_can_go_now(stack, asha):
    """Its owner owns nothing any more."""
    asha = Browser(stack.server.base_url)
    assert asha.sign_in("founder@example.com").status == 201
    delete(asha)
    wait_until_gone(stack.server, link_token(stack.server, "founder@example.com"))


def test_owners_hear_of_a_workspaces_end_whatever_its_name(shared):
    owner = sign_up(shared.server, "loud@example.com")
    owner.workspace = owner.post("/v1/workspaces", {"name": "\U0001f4e6" * 100}).json()["id"]
    request = owner.post("/v1/data_requests", {"kind": "deletion", "subject": "workspace", "password": PASSWORD})
    assert request.status == 201
    told(shared.server, "loud@example.com", request.json()["id"])


@pytest.mark.parametrize("failpoint", [
    *[f"commit.before.deletion:{n}" for n in range(1, 14)],
    "commit.after.deletion:1", "commit.after.deletion:5", "commit.after.deletion:9",
    "commit.before.erasure:1", "commit.after.erasure:1", "commit.before.erasure:3",
])
def test_a_deletion_goes_on_after_a_crash_in_its_middle(make_stack, failpoint):
    stack = make_stack(settings=AT_ONCE)
    address = "ashalata@example.com"
    sign_up_as_asha(stack.server, address)
    wait_until(lambda: len(Mails(stack.server).all_to(address)) >= 2, "her mails are sent")
    stack.server.kill()
    stack.start_server(failpoint=failpoint)
    asha = Browser(stack.server.base_url)
    assert asha.sign_in(address).status == 201
    try:
        ask(asha, "deletion", "account", password=PASSWORD)
    except CONNECTION_FAULTS:
        pass  # it died before its answer left
    wait_until(lambda: not stack.server.running(), "the failpoint is passed")
    stack.start_server()
    # Not by the mail: a crash in the middle of its sending delays it by its claim.
    wait_until(lambda: states(stack.server) == ["6"], "the deletion is done")
    assert stack.server.terminate() == 0
    assert found_on_disk(stack.server, MARKS) == []
    assert_record_is_whole(stack)


# --- PostgreSQL's own files ---

def files_with(server, marks):
    """Of PostgreSQL: the names of tables, and of folders that have none."""
    found = set()
    for path in server.data.rglob("*"):
        if path.is_file() and found_in(path.read_bytes(), marks):
            name = path.relative_to(server.data)
            table = server.sql(f"SELECT relname FROM pg_class WHERE pg_relation_filepath(oid) = '{name}'")
            found.add(table or name.parts[0])
    return found


@pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")
@pytest.mark.parametrize("rights, left", [("all", set()), ("none", {"pg_wal", "pg_statistic"})])
def test_postgresqls_files_keep_nothing_where_they_are_rewritten(make_stack, rights, left):
    with Postgres({"wal_recycle": "off"}) as server:
        server.sql("CREATE ROLE connect LOGIN")
        server.sql("GRANT CREATE ON DATABASE postgres TO connect")
        if rights == "all":
            server.sql("ALTER DATABASE postgres OWNER TO connect")
            server.sql("GRANT pg_checkpoint TO connect")
            server.sql("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO connect")
        stack = make_stack(settings=AT_ONCE | {"PRIVACY_POSTGRES_REWRITE": "true"},
                           postgres=server.conninfo().replace("user=postgres", "user=connect"))
        address = "ashalata@example.com"
        asha = sign_up_as_asha(stack.server, address)
        server.sql("ANALYZE")
        server.sql("CHECKPOINT")
        assert {"users", "audit_personal", "pg_statistic", "pg_wal"} <= files_with(server, MARKS)
        delete(asha)
        wait_until_gone(stack.server, link_token(stack.server, address))
        assert files_with(server, MARKS) <= left
        assert server.sql("SELECT count(*) FROM pg_stats WHERE concat(most_common_vals::text, histogram_bounds::text) ILIKE '%ashalata%'") == "0"
        assert stack.server.terminate() == 0


# --- the link and a new address ---

def test_the_link_is_for_the_address_that_the_account_has(shared):
    asha = sign_up(shared.server, "old-link@example.com")
    delete(asha)
    first = link_token(shared.server, "old-link@example.com")
    move_to(shared.server, asha, "new-link@example.com")
    visitor = Browser(shared.server.base_url)
    for path in ("/v1/data_request_links", "/v1/data_request_links/cancel"):
        assert code(visitor.post(path, {"token": first})) == "invalid_token"
    second = link_token(shared.server, "new-link@example.com")
    assert visitor.post("/v1/data_request_links/cancel", {"token": second}).json()["state"] == "cancelled"


# --- operators ---

def test_an_operator_holds_releases_and_approves(make_stack):
    stack = make_stack(settings=AT_ONCE | {"PRIVACY_REVIEW": "true"})
    operator = operator_of(stack.server)
    asha = sign_up(stack.server, "held@example.com")
    request = delete(asha)
    assert request["state"] == "in_review"
    assert code(step(operator, request, "release")) == "conflict"
    assert step(operator, request, "hold", "a court asks").json()["state"] == "on_hold"
    assert asha.get(f"/v1/data_requests/{request['id']}").json()["reason"] == "a court asks"
    listed = operator.get("/admin/v1/data_requests?state=on_hold").json()["data"]
    assert [each["id"] for each in listed] == [request["id"]]
    assert operator.get("/admin/v1/data_requests?overdue=true").json()["data"] == []
    assert step(operator, request, "release").json()["state"] == "in_review"
    assert step(operator, request, "approve").json()["state"] in ("approved", "running")  # it runs at once
    done = wait_until_gone(stack.server, link_token(stack.server, "held@example.com"))
    assert operator.get(f"/admin/v1/data_requests/{request['id']}").json() == done
    assert code(step(operator, request, "hold")) == "conflict"
    acts = [event["act"] for event in operator.get(f"/admin/v1/audit_events?target={request['id']}").json()["data"]]
    assert {"data_request.held", "data_request.released", "data_request.approved"} <= set(acts)


def test_an_operator_asks_for_somebody_and_sees_no_data(make_stack):
    stack = make_stack(settings=AT_ONCE)
    operator = operator_of(stack.server)
    asha = sign_up(stack.server, "asked@example.com")
    user = asha.get("/v1/user").json()["id"]
    why = {"Connect-Reason": "she wrote to support"}

    def ask_for(**body):
        return operator.post("/admin/v1/data_requests", body, headers=why)
    export = ask_for(kind="export", subject="account", user_id=user).json()
    assert operator.get(export["download"]).status == 404
    assert asha.get(export["download"]).status == 200
    workspace = stack.server.sandbox["workspace_id"]
    sent = stack.api.wait_for_status(stack.api.accept(text_to(NUMBER))["id"], "read")
    number = ask_for(kind="deletion", subject="recipient", workspace_id=workspace, recipient=NUMBER)
    assert number.status == 201, number
    wait_until(lambda: stack.api.message(sent["id"])["to"] == "", "the number is erased")
    assert operator.get(number.json()["id"] and f"/v1/data_requests/{number.json()['id']}").status == 404
    assert ask_for(kind="deletion", subject="account", user_id=user).status == 201
    wait_until_gone(stack.server, link_token(stack.server, "asked@example.com"))
    assert code(ask_for(kind="deletion", subject="account", user_id=user)) == "not_found"


@pytest.mark.parametrize("whom, pointer", [
    ({}, "/user_id"), ({"email": "nobody"}, "/email"),
    ({"email": "a@example.com", "user_id": "usr_01kb2v5m4q8x9r3t6w7y0z1a2z"}, "/user_id"),
])
def test_an_operator_names_an_account_in_one_way(shared, whom, pointer):
    operator = operator_of(shared.server)
    for path, wish in (("data_requests", {"kind": "export", "subject": "account"}), ("legal_holds", {"subject": "account"})):
        answer = operator.post(f"/admin/v1/{path}", wish | whom, headers=WHY)
        assert (answer.status, [fault["pointer"] for fault in answer.json()["errors"]]) == (400, [pointer])


def test_who_was_asked_for_by_address_hears_of_it(shared):
    operator = operator_of(shared.server)
    asha = sign_up(shared.server, "by-address@example.com")
    wish = {"kind": "export", "subject": "account", "email": "By-Address@example.com"}
    request = operator.post("/admin/v1/data_requests", wish, headers=WHY).json()
    assert request["user_id"] == asha.get("/v1/user").json()["id"]
    told(shared.server, "by-address@example.com", request["id"])
    assert code(operator.post("/admin/v1/data_requests", wish | {"email": "nobody@example.com"}, headers=WHY)) == "not_found"
    wish["kind"] = "deletion"
    assert operator.post("/admin/v1/data_requests", wish, headers=WHY).status == 201
    token = link_token(shared.server, "by-address@example.com")
    visitor = Browser(shared.server.base_url)
    assert visitor.post("/v1/data_request_links/cancel", {"token": token}).json()["state"] == "cancelled"


def test_the_last_superadmin_can_not_delete_his_account(make_stack):
    stack = make_stack(settings=AT_ONCE)
    operator = operator_of(stack.server)
    password = stack.server.sandbox["operator"]["password"]
    assert code(ask(operator, "deletion", "account", password=password)) == "conflict"


# --- the contract ---

def test_every_operation_of_privacy_has_succeeded_here():
    wanted = {(method, path) for method, path, operation in contract().operations()
              if "privacy" in operation["tags"] and "legal_holds" not in path}
    assert wanted - Browser.succeeded == set()
