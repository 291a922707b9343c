"""Another master key takes the place of the one that was, while the server runs and whatever kills it; the old one opens
nothing afterwards."""

import shutil
import subprocess
import threading
from itertools import count

import pytest

from _support.api import text_to
from _support.people import owner_of
from _support.processes import CONNECTD
from _support.waiting import wait_until

TO = "+919876543210"
KEY_FILES = ("master.key", "master.key.next", "master.key.former")


def begin_rotation(stack):
    return subprocess.Popen([CONNECTD, "rotate-master-key", "--data-dir", stack.server.data], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def rotate(stack):
    command = begin_rotation(stack)
    said, faults = command.communicate(timeout=90)
    assert command.returncode == 0, said + faults
    return said


def key_files(stack):
    return {name: (stack.server.data / name).read_text() for name in KEY_FILES if (stack.server.data / name).exists()}


def seals(stack):
    """Under how many master keys the root key lies."""
    return len(stack.server.database.sql("SELECT DISTINCT master FROM root_key_seals", shared=True))


def sent_to_one(stack):
    """How many messages went to the number that had most of them, as their hashes tell."""
    [[most]] = stack.server.database.sql(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM messages GROUP BY contact_hash) AS counted")
    return int(most)


def end_of_record(stack):
    """The acts of the system's own chain, the oldest first."""
    rows = stack.server.database.sql("SELECT act FROM audit_events WHERE act LIKE 'master_key.%' ORDER BY scope, seq", shared=True)
    return [act for [act] in rows]


def send_and_see(stack, receiver):
    """A send whose webhook is signed with what lies under the workspace's key."""
    sent = stack.api.accept(text_to(TO))
    stack.api.wait_for_status(sent["id"], "read")
    receiver.wait_for_type("message.delivered", sent["id"])


def check_only_the_new_one_opens(stack, old_key):
    """Of a server that rests. The key file that was is of no use to anybody."""
    assert seals(stack) == 1
    assert set(key_files(stack)) == {"master.key"}
    new_key = key_files(stack)["master.key"]
    assert new_key != old_key
    (stack.server.data / "master.key").write_text(old_key)
    stack.server.begin()
    assert stack.server.wait_for_end() == 1
    assert "is sealed under the master key" in stack.server.log_text()
    (stack.server.data / "master.key").write_text(new_key)
    stack.start_server()


class Sends:
    """One after the other, each to somebody else, until told to stop. Each must be accepted."""

    def __init__(self, stack):
        self.ids, self.faults = [], []
        self._stack, self._must_end = stack, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        for number in count(9_000_000):
            if self._must_end.is_set():
                return
            answer = self._stack.api.send(text_to(f"+91981{number}"))
            (self.ids if answer.status == 202 else self.faults).append(answer)

    def end(self):
        self._must_end.set()
        self._thread.join()
        assert not self.faults
        return [answer.json()["id"] for answer in self.ids]


def test_it_is_rotated_under_running_sends(make_stack):
    stack = make_stack()
    receiver = stack.receiver()
    send_and_see(stack, receiver)
    old = key_files(stack)["master.key"]
    sends = Sends(stack)
    wait_until(lambda: len(sends.ids) > 10, "sends are under way")
    said = rotate(stack)
    before = len(sends.ids)
    wait_until(lambda: len(sends.ids) > before + 10, "they go on")
    ids = sends.end()
    assert "opens nothing any more" in said
    for message_id in (ids[0], ids[-1]):
        stack.api.wait_for_status(message_id, "read")
    send_and_see(stack, receiver)
    wait_until(lambda: stack.api.metric("connect_master_key_rotating") == 0, "it is over")
    assert stack.server.terminate() == 0
    assert sent_to_one(stack) == 2  # before and after
    assert end_of_record(stack) == ["master_key.rotation_started", "master_key.rotated"]
    check_only_the_new_one_opens(stack, old)
    send_and_see(stack, receiver)
    owner_of(stack.server)
    stack.server.terminate()
    assert sent_to_one(stack) == 3


@pytest.mark.parametrize("failpoint", [
    "commit.before.master_key_seal", "commit.after.master_key_seal", "rotation.sealed", "rotation.taken",
    "commit.before.master_key_retire:2", "commit.after.master_key_retire:2", "rotation.retired:2"])
def test_killed_at_any_step_it_goes_on(make_stack, failpoint):
    stack = make_stack()
    receiver = stack.receiver()
    send_and_see(stack, receiver)
    old = key_files(stack)["master.key"]
    assert stack.server.terminate() == 0
    stack.start_server(failpoint=failpoint)
    # Its first look at what there is to do is over.
    wait_until(lambda: stack.api.metric("connect_master_key_rotating") == 0, "nothing is rotated")
    command = begin_rotation(stack)
    wait_until(lambda: not stack.server.running(), "the failpoint is passed")
    assert stack.server.process.returncode == -9
    stack.start_server()
    said, faults = command.communicate(timeout=90)
    assert command.returncode == 0, said + faults
    send_and_see(stack, receiver)
    assert stack.server.terminate() == 0
    assert end_of_record(stack) == ["master_key.rotation_started", "master_key.rotated"]
    check_only_the_new_one_opens(stack, old)
    send_and_see(stack, receiver)


def test_one_that_is_put_beside_a_resting_server_is_taken_at_the_start(make_stack):
    stack = make_stack()
    receiver = stack.receiver()
    old = key_files(stack)["master.key"]
    assert stack.server.terminate() == 0
    command = begin_rotation(stack)
    wait_until(lambda: "master.key.next" in key_files(stack), "the next key is there")
    stack.start_server()
    said, faults = command.communicate(timeout=90)
    assert command.returncode == 0, said + faults
    send_and_see(stack, receiver)
    assert stack.server.terminate() == 0
    check_only_the_new_one_opens(stack, old)


def test_a_broken_next_key_changes_nothing_and_is_named(make_stack):
    stack = make_stack()
    before = key_files(stack)
    file = stack.server.data / "master.key.next"
    file.touch(mode=0o600)
    file.write_text("short\n")
    wait_until(lambda: "the master key could not be rotated" in stack.server.log_text(), "it is told")
    assert "master.key.next" in stack.server.log_text()
    assert {**before, "master.key.next": "short\n"} == key_files(stack)
    file.unlink()
    rotate(stack)
    assert stack.server.terminate() == 0
    check_only_the_new_one_opens(stack, before["master.key"])


def test_keys_of_settings_are_rotated_by_restarts(make_stack):
    old, new = "a" * 64, "b" * 64
    stack = make_stack(settings={"SECURITY_MASTER_KEY": old})
    receiver = stack.receiver()
    send_and_see(stack, receiver)

    def restart(**settings):
        assert stack.server.terminate() == 0
        stack.server.settings = {name: value for name, value in stack.server.settings.items() if "MASTER_KEY" not in name}
        stack.server.settings |= settings
        stack.start_server()
    restart(SECURITY_MASTER_KEY=old, SECURITY_MASTER_KEY_NEXT=new)
    wait_until(lambda: "the next master key opens all" in stack.server.log_text(), "it is accepted")
    send_and_see(stack, receiver)
    restart(SECURITY_MASTER_KEY=new)
    wait_until(lambda: "the master key was rotated" in stack.server.log_text(), "it is the only one")
    send_and_see(stack, receiver)
    assert stack.server.terminate() == 0
    assert (seals(stack), key_files(stack)) == (1, {})
    stack.server.settings["SECURITY_MASTER_KEY"] = old
    stack.server.begin()
    assert stack.server.wait_for_end() == 1
    stack.server.settings["SECURITY_MASTER_KEY"] = new
    stack.start_server()


def test_the_command_says_when_it_can_not_help(make_stack, tmp_path):
    stack = make_stack(start=False)
    command = begin_rotation(stack)
    _, faults = command.communicate(timeout=90)
    assert command.returncode == 1 and "there is none" in faults
    with_key = subprocess.run([CONNECTD, "rotate-master-key", "--data-dir", tmp_path, "--master-key-command", "true"], text=True,
                              capture_output=True, timeout=90, check=False)
    assert with_key.returncode == 1 and "security.master_key_next" in with_key.stderr


def test_a_lost_master_key_is_not_made_anew(make_stack):
    stack = make_stack()
    assert stack.server.terminate() == 0
    shutil.move(stack.server.data / "master.key", stack.folder / "kept")
    stack.server.begin()
    assert stack.server.wait_for_end() == 1
    assert not (stack.server.data / "master.key").exists()
    shutil.move(stack.folder / "kept", stack.server.data / "master.key")
    stack.start_server()
