"""All that Meta's webhooks say: each kind arrives as a signed event of its own, as the contract says, once."""

import json
from pathlib import Path

import pytest

from _support.api import text_to
from _support.contract import contract
from _support.signing import ACCOUNT_ID, DISPLAY_NUMBER, PHONE_NUMBER_ID, callback, choice_of, post_callback, status_of
from _support.waiting import wait_until

CORPUS = Path(__file__).resolve().parents[2] / "src/channels/whatsapp/tests/corpus"
# The corpus' invented ids, and those of the sandbox.
PLACES = {"106000000000001": PHONE_NUMBER_ID, "102000000000001": ACCOUNT_ID, "102000000000777": ACCOUNT_ID,
          "4915155500001": DISPLAY_NUMBER}


def as_here(text):
    for place, here in PLACES.items():
        text = text.replace(place, here)
    return text


def names():
    return sorted(path.stem for path in CORPUS.glob("*.json") if not path.name.endswith(".expected.json"))


def payload(name):
    return as_here((CORPUS / f"{name}.json").read_text(encoding="utf-8"))


def updates(name):
    return json.loads((CORPUS / f"{name}.expected.json").read_text(encoding="utf-8"))


def type_of(update):
    """The event's type; None for statuses, which are of messages that do not exist here."""
    if update["update"] == "notice":
        head, _, rest = update["kind"].partition("_")
        return f"{head}.{rest}"
    if update["update"] == "message":
        return "message.reaction" if update.get("is_reaction") else "message.received"
    return "provider.unknown" if update["update"] == "unknown" and update.get("address") else None


def changes_by_type():
    """For each kind of notice that is no message's: a field, and a value that becomes it."""
    found = {}
    for name in names():
        told = updates(name)
        if len(told) != 1 or told[0]["update"] != "notice" or type_of(told[0]) in found:
            continue
        [change] = json.loads(payload(name))["entry"][0]["changes"]
        if change["field"] != "messages":
            found[type_of(told[0])] = change
    return found


CHANGES = changes_by_type()


@pytest.fixture(scope="module")
def listening(shared):
    return shared.receiver()


# --- each kind ---

def test_the_corpus_has_every_type_that_a_provider_tells():
    told_here = {"message.accepted", "message.sending", "message.sent", "message.delivered", "message.read",
                 "message.failed", "message.unknown", "message.played", "message.deleted", "connection.updated",
                 "onboarding_session.updated",
                 "provider.webhook"}  # test_graph_webhooks.py
    in_corpus = {type_of(update) for name in names() for update in updates(name)}
    assert set(contract().document["webhooks"]) - told_here <= in_corpus


@pytest.mark.parametrize("event_type", sorted(CHANGES))
def test_what_the_simulator_says_arrives_under_its_type(shared, listening, event_type):
    shared.sim.call("POST", "webhook", {"field": CHANGES[event_type]["field"], "value": CHANGES[event_type]["value"]})
    event = listening.wait_for_type(event_type)
    told = event.event["data"][event_type.split(".")[0]]
    assert told["provider"] == "whatsapp"
    assert told["connection_id"].startswith("con_")


@pytest.mark.parametrize("kind, said", {
    "order": {"catalog_id": "1", "product_items": [{"product_retailer_id": "sku", "quantity": "2", "item_price": "9.5",
                                                    "currency": "INR"}]},
    "unsupported": {"type": "poll_creation"},
}.items())
def test_what_a_person_sends_arrives_under_its_type(shared, listening, kind, said):
    wamid = shared.sim.inbound("+919812345601", type=kind, **{kind: said})["id"]
    event = arrived(listening, wamid)
    assert (event.type, event.message["type"]) == ("message.received", kind)


@pytest.mark.parametrize("kind, event_type, said", [
    ("edit", "message.edited", {"original_message_id": "wamid.X", "message": {"type": "text", "text": {"body": "B"}}}),
    ("revoke", "message.revoked", {"original_message_id": "wamid.Y"}),
    ("system", "contact.number_changed", {"type": "user_changed_number", "wa_id": "919812345603", "body": "changed"}),
])
def test_what_a_person_does_arrives_as_an_event_of_its_own(shared, listening, kind, event_type, said):
    shared.sim.inbound("+919812345602", type=kind, **{kind: said})
    event = listening.wait_for_type(event_type)
    told = event.event["data"][event_type.split(".")[0]]
    assert "+919812345602" in (told.get("from"), told.get("contact"))


def arrived(receiver, wamid):
    return receiver.wait_for(lambda all_: next(
        (each for each in all_ if each.message.get("provider_message_id") == wamid), None), wamid)


# --- everything at once ---

