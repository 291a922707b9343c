"""Several servers on one database: a caller can't tell which one it has, and nothing is counted per server."""

import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from types import SimpleNamespace

import pytest
from _support.api import KEY_OF_NOBODY, text_to
from _support.database import on_postgres
from _support.load import CONNECTION_FAULTS
from _support.replicas import Replicas
from _support.signing import callback, post_callback, status_of
from _support.waiting import wait_until

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")

REPLICAS = 3
WORKSPACES = 4


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    replicas = Replicas(tmp_path_factory.mktemp("replicas")).start()
    yield replicas
    replicas.close()


@pytest.fixture
def make_replicas(tmp_path):
    made = []

    def make(**options):
        made.append(Replicas(tmp_path / f"replicas{len(made)}", **options))
        return made[-1].start()
    yield make
    for replicas in made:
        replicas.close()


def number_of(test, n=0):
    return f"+9198{test:04}{n:04}"


def test_cells_are_spread_evenly(three):
    assert sorted(Counter(three.owners()).values()) == [1, 1, 2]


def test_replica_that_came_later_tells_no_keys(three):
    """They are the first one's, in a file of its own."""
    for server in three.servers[1:]:
        assert "api_key" not in server.sandbox and not server.sandbox.get("workspaces"), server.sandbox.keys()


@pytest.mark.parametrize("workspace", range(WORKSPACES))
@pytest.mark.parametrize("replica", range(REPLICAS))
def test_message_is_sent_through_whichever_replica(three, replica, workspace):
    api = three.api_at(replica, workspace)
    sent = api.accept(text_to(number_of(1, replica * 10 + workspace)))
    api.wait_for_status(sent["id"], "read")
    assert three.sim.times_taken(number_of(1, replica * 10 + workspace)[1:]) == 1


@pytest.mark.parametrize("workspace", range(WORKSPACES))
def test_events_are_delivered_once(three, workspace):
    receiver = three.receiver(workspace, ["message.read"])
    ids = {three.api_at(n % REPLICAS, workspace).accept(text_to(number_of(2, workspace * 10 + n)))["id"]
           for n in range(2 * REPLICAS)}
    wait_until(lambda: {each.message["id"] for each in receiver.all()} >= ids, "all are told")
    # Afterwards no second one can come.
    wait_until(lambda: not three.apis[workspace].get("/v1/deliveries?status=pending&limit=1").json()["data"],
               "all deliveries are done")
    assert Counter(each.message["id"] for each in receiver.all() if each.message["id"] in ids) == dict.fromkeys(ids, 1)


def test_request_for_anothers_workspace_is_passed_on_once(three):
    owner, stranger = three.owner_of(0), three.stranger_of()
    # What the simulator tells is passed on as well.
    wait_until(lambda: three.is_idle() and three.sim.stats()["webhooks_waiting"] == 0, "nothing else is under way")
    before = [three.metric_of(number, "connect_requests_forwarded_total") for number in (owner, stranger)]
    for number in (owner, stranger):
        assert three.api_at(number).get("/v1/quota").status == 200
    after = [three.metric_of(number, "connect_requests_forwarded_total") for number in (owner, stranger)]
    assert after == [before[0], before[1] + 1]


def test_answer_is_held_back_by_a_replica_that_does_not_send(three):
    answer = three.api_at(three.stranger_of()).send(text_to(number_of(3)), prefer="wait=5")
    assert answer.status == 200, answer
    # What the provider told meanwhile may have overtaken its answer.
    assert answer.json()["status"] in ("sent", "delivered", "read")


def test_one_key_is_one_message_through_all_replicas_at_once(three):
    apis = [three.api_at(n % REPLICAS) for n in range(20)]
    with ThreadPoolExecutor(len(apis)) as pool:
        answers = list(pool.map(lambda api: api.send(text_to(number_of(4)), idempotency_key="one-key"), apis))
    assert {answer.status for answer in answers} == {202}
    [message_id] = {answer.json()["id"] for answer in answers}
    three.apis[0].wait_for_status(message_id, "read")
    assert three.sim.times_taken(number_of(4)[1:]) == 1


def test_key_gives_its_first_answer_through_every_replica(three):
    first = three.api_at(0).accept(text_to(number_of(9)), idempotency_key="first-answer")
    three.api_at(1).wait_for_status(first["id"], "read")
    for replica in range(REPLICAS):
        again = three.api_at(replica).send(text_to(number_of(9)), idempotency_key="first-answer")
        assert (again.status, again.headers["Idempotent-Replayed"], again.json()["id"]) == (202, "true", first["id"])
        other = three.api_at(replica).send(text_to(number_of(9), "Another text."), idempotency_key="first-answer")
        assert (other.status, other.json()["code"]) == (422, "idempotency_key_reused")
    assert three.sim.times_taken(number_of(9)[1:]) == 1


