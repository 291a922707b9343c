"""Connections on several replicas: whoever connects an account, each of them takes its webhooks."""

import pytest

from _support.api import code, text_to
from _support.connections import account_in, token_for
from _support.database import on_postgres
from _support.graph import Graph
from _support.people import WHY, operator_of
from _support.signing import post_signed_request, signed_request
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")


@pytest.fixture(scope="module")
def root(cluster):
    return operator_of(cluster.servers[0])


def account_with_token(sim):
    account = account_in(sim)
    return {**account, "token": token_for(sim, account)}


def connect(cluster, root, account, workspace, through=0):
    path = f"/admin/v1/workspaces/{cluster.workspaces[workspace]['workspace_id']}/connections"
    body = {"token": account["token"], "account_id": account["id"], "pin": "123456"}
    return root.at(cluster.servers[through]).post(path, body, headers=WHY)


def remove_app(cluster, token, server):
    """Whom the token speaks for takes the app away; Meta tells one replica of it."""
    user = Graph.of_simulator(cluster, token).call("GET", "me").json()["id"]
    return post_signed_request(server, "deauthorize", signed_request(cluster.app_secret, user_id=user))


def test_a_connection_made_through_one_replica_hears_through_all(cluster, root):
    account = account_with_token(cluster.sim)
    receiver = cluster.receiver(1, ["message.received"])
    made = connect(cluster, root, account, 1, through=cluster.stranger_of(1))
    assert (made.status, made.json()["status"]) == (201, "active"), made
    for number in range(6):  # the proxy gives each connection to another
        cluster.sim.inbound(sender=f"+91981234560{number}", phone_number_id=account["phone_number_id"])
    wait_until(lambda: len(receiver.all()) == 6, "each was heard")
    for number in range(len(cluster.servers)):
        senders = cluster.api_at(number, 1).all_of("/v1/senders")
        assert account["phone_number_id"] in [each["phone_number_id"] for each in senders]
    sender = next(each for each in senders if each["phone_number_id"] == account["phone_number_id"])
    sent = cluster.apis[1].accept({**text_to("+919876500077"), "from": sender["id"]})
    cluster.apis[1].wait_for_status(sent["id"], "read")


def test_an_account_of_a_workspace_in_another_cell_is_a_conflict_until_it_is_let_go(cluster, root):
    account = account_with_token(cluster.sim)
    mine = connect(cluster, root, account, 0).json()["id"]
    for workspace in (1, 2, 3):
        refused = connect(cluster, root, account, workspace)
        assert (refused.status, code(refused)) == (409, "account_connected_elsewhere"), workspace
    assert cluster.apis[0].request("DELETE", f"/v1/connections/{mine}").status == 204
    theirs = connect(cluster, root, account, 1)
    assert (theirs.status, theirs.json()["status"]) == (201, "active"), theirs
    receiver = cluster.receiver(1, ["message.received"])

    def is_heard():
        """Some seconds later everywhere."""
        cluster.sim.inbound(phone_number_id=account["phone_number_id"])
        return len(receiver.all()) >= len(cluster.servers)
    wait_until(is_heard, "the number is where it is connected now")


def test_who_removes_the_app_is_found_whichever_replica_hears_of_it(cluster, root):
    account = account_with_token(cluster.sim)
    made = connect(cluster, root, account, 2).json()
    answer = remove_app(cluster, account["token"], cluster.servers[cluster.stranger_of(2)])
    assert answer.status == 200, answer
    assert cluster.apis[2].get(f"/v1/connections/{made['id']}").json()["reason"]["code"] == "app_removed"


def test_who_has_accounts_in_several_cells_is_found_in_each(cluster, root):
    accounts = [account_in(cluster.sim) for _ in range(3)]
    token = token_for(cluster.sim, *accounts)
    made = []
    for workspace, account in enumerate(accounts):
        connected = connect(cluster, root, {**account, "token": token}, workspace)
        assert connected.status == 201, connected
        made.append(connected.json()["id"])
    answer = remove_app(cluster, token, cluster.servers[0])
    assert answer.status == 200, answer
    for workspace, connection in enumerate(made):
        shown = cluster.apis[workspace].get(f"/v1/connections/{connection}").json()
        assert shown["reason"]["code"] == "app_removed", workspace