def test_the_whole_corpus_becomes_events_that_the_contract_knows(make_stack):
    stack = make_stack()
    receiver = stack.receiver()
    expected = set()
    for _ in range(2):
        for name in names():
            assert post_callback(stack, payload(name).encode()).status == 200, name
            expected |= {type_of(update) for update in updates(name)}
    expected -= {None}
    receiver.wait_for(lambda all_: expected <= {each.type for each in all_}, "an event of each type")
    wait_until(stack.deliveries_done, "all deliveries are done")
    ids = [each.id for each in receiver.all()]
    assert len(ids) == len(set(ids))
    # Each stored once, though all came twice; of messages that are not here nobody is told.
    untold = [each for each in stack.api.all_of("/v1/events") if each["id"] not in set(ids)]
    assert {each["data"]["update"]["field"] for each in untold} <= {"messages/status"}
    of_templates = [name for name in names() if "template.status_updated" in map(type_of, updates(name))]
    assert len(stack.api.all_of("/v1/events", type="template.status_updated")) == len(of_templates)


# --- statuses ---

def test_a_status_tells_what_the_message_costs(make_stack):
    stack = make_stack(simulator={"no-statuses": True})
    receiver = stack.receiver(["message.delivered", "message.played", "message.deleted", "message.read"])
    sent = stack.api.accept(text_to("+919876540002"))
    wamid = stack.api.wait_for_status(sent["id"], "sent")["provider_message_id"]
    pricing = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
    for _ in range(2):
        delivered = status_of(sent["id"], "delivered", wamid) | {"pricing": pricing}
        assert post_callback(stack, callback({"statuses": [delivered]})).status == 200
    for status in ("played", "played", "deleted", "deleted"):
        stack.sim.status(wamid, status)
    event = receiver.wait_for_type("message.delivered", sent["id"])
    assert event.message["pricing"] == {"category": "utility", "type": "regular", "model": "pmp", "billable": True}
    receiver.wait_for_type("message.deleted", sent["id"])
    wait_until(stack.deliveries_done, "all deliveries are done")
    # Who has heard it has seen it.
    assert receiver.types_about(sent["id"]) == ["message.delivered", "message.read", "message.played", "message.deleted"]
    assert stack.api.message(sent["id"])["status"] == "read"


# --- windows ---

def window_of(api, message):
    answer = api.post("/v1/messages/validate", message)
    assert answer.status == 200, answer
    return answer.json()["window"]


def test_validation_says_whether_a_template_is_needed(make_stack):
    stack = make_stack()
    receiver = stack.receiver(["message.received"])
    message = text_to("+919812345678")
    template = {"to": "+919812345678", "type": "template",
                "template": {"name": "order_shipped", "language": {"code": "en_US"}}}
    assert window_of(stack.api, message) == {"status": "closed", "needs_template": True}
    assert window_of(stack.api, template) == {"status": "closed", "needs_template": False}
    stack.sim.inbound("+919812345678", type="text", text={"body": "Hi"},
                      referral={"source_type": "ad", "source_id": "1", "source_url": "https://fb.me/x"})
    receiver.wait_for_type("message.received")
    window = window_of(stack.api, message)
    assert (window["status"], window["needs_template"]) == ("open", False)
    assert window["open_until"] > window["last_inbound_at"] == window["entry_point_at"]
    assert window_of(stack.api, text_to("+919812345679"))["status"] == "closed"
    stack.sim.inbound("+919812345680", timestamp=1_790_000_000)
    wait_until(lambda: len(receiver.all()) == 2, "an old message arrived")
    old = window_of(stack.api, text_to("+919812345680"))
    assert (old["status"], old["open_until"]) == ("closed", "2026-09-22T14:13:20.000Z")


# --- opt-outs ---

def choose(stack, value, timestamp):
    assert post_callback(stack, choice_of("919812345678", value, timestamp)).status == 200


def test_marketing_to_who_stopped_it_is_refused_before_it_costs(make_stack):
    stack = make_stack()
    marketing = text_to("+919812345678") | {"purpose": "marketing"}
    stack.api.accept(marketing)
    choose(stack, "stop", 1_790_000_000)
    used = stack.api.get("/v1/quota").json()
    for answer in (stack.api.send(marketing), stack.api.post("/v1/messages/validate", marketing)):
        assert (answer.status, answer.json()["code"]) == (403, "recipient_opted_out")
    assert stack.api.get("/v1/quota").json() == used
    stack.api.accept(text_to("+919812345678") | {"purpose": "utility"})
    stack.kill_and_restart()
    assert stack.api.send(marketing).status == 403
    choose(stack, "resume", 1_790_000_001)
    stack.api.accept(marketing)
    choose(stack, "stop", 1_790_000_000 - 5)  # an older one that comes late
    stack.api.accept(marketing)
