"""Cuts the requests about accounts and files out of Meta's OpenAPI file: `trim_accounts.py business-messaging-api_v23.0.yaml`.

Kept are the bodies of OPERATIONS with Meta's own examples, the fields of FORMS, the queries that READS take, and every schema that
they reach; without prose.
"""

import sys

from trim import without_prose, write
from trim_management import components_of, queries_of, requests_of, resolved

PHONE = "/{Version}/{Phone-Number-ID}"
WABA = "/{Version}/{WABA-ID}"
MEDIA = "/{Version}/{Media-ID}"
OPERATIONS = [(f"{WABA}/subscribed_apps", "post"), (f"{PHONE}/register", "post")]
FORMS = [(f"{PHONE}/media", "post")]
READS = [(WABA, "get"), (f"{WABA}/phone_numbers", "get"), (f"{WABA}/subscribed_apps", "delete"), (MEDIA, "get"), (MEDIA, "delete")]


def trimmed(document):
    requests, forms = requests_of(document, OPERATIONS), {}
    for path, method in FORMS:
        content = resolved(document, document["paths"][path][method]["requestBody"])["content"]
        forms[f"{method} {path}"] = without_prose(content["multipart/form-data"]["schema"])
    return {"requests": requests, "forms": forms, "queries": queries_of(document, READS),
            "components": components_of(document, requests.values())}


if __name__ == "__main__":
    write(sys.argv[1], trimmed, "accounts.json")
