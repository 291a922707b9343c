"""The contract is valid by itself, and each of its examples is what its schema says."""

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

METHODS = ("get", "post", "put", "patch", "delete")
URI = "urn:contract"


@pytest.fixture(scope="module")
def contract(tree):
    return yaml.safe_load(tree.texts["openapi/openapi.yaml"])


@pytest.fixture(scope="module")
def registry(contract):
    return Registry().with_resource(URI, Resource(contents=contract, specification=DRAFT202012))


def absolute(schema):
    """The schema with its references made absolute, so that it can be taken out of the document."""
    if isinstance(schema, dict):
        return {key: URI + value if key == "$ref" else absolute(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [absolute(item) for item in schema]
    return schema


def problems(schema, value, registry):
    validator = Draft202012Validator(absolute(schema), registry=registry,
                                     format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(value)]


def resolve(contract, node):
    if isinstance(node, dict) and "$ref" in node:
        target = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return target
    return node


def operations(contract):
    for group in ("paths", "webhooks"):
        for path, item in contract[group].items():
            for method in METHODS:
                if method in item:
                    yield f"{method} {path}", item[method]


def bodies(contract):
    """(where, media type object) of every request and answer."""
    for name, operation in operations(contract):
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} request {media}", content
        for status, response in operation["responses"].items():
            for media, content in resolve(contract, response).get("content", {}).items():
                yield f"{name} {status} {media}", content


def test_the_contract_is_valid_openapi(contract):
    validate(contract)


def test_every_example_is_what_its_schema_says(contract, registry):
    wrong = [f"{where} {name}: {problem}"
             for where, content in bodies(contract)
             for name, example in content.get("examples", {}).items()
             for problem in problems(content["schema"], example["value"], registry)]
    assert wrong == []


def test_every_example_in_a_schema_is_what_the_schema_says(contract, registry):
    wrong = [f"{name}: {problem}"
             for name, schema in contract["components"]["schemas"].items()
             for example in schema.get("examples", [])
             for problem in problems(schema, example, registry)]
    assert wrong == []


def test_every_json_body_has_an_example(contract):
    assert [where for where, content in bodies(contract) if "json" in where and not content.get("examples")] == []


def test_every_error_is_a_problem_document(contract):
    """Or a page, where a hosted page's visitor is told so."""
    other = [f"{name} {status}"
             for name, operation in operations(contract) if name.split()[1].startswith("/")
             for status, response in operation["responses"].items() if status[0] in "45"
             if list(resolve(contract, response).get("content", {})) != ["application/problem+json"]
             and not ("hosted" in operation["tags"] and list(response.get("content", {})) == ["text/html"])]
    assert other == []


def test_every_call_that_needs_a_key_may_be_refused_for_it(contract):
    """401 a bad key, 403 a scope, 429 a rate: the front door answers these before any operation runs."""
    open_calls = [name for name, operation in operations(contract)
                  if "security" not in operation and not {"401", "403", "429"} <= set(operation["responses"])]
    assert open_calls == []


def test_operation_ids_are_unique(contract):
    ids = [operation["operationId"] for _, operation in operations(contract)]
    assert len(ids) == len(set(ids))


def test_no_part_is_unused(tree, contract):
    text = tree.texts["openapi/openapi.yaml"]
    unused = [f"{group}/{name}" for group in ("schemas", "parameters", "headers", "responses")
              for name in contract["components"][group] if f"'#/components/{group}/{name}'" not in text]
    assert unused == []


def test_requests_refuse_fields_that_do_not_exist(contract):
    """The server does; a client that is made from the contract must know it."""
    loose = [name for name, schema in contract["components"]["schemas"].items()
             if name.endswith(("Request", "Change")) and schema.get("additionalProperties") is not False]
    assert loose == []


@pytest.mark.parametrize("change", [
    {"to": "919876543210"},
    {"to": "+12345"},
    {"type": "video"},
    {"text": None},
    {"text": {"body": ""}},
    {"text": {"body": "x" * 4097}},
    {"image": {}},
    {"metadata": {"k": 1}},
    {"metadata": {"k" * 41: "v"}},
    {"metadata": {str(i): "" for i in range(51)}},
    {"client_ref": "x" * 101},
    {"ttl_seconds": 0},
    {"ttl_seconds": 86401},
    {"unknown": 1},
], ids=lambda change: f"{next(iter(change))}={str(next(iter(change.values())))[:20]}")
def test_a_wrong_message_breaks_the_schema(contract, registry, change):
    message = {"to": "+919876543210", "type": "text", "text": {"body": "x" * 4096}, **change}
    message = {key: value for key, value in message.items() if value is not None}
    assert problems({"$ref": "#/components/schemas/MessageRequest"}, message, registry)


def test_every_event_type_has_its_webhook(contract):
    assert contract["components"]["schemas"]["EventType"]["enum"] == list(contract["webhooks"])
