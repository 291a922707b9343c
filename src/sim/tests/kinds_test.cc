// Requests written by hand, as no client of ours writes them: what is wrong with each is Meta's
// business to find.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "check_body.h"

namespace flowsell::sim {
namespace {

std::string to_user(std::string_view rest) {
  return to(R"("recipient":"DE.13491208655302741918")", rest);
}
std::string to_group(std::string_view rest) {
  return to(R"("recipient_type":"group","to":"Y2FwaV9ncm91cA")", rest);
}

std::string many(std::size_t count, std::string_view one) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + std::string(one);
  return out;
}

struct Case {
  std::string name;
  std::string body;
  int code;
  SendEdge edge = SendEdge::kMessages;
};

class KindCheck : public testing::TestWithParam<Case> {};
TEST_P(KindCheck, GivesMetasCode) {
  EXPECT_EQ(code_of(GetParam().body, GetParam().edge), GetParam().code);
}
const auto kName = [](const auto& param_info) { return param_info.param.name; };

std::string contacts(std::string_view more,
                     std::string_view name = R"({"formatted_name":"A","first_name":"A"})") {
  return message(fmt::format(R"("type":"contacts","contacts":[{{"name":{}{}}}])", name, more));
}

INSTANTIATE_TEST_SUITE_P(
    Contacts, KindCheck,
    testing::Values(
        Case{"Full", contacts(R"(,"phones":[{"phone":"+1","type":"HOME","wa_id":"1"}],
             "emails":[{"email":"a@b"}],"urls":[{"url":"https://a"}],"addresses":[{"city":"C"}],
             "org":{"company":"C"},"birthday":"2012-08-18")"),
             0},
        Case{"NoName", message(R"("type":"contacts","contacts":[{}])"), 131008},
        Case{"NameIsAText", contacts("", "\"A\""), 100},
        Case{"UnknownKey", contacts(R"(,"nick":"a")"), 100},
        Case{"PhoneWithoutNumber", contacts(R"(,"phones":[{"type":"HOME"}])"), 131008},
        Case{"PhoneIsANumber", contacts(R"(,"phones":[{"phone":49}])"), 100},
        Case{"EmailUnknownKey", contacts(R"(,"emails":[{"email":"a","name":"b"}])"), 100},
        Case{"OrgOfNumbers", contacts(R"(,"org":{"company":1})"), 100},
        Case{"BirthdayInWords", contacts(R"(,"birthday":"yesterday")"), 131009},
        Case{"NotAList", message(R"("type":"contacts","contacts":{})"), 100},
        Case{"TooMany",
             message(R"("type":"contacts","contacts":[)" +
                     many(258, R"({"name":{"formatted_name":"A","first_name":"A"}})") + "]"),
             131009}),
    kName);

std::string interactive(std::string_view type, std::string_view action,
                        std::string_view more = R"(,"body":{"text":"b"})") {
  return message(fmt::format(R"("type":"interactive","interactive":{{"type":"{}","action":{}{}}})",
                             type, action, more));
}

std::string card(std::string_view more) {
  return fmt::format(R"({{"type":"cta_url","header":{{"type":"image","image":{{"id":"1"}}}},
      "action":{{"name":"cta_url","parameters":{{"display_text":"Go","url":"https://a"}}}}{}}})",
                     more);
}
std::string carousel(std::string_view cards) {
  return interactive("carousel", fmt::format(R"({{"cards":[{}]}})", cards));
}

std::string flow(std::string_view parameters) {
  return interactive("flow", fmt::format(R"({{"name":"flow","parameters":{{"flow_cta":"Go",
      "flow_message_version":"3"{}}}}})",
                                         parameters));
}

std::string products(std::string_view sections, std::string_view more) {
  return interactive("product_list",
                     fmt::format(R"({{"catalog_id":"1","sections":[{}]}})", sections), more);
}
constexpr std::string_view kHeader = R"(,"body":{"text":"b"},"header":{"type":"text","text":"h"})";
constexpr std::string_view kProduct = R"({"product_retailer_id":"p"})";

