"""What leaves the server for Meta, and what the simulator answers, judged by Meta's own description and its own examples."""

import copy
import json

import pytest
from deviations import DEVIATIONS, REFUSED_EXAMPLES
from meta_contract import MetaContract

from _support.contract import contract
from _support.http_client import HttpClient

WAMID = "wamid.HBgMOTE5ODc2NTQzMjEwFQIAERgSNUYwQjlDMTIzNDU2Nzg5MEFCAA=="
META = MetaContract()


def our_examples():
    """Each example of POST /v1/messages in our contract: there is one for every kind of message and component."""
    operation = contract().document["paths"]["/v1/messages"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in examples.items()}


def beyond_the_examples():
    """What no example shows and a deviation is for."""
    name = {"name": {"formatted_name": "Ana", "first_name": "Ana"}}
    rows = [{"title": "A", "rows": [{"id": "a", "title": "A"}]}]
    template = {"name": "autumn_sale", "language": {"code": "en_US"}}
    user = "US.13491208655302741918"
    return {
        "many_contacts": {"type": "contacts", "contacts": [name] * 257},
        "long_list": {"type": "interactive", "interactive": {
            "type": "list", "body": {"text": "x" * 4096}, "action": {"button": "Open", "sections": rows}}},
        "marketing_to_a_user": {"to": user, "type": "template", "template": template, "product_policy": "STRICT"},
        "marketing_reply": {"type": "template", "template": template, "product_policy": "STRICT",
                            "context": {"message_id": WAMID}},
    }


def sendable(message, number):
    """Without references to what this server does not have, and to a number of its own."""
    message = copy.deepcopy(message)
    message.pop("from", None)
    if message.get("to", "+").startswith("+"):
        message["to"] = f"+9198765{number:05}"
    if "context" in message:
        message["context"]["message_id"] = WAMID
    if "reaction" in message:
        message["reaction"]["message_id"] = WAMID
    return message


MESSAGES = {**our_examples(), **beyond_the_examples()}


@pytest.fixture(scope="module")
def exchanges(recorded):
    """Each message, sent: its exchange with the provider."""
    stack, recorder = recorded
    ids = {}
    for number, (name, message) in enumerate(MESSAGES.items()):
        answer = stack.api.send(sendable(message, number), prefer="wait=10")
        assert (answer.status, answer.json().get("status") in ("sent", "delivered", "read")) == (200, True), (name, answer)
        ids[answer.json()["id"]] = name
    found = {}
    for exchange in recorder.exchanges:
        name = ids.get(exchange.request.get("biz_opaque_callback_data"))
        if name:
            found[name] = exchange
    return found


def edge_of(exchange):
    return exchange.path.rsplit("/", 1)[1]


def test_there_is_an_example_of_every_kind():
    schemas = contract().document["components"]["schemas"]
    sent = our_examples().values()
    assert {each["type"] for each in sent} == set(schemas["MessageRequest"]["properties"]["type"]["enum"])
    interactive = {each["interactive"]["type"] for each in sent if "interactive" in each}
    assert interactive == set(schemas["Interactive"]["properties"]["type"]["enum"])
    text = json.dumps([each["template"] for each in sent if "template" in each])
    components = schemas["TemplateComponent"]["properties"]
    for name in [*components["type"]["enum"], *components["sub_type"]["enum"],
                 *schemas["TemplateParameter"]["properties"]["type"]["enum"]]:
        # Images, videos and texts at the head stand in for each other's shape.
        assert f'"{name}"' in text or name == "video", name


@pytest.mark.parametrize("name", MESSAGES)
def test_a_request_is_what_meta_describes(exchanges, name):
    exchange = exchanges[name]
    assert META.faults_of_request(edge_of(exchange), exchange.request) == []


@pytest.mark.parametrize("name", MESSAGES)
def test_an_answer_of_the_simulator_is_what_meta_describes(exchanges, name):
    exchange = exchanges[name]
    assert exchange.status == 200
    assert META.faults_of_answer(edge_of(exchange), exchange.answer) == []
    [taken], [contact] = exchange.answer["messages"], exchange.answer["contacts"]
    assert taken["id"].startswith("wamid.")
    assert contact["input"] == exchange.request.get("to", exchange.request.get("recipient"))


def leaves(node, at=""):
    """Each plain value by its place."""
    if isinstance(node, (dict, list)) and node:
        members = node.items() if isinstance(node, dict) else enumerate(node)
        return {place: value for key, each in members for place, value in leaves(each, f"{at}/{key}").items()}
    return {at: node}


def as_meta_names_it(place, value):
    """The few values that we write in another way than they may be given."""
    if place.endswith("/index"):
        return str(value)
    return "url" if place.endswith("/sub_type") and value == "otp" else value


@pytest.mark.parametrize("name", MESSAGES)
def test_nothing_of_a_message_is_lost_and_nothing_is_made_up(exchanges, name):
    message = sendable(MESSAGES[name], 0)
    given = {place: as_meta_names_it(place, value) for place, value in leaves(message[message["type"]]).items()}
    sent = leaves(exchanges[name].request[message["type"]])
    assert {place: sent.get(place) for place in given} == given
    assert {place.rsplit("/", 1)[1] for place in sent.keys() - given.keys()} <= {"card_index", "flow_message_version"}


def test_marketing_goes_by_its_own_edge(exchanges):
    by_edge = {name for name, exchange in exchanges.items() if edge_of(exchange) == "marketing_messages"}
    assert by_edge == {name for name, message in MESSAGES.items() if "product_policy" in message}


@pytest.mark.parametrize("edge, name, body", [pytest.param(*each, id=each[1]) for each in META.examples()])
def test_metas_own_example_is_what_meta_describes(edge, name, body):
    assert META.faults_of_request(edge, body) == []


@pytest.mark.parametrize("edge, name, body", [pytest.param(*each, id=each[1]) for each in META.examples()])
def test_the_simulator_takes_metas_own_example(recorded, edge, name, body):
    stack, _ = recorded
    number = stack.api.get("/v1/senders").json()["data"][0]["phone_number_id"]
    answer = HttpClient(stack.simulator.url).request(
        "POST", f"/v25.0/{number}/{edge}", {"Authorization": "Bearer any", "Content-Type": "application/json"},
        json.dumps(body))
    assert (answer.status == 200) == (name not in REFUSED_EXAMPLES), answer


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_deviation_is_needed(exchanges, name):
    strict = MetaContract(without=name)
    requests = [(edge_of(each), each.request) for each in exchanges.values()]
    requests += [(edge, body) for edge, _, body in META.examples()]
    assert any(strict.faults_of_request(edge, body) for edge, body in requests)
    assert DEVIATIONS[name].reason
