"""Cuts the requests about accounts and files out of Meta's OpenAPI file: `trim_accounts.py business-messaging-api_v23.0.yaml`.

Kept are the bodies of OPERATIONS with Meta's own examples, the fields of FORMS, the queries that READS take, and every schema that
they reach; without prose.
"""

import sys

from trim import reached, references, without_prose, write
from trim_management import resolved

PHONE = "/{Version}/{Phone-Number-ID}"
WABA = "/{Version}/{WABA-ID}"
MEDIA = "/{Version}/{Media-ID}"
OPERATIONS = [(f"{WABA}/subscribed_apps", "post"), (f"{PHONE}/register", "post")]
FORMS = [(f"{PHONE}/media", "post")]
READS = [(WABA, "get"), (f"{WABA}/phone_numbers", "get"), (f"{WABA}/subscribed_apps", "delete"), (MEDIA, "get"), (MEDIA, "delete")]


def trimmed(document):
    requests, forms, queries, wanted = {}, {}, {}, []

    def content(path, method):
        return resolved(document, document["paths"][path][method]["requestBody"])["content"]
    for path, method in OPERATIONS:
        body = content(path, method)["application/json"]
        schema = without_prose(body["schema"])
        requests[f"{method} {path}"] = {
            "schema": schema, "examples": [resolved(document, each)["value"] for each in body.get("examples", {}).values()]}
        wanted += references(schema)
    for path, method in FORMS:
        forms[f"{method} {path}"] = without_prose(content(path, method)["multipart/form-data"]["schema"])
    for path, method in READS:
        parameters = [resolved(document, each) for each in document["paths"][path][method]["parameters"]]
        queries[f"{method} {path}"] = {each["name"]: without_prose(each["schema"]) for each in parameters if each["in"] == "query"}
    return {"requests": requests, "forms": forms, "queries": queries,
            "components": {"schemas": dict(sorted(reached(document, wanted).items()))}}


if __name__ == "__main__":
    write(sys.argv[1], trimmed, "accounts.json")