def test_messages_to_one_recipient_keep_their_order(three):
    ids = [three.api_at(n % REPLICAS).accept(text_to(number_of(5)))["id"] for n in range(30)]
    taken = wait_until(lambda: seen if len(seen := three.sim.taken(number_of(5)[1:])) == len(ids) else None, "all are sent")
    assert [each["biz_opaque_callback_data"] for each in taken] == ids


@pytest.mark.parametrize("replica", range(REPLICAS))
def test_key_of_nobody_is_refused(three, replica):
    api = three.api_at(replica)
    assert api.get("/v1/messages", key=KEY_OF_NOBODY).status == 401
    assert api.get("/v1/messages", key=None).status == 401


def test_endpoint_made_through_one_replica_is_there_through_all_at_once(three):
    endpoint = three.api_at(0, 2).add_endpoint("http://127.0.0.1:1/hook")
    for replica in range(REPLICAS):
        assert three.api_at(replica, 2).get(f"/v1/webhook_endpoints/{endpoint['id']}").status == 200
    for changed_by in range(REPLICAS):
        change = {"description": f"by replica {changed_by}"}
        target = f"/v1/webhook_endpoints/{endpoint['id']}"
        assert three.api_at(changed_by, 2).request("PATCH", target, body=change).status == 200
        seen = [three.api_at(replica, 2).get(target).json()["description"] for replica in range(REPLICAS)]
        assert seen == [change["description"]] * REPLICAS
    assert three.api_at(1, 2).request("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}").status == 204
    for replica in range(REPLICAS):
        assert three.api_at(replica, 2).get(f"/v1/webhook_endpoints/{endpoint['id']}").status == 404


@pytest.mark.parametrize("replica", range(REPLICAS))
def test_provider_webhook_reaches_the_workspaces_that_it_speaks_of(three, replica):
    """One body with replies to every workspace, posted to one replica."""
    def entry(workspace):
        message = {"from": "919812345678", "id": f"wamid.replica{replica}.{workspace}", "timestamp": str(int(time.time())),
                   "type": "text", "text": {"body": "Hello"}}
        return callback({"messages": [message]}, three.workspaces[workspace]["phone_number_id"])["entry"][0]
    before = [len(api.all_of("/v1/messages", direction="inbound")) for api in three.apis]
    target = SimpleNamespace(api=three.api_at(replica), app_secret=three.simulator.app_secret)
    body = {"object": "whatsapp_business_account", "entry": [entry(workspace) for workspace in range(WORKSPACES)]}
    answer = post_callback(target, body)
    assert answer.status == 200, answer
    after = [len(api.all_of("/v1/messages", direction="inbound")) for api in three.apis]
    assert after == [count + 1 for count in before]


def test_status_posted_to_any_replica_reaches_the_messages_of_all(make_replicas):
    """One body of statuses for every workspace. The simulator tells none, so that all come from this one."""
    replicas = make_replicas(simulator={"no-statuses": True})
    for replica in range(REPLICAS):
        ids = [api.accept(text_to(number_of(8, replica * 10 + n)))["id"] for n, api in enumerate(replicas.apis)]
        for api, message_id in zip(replicas.apis, ids, strict=True):
            api.wait_for_status(message_id, "sent")
        wamids = {each["biz_opaque_callback_data"]: each["id"] for each in replicas.sim.taken()}
        entries = [callback({"statuses": [status_of(message_id, "delivered", wamids[message_id])]},
                            replicas.workspaces[n]["phone_number_id"])["entry"][0] for n, message_id in enumerate(ids)]
        target = SimpleNamespace(api=replicas.api_at(replica), app_secret=replicas.simulator.app_secret)
        answer = post_callback(target, {"object": "whatsapp_business_account", "entry": entries})
        assert answer.status == 200, answer
        for api, message_id in zip(replicas.apis, ids, strict=True):
            api.wait_for_status(message_id, "delivered")


def test_rate_limit_of_a_key_is_one_for_all_replicas(make_replicas):
    limit = 20
    replicas = make_replicas(settings={"REQUESTS_PER_SECOND_PER_KEY": limit})
    apis = [replicas.api_at(n % REPLICAS) for n in range(12)]
    admitted, begun = Counter(), time.monotonic()

    def ask(api):
        while time.monotonic() < begun + 2 or not admitted[429]:
            admitted[api.get("/v1/quota").status] += 1
    threads = [threading.Thread(target=ask, args=(api,)) for api in apis]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What is saved up for one second, and what has come since.
    assert limit <= admitted[200] <= limit * (1 + time.monotonic() - begun) + len(apis), admitted


