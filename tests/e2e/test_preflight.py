"""What a batch would come to: told, and nothing sent or stored."""

import json

import pytest

from _support.api import code
from _support.graph import Graph
from _support.signing import ACCOUNT_ID, choice_of, post_callback
from _support.stack import Stack
from _support.waiting import wait_until

CARD = {"form": "flowsell-rate-card/1",
        "markets": [{"country": "IN", "calling_codes": ["91"]}, {"country": "US", "calling_codes": ["1"]}],
        "lists": [{"valid_from": "2020-01-01", "currency": "USD", "rates": [
            {"country": "IN", "category": "marketing", "price": "0.0107"},
            {"country": "*", "category": "utility", "tiers": [{"from": 1, "price": "0.0025"}, {"from": 1001, "price": "0.001"}]}]}]}


@pytest.fixture(scope="module")
def priced(tmp_path_factory):
    folder = tmp_path_factory.mktemp("priced")
    (folder / "rates.json").write_text(json.dumps(CARD), encoding="utf-8")
    stack = Stack(folder / "stack", settings={"WHATSAPP_RATE_CARD_FILE": str(folder / "rates.json")},
                  simulator={"review-after-ms": 0}).start()
    assert stack.api.post(f"/v1/connections/{stack.server.sandbox['connection_id']}/sync").status == 200
    yield stack
    stack.close()


def preflight(stack, **body):
    answer = stack.api.post("/v1/preflight", {"category": "marketing", **body})
    assert answer.status == 200, answer
    return answer.json()


def codes(told):
    return [each["code"] for each in told["obstacles"]]


def test_a_batch_by_countries_has_its_exact_cost(priced):
    told = preflight(priced, countries=[{"country": "IN", "count": 12345}])
    assert told["cost"]["amount"] == "132.091500"
    assert (told["cost"]["currency"], told["cost"]["prices_of"], told["can_be_sent"]) == ("USD", "2020-01-01", True)
    assert codes(told) == []


def test_prices_that_fall_with_the_number(priced):
    told = preflight(priced, category="utility", countries=[{"country": "DE", "count": 1000}], sent_this_month=500)
    assert told["cost"]["amount"] == "1.750000"


def test_a_country_without_a_price_leaves_the_cost_open(priced):
    told = preflight(priced, countries=[{"country": "IN", "count": 10}, {"country": "DE", "count": 1}])
    assert (told["cost"]["amount"], told["cost"]["unknown_because"]) == (None, "the rate card has no price for DE")


def test_without_countries_the_cost_is_not_known(priced):
    assert preflight(priced, count=5)["cost"]["unknown_because"] == "the country of some recipients is not known"


def test_without_a_rate_card_it_says_so(shared):
    assert preflight(shared, count=5)["cost"]["unknown_because"] == "this server has no rate card"


def test_time_and_quota(priced):
    told = preflight(priced, countries=[{"country": "IN", "count": 10_000_001}])
    assert told["quota"]["remaining_after"] == 0
    assert codes(told) == ["quota_exhausted"]
    assert told["wallet_after"] is None


def test_people_who_stopped_marketing_are_counted(make_stack):
    stack = make_stack()
    assert post_callback(stack, choice_of("919876543210", "stop")).status == 200
    wait_until(lambda: stack.api.get("/v1/events?type=contact.preferences_updated").json()["data"], "the choice is known")
    told = preflight(stack, recipients=["+919876543210", "+14155550123", "+14155550123"])
    counts = {each["code"]: each["count"] for each in told["obstacles"]}
    assert counts == {"sender_not_synced": None, "recipient_opted_out": 1, "duplicate_recipient": 1}
    assert (told["count"], told["headroom"]["needed"]) == (3, 2)


def test_recipients_are_kept_nowhere(make_stack):
    stack = make_stack()
    preflight(stack, recipients=["+14155550987"])
    stack.server.terminate()
    assert "14155550987" not in stack.server.log_text()
    assert all(b"14155550987" not in content for content in stack.server.files().values())


