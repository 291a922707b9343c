"""Templates: made, changed and deleted at the provider, mirrored here, and what sends are checked by."""

import pytest
from jsonschema import Draft202012Validator

from _support.api import code
from _support.graph import Graph
from _support.people import owner_of, sign_up
from _support.signing import ACCOUNT_ID, choice_of, post_callback
from _support.stack import Stack
from _support.waiting import wait_until

ANA = "+919876500201"
ORDER = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}},
    {"type": "BODY", "text": "Hello {{1}}, your order {{2}} is on its way to you", "example": {"body_text": [["Ana", "A-1"]]}},
    {"type": "FOOTER", "text": "Thank you"},
    {"type": "BUTTONS", "buttons": [
        {"type": "URL", "text": "Track", "url": "https://a.example/{{1}}", "example": ["https://a.example/1"]},
        {"type": "URL", "text": "Shop", "url": "https://a.example"},
        {"type": "QUICK_REPLY", "text": "Stop"}]}]
NAMED = [{"type": "BODY", "text": "Hello {{first_name}}, how are you today",
          "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Ana"}]}}]
LOGIN = [{"type": "BODY", "add_security_recommendation": True},
         {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]
SALE = [{"type": "BODY", "text": "Only for you, only now"},
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ends soon", "has_expiration": True}},
        {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "SAVE20"}]}]
CARD = {"components": [{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}},
                       {"type": "BODY", "text": "A fine thing"},
                       {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Buy", "url": "https://a.example/{{1}}",
                                                        "example": ["https://a.example/1"]}]}]}
CARDS = [{"type": "BODY", "text": "See what is new"}, {"type": "CAROUSEL", "cards": [CARD, CARD]}]
FLOW_ID = "900100200300"


def with_button(**button_of):
    return [{"type": "BODY", "text": "Hello from the shop"}, {"type": "BUTTONS", "buttons": [button_of]}]


DESIGNS = {"flow": ("utility", with_button(type="FLOW", text="Book", flow_id=FLOW_ID)),
           "shelf": ("marketing", with_button(type="MPM", text="See")),
           "catalog": ("marketing", with_button(type="CATALOG", text="See")),
           "pay": ("utility", with_button(type="ORDER_DETAILS", text="Pay")),
           "order": ("utility", ORDER), "named": ("utility", NAMED), "login": ("authentication", LOGIN), "sale": ("marketing", SALE),
           "cards": ("marketing", CARDS), "plain": ("utility", [{"type": "BODY", "text": "Hello from the shop"}])}


def definition(name, components=None, category="utility", language="en_US", **more):
    return {"name": name, "language": language, "category": category, "components": components or DESIGNS["plain"][1], **more}


def text(value, **more):
    return {"type": "text", "text": value, **more}


def body(*values):
    return {"type": "body", "parameters": [text(value) for value in values]}


def button(index, value, kind="url", **parameter):
    return {"type": "button", "sub_type": kind, "index": index, "parameters": [parameter or text(value)]}


HEADER = {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.example/a.jpg"}}]}
TRACK = button(0, "42")
COUPON = button(0, None, "copy_code", type="coupon_code", coupon_code="SAVE20")
BUY = {"components": [HEADER, TRACK]}


def offer(ms):
    return {"type": "limited_time_offer",
            "parameters": [{"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": ms}}]}


SECTION = {"title": "Cups", "product_items": [{"product_retailer_id": "cup-1"}]}


def products(*sections):
    return button(0, None, "mpm", type="action", action={"thumbnail_product_retailer_id": "cup-1", "sections": list(sections)})


def payment(total):
    """An order of 100 hundredths."""
    def amount(value):
        return {"value": value, "offset": 100}
    return button(0, None, "order_details", type="action", action={"order_details": {
        "reference_id": "A-1", "type": "digital-goods", "currency": "INR", "payment_configuration": "main", "total_amount": amount(total),
        "order": {"status": "pending", "items": [{"retailer_id": "a", "name": "Cup", "amount": amount(50), "quantity": 2}],
                  "subtotal": amount(100), "tax": amount(0)}}})


