"""Meta's own description of its messages, corrected by the list in deviations.py."""

import json
import re
from pathlib import Path

from deviations import DEVIATIONS, REMOVE
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FILE = Path(__file__).parent / "meta" / "messages.json"
URI = "urn:meta"
EDGES = {"messages": "/{Version}/{Phone-Number-ID}/messages",
         "marketing_messages": "/{Version}/{Phone-Number-ID}/marketing_messages"}

# What Meta's examples leave open, filled in.
PLACEHOLDERS = [
    (r"\{\{Recipient-(WA-)?Phone-Number\}\}", "+16505551234"),
    (r"^.*http\(s\)://.*$", "https://example.com/file"),
    (r"^<MSGID[A-Z_]*>$", "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"),
    (r"^<TEMPLATE_NAME>$|^template-name$", "template_name"),
    (r"^language-and-locale-code$", "en_US"),
    (r"^<HEADER_TYPE>$", "text"),
]


def filled(node):
    if isinstance(node, dict):
        return {key: filled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(each) for each in node]
    if not isinstance(node, str):
        return node
    for pattern, value in PLACEHOLDERS:
        node = re.sub(pattern, value, node)
    # A list's titles are placeholders that are longer than WhatsApp's limits.
    return node[:20] if re.fullmatch(r"<[A-Z0-9_]+>", node) else node


def _change(schemas, deviation):
    for pointer in deviation.pointers:
        *parents, last = [int(part) if part.isdigit() else part for part in pointer.split("/")]
        node = schemas
        for part in parents:
            node = node[part]
        if deviation.change is REMOVE:
            del node[last]
        else:
            node[last] = deviation.change(node[last])


class MetaContract:
    def __init__(self, without=None):
        """`without`: the name of a deviation that is left out."""
        self._document = json.loads(FILE.read_text(encoding="utf-8"))
        for name, deviation in DEVIATIONS.items():
            if name != without:
                _change(self._document["components"]["schemas"], deviation)
        self._registry = Registry().with_resource(URI, Resource(contents=self._document, specification=DRAFT202012))

    def _operation(self, edge):
        return self._document["paths"][EDGES[edge]]["post"]

    def examples(self):
        """(edge, name, body) of each of Meta's own requests."""
        return [(edge, name, filled(example["value"])) for edge in EDGES
                for name, example in self._operation(edge)["requestBody"]["content"]["application/json"]["examples"].items()]

    def faults_of_request(self, edge, body):
        return self._faults(self._operation(edge)["requestBody"]["content"]["application/json"]["schema"], body)

    def faults_of_answer(self, edge, body):
        return self._faults(self._operation(edge)["responses"]["200"]["content"]["application/json"]["schema"], body)

    def _faults(self, schema, value):
        anchored = {"$ref": URI + schema["$ref"]}
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in Draft202012Validator(anchored, registry=self._registry).iter_errors(value)]
