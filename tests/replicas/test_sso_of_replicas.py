"""Single sign-on on several replicas: begun at one, finished at another, and the workspace may be a third's."""

import pytest

from _support.database import on_postgres
from _support.dns import DnsServer
from _support.identity_providers import IdentityProviders, UserAgent
from _support.people import PASSWORD, Browser, Mails, owner_of, sign_up
from _support.replicas import Replicas
from _support.second_factor import enable

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
def cluster(tmp_path_factory, dns, idp):
    settings = {"SSO_DNS_SERVER": dns.place, "SSO_GOOGLE_CLIENT_ID": "everybody", "SSO_GOOGLE_CLIENT_SECRET": "s",
                "DEBUG_GOOGLE_ISSUER": idp.faulty}
    replicas = Replicas(tmp_path_factory.mktemp("sso"), settings=settings)
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
        assert browser.at(server).get(back).status == 303
        for each in cluster.servers:
            assert browser.at(each).get("/v1/members").status == 200


def test_its_end_is_known_to_all_at_once(cluster, idp, provider):
    owner = owner_of(cluster.servers[0])
    idp.account("ends", email=f"ends@{DOMAIN}", email_verified=True)
    browser = Browser(cluster.servers[0].base_url)
    url = browser.post("/v1/sso/sign_ins", {"provider_id": provider}).json()["authorization_url"]
    assert browser.get(UserAgent().authorize(url, f"http://127.0.0.1:{cluster.proxy.port}")).status == 303
    assert owner.patch(f"/v1/sso/providers/{provider}", {"enabled": False}).status == 200
    for server in cluster.servers:
        assert browser.at(server).get("/v1/user").json()["code"] == "invalid_session"


def test_a_code_is_asked_for_at_one_replica_and_taken_at_another(cluster, idp):
    home = f"http://127.0.0.1:{cluster.proxy.port}"
    own = sign_up(cluster.servers[0], "code@private.example", mails=Mails(*cluster.servers))
    idp.account("code", email="code@gmail.com", email_verified=True)
    begun = own.post("/v1/sso/identities", {"provider_id": "google", "password": PASSWORD})
    assert own.get(UserAgent().authorize(begun.json()["authorization_url"], home)).status == 303
    _, codes = enable(own)
    browser = Browser(cluster.servers[0].base_url)
    places = [browser.at(server) for server in cluster.servers]
    url = places[0].post("/v1/sso/sign_ins", {"provider_id": "google"}).json()["authorization_url"]
    answer = places[1].get(UserAgent().authorize(url, home))
    assert (answer.status, answer.headers["Location"]) == (303, "/?second_factor=required")
    assert places[2].post("/v1/sso/sign_ins/confirm", {"code": codes[0]}).status == 201
    assert [place.get("/v1/user").json()["email"] for place in places] == ["code@private.example"] * 3
