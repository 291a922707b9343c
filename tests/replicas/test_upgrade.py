"""A newer version beside this one for a while: what it only added is no hindrance, what it took away is."""

import pytest
from _support.api import text_to
from _support.database import on_postgres
from _support.replicas import Replicas
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")

HERE, ELSEWHERE = 0, 1  # workspaces of two cells; that of the first is changed
OF_TOMORROW = 9999


@pytest.fixture
def replicas(tmp_path):
    made = Replicas(tmp_path / "replicas", 2, cells=2, workspaces=2)
    yield made.start()
    made.close()


def note_migration(replicas, expands, shared=False):
    """As a newer program would have."""
    replicas.schema.sql(f"INSERT INTO schema_migrations VALUES ({OF_TOMORROW}, 'of tomorrow', 0, {int(expands)})", shared)


def take_over(replicas):
    """Kills who has the changed cell; the number of the other one, which is given it."""
    gone = replicas.owner_of(HERE)
    replicas.kill(gone)
    wait_until(lambda: replicas.owner_of(HERE) != gone, "it is noticed")
    return gone


def test_cell_that_a_newer_version_expanded_is_taken_over(replicas):
    for shared in (False, True):
        note_migration(replicas, expands=True, shared=shared)
    replicas.schema.sql("ALTER TABLE messages ADD COLUMN of_tomorrow BIGINT NOT NULL DEFAULT 7")
    gone = take_over(replicas)
    sent = replicas.api_at(1 - gone, HERE).accept(text_to("+919812000001"))
    replicas.api_at(1 - gone, HERE).wait_for_status(sent["id"], "read")
    assert replicas.schema.sql("SELECT DISTINCT of_tomorrow FROM messages") == [["7"]]
    replicas.start_server(gone)  # it joins, and opens its share
    replicas.wait_until_spread()
    for server in range(2):
        assert replicas.api_at(server, HERE).message(sent["id"])["status"] == "read"


def test_cell_from_which_a_newer_version_took_something_is_nobodys_until_one_comes(replicas):
    assert replicas.owner_of(HERE) != replicas.owner_of(ELSEWHERE)
    note_migration(replicas, expands=False)
    gone = replicas.owner_of(HERE)
    other = 1 - gone
    replicas.kill(gone)
    wait_until(lambda: "newer program" in replicas.servers[other].log_text(), "the other one has tried")
    refused = replicas.api_at(other, HERE).get("/v1/quota")
    assert (refused.status, refused.json()["code"]) == (503, "store_unavailable")
    # The other's own cell goes on.
    sent = replicas.api_at(other, ELSEWHERE).accept(text_to("+919812000002"))
    replicas.api_at(other, ELSEWHERE).wait_for_status(sent["id"], "read")
    # A program comes that knows it: this one, once there is nothing that it does not know.
    replicas.schema.sql(f"DELETE FROM schema_migrations WHERE number = {OF_TOMORROW}")
    wait_until(lambda: replicas.api_at(other, HERE).get("/v1/quota").status == 200, "it is open")
    replicas.start_server(gone)