GOOD = {
    "flow": [button(0, None, "flow", type="action", action={"flow_token": "t", "flow_action_data": {"table": 4}})],
    "shelf": [products(SECTION, SECTION)],
    "catalog": [],
    "pay": [payment(100)],
    "order": [HEADER, body("Ana", "A-1"), TRACK],
    "named": [{"type": "body", "parameters": [text("Ana", parameter_name="first_name")]}],
    "login": [body("123456"), button(0, "123456")],
    "sale": [offer(4102444800000), COUPON],
    "cards": [{"type": "carousel", "cards": [{"card_index": 0, **BUY}, {"card_index": 1, **BUY}]}],
    "plain": [],
}
# What is sent: the template, the components, Meta's code, the place of our fault.
BAD = {
    "no_body": ("order", [HEADER, TRACK], 132000, "/template/components"),
    "a_parameter_missing": ("order", [HEADER, body("Ana"), TRACK], 132000, "/template/components/1/parameters"),
    "one_for_a_fixed_text": ("plain", [body("Ana")], 132000, "/template/components/0/parameters"),
    "no_name": ("named", [body("Ana")], 132000, "/template/components/0/parameters/0/parameter_name"),
    "another_name": ("named", [{"type": "body", "parameters": [text("Ana", parameter_name="name")]}], 132000,
                     "/template/components/0/parameters/0/parameter_name"),
    "no_header": ("order", [body("Ana", "A-1"), TRACK], 132012, "/template/components"),
    "another_header": ("order", [{"type": "header", "parameters": [{"type": "video", "video": {"id": "1"}}]}, body("Ana", "A-1"), TRACK],
                       132012, "/template/components/0/parameters/0/type"),
    "too_long": ("order", [HEADER, body("x" * 1020, "A-1"), TRACK], 132005, "/template/components/1/parameters"),
    "new_lines": ("order", [HEADER, body("one\ntwo", "A-1"), TRACK], 132018, "/template/components/1/parameters/0/text"),
    "many_spaces": ("order", [HEADER, body("one     two", "A-1"), TRACK], 132018, "/template/components/1/parameters/0/text"),
    "a_bell": ("order", [HEADER, body("one\atwo", "A-1"), TRACK], 132007, "/template/components/1/parameters/0/text"),
    "a_line_separator": ("order", [HEADER, body("one\u2028two", "A-1"), TRACK], 132007, "/template/components/1/parameters/0/text"),
    "a_space_in_a_url": ("order", [HEADER, body("Ana", "A-1"), button(0, "4 2")], 132007, "/template/components/2/parameters/0/text"),
    "only_spaces": ("order", [HEADER, body("Ana", "  "), TRACK], 132008, "/template/components/1/parameters/1/text"),
    "a_variable_unfilled": ("order", [HEADER, body("{{name}}", "A-1"), TRACK], 132008, "/template/components/1/parameters/0/text"),
    "no_currency": ("order", [HEADER, {"type": "body", "parameters": [text("Ana"), {"type": "currency", "currency": {
        "fallback_value": "10", "code": "ABC", "amount_1000": 10000}}]}, TRACK], 132008,
                    "/template/components/1/parameters/1/currency/code"),
    "a_coupon_of_spaces": ("sale", [offer(4102444800000), button(0, None, "copy_code", type="coupon_code", coupon_code="  ")], 132008,
                           "/template/components/1/parameters/0/coupon_code"),
    "no_flow_data": ("flow", [button(0, None, "flow", type="action", action={"flow_action_data": {}})], 131009,
                     "/template/components/0/parameters/0/action/flow_action_data"),
    "a_section_without_products": ("shelf", [products({"title": "Cups", "product_items": []})], 131009,
                                   "/template/components/0/parameters/0/action/sections/0/product_items"),
    "too_many_sections": ("shelf", [products(*[SECTION] * 11)], 131009,
                          "/template/components/0/parameters/0/action/sections"),
    "no_thumbnail": ("catalog", [button(0, None, "catalog", type="action", action={"thumbnail_product_retailer_id": ""})], 131009,
                     "/template/components/0/parameters/0/action/thumbnail_product_retailer_id"),
    "a_sum_that_is_none": ("pay", [payment(101)], 131009,
                           "/template/components/0/parameters/0/action/order_details/total_amount/value"),
    "an_order_lost": ("plain", [{"type": "order_status", "parameters": [{"type": "order_status", "order_status": {
        "reference_id": "A-1", "order": {"status": "lost"}}}]}], 131009,
                      "/template/components/0/parameters/0/order_status/order/status"),
    "a_tap_to_nowhere": ("plain", [{"type": "tap_target_configuration", "parameters": [{
        "type": "tap_target_configuration", "tap_target_configuration": [{"url": "nowhere", "title": "Shop"}]}]}], 131009,
                         "/template/components/0/parameters/0/tap_target_configuration/0/url"),
    "no_button": ("order", [HEADER, body("Ana", "A-1")], 131008, "/template/components"),
    "another_button": ("order", [HEADER, body("Ana", "A-1"), button(0, None, "quick_reply", type="payload", payload="x")], 132018,
                       "/template/components/2/sub_type"),
    "a_fixed_url": ("order", [HEADER, body("Ana", "A-1"), TRACK, button(1, "x")], 132018, "/template/components/3/parameters"),
    "no_such_button": ("order", [HEADER, body("Ana", "A-1"), TRACK, button(5, "x")], 132018, "/template/components/3/index"),
    "two_codes": ("login", [body("123456"), button(0, "123457")], 132012, "/template/components/1/parameters/0/text"),
    "a_long_code": ("login", [body("1234567890123456"), button(0, "1234567890123456")], 132012,
                    "/template/components/0/parameters/0/text"),
    "no_expiry": ("sale", [COUPON], 132012, "/template/components"),
    "no_coupon": ("sale", [offer(4102444800000)], 131008, "/template/components"),
    "one_card": ("cards", [{"type": "carousel", "cards": [{"card_index": 0, **BUY}, {"card_index": 1, **BUY}, {"card_index": 2, **BUY}]}],
                 132000, "/template/components/0/cards"),
    "a_card_without_its_url": ("cards", [{"type": "carousel", "cards": [
        {"card_index": 0, **BUY}, {"card_index": 1, "components": [HEADER]}]}], 131008, "/template/components/0/cards/1/components"),
    "unknown_name": ("nothing", [], 132001, "/template/name"),
}


