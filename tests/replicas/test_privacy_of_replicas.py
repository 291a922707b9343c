"""Deletions where cells are spread over replicas: each does what lies with it."""

import pytest

from _support.api import text_to
from _support.database import on_postgres
from _support.people import Mails, owner_of, sign_up
from _support.privacy import AT_ONCE, delete, wait_until_done, wait_until_gone
from _support.replicas import Replicas

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")
ADDRESS = "spread@example.com"
NUMBER = "+91987659900"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    replicas = Replicas(tmp_path_factory.mktemp("privacy"), settings=AT_ONCE).start()
    yield replicas
    replicas.close()


@pytest.fixture(scope="module")
def mails(cluster):
    """Whichever replica has sent them."""
    return Mails(*cluster.servers)


def test_a_number_is_erased_by_who_has_its_cell(cluster):
    owner = owner_of(cluster.servers[0])
    owner.workspace = cluster.servers[0].sandbox["workspace_id"]
    api = next(api for workspace, api in zip(cluster.workspaces, cluster.apis, strict=True)
               if workspace["workspace_id"] == owner.workspace)
    for number, server in enumerate(cluster.servers):
        recipient = f"{NUMBER}{number}"
        message = api.accept(text_to(recipient))
        api.wait_for_status(message["id"], "read")
        browser = owner.at(server)
        request = delete(browser, "recipient", cluster.servers[0].sandbox["owner"]["password"], recipient=recipient)
        wait_until_done(browser, request)
        assert api.message(message["id"])["to"] == ""


def test_workspaces_and_their_owner_go_wherever_they_are(cluster, mails):
    browser = sign_up(cluster.servers[0], ADDRESS, "Spread", mails=mails)
    workspaces = [browser.post("/v1/workspaces", {"name": f"Place {number}"}).json()["id"] for number in range(6)]
    asked = []
    for number, workspace in enumerate(workspaces):
        there = browser.at(cluster.servers[number % len(cluster.servers)])
        there.workspace = workspace
        asked.append((there, delete(there, "workspace")))
    for there, request in asked:
        wait_until_done(there, request)
    assert browser.get("/v1/workspaces").json()["data"] == []
    delete(browser.at(cluster.servers[1]), "account")
    wait_until_gone(cluster.servers[2], mails.token_for(ADDRESS, "keep-account"))
    assert ADDRESS.encode() not in cluster.schema.content()