INSTANTIATE_TEST_SUITE_P(
    Interactive, KindCheck,
    testing::Values(
        Case{"NoBody", interactive("button", R"({"buttons":[]})", ""), 131008},
        Case{"ListWithImage",
             interactive("list", R"({"button":"O","sections":[{"rows":[{"id":"a","title":"A"}]}]})",
                         R"(,"body":{"text":"b"},"header":{"type":"image","image":{"id":"1"}})"),
             131009},
        Case{"LocationRequest",
             interactive("location_request_message", R"({"name":"send_location"})"), 0},
        Case{"LocationRequestOfAnotherName",
             interactive("location_request_message", R"({"name":"location"})"), 131009},
        Case{"LocationRequestWithFooter",
             interactive("location_request_message", R"({"name":"send_location"})",
                         R"(,"body":{"text":"b"},"footer":{"text":"f"})"),
             131009},
        Case{"AddressWithoutCountry",
             interactive("address_message", R"({"name":"address_message","parameters":{}})"),
             131008},
        Case{"AddressOfSmallCountry",
             interactive("address_message",
                         R"({"name":"address_message","parameters":{"country":"in"}})"),
             131009},
        Case{"AddressOfNumbers", interactive("address_message", R"({"name":"address_message",
                 "parameters":{"country":"IN","values":{"in_pin_code":411001}}})"),
             100},
        Case{"SavedAddressWithoutId", interactive("address_message", R"({"name":"address_message",
                 "parameters":{"country":"IN","saved_addresses":[{"value":{}}]}})"),
             131008},
        Case{"ProductWithoutCatalog", interactive("product", R"({"product_retailer_id":"p"})"),
             131008},
        Case{"ProductWithHeader",
             interactive("product", R"({"catalog_id":"1","product_retailer_id":"p"})", kHeader),
             131009},
        Case{"ProductList", products(R"({"product_items":[{"product_retailer_id":"p"}]})", kHeader),
             0},
        Case{"ProductListWithoutHeader",
             products(R"({"product_items":[{"product_retailer_id":"p"}]})",
                      R"(,"body":{"text":"b"})"),
             131008},
        Case{"ProductListOfThirtyOne",
             products(fmt::format(R"({{"title":"a","product_items":[{}]}},
                 {{"title":"b","product_items":[{}]}})",
                                  many(30, kProduct), kProduct),
                      kHeader),
             131009},
        Case{"ProductListOfEmptySection", products(R"({"product_items":[]})", kHeader), 131009},
        Case{"CatalogWithoutThumbnail",
             interactive("catalog_message", R"({"name":"catalog_message"})"), 0},
        Case{"CatalogOfUnknownKey",
             interactive("catalog_message",
                         R"({"name":"catalog_message","parameters":{"product":"p"}})"),
             100},
        Case{"FlowOfNoName", flow(""), 131008},
        Case{"FlowOfTwoNames", flow(R"(,"flow_id":"1","flow_name":"n")"), 131009},
        Case{"FlowOfAnotherVersion",
             interactive("flow", R"({"name":"flow","parameters":{"flow_cta":"Go","flow_id":"1",
                 "flow_message_version":"2"}})"),
             131009},
        Case{"FlowWithEmoji",
             interactive("flow", R"({"name":"flow","parameters":{"flow_cta":"Go 👍","flow_id":"1",
                 "flow_message_version":"3"}})"),
             131009},
        Case{"FlowOfEmptyData",
             flow(R"(,"flow_id":"1","flow_action_payload":{"screen":"S","data":{}})"), 131009},
        Case{"FlowPayloadWithoutScreen", flow(R"(,"flow_id":"1","flow_action_payload":{})"),
             131008},
        Case{"FlowExchangeWithPayload", flow(R"(,"flow_id":"1","flow_action":"data_exchange",
                 "flow_action_payload":{"screen":"S"})"),
             131009},
        Case{"Carousel", carousel(card(R"(,"card_index":0)") + "," + card(R"(,"card_index":1)")),
             0},
        Case{"CarouselOfOne", carousel(card(R"(,"card_index":0)")), 131009},
        Case{"CardWithoutIndex", carousel(card("") + "," + card("")), 131008},
        Case{"SameCardTwice",
             carousel(card(R"(,"card_index":0)") + "," + card(R"(,"card_index":0)")), 131009},
        Case{"CardOfThreeBreaks",
             carousel(card(R"(,"card_index":0,"body":{"text":"a\n\n\nb"})") + "," +
                      card(R"(,"card_index":1)")),
             131009},
        Case{"CardsThatDiffer",
             carousel(card(R"(,"card_index":0)") +
                      R"(,{"card_index":1,"type":"product","action":{"catalog_id":"1",
                          "product_retailer_id":"p"}})"),
             131009},
        Case{"CardsOfTwoCatalogs",
             carousel(R"({"card_index":0,"type":"product","action":{"catalog_id":"1",
                      "product_retailer_id":"p"}},{"card_index":1,"type":"product",
                      "action":{"catalog_id":"2","product_retailer_id":"p"}})"),
             131009},
        Case{"CallTooLong",
             interactive("voice_call",
                         R"({"name":"voice_call","parameters":{"ttl_minutes":43201}})"),
             131009},
        Case{"CallTtlIsAFraction",
             interactive("voice_call", R"({"name":"voice_call","parameters":{"ttl_minutes":1.5}})"),
             100},
        Case{"CallPermission",
             interactive("call_permission_request", R"({"name":"call_permission_request"})", ""),
             0},
        Case{"ContactRequestByItsOtherName",
             interactive("request_contact_info", R"({"name":"request_contact_info"})"), 0}),
    kName);

