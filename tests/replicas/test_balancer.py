"""A real load balancer with the settings of deploy/haproxy before three replicas: it learns where each key's workspace is."""

import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from _support import haproxy
from _support.api import KEY_OF_NOBODY, Api, text_to
from _support.database import on_postgres
from _support.http_client import HttpClient
from _support.ports import free_port
from _support.processes import Process
from _support.replicas import Replicas
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")

WORKSPACES = 6


class Balanced(Replicas):
    """Three replicas behind HAProxy: `through` is a workspace's Api by it."""

    def __init__(self, folder):
        super().__init__(folder, cells=6, workspaces=WORKSPACES, is_balanced=True)
        self._balancer = Process(folder / "haproxy.log")
        self.port = free_port()
        self._settings = haproxy.write_settings(folder, self.port, [server.port for server in self.servers])

    def start(self):
        super().start()
        self.start_balancer()
        return self

    def start_balancer(self):
        """It knows nothing of what an earlier one has learnt."""
        self._balancer.close()
        self._balancer.spawn([haproxy.HAPROXY, "-db", "-f", str(self._settings)])
        client = HttpClient(f"http://127.0.0.1:{self.port}")

        def serves():
            self._balancer.must_run()
            try:
                return client.request("GET", "/healthz").status == 200
            except OSError:
                return False
        wait_until(serves, "the balancer serves")

    def through(self, workspace):
        return self._api(self.port, self.workspaces[workspace])

    def name_told_at(self, replica, key):
        """To a balancer: no part of the contract with callers."""
        client = HttpClient(self.servers[replica].base_url)
        return client.request("GET", "/v1/quota", {"Authorization": f"Bearer {key}"}).headers["Connect-Served-By"]

    def forwarded(self):
        return self.metric("connect_requests_forwarded_total")

    def settle(self):
        """What the simulator tells is passed on as well: nothing of that is under way afterwards."""
        wait_until(lambda: self.is_idle() and self.sim.stats()["webhooks_waiting"] == 0, "nothing is under way")

    def close(self):
        self._balancer.close()
        super().close()


@pytest.fixture(scope="module")
def balanced(tmp_path_factory):
    made = Balanced(tmp_path_factory.mktemp("balanced"))
    try:
        yield made.start()
    finally:
        made.close()


def learn(balanced):
    """The first request of each key. The Api of each workspace."""
    apis = [balanced.through(workspace) for workspace in range(WORKSPACES)]
    for api in apis:
        assert api.get("/v1/quota").status == 200
    return apis


def test_only_the_first_request_of_a_key_is_passed_on(balanced):
    apis = learn(balanced)
    balanced.settle()
    before = balanced.forwarded()
    for round_number in range(10):
        assert {api.get("/v1/quota").status for api in apis} == {200}, round_number
    assert balanced.forwarded() == before
    sent = [api.accept(text_to(f"+91980000{n:04}"))["id"] for n, api in enumerate(apis)]
    for api, message in zip(apis, sent, strict=True):
        api.wait_for_status(message, "read")


def test_answer_names_its_replica_to_the_balancer_and_not_to_the_caller(balanced):
    owner = haproxy.server_name(balanced.owner_of(0))
    for replica in range(3):  # also where another one has passed it on
        assert balanced.name_told_at(replica, balanced.workspaces[0]["api_key"]) == owner
    assert balanced.through(0).get("/v1/quota").headers["Connect-Served-By"] is None


def test_nothing_is_learnt_from_the_key_of_nobody(balanced):
    for replica in range(3):
        assert balanced.name_told_at(replica, KEY_OF_NOBODY) is None


def test_operators_paths_are_not_passed_on(balanced):
    client = HttpClient(f"http://127.0.0.1:{balanced.port}")
    assert [client.request("GET", path).status for path in ("/metrics", "/readyz", "/healthz")] == [404, 404, 200]


@pytest.mark.parametrize("header", [{"Connect-Forwarded": "1"}, {"Connect-Replica": "1"}, {"connect-replica": "1"}])
def test_caller_can_not_speak_as_a_replica(balanced, header):
    balanced.start_balancer()  # so that most requests come to a replica that must pass them on
    for workspace in range(WORKSPACES):
        assert balanced.through(workspace).get("/v1/quota", headers=header).status == 200


def test_caller_is_who_the_balancer_takes_it_for(balanced):
    """Else a caller could fill its memory with keys that nobody has."""
    request = (f"GET /v1/quota HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
               f"{balanced.workspaces[0]['api_key']}\r\nAuthorization: Bearer {KEY_OF_NOBODY}\r\n\r\n").encode()
    for port in (balanced.port, balanced.servers[0].port):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request)
            assert connection.recv(12) == b"HTTP/1.1 400"


def send_and_lose_the_replica(balanced, api, phone, **more):
    """The answer to a send for the first workspace, whose replica is killed while the provider has it."""
    owner = balanced.owner_of(0)
    balanced.sim.fault({"latency_ms": 1500}, to=phone[1:])
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(api.send, text_to(phone), prefer="wait=10", **more)
        wait_until(lambda: balanced.sim.times_taken(phone[1:]), "the provider has it")
        balanced.kill(owner)
        answer = asked.result()
    balanced.start_server(owner)
    balanced.wait_until_spread()
    return answer


def test_request_of_a_replica_that_dies_is_carried_on_where_that_is_safe(balanced):
    answer = send_and_lose_the_replica(balanced, learn(balanced)[0], "+919800010001", idempotency_key="carried-on")
    assert answer.status in (200, 202), answer
    assert balanced.sim.times_taken("919800010001") == 1


def test_request_of_a_replica_that_dies_is_of_unknown_outcome_elsewhere(balanced):
    known = learn(balanced)[0]
    api = Api(f"http://127.0.0.1:{balanced.port}", known.api_key, checked=False)  # the balancer's answers have no Request-Id
    answer = send_and_lose_the_replica(balanced, api, "+919800010002")
    assert (answer.status, answer.json()["code"]) == (502, "outcome_unknown"), answer
    assert balanced.sim.times_taken("919800010002") == 1


def test_it_learns_anew_where_a_workspace_went(balanced):
    apis = learn(balanced)
    gone = balanced.owner_of(0)
    moved = [workspace for workspace in range(WORKSPACES) if balanced.owner_of(workspace) == gone]
    balanced.kill(gone)
    answers = Counter(api.get("/v1/quota").status for api in apis for _ in range(5))
    assert answers == {200: WORKSPACES * 5}
    assert not any(balanced.owner_of(workspace) == gone for workspace in moved)
    balanced.settle()
    before = balanced.forwarded()
    assert {api.get("/v1/quota").status for api in apis for _ in range(5)} == {200}
    assert balanced.forwarded() == before
    balanced.start_server(gone)
    balanced.wait_until_spread()
    learn(balanced)
    balanced.settle()
    before = balanced.forwarded()
    assert {api.get("/v1/quota").status for api in apis for _ in range(5)} == {200}
    assert balanced.forwarded() == before


def test_no_replica_that_is_there_is_said_as_the_api_says_it(balanced):
    for number in range(3):
        balanced.kill(number)
    answer = HttpClient(f"http://127.0.0.1:{balanced.port}").request("GET", "/healthz")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert answer.headers["Content-Type"] == "application/problem+json" and answer.json()["code"] == "store_unavailable"