def message(name, components, to=ANA, language="en_US"):
    template = {"name": name, "language": {"code": language}}
    return {"to": to, "type": "template", "template": {**template, **({"components": components} if components else {})}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A stack whose account has the templates of DESIGNS."""
    stack = Stack(tmp_path_factory.mktemp("shop"), simulator={"review-after-ms": 0}).start()
    stack.ids = {}
    for name, (category, components) in DESIGNS.items():
        more = {"parameter_format": "named"} if name == "named" else {}
        made = stack.api.post("/v1/templates", definition(name, components, category, **more))
        assert (made.status, made.json()["status"]) == (201, "approved"), made
        stack.ids[name] = made.json()["id"]
    yield stack
    stack.close()


@pytest.fixture
def own(make_stack):
    """A stack of the test's own, whose reviews are over at once."""
    return make_stack(simulator={"review-after-ms": 0})


def fault_of(answer):
    assert (answer.status, code(answer)) == (400, "invalid_request"), answer
    [fault] = answer.json()["errors"]
    return fault


# --- what sends are checked by

@pytest.mark.parametrize("name", GOOD)
def test_a_message_with_what_the_template_needs_is_sent(shop, name):
    answer = shop.api.send(message(name, GOOD[name]), prefer="wait=10")
    assert (answer.status, answer.json()["status"] in ("sent", "delivered", "read")) == (200, True), answer


@pytest.mark.parametrize("case", BAD)
def test_what_meta_would_refuse_is_refused_before_it_is_accepted(shop, case):
    name, components, meta_code, pointer = BAD[case]
    used = shop.api.quota()["used"]
    fault = fault_of(shop.api.send(message(name, components)))
    assert (fault["pointer"], bool(fault["fix"])) == (pointer, True)
    assert fault_of(shop.api.post("/v1/messages/validate", message(name, components))) == fault
    assert shop.api.quota()["used"] == used
    refused = Graph.of_simulator(shop).send(message(name, components))
    assert refused.json()["error"]["code"] == meta_code


def test_a_code_goes_to_no_user_id(shop):
    fault = fault_of(shop.api.send(message("login", GOOD["login"], to="US.13491208655302741918")))
    assert (fault["pointer"], fault["code"]) == ("/to", "needs_phone")


def test_an_expired_offer_is_refused(shop):
    fault = fault_of(shop.api.send(message("sale", [offer(1700000000000), COUPON])))
    assert fault["pointer"].endswith("/expiration_time_ms")


def test_another_language_is_another_template(shop):
    assert fault_of(shop.api.send(message("plain", [], language="de")))["code"] == "template_not_found"


def test_an_account_without_templates_takes_every_name(own):
    assert own.api.send(message("any", [body("Ana")])).status == 202


# --- what sends are checked by: flows

def flow_message(flow=FLOW_ID):
    return {"to": ANA, "type": "interactive", "interactive": {"type": "flow", "body": {"text": "Book a table"}, "action": {
        "name": "flow", "parameters": {"flow_id": flow, "flow_cta": "Book"}}}}


def test_a_flow_that_meta_blocks_is_refused_until_it_is_not(own):
    receiver = own.receiver()
    own.api.post("/v1/templates", definition("book", DESIGNS["flow"][1]))

    def becomes(status, nth):
        own.sim.call("POST", "flows", {"id": FLOW_ID, "status": status})
        told = receiver.wait_for(lambda all_of: [each for each in all_of if each.type == "flow.updated"][nth:], f"{status} is told")
        assert told[0].event["data"]["flow"]["status"] == status.lower()
    sends = {"/template/name": message("book", []), "/interactive/action/parameters/flow_id": flow_message()}
    assert all(own.api.send(each).status == 202 for each in sends.values())
    becomes("BLOCKED", 0)
    used = own.api.quota()["used"]
    for pointer, each in sends.items():
        fault = fault_of(own.api.send(each))
        assert (fault["pointer"], fault["code"], bool(fault["fix"])) == (pointer, "flow_blocked", True)
        assert fault_of(own.api.post("/v1/messages/validate", each)) == fault
        assert Graph.of_simulator(own).send(each_of_meta(each)).json()["error"]["code"] == 132068
        assert Graph.of_door(own).send(each_of_meta(each)).json()["error"]["code"] == 132068
    assert own.api.send(flow_message("1")).status == 202
    assert own.api.quota()["used"] == used + 1
    own.kill_and_restart()
    assert {fault_of(own.api.send(each))["code"] for each in sends.values()} == {"flow_blocked"}
    becomes("PUBLISHED", 1)
    assert all(own.api.send(each).status == 202 for each in sends.values())
    becomes("DEPRECATED", 2)
    assert {fault_of(own.api.send(each))["code"] for each in sends.values()} == {"flow_deprecated"}


def each_of_meta(each):
    """The same as Meta takes it."""
    if "interactive" not in each:
        return each
    action = {"name": "flow", "parameters": {"flow_message_version": "3", **each["interactive"]["action"]["parameters"]}}
    return {**each, "interactive": {**each["interactive"], "action": action}}


def test_a_throttled_flow_takes_ten_messages_an_hour(own):
    receiver = own.receiver()
    own.sim.call("POST", "flows", {"id": FLOW_ID, "status": "THROTTLED"})
    receiver.wait_for_type("flow.updated")
    keys = [f"flow-{nth}" for nth in range(11)]
    answers = [own.api.send(flow_message(), idempotency_key=key) for key in keys]
    assert [each.status for each in answers] == [202] * 10 + [400]
    fault = fault_of(answers[-1])
    assert (fault["pointer"], fault["code"]) == ("/interactive/action/parameters/flow_id", "flow_throttled")
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600
    # What was accepted is answered as it was; a restart forgets no place.
    again = own.api.send(flow_message(), idempotency_key=keys[0])
    assert (again.status, again.headers["Idempotent-Replayed"]) == (202, "true")
    own.kill_and_restart()
    assert fault_of(own.api.send(flow_message()))["code"] == "flow_throttled"
    assert own.api.send(flow_message("1")).status == 202
    refused = Graph.of_door(own).send(each_of_meta(flow_message()))
    assert refused.json()["error"]["code"] == 132069


def test_a_flow_whose_end_of_trouble_was_not_told_is_asked_for(own):
    receiver = own.receiver()
    own.sim.call("POST", "flows", {"id": FLOW_ID, "status": "BLOCKED"})
    receiver.wait_for_type("flow.updated")
    own.sim.call("POST", "flows", {"id": FLOW_ID, "status": "PUBLISHED", "quiet": True})
    assert own.api.send(flow_message()).status == 202


# --- schemas and previews

def valid(schema, template):
    return not list(Draft202012Validator(schema).iter_errors(template))


@pytest.mark.parametrize("name", GOOD)
def test_the_schema_takes_what_the_check_takes(shop, name):
    schema = shop.api.get(f"/v1/templates/{shop.ids[name]}/schema").json()
    Draft202012Validator.check_schema(schema)
    assert valid(schema, message(name, GOOD[name])["template"])
    assert not valid(schema, message("other", GOOD[name])["template"])


@pytest.mark.parametrize("case", [each for each in BAD if each not in (
    "too_long", "two_codes", "unknown_name", "no_currency", "a_sum_that_is_none")])
def test_the_schema_refuses_what_the_check_refuses(shop, case):
    """But for lengths of filled texts, a code that must come twice, which currencies there are, and sums."""
    name, components, _, _ = BAD[case]
    assert not valid(shop.api.get(f"/v1/templates/{shop.ids[name]}/schema").json(), message(name, components)["template"])


def test_a_preview_shows_what_will_be_seen(shop):
    shown = shop.api.post(f"/v1/templates/{shop.ids['order']}/preview", {"components": GOOD["order"]}).json()["preview"]
    assert shown["body"] == "Hello Ana, your order A-1 is on its way to you"
    assert shown["header"] == {"type": "image", "link": "https://a.example/a.jpg"}
    assert shown["buttons"][0] == {"type": "url", "text": "Track", "url": "https://a.example/42"}
    examples = shop.api.post(f"/v1/templates/{shop.ids['order']}/preview", {}).json()["preview"]
    assert examples["body"] == shown["body"]
    faulty = shop.api.post(f"/v1/templates/{shop.ids['order']}/preview", {"components": [HEADER, TRACK]})
    assert fault_of(faulty)["pointer"] == "/components"
    cards = shop.api.post(f"/v1/templates/{shop.ids['cards']}/preview", {"components": GOOD["cards"]}).json()["preview"]["cards"]
    assert [card["buttons"][0]["url"] for card in cards] == ["https://a.example/42"] * 2


# --- the life of a template

def test_a_template_is_made_changed_and_deleted(own):
    made = own.api.post("/v1/templates", definition("order_ready", ORDER)).json()
    assert (made["status"], made["version"], made["category"]) == ("approved", 1, "utility")
    target = f"/v1/templates/{made['id']}"
    assert own.api.get(target).json() == made
    changed = own.api.request("PATCH", target, body={"components": [{"type": "body", "text": "Your order is ready"}]})
    assert (changed.status, changed.json()["version"]) == (200, 2), changed
    versions = own.api.get(f"{target}/versions").json()["data"]
    assert [each["version"] for each in versions] == [2, 1]
    assert versions[0]["components"] == [{"type": "BODY", "text": "Your order is ready"}]
    assert versions[1]["made_by"].startswith("key_")
    assert own.api.send(message("order_ready", [])).status == 202
    assert own.api.request("DELETE", target).status == 204
    assert own.api.get(target).json()["status"] == "deleted"
    assert own.api.get("/v1/templates").json()["data"] == []
    assert [each["id"] for each in own.api.get("/v1/templates?status=deleted").json()["data"]] == [made["id"]]
    acts = [each["act"] for each in own.api.get(f"/v1/audit_events?target={made['id']}").json()["data"]]
    assert acts == ["template.deleted", "template.edited", "template.created"]


def test_one_call_makes_one_template(own):
    headers = {"Idempotency-Key": "made-once"}
    first = own.api.post("/v1/templates", definition("once"), headers=headers)
    again = own.api.post("/v1/templates", definition("once"), headers=headers)
    assert (again.status, again.headers["Idempotent-Replayed"], again.json()["id"]) == (201, "true", first.json()["id"])
    assert code(own.api.post("/v1/templates", definition("twice"), headers=headers)) == "idempotency_key_reused"
    refused = own.api.post("/v1/templates", definition("once"))
    assert (refused.status, refused.json()["provider"]["subcode"]) == (502, 2388024)


@pytest.mark.parametrize("change, pointer", [
    ({"name": "Order"}, "/name"),
    ({"language": "english"}, "/language"),
    ({"category": "news"}, "/category"),
    ({"parameter_format": "free"}, "/parameter_format"),
    ({"message_send_ttl_seconds": 5}, "/message_send_ttl_seconds"),
    ({"connection_id": "con_01kb2v5m4q8x9r3t6w7y0z1a2c"}, "/connection_id"),
    ({"components": [{"type": "BODY", "text": "{{1}} is your order", "example": {"body_text": [["A"]]}}]}, "/components/0/text"),
    ({"components": [{"type": "BODY", "text": "Your order {{1}} is ready"}]}, "/components/0/example/body_text"),
    ({"components": [{"type": "BODY", "text": "x" * 1025}]}, "/components/0/text"),
    ({"components": [{"type": "FOOTER", "text": "Thanks"}]}, "/components"),
    ({"components": [{"type": "BODY", "text": "Hello"}, {"type": "HEADER", "format": "IMAGE"}]},
     "/components/1/example/header_handle"),
    ({"components": [{"type": "BODY", "text": "Hello"}, {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "x" * 26,
                                                                                        "url": "https://a.example"}]}]},
     "/components/1/buttons/0/text"),
    ({"category": "authentication", "components": [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [
        {"type": "OTP", "otp_type": "ONE_TAP"}]}]}, "/components/1/buttons/0/supported_apps"),
])
def test_faults_of_a_template_are_named_before_the_provider_is_asked(shop, change, pointer):
    assert fault_of(shop.api.post("/v1/templates", {**definition("faulty"), **change}))["pointer"] == pointer