std::string pay(std::string_view parameters) {
  return interactive("order_details",
                     fmt::format(R"({{"name":"review_and_pay","parameters":{}}})", parameters));
}
std::string order(int subtotal, int total, std::string_view status = "pending", int offset = 100) {
  return pay(fmt::format(
      R"({{"reference_id":"A-1","type":"digital-goods","currency":"INR","payment_configuration":"c",
      "total_amount":{{"value":{},"offset":{}}},"order":{{"status":"{}","subtotal":{{"value":{},
      "offset":100}},"items":[{{"retailer_id":"r","name":"n","quantity":2,"amount":{{"value":50,
      "offset":100}}}}],"tax":{{"value":10,"offset":100}}}}}})",
      total, offset, status, subtotal));
}

INSTANTIATE_TEST_SUITE_P(
    Orders, KindCheck,
    testing::Values(
        Case{"Details", order(100, 110), 0}, Case{"SubtotalIsNotTheSum", order(99, 109), 131009},
        Case{"TotalIsNotTheSum", order(100, 100), 131009},
        Case{"NotPending", order(100, 110, "shipped"), 131009},
        Case{"AnotherOffset", order(100, 110, "pending", 1000), 131009},
        Case{"NoWayToPay", pay(R"({"reference_id":"A","type":"digital-goods","currency":"INR",
                 "total_amount":{"value":1,"offset":100}})"),
             131008},
        Case{"UnknownWayToPay", pay(R"({"reference_id":"A","type":"digital-goods","currency":"INR",
                 "payment_settings":[{"type":"cash","cash":{}}],
                 "total_amount":{"value":1,"offset":100}})"),
             131009},
        Case{"ReferenceWithSpace",
             pay(R"({"reference_id":"A 1","type":"digital-goods","currency":"INR"})"), 131009},
        Case{"StatusOfNoKind", interactive("order_status", R"({"name":"review_order","parameters":{
                 "reference_id":"A","order":{"status":"lost"}}})"),
             131009}),
    kName);

std::string tmpl(std::string_view components, std::string_view name = "n") {
  return fmt::format(
      R"("type":"template","template":{{"name":"{}","language":{{"code":"de"}},"components":[{}]}})",
      name, components);
}
std::string button(std::string_view kind, std::string_view parameters,
                   std::string_view index = "0") {
  return fmt::format(R"({{"type":"button","sub_type":"{}","index":{},"parameters":[{}]}})", kind,
                     index, parameters);
}
std::string in(std::string_view component, std::string_view parameters) {
  return fmt::format(R"({{"type":"{}","parameters":[{}]}})", component, parameters);
}
constexpr std::string_view kText = R"({"type":"text","text":"1234"})";
const std::string kCode =
    tmpl(in("body", kText) + "," + button("url", kText), "authentication_code");

