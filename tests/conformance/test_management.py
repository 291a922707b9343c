"""The simulator's answers to management calls, judged by Meta's own OpenAPI (meta/management.json) and its examples."""

import json

import pytest

from _support.http_client import HttpClient
from _support.processes import Simulator
from meta_document import MetaDocument

BUSINESS, WABA, PHONE = "506914307656634", "102290129340398", "106540352242922"
PHONE_PATH = "/{Version}/{Phone-Number-ID}"
WABA_PATH = "/{Version}/{WABA-ID}"

# Where Meta's schema is not what its API answers, and how we know. (operation, where in the answer, reason)
DEVIATIONS = {
    ("get /{Version}/{WABA-ID}/phone_numbers", "status"):
        "The enum has LINKED, PENDING, ...; GET of the number itself (WhatsApp-Account-Number-ID) has CONNECTED, as the API does.",
    ("get /{Version}/{WABA-ID}/phone_numbers", "quality_rating"): "Its own example has UNKNOWN.",
    ("get /{Version}/{WABA-ID}/phone_numbers", "code_verification_status"): "Its own example has NOT_VERIFIED.",
    ("get /{Version}/{WABA-ID}/phone_numbers", "username"): "Its own example has null.",
    ("get /{Version}/{Phone-Number-ID}/message_qrdls", "code"): "Its own examples have a 1: the pattern allows 2 to 7.",
    ("post /{Version}/{Phone-Number-ID}/message_qrdls", "code"): "Its own examples have a 1: the pattern allows 2 to 7.",
}


class MetaAnswers(MetaDocument):
    def faults(self, operation, body):
        """[(the field that is wrong, what is wrong)], without the listed deviations."""
        found = []
        for error in self.errors("answers", operation, body):
            field = next((part for part in reversed(error.absolute_path) if isinstance(part, str)), "")
            if (operation, field) not in DEVIATIONS:
                found.append((field, error.message[:200]))
        return found


META = MetaAnswers("management.json")


@pytest.mark.parametrize("operation", sorted(META.document["answers"]))
def test_metas_own_examples_hold(operation):
    """What is left of the document once the listed deviations are taken away is sound."""
    for example in META.document["answers"][operation]["examples"]:
        assert META.faults(operation, example) == []


@pytest.mark.parametrize("deviation", sorted(DEVIATIONS))
def test_every_deviation_has_a_reason(deviation):
    """An example of Meta's or an answer of the API's that the schema refuses; else the deviation goes."""
    operation, field = deviation
    bodies = META.document["answers"][operation]["examples"] + (
        [{"data": [{"id": "1", "display_phone_number": "+1 5", "status": "CONNECTED"}]}] if field == "status" else [])
    assert any(field in error.absolute_path for body in bodies for error in META.errors("answers", operation, body))


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    simulator = Simulator(tmp_path_factory.mktemp("management"), "secret", {"review-after-ms": 0})
    simulator.start("")
    http = HttpClient(simulator.url)

    def call(operation, path, body=None, headers=None):
        """One call; its answer, found sound."""
        method = operation.split(" ")[0].upper()
        http.forget()
        answer = http.request(method, f"/v23.0/{path}", body=body if isinstance(body, (bytes, type(None))) else json.dumps(body),
                              headers={"Authorization": "Bearer any", "Content-Type": "application/json", **(headers or {})})
        assert answer.status == 200, (operation, answer)
        value = answer.json()
        assert META.faults(operation, value) == [], (operation, value)
        return value

    call.http = http
    yield call
    simulator.kill()


def test_businesses(graph):
    assert graph("get /{Version}/{Business-ID}", BUSINESS)["id"] == BUSINESS
    owned = graph("get /{Version}/{Business-ID}/owned_whatsapp_business_accounts", f"{BUSINESS}/owned_whatsapp_business_accounts")
    assert owned["data"][0]["id"] == WABA
    graph("get /{Version}/{Business-ID}/client_whatsapp_business_accounts", f"{BUSINESS}/client_whatsapp_business_accounts")


def test_accounts(graph):
    assert graph(f"get {WABA_PATH}", f"{WABA}?fields=id,name,timezone_id,message_template_namespace,account_review_status,country")["id"] == WABA
    graph(f"post {WABA_PATH}", WABA, {"name": "Other name"})
    graph("post /{Version}/{WhatsApp-Business-Account-ID}/assigned_users", f"{WABA}/assigned_users",
          {"user": "12345", "tasks": ["MANAGE"]})
    users = graph("get /{Version}/{WhatsApp-Business-Account-ID}/assigned_users", f"{WABA}/assigned_users")
    assert users["data"][0]["id"] == "12345"


def test_subscriptions(graph):
    assert graph(f"get {WABA_PATH}/subscribed_apps", f"{WABA}/subscribed_apps")["data"]
    graph(f"delete {WABA_PATH}/subscribed_apps", f"{WABA}/subscribed_apps")
    graph(f"post {WABA_PATH}/subscribed_apps", f"{WABA}/subscribed_apps", {})


