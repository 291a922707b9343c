"""PostgreSQL dies and its standby takes over. One that was asked to wait for loses nothing that was acknowledged; one that was
behind may, but nothing is ever sent twice.

Prints what it measured: `pytest -s tests/crash/test_failover.py`. Its servers are its own, so it runs once, with the
suites of PostgreSQL.
"""

import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from _support.api import text_to
from _support.database import on_postgres
from _support.load import Load
from _support.postgres import Postgres
from _support.stack import Stack
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")

LATENCY_MS = 25  # so that attempts are open when the server dies
DEAD_SECONDS = 1.0  # until somebody promotes the standby
MIN_MESSAGES = 100


class Outage:
    """How long a caller saw no healthy database, asked a hundred times a second."""

    def __init__(self, api):
        self._api, self._ends, self._times = api, threading.Event(), []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()

    def _run(self):
        while not self._ends.wait(0.01):
            if self._api.get("/readyz").status != 200:
                self._times.append(time.monotonic())

    @property
    def seconds(self):
        return self._times[-1] - self._times[0] if self._times else 0.0


def url_of(primary, standby):
    return (f"host=127.0.0.1,127.0.0.1 port={primary.port},{standby.port} user=postgres dbname=postgres "
            "target_session_attrs=read-write")


def fail_over(folder, primary, standby):
    stack = Stack(folder, checked=False, postgres=url_of(primary, standby),
                  settings={"LOG_LEVEL": "info", "PAIR_LIMIT": "false", "CONCURRENCY_PER_SENDER": 64})
    load = None
    try:
        stack.start()
        stack.sim.fault({"latency_ms": LATENCY_MS})
        load = Load(stack.api, threads=6, seed=1)
        load.start()
        wait_until(lambda: load.count() > MIN_MESSAGES, "there is load")
        with Outage(stack.api) as outage:
            primary.kill()
            before = load.count()
            time.sleep(DEAD_SECONDS)  # that long nobody has noticed
            standby.promote()
            wait_until(lambda: load.count() > before + MIN_MESSAGES, "messages are accepted again")
        load.finish()
        wait_until(stack.is_idle, "the outbox is empty")
        wait_until(lambda: stack.sim.stats()["webhooks_waiting"] == 0, "all statuses are told")
        stack.server.must_run()
        return SimpleNamespace(
            acknowledged=set(load.acknowledged.values()), faults=load.faults, outage=outage.seconds,
            messages={each["id"]: each["status"] for each in stack.api.all_of("/v1/messages")},
            seen=Counter(each["biz_opaque_callback_data"] for each in stack.sim.taken()),
            quota=stack.api.quota()["used"])
    finally:
        if load:
            load.give_up()
        stack.close()


def test_a_standby_that_was_behind_sends_nothing_again(tmp_path):
    """It knows messages as waiting that the primary has sent since. The server ends by itself; started again it treats
    the database as a restored backup."""
    primary, standby = Postgres(), Postgres()
    stack = None
    try:
        primary.create().start()
        stack = Stack(tmp_path / "stack", checked=False, postgres=url_of(primary, standby),
                      settings={"LOG_LEVEL": "info", "PAIR_LIMIT": "false", "SENDER_MESSAGES_PER_SECOND": 5})
        stack.start()
        ids = [stack.api.accept(text_to(f"+9198765{n:05}"))["id"] for n in range(40)]
        standby.create_standby_of(primary)  # a copy, with most of them waiting
        taken = len(stack.sim.taken())
        assert taken < len(ids)
        wait_until(lambda: len(stack.sim.taken()) == len(ids), "the primary's server sends them all")
        wait_until(lambda: stack.api.metric("connect_outbox_in_flight") == 0, "and knows it")
        primary.kill()
        standby.start()
        standby.promote()
        assert stack.server.wait_for_end() == 1, "it ends, so that it is started again"
        stack.start_server()
        wait_until(stack.is_idle, "the outbox is empty")
        seen = Counter(each["biz_opaque_callback_data"] for each in stack.sim.taken())
        assert set(seen) == set(ids) and all(times == 1 for times in seen.values())
        by_status = Counter(stack.api.message(message_id)["status"] for message_id in ids)
        assert by_status["unknown"] > 0 and not by_status["accepted"], by_status
        # It goes on as usual.
        later = stack.api.accept(text_to("+919876599999"))
        stack.api.wait_for_status(later["id"], "read")
    finally:
        if stack:
            stack.close()
        primary.close()
        standby.close()


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """All that was there after a failover to a standby that every COMMIT had waited for."""
    primary = Postgres({"synchronous_standby_names": "*"})
    standby = Postgres()
    try:
        primary.create().start()
        standby.create_standby_of(primary).start()
        result = fail_over(tmp_path_factory.mktemp("failover") / "stack", primary, standby)
        print(f"\n{len(result.acknowledged)} acknowledged, {len(result.acknowledged - set(result.messages))} lost, "
              f"{sum(times - 1 for times in result.seen.values())} sent twice, no database for {result.outage:.2f} s, of "
              f"which {DEAD_SECONDS:g} s before the promotion")
        yield result
    finally:
        primary.close()
        standby.close()


def test_nothing_that_was_acknowledged_is_lost(after):
    assert after.acknowledged == set(after.messages)


def test_nothing_is_sent_twice(after):
    assert all(times == 1 for times in after.seen.values())


def test_every_message_has_its_outcome(after):
    assert set(after.messages.values()) <= {"sent", "delivered", "read"}
    assert set(after.seen) == set(after.messages)


def test_the_quota_counts_each_once(after):
    assert after.quota == len(after.messages)


def test_the_same_key_gives_the_same_message(after):
    assert not after.faults


def test_it_goes_on_by_itself_within_seconds_of_the_promotion(after):
    assert DEAD_SECONDS / 2 < after.outage < DEAD_SECONDS + 15