def test_what_happens_at_the_provider_is_known_here(own):
    receiver = own.receiver()
    made = own.api.post("/v1/templates", definition("order_ready")).json()
    target = f"/v1/templates/{made['id']}"

    def act(what, **more):
        own.sim.call("POST", "templates", {"id": made["provider_id"], "do": what, **more})

    def becomes(field, value):
        return wait_until(lambda: own.api.get(target).json()[field] == value, f"{field} is {value}")
    act("pause")
    becomes("status", "paused")
    assert own.api.get(target).json()["quality"] == "red"
    told = receiver.wait_for_type("template.status_updated")
    assert told.event["data"]
    assert fault_of(own.api.send(message("order_ready", [])))["code"] == "template_paused"
    act("approve")
    becomes("status", "approved")
    assert own.api.send(message("order_ready", [])).status == 202
    act("recategorise", category="MARKETING")
    becomes("category", "marketing")
    act("disable")
    becomes("status", "disabled")
    assert fault_of(own.api.send(message("order_ready", [])))["code"] == "template_disabled"
    act("reject", reason="SCAM")
    becomes("rejected_reason", "scam")
    assert own.api.get(f"{target}/versions").json()["data"][0]["status"] == "rejected"
    assert fault_of(own.api.send(message("order_ready", [])))["code"] == "template_not_approved"


