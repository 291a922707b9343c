"""Where Meta's OpenAPI (meta/messages.json) is not what WhatsApp takes, and why we think so.

Each is applied to the document before anything is judged by it. A test takes each away once and wants something to be
refused then, so that none outlives its reason. "Example" is one of Meta's own in the same file.
"""

from dataclasses import dataclass
from typing import Any


@dataclass
class Deviation:
    pointers: list[str]  # below #/components/schemas
    change: Any          # gets the value there, gives the new one; REMOVE takes the member away
    reason: str


REMOVE = object()
KINDS = ["TextMessage", "AudioMessage", "DocumentMessage", "ImageMessage", "LocationMessage", "VideoMessage", "StickerMessage",
         "ReactionMessage", "InteractiveMessage", "ContactsMessage"]
NAMED_ACTIONS = ["cta_url", "send_location", "address_message", "voice_call", "request_contact_info", "review_and_pay",
                 "review_order"]
INTERACTIVE = ["cta_url", "location_request_message", "address_message", "carousel", "voice_call", "contact_request",
               "order_details", "order_status"]

DEVIATIONS = {
    "closed_halves": Deviation(
        [f"{kind}/allOf/1/additionalProperties" for kind in KINDS], REMOVE,
        "Each kind is `allOf` of the common fields and a closed object that does not know them: no message at all would be valid."),
    "defaults": Deviation(
        ["BaseMessageProperties/required"], lambda _: ["messaging_product"],
        "`type` is text and `recipient_type` individual where they are missing (example: Send Text Message with Preview URL), and since "
        "2026 `recipient` may stand for `to` (Meta's page on business-scoped user ids)."),
    "mark_as_read": Deviation(
        ["Message/oneOf"], lambda kinds: [*kinds, {
            "type": "object", "required": ["messaging_product", "status", "message_id"],
            "properties": {"status": {"const": "read"}}}],
        "The same operation marks a message as read (example: Send typing indicator and read receipt); the schema has it not."),
    "degrees": Deviation(
        ["LocationMessage/allOf/1/properties/location/properties/latitude/type",
         "LocationMessage/allOf/1/properties/location/properties/longitude/type"], lambda _: ["number", "string"],
        "The example Send Location Message has numbers."),
    "contacts": Deviation(
        ["ContactsMessage/allOf/1/properties/contacts/maxItems"], lambda _: 257,
        "Meta's page on contacts messages says 257."),
    "interactive_types": Deviation(
        ["InteractiveObject/properties/type/enum"], lambda kinds: [*kinds, *INTERACTIVE],
        "The list is older than these kinds; order_details and order_status are among the examples."),
    "actions": Deviation(
        ["ActionObject/oneOf"], lambda all_kinds: [
            *all_kinds, {"required": ["name"], "properties": {"name": {"enum": NAMED_ACTIONS}}}, {"required": ["cards"]}],
        "The actions of the kinds that the list of types has not."),
    "list_body": Deviation(
        ["BodyObject/properties/text/maxLength"], lambda _: 4096,
        "Meta's page on lists gives their body 4096 characters; of the other kinds our own checks hold 1024."),
    "language_policy": Deviation(
        ["LanguageObject/required"], lambda _: ["code"],
        "The only policy is the default, and the example Send Test Message has none."),
    "component_types": Deviation(
        ["TemplateComponent/properties/type/enum"],
        lambda kinds: [*kinds, "carousel", "limited_time_offer", "tap_target_configuration", "order_status"],
        "Meta's pages on carousel, offer, tap-target and order-status templates."),
    "button_types": Deviation(
        ["TemplateComponent/properties/sub_type/enum"],
        lambda kinds: [*kinds, "CATALOG", "copy_code", "flow", "mpm", "spm", "voice_call", "order_details"],
        "The example Send Flow Template Message has flow, another one CATALOG in capitals; the others are on Meta's pages."),
    "button_index": Deviation(
        ["TemplateComponent/properties/index"], lambda _: {"anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 9}, {"type": "string", "pattern": "^[0-9]$"}]},
        "The pattern ^[2-6, 11-14]$ means nothing, and the examples have \"0\" and 0."),
    "marketing_fields": Deviation(
        ["MarketingMessageRequestPayload/additionalProperties"], REMOVE,
        "The operation takes what /messages takes beside the template: biz_opaque_callback_data, context, recipient."),
    "marketing_recipient": Deviation(
        ["MarketingMessageRequestPayload/required"], lambda fields: [each for each in fields if each != "to"],
        "Since 2026 `recipient` may stand for `to`."),
}

# Examples of Meta's that the simulator refuses, and why that is right.
REFUSED_EXAMPLES = {
    "Send Sample Issue Resolution Template": "its texts are true and false, which no page of Meta's allows",
    "Send List Message": "rows have one placeholder for all their ids, which must differ",
    "Send Reply to List Message": "rows have one placeholder for all their ids, which must differ",
    "Send Order Status Message": "its placeholder for reference_id is longer than an id may be",
}
