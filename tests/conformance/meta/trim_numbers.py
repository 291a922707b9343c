"""Cuts the requests about numbers out of Meta's OpenAPI file: `trim_numbers.py business-messaging-api_v23.0.yaml`.

Kept are the bodies of OPERATIONS with Meta's own examples, the queries that READS take, and every schema that they reach; without
prose.
"""

import sys

from trim import reached, references, without_prose, write
from trim_management import resolved

PHONE = "/{Version}/{Phone-Number-ID}"
WABA = "/{Version}/{WABA-ID}"
OPERATIONS = [(PHONE, "post"), (f"{PHONE}/register", "post"), (f"{PHONE}/request_code", "post"), (f"{PHONE}/verify_code", "post"),
              (f"{PHONE}/whatsapp_business_profile", "post"), (f"{PHONE}/block_users", "post"), (f"{PHONE}/block_users", "delete"),
              (f"{PHONE}/message_qrdls", "post"), (f"{PHONE}/conversational_automation", "post")]
READS = [PHONE, f"{PHONE}/whatsapp_business_profile", f"{PHONE}/message_qrdls", f"{WABA}/phone_numbers"]


def trimmed(document):
    requests, queries, wanted = {}, {}, []
    for path, method in OPERATIONS:
        body = resolved(document, document["paths"][path][method]["requestBody"])["content"]["application/json"]
        schema = without_prose(body["schema"])
        examples = [resolved(document, each)["value"] for each in body.get("examples", {}).values()]
        requests[f"{method} {path}"] = {"schema": schema, "examples": examples}
        wanted += references(schema)
    for path in READS:
        parameters = [resolved(document, each) for each in document["paths"][path]["get"]["parameters"]]
        queries[f"get {path}"] = {each["name"]: without_prose(each["schema"]) for each in parameters if each["in"] == "query"}
    return {"requests": requests, "queries": queries,
            "components": {"schemas": dict(sorted(reached(document, wanted).items()))}}


if __name__ == "__main__":
    write(sys.argv[1], trimmed, "numbers.json")
