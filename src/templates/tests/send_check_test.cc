// Each thing that WhatsApp refuses a template message for is refused before it is accepted, with
// the place in the request. The table names Meta's code.
#include "templates/send_check.h"

#include "template_json.h"

namespace flowsell::templates {
namespace {

constexpr Time kNow = from_unix_ms(1'800'000'000'000);

std::vector<FieldError> faults_of(const channel::ProviderTemplate& of,
                                  std::string_view components) {
  const auto message = message_of(components);
  const auto checked = whatsapp_adapter().check(message);
  if (!checked) return checked.error().fields;
  return check_send(schema_of(of), std::get<channel::Template>(message.body), kNow);
}

struct Case {
  std::string name;  ///< with Meta's code
  channel::ProviderTemplate of;
  std::string components;
  std::string pointer;
  std::string code;
};
class Refused : public testing::TestWithParam<Case> {};

TEST_P(Refused, HasItsPlaceAndAFix) {
  const auto faults = faults_of(GetParam().of, GetParam().components);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].pointer, GetParam().pointer);
  EXPECT_EQ(faults[0].code, GetParam().code);
  EXPECT_FALSE(faults[0].fix.empty());
  EXPECT_FALSE(faults[0].detail.empty());
}

channel::ProviderTemplate order() { return provider_template(std::string(kOrder)); }
channel::ProviderTemplate plain() {
  return provider_template(R"([{"type":"BODY","text":"Hello from the shop"}])");
}
channel::ProviderTemplate named() {
  return provider_template(R"([{"type":"BODY","text":"Hello {{first_name}}, how are you"}])",
                           "utility", true);
}
channel::ProviderTemplate login() {
  return provider_template(
      R"([{"type":"BODY","text":"*{{1}}* is your verification code."},)"
      R"({"type":"BUTTONS","buttons":[{"type":"URL","text":"Copy code",)"
      R"("url":"https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"}]}])",
      "authentication");
}
channel::ProviderTemplate offer() {
  return provider_template(
      R"([{"type":"BODY","text":"Only now"},{"type":"LIMITED_TIME_OFFER",)"
      R"("limited_time_offer":{"text":"Ends soon","has_expiration":true}},)"
      R"({"type":"BUTTONS","buttons":[{"type":"COPY_CODE","example":"SAVE20"}]}])",
      "marketing");
}
channel::ProviderTemplate cards() {
  constexpr std::string_view kCard =
      R"({"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"A {{1}} thing"},)"
      R"({"type":"BUTTONS","buttons":[{"type":"URL","text":"Buy",)"
      R"("url":"https://a.example/{{1}}"}]}]})";
  return provider_template(
      std::string(R"([{"type":"BODY","text":"See"},{"type":"CAROUSEL","cards":[)")
          .append(kCard)
          .append(",")
          .append(kCard)
          .append("]}]"),
      "marketing");
}
channel::ProviderTemplate shop() {
  return provider_template(
      R"([{"type":"HEADER","format":"TEXT","text":"For {{1}} today"},)"
      R"({"type":"BODY","text":"Our things"},{"type":"BUTTONS","buttons":[{"type":"MPM",)"
      R"("text":"See"},)"
      R"({"type":"ORDER_DETAILS","text":"Pay"},{"type":"VOICE_CALL","text":"Call"}]}])",
      "marketing");
}

