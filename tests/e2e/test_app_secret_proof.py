"""An app that requires the proof of its secret (appsecret_proof) takes every call that this server makes."""

import pytest

from _support.api import text_to
from _support.connections import account_in, token_for
from _support.graph import Graph, code_of
from _support.media import pdf, uploaded
from _support.onboarding import APP
from _support.people import WHY, operator_of

TO = "+919876500043"


@pytest.fixture(scope="module")
def strict(shared):
    shared.sim.call("POST", "apps", {"id": APP, "requires_proof": True})
    return shared


def test_without_the_proof_the_app_takes_nothing(strict):
    plain = Graph.of_simulator(strict)
    for answer in [plain.send(text_to(TO)), plain.call("GET", plain.phone)]:
        assert code_of(answer)[:2] == (400, 100)
        assert "appsecret_proof" in answer.json()["error"]["message"]


def test_messages_go(strict):
    sent = strict.api.accept(text_to(TO))
    strict.api.wait_for_status(sent["id"], "read")


def test_files_go_up_and_come_down(strict):
    document = pdf(100_000)
    media = uploaded(strict.api, document)
    assert strict.api.get(f"/v1/media/{media['id']}/content").body == document
    strict.sim.settings(upload_fault={"after_bytes": 20_000, "do": "cut"})
    sample = uploaded(strict.api, pdf(100_000), purpose="template_header")
    assert sample["header_handle"].startswith("4::")
    assert strict.api.request("DELETE", f"/v1/media/{media['id']}").status == 200


def test_an_account_is_connected_and_found_well(strict):
    root = operator_of(strict.server)
    account = account_in(strict.sim)
    workspace = strict.server.sandbox["workspace_id"]
    answer = root.post(f"/admin/v1/workspaces/{workspace}/connections",
                       {"token": token_for(strict.sim, account), "pin": "123456"}, headers=WHY)
    assert (answer.status, answer.json()["status"]) == (201, "active"), answer
    report = strict.api.post(f"/v1/connections/{answer.json()['id']}/diagnose", {}).json()
    assert {each["status"] for each in report["checks"] if each["check"].startswith(("token_", "account_"))} == {"pass"}, report


def test_templates_are_made_and_found(strict):
    connection = strict.server.sandbox["connection_id"]
    answer = strict.api.post("/v1/templates", {
        "connection_id": connection, "name": "proof", "language": "en", "category": "utility",
        "components": [{"type": "body", "text": "Your parcel is here."}]})
    assert answer.status == 201, answer
    assert strict.api.post(f"/v1/connections/{connection}/templates/sync", {}).status == 200


def test_the_door_ignores_the_clients_own(strict):
    door = Graph.of_door(strict)
    assert door.call("GET", f"{door.phone}?appsecret_proof=of-another-secret").status == 200
    assert door.send(text_to(TO), edge="messages?appsecret_proof=00").status == 200
