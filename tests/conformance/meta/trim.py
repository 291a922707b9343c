"""Cuts what the tests need out of Meta's OpenAPI file, which is a megabyte: `trim.py business-messaging-api_v23.0.yaml`.

Kept are the operations of OPERATIONS with their examples, without headers and prose, and every schema that they reach.
`trim_management.py` cuts the management calls out of the same file.
"""

import hashlib
import json
import sys
from pathlib import Path

import yaml

OPERATIONS = [("/{Version}/{Phone-Number-ID}/messages", "post"),
              ("/{Version}/{Phone-Number-ID}/marketing_messages", "post")]
SCHEMA = "#/components/schemas/"
PROSE = {"description", "summary", "example", "examples"}


def without_prose(node):
    """Descriptions are most of the file, and no test reads them. A property may be named like them."""
    if isinstance(node, list):
        return [without_prose(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: {name: without_prose(each) for name, each in value.items()} if key == "properties"
            else without_prose(value)
            for key, value in node.items() if key not in PROSE}


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str) and value.startswith(SCHEMA):
                yield value.removeprefix(SCHEMA)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def reached(document, wanted):
    """The schemas of those names, and all that they name."""
    schemas = {}
    while wanted:
        name = wanted.pop(0)
        if name not in schemas:
            schemas[name] = without_prose(document["components"]["schemas"][name])
            wanted += references(schemas[name])
    return schemas


def trimmed(document):
    paths, wanted = {}, []
    for path, method in OPERATIONS:
        operation = document["paths"][path][method]
        request = operation["requestBody"]["content"]["application/json"]
        answer = operation["responses"]["200"]["content"]["application/json"]
        paths[path] = {method: {
            "operationId": operation["operationId"],
            "requestBody": {"content": {"application/json": {
                "schema": request["schema"],
                "examples": {name: {"value": each["value"]} for name, each in request["examples"].items()}}}},
            "responses": {"200": {"content": {"application/json": {"schema": answer["schema"]}}}}}}
        wanted += [*references(request["schema"]), *references(answer["schema"])]
    return {"openapi": document["openapi"], "info": {"title": document["info"]["title"],
                                                     "version": document["info"]["version"]},
            "paths": paths, "components": {"schemas": reached(document, wanted)}}


def write(source, trim, name):
    raw = Path(source).read_bytes()
    out = trim(yaml.safe_load(raw))
    out["x-trimmed-from"] = {"sha256": hashlib.sha256(raw).hexdigest()}
    Path(__file__).with_name(name).write_text(
        json.dumps(out, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1], trimmed, "messages.json")
