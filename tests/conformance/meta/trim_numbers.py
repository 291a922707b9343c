"""Cuts the requests about numbers out of Meta's OpenAPI file: `trim_numbers.py business-messaging-api_v23.0.yaml`.

Kept are the bodies of OPERATIONS with Meta's own examples, the queries that READS take, and every schema that they reach; without
prose.
"""

import sys

from trim import write
from trim_management import components_of, queries_of, requests_of

PHONE = "/{Version}/{Phone-Number-ID}"
WABA = "/{Version}/{WABA-ID}"
OPERATIONS = [(PHONE, "post"), (f"{PHONE}/register", "post"), (f"{PHONE}/request_code", "post"), (f"{PHONE}/verify_code", "post"),
              (f"{PHONE}/whatsapp_business_profile", "post"), (f"{PHONE}/block_users", "post"), (f"{PHONE}/block_users", "delete"),
              (f"{PHONE}/message_qrdls", "post"), (f"{PHONE}/conversational_automation", "post")]
READS = [(PHONE, "get"), (f"{PHONE}/whatsapp_business_profile", "get"), (f"{PHONE}/message_qrdls", "get"),
         (f"{WABA}/phone_numbers", "get")]


def trimmed(document):
    requests = requests_of(document, OPERATIONS)
    return {"requests": requests, "queries": queries_of(document, READS), "components": components_of(document, requests.values())}


if __name__ == "__main__":
    write(sys.argv[1], trimmed, "numbers.json")
