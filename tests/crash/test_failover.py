"""PostgreSQL dies under load and its standby takes over: nothing that was acknowledged is lost, nothing is sent twice.

Prints what it measured: `pytest -s tests/crash/test_failover.py`. Its servers are its own, so it runs once, with the
suites of PostgreSQL.
"""

import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest
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


def fail_over(folder, primary, standby):
    url = (f"host=127.0.0.1,127.0.0.1 port={primary.port},{standby.port} user=postgres dbname=postgres "
           "target_session_attrs=read-write")
    stack = Stack(folder, checked=False, postgres=url,
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
            wait_until(lambda: load.count() > before + MIN_MESSAGES, "messages are accepted again", seconds=30)
        load.finish()
        wait_until(lambda: stack.api.metric("connect_outbox_queued") == 0
                   and stack.api.metric("connect_outbox_in_flight") == 0, "the outbox is empty", seconds=60)
        wait_until(lambda: stack.sim.stats()["webhooks_waiting"] == 0, "all statuses are told", seconds=60)
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
    assert DEAD_SECONDS / 2 < after.outage < DEAD_SECONDS + 5
