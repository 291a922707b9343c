"""A replica is stopped (SIGSTOP) for longer than its lease and goes on: what it had is another's by then, and nothing is sent
twice.

What it had begun, whether or not a byte had left, is `unknown` from the moment in which another one has its cell. The paused one
looks at its lease right before each first byte: the window which remains is that of one write. What waited is sent by the other one.
"""

from collections import Counter

import pytest
from _support.api import text_to
from _support.database import on_postgres
from _support.replicas import Replicas
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")

WORKSPACE = 0
ANSWER_MS = 2000  # sooner than a lease is over, which begins anew with each second's beat
NO_STATUSES = {"no-statuses": True}


@pytest.fixture
def make_replicas(tmp_path):
    made = []

    def make(**options):
        replicas = Replicas(tmp_path / "replicas", 2, cells=2, workspaces=2, **options)
        made.append(replicas)
        return replicas.start()
    yield make
    for replicas in made:
        replicas.close()


def taken(replicas):
    return Counter(each["biz_opaque_callback_data"] for each in replicas.sim.taken())


def prove(replicas, api, ids):
    """The provider tells that they have arrived."""
    wamids = {each["biz_opaque_callback_data"]: each["id"] for each in replicas.sim.taken()}
    for message_id in ids:
        replicas.sim.status(wamids[message_id], "delivered")
    for message_id in ids:
        api.wait_for_status(message_id, "delivered")


def pause_until_taken_over(replicas):
    """Of the replica that has the workspace; its number, and the other one's Api."""
    paused = replicas.owner_of(WORKSPACE)
    other = replicas.api_at(1 - paused, WORKSPACE)
    replicas.pause(paused)
    wait_until(lambda: replicas.owner_of(WORKSPACE) == 1 - paused, "the other one has the cell")
    wait_until(lambda: other.get("/v1/quota").status == 200, "and answers")
    return paused, other


def resume_and_end(replicas, number):
    replicas.resume(number)
    assert replicas.servers[number].wait_for_end() == 1, "it ends, so that it is started again"
    replicas.start_server(number)


def test_attempts_that_were_open_are_unknown_until_a_status_proves_them(make_replicas):
    """Their answers come while the sender is stopped: it reads them when it has lost the right to store them."""
    replicas = make_replicas(simulator=NO_STATUSES)
    replicas.sim.fault({"latency_ms": ANSWER_MS})
    ids = [replicas.apis[WORKSPACE].accept(text_to(f"+9198765{n:05}"))["id"] for n in range(20)]
    wait_until(lambda: len(taken(replicas)) == len(ids), "the provider has them")
    paused, other = pause_until_taken_over(replicas)
    assert {other.message(message_id)["status"] for message_id in ids} == {"unknown"}
    # Not by the proxy: what it gave to the one that is stopped would be told again after ten seconds only.
    replicas.sim.settings(webhook_url=f"{replicas.servers[1 - paused].base_url}/hooks/whatsapp")
    proven, unproven = ids[:10], ids[10:]
    prove(replicas, other, proven)
    resume_and_end(replicas, paused)
    assert {other.message(message_id)["status"] for message_id in unproven} == {"unknown"}
    prove(replicas, other, unproven)
    assert taken(replicas) == dict.fromkeys(ids, 1)
    assert other.quota()["used"] == len(ids)


def test_what_waited_is_sent_by_the_other_one_once(make_replicas):
    replicas = make_replicas(settings={"SENDER_MESSAGES_PER_SECOND": 10, "PAIR_LIMIT": "false"})
    ids = [replicas.apis[WORKSPACE].accept(text_to(f"+9198765{n:05}"))["id"] for n in range(80)]
    paused, other = pause_until_taken_over(replicas)
    before = len(taken(replicas))
    assert before < len(ids)
    resume_and_end(replicas, paused)
    wait_until(replicas.is_idle, "the queue is empty")
    statuses = Counter(other.message(message_id)["status"] for message_id in ids)
    seen = taken(replicas)
    assert set(seen.values()) == {1}
    assert len(seen) > before
    assert statuses["accepted"] == 0 and statuses["unknown"] == len(ids) - len(seen), statuses


@pytest.mark.parametrize("failpoint", ["client.before_first_byte", "client.after_first_byte"])
def test_a_death_at_the_first_byte_is_unknown_at_the_other_one(make_replicas, failpoint):
    """Between two replicas as within one (test_failpoints.py)."""
    replicas = make_replicas()
    owner = replicas.owner_of(WORKSPACE)
    server = replicas.servers[owner]
    assert replicas.terminate(owner) == 0
    wait_until(lambda: replicas.owner_of(WORKSPACE) == 1 - owner, "the other one has all")
    server.start(failpoint)
    replicas.wait_until_spread()
    workspace = next(n for n in range(2) if replicas.owner_of(n) == owner)
    api = replicas.api_at(1 - owner, workspace)
    sent = api.send(text_to("+919876500000"), idempotency_key="at-the-first-byte")
    assert sent.status == 202
    assert server.wait_for_end() != 0
    message_id = sent.json()["id"]
    if failpoint == "client.before_first_byte":
        api.wait_for_status(message_id, "unknown")
        assert not taken(replicas)
    else:
        # One write holds the whole request, so the provider has it and its statuses prove it.
        api.wait_for_status(message_id, "read")
        assert taken(replicas) == {message_id: 1}
    server.start()
