"""People and their keys on several replicas: whoever is asked, everybody knows the same."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from _support.api import Api, text_to
from _support.database import on_postgres
from _support.people import WHY, Browser, Mails, operator_of, owner_of, sign_up
from _support.replicas import Replicas
from _support.second_factor import enable, sign_in
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")


@pytest.fixture(scope="module")
def owner(cluster):
    return owner_of(cluster.servers[0])


def sign_in_anew(cluster, browser, who):
    """Somebody of the sandbox who has got other rights: his sessions have ended."""
    known = cluster.servers[0].sandbox[who]
    assert browser.sign_in(known["email"], known["password"]).status == 201


def are_refused_within_a_second(asks, status=401):
    """Who asks later than that is let in nowhere, however busy the machine is."""
    begun = time.monotonic()

    def refused(ask):
        is_late = time.monotonic() > begun + 1
        answer = ask().status
        assert answer == status or not is_late
        return answer == status
    wait_until(lambda: all([refused(ask) for ask in asks]), "all refuse it")
    return True


def test_a_session_is_known_to_every_replica_and_ends_on_all_at_once(cluster):
    browser = owner_of(cluster.servers[0])
    everywhere = [browser.at(server) for server in cluster.servers]
    users = {each.get("/v1/user").json()["id"] for each in everywhere}
    assert len(users) == 1
    keys = [each.get("/v1/api_keys").status for each in everywhere]
    assert keys == [200] * len(everywhere), "the workspace is one replica's, the others pass it on"
    session = dict(browser.cookies)
    assert everywhere[1].delete("/v1/sessions/current").status == 204
    for each in everywhere:
        each.cookies = session
    assert are_refused_within_a_second([lambda each=each: each.get("/v1/user") for each in everywhere])


def test_a_key_made_at_one_replica_works_at_all_and_is_refused_by_all_at_once(cluster, owner):
    made = owner.at(cluster.servers[2]).make_key().json()
    apis = [Api(server.base_url, made["key"]) for server in cluster.servers]
    for number, api in enumerate(apis):
        assert api.send(text_to(f"+91987650000{number}")).status == 202
    assert owner.at(cluster.servers[1]).delete(f"/v1/api_keys/{made['id']}").status == 204
    assert are_refused_within_a_second([lambda api=api: api.get("/v1/quota") for api in apis])


def test_a_support_session_lets_in_at_every_replica_and_is_refused_by_all_at_once(cluster, owner):
    operator = operator_of(cluster.servers[0])
    wanted = {"workspace_id": cluster.servers[0].sandbox["workspace_id"], "category": "debugging",
              "reason": "Deliveries to the shop stop since noon"}
    session = operator.at(cluster.servers[1]).post("/admin/v1/support_sessions", wanted).json()["id"]
    headers = {"Connect-Support-Session": session}
    everywhere = [operator.at(server) for server in cluster.servers]
    assert [each.get("/v1/quota", headers=headers).status for each in everywhere] == [200] * len(everywhere)
    assert [each.get(f"/admin/v1/support_sessions/{session}").json()["status"] for each in everywhere] == \
        ["active"] * len(everywhere)
    assert owner.at(cluster.servers[2]).delete(f"/v1/support_sessions/{session}").status == 204
    asks = [lambda each=each: each.get("/v1/quota", headers=headers) for each in everywhere]
    assert are_refused_within_a_second(asks, 403)
    reads = owner.get(f"/v1/audit_events?target={session}&act=support_session.read").json()["data"]
    assert [each["address"] for each in reads] == ["127.0.0.1"] * len(everywhere), "each once, from where it came"


def test_an_operator_who_is_disabled_is_out_at_every_replica_at_once(cluster, owner):
    root = operator_of(cluster.servers[0])
    wanted = {"email": cluster.servers[0].sandbox["owner"]["email"], "role": "support"}
    user = root.at(cluster.servers[1]).post("/admin/v1/operators", wanted, headers=WHY).json()["user_id"]
    sign_in_anew(cluster, owner, "owner")
    everywhere = [owner.at(server) for server in cluster.servers]
    assert [each.get("/admin/v1/workspaces").status for each in everywhere] == [200] * len(everywhere)
    assert root.at(cluster.servers[2]).patch(f"/admin/v1/operators/{user}", {"disabled": True}, headers=WHY).status == 200
    asks = [lambda each=each: each.get("/admin/v1/workspaces") for each in everywhere]
    assert are_refused_within_a_second(asks, 404)


def test_two_superadmins_who_demote_each_other_at_once_leave_one(cluster, owner):
    root = operator_of(cluster.servers[0])
    people = [root.at(cluster.servers[1]), owner.at(cluster.servers[2])]
    users = [each.get("/v1/user").json()["id"] for each in people]
    wanted = {"email": cluster.servers[0].sandbox["owner"]["email"], "role": "superadmin"}
    people[0].delete(f"/admin/v1/operators/{users[1]}", headers=WHY)  # what a test above may have left
    assert people[0].post("/admin/v1/operators", wanted, headers=WHY).status == 201
    sign_in_anew(cluster, owner, "owner")

    def demote(number):
        return people[number].patch(f"/admin/v1/operators/{users[1 - number]}", {"role": "support"}, headers=WHY).status
    for _ in range(10):
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(demote, (0, 1)))
        # The other one is the last by then, or has no more say.
        assert answers.count(200) == 1 and set(answers) <= {200, 401, 403, 409}, answers
        winner = answers.index(200)
        restored = people[winner].patch(f"/admin/v1/operators/{users[1 - winner]}", {"role": "superadmin"}, headers=WHY)
        assert restored.status == 200
        sign_in_anew(cluster, people[1 - winner], ("operator", "owner")[1 - winner])
    assert people[0].delete(f"/admin/v1/operators/{users[1]}", headers=WHY).status == 204


def test_the_callers_address_is_known_where_the_request_was_passed_on(cluster, owner):
    made = [owner.at(server).make_key(allowed_addresses=["127.0.0.0/8"]).json() for server in cluster.servers]
    for key in made:
        for server in cluster.servers:
            assert Api(server.base_url, key["key"]).get("/v1/quota").status == 200
    events = owner.get("/v1/audit_events?act=api_key.created&limit=3").json()["data"]
    assert [event["address"] for event in events] == ["127.0.0.1"] * 3
    forged = {"Connect-Client": "203.0.113.9 29916666 00", "Connect-Replica": "1"}
    elsewhere = owner.make_key(allowed_addresses=["203.0.113.0/24"]).json()
    answer = Api(cluster.servers[0].base_url, elsewhere["key"], checked=False).get("/v1/quota", headers=forged)
    assert answer.status in (403, 503)


def test_a_browsers_own_requests_pass_where_they_are_passed_on(cluster, owner):
    for server in cluster.servers:
        own = {"Origin": server.base_url, "Sec-Fetch-Site": "same-origin"}
        assert owner.at(server).make_key(headers=own).status == 201
        other = {"Origin": "https://evil.example"}
        assert owner.at(server).make_key(headers=other).json()["code"] == "cross_site_request"


def test_workspaces_are_made_in_every_cell_and_found_by_every_replica(cluster, owner):
    made = [owner.at(cluster.servers[number % 3]).post("/v1/workspaces", {"name": f"W{number}"}).json()["id"] for number in range(9)]
    for server in cluster.servers:
        browser = owner.at(server)
        for workspace in made:
            browser.workspace = workspace
            assert browser.get("/v1/members").status == 200


def test_a_code_is_taken_by_one_replica_only(cluster):
    """The last one here: it ends the owner's other sessions."""
    of_owner = cluster.servers[0].sandbox["owner"]
    browser = owner_of(cluster.servers[0])
    authenticator, codes = enable(browser, of_owner["password"])

    def at_each(code):
        def sign_in_at(server):
            return sign_in(Browser(server.base_url), of_owner["email"], code, of_owner["password"]).status
        with ThreadPoolExecutor(len(cluster.servers)) as pool:
            return sorted(pool.map(sign_in_at, cluster.servers))
    assert at_each(authenticator.code()) == [201, 401, 401]
    assert at_each(codes[0]) == [201, 401, 401]
    proof = {"password": of_owner["password"], "code": codes[1]}
    assert browser.at(cluster.servers[1]).post("/v1/user/second_factor/disable", proof).status == 204


