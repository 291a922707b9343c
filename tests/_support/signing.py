"""Webhooks, and what else Meta signs, as it would send them."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import quote

from _support.http_client import HttpClient

# Those of a sandbox's first workspace.
ACCOUNT_ID = "102290129340398"
PHONE_NUMBER_ID = "106540352242922"
DISPLAY_NUMBER = "15550783881"


def signature_of(body, app_secret):
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def callback(value, phone_number_id=PHONE_NUMBER_ID, field="messages"):
    """The body around one change's value."""
    metadata = {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": phone_number_id}
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT_ID, "changes": [change]}]}


def status_of(message_id, status, wamid, at=None):
    return {"id": wamid, "status": status, "timestamp": str(int(at or time.time())), "recipient_id": "919812345678",
            "biz_opaque_callback_data": message_id}


def choice_of(person, value, timestamp=1_790_000_000):
    """Somebody stops marketing in WhatsApp, or resumes it."""
    return callback({"user_preferences": [{"wa_id": person, "detail": "User requested it", "category": "marketing_messages",
                                           "value": value, "timestamp": timestamp}]}, field="user_preferences")


def post_callback(stack, body, signature=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = signature_of(raw, stack.app_secret) if signature is None else signature
    headers = {"X-Hub-Signature-256": signed or None}
    return stack.api.post("/hooks/whatsapp", raw, headers=headers, key=None)


def signed_request(app_secret, **payload):
    """What Meta says of a person who removes the app, or wants deletion."""
    payload = {"algorithm": "HMAC-SHA256", "issued_at": int(time.time()), **payload}
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=")
    signature = hmac.new(app_secret.encode(), body, hashlib.sha256).digest()
    return f"{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}.{body.decode()}"


def post_signed_request(server, name, text):
    return HttpClient(server.base_url).request(
        "POST", f"/hooks/whatsapp/{name}", body=f"signed_request={quote(text)}",
        headers={"Content-Type": "application/x-www-form-urlencoded"})
