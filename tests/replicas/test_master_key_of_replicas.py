"""A new master key, given to each replica in turn: the old one opens until all have it."""

import subprocess

import pytest
from _support.api import text_to
from _support.database import on_postgres
from _support.processes import CONNECTD
from _support.replicas import Replicas
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")


@pytest.fixture
def replicas(tmp_path):
    made = Replicas(tmp_path / "replicas", 2, cells=2, workspaces=2)
    yield made.start()
    made.close()


def files(server):
    return {name for name in ("master.key", "master.key.next", "master.key.former") if (server.data / name).exists()}


def seals(replicas):
    return len(replicas.schema.sql("SELECT DISTINCT master FROM root_key_seals", shared=True))


def bring(server, digits):
    """As an operator does, whole or not at all."""
    part = server.data / ".part"
    part.touch(mode=0o600)
    part.write_text(digits)
    part.rename(server.data / "master.key.next")


def give(replicas, source, target):
    bring(replicas.servers[target], (replicas.servers[source].data / "master.key").read_text())


def check_all_send_through(replicas, number):
    for workspace in range(2):
        api = replicas.api_at(number, workspace)
        api.wait_for_status(api.accept(text_to("+919876543210"))["id"], "read")


def check_all_send(replicas):
    for number in range(2):
        check_all_send_through(replicas, number)


def test_the_old_one_opens_until_every_replica_has_the_new_one(replicas):
    one, two = replicas.servers
    old = (one.data / "master.key").read_text()
    command = subprocess.Popen([CONNECTD, "rotate-master-key", "--data-dir", one.data], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    wait_until(lambda: files(one) == {"master.key", "master.key.former"}, "the first one has it")
    assert seals(replicas) == 2
    check_all_send(replicas)
    # The other one is killed, and starts with what it has.
    replicas.kill(1)
    replicas.start_server(1)
    replicas.wait_until_spread()
    assert (two.data / "master.key").read_text() == old
    assert files(one) == {"master.key", "master.key.former"}
    give(replicas, 0, 1)
    said, faults = command.communicate(timeout=90)
    assert command.returncode == 0, said + faults
    wait_until(lambda: files(one) == files(two) == {"master.key"}, "both have ended it")
    assert (two.data / "master.key").read_text() == (one.data / "master.key").read_text() != old
    assert seals(replicas) == 1
    check_all_send(replicas)
    # Each starts with it, and with nothing else.
    for number, server in enumerate(replicas.servers):
        assert replicas.terminate(number) == 0
        replicas.start_server(number)
        replicas.wait_until_spread()
    check_all_send(replicas)
    assert replicas.terminate(1) == 0
    (two.data / "master.key").write_text(old)
    two.begin()
    assert two.wait_for_end() == 1
    assert "is sealed under the master key" in two.log_text()


def test_a_replica_that_was_away_comes_back_with_the_new_one_beside_the_old(replicas):
    one, two = replicas.servers
    replicas.kill(1)
    done = subprocess.run([CONNECTD, "rotate-master-key", "--data-dir", one.data], text=True, capture_output=True, timeout=90,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert seals(replicas) == 1
    give(replicas, 0, 1)
    replicas.start_server(1)
    wait_until(lambda: files(two) == {"master.key"}, "it has taken it")
    replicas.wait_until_spread()
    check_all_send(replicas)


# --- two rotations at once ---

def refused(server):
    return (server.data / "master.key.refused").exists()


def test_of_two_rotations_at_once_one_goes_first_and_the_other_gives_way(replicas):
    keys = ["b" * 64, "c" * 64]
    for server, digits in zip(replicas.servers, keys, strict=True):
        bring(server, digits)
    one, two = replicas.servers

    def decided():
        """The number of the one that was first, once the other one has given way."""
        for number in range(2):
            if files(replicas.servers[number]) == {"master.key", "master.key.former"} and refused(replicas.servers[1 - number]):
                return number + 1
        return None
    first = wait_until(decided, "one goes first, the other one's key is set aside") - 1
    other = 1 - first
    assert (replicas.servers[first].data / "master.key").read_text() == keys[first]
    assert files(replicas.servers[other]) == {"master.key"}
    wait_until(lambda: "another rotation of the master key is under way" in replicas.servers[other].log_text(), "it says why")
    assert seals(replicas) == 2
    check_all_send(replicas)
    # The command says the same.
    said = subprocess.run([CONNECTD, "rotate-master-key", "--data-dir", replicas.servers[other].data], text=True,
                          capture_output=True, timeout=90, check=False)
    assert said.returncode == 1 and "another replica's rotation was first" in said.stderr, said
    give(replicas, first, other)
    wait_until(lambda: files(one) == files(two) == {"master.key"}, "both have ended it")
    assert (one.data / "master.key").read_text() == (two.data / "master.key").read_text() == keys[first]
    assert seals(replicas) == 1
    check_all_send(replicas)


def begin_and_die(replicas):
    """The first one's rotation, which is the key b's."""
    replicas.terminate(0)
    one = replicas.servers[0]
    one.start(failpoint="rotation.sealed")
    replicas.wait_until_spread()
    bring(one, "b" * 64)
    wait_until(lambda: not one.running(), "it dies behind the first step")


def test_a_rotation_whose_beginner_died_in_its_middle_keeps_nobody_from_another(replicas):
    one, two = replicas.servers
    begin_and_die(replicas)
    assert seals(replicas) == 2

    def rotated():
        """While the dead one still counts among those that live, this one gives way: then once more."""
        if not (two.data / "master.key.next").exists() and (two.data / "master.key").read_text() != "c" * 64:
            bring(two, "c" * 64)
        return files(two) == {"master.key"} and (two.data / "master.key").read_text() == "c" * 64
    wait_until(rotated, "the other one rotates by itself")
    wait_until(lambda: seals(replicas) == 1, "and ends it")
    check_all_send_through(replicas, 1)
    # The one that died is given the key that there is, beside what it has.
    give(replicas, 1, 0)
    replicas.start_server(0)
    wait_until(lambda: files(one) == {"master.key"}, "it has taken it")
    assert (one.data / "master.key").read_text() == "c" * 64
    replicas.wait_until_spread()
    check_all_send(replicas)


def test_a_rotation_whose_beginner_comes_back_goes_on(replicas):
    one, two = replicas.servers
    begin_and_die(replicas)
    replicas.start_server(0)
    wait_until(lambda: files(one) == {"master.key", "master.key.former"}, "it goes on")
    bring(two, "c" * 64)
    wait_until(lambda: refused(two), "the other one gives way")
    give(replicas, 0, 1)
    wait_until(lambda: files(one) == files(two) == {"master.key"}, "both have ended it")
    assert (two.data / "master.key").read_text() == "b" * 64
    assert seals(replicas) == 1
