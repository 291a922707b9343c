"""A file of meta/ whose parts are operations with schemas of their own: requests, answers."""

import json
from pathlib import Path
from urllib.parse import quote

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parent / "meta"
URI = "urn:meta"


class MetaDocument:
    def __init__(self, name):
        self.document = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        self._registry = Registry().with_resource(URI, Resource(contents=self.document, specification=DRAFT202012))

    def errors(self, part, operation, value):
        """What the schema of the operation has against the value."""
        pointer = quote(operation.replace("~", "~0").replace("/", "~1"), safe="~")
        schema = {"$ref": f"{URI}#/{part}/{pointer}/schema"}
        return Draft202012Validator(schema, registry=self._registry).iter_errors(value)
