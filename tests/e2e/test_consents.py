"""Records of consent, and what a workspace that requires it for marketing sends."""

from urllib.parse import quote

import pytest
from _support.api import code
from _support.people import owner_of

ANA, BELA = "+919876500101", "+919876500102"


@pytest.fixture
def home(make_stack):
    """A workspace that requires consent for marketing."""
    stack = make_stack()
    owner = owner_of(stack.server)
    workspace = f"/v1/workspaces/{stack.server.sandbox['workspace_id']}"
    assert owner.patch(workspace, {"consent_required_for_marketing": True}).status == 200
    stack.owner, stack.workspace = owner, workspace
    return stack


def consent_of(number, **more):
    return {"recipient": number, "purpose": "marketing", "source": "checkout form", **more}


def sale_to(number, **more):
    return {"to": number, "type": "template", "template": {"name": "sale", "language": {"code": "en_US"}}, **more}


def test_marketing_goes_to_those_only_who_have_agreed(home):
    marketing = {"purpose": "marketing"}
    assert code(home.api.send(sale_to(ANA, **marketing))) == "consent_required"
    assert code(home.api.post("/v1/messages/validate", sale_to(ANA, **marketing))) == "consent_required"
    agreed = home.api.post("/v1/consents", consent_of(ANA)).json()
    assert home.api.send(sale_to(ANA, **marketing)).status == 202
    assert code(home.api.send(sale_to(BELA, **marketing))) == "consent_required"
    assert home.api.post(f"/v1/consents/{agreed['id']}/withdraw").json()["status"] == "withdrawn"
    assert code(home.api.send(sale_to(ANA, **marketing))) == "consent_required"
    assert home.owner.patch(home.workspace, {"consent_required_for_marketing": False}).status == 200
    assert home.api.send(sale_to(ANA, **marketing)).status == 202


def test_a_template_says_what_it_is_for(home):
    answer = home.api.send(sale_to(ANA))
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (400, "/purpose")
    assert home.api.send(sale_to(ANA, purpose="utility")).status == 202
    assert home.api.send({"to": ANA, "type": "text", "text": {"body": "Here it is."}}).status == 202


def test_a_consent_is_recorded_once_found_by_number_and_kept_masked(home):
    first = home.api.post("/v1/consents", consent_of(ANA, obtained_at="2026-01-31T12:00:00Z"))
    again = home.api.post("/v1/consents", consent_of(ANA))
    assert (first.status, again.status) == (201, 200)
    assert again.json() == first.json()
    assert first.json()["obtained_at"] == "2026-01-31T12:00:00.000Z"
    home.api.post("/v1/consents", consent_of(BELA))
    found = home.api.get(f"/v1/consents?recipient={quote(ANA)}").json()["data"]
    assert [each["id"] for each in found] == [first.json()["id"]]
    assert ANA not in home.api.get("/v1/consents").body.decode()
    assert len(home.api.all_of("/v1/consents")) == 2
    assert home.api.get(f"/v1/consents/{first.json()['id']}").json() == first.json()


def test_the_number_is_on_no_record(home):
    made = home.api.post("/v1/consents", consent_of(ANA)).json()
    home.api.post(f"/v1/consents/{made['id']}/withdraw")
    events = home.api.get(f"/v1/audit_events?target={made['id']}")
    assert [event["act"] for event in events.json()["data"]] == ["consent.withdrawn", "consent.recorded"]
    assert ANA not in events.body.decode()
    assert home.server.terminate() == 0
    tables = home.server.database.sql("SELECT contact, purpose, source FROM consents")
    assert all(ANA not in "".join(row) for row in tables)


def test_a_late_repetition_brings_no_withdrawn_consent_back(home):
    headers = {"Idempotency-Key": "agreed-once"}
    made = home.api.post("/v1/consents", consent_of(ANA), headers=headers).json()
    home.api.post(f"/v1/consents/{made['id']}/withdraw")
    again = home.api.post("/v1/consents", consent_of(ANA), headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.json()["id"], again.json()["status"]) == (made["id"], "withdrawn")


@pytest.mark.parametrize("change, pointer", [
    ({"recipient": "919876500101"}, "/recipient"),
    ({"purpose": "Marketing!"}, "/purpose"),
    ({"purpose": ""}, "/purpose"),
    ({"source": ""}, "/source"),
    ({"obtained_at": "yesterday"}, "/obtained_at"),
    ({"obtained_at": "2999-01-01T00:00:00Z"}, "/obtained_at"),
    ({"until": "2027"}, "/until"),
])
def test_faults_of_a_consent_are_named(shared, change, pointer):
    answer = shared.api.post("/v1/consents", consent_of(ANA, **change))
    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("query, pointer", [("recipient=me", "?recipient"), ("status=gone", "?status")])
def test_faults_of_a_search_are_named(shared, query, pointer):
    answer = shared.api.get(f"/v1/consents?{query}")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