std::string body_of(std::string_view first, std::string_view second = "42") {
  return std::string(R"({"type":"body","parameters":[{"type":"text","text":")")
      .append(first)
      .append(R"("},{"type":"text","text":")")
      .append(second)
      .append(R"("}]})");
}
std::string code_body(std::string_view code) {
  return std::string(R"({"type":"body","parameters":[{"type":"text","text":")")
      .append(code)
      .append(R"("}]})");
}
std::string code_button(std::string_view code, std::string_view kind = "url") {
  return std::string(R"({"type":"button","sub_type":")")
      .append(kind)
      .append(R"(","index":0,"parameters":[{"type":"text","text":")")
      .append(code)
      .append(R"("}]})");
}
std::string card(int index, std::string_view suffix = "1") {
  return std::string(R"({"card_index":)")
      .append(std::to_string(index))
      .append(
          R"(,"components":[{"type":"header","parameters":[{"type":"image","image":{"id":"1"}}]},)"
          R"({"type":"body","parameters":[{"type":"text","text":"fine"}]},)"
          R"({"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":")")
      .append(suffix)
      .append(R"("}]}]})");
}
std::string carousel(std::initializer_list<std::string> all) {
  std::string out;
  for (const auto& each : all) out.append(out.empty() ? "" : ",").append(each);
  return R"({"type":"carousel","cards":[)" + out + "]}";
}
std::string expiry(std::string_view ms) {
  return std::string(R"({"type":"limited_time_offer","parameters":[{"type":"limited_time_offer",)"
                     R"("limited_time_offer":{"expiration_time_ms":)")
      .append(ms)
      .append("}}]}");
}
constexpr std::string_view kCoupon =
    R"({"type":"button","sub_type":"copy_code","index":0,)"
    R"("parameters":[{"type":"coupon_code","coupon_code":"SAVE20"}]})";
constexpr std::string_view kFuture = "1900000000000";

INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    testing::Values(
        Case{"NoBody132000", order(), all_of({kHeader, kButton}), "/template/components",
             "wrong_count"},
        Case{"OneParameterMissing132000", order(),
             all_of({kHeader, R"({"type":"body","parameters":[{"type":"text","text":"Ana"}]})",
                     kButton}),
             "/template/components/1/parameters", "wrong_count"},
        Case{"ParametersOfAPlainOne132000", plain(), std::string(kBody),
             "/template/components/0/parameters", "wrong_count"},
        Case{"NoName132000", named(), code_body("Ana"),
             "/template/components/0/parameters/0/parameter_name", "required"},
        Case{"AnotherName132000", named(),
             R"({"type":"body","parameters":[{"type":"text","parameter_name":"name",)"
             R"("text":"Ana"}]})",
             "/template/components/0/parameters/0/parameter_name", "not_found"},
        Case{"NameOfANumber132000", login(),
             all_of({R"({"type":"body","parameters":[{"type":"text","parameter_name":"a",)"
                     R"("text":"1"}]})",
                     code_button("1")}),
             "/template/components/0/parameters/0/parameter_name", "not_allowed"},
        Case{"NoHeader132012", order(), all_of({kBody, kButton}), "/template/components",
             "required"},
        Case{"AnotherHeader132012", order(),
             all_of({R"({"type":"header","parameters":[{"type":"video","video":{"id":"1"}}]})",
                     kBody, kButton}),
             "/template/components/0/parameters/0/type", "wrong_kind"},
        Case{"HeaderWhereThereIsNone132000", plain(), std::string(kHeader),
             "/template/components/0/parameters", "wrong_count"},
        Case{"TooLong132005", order(), all_of({kHeader, body_of(std::string(1020, 'x')), kButton}),
             "/template/components/1/parameters", "too_long"},
        Case{
            "HeaderTooLong132005", shop(),
            all_of(
                {R"({"type":"header","parameters":[{"type":"text",)"
                 R"("text":"01234567890123456789012345678901234567890123456789012345"}]})",
                 R"({"type":"button","sub_type":"mpm","index":0,)"
                 R"("parameters":[{"type":"action","action":{"thumbnail_product_retailer_id":"p",)"
                 R"("sections":[{"title":"A","product_items":[{"product_retailer_id":"p"}]}]}}]})",
                 R"({"type":"button","sub_type":"order_details","index":1,)"
                 R"("parameters":[{"type":"action","action":{"order_details":{"reference_id":"r1",)"
                 R"("type":"digital-goods","currency":"INR","payment_settings":[{"type":"payment_link",)"
                 R"("payment_link":{"uri":"https://example.com"}}],"total_amount":{"value":100,)"
                 R"("offset":100},"order":{"status":"pending","items":[{"retailer_id":"a","name":"A",)"
                 R"("amount":{"value":100,"offset":100},"quantity":1}],"subtotal":{"value":100,)"
                 R"("offset":100},"tax":{"value":0,"offset":100}}}}}]})"}),
            "/template/components/0/parameters", "too_long"},
        Case{"UrlTooLong132005", order(),
             all_of({kHeader, kBody, code_button(std::string(1990, 'x'))}),
             "/template/components/2/parameters/0/text", "too_long"},
        Case{"NoButton131008", order(), all_of({kHeader, kBody}), "/template/components",
             "required"},
        Case{"AnotherButton132018", order(),
             all_of({kHeader, kBody, kButton,
                     R"({"type":"button","sub_type":"url","index":3,)"
                     R"("parameters":[{"type":"text","text":"x"}]})"}),
             "/template/components/3/sub_type", "wrong_kind"},
        Case{"ButtonToCall132018", order(),
             all_of({kHeader, kBody, kButton,
                     R"({"type":"button","sub_type":"quick_reply","index":2,)"
                     R"("parameters":[{"type":"payload","payload":"x"}]})"}),
             "/template/components/3/sub_type", "wrong_kind"},
        Case{"FixedUrl132018", order(),
             all_of({kHeader, kBody, kButton,
                     R"({"type":"button","sub_type":"url","index":1,)"
                     R"("parameters":[{"type":"text","text":"x"}]})"}),
             "/template/components/3/parameters", "not_allowed"},
        Case{"NoSuchButton132018", order(),
             all_of({kHeader, kBody, kButton,
                     R"({"type":"button","sub_type":"url","index":9,)"
                     R"("parameters":[{"type":"text","text":"x"}]})"}),
             "/template/components/3/index", "not_found"},
        Case{"NewLine132018", order(), all_of({kHeader, body_of(R"(a\nb)"), kButton}),
             "/template/components/1/parameters/0/text", "invalid_format"},
        Case{"Bell132007", order(), all_of({kHeader, body_of(R"(a\u0007b)"), kButton}),
             "/template/components/1/parameters/0/text", "invalid_characters"},
        Case{"SpaceInAUrl132007", order(), all_of({kHeader, kBody, code_button("4 2")}),
             "/template/components/2/parameters/0/text", "invalid_characters"},
        Case{"BraceInAUrlOfACard132007", cards(), carousel({card(0), card(1, "{id}")}),
             "/template/components/0/cards/1/components/2/parameters/0/text", "invalid_characters"},
        Case{"Blank132008", order(), all_of({kHeader, body_of("  "), kButton}),
             "/template/components/1/parameters/0/text", "blank"},
        Case{"Unfilled132008", order(), all_of({kHeader, body_of("{{1}}"), kButton}),
             "/template/components/1/parameters/0/text", "unfilled"},
        Case{"NoCurrency132008", order(),
             all_of({kHeader,
                     R"({"type":"body","parameters":[{"type":"text","text":"a"},)"
                     R"({"type":"currency","currency":{"fallback_value":"1","code":"ABC",)"
                     R"("amount_1000":1000}}]})",
                     kButton}),
             "/template/components/1/parameters/1/currency/code", "unknown_currency"},
        Case{"TwoCodes132012", login(), all_of({code_body("123456"), code_button("123457")}),
             "/template/components/1/parameters/0/text", "invalid_value"},
        Case{"LongCode132012", login(),
             all_of({code_body("1234567890123456"), code_button("1234567890123456")}),
             "/template/components/0/parameters/0/text", "too_long"},
        Case{"NoCodeInTheButton131008", login(), code_body("123456"), "/template/components",
             "required"},
        Case{"NoExpiry132012", offer(), std::string(kCoupon), "/template/components", "required"},
        Case{"Expired132012", offer(), all_of({expiry("1700000000000"), kCoupon}),
             "/template/components/0/parameters/0/limited_time_offer/expiration_time_ms",
             "out_of_range"},
        Case{"OfferWhereThereIsNone132000", plain(), expiry(kFuture), "/template/components/0",
             "not_allowed"},
        Case{"NoCoupon131008", offer(), expiry(kFuture), "/template/components", "required"},
        Case{"NoCards132000", cards(), "", "/template/components", "wrong_count"},
        Case{"CardsWhereThereAreNone132000", plain(), carousel({card(0), card(1)}),
             "/template/components/0/cards", "wrong_count"},
        Case{"OneCardMore132000", cards(), carousel({card(0), card(1), card(2)}),
             "/template/components/0/cards", "wrong_count"},
        Case{"NoSuchCard132018", cards(), carousel({card(0), card(5)}),
             "/template/components/0/cards/1/card_index", "not_found"},
        Case{"UrlOfACardTooLong132005", cards(),
             carousel({card(0), card(1, std::string(1990, 'x'))}),
             "/template/components/0/cards/1/components/2/parameters/0/text", "too_long"}),
    [](const auto& param_info) { return param_info.param.name; });

