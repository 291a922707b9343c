"""A replica dies at a named point of its membership (docs/failpoints.md): the others go on with all workspaces, and the
next start finds nothing in its way.

`publish` is passed with a workspace's first key or sender only, before there is another replica to look at it.
"""

from collections import Counter
from itertools import count

import pytest
from _support.api import text_to
from _support.database import on_postgres
from _support.replicas import Replicas
from _support.waiting import wait_until

pytestmark = [pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL"),
              pytest.mark.parametrize("moment", ["before", "after"])]

WORKSPACES = 2
KILLED = -9
# Passed while it joins, and once a second afterwards: not the first, so that it dies as a member.
BEATS = 4


@pytest.fixture
def two(tmp_path):
    replicas = Replicas(tmp_path / "replicas", 2, cells=WORKSPACES, workspaces=WORKSPACES)
    try:
        yield replicas.start()
    finally:
        replicas.close()


@pytest.fixture
def sends(two):
    """Sends to every workspace through one replica, and knows at the end that each was sent once."""
    sent, numbers = [], count()

    def send(through):
        for workspace in range(WORKSPACES):
            number = next(numbers)
            api = two.api_at(through, workspace)
            # With a key it is carried on where the replica that had it is lost.
            message = api.accept(text_to(f"+9198765{number:05}"), idempotency_key=f"failpoint-{number}")
            api.wait_for_status(message["id"], "read")
            sent.append(message["id"])
    yield send
    assert Counter(each["biz_opaque_callback_data"] for each in two.sim.taken()) == dict.fromkeys(sent, 1)


def wait_for_death(replicas, number):
    server = replicas.servers[number]
    wait_until(lambda: not server.running(), "the failpoint is passed")
    assert server.process.returncode == KILLED, server.log_text()[-2000:]


def start_and_share(replicas, number, send):
    replicas.start_server(number)
    replicas.wait_until_spread()
    for through in range(2):
        send(through)


@pytest.mark.parametrize("point", ["key_check", "join", "cell", f"beat:{BEATS}"])
def test_newcomer_dies_while_it_joins(two, sends, moment, point):
    assert two.terminate(1) == 0
    two.servers[1].begin(f"commit.{moment}.{point}")
    wait_for_death(two, 1)
    sends(0)
    two.servers[0].must_run()
    start_and_share(two, 1, sends)


def test_replica_dies_while_it_leaves(two, sends, moment):
    """It has given its cells away by then."""
    assert two.terminate(1) == 0
    two.servers[1].start(f"commit.{moment}.leave")
    two.wait_until_spread()
    assert two.terminate(1) == KILLED
    sends(0)
    start_and_share(two, 1, sends)


def test_replica_dies_while_it_takes_a_dead_one_out(two, sends, moment):
    """Nobody is left then: the next start does it, or finds it done."""
    assert two.terminate(0) == 0
    two.servers[0].start(f"commit.{moment}.take_out")
    two.wait_until_spread()
    two.kill(1)
    wait_for_death(two, 0)
    two.start_server(0)
    sends(0)
    start_and_share(two, 1, sends)