def at_meta(stack, name, **more):
    """A template that somebody makes at the provider itself."""
    made = Graph.of_simulator(stack).call("POST", f"{ACCOUNT_ID}/message_templates",
                                          {**definition(name, **more), "category": "UTILITY"})
    assert made.status == 200, made
    return made.json()["id"]


def test_what_is_made_at_the_provider_is_found_by_the_first_send(make_stack):
    own = make_stack(simulator={"review-after-ms": 0}, settings={"WHATSAPP_VERIFY_TOKEN": "vt"})
    own.sim.call("POST", "settings", {"webhook_url": ""})  # it tells nobody
    at_meta(own, "made_there", components=[{"type": "BODY", "text": "Your order {{1}} is ready now",
                                            "example": {"body_text": [["A"]]}}])
    assert fault_of(own.api.send(message("made_there", [])))["pointer"] == "/template/components"
    assert own.api.send(message("made_there", [body("A-1")])).status == 202
    [row] = own.api.get("/v1/templates").json()["data"]
    assert (row["name"], row["status"]) == ("made_there", "approved")


def test_a_sync_finds_what_is_new_and_what_is_gone(own):
    kept = own.api.post("/v1/templates", definition("kept")).json()
    connection = kept["connection_id"]
    own.sim.call("POST", "settings", {"webhook_url": ""})
    at_meta(own, "new_there")
    Graph.of_simulator(own).call("DELETE", f"{ACCOUNT_ID}/message_templates?name=kept")
    once = {"Idempotency-Key": "synced-once"}
    report = own.api.post(f"/v1/connections/{connection}/templates/sync", headers=once).json()
    replay = own.api.post(f"/v1/connections/{connection}/templates/sync", headers=once)
    assert (replay.headers["Idempotent-Replayed"], replay.json()["synced_at"]) == ("true", report["synced_at"])
    assert (report["templates"], report["added"], report["deleted"]) == (1, 1, 1)
    assert [each["name"] for each in own.api.get("/v1/templates").json()["data"]] == ["new_there"]
    again = own.api.post(f"/v1/connections/{connection}/templates/sync").json()
    assert (again["added"], again["changed"], again["deleted"]) == (0, 0, 0)
    assert own.api.get("/v1/audit_events?act=templates.synced").json()["data"][0]["target"] == connection


