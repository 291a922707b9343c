"""Cuts the answers of management calls out of Meta's OpenAPI file: `trim_management.py business-messaging-api_v23.0.yaml`.

Kept are the answers 200 of OPERATIONS, and the bodies that REQUESTS take, with Meta's own examples, and every schema that they
reach; without prose.
"""

import sys

from trim import reached, references, without_prose, write

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
REQUESTS = [(f"{WABA}/message_templates", "post"), ("/{Version}/{TEMPLATE_ID}", "post")]


def resolved(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"].split("/")[1:]:
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def requests_of(document, operations):
    """The bodies that they take, with Meta's own examples."""
    requests = {}
    for path, method in operations:
        body = resolved(document, document["paths"][path][method]["requestBody"])["content"]["application/json"]
        requests[f"{method} {path}"] = {
            "schema": without_prose(body["schema"]),
            "examples": [resolved(document, each)["value"] for each in body.get("examples", {}).values()]}
    return requests


def queries_of(document, operations):
    """What their queries may say."""
    queries = {}
    for path, method in operations:
        parameters = [resolved(document, each) for each in document["paths"][path][method]["parameters"]]
        queries[f"{method} {path}"] = {each["name"]: without_prose(each["schema"]) for each in parameters if each["in"] == "query"}
    return queries


def components_of(document, operations):
    """The schemas that those of the operations reach."""
    wanted = list(references([each["schema"] for each in operations]))
    return {"schemas": dict(sorted(reached(document, wanted).items()))}


def trimmed(document):
    answers = {}
    for path, method in OPERATIONS:
        answer = resolved(document, document["paths"][path][method]["responses"]["200"])["content"]["application/json"]
        examples = [resolved(document, each)["value"] for each in answer.get("examples", {}).values()]
        answers[f"{method} {path}"] = {"schema": without_prose(answer["schema"]), "examples": examples or [answer["example"]]}
    requests = requests_of(document, REQUESTS)
    return {"answers": answers, "requests": requests,
            "components": components_of(document, [*answers.values(), *requests.values()])}


if __name__ == "__main__":
    write(sys.argv[1], trimmed, "management.json")
