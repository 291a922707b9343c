"""Onboarding links on several replicas: whichever is asked, the link's workspace answers."""

import pytest

from _support.database import on_postgres
from _support.onboarding import Guest, make_link, session_of, signed_up

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")


@pytest.mark.parametrize("workspace", range(4))
def test_a_link_is_good_at_every_replica(cluster, workspace):
    made = make_link(cluster.api_at(0, workspace))
    first = Guest(cluster.servers[1].base_url, made)
    assert first.open().status == 200
    elsewhere = [first, *(Guest(server.base_url, made) for server in cluster.servers[1:])]
    for each in elsewhere:
        each.cookies, each.token = first.cookies, first.token
    message, code = signed_up(cluster)
    assert elsewhere[0].say("code", {"code": code}).json()["state"] == "signed_up"
    assert elsewhere[1].say("message", {"message": message}).status == 200
    assert elsewhere[2].say("steps", {"pin": "135790"}).json()["state"] == "done"
    assert session_of(cluster.api_at(2, workspace), made)["state"] == "done"
