"""Judges answers and webhooks by openapi/openapi.yaml."""

import re
import threading
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, FormatChecker

CONTRACT = Path(__file__).resolve().parents[2] / "openapi" / "openapi.yaml"
# The description of the contract says so: any path may answer these, all as problems.
STATUSES_OF_EVERY_PATH = {"405", "408", "414", "417", "431"}
HEADERS_OF_HTTP = {"date", "cache-control", "content-type", "content-length", "connection", "vary", "content-encoding", "allow"}


class Contract:
    def __init__(self):
        self.document = yaml.load(CONTRACT.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._links, self._linking = {}, threading.Lock()
        self._patterns = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in self.document["paths"]]
        # Literal paths before those with a parameter: /v1/messages/validate is no message.
        self._patterns.sort(key=lambda entry: "{" in entry[1])

    def path_of(self, target):
        path = target.split("?")[0]
        return next((template for pattern, template in self._patterns if pattern.fullmatch(path)), None)

    def operations(self):
        return [(method, path, operation) for path, item in self.document["paths"].items()
                for method, operation in item.items() if method in ("get", "post", "patch", "delete", "put")]

    def faults_of_answer(self, method, target, answer):
        """What the contract would not have promised; an empty list when all is well."""
        path = self.path_of(target)
        if path is None:
            return [] if answer.status == 404 else [f"the contract has no path for {target}"]
        known_method = "get" if method == "HEAD" else method.lower()
        operation = self.document["paths"][path].get(known_method)
        response = (operation or {}).get("responses", {}).get(str(answer.status))
        if response is None:
            if str(answer.status) not in STATUSES_OF_EVERY_PATH:
                return [f"{method} {path} does not promise {answer.status}"]
            return self.faults_of_schema("Problem", answer.json())
        response = self.resolved(response)
        return self._faults_of_headers(response, answer) + self._faults_of_body(response, method, answer)

    def faults_of_webhook(self, event_type, headers, event):
        webhook = self.document["webhooks"].get(event_type)
        if webhook is None:
            return [f"the contract has no webhook {event_type}"]
        faults = []
        for parameter in map(self.resolved, webhook["post"]["parameters"]):
            value = headers.get(parameter["name"])
            faults += self._faults_of_value(self._linked(parameter["schema"]), value)
        schema = webhook["post"]["requestBody"]["content"]["application/json"]["schema"]
        return faults + self._faults_of_value(self._closed(schema), event)

    def faults_of_schema(self, name, value):
        return self._faults_of_value(self._linked(self.document["components"]["schemas"][name]), value)

    def resolved(self, node):
        while "$ref" in node:
            node = self._target_of(node)
        return node

    def _target_of(self, node):
        target = self.document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        return target

    def _faults_of_headers(self, response, answer):
        faults = []
        described = {name.lower(): self.resolved(header) for name, header in response.get("headers", {}).items()}
        for name, header in described.items():
            value = answer.headers.get(name)
            if value is None:
                faults += [f"the header {name} is missing"] if header.get("required") else []
                continue
            schema = self._linked(header["schema"])
            faults += self._faults_of_value(schema, int(value) if schema.get("type") == "integer" else value)
        if described:
            unknown = {name.lower() for name in answer.headers} - set(described) - HEADERS_OF_HTTP
            faults += [f"the header {name} is not in the contract" for name in sorted(unknown)]
        return faults

    def _faults_of_body(self, response, method, answer):
        content = response.get("content")
        if content is None:
            return [f"a body that the contract does not have: {answer.body[:80]!r}"] if answer.body else []
        media_type = answer.headers.get("Content-Type", "").split(";")[0]
        if "*/*" in content:
            return []
        if media_type not in content:
            return [f"the media type {media_type!r} is not in the contract"]
        if method == "HEAD" or not media_type.endswith("json"):
            return []
        return self._faults_of_value(self._closed(content[media_type]["schema"]), answer.json())

    def _closed(self, schema):
        """Clients allow for fields to come; this server sends none that it does not describe."""
        return {**self._linked(schema), "unevaluatedProperties": False}

    def _linked(self, node):
        """The same schema with what it refers to in place of its references: to find one anew each time takes longer than all
        the rest. Whole: a test's receivers check on threads of their own."""
        with self._linking:
            return self._link(node)

    def _link(self, node):
        """A schema may have itself inside."""
        if isinstance(node, list):
            return [self._link(each) for each in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            target = self._link(self._target_of(node))
            others = {key: self._link(value) for key, value in node.items() if key != "$ref"}
            return {"allOf": [target, others]} if others else target
        if id(node) not in self._links:
            linked = self._links[id(node)] = {}
            linked.update((key, self._link(value)) for key, value in node.items())
        return self._links[id(node)]

    def _faults_of_value(self, schema, value):
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


@cache
def contract():
    return Contract()