struct Taken {
  std::string name;
  channel::ProviderTemplate of;
  std::string components;
};
class TakenSend : public testing::TestWithParam<Taken> {};

TEST_P(TakenSend, HasNoFault) {
  EXPECT_TRUE(faults_of(GetParam().of, GetParam().components).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, TakenSend,
    testing::Values(
        Taken{"Order", order(), all_of({kHeader, kBody, kButton})},
        Taken{"OrderWithAPayload", order(),
              all_of({kHeader, kBody, kButton,
                      R"({"type":"button","sub_type":"quick_reply","index":3,)"
                      R"("parameters":[{"type":"payload","payload":"x"}]})"})},
        Taken{"InWhateverOrder", order(), all_of({kButton, kBody, kHeader})},
        Taken{"Plain", plain(), ""},
        Taken{"Named", named(),
              R"({"type":"body","parameters":[{"type":"text","parameter_name":"first_name",)"
              R"("text":"Ana"}]})"},
        Taken{"AmountsAndTimes", order(),
              all_of({kHeader,
                      R"({"type":"body","parameters":[{"type":"date_time",)"
                      R"("date_time":{"fallback_value":"May 4"}},{"type":"currency",)"
                      R"("currency":{"fallback_value":"$1","code":"USD","amount_1000":1000}}]})",
                      kButton})},
        Taken{"AtTheLimit", order(),
              // The fixed words are 33 characters long, the second variable 2.
              all_of({kHeader, body_of(std::string(1024 - 33 - 2, 'x')), kButton})},
        Taken{"CodeAsUrl", login(), all_of({code_body("123456"), code_button("123456")})},
        Taken{"CodeWithASpace", login(), all_of({code_body("123 456"), code_button("123 456")})},
        Taken{"UrlOfAnotherScript", order(),
              all_of({kHeader, kBody, code_button("größe/१%20?a=b")})},
        Taken{"CodeAsOtp", login(), all_of({code_body("123456"), code_button("123456", "otp")})},
        Taken{"Offer", offer(), all_of({expiry(kFuture), kCoupon})},
        Taken{"CardsInAnotherOrder", cards(), carousel({card(1), card(0)})}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(SendCheck, NamesEveryFaultAtOnce) {
  EXPECT_EQ(faults_of(order(), "").size(), 3U);  // header, body, button
}

TEST(SendCheck, ABodyThatIsAllMayBeLong) {
  const auto alone = provider_template(R"([{"type":"BODY","text":"Hi {{1}}, {{2}} {{3}} and"}])");
  const std::string text(1000, 'x');
  EXPECT_TRUE(faults_of(alone, R"({"type":"body","parameters":[{"type":"text","text":")" + text +
                                   R"("},{"type":"text","text":")" + text +
                                   R"("},{"type":"text","text":")" + text + R"("}]})")
                  .empty());
}

}  // namespace
}  // namespace flowsell::templates
