"""Passkeys on several replicas: what one begins another finishes, and no challenge is good twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from _support.browser import RealBrowser, local_url
from _support.database import on_postgres
from _support.people import Browser, owner_of
from _support.replicas import Replicas

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    replicas = Replicas(tmp_path_factory.mktemp("passkeys"))
    for server in replicas.servers:
        server.settings["PUBLIC_URL"] = local_url(replicas.servers[0].base_url)
    replicas.start()
    yield replicas
    replicas.close()


def test_one_begins_and_another_finishes_and_of_all_at_once_one_lets_in(cluster):
    person = owner_of(cluster.servers[0])
    password = cluster.servers[0].sandbox["owner"]["password"]
    with RealBrowser(cluster.servers[0].base_url) as device:
        options = person.at(cluster.servers[1]).post("/v1/user/passkeys/options", {"password": password}).json()
        body = {"name": "phone", "credential": device.make(options)}
        assert person.at(cluster.servers[2]).post("/v1/user/passkeys", body).status == 201
        browser = Browser(cluster.servers[1].base_url)
        answer = device.ask(browser.post("/v1/passkey_sign_ins").json())
    everywhere = [browser.at(server) for server in cluster.servers]
    for each in everywhere:
        each.cookies = dict(browser.cookies)
    with ThreadPoolExecutor(len(everywhere)) as pool:
        statuses = list(pool.map(lambda each: each.post("/v1/sessions", {"passkey": answer}).status, everywhere))
    assert sorted(statuses) == [201, 401, 401]
    let_in = everywhere[statuses.index(201)]
    assert [let_in.at(server).get("/v1/user").status for server in cluster.servers] == [200, 200, 200]
