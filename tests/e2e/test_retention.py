"""data.retention_days as an operator sees it: what is older goes, on both engines, and what is counted stays counted."""

from datetime import timedelta

import pytest
from _support.api import text_to
from _support.database import on_postgres
from _support.people import owner_of
from _support.waiting import wait_until

RETENTION_DAYS = 10
DAY_MS = 24 * 3600 * 1000
LISTS = ("/v1/messages", "/v1/events", "/v1/deliveries")
AGED = {"messages": ["id"], "events": ["id", "subject"], "deliveries": ["id", "event_id"], "queued_jobs": ["id"]}
MESSAGES = 3


def literal(hexadecimal):
    return f"'\\x{hexadecimal}'" if on_postgres() else f"x'{hexadecimal}'"


def make_older(database, by):
    """Ids begin with their time (48 bits, milliseconds). The server must have ended."""
    for table, columns in AGED.items():
        for column in columns:
            as_hex = f"encode({column}, 'hex')" if on_postgres() else f"lower(hex({column}))"
            for (value,) in database.sql(f"SELECT DISTINCT {as_hex} FROM {table}"):
                begins = int(value[:12], 16) - by // timedelta(milliseconds=1)
                older = literal(f"{begins:012x}{value[12:]}")
                database.sql(f"UPDATE {table} SET {column} = {older} WHERE {column} = {literal(value)}")


def days_removed(api):
    """What was removed, over all days that are shown."""
    total = {"messages": 0, "events": 0, "deliveries": 0, "contents": 0}
    for run in api.get("/v1/retention_runs").json()["data"]:
        total = {kind: count + run["removed"][kind] for kind, count in total.items()}
    return total


def counts(api):
    return [len(api.all_of(path)) for path in LISTS]


@pytest.fixture
def aged(make_stack):
    """Messages, their events and deliveries, all done, as they would be two months later. The server is down."""
    stack = make_stack()
    stack.receiver()
    ids = [stack.api.accept(text_to(f"+91981100{n:04}"))["id"] for n in range(MESSAGES)]
    for message_id in ids:
        stack.api.wait_for_status(message_id, "read")
    wait_until(lambda: stack.is_idle() and stack.deliveries_done(), "all is done")
    stack.used = stack.api.quota()["used"]
    assert stack.server.terminate() == 0
    make_older(stack.server.database, timedelta(days=62))
    return stack


def test_everything_is_kept_by_default(aged):
    aged.start_server()
    new = aged.api.accept(text_to("+919811000100"))["id"]
    aged.api.wait_for_status(new, "read")
    messages, events, deliveries = counts(aged.api)
    assert messages == MESSAGES + 1 and events > MESSAGES and deliveries > MESSAGES


def test_what_is_older_than_the_retention_goes(aged):
    aged.server.settings["DATA_RETENTION_DAYS"] = RETENTION_DAYS
    aged.start_server()
    wait_until(lambda: counts(aged.api) == [0, 0, 0], "the old ones are gone")
    new = aged.api.accept(text_to("+919811000100"))["id"]
    aged.api.wait_for_status(new, "read")
    assert [each["id"] for each in aged.api.all_of("/v1/messages")] == [new]
    # What was paid for was sent, however long ago.
    assert aged.api.quota()["used"] == aged.used + 1
    assert aged.server.terminate() == 0
    assert aged.server.database.sql("SELECT count(*) FROM messages") == [["1"]]


def test_what_still_waits_is_kept_with_what_it_needs(aged):
    """A delivery that nobody took, its event and its message, two months old; what is a month older goes."""
    aged.start_server()
    receiver = aged.receiver(["message.read"], answer=lambda *_: (503, {"Retry-After": "3600"}, b""))
    waiting = aged.api.accept(text_to("+919811000200"))["id"]
    aged.api.wait_for_status(waiting, "read")
    wait_until(receiver.all, "it was tried")
    wait_until(lambda: aged.api.metric("connect_outbox_in_flight") == 0, "its attempt is over")
    assert aged.server.terminate() == 0
    make_older(aged.server.database, timedelta(days=62))
    aged.server.settings["DATA_RETENTION_DAYS"] = RETENTION_DAYS
    aged.start_server()
    wait_until(lambda: len(aged.api.all_of("/v1/messages")) == 1, "the older ones are gone")
    [kept] = aged.api.all_of("/v1/messages")
    assert kept["status"] == "read"
    pending = [each for each in aged.api.all_of("/v1/deliveries") if each["status"] == "pending"]
    assert len(pending) == 1


# --- a workspace's own windows ---

def keep(stack, **windows):
    home = f"/v1/workspaces/{stack.server.sandbox['workspace_id']}"
    assert owner_of(stack.server).patch(home, {"retention": windows}).status == 200


def test_a_workspaces_own_window_is_kept_and_what_went_is_told(aged):
    """On a server that keeps all; days for which there is nothing to tell are not shown."""
    aged.start_server()
    assert aged.api.get("/v1/retention_runs").json()["data"] == []
    before = dict(zip(("messages", "events", "deliveries"), counts(aged.api)))
    keep(aged, records_days=RETENTION_DAYS)
    new = aged.api.accept(text_to("+919811000100"))["id"]
    aged.api.wait_for_status(new, "read")
    assert aged.server.terminate() == 0
    aged.start_server()  # the first round of upkeep comes with the start
    wait_until(lambda: days_removed(aged.api)["deliveries"] == before["deliveries"], "the old ones are gone")
    assert days_removed(aged.api) == {**before, "contents": 0}
    assert [each["id"] for each in aged.api.all_of("/v1/messages")] == [new]
    wait_until(lambda: aged.api.metric("connect_retention_removed_total", kind="messages") == before["messages"],
               "and the count says so")
    # A day that is over goes on the record.
    assert aged.server.terminate() == 0
    aged.server.database.sql("UPDATE retention_runs SET day = day - 1")
    aged.start_server()
    owner = owner_of(aged.server)
    told = wait_until(lambda: owner.get("/v1/audit_events?act=retention.enforced").json()["data"], "the day is on record")
    assert [event["actor"]["type"] for event in told] == ["system"]
    assert {kind: told[0]["after"][kind] for kind in before} == before
    [run] = aged.api.get("/v1/retention_runs").json()["data"]
    assert run["status"] == "complete"


def test_content_ends_with_the_workspaces_window(make_stack):
    """It waits for an endpoint that does not take it."""
    stack = make_stack()
    receiver = stack.receiver(["message.received"], answer=lambda *_: (503, {"Retry-After": "3600"}, b""))
    stack.sim.inbound()
    wait_until(receiver.all, "it was tried")
    wait_until(lambda: stack.api.metric("connect_outbox_in_flight") == 0, "its attempt is over")
    keep(stack, content_hours=0)
    assert stack.server.terminate() == 0
    sealed = "SELECT count(*) FROM events WHERE sealed IS NOT NULL"
    assert stack.server.database.sql(sealed) == [["1"]]
    stack.start_server()  # the first round of upkeep comes with the start
    wait_until(lambda: days_removed(stack.api)["contents"] == 1, "its content is destroyed")
    assert stack.server.terminate() == 0
    assert stack.server.database.sql(sealed) == [["0"]]