def test_a_lost_second_factor_is_taken_away_once_whichever_replica_looks_first(tmp_path):
    """Asked for while its time is not over; that it is, all replicas find at once."""
    replicas = Replicas(tmp_path / "replicas", settings={"ACCOUNTS_SECOND_FACTOR_REMOVAL_HOURS": 1})
    try:
        replicas.start()
        mails = Mails(*replicas.servers)
        lost = sign_up(replicas.servers[0], "lost@example.com", mails=mails)
        enable(lost)
        user = lost.get("/v1/user").json()["id"]
        root = operator_of(replicas.servers[0])
        path = f"/admin/v1/users/{user}/second_factor_removals"
        wanted = {"reason": "The telephone was stolen; asked on the known number"}

        with ThreadPoolExecutor(3) as pool:
            asked = pool.map(lambda server: root.at(server).post(path, wanted).status, replicas.servers)
            assert sorted(asked) == [201, 409, 409]
        for server in replicas.servers:
            assert root.at(server).get(path).json()["data"][0]["state"] == "waiting"
        for number in range(3):
            replicas.kill(number)
        replicas.schema.sql("UPDATE second_factor_removals SET effective_at = created_at", shared=True)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(replicas.start_server, range(3)))
        browsers = [root.at(server) for server in replicas.servers]

        def states():
            """One that still takes its cells answers 503."""
            return {each.get(path).json().get("data", [{"state": "starting"}])[0]["state"] for each in browsers}
        wait_until(lambda: states() == {"done"}, "it takes effect")
        lost = lost.at(replicas.servers[1])
        assert lost.get("/v1/user").status == 401
        assert lost.sign_in("lost@example.com").status == 201
        acts = [event["act"] for event in lost.get("/v1/user/audit_events").json()["data"]]
        assert acts.count("second_factor.removed") == 1
    finally:
        replicas.close()