def test_a_sync_tells_what_no_webhook_told(own):
    receiver = own.receiver()
    kept, gone = (own.api.post("/v1/templates", definition(name)).json() for name in ("kept", "gone"))
    receiver.wait_for(lambda all_of: len(all_of) >= 2, "both were approved")
    own.sim.call("POST", "settings", {"webhook_url": ""})
    own.sim.call("POST", "templates", {"id": kept["provider_id"], "do": "recategorise", "category": "MARKETING"})
    own.sim.call("POST", "templates", {"id": kept["provider_id"], "do": "pause"})
    Graph.of_simulator(own).call("DELETE", f"{ACCOUNT_ID}/message_templates?name=gone")
    before = len(receiver.all())
    sync = f"/v1/connections/{kept['connection_id']}/templates/sync"
    assert own.api.post(sync).json()["changed"] == 1
    told = receiver.wait_for(lambda all_of: all_of[before:] if len(all_of) >= before + 4 else None, "the changes are told")
    news = {(each.type, each.event["data"]["template"]["name"]): each.event["data"]["template"] for each in told}
    assert news["template.status_updated", "kept"]["status"] == "paused"
    assert (news["template.category_updated", "kept"]["previous_category"],
            news["template.category_updated", "kept"]["category"]) == ("utility", "marketing")
    assert news["template.quality_updated", "kept"]["quality"] == "red"
    assert news["template.status_updated", "gone"]["status"] == "deleted"
    assert news["template.status_updated", "gone"]["provider_id"] == gone["provider_id"]
    assert own.api.post(sync).json()["changed"] == 0
    wait_until(own.deliveries_done, "nothing waits")
    assert len(receiver.all()) == before + 4


