"""Cuts the answers of management calls out of Meta's OpenAPI file: `trim_management.py business-messaging-api_v23.0.yaml`.

Kept are the answers 200 of OPERATIONS with Meta's own examples, and every schema that they reach; without prose.
"""

import hashlib
import json
import sys
from pathlib import Path

import yaml

PHONE = "/{Version}/{Phone-Number-ID}"
WABA = "/{Version}/{WABA-ID}"
OPERATIONS = [
    ("/{Version}/{Business-ID}", "get"), ("/{Version}/{Business-ID}/owned_whatsapp_business_accounts", "get"),
    ("/{Version}/{Business-ID}/client_whatsapp_business_accounts", "get"),
    (WABA, "get"), (WABA, "post"), (f"{WABA}/phone_numbers", "get"), (f"{WABA}/phone_numbers", "post"),
    (f"{WABA}/subscribed_apps", "get"), (f"{WABA}/subscribed_apps", "post"), (f"{WABA}/subscribed_apps", "delete"),
    (f"{WABA}/message_templates", "get"), (f"{WABA}/message_templates", "post"), (f"{WABA}/message_templates", "delete"),
    ("/{Version}/{TEMPLATE_ID}", "get"), ("/{Version}/{TEMPLATE_ID}", "post"),
    ("/{Version}/{WhatsApp-Business-Account-ID}/assigned_users", "get"),
    ("/{Version}/{WhatsApp-Business-Account-ID}/assigned_users", "post"),
    (PHONE, "get"), (PHONE, "post"), (f"{PHONE}/register", "post"), (f"{PHONE}/deregister", "post"),
    (f"{PHONE}/request_code", "post"), (f"{PHONE}/verify_code", "post"), (f"{PHONE}/settings", "get"),
    (f"{PHONE}/settings", "post"), (f"{PHONE}/whatsapp_business_profile", "get"),
    (f"{PHONE}/whatsapp_business_profile", "post"), (f"{PHONE}/whatsapp_business_encryption", "get"),
    (f"{PHONE}/whatsapp_business_encryption", "post"), (f"{PHONE}/whatsapp_commerce_settings", "get"),
    (f"{PHONE}/conversational_automation", "post"), (f"{PHONE}/block_users", "get"), (f"{PHONE}/block_users", "post"),
    (f"{PHONE}/block_users", "delete"), (f"{PHONE}/message_qrdls", "get"), (f"{PHONE}/message_qrdls", "post"),
    (f"{PHONE}/message_qrdls/{{QR-Code-ID}}", "delete"), (f"{PHONE}/media", "post"), ("/{Version}/{Media-ID}", "get"),
    ("/{Version}/{Media-ID}", "delete"),
]
PROSE = {"description", "summary", "example", "examples"}


def without_prose(node):
    if isinstance(node, list):
        return [without_prose(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: {name: without_prose(each) for name, each in value.items()} if key == "properties" else without_prose(value)
            for key, value in node.items() if key not in PROSE or key == "properties"}


def resolved(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"].split("/")[1:]:
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value.rsplit("/", 1)[1]
            else:
                yield from references(value)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def trimmed(document):
    answers, schemas, wanted = {}, {}, []
    for path, method in OPERATIONS:
        answer = resolved(document, document["paths"][path][method]["responses"]["200"])["content"]["application/json"]
        schema = without_prose(answer["schema"])
        examples = [resolved(document, each)["value"] for each in answer.get("examples", {}).values()]
        answers[f"{method} {path}"] = {"schema": schema, "examples": examples or [answer["example"]]}
        wanted += references(schema)
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = without_prose(document["components"]["schemas"][name])
            wanted += references(schemas[name])
    return {"answers": answers, "components": {"schemas": dict(sorted(schemas.items()))}}


def main(source):
    raw = Path(source).read_bytes()
    out = trimmed(yaml.safe_load(raw))
    out["x-trimmed-from"] = {"sha256": hashlib.sha256(raw).hexdigest()}
    Path(__file__).with_name("management.json").write_text(
        json.dumps(out, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