INSTANTIATE_TEST_SUITE_P(
    Templates, KindCheck,
    testing::Values(
        Case{"HeaderOfTwo", message(tmpl(in("header", many(2, kText)))), 132000},
        Case{"PayloadInABody", message(tmpl(in("body", R"({"type":"payload","payload":"x"})"))),
             132012},
        Case{"ImageInABody", message(tmpl(in("body", R"({"type":"image","image":{"id":"1"}})"))),
             132012},
        Case{"CurrencyInAHeader",
             message(tmpl(in("header", R"({"type":"currency","currency":{"fallback_value":"1",
                 "code":"INR","amount_1000":1}})"))),
             132012},
        Case{"CurrencyOfNoCode",
             message(tmpl(in("body", R"({"type":"currency","currency":{"fallback_value":"1",
                 "amount_1000":1}})"))),
             131008},
        Case{"HeaderLocationWithoutName",
             message(tmpl(in("header",
                             R"({"type":"location","location":{"latitude":1,"longitude":1}})"))),
             131008},
        Case{"HeaderProductWithoutCatalog",
             message(tmpl(in("header",
                             R"({"type":"product","product":{"product_retailer_id":"p"}})"))),
             131008},
        Case{"ButtonWithoutIndex",
             message(tmpl(R"({"type":"button","sub_type":"url","parameters":[]})")), 131008},
        Case{"ButtonIndexIsAWord", message(tmpl(button("url", kText, "\"first\""))), 100},
        Case{"ButtonBeyondTheLast", message(tmpl(button("url", kText, "10"))), 131009},
        Case{"ButtonOfNoKind", message(tmpl(button("lever", kText))), 131009},
        Case{
            "ButtonInCapitals",
            message(tmpl(button(
                "CATALOG", R"({"type":"action","action":{"thumbnail_product_retailer_id":"p"}})"))),
            0},
        Case{"PayloadForAUrl", message(tmpl(button("url", R"({"type":"payload","payload":"x"})"))),
             132012},
        Case{"CouponTooLong",
             message(tmpl(button(
                 "copy_code", R"({"type":"coupon_code","coupon_code":"123456789012345678901"})"))),
             131009},
        Case{"ActionOfUnknownKey",
             message(tmpl(button("flow", R"({"type":"action","action":{"token":"t"}})"))), 100},
        Case{"CallWithoutIndex",
             message(tmpl(R"({"type":"button","sub_type":"voice_call","parameters":[
                 {"type":"ttl_minutes","ttl_minutes":60},{"type":"payload","payload":"p"}]})")),
             0},
        Case{"OfferWithoutTime",
             message(tmpl(in("limited_time_offer",
                             R"({"type":"limited_time_offer","limited_time_offer":{}})"))),
             131008},
        Case{"TapTargetTwice",
             message(tmpl(in("tap_target_configuration", R"({"type":"tap_target_configuration",
                 "tap_target_configuration":[{"url":"https://a","title":"t"},
                 {"url":"https://b","title":"t"}]})"))),
             131009},
        Case{"CardsWithoutIndex",
             message(tmpl(R"({"type":"carousel","cards":[{"components":[]}]})")), 131008},
        Case{"FaultInACard",
             message(tmpl(R"({"type":"carousel","cards":[{"card_index":0,"components":[)" +
                          in("body", R"({"type":"text","text":"a\nb"})") + "]}]}")),
             132018},
        Case{"Bell", message(tmpl(in("body", R"({"type":"text","text":"a\u0007b"})"))), 132007},
        Case{"Delete", message(tmpl(in("body", R"({"type":"text","text":"a\u007Fb"})"))), 132007},
        Case{"NextLine", message(tmpl(in("body", R"({"type":"text","text":"a\u0085b"})"))), 132007},
        Case{"ParagraphSeparator",
             message(tmpl(in("header", R"({"type":"text","text":"\u2029"})"))), 132007},
        Case{"NoCharacter", message(tmpl(in("body", R"({"type":"text","text":"\uFFFE"})"))),
             132007},
        Case{"EveryScript",
             message(tmpl(in("body", R"({"type":"text","text":"é\u00A0आज 👍 \u200E\uFEFF"})"))), 0},
        Case{"Blank", message(tmpl(in("body", R"({"type":"text","text":"   "})"))), 132008},
        Case{"Unfilled", message(tmpl(in("body", R"({"type":"text","text":"Hi {{name}}"})"))),
             132008},
        Case{"Braces", message(tmpl(in("body", R"({"type":"text","text":"{{}} {1} {{a-b}}"})"))),
             0},
        Case{"DateUnfilled",
             message(tmpl(in("body",
                             R"({"type":"date_time","date_time":{"fallback_value":"{{1}}"}})"))),
             132008},
        Case{"CurrencyThatNoneHas",
             message(tmpl(in("body", R"({"type":"currency","currency":{"fallback_value":"1",
                 "code":"ZZZ","amount_1000":1}})"))),
             132008},
        Case{"CouponOfSpaces",
             message(tmpl(button("copy_code", R"({"type":"coupon_code","coupon_code":"  "})"))),
             132008},
        Case{"FlowWithEmptyData",
             message(tmpl(button("flow", R"({"type":"action","action":{"flow_action_data":{}}})"))),
             131009},
        Case{"SectionOfNoProducts", message(tmpl(button("mpm", R"({"type":"action","action":{
                 "thumbnail_product_retailer_id":"p","sections":[{"title":"S",
                 "product_items":[]}]}})"))),
             131009},
        Case{"SaleAboveTheAmount",
             message(tmpl(button("order_details", R"({"type":"action","action":{"order_details":{
                 "reference_id":"r","type":"digital-goods","payment_configuration":"c",
                 "currency":"INR","total_amount":{"value":6,"offset":100},"order":{
                 "status":"pending","items":[{"retailer_id":"a","name":"A","quantity":1,
                 "amount":{"value":5,"offset":100},"sale_amount":{"value":6,"offset":100}}],
                 "subtotal":{"value":6,"offset":100}}}}})"))),
             131009},
        Case{"StatusOfNoOrder",
             message(tmpl(in("order_status", R"({"type":"order_status","order_status":{
                 "reference_id":"r","order":{"status":"lost"}}})"))),
             131009},
        Case{"TapTargetUnfilled",
             message(tmpl(in("tap_target_configuration", R"({"type":"tap_target_configuration",
                 "tap_target_configuration":[{"url":"https://a.example","title":"{{1}}"}]})"))),
             132008},
        Case{"OneTimeCode", message(kCode), 0},
        Case{"OneTimeCodeOnce", message(tmpl(in("body", kText), "authentication_code")), 132000},
        Case{"OneTimeCodeOfTwoCodes",
             message(tmpl(in("body", kText) + "," +
                              button("url", R"({"type":"text","text":"4321"})"),
                          "authentication_code")),
             132012},
        Case{"OneTimeCodeToAUser", to_user(kCode), 131062},
        Case{"UtilityToAUser", to_user(tmpl(in("body", kText))), 0}),
    kName);

