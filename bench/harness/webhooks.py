"""Status webhooks as WhatsApp sends and signs them, about messages that the simulator has taken."""

import hashlib
import hmac
import json
import time

from .http import get_json, raw_post

PAGE = 20_000


def taken_messages(simulator_url: str, after: int = 0, limit: int | None = None) -> list[dict]:
    """What the simulator has taken, oldest first: {id, to, biz_opaque_callback_data, ...}."""
    messages: list[dict] = []
    while limit is None or len(messages) < limit:
        wanted = PAGE if limit is None else min(PAGE, limit - len(messages))
        page = get_json(f"{simulator_url}/_sim/messages?after={after}&limit={wanted}")
        if not page["messages"]:
            break
        messages += page["messages"]
        after = page["next"]
    return messages


def status_body(messages: list[dict], status: str, number_id: str, display_number: str, account: str) -> bytes:
    now = str(int(time.time()))
    statuses = [
        {
            "id": message["id"],
            "status": status,
            "timestamp": now,
            "recipient_id": message["to"].lstrip("+"),
            "biz_opaque_callback_data": message["biz_opaque_callback_data"],
            "pricing": {
                "billable": False,
                "pricing_model": "PMP",
                "type": "free_customer_service",
                "category": "service",
            },
        }
        for message in messages
    ]
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": display_number, "phone_number_id": number_id},
        "contacts": [{"wa_id": each["recipient_id"]} for each in statuses],
        "statuses": statuses,
    }
    change = {"value": value, "field": "messages"}
    body = {"object": "whatsapp_business_account", "entry": [{"id": account, "changes": [change]}]}
    return json.dumps(body, separators=(",", ":")).encode()


def signed_posts(server, messages: list[dict], status: str, batch: int) -> list[bytes]:
    """Whole requests, `batch` updates in each, ready to be written to a socket."""
    requests = []
    for first in range(0, len(messages), batch):
        body = status_body(
            messages[first : first + batch], status, server.number_id, server.display_number, "102290129340398"
        )
        digest = hmac.new(server.app_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={digest}"}
        requests.append(raw_post(server.port, "/hooks/whatsapp", headers, body))
    return requests