def test_templates_are_known_after_a_restart(own):
    own.api.post("/v1/templates", definition("order_ready", ORDER))
    own.kill_and_restart()
    own.stop_simulator()
    assert fault_of(own.api.send(message("order_ready", [HEADER, TRACK])))["pointer"] == "/template/components"
    assert own.api.send(message("order_ready", GOOD["order"])).status == 202


def test_a_provider_that_is_away_stops_no_send(own):
    own.stop_simulator()
    assert own.api.send(message("any", [body("Ana")])).status == 202


def test_a_template_is_archived_and_brought_back(own):
    made = own.api.post("/v1/templates", definition("order_ready")).json()
    target = f"/v1/templates/{made['id']}"
    assert own.api.post(f"{target}/archive").json()["status"] == "archived"
    assert fault_of(own.api.send(message("order_ready", [])))["code"] == "template_not_approved"
    assert code(own.api.post(f"{target}/archive")) == "conflict"
    assert own.api.post(f"{target}/unarchive").json()["status"] == "approved"
    assert own.api.send(message("order_ready", [])).status == 202


def test_a_pause_is_ended(own):
    made = own.api.post("/v1/templates", definition("order_ready")).json()
    target = f"/v1/templates/{made['id']}"
    own.sim.call("POST", "templates", {"id": made["provider_id"], "do": "pause"})
    wait_until(lambda: own.api.get(target).json()["status"] == "paused", "the template is paused")
    assert code(own.api.post(f"{target}/unpause")) == "conflict"  # too early
    own.sim.call("POST", "clock", {"advance_seconds": 301})
    assert own.api.post(f"{target}/unpause").json()["status"] == "approved"