constexpr auto kMarketing = SendEdge::kMarketingMessages;

INSTANTIATE_TEST_SUITE_P(
    Recipients, KindCheck,
    testing::Values(
        Case{"TextToAGroup", to_group(R"("text":{"body":"x"})"), 0},
        Case{"LocationToAGroup",
             to_group(R"("type":"location","location":{"latitude":1,"longitude":1})"), 131051},
        Case{"GroupAsRecipient",
             to(R"("recipient_type":"group","recipient":"DE.1349")", R"("text":{"body":"x"})"),
             100},
        Case{"Marketing", message(tmpl("") + R"(,"product_policy":"STRICT")"), 0, kMarketing},
        Case{"MarketingText", message(R"("text":{"body":"x"})"), 100, kMarketing},
        Case{"MarketingPolicyOfNoKind", message(tmpl("") + R"(,"product_policy":"LAX")"), 131009,
             kMarketing},
        Case{"MarketingSharingIsAText", message(tmpl("") + R"(,"message_activity_sharing":"yes")"),
             100, kMarketing},
        Case{"MarketingToAGroup", to_group(tmpl("")), 100, kMarketing},
        Case{"MarketingMarkAsRead",
             R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.A"})", 100,
             kMarketing},
        Case{"PolicyAtMessages", message(tmpl("") + R"(,"product_policy":"STRICT")"), 100}),
    kName);

}  // namespace
}  // namespace flowsell::sim
