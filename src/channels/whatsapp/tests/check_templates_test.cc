#include "kind_cases.h"

// Templates with all their components, whom a message goes to, and by which way.
namespace flowsell::whatsapp {
namespace {

class CheckTemplate : public CheckKind {};

TEST_P(CheckTemplate, HoldsAtItsPointer) {
  EXPECT_EQ(faults_of(GetParam().body), GetParam().faults);
}

// --- templates ---

std::string component(const std::string& fields, const std::string& parameters) {
  return "{" + fields + R"(,"parameters":[)" + parameters + "]}";
}
std::string template_with(const std::string& components, const std::string& more = "") {
  return request("template",
                 R"({"name":"n","language":{"code":"de"},"components":[)" + components + "]}",
                 more);
}
std::string header(const std::string& parameter) {
  return template_with(component(R"("type":"header")", parameter));
}
std::string body(const std::string& parameters) {
  return template_with(component(R"("type":"body")", parameters));
}
std::string button(const std::string& sub_type, const std::string& parameters,
                   const std::string& index = "0") {
  return component(R"("type":"button","sub_type":")" + sub_type + R"(","index":)" + index,
                   parameters);
}
std::string text(const std::string& words) { return R"({"type":"text","text":)" + words + "}"; }
std::string action(const std::string& fields) {
  return R"({"type":"action","action":{)" + fields + "}}";
}

const std::string kParameter = "/template/components/0/parameters/0";
const std::string kBodyText = component(R"("type":"body")", text("\"1234\""));

std::string to_user(std::string message) {
  const std::string number = "+4915155500001";
  return message.replace(message.find(number), number.size(), "US.13491208655302741918");
}

const KindCase kTemplates[] = {
    {"HeaderVideo", header(R"({"type":"video","video":{"id":"1"}})"), {}},
    {"HeaderGif", header(R"({"type":"gif","gif":{"link":"https://example.com/a.mp4"}})"), {}},
    {"HeaderDocumentWithBadLink",
     header(R"({"type":"document","document":{"link":"x","filename":"a.pdf"}})"),
     {kParameter + "/document/link invalid_format"}},
    {"HeaderLocation",
     header(
         R"({"type":"location","location":{"latitude":1,"longitude":2,"name":"N","address":"A"}})"),
     {}},
    {"HeaderLocationWithoutWords",
     header(R"({"type":"location","location":{"latitude":1,"longitude":2}})"),
     {kParameter + "/location/name too_short", kParameter + "/location/address too_short"}},
    {"HeaderProduct",
     header(R"({"type":"product","product":{"catalog_id":"1","product_retailer_id":"p"}})"),
     {}},
    {"HeaderPayload",
     header(R"({"type":"payload","payload":"x"})"),
     {kParameter + "/type not_allowed"}},

    {"BodyCurrency",
     body(
         R"({"type":"currency","currency":{"fallback_value":"₹10","code":"INR","amount_1000":10000}})"),
     {}},
    {"BodyCurrencyInWords",
     body(
         R"({"type":"currency","currency":{"fallback_value":"₹10","code":"rupee","amount_1000":1}})"),
     {kParameter + "/currency/code unknown_currency"}},
    {"BodyCurrencyThatNoneHas",
     body(
         R"({"type":"currency","currency":{"fallback_value":"10","code":"ZZZ","amount_1000":10000}})"),
     {kParameter + "/currency/code unknown_currency"}},
    {"BodyCurrencyShownAsNothing",
     body(
         R"({"type":"currency","currency":{"fallback_value":"  ","code":"ZWL","amount_1000":10000}})"),
     {kParameter + "/currency/fallback_value blank"}},
    {"BodyOfSpaces", body(text("\"   \"")), {kParameter + "/text blank"}},
    {"BodyOfNothing", body(text("\"\"")), {kParameter + "/text too_short"}},
    {"BodyWithABell", body(text(R"("a\u0007b")")), {kParameter + "/text invalid_characters"}},
    {"BodyWithDelete", body(text(R"("a\u007Fb")")), {kParameter + "/text invalid_characters"}},
    {"BodyWithNextLine", body(text(R"("a\u0085b")")), {kParameter + "/text invalid_characters"}},
    {"BodyWithLineSeparator",
     body(text(R"("a\u2028b")")),
     {kParameter + "/text invalid_characters"}},
    {"BodyWithNoCharacter", body(text(R"("a\uFFFFb")")), {kParameter + "/text invalid_characters"}},
    {"BodyInEveryScript", body(text(R"("é\u00A0आज 👍 \u200E\u200D\uFEFF\u202E")")), {}},
    {"BodyWithAVariable", body(text(R"("Hi {{1}}")")), {kParameter + "/text unfilled"}},
    {"BodyWithANamedVariable", body(text(R"("{{{first_name}}")")), {kParameter + "/text unfilled"}},
    {"BodyWithBraces", body(text(R"("{{}} {1} {{a-b}} {{")")), {}},
    {"HeaderOfSpaces", header(text("\" \"")), {kParameter + "/text blank"}},
    {"BodyDateTime", body(R"({"type":"date_time","date_time":{"fallback_value":"1 May"}})"), {}},
    {"BodyDateTimeUnfilled",
     body(R"({"type":"date_time","date_time":{"fallback_value":"{{date}}"}})"),
     {kParameter + "/date_time/fallback_value unfilled"}},
    {"BodyImage",
     body(R"({"type":"image","image":{"id":"1"}})"),
     {kParameter + "/type not_allowed"}},

    {"QuickReply",
     template_with(button("quick_reply", R"({"type":"payload","payload":)" + letters(256) + "}")),
     {}},
    {"QuickReplyOneTooLong",
     template_with(button("quick_reply", R"({"type":"payload","payload":)" + letters(257) + "}")),
     {kParameter + "/payload too_long"}},
    {"QuickReplyWithText",
     template_with(button("quick_reply", text("\"x\""))),
     {kParameter + "/type not_allowed"}},
    {"Url", template_with(button("url", text("\"track/42\""))), {}},
    {"UrlWithTwo",
     template_with(button("url", text("\"a\"") + "," + text("\"b\""))),
     {"/template/components/0/parameters too_many"}},
    {"ButtonWithoutIndex",
     template_with(component(R"("type":"button","sub_type":"url")", text("\"a\""))),
     {"/template/components/0/index required"}},
    {"LastButton", template_with(button("url", text("\"a\""), "9")), {}},
    {"ButtonBeyondTheLast",
     template_with(button("url", text("\"a\""), "10")),
     {"/template/components/0/index out_of_range"}},
    {"SameButtonTwice",
     template_with(button("url", text("\"a\""), "1") + "," +
                   button("quick_reply", R"({"type":"payload","payload":"x"})", "\"1\"")),
     {"/template/components/1/index duplicate"}},
    {"CopyCode",
     template_with(
         button("copy_code", R"({"type":"coupon_code","coupon_code":)" + letters(20) + "}")),
     {}},
    {"CopyCodeOneTooLong",
     template_with(
         button("copy_code", R"({"type":"coupon_code","coupon_code":)" + letters(21) + "}")),
     {kParameter + "/coupon_code too_long"}},
    {"CopyCodeOfSpaces",
     template_with(button("copy_code", R"({"type":"coupon_code","coupon_code":" "})")),
     {kParameter + "/coupon_code blank"}},
    {"CopyCodeWithATab",
     template_with(button("copy_code", R"({"type":"coupon_code","coupon_code":"A\tB"})")),
     {kParameter + "/coupon_code invalid_format"}},
    {"FlowButtonWithoutData",
     template_with(button("flow", action(R"("flow_token":"t","flow_action_data":{})"))),
     {kParameter + "/action/flow_action_data too_short"}},
    {"FlowButtonWithALongToken",
     template_with(button("flow", action(R"("flow_token":)" + letters(1025)))),
     {kParameter + "/action/flow_token too_long"}},
    {"FlowButton",
     template_with(button("flow", action(R"("flow_token":"t","flow_action_data":{"a":1})"))),
     {}},
    {"FlowButtonWithSections",
     template_with(button("flow", action(R"("flow_token":"t","sections":[{"product_items":[]}])"))),
     {kParameter + "/action/sections not_allowed"}},
    {"CatalogButton",
     template_with(button("catalog", action(R"("thumbnail_product_retailer_id":"p")"))),
     {}},
    {"ProductsButton",
     template_with(button("mpm", action(R"("thumbnail_product_retailer_id":"p","sections":[{
         "title":"S","product_items":[{"product_retailer_id":"p"}]}])"))),
     {}},
    {"ProductsButtonWithoutProducts",
     template_with(button("mpm", action(R"("thumbnail_product_retailer_id":"p")"))),
     {kParameter + "/action/sections required"}},
    {"ProductButton", template_with(R"({"type":"button","sub_type":"spm","index":0})"), {}},
    {"CallButton",
     template_with(component(R"("type":"button","sub_type":"voice_call")",
                             R"({"type":"ttl_minutes","ttl_minutes":1440},
                                {"type":"payload","payload":"p"})")),
     {}},
    {"PaymentButton",
     template_with(button("order_details", action(R"("order_details":{"reference_id":"A-1",
         "type":"digital-goods","payment_configuration":"c","currency":"INR",
         "total_amount":{"value":1,"offset":100}})"))),
     {}},
    {"PaymentButtonWithoutOrder",
     template_with(button("order_details", action(""))),
     {kParameter + "/action/order_details required"}},

    {"OneTimeCode", template_with(kBodyText + "," + button("otp", text("\"1234\""))), {}},
    {"OneTimeCodeOfAnotherCode",
     template_with(kBodyText + "," + button("otp", text("\"4321\""))),
     {"/template/components/1/parameters/0/text invalid_value"}},
    {"OneTimeCodeWithoutBody",
     template_with(button("otp", text("\"1234\""))),
     {kParameter + "/text invalid_value"}},
    {"OneTimeCodeOneTooLong",
     template_with(component(R"("type":"body")", text(letters(16))) + "," +
                   button("otp", text(letters(16)))),
     {"/template/components/1/parameters/0/text too_long"}},
    {"OneTimeCodeToAUser",
     to_user(template_with(kBodyText + "," + button("otp", text("\"1234\"")))),
     {"/to not_allowed"}},
    {"AuthenticationToAUser",
     to_user(template_with(kBodyText, R"(,"purpose":"authentication")")),
     {"/to not_allowed"}},
    {"UtilityToAUser", to_user(template_with(kBodyText, R"(,"purpose":"utility")")), {}},

    {"Offer",
     template_with(component(R"("type":"limited_time_offer")",
                             R"({"type":"limited_time_offer",
                                "limited_time_offer":{"expiration_time_ms":1790000000000}})")),
     {}},
    {"OfferInWords",
     template_with(component(R"("type":"limited_time_offer")", text("\"soon\""))),
     {kParameter + "/type not_allowed"}},
    {"TapTarget",
     template_with(component(R"("type":"tap_target_configuration")",
                             R"({"type":"tap_target_configuration","tap_target_configuration":[
                                {"url":"https://example.com","title":"Offer"}]})")),
     {}},
    {"TapTargetToNowhere",
     template_with(component(R"("type":"tap_target_configuration")",
                             R"({"type":"tap_target_configuration","tap_target_configuration":[
                                {"url":"example","title":""}]})")),
     {kParameter + "/tap_target_configuration/0/url invalid_format",
      kParameter + "/tap_target_configuration/0/title too_short"}},
    {"TapTargetUnfilled",
     template_with(component(R"("type":"tap_target_configuration")",
                             R"({"type":"tap_target_configuration","tap_target_configuration":[
                                {"url":"https://example.com","title":"{{1}}"}]})")),
     {kParameter + "/tap_target_configuration/0/title unfilled"}},
    {"StatusOfNoOrder",
     template_with(component(R"("type":"order_status")",
                             R"({"type":"order_status","order_status":{"reference_id":"A 1",
                                "order":{"status":"lost"}}})")),
     {kParameter + "/order_status/reference_id invalid_format",
      kParameter + "/order_status/order/status invalid_value"}},
    {"PaymentThatDoesNotAddUp",
     template_with(button("order_details", action(R"("order_details":{"reference_id":"A-1",
         "type":"digital-goods","payment_configuration":"c","currency":"INR",
         "total_amount":{"value":9,"offset":100},"order":{"status":"pending","items":[
         {"retailer_id":"a","name":"A","amount":{"value":5,"offset":100},
          "sale_amount":{"value":6,"offset":100},"quantity":1}],
         "subtotal":{"value":7,"offset":100}}})"))),
     {kParameter + "/action/order_details/order/items/0/sale_amount/value out_of_range",
      kParameter + "/action/order_details/order/subtotal/value invalid_value",
      kParameter + "/action/order_details/total_amount/value invalid_value"}},
    {"ProductsInUntitledSections",
     template_with(button("mpm", action(R"("thumbnail_product_retailer_id":"p","sections":[
         {"product_items":[{"product_retailer_id":"p"}]},{"title":"S","product_items":[]}])"))),
     {kParameter + "/action/sections/0/title too_short",
      kParameter + "/action/sections/1/product_items required"}},
    {"StatusOfAnOrder",
     template_with(component(R"("type":"order_status")",
                             R"({"type":"order_status","order_status":{"reference_id":"A-1",
                                "order":{"status":"completed"}}})")),
     {}},
    {"Cards",
     template_with(R"({"type":"carousel","cards":[{"components":[)" + kBodyText +
                   R"(]},{"components":[]}]})"),
     {}},
    {"OneCard",
     template_with(R"({"type":"carousel","cards":[{"components":[]}]})"),
     {"/template/components/0/cards too_few"}},
    {"FaultInACard",
     template_with(R"({"type":"carousel","cards":[{"components":[]},{"components":[)" +
                   button("url", text("\"a\\nb\"")) + "]}]}"),
     {"/template/components/0/cards/1/components/0/parameters/0/text invalid_format"}},
};
INSTANTIATE_TEST_SUITE_P(Templates, CheckTemplate, testing::ValuesIn(kTemplates), kKindName);

// --- whom it goes to, and by which way ---

std::string to_group(const std::string& type, const std::string& object,
                     const std::string& more = "") {
  return R"({"recipient_type":"group","to":"Y2FwaV9ncm91cA==","type":")" + type + R"(",")" + type +
         R"(":)" + object + more + "}";
}
const std::string kTemplate = R"({"name":"n","language":{"code":"de"}})";

const KindCase kEnvelopes[] = {
    {"TextToAGroup", to_group("text", R"({"body":"x"})"), {}},
    {"StickerToAGroup", to_group("sticker", R"({"id":"1"})"), {}},
    {"TemplateToAGroup", to_group("template", kTemplate), {}},
    {"LocationToAGroup",
     to_group("location", R"({"latitude":1,"longitude":2})"),
     {"/type not_allowed"}},
    {"ReactionToAGroup",
     to_group("reaction", R"({"message_id":"wamid.X","emoji":"👍"})"),
     {"/type not_allowed"}},
    {"KeyHashOfAGroup",
     to_group("text", R"({"body":"x"})", R"(,"recipient_identity_key_hash":"h")"),
     {"/recipient_identity_key_hash not_allowed"}},
    {"MarketingTemplate", request("template", kTemplate, R"(,"product_policy":"STRICT")"), {}},
    {"MarketingText",
     request("text", R"({"body":"x"})", R"(,"product_policy":"STRICT")"),
     {"/product_policy not_allowed"}},
    {"MarketingToAGroup",
     to_group("template", kTemplate, R"(,"message_activity_sharing":true)"),
     {"/message_activity_sharing not_allowed"}},
    {"MarketingForUtility",
     request("template", kTemplate, R"(,"product_policy":"STRICT","purpose":"utility")"),
     {"/product_policy not_allowed"}},
};
INSTANTIATE_TEST_SUITE_P(Envelopes, CheckTemplate, testing::ValuesIn(kEnvelopes), kKindName);

}  // namespace
}  // namespace flowsell::whatsapp
