"""A new master key, given to each replica in turn: the old one opens until all have it."""

import shutil
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


def give(replicas, source, target):
    """As an operator does, whole or not at all."""
    part = replicas.servers[target].data / ".part"
    shutil.copy(replicas.servers[source].data / "master.key", part)
    part.rename(replicas.servers[target].data / "master.key.next")


def check_all_send(replicas):
    for number in range(2):
        for workspace in range(2):
            api = replicas.api_at(number, workspace)
            api.wait_for_status(api.accept(text_to("+919876543210"))["id"], "read")


def test_the_old_one_opens_until_every_replica_has_the_new_one(replicas):
    one, two = replicas.servers
    old = (one.data / "master.key").read_text()
    command = subprocess.Popen([CONNECTD, "rotate-master-key", "--data-dir", one.data], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    wait_until(lambda: files(one) == {"master.key", "master.key.former"}, "the first one has it", 20)
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
    wait_until(lambda: files(one) == files(two) == {"master.key"}, "both have ended it", 20)
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
    assert two.process.wait(30) == 1
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
    wait_until(lambda: files(two) == {"master.key"}, "it has taken it", 20)
    replicas.wait_until_spread()
    check_all_send(replicas)
