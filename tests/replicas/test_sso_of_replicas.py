"""Single sign-on on several replicas: begun at one, finished at another, and the workspace may be a third's."""

import pytest

from _support.database import on_postgres
from _support.dns import DnsServer
from _support.identity_providers import IdentityProviders, UserAgent
from _support.people import Browser, owner_of
from _support.replicas import Replicas

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")
DOMAIN = "replicas.example"


@pytest.fixture(scope="module")
def idp():
    providers = IdentityProviders()
    yield providers
    providers.close()


@pytest.fixture(scope="module")
def dns():
    server = DnsServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, dns):
    replicas = Replicas(tmp_path_factory.mktemp("sso"), settings={"SSO_DNS_SERVER": dns.place})
    for server in replicas.servers:
        server.settings["PUBLIC_URL"] = f"http://127.0.0.1:{replicas.proxy.port}"
    yield replicas.start()
    replicas.close()


@pytest.fixture(scope="module")
def provider(cluster, idp, dns):
    owner = owner_of(cluster.servers[0])
    dns.prove(owner, DOMAIN)
    body = {"name": "Acme", "issuer": idp.faulty, "client_id": "c", "client_secret": "s"}
    return owner.post("/v1/sso/providers", body).json()["id"]


@pytest.mark.parametrize("begun", range(3))
def test_whichever_replica_the_browser_comes_back_to(cluster, idp, provider, begun):
    home = f"http://127.0.0.1:{cluster.proxy.port}"
    for back_at, server in enumerate(cluster.servers):
        name = f"p{begun}{back_at}"
        idp.account(name, email=f"{name}@{DOMAIN}", email_verified=True)
        browser = Browser(cluster.servers[begun].base_url)
        url = browser.post("/v1/sso/sign_ins", {"email": f"{name}@{DOMAIN}"}).json()["authorization_url"]
        back = UserAgent().authorize(url, home)
        there = Browser(server.base_url)
        there.cookies = browser.cookies
        assert there.get(back).status == 303
        for each in cluster.servers:
            asking = Browser(each.base_url)
            asking.cookies = there.cookies
            assert asking.get("/v1/members").status == 200


def test_its_end_is_known_to_all_at_once(cluster, idp, provider):
    owner = owner_of(cluster.servers[0])
    idp.account("ends", email=f"ends@{DOMAIN}", email_verified=True)
    browser = Browser(cluster.servers[0].base_url)
    url = browser.post("/v1/sso/sign_ins", {"provider_id": provider}).json()["authorization_url"]
    assert browser.get(UserAgent().authorize(url, f"http://127.0.0.1:{cluster.proxy.port}")).status == 303
    assert owner.patch(f"/v1/sso/providers/{provider}", {"enabled": False}).status == 200
    for server in cluster.servers:
        asking = Browser(server.base_url)
        asking.cookies = browser.cookies
        assert asking.get("/v1/user").json()["code"] == "invalid_session"
