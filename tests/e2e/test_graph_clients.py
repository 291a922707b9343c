"""Public clients of Meta's WhatsApp Cloud API, unmodified, do their main jobs twice: at the simulator, which plays Meta, and
through the Graph-compatible door. What changes is the base URL and the token, given by each client's own options."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from _support.api import text_to
from _support.graph import Graph, GraphReceiver
from _support.signing import ACCOUNT_ID, callback, signature_of
from _support.stack import Stack

FOLDER = Path(__file__).resolve().parents[1] / "graph_clients"
CLIENTS = {
    "kapso": (["node", str(FOLDER / "kapso.mjs")], 919811300000),
    "whatsapp_api_js": (["node", str(FOLDER / "whatsapp_api_js.mjs")], 919811310000),
    "pywa": ([sys.executable, str(FOLDER / "pywa_jobs.py")], 919811320000),
}
WAYS = ("simulator", "door")
SECRET = "a secret of webhooks"


def webhook(value):
    """As Meta sends it: escaped, and signed over those bytes."""
    body = json.dumps(callback(value), separators=(",", ":")).replace("/", "\\/")
    return {"body": body, "signature": signature_of(body.encode(), SECRET)}


CONTACTS = [{"profile": {"name": "Zoë"}, "wa_id": "919811299999", "user_id": "IN.13491208655302741918"}]
WEBHOOKS = [
    webhook({"contacts": CONTACTS, "messages": [
        {"from": "919811299999", "from_user_id": "IN.13491208655302741918", "id": "wamid.IN", "timestamp": "1790000000",
         "type": "text", "text": {"body": "Où / when?"}}]}),
    webhook({"contacts": CONTACTS, "statuses": [
        {"id": "wamid.OUT", "status": "delivered", "timestamp": "1790000005", "recipient_id": "919811299999",
         "recipient_user_id": "IN.13491208655302741918", "biz_opaque_callback_data": "order-42"}]}),
]


def real_webhooks(stack, door):
    """What the door's own endpoint is told: secret and deliveries."""
    receiver = GraphReceiver(stack)
    stack.sim.inbound("+919811299999", type="text", text={"body": "Où / when?"}, profile_name="Zoë")
    receiver.wait_for_element("messages", lambda each: each["type"] == "text")
    door.send(text_to("+919811299999", biz_opaque_callback_data="order-42"))
    receiver.wait_for_element("statuses", lambda each: each["status"] == "delivered")
    told = [each for each in receiver.all()
            if b"919811299999" in each.body and (b'"messages":' in each.body or b'"delivered"' in each.body)]
    return receiver.secret, [{"body": each.body.decode(), "signature": each.headers["x-hub-signature-256"]} for each in told]


def run(client, stack, way):
    """What the client told, and Meta's side of it."""
    command, recipients = CLIENTS[client]
    recipients += 1000 * WAYS.index(way)
    door, metas = Graph.of_door(stack), Graph.of_simulator(stack)
    called = metas if way == "simulator" else door
    customer, template = str(recipients + 900), f"{client}_{way}"
    inbound = stack.sim.inbound(f"+{customer}")["id"]
    if client == "whatsapp_api_js":  # which makes none
        metas.call("POST", f"{ACCOUNT_ID}/message_templates", {
            "name": template, "language": "en_US", "category": "UTILITY", "components": [
                {"type": "BODY", "text": "Your order {{1}} is ready.", "example": {"body_text": [["A-1"]]}}]})
    secret, webhooks = (SECRET, WEBHOOKS) if way == "simulator" else real_webhooks(stack, door)
    world = {"URL": called.url, "TOKEN": called.token, "PHONE": called.phone, "ACCOUNT": ACCOUNT_ID, "INBOUND": inbound,
             "CUSTOMER": customer, "TEMPLATE": template, "SECRET": secret, "RECIPIENTS": recipients, "WEBHOOKS": json.dumps(webhooks)}
    done = subprocess.run(command, env={**os.environ, **{f"GRAPH_{name}": str(value) for name, value in world.items()}},
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=[(client, way) for client in CLIENTS for way in WAYS], ids="-".join)
def told(request, tmp_path_factory):
    """On a stack of its own: an account that has templates has every template message checked by them."""
    client, way = request.param
    stack = Stack(tmp_path_factory.mktemp("clients"))
    with closing(stack):
        stack.start()
        stack.sim.call("POST", "templates", {"review_after_ms": 0})
        yield client, way, stack, run(client, stack, way)


def test_each_type_that_it_has_is_sent_once(told):
    _, _, stack, answer = told
    assert len(answer["sent"]) >= 13
    for kind, sent in answer["sent"].items():
        [taken] = stack.sim.taken(sent["to"])
        assert (taken["id"], taken["type"]) == (sent["id"], kind.partition("_")[0]), kind


def test_it_manages_what_it_can(told):
    client, way, _, answer = told
    done = answer["done"]
    if client == "kapso":
        assert done["makes_a_template"]["status"] == "APPROVED"
        assert done["lists_templates"] == [f"kapso_{way}"]
        assert done["deletes_a_template"] == {"success": True}
        assert done["reads_the_profile"] == "We deliver"
        assert done["marks_as_read"] == {"success": True}
    elif client == "pywa":
        assert done["manages_templates"]["names"] == [f"pywa_{way}"]
        assert (done["manages_templates"]["shown"], done["manages_templates"]["gone"]) == (f"pywa_{way}", True)
        assert done["changes_the_profile"] == "We deliver"
        assert done["makes_a_code"] == {"shown": "Hello there", "gone": True}
        assert done["lists_numbers"] == [done["reads_the_number"]]
        assert (done["marks_as_read"], done["shows_typing"]) == (True, True)
    else:
        assert done["makes_a_code"]["shown"]["data"][0]["prefilled_message"] == "Hello there"
        assert done["makes_a_code"]["gone"] == {"success": True}
        assert done["blocks_somebody"]["block_users"]["added_users"]
        assert done["marks_as_read"] == {"success": True}


def test_it_understands_a_refusal(told):
    client, _, _, answer = told
    refused = answer["done"]["meets_an_error"]
    assert refused["code"] == 131031
    if client == "kapso":
        assert refused["category"] == "integrity"


def test_it_verifies_and_parses_webhooks(told):
    client, _, _, answer = told
    told_of = answer["done"]["parses_webhooks"]
    if client == "kapso":
        assert [(each["verified"], each["forged"]) for each in told_of] == [(True, False)] * 2
        assert told_of[0]["told"]["messages"][0]["text"]["body"] == "Où / when?"
        assert told_of[1]["told"]["statuses"][0]["bizOpaqueCallbackData"] == "order-42"
    elif client == "pywa":
        assert (told_of["refused"], told_of["forged"]) == ([], 403)
        message, status = told_of["told"]
        assert message == {"text": "Où / when?", "from": "919811299999"}
        assert (status["status"], status["tracker"]) == ("delivered", "order-42")
    else:
        assert told_of["forged"] == "refused"
        assert told_of["told"][0]["message"]["text"]["body"] == "Où / when?"
        assert told_of["told"][1]["biz_opaque_callback_data"] == "order-42"


def test_it_keeps_media(told):
    _, _, _, answer = told
    media = answer["done"]["uploads_media"]
    assert media["size"] == 45
    assert media["gone"] in (True, {"success": True})
