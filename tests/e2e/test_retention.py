"""data.retention_days as an operator sees it: what is older goes, on both engines, and what is counted stays counted."""

from datetime import timedelta

import pytest
from _support.api import text_to
from _support.database import on_postgres
from _support.waiting import wait_until

RETENTION_DAYS = 10
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
