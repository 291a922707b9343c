"""Deletions where cells are spread over replicas: each does what lies with it."""

import pytest

from _support.api import text_to
from _support.database import on_postgres
from _support.people import PASSWORD, Browser, Mails, owner_of, sign_up
from _support.replicas import Replicas
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")
ADDRESS = "spread@example.com"
NUMBER = "+91987659900"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    replicas = Replicas(tmp_path_factory.mktemp("privacy"), settings={"PRIVACY_DELETION_GRACE_HOURS": 0}).start()
    yield replicas
    replicas.close()


@pytest.fixture(scope="module")
def mails(cluster):
    """Whichever replica has sent them."""
    return Mails(*cluster.servers)


def at(cluster, browser, number, workspace=None):
    other = Browser(cluster.servers[number].base_url, workspace)
    other.cookies = browser.cookies
    return other


def wait_until_done(browser, request):
    def done():
        return browser.get(f"/v1/data_requests/{request['id']}").json()["state"] == "done"
    wait_until(done, "the deletion is done", seconds=60)


def delete(browser, subject, password=PASSWORD, **more):
    answer = browser.post("/v1/data_requests", {"kind": "deletion", "subject": subject, "password": password, **more})
    assert answer.status == 201, answer
    return answer.json()


def test_a_number_is_erased_by_who_has_its_cell(cluster):
    owner = owner_of(cluster.servers[0])
    known = cluster.servers[0].sandbox["workspace_id"]
    api = next(api for workspace, api in zip(cluster.workspaces, cluster.apis, strict=True) if workspace["workspace_id"] == known)
    for number in range(len(cluster.servers)):
        recipient = f"{NUMBER}{number}"
        message = api.accept(text_to(recipient))
        api.wait_for_status(message["id"], "read")
        browser = at(cluster, owner, number, known)
        request = delete(browser, "recipient", cluster.servers[0].sandbox["owner"]["password"], recipient=recipient)
        wait_until_done(browser, request)
        assert api.message(message["id"])["to"] == ""


def test_workspaces_and_their_owner_go_wherever_they_are(cluster, mails):
    browser = sign_up(cluster.servers[0], ADDRESS, "Spread", mails=mails)
    workspaces = [browser.post("/v1/workspaces", {"name": f"Place {number}"}).json()["id"] for number in range(6)]
    for number, workspace in enumerate(workspaces):
        asked = at(cluster, browser, number % len(cluster.servers), workspace)
        wait_until_done(asked, delete(asked, "workspace"))
    assert browser.get("/v1/workspaces").json()["data"] == []
    delete(at(cluster, browser, 1), "account")
    token = mails.token_for(ADDRESS, "keep-account")

    def done():
        return Browser(cluster.servers[2].base_url).post("/v1/data_request_links", {"token": token}).json()["state"] == "done"
    wait_until(done, "the account is gone", seconds=60)
    assert ADDRESS.encode() not in cluster.schema.content()
