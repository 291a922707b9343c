// What Meta would refuse a template for, with the place in POST /v1/templates.
#include "channel/template_calls.h"
#include "support.h"
#include "whatsapp/adapter.h"

namespace flowsell::whatsapp {
namespace {

const channel::TemplateCalls& calls() {
  static const auto kAdapter = make_adapter();
  return *kAdapter->template_calls();
}

channel::TemplateDraft draft(std::string components, std::string category = "marketing",
                             bool is_named = false) {
  channel::TemplateDraft out;
  out.name = "order_ready";
  out.language = "en_US";
  out.category = std::move(category);
  out.is_named = is_named;
  out.components_json = "[" + std::move(components) + "]";
  return out;
}

std::vector<std::string> faults_of(channel::TemplateDraft wanted) {
  std::vector<std::string> out;
  for (const FieldError& each : calls().check_draft(wanted)) {
    EXPECT_FALSE(each.fix.empty());
    out.push_back(each.pointer + " " + each.code);
  }
  return out;
}

const std::string kBody = R"({"type":"BODY","text":"Hello from the shop"})";
std::string body(const std::string& text, const std::string& example = "") {
  return R"({"type":"BODY","text":")" + text + R"(")" +
         (example.empty() ? "" : R"(,"example":{)" + example + "}") + "}";
}
std::string header(const std::string& fields) {
  return R"({"type":"HEADER",)" + fields + "}," + kBody;
}
std::string buttons(const std::string& all) {
  return kBody + R"(,{"type":"BUTTONS","buttons":[)" + all + "]}";
}
const std::string kReply = R"({"type":"QUICK_REPLY","text":"Yes"})";
const std::string kLink = R"({"type":"URL","text":"Shop","url":"https://a.example"})";
std::string url(const std::string& address, const std::string& more = "") {
  return R"({"type":"URL","text":"Shop","url":")" + address + R"(")" + more + "}";
}
std::string code(const std::string& button) {
  return R"({"type":"BODY"},{"type":"BUTTONS","buttons":[)" + button + "]}";
}
std::string card(const std::string& more = "") {
  return R"({"components":[{"type":"HEADER","format":"IMAGE",)"
         R"("example":{"header_handle":["4::a"]}},)"
         R"({"type":"BODY","text":"A fine thing"})" +
         more + "]}";
}
std::string carousel(const std::string& cards) {
  return kBody + R"(,{"type":"CAROUSEL","cards":[)" + cards + "]}";
}

struct Case {
  const char* name;
  channel::TemplateDraft draft;
  std::vector<std::string> faults;
};
class TemplateRules : public testing::TestWithParam<Case> {};
TEST_P(TemplateRules, HoldAtTheirPointer) {
  EXPECT_EQ(faults_of(GetParam().draft), GetParam().faults);
}

const Case kCases[] = {
    {"Plain", draft(kBody), {}},
    {"WordsInSmallLetters", draft(R"({"type":"body","text":"Hello from the shop"})"), {}},
    {"NoList", draft(""), {"/components required"}},
    {"NoBody", draft(R"({"type":"FOOTER","text":"Bye"})"), {"/components required"}},
    {"EmptyBody", draft(body("")), {"/components/0/text required"}},
    {"BodyAtItsLimit", draft(body(repeated(1024, "x"))), {}},
    {"BodyTooLong", draft(body(repeated(1025, "x"))), {"/components/0/text too_long"}},
    {"BodyBesideAnOffer",
     draft(body(repeated(601, "x")) +
           R"(,{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Ends soon"}})"),
     {"/components/0/text too_long"}},
    {"Variables", draft(body("Hello {{1}}, your {{2}} is here", R"("body_text":[["A","B"]])")), {}},
    {"NoExample",
     draft(body("Hello {{1}}, how are you")),
     {"/components/0/example/body_text required"}},
    {"TooFewExamples",
     draft(body("Hello {{1}}, your {{2}} is here", R"("body_text":[["A"]])")),
     {"/components/0/example/body_text required"}},
    {"VariableAtTheStart",
     draft(body("{{1}} is here for you", R"("body_text":[["A"]])")),
     {"/components/0/text invalid_format"}},
    {"VariableAtTheEnd",
     draft(body("Here is your {{1}}", R"("body_text":[["A"]])")),
     {"/components/0/text invalid_format"}},
    {"VariablesSideBySide",
     draft(body("Hello to you {{1}}{{2}} and to all of us", R"("body_text":[["A","B"]])")),
     {"/components/0/text invalid_format"}},
    {"VariablesWithAGap",
     draft(body("Hello {{1}}, your {{3}} is here", R"("body_text":[["A","B"]])")),
     {"/components/0/text invalid_format"}},
    {"VariablesOutOfOrder",
     draft(body("Hello {{2}}, your {{1}} is here", R"("body_text":[["A","B"]])")),
     {"/components/0/text invalid_format"}},
    {"TooManyVariables", draft(body("a {{1}} b {{2}} c", R"("body_text":[["A","B"]])")), {}},
    {"FarTooManyVariables",
     draft(body("a {{1}}, {{2}}, {{3}} c", R"("body_text":[["A","B","C"]])")),
     {"/components/0/text invalid_format"}},
    {"Named",
     draft(body("Hello {{first_name}}, how are you",
                R"("body_text_named_params":[{"param_name":"first_name","example":"A"}])"),
           "utility", true),
     {}},
    {"NamedInCapitals",
     draft(body("Hello {{Name}}, how are you",
                R"("body_text_named_params":[{"param_name":"Name","example":"A"}])"),
           "utility", true),
     {"/components/0/text invalid_format"}},
    {"NamedWithoutExample",
     draft(body("Hello {{name}}, how are you"), "utility", true),
     {"/components/0/example/body_text_named_params required"}},
    {"NameWhereNumbersAre",
     draft(body("Hello {{name}}, how are you", R"("body_text":[["A"]])")),
     {"/components/0/text invalid_format"}},
    {"TextHeader",
     draft(header(R"("format":"TEXT","text":"For {{1}}","example":{"header_text":["A"]})")),
     {}},
    {"HeaderTooLong",
     draft(header(R"("format":"TEXT","text":")" + repeated(61, "x") + R"(")")),
     {"/components/0/text too_long"}},
    {"HeaderWithTwoVariables",
     draft(header(R"("format":"TEXT","text":"{{1}} {{2}}","example":{"header_text":["A","B"]})")),
     {"/components/0/text too_many"}},
    {"HeaderWithFormatting",
     draft(header(R"("format":"TEXT","text":"*Now*")")),
     {"/components/0/text invalid_format"}},
    {"MediaHeaderWithoutSample",
     draft(header(R"("format":"IMAGE")")),
     {"/components/0/example/header_handle required"}},
    {"MediaHeader", draft(header(R"("format":"image","example":{"header_handle":["4::a"]})")), {}},
    {"GifOfAUtility",
     draft(header(R"("format":"GIF","example":{"header_handle":["4::a"]})"), "utility"),
     {"/components/0/format not_allowed"}},
    {"NoFormat", draft(header(R"("text":"Hi")")), {"/components/0/format required"}},
    {"FooterWithVariable",
     draft(kBody + R"(,{"type":"FOOTER","text":"Bye {{1}}"})"),
     {"/components/1/text not_allowed"}},
    {"FooterTooLong",
     draft(kBody + R"(,{"type":"FOOTER","text":")" + repeated(61, "x") + R"("})"),
     {"/components/1/text too_long"}},
    {"Twice", draft(kBody + "," + kBody), {"/components/1/type duplicate"}},
    {"UnknownComponent",
     draft(kBody + R"(,{"type":"MUSIC"})"),
     {"/components/1/type invalid_value"}},
    {"Buttons", draft(buttons(kReply + "," + kReply + "," + kLink)), {}},
    {"ElevenButtons",
     draft(buttons(repeated(10, kReply + ",") + kLink)),
     {"/components/1/buttons too_many"}},
    {"RepliesApart",
     draft(buttons(kReply + "," + kLink + "," + kReply)),
     {"/components/1/buttons invalid_format"}},
    {"ThreeUrls",
     draft(buttons(kLink + "," + kLink + "," + kLink)),
     {"/components/1/buttons/2/type too_many"}},
    {"NoLabel",
     draft(buttons(R"({"type":"QUICK_REPLY"})")),
     {"/components/1/buttons/0/text required"}},
    {"LabelTooLong",
     draft(buttons(R"({"type":"QUICK_REPLY","text":")" + repeated(26, "x") + R"("})")),
     {"/components/1/buttons/0/text too_long"}},
    {"UrlWithVariable", draft(buttons(url("https://a.example/{{1}}", R"(,"example":["x"])"))), {}},
    {"UrlWithoutExample",
     draft(buttons(url("https://a.example/{{1}}"))),
     {"/components/1/buttons/0/example required"}},
    {"UrlWithVariableInside",
     draft(buttons(url("https://a.example/{{1}}/b", R"(,"example":["x"])"))),
     {"/components/1/buttons/0/url invalid_format"}},
    {"UrlOfAnotherScheme",
     draft(buttons(url("ftp://a.example"))),
     {"/components/1/buttons/0/url invalid_format"}},
    {"CouponTooLong",
     draft(buttons(R"({"type":"COPY_CODE","example":"123456789012345678901"})")),
     {"/components/1/buttons/0/example too_long"}},
    {"NoNumber",
     draft(buttons(R"({"type":"PHONE_NUMBER","text":"Call"})")),
     {"/components/1/buttons/0/phone_number required"}},
    {"CodeButtonOfAUtility",
     draft(buttons(R"({"type":"OTP","otp_type":"COPY_CODE"})"), "utility"),
     {"/components/1/buttons/0/type not_allowed"}},
    {"Code", draft(code(R"({"type":"otp","otp_type":"copy_code"})"), "authentication"), {}},
    {"CodeWithAText",
     draft(body("Your code") +
               R"(,{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]})",
           "authentication"),
     {"/components/0/text not_allowed"}},
    {"CodeWithoutButton", draft(R"({"type":"BODY"})", "authentication"), {"/components required"}},
    {"CodeWithAnotherButton",
     draft(code(kReply), "authentication"),
     {"/components/1/buttons/0/type not_allowed"}},
    {"OneTapWithoutApp",
     draft(code(R"({"type":"OTP","otp_type":"ONE_TAP"})"), "authentication"),
     {"/components/1/buttons/0/supported_apps required"}},
    {"OneTapWithAWrongHash",
     draft(code(R"({"type":"OTP","otp_type":"ONE_TAP","supported_apps":[{"package_name":"a",)"
                R"("signature_hash":"short"}]})"),
           "authentication"),
     {"/components/1/buttons/0/supported_apps/0 invalid_format"}},
    {"ZeroTapWithoutTerms",
     draft(code(R"({"type":"OTP","otp_type":"ZERO_TAP","supported_apps":[{"package_name":"a",)"
                R"("signature_hash":"12345678901"}]})"),
           "authentication"),
     {"/components/1/buttons/0/zero_tap_terms_accepted required"}},
    {"ExpiryOfACode",
     draft(R"({"type":"FOOTER","code_expiration_minutes":91},)" +
               code(R"({"type":"OTP","otp_type":"COPY_CODE"})"),
           "authentication"),
     {"/components/0/code_expiration_minutes out_of_range"}},
    {"Carousel", draft(carousel(card() + "," + card())), {}},
    {"OneCard", draft(carousel(card())), {"/components/1/cards too_few"}},
    {"CardWithFooter",
     draft(carousel(card() + "," + card(R"(,{"type":"FOOTER","text":"x"})"))),
     {"/components/1/cards/1/components/2/type invalid_value"}},
    {"CardWithThreeButtons",
     draft(carousel(
         card() + "," +
         card(R"(,{"type":"BUTTONS","buttons":[)" + kReply + "," + kReply + "," + kReply + "]}"))),
     {"/components/1/cards/1/components/2/buttons too_many"}},
    {"OfferTooLong",
     draft(kBody +
           R"(,{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"12345678901234567"}})"),
     {"/components/1/limited_time_offer/text too_long"}},
    {"OfferOfAUtility",
     draft(kBody + R"(,{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Now"}})",
           "utility"),
     {"/components/1/limited_time_offer not_allowed"}},
};
INSTANTIATE_TEST_SUITE_P(Table, TemplateRules, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(TemplateEdit, AnApprovedOneKeepsItsCategory) {
  channel::ProviderTemplate of;
  of.category = "utility";
  of.status = "approved";
  channel::TemplateEdit edit;
  edit.category = "marketing";
  ASSERT_EQ(calls().check_edit(edit, of).size(), 1U);
  of.status = "rejected";
  EXPECT_TRUE(calls().check_edit(edit, of).empty());
}

TEST(TemplateEdit, ALifeIsThatOfTheCategory) {
  channel::ProviderTemplate of;
  of.category = "authentication";
  channel::TemplateEdit edit;
  edit.ttl_seconds = 900;
  EXPECT_TRUE(calls().check_edit(edit, of).empty());
  edit.ttl_seconds = 901;
  EXPECT_EQ(calls().check_edit(edit, of).size(), 1U);
  edit.ttl_seconds = -1;
  EXPECT_TRUE(calls().check_edit(edit, of).empty());
}

TEST(TemplateCopy, LeavesOutWhatMetaWrote) {
  channel::ProviderTemplate of;
  of.category = "authentication";
  of.components_json =
      R"([{"type":"BODY",)"
      R"("text":"*{{1}}* is your verification code. For your security, do not share this code.",)"
      R"("example":{"body_text":[["123456"]]}},)"
      R"({"type":"FOOTER","text":"This code expires in 5 minutes.","code_expiration_minutes":5},)"
      R"({"type":"BUTTONS","buttons":[{"type":"URL","text":"Copy code",)"
      R"("url":"https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}",)"
      R"("example":["x"]}]}])";
  channel::TemplateDraft copy;
  EXPECT_TRUE(calls().draft_components(copy, of, ""));
  EXPECT_EQ(canonical(copy.components_json),
            canonical(R"([{"type":"BODY","add_security_recommendation":true},{"type":"FOOTER",)"
                      R"("code_expiration_minutes":5},)"
                      R"({"type":"BUTTONS","buttons":[{"type":"OTP","text":"Copy code",)"
                      R"("otp_type":"COPY_CODE"}]}])"));
}

TEST(TemplateCopy, NeedsASampleOfItsOwn) {
  channel::ProviderTemplate of;
  of.category = "marketing";
  of.components_json =
      R"([{"type":"HEADER","format":"IMAGE",)"
      R"("example":{"header_handle":["https://scontent.whatsapp.net/x"]}},{"type":"BODY","text":"Hi"}])";
  channel::TemplateDraft copy;
  EXPECT_FALSE(calls().draft_components(copy, of, ""));
  EXPECT_TRUE(calls().draft_components(copy, of, "4::b"));
  EXPECT_NE(copy.components_json.find(R"(["4::b"])"), std::string::npos);
}

}  // namespace
}  // namespace flowsell::whatsapp