def test_quota_is_exact_at_its_end(make_replicas):
    replicas = make_replicas(settings={"TEST_QUOTA": 100})
    apis = [replicas.api_at(n % REPLICAS) for n in range(12)]

    def send_some(first):
        return [apis[first].send(text_to(number_of(6, n)), idempotency_key=f"quota-{n}").status
                for n in range(first, 200, len(apis))]
    with ThreadPoolExecutor(len(apis)) as pool:
        answers = Counter(status for some in pool.map(send_some, range(len(apis))) for status in some)
    assert answers == {202: 100, 402: 100}
    assert replicas.apis[0].quota()["used"] == 100


def test_pace_of_a_sender_is_one_for_all_replicas(make_replicas):
    pace = 40
    replicas = make_replicas(settings={"SENDER_MESSAGES_PER_SECOND": pace})
    begun = time.time()
    for n in range(3 * pace):
        replicas.api_at(n % REPLICAS).accept(text_to(number_of(7, n)))
    wait_until(lambda: len(replicas.sim.taken()) == 3 * pace, "all are sent")
    times = sorted(datetime.fromisoformat(each["at"]).timestamp() for each in replicas.sim.taken())
    # A second's worth may leave at once, and one block ahead. What is late on a busy machine is no sooner there.
    early = [(count, at - begun) for count, at in enumerate(times, 1) if count > pace * (1 + at - begun) + pace / 10]
    assert early == []


def test_replica_that_ends_hands_over_without_an_error(make_replicas):
    replicas = make_replicas()
    answers, ends = Counter(), threading.Event()

    def send(thread):
        api, n = replicas.api_through_proxy(thread % WORKSPACES), 0
        while not ends.is_set():
            n += 1
            try:
                answers[api.send(text_to(f"+91{thread:02}{n:08}"), idempotency_key=f"{thread}-{n}").status] += 1
            except CONNECTION_FAULTS:
                api.http.forget()
    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: answers[202] > 100, "there is load")
    assert replicas.terminate(1) == 0
    before = answers[202]
    wait_until(lambda: answers[202] > before + 300, "it goes on")
    replicas.start_server(1)
    replicas.wait_until_spread()
    before = answers[202]
    wait_until(lambda: answers[202] > before + 100, "it goes on")
    ends.set()
    for thread in threads:
        thread.join()
    assert set(answers) == {202}, answers
    wait_until(replicas.is_idle, "all are sent")
    assert not any(api.get("/v1/messages?status=unknown").json()["data"] for api in replicas.apis)


class Stranger:
    """A server that answers every request of HTTP/2 with 401."""

    def __init__(self, port):
        self._listener = socket.create_server(("127.0.0.1", port))
        self.was_asked = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._serve_all, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve_all(self):
        with suppress(OSError):  # the listener is closed
            while True:
                peer, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer, peer.makefile("rb") as read:
            read.read(len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
            peer.sendall(frame(SETTINGS, 0, 0, b""))
            while head := read.read(9):
                read.read(int.from_bytes(head[:3], "big"))
                if head[3] == HEADERS:
                    self.was_asked.set()
                    # ":status" is the eighth of HPACK's names; flags: the end of head and stream.
                    peer.sendall(frame(HEADERS, 0x5, int.from_bytes(head[5:9], "big"), b"\x08\x03401"))


HEADERS, SETTINGS = 1, 4


def frame(kind, flags, stream, payload):
    """RFC 9113, 4.1."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def test_stranger_at_the_address_of_a_dead_replica_is_not_believed(make_replicas):
    """A free port, or the address of a machine that is gone, is soon somebody else's."""
    replicas = make_replicas(count=2, cells=2, workspaces=2)
    owner = replicas.owner_of(0)
    replicas.kill(owner)
    with Stranger(replicas.servers[owner].port) as stranger:
        api = replicas.api_at(1 - owner)
        sent = api.accept(text_to(number_of(10)), idempotency_key="past-a-stranger")
    assert stranger.was_asked.is_set()
    api.wait_for_status(sent["id"], "read")
    assert replicas.sim.times_taken(number_of(10)[1:]) == 1


def test_replica_with_other_keys_does_not_start(make_replicas):
    replicas = make_replicas(count=2)
    server = replicas.servers[1]
    assert server.terminate() == 0
    (server.data / "master.key").write_text("0" * 64 + "\n")
    server.begin()
    assert server.wait_for_end() == 1
    assert "is sealed under the master key" in server.log_text()
