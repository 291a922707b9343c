"""pywa: its address is fixed, and the httpx client that it takes is its own way to send requests elsewhere."""

import json
import logging
import os
import sys

import httpx
import pywa
from pywa import filters, types
from pywa.types import templates as t

URL, PHONE, ACCOUNT = (os.environ[f"GRAPH_{name}"] for name in ("URL", "PHONE", "ACCOUNT"))
INBOUND, CUSTOMER, SECRET, NAME = (os.environ[f"GRAPH_{name}"] for name in ("INBOUND", "CUSTOMER", "SECRET", "TEMPLATE"))
RECIPIENTS = int(os.environ["GRAPH_RECIPIENTS"])
LINK = "https://example.com/a.jpg"
FILE = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


class Elsewhere(httpx.HTTPTransport):
    """What would go to Meta goes to GRAPH_URL."""

    def handle_request(self, request):
        if request.url.host == "graph.facebook.com":
            here = httpx.URL(URL)
            path = here.path.rstrip("/").encode() + request.url.raw_path
            request.url = request.url.copy_with(scheme=here.scheme, host=here.host, port=here.port, raw_path=path)
            request.headers["Host"] = f"{here.host}:{here.port}"
        return super().handle_request(request)


client = pywa.WhatsApp(phone_id=PHONE, token=os.environ["GRAPH_TOKEN"], waba_id=ACCOUNT, app_secret=SECRET,
                       server=None, verify_token="vt", api_version=24.0,
                       session=httpx.Client(transport=Elsewhere(), timeout=60))
TEMPLATE = t.Template(name=NAME, category=t.TemplateCategory.UTILITY, language=t.TemplateLanguage.ENGLISH_US,
                      components=[t.BodyText("Your order {{1}} is ready now.", "A-1"), t.FooterText(text="Example Shop")])
CONTACT = types.Contact(name=types.Contact.Name(formatted_name="Ana Diaz", first_name="Ana"),
                        phones=[types.Contact.Phone(phone="+919876500000", type="WORK")])



SENDS = {
    "text": lambda to: client.send_message(to, "See https://example.com", preview_url=True, tracker="order-42"),
    "image": lambda to: client.send_image(to, LINK, "A"),
    "video": lambda to: client.send_video(to, "1037543291543636", "A"),
    "audio": lambda to: client.send_audio(to, "1037543291543637", is_voice=True),
    "document": lambda to: client.send_document(to, LINK, "a.pdf", "A"),
    "sticker": lambda to: client.send_sticker(to, "https://example.com/a.webp"),
    "location": lambda to: client.send_location(to, 18.5, 73.8, "Shop", "Street 1"),
    "contacts": lambda to: client.send_contact(to, CONTACT),
    "reaction": lambda to: client.send_reaction(to, "👍", INBOUND),
    "template": lambda to: client.send_template(to, NAME, t.TemplateLanguage.ENGLISH_US, [t.BodyText.params("A-1001")]),
    "interactive_button": lambda to: client.send_message(to, "Yes?", "Delivery", "Shop", [
        types.Button("Yes", "yes"), types.Button("No", "no")]),
    "interactive_list": lambda to: client.send_message(to, "Which?", buttons=types.SectionList(
        "Open", [types.Section("S", [types.SectionRow("A", "a", "D")])])),
    "interactive_cta_url": lambda to: client.send_message(to, "Dates", buttons=types.URLButton("Open", "https://example.com")),
    "interactive_location_request_message": lambda to: client.request_location(to, "Where?"),
    "interactive_catalog_message": lambda to: client.send_catalog(to, "All", thumbnail_product_sku="SKU-1"),
    "interactive_product": lambda to: client.send_product(to, "1", "SKU-1", "This"),
    "interactive_product_list": lambda to: client.send_products(
        to, "1", [types.ProductsSection("S", ["SKU-1"])], "All", "These"),
}


def templates(made):
    names = [each.name for each in client.get_templates()]
    shown = client.get_template(made.id).name
    gone = client.delete_template(NAME, template_id=made.id).success
    return {"id": made.id, "names": names, "shown": shown, "gone": gone}


def profile():
    client.update_business_profile(about="We deliver", industry=types.Industry.RETAIL)
    return client.get_business_profile().about


def codes():
    code = client.create_qr_code("Hello there")
    return {"shown": client.get_qr_code(code.code).prefilled_message, "gone": client.delete_qr_code(code.code).success}


def webhooks():
    told = []
    client.add_handlers(
        pywa.handlers.MessageHandler(lambda _, msg: told.append({"text": msg.text, "from": msg.from_user.wa_id}), filters.text),
        pywa.handlers.MessageStatusHandler(lambda _, status: told.append(
            {"id": status.id, "status": status.status.value, "tracker": status.tracker})))
    refused = []
    for each in json.loads(os.environ["GRAPH_WEBHOOKS"]):
        body = each["body"].encode()
        refused.append(client.webhook_update_validator(body, each["signature"]))
        client.webhook_update_handler(body)
    forged = client.webhook_update_validator(b"{}", "sha256=" + "0" * 64)
    return {"told": told, "refused": [each for each in refused if each], "forged": forged[1]}


def media():
    uploaded = client.upload_media(FILE, "application/pdf", "a.pdf")
    url = client.get_media_url(uploaded.id)
    size = len(client.get_media_bytes(url.url))
    sent = client.send_document("+919811399998", uploaded.id, "a.pdf").id
    return {"sha256": url.sha256, "mime_type": url.mime_type, "size": size, "sent": sent,
            "gone": client.delete_media(uploaded.id).success}


def error():
    try:
        client.send_message("+1555131031", "x")
    except pywa.errors.WhatsAppError as refused:
        return {"code": refused.code, "class": type(refused).__name__}
    return None


def main():
    logging.disable()
    out = {"sent": {}, "done": {}}
    made = client.create_template(TEMPLATE)
    jobs = {"manages_templates": lambda: templates(made), "changes_the_profile": profile, "makes_a_code": codes,
            "marks_as_read": lambda: client.mark_message_as_read(INBOUND).success,
            "shows_typing": lambda: client.indicate_typing(INBOUND).success,
            "reads_the_number": lambda: client.get_business_phone_number().id,
            "lists_numbers": lambda: [each.id for each in client.get_business_phone_numbers()],
            "blocks_somebody": lambda: len(client.block_users([CUSTOMER]).added_users),
            "parses_webhooks": webhooks, "uploads_media": media, "meets_an_error": error}
    for nth, (kind, send) in enumerate(SENDS.items()):
        to = f"+{RECIPIENTS + nth}"
        out["sent"][kind] = {"to": to, "id": send(to).id}
    for name, job in jobs.items():
        out["done"][name] = job()
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
