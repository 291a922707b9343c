"""connectd migrate-store: from the embedded SQLite to PostgreSQL, with all that waits."""

import os
import subprocess

import pytest
from _support.api import Api, text_to
from _support.database import PostgresSchema, on_postgres
from _support.http_client import HttpClient
from _support.people import owner_of, sign_up
from _support.processes import CONNECTD
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(on_postgres() or "FLOWSELL_TEST_POSTGRES" not in os.environ,
                                reason="from SQLite to the server that script/test starts")

URL_OF_NOTHING = "postgres://nobody@127.0.0.1:1/nothing"


def migrate(stack, target, *arguments):
    environment = {**os.environ, **({"CONNECT_DATABASE": target.conninfo} if target else {})}
    return subprocess.run([CONNECTD, "migrate-store", "--data-dir", stack.server.data, *arguments], env=environment,
                          text=True, capture_output=True, timeout=60, check=False)


@pytest.fixture
def target():
    return PostgresSchema()


def test_people_come_along(make_stack, target):
    stack = make_stack()
    owner = owner_of(stack.server)
    made = owner.make_key().json()
    somebody = sign_up(stack.server, "moved@example.com")
    before = owner.get("/v1/audit_events").json()["data"]
    assert stack.server.terminate() == 0
    done = migrate(stack, target)
    assert done.returncode == 0, done.stderr
    start_on(stack, target)
    for browser in (owner, somebody):
        browser.http = HttpClient(stack.server.base_url)
        assert browser.get("/v1/user").status == 200
    assert Api(stack.server.base_url, made["key"]).get("/v1/quota").status == 200
    assert owner.get("/v1/audit_events").json()["data"] == before
    assert owner.delete(f"/v1/api_keys/{made['id']}").status == 204, "the chain goes on"


def start_on(stack, target):
    stack.server.database = target
    stack.server.settings.update(target.settings)
    stack.start_server()


def test_all_is_there_and_what_waits_is_sent_once(make_stack, target):
    stack = make_stack(settings={"SENDER_MESSAGES_PER_SECOND": 10})
    receiver = stack.receiver(["message.read"])
    ids = [stack.api.accept(text_to(f"+9198765{n:05}"), idempotency_key=f"key-{n}")["id"] for n in range(40)]
    stack.api.wait_for_status(ids[0], "read")
    quota = stack.api.quota()["used"]
    assert stack.server.terminate() == 0
    sent_before = len(stack.sim.taken())
    assert sent_before < len(ids), "something must wait"

    done = migrate(stack, target)
    assert done.returncode == 0, done.stderr
    assert "connect.db.moved" in done.stdout

    stack.server.settings["SENDER_MESSAGES_PER_SECOND"] = 0
    start_on(stack, target)
    for message_id in ids:
        stack.api.wait_for_status(message_id, "read")
    seen = [each["biz_opaque_callback_data"] for each in stack.sim.taken()]
    assert sorted(seen) == sorted(ids)
    assert stack.api.quota()["used"] == quota == len(ids)
    # The key of a message that was accepted before, and the secret of the endpoint, which the receiver checks.
    again = stack.api.send(text_to("+919876500003"), idempotency_key="key-3")
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (ids[3], "true")
    wait_until(lambda: {each.message["id"] for each in receiver.all()} == set(ids), "each is told")


def test_nothing_starts_on_the_old_database_by_mistake(make_stack, target):
    stack = make_stack()
    sent = stack.api.accept(text_to("+919876500001"))
    stack.api.wait_for_status(sent["id"], "read")
    assert stack.server.terminate() == 0
    assert migrate(stack, target).returncode == 0
    assert not (stack.server.data / "connect.db").exists()
    # Called again it compares again, and finds the same.
    assert migrate(stack, target).returncode == 0


def test_a_running_server_is_not_copied(make_stack, target):
    stack = make_stack()
    refused = migrate(stack, target)
    assert refused.returncode == 1
    assert "another process" in refused.stderr or "in use" in refused.stderr, refused.stderr
    assert stack.api.get("/healthz").status == 200


def test_no_server_starts_on_half_a_copy(make_stack, target):
    stack = make_stack()
    assert stack.server.terminate() == 0
    assert migrate(stack, target).returncode == 0
    # As it would be had the copying been cut short.
    target.sql("UPDATE copies SET finished_at = NULL")
    stack.server.settings.update(target.settings)
    stack.server.begin()
    assert stack.server.wait_for_end() == 1
    assert "migrate-store" in stack.server.log_text()
    assert migrate(stack, target).returncode == 0
    start_on(stack, target)


def test_a_target_with_data_of_its_own_is_refused(make_stack, target):
    stack = make_stack()
    assert stack.server.terminate() == 0
    other = make_stack(start=False)
    other.simulator.start(other.hook_url)
    other.server.settings.update(target.settings)
    other.start_server()
    assert other.server.terminate() == 0
    refused = migrate(stack, target)
    assert refused.returncode == 1
    assert "take an empty one" in refused.stderr
    assert (stack.server.data / "connect.db").exists()


@pytest.mark.parametrize("arguments, status, said", [
    ((), 1, "name the target"),
    (("--to", "mysql://x"), 1, "postgres://"),
    (("--from", "postgres://x", "--to", URL_OF_NOTHING), 1, "sqlite:FOLDER"),
    (("--from", "sqlite:/nowhere", "--to", URL_OF_NOTHING), 1, "is not there"),
    (("--to", URL_OF_NOTHING), 1, "PostgreSQL"),
])
def test_what_is_wrong_is_said(make_stack, arguments, status, said):
    stack = make_stack()
    assert stack.server.terminate() == 0
    refused = migrate(stack, None, *arguments)
    assert (refused.returncode, said in refused.stderr) == (status, True), refused.stderr
    assert (stack.server.data / "connect.db").exists()
