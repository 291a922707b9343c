"""A backup beside a running server, and a restore: what was acknowledged is there, and nothing is sent twice."""

import shutil
import sqlite3
import subprocess
from collections import Counter

import pytest

from _support.api import text_to
from _support.database import on_postgres
from _support.load import Load
from _support.processes import CONNECTD
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(on_postgres(), reason="of SQLite's file; on PostgreSQL the two commands are refused")

NO_STATUSES = {"no-statuses": True}
SIGKILLED = -9


def connectd(*arguments):
    """A command that ends by itself: its status and all that it said."""
    done = subprocess.run([CONNECTD, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
                          env={"PATH": "/usr/bin:/bin"})
    return done.returncode, done.stdout + done.stderr


def back_up(stack, target):
    status, said = connectd("backup", "--data-dir", stack.server.data, "--to", target)
    assert status == 0, said
    return said


def restore(backup, data):
    return connectd("restore", "--from", backup, "--data-dir", data)


def move_to(stack, backup, data):
    """What an operator does after a loss: restores into a new folder, and brings the master key along."""
    status, said = restore(backup, data)
    assert status == 0, said
    for name in ("master.key", "sandbox.json"):
        shutil.copy(stack.server.data / name, data / name)
    stack.server.data = data


def taken(stack):
    """The message ids that the simulator took, each as often as it took it."""
    return [each["biz_opaque_callback_data"] for each in stack.sim.taken()]


@pytest.fixture
def slow(make_stack):
    """Most of what it accepts waits in the queue."""
    return make_stack(settings={"SENDER_MESSAGES_PER_SECOND": 5, "WEBHOOK_RETRY_SCHEDULE_SECONDS": "0,1,1,1,1,1,1,1,1,1"},
                      simulator=NO_STATUSES)


def recipient(key):
    return "+91987" + key.replace("-", "")


def accept_many(stack, head, count):
    """Key -> message id."""
    keys = [f"{head}-{n:03}" for n in range(count)]
    return {key: stack.api.accept(text_to(recipient(key)), idempotency_key=key)["id"] for key in keys}


def test_what_waited_in_a_backup_is_unknown_and_is_not_sent_twice(slow, tmp_path):
    stack = slow
    before = accept_many(stack, "1100", 40)
    said = back_up(stack, tmp_path / "backup.db")
    assert "master key" in said
    after = accept_many(stack, "2200", 5)
    stack.server.settings["SENDER_MESSAGES_PER_SECOND"] = 0
    sent = {each["id"] for each in stack.api.all_of("/v1/messages", status="sent")}
    stack.kill_and_restart()  # it goes on to send what waited, after the backup
    wait_until(lambda: len(set(taken(stack))) == 45, "all are sent")
    stack.server.kill()

    move_to(stack, tmp_path / "backup.db", tmp_path / "restored")
    stack.start_server()
    messages = {each["id"]: each for each in stack.api.all_of("/v1/messages")}
    assert set(messages) == set(before.values())
    assert not set(messages) & set(after.values())
    unknown = {each["id"] for each in messages.values() if each["status"] == "unknown"}
    assert {each["status"] for each in messages.values()} <= {"sent", "unknown"}
    assert len(unknown) >= 20 and set(messages) - unknown <= sent | set(taken(stack))
    assert {messages[each]["error"]["code"] for each in unknown} == {"restored_from_backup"}
    assert stack.api.metric("connect_outbox_queued") == 0
    assert stack.api.quota()["used"] == 40
    assert stack.api.get("/v1/usage").json()["data"][0]["unknown"] == len(unknown)

    # A key from before: its body can't be compared with the first any more, and it is not sent again.
    for key, message_id in before.items():
        answer = stack.api.send(text_to(recipient(key)), idempotency_key=key)
        assert (answer.status, answer.json()["code"]) == (409, "idempotency_key_unverifiable")
        assert message_id in answer.json()["detail"]
    # New messages go out, and the restart after it is like any other.
    stack.api.wait_for_status(stack.api.accept(text_to("+919876512345"))["id"], "sent")
    assert stack.server.terminate() == 0
    stack.start_server()
    assert "nothing unfinished in it is done again" in stack.server.log_text()
    assert stack.server.log_text().count("nothing unfinished in it is done again") == 1
    counts = taken(stack)
    assert len(counts) == len(set(counts)) == 46


def test_a_providers_status_proves_what_the_restore_left_unknown(slow, tmp_path):
    stack = slow
    ids = accept_many(stack, "3300", 20).values()
    back_up(stack, tmp_path / "backup.db")
    stack.server.settings["SENDER_MESSAGES_PER_SECOND"] = 0
    stack.kill_and_restart()
    wait_until(lambda: len(set(taken(stack))) == 20, "all are sent")
    stack.server.kill()
    move_to(stack, tmp_path / "backup.db", tmp_path / "restored")
    stack.start_server()
    provider_ids = {each["biz_opaque_callback_data"]: each["id"] for each in stack.sim.taken()}
    for message_id in ids:
        stack.sim.status(provider_ids[message_id], "delivered")
    for message_id in ids:
        assert stack.api.wait_for_status(message_id, "delivered").get("error") is None
    assert len(taken(stack)) == 20


def test_endpoints_are_told_and_get_the_same_event_again_under_its_id(slow, tmp_path):
    stack = slow
    refusing = [True]
    receiver = stack.receiver(["message.sent", "message.received", "message.unknown"],
                              lambda *_: (500, {}, b"") if refusing[0] else None)
    stack.sim.inbound()
    first = stack.api.accept(text_to("+919874400000"))["id"]
    stack.api.wait_for_status(first, "sent")
    receiver.wait_for_type("message.sent", first)
    receiver.wait_for_type("message.received")
    ids = list(accept_many(stack, "5500", 12).values())
    back_up(stack, tmp_path / "backup.db")
    stack.server.kill()
    refusing[0] = False
    told = Counter(each.type for each in receiver.all() if each.message.get("id") == first or each.type == "message.received")
    move_to(stack, tmp_path / "backup.db", tmp_path / "restored")
    stack.start_server()
    waited = next(each["id"] for each in stack.api.all_of("/v1/messages", status="unknown") if each["id"] in ids)
    unknown = receiver.wait_for_type("message.unknown", waited)
    assert unknown.message["error"]["code"] == "restored_from_backup"
    wait_until(stack.deliveries_done, "all deliveries are done")
    # What could be told is told under the event's own id: the receiver knows it again.
    sent = [each for each in receiver.about(first) if each.type == "message.sent"]
    assert len({each.id for each in sent}) == 1 and len(sent) > told["message.sent"]
    # The customer's words were sealed under a key that no backup holds.
    [words] = [each for each in stack.api.all_of("/v1/deliveries") if each["event_type"] == "message.received"]
    assert (words["status"], words["attempts"][-1]["error"]) == ("failed", "content_unavailable")
    assert sum(each.type == "message.received" for each in receiver.all()) == told["message.received"]


def test_a_backup_under_load_is_one_state_that_lacks_nothing(make_stack, tmp_path):
    stack = make_stack(settings={"PAIR_LIMIT": "false", "LOG_LEVEL": "info", "CONCURRENCY_PER_SENDER": 64},
                       simulator=NO_STATUSES, checked=False)
    stack.sim.fault({"latency_ms": 25})
    load = Load(stack.api, threads=6, seed=1)
    load.start()
    try:
        wait_until(lambda: load.count() >= 300, "there is something to copy")
        for number in range(3):
            acknowledged = dict(load.acknowledged)
            sent = {each["id"] for each in stack.api.get("/v1/messages?status=sent&limit=100").json()["data"]}
            back_up(stack, tmp_path / f"backup{number}.db")
        wait_until(lambda: load.count() >= len(acknowledged) + 100, "it goes on")
        load.finish()
    finally:
        load.give_up()
    assert load.faults == []
    wait_until(lambda: stack.api.metric("connect_outbox_in_flight") == 0, "nothing is in flight")
    wait_until(lambda: stack.api.metric("connect_outbox_queued") == 0, "nothing waits")
    stack.server.kill()
    move_to(stack, tmp_path / "backup2.db", tmp_path / "restored")
    stack.start_server()
    messages = {each["id"]: each["status"] for each in stack.api.all_of("/v1/messages")}
    assert set(acknowledged.values()) <= set(messages)
    assert set(messages.values()) <= {"sent", "unknown"}
    assert sent and {messages[each] for each in sent} == {"sent"}
    assert stack.api.quota()["used"] == len(messages)
    everything = taken(stack)
    assert len(everything) == len(set(everything)) == load.count()
    assert set(messages) <= set(everything)


def test_a_backup_copied_by_hand_is_known_for_what_it_is(slow, tmp_path):
    stack = slow
    ids = set(accept_many(stack, "6600", 20).values())
    back_up(stack, tmp_path / "backup.db")
    stack.server.kill()
    data = tmp_path / "copied"
    data.mkdir()
    shutil.copy(tmp_path / "backup.db", data / "connect.db")
    for name in ("master.key", "sandbox.json"):
        shutil.copy(stack.server.data / name, data / name)
    stack.server.data = data
    stack.start_server()
    messages = stack.api.all_of("/v1/messages")
    assert {each["id"] for each in messages} == ids
    assert {each["status"] for each in messages} <= {"sent", "unknown"}
    assert len(taken(stack)) < 20


def test_a_folder_as_target_gets_a_file_of_its_own_name(stack, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    back_up(stack, folder)
    [file] = folder.iterdir()
    assert file.name.startswith("connect-") and file.stat().st_mode & 0o777 == 0o600


# --- killed in the middle ---

def test_a_start_that_is_killed_while_it_turns_messages_into_unknown_is_taken_up_again(make_stack, tmp_path):
    stack = make_stack(settings={"SENDER_MESSAGES_PER_SECOND": 1, "LOG_LEVEL": "info"}, simulator=NO_STATUSES,
                       checked=False)
    ids = list(accept_many(stack, "7700", 600).values())  # more than one block
    back_up(stack, tmp_path / "backup.db")
    stack.server.kill()
    sent = set(taken(stack))
    move_to(stack, tmp_path / "backup.db", tmp_path / "restored")
    for failpoint in ("commit.before.give_up", "commit.after.give_up", "commit.before.restore"):
        stack.server.begin(failpoint)
        assert stack.server.wait_for_end() == SIGKILLED
    stack.start_server()
    by_status = {each["id"]: each["status"] for each in stack.api.all_of("/v1/messages")}
    assert set(by_status) == set(ids)
    unknown = [each for each, status in by_status.items() if status == "unknown"]
    assert len(unknown) >= 590 and set(by_status) - set(unknown) <= sent
    assert stack.api.get("/v1/usage").json()["data"][0]["unknown"] == len(unknown)
    assert set(taken(stack)) == sent and len(taken(stack)) == len(sent)


@pytest.mark.parametrize("failpoint, is_there", [("restore.copied", False), ("restore.named", True)])
def test_a_restore_that_is_killed_leaves_a_whole_database_or_none(stack, tmp_path, failpoint, is_there):
    back_up(stack, tmp_path / "backup.db")
    data = tmp_path / "restored"
    command = ["restore", "--sandbox", "--from", tmp_path / "backup.db", "--data-dir", data]
    assert connectd(*command, "--failpoint", failpoint)[0] == SIGKILLED
    assert (data / "connect.db").exists() == is_there
    status, said = connectd(*command)
    assert (status, "is there already" in said) == ((1, True) if is_there else (0, False)), said
    assert not (data / "connect.db.restoring").exists()


def test_a_backup_that_is_killed_has_no_target(stack, tmp_path):
    target = tmp_path / "backup.db"
    command = ["backup", "--sandbox", "--data-dir", stack.server.data, "--to", target]
    assert connectd(*command, "--failpoint", "backup.written")[0] == SIGKILLED
    assert not target.exists()
    assert connectd(*command)[0] == 0 and target.exists()


# --- refusals ---

def refused(done, words):
    status, said = done
    assert (status, words in said) == (1, True), said


def test_what_would_overwrite_or_disturb_something_is_refused(stack, tmp_path):
    backup, data = tmp_path / "backup.db", tmp_path / "restored"
    back_up(stack, backup)
    before = backup.read_bytes()
    refused(connectd("backup", "--data-dir", stack.server.data, "--to", backup), "exists already")
    assert backup.read_bytes() == before
    refused(restore(backup, stack.server.data), "a connectd runs on this folder")
    assert restore(backup, data)[0] == 0
    refused(restore(backup, data), "is there already")
    refused(connectd("backup", "--data-dir", tmp_path / "nothing", "--to", tmp_path / "other.db"),
            "there is no database")


def test_what_is_no_whole_backup_is_refused(stack, tmp_path):
    backup, data = tmp_path / "backup.db", tmp_path / "restored"
    back_up(stack, backup)
    bytes_of_it = backup.read_bytes()
    backup.write_bytes(bytes_of_it[:5 * 4096] + b"x" * 8192 + bytes_of_it[7 * 4096:])
    refused(restore(backup, data), "can't be restored")
    backup.write_bytes(bytes_of_it[:len(bytes_of_it) // 2])
    refused(restore(backup, data), "can't be restored")
    backup.write_bytes(b"something else" * 100)
    refused(restore(backup, data), "not an SQLite database")
    refused(restore(tmp_path / "missing.db", data), "is not there")
    refused(restore(stack.server.data / "connect.db", data), "server's own file")
    assert not (data / "connect.db").exists()


def test_a_backup_of_a_newer_program_is_refused(stack, tmp_path):
    backup, data = tmp_path / "backup.db", tmp_path / "restored"
    back_up(stack, backup)
    with sqlite3.connect(backup) as database:
        database.execute("INSERT INTO schema_migrations VALUES (9999, 'of tomorrow', 0, 0)")
    refused(restore(backup, data), "newer program")
    assert not (data / "connect.db").exists()
    with sqlite3.connect(backup) as database:
        database.execute("UPDATE schema_migrations SET expands = 1 WHERE number = 9999")
    assert restore(backup, data)[0] == 0


def test_commands_say_what_they_lack(tmp_path):
    for command in (["backup"], ["restore"], ["backup", "--from", "x", "--to", "y"], ["--to", "x"]):
        assert connectd(*command)[0] == 2
    for command in (["backup", "--to", tmp_path / "x"], ["restore", "--from", tmp_path / "x"]):
        refused(connectd(*command, "--database", "postgres://host/db"), "pg_basebackup")
    status, said = connectd("--help")
    assert status == 0 and "connectd backup" in said and "connectd restore" in said