def test_the_library_has_templates_to_take(own):
    found = own.api.get("/v1/template_library?search=delivery").json()["data"]
    assert found[0]["name"] == "delivery_update_1"
    wish = {"name": "my_delivery", "language": "en_US", "category": "utility", "library_template_name": "delivery_update_1",
            "library_template_button_inputs": [{"type": "URL", "url": {"base_url": "https://shop.example/{{1}}",
                                                                       "url_suffix_example": "https://shop.example/1"}}]}
    made = own.api.post("/v1/templates", wish).json()
    assert [each["type"] for each in made["components"]] == ["HEADER", "BODY", "BUTTONS"]
    both = own.api.post("/v1/templates", {**wish, "components": NAMED})
    assert fault_of(both)["pointer"] == "/components"


def test_a_template_is_copied(own):
    login = own.api.post("/v1/templates", definition("login", LOGIN, "authentication")).json()
    copied = own.api.post(f"/v1/templates/{login['id']}/copy", {"connection_id": login["connection_id"], "name": "login_2"})
    assert (copied.status, copied.json()["status"]) == (201, "approved"), copied
    assert own.api.send(message("login_2", GOOD["login"])).status == 202
    order = own.api.post("/v1/templates", definition("order", ORDER)).json()
    wish = {"connection_id": order["connection_id"], "name": "order_2", "header_handle": "4::bmV3"}
    again = own.api.post(f"/v1/templates/{order['id']}/copy", wish).json()
    assert again["components"][0]["example"]["header_handle"] == ["4::bmV3"]


def test_all_languages_of_a_name_are_deleted_at_once(own):
    for language in ("en_US", "de"):
        made = own.api.post("/v1/templates", definition("hello", language=language)).json()
    assert own.api.request("DELETE", f"/v1/templates?name=hello&connection_id={made['connection_id']}").status == 204
    assert own.api.get("/v1/templates").json()["data"] == []
    assert own.api.request("DELETE", "/v1/templates").json()["errors"][0]["pointer"] == "?name"


# --- who may

def test_who_may_manage_templates(own):
    made = own.api.post("/v1/templates", definition("order_ready")).json()
    target = f"/v1/templates/{made['id']}"
    owner = owner_of(own.server)
    key = owner.make_key(scopes=["templates:read"]).json()["key"]
    assert own.api.get(target, key=key).status == 200
    assert own.api.post(f"{target}/preview", {}, key=key).status == 200
    for method, path in (("DELETE", target), ("POST", "/v1/templates"), ("PATCH", target), ("POST", f"{target}/archive")):
        assert code(own.api.request(method, path, body=definition("x"), key=key)) == "insufficient_scope"
    # A person looks at test mode; in live mode there is no such template.
    assert owner.get(target, headers={"Connect-Mode": "test"}).status == 200
    assert owner.get(target, headers={"Connect-Mode": "live"}).status == 404
    stranger = sign_up(own.server, "stranger@example.com")
    stranger.workspace = stranger.post("/v1/workspaces", {"name": "Another"}).json()["id"]
    assert stranger.get(target, headers={"Connect-Mode": "test"}).status == 404


def test_a_template_of_category_marketing_goes_to_nobody_who_has_opted_out(own):
    made = own.api.post("/v1/templates", definition("sale", SALE, "marketing"))
    assert made.status == 201, made
    assert post_callback(own, choice_of(ANA[1:], "stop")).status == 200
    wait_until(lambda: own.api.get("/v1/events?type=contact.preferences_updated").json()["data"], "the choice is known")
    sale = message("sale", GOOD["sale"])
    assert code(own.api.send(sale)) == "recipient_opted_out"
    assert code(own.api.send({**sale, "purpose": "utility"})) == "recipient_opted_out"
    assert own.api.send({**sale, "to": "+919876500299"}).status == 202
