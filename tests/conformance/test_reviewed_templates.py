"""Templates: what leaves the server for Meta, and what the simulator answers, judged by Meta's own description; and Meta's own
examples of templates, made through our API."""

import pytest

from _support.http_client import HttpClient
from _support.signing import ACCOUNT_ID
from test_management import META

CREATE, EDIT = "post /{Version}/{WABA-ID}/message_templates", "post /{Version}/{TEMPLATE_ID}"
# Meta's placeholders, filled in.
NAMES = {"<TEMPLATE_NAME>": "example_template"}


def faults(part, operation, value):
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in META.errors(part, operation, value)]


def examples(operation):
    """Each with a name of its own: an account has a name once."""
    out = []
    for number, example in enumerate(META.document["requests"][operation]["examples"]):
        name = NAMES.get(example["name"], example["name"])
        out.append({**example, "name": f"{name}_{number}"})
    return out


def words(node):
    """Meta's words, which it takes in capitals and small letters."""
    if isinstance(node, dict):
        return {key: value.upper() if key in ("type", "format", "otp_type") and isinstance(value, str) else words(value)
                for key, value in node.items()}
    return [words(each) for each in node] if isinstance(node, list) else node


@pytest.fixture(scope="module")
def made(recorded):
    """Each of Meta's examples, made: our answer, and the exchange with the provider."""
    stack, recorder = recorded
    stack.sim.call("POST", "templates", {"review_after_ms": 0})
    found = {}
    for example in examples(CREATE):
        answer = stack.api.post("/v1/templates", example)
        asked = [each for each in recorder.exchanges
                 if each.path.endswith("/message_templates") and each.request.get("name") == example["name"]]
        found[example["name"]] = (answer, asked[-1] if asked else None)
    return found


@pytest.mark.parametrize("example", [pytest.param(each, id=each["name"]) for each in examples(CREATE)])
def test_metas_own_example_is_made_and_nothing_of_it_is_lost(made, example):
    answer, exchange = made[example["name"]]
    assert answer.status == 201, answer
    assert faults("requests", CREATE, exchange.request) == []
    assert faults("answers", CREATE, exchange.answer) == []
    sent = exchange.request
    assert (sent["components"], sent["category"]) == (words(example["components"]), example["category"])
    assert set(sent) - set(example) == {"parameter_format"}


def test_metas_own_example_of_a_change_is_made(recorded, made):
    stack, recorder = recorded
    [example] = META.document["requests"][EDIT]["examples"]
    template = stack.api.post("/v1/templates", {**example, "name": "to_change"}).json()
    answer = stack.api.request("PATCH", f"/v1/templates/{template['id']}", body={"components": example["components"]})
    assert answer.status == 200, answer
    exchange = recorder.exchanges[-1]
    assert exchange.path.endswith(template["provider_id"])
    assert faults("requests", EDIT, exchange.request) == []
    assert faults("answers", EDIT, exchange.answer) == []
    assert exchange.request["components"] == words(example["components"])


@pytest.mark.parametrize("part, operation", [("requests", CREATE), ("requests", EDIT)])
def test_metas_own_examples_hold(part, operation):
    for example in META.document[part][operation]["examples"]:
        assert faults(part, operation, example) == []


@pytest.mark.parametrize("operation, path", [
    ("get /{Version}/{WABA-ID}/message_templates", f"{ACCOUNT_ID}/message_templates"),
])
def test_a_list_of_the_simulator_is_what_meta_describes(recorded, made, operation, path):
    stack, _ = recorded
    answer = HttpClient(stack.simulator.url).request("GET", f"/v23.0/{path}", {"Authorization": "Bearer any"})
    assert answer.status == 200 and answer.json()["data"]
    assert faults("answers", operation, answer.json()) == []