def make_template(stack, name, category="MARKETING"):
    body = {"name": name, "language": "en_US", "category": category, "components": [{"type": "BODY", "text": "Sale today, come in"}]}
    answer = Graph.of_simulator(stack).call("POST", f"{ACCOUNT_ID}/message_templates", body)
    assert answer.status == 200, answer
    return answer.json()["id"]


def test_a_template_says_its_category_and_its_state(priced):
    made = make_template(priced, "sale")
    asked = {"template": {"name": "sale", "language": "en_US"}, "countries": [{"country": "IN", "count": 1}]}
    told = priced.api.post("/v1/preflight", asked).json()
    assert (told["category"], told["cost"]["amount"], codes(told)) == ("marketing", "0.010700", [])
    priced.sim.call("POST", "templates", {"id": made, "do": "pause"})
    told = priced.api.post("/v1/preflight", asked).json()
    assert (codes(told), told["can_be_sent"]) == (["template_paused", "template_quality_low"], False)
    asked["template"]["language"] = "de"
    told = priced.api.post("/v1/preflight", asked).json()
    assert (codes(told), told["can_be_sent"]) == (["template_not_found"], False)


def test_a_template_is_named_by_our_id_too(priced):
    made = priced.api.post("/v1/templates", {
        "connection_id": priced.server.sandbox["connection_id"], "name": "welcome_back", "language": "en_US", "category": "marketing",
        "components": [{"type": "body", "text": "Sale today, come in"}]})
    assert made.status == 201, made
    asked = {"template": {"id": made.json()["id"]}, "countries": [{"country": "IN", "count": 1}]}
    told = priced.api.post("/v1/preflight", asked).json()
    assert (told["category"], codes(told)) == ("marketing", [])
    asked["template"]["id"] = "tpl_01kb2v5m4q8x9r3t6w7y0z1a2c"
    unknown = priced.api.post("/v1/preflight", asked)
    assert (unknown.status, unknown.json()["errors"][0]["pointer"]) == (400, "/template/id")


def test_a_provider_that_is_away_leaves_the_rest(make_stack):
    stack = make_stack()
    stack.stop_simulator()
    told = preflight(stack, template={"name": "sale", "language": "en_US"}, count=100)
    assert codes(told) == ["sender_not_synced", "template_not_looked_at"]


@pytest.mark.parametrize("body, pointer", [
    ({}, "/category"),
    ({"category": "spam", "count": 1}, "/category"),
    ({"category": "marketing"}, "/count"),
    ({"category": "marketing", "count": 1, "recipients": ["+14155550123"]}, "/count"),
    ({"category": "marketing", "count": 0}, "/count"),
    ({"category": "marketing", "countries": [{"country": "in", "count": 1}]}, "/countries/0/country"),
    ({"category": "marketing", "countries": [{"country": "IN"}]}, "/countries/0/count"),
    ({"category": "marketing", "recipients": ["14155550123"]}, "/recipients/0"),
    ({"category": "marketing", "recipients": ["+14155550123"] * 10_001}, "/recipients"),
    ({"category": "marketing", "count": 1, "from": "+15550000000"}, "/from"),
    ({"category": "marketing", "count": 1, "template": {"name": "x"}}, "/template/language"),
])
def test_what_is_wrong_is_told_with_its_place(shared, body, pointer):
    answer = shared.api.post("/v1/preflight", body)
    assert (answer.status, code(answer)) == (400, "invalid_request")
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]


def test_a_rate_card_with_a_fault_ends_the_start_and_says_where(make_stack, tmp_path):
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({**CARD, "lists": [{**CARD["lists"][0], "currency": "usd"}]}), encoding="utf-8")
    stack = make_stack(start=False, settings={"WHATSAPP_RATE_CARD_FILE": str(file)})
    with pytest.raises(AssertionError):
        stack.start()
    assert "/lists/0/currency" in stack.server.log_text()