def test_numbers(graph):
    fields = "id,display_phone_number,verified_name,status,quality_rating,country_dial_code,code_verification_status,account_mode"
    assert graph(f"get {WABA_PATH}/phone_numbers", f"{WABA}/phone_numbers?fields={fields}")["data"][0]["id"] == PHONE
    made = graph(f"post {WABA_PATH}/phone_numbers", f"{WABA}/phone_numbers",
                 {"cc": "49", "phone_number": "1510000042", "verified_name": "Shop"})["id"]
    graph(f"post {PHONE_PATH}/request_code", f"{made}/request_code", {"code_method": "SMS", "language": "en_US"})
    graph(f"post {PHONE_PATH}/verify_code", f"{made}/verify_code", {"code": "123456"})
    graph(f"post {PHONE_PATH}/register", f"{made}/register", {"messaging_product": "whatsapp", "pin": "123456"})
    graph(f"post {PHONE_PATH}", made, {"pin": "654321"})
    graph(f"get {PHONE_PATH}", f"{made}?fields=id,display_phone_number,verified_name,quality_rating,name_status,code_verification_status")
    graph(f"post {PHONE_PATH}/deregister", f"{made}/deregister", {})


def test_profile_and_settings(graph):
    graph(f"post {PHONE_PATH}/whatsapp_business_profile", f"{PHONE}/whatsapp_business_profile",
          {"messaging_product": "whatsapp", "about": "Hello"})
    graph(f"get {PHONE_PATH}/whatsapp_business_profile", f"{PHONE}/whatsapp_business_profile")
    graph(f"post {PHONE_PATH}/settings", f"{PHONE}/settings", {"calling": {"status": "enabled"}})
    assert graph(f"get {PHONE_PATH}/settings", f"{PHONE}/settings")["calling"]["status"] == "enabled"
    graph(f"get {PHONE_PATH}/whatsapp_commerce_settings", f"{PHONE}/whatsapp_commerce_settings")
    graph(f"post {PHONE_PATH}/conversational_automation", f"{PHONE}/conversational_automation", {"prompts": ["Where are you?"]})
    graph(f"post {PHONE_PATH}/whatsapp_business_encryption", f"{PHONE}/whatsapp_business_encryption",
          {"business_public_key": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"})
    graph(f"get {PHONE_PATH}/whatsapp_business_encryption", f"{PHONE}/whatsapp_business_encryption")


def test_blocked_people_and_qr_codes(graph):
    graph.http.request("POST", "/_sim/inbound", body=json.dumps({"from": "+491510000001", "type": "text", "text": {"body": "Hi"}}))
    people = {"messaging_product": "whatsapp", "block_users": [{"user": "+491510000001"}]}
    graph(f"post {PHONE_PATH}/block_users", f"{PHONE}/block_users", people)
    assert graph(f"get {PHONE_PATH}/block_users", f"{PHONE}/block_users")["data"][0]["wa_id"] == "491510000001"
    graph(f"delete {PHONE_PATH}/block_users", f"{PHONE}/block_users", people)
    code = graph(f"post {PHONE_PATH}/message_qrdls", f"{PHONE}/message_qrdls", {"prefilled_message": "Hello"})["code"]
    graph(f"get {PHONE_PATH}/message_qrdls", f"{PHONE}/message_qrdls")
    graph(f"delete {PHONE_PATH}/message_qrdls/{{QR-Code-ID}}", f"{PHONE}/message_qrdls/{code}")


def test_templates(graph):
    made = graph(f"post {WABA_PATH}/message_templates", f"{WABA}/message_templates",
                 {"name": "order_ready", "language": "en_US", "category": "UTILITY", "components": [
                     {"type": "BODY", "text": "Hello {{1}}, your order is ready", "example": {"body_text": [["Ana"]]}},
                     {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Thanks"}]}]})["id"]
    assert graph(f"get {WABA_PATH}/message_templates", f"{WABA}/message_templates")["data"][0]["id"] == made
    graph("get /{Version}/{TEMPLATE_ID}", made)
    graph("post /{Version}/{TEMPLATE_ID}", made, {"components": [{"type": "BODY", "text": "Your order is ready"}]})
    graph(f"delete {WABA_PATH}/message_templates", f"{WABA}/message_templates?name=order_ready")


def test_media(graph):
    part = "--cut\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n"
    body = (part.format("messaging_product", "whatsapp") + "--cut\r\nContent-Disposition: form-data; name=\"file\"; "
            "filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--cut--\r\n").encode()
    made = graph(f"post {PHONE_PATH}/media", f"{PHONE}/media", body, {"Content-Type": "multipart/form-data; boundary=cut"})["id"]
    graph("get /{Version}/{Media-ID}", made)
    graph("delete /{Version}/{Media-ID}", made)
