#include "kind_cases.h"

namespace flowsell::whatsapp {
namespace {

std::string text(std::size_t length) {
  return request("text", R"({"body":)" + letters(length) + "}");
}

std::string image(const std::string& link, std::size_t caption = 0) {
  return request("image", R"({"link":")" + link + R"(","caption":)" + letters(caption) + "}");
}

std::string link_of(std::size_t length) {
  const std::string head = "https://example.com/";
  return head + repeated(length - head.size(), "a");
}

std::string button(const std::string& id, const std::string& title) {
  return R"({"type":"reply","reply":{"id":)" + id + R"(,"title":)" + title + "}}";
}

struct Parts {
  std::string header = "";  ///< with its quotes; empty: none
  std::string body = "\"B\"";
  std::string footer = "";
  std::string buttons = button("\"a\"", "\"A\"");
};

std::string interactive(const Parts& parts) {
  std::string object = R"({"type":"button","body":{"text":)" + parts.body + "}";
  if (!parts.header.empty()) object += R"(,"header":{"type":"text","text":)" + parts.header + "}";
  if (!parts.footer.empty()) object += R"(,"footer":{"text":)" + parts.footer + "}";
  return request("interactive", object + R"(,"action":{"buttons":[)" + parts.buttons + "]}}");
}

Parts with_header(std::size_t length) {
  Parts parts;
  parts.header = letters(length);
  return parts;
}
Parts with_body(std::size_t length) {
  Parts parts;
  parts.body = letters(length);
  return parts;
}
Parts with_footer(std::size_t length) {
  Parts parts;
  parts.footer = letters(length);
  return parts;
}
Parts with_buttons(const std::string& buttons) {
  Parts parts;
  parts.buttons = buttons;
  return parts;
}

std::string numbered_buttons(int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    const std::string name = "\"" + std::to_string(i) + "\"";
    all += (i > 0 ? "," : "") + button(name, name);
  }
  return all;
}

std::string template_named(const std::string& name, const std::string& language) {
  return request("template",
                 R"({"name":")" + name + R"(","language":{"code":")" + language + R"("}})");
}

std::string parameter(const std::string& text, const std::string& name = "") {
  const std::string named = name.empty() ? "" : R"(,"parameter_name":")" + name + "\"";
  return R"({"type":"text","text":)" + text + named + "}";
}

std::string component(const std::string& type, const std::string& parameters) {
  return R"({"type":")" + type + R"(","parameters":[)" + parameters + "]}";
}

std::string template_with(const std::string& components) {
  return request("template",
                 R"({"name":"n","language":{"code":"de"},"components":[)" + components + "]}");
}

std::string reaction(const std::string& emoji, const std::string& more = "") {
  return request("reaction", R"({"message_id":"wamid.X","emoji":")" + emoji + "\"}", more);
}

class CheckLimit : public CheckKind {};

TEST_P(CheckLimit, HoldsAtItsPointer) { EXPECT_EQ(faults_of(GetParam().body), GetParam().faults); }

constexpr const char* kId0 = "/interactive/action/buttons/0/reply/id";
constexpr const char* kTitle0 = "/interactive/action/buttons/0/reply/title";
constexpr const char* kParameter0 = "/template/components/0/parameters/0/text";

std::string at(const char* pointer, const char* code) { return std::string(pointer) + " " + code; }

const KindCase kLimits[] = {
    {"TextEmpty", text(0), {"/text/body too_short"}},
    {"TextShortest", text(1), {}},
    {"TextLongest", text(4096), {}},
    {"TextOneTooLong", text(4097), {"/text/body too_long"}},

    {"LinkHttps", image("https://example.com/a.png"), {}},
    {"LinkHttp", image("http://example.com/a.png?x=1"), {}},
    {"LinkFtp", image("ftp://example.com/a.png"), {"/image/link invalid_format"}},
    {"LinkRelative", image("/a.png"), {"/image/link invalid_format"}},
    {"LinkEmpty", image(""), {"/image/link invalid_format"}},
    {"LinkWithPassword", image("https://u:p@example.com/"), {"/image/link invalid_format"}},
    {"LinkLongest", image(link_of(2048)), {}},
    {"LinkOneTooLong", image(link_of(2049)), {"/image/link invalid_format"}},
    {"ImageCaptionLongest", image("https://example.com/", 1024), {}},
    {"ImageCaptionOneTooLong", image("https://example.com/", 1025), {"/image/caption too_long"}},
    {"DocumentLink", request("document", R"({"link":"x"})"), {"/document/link invalid_format"}},
    {"DocumentCaptionLongest",
     request("document", R"({"link":"https://example.com/","caption":)" + letters(1024) + "}"),
     {}},
    {"DocumentCaptionOneTooLong",
     request("document", R"({"link":"https://example.com/","caption":)" + letters(1025) + "}"),
     {"/document/caption too_long"}},

    {"Reaction", reaction("👍"), {}},
    {"ReactionRemoved", reaction(""), {}},
    {"ReactionOfLetters", reaction("ok"), {"/reaction/emoji invalid_format"}},
    {"ReactionOfTwo", reaction("👍👍"), {"/reaction/emoji invalid_format"}},
    {"ReactionAsReply",
     reaction("👍", R"(,"context":{"message_id":"wamid.Y"})"),
     {"/context not_allowed"}},
    {"TextAsReply",
     request("text", R"({"body":"x"})", R"(,"context":{"message_id":"wamid.Y"})"),
     {}},

    {"HeaderLongest", interactive(with_header(60)), {}},
    {"HeaderOneTooLong", interactive(with_header(61)), {"/interactive/header/text too_long"}},
    {"BodyLongest", interactive(with_body(1024)), {}},
    {"BodyOneTooLong", interactive(with_body(1025)), {"/interactive/body/text too_long"}},
    {"FooterLongest", interactive(with_footer(60)), {}},
    {"FooterOneTooLong", interactive(with_footer(61)), {"/interactive/footer/text too_long"}},
    {"NoButton", interactive(with_buttons("")), {"/interactive/action/buttons required"}},
    {"ThreeButtons", interactive(with_buttons(numbered_buttons(3))), {}},
    {"FourButtons",
     interactive(with_buttons(numbered_buttons(4))),
     {"/interactive/action/buttons too_many"}},
    {"ButtonIdEmpty", interactive(with_buttons(button("\"\"", "\"A\""))), {at(kId0, "too_short")}},
    {"ButtonIdLongest", interactive(with_buttons(button(letters(256), "\"A\""))), {}},
    {"ButtonIdOneTooLong",
     interactive(with_buttons(button(letters(257), "\"A\""))),
     {at(kId0, "too_long")}},
    {"ButtonIdBeginsWithSpace",
     interactive(with_buttons(button("\" a\"", "\"A\""))),
     {at(kId0, "invalid_format")}},
    {"ButtonIdEndsWithSpace",
     interactive(with_buttons(button("\"a \"", "\"A\""))),
     {at(kId0, "invalid_format")}},
    {"ButtonIdWithSpaceInside", interactive(with_buttons(button("\"a b\"", "\"A\""))), {}},
    {"ButtonTitleEmpty",
     interactive(with_buttons(button("\"a\"", "\"\""))),
     {at(kTitle0, "too_short")}},
    {"ButtonTitleLongest", interactive(with_buttons(button("\"a\"", letters(20)))), {}},
    {"ButtonTitleOneTooLong",
     interactive(with_buttons(button("\"a\"", letters(21)))),
     {at(kTitle0, "too_long")}},
    {"SameButtonId",
     interactive(with_buttons(button("\"a\"", "\"A\"") + "," + button("\"a\"", "\"B\""))),
     {"/interactive/action/buttons/1/reply/id duplicate"}},
    {"SameButtonTitle",
     interactive(with_buttons(button("\"a\"", "\"A\"") + "," + button("\"b\"", "\"A\""))),
     {"/interactive/action/buttons/1/reply/title duplicate"}},

    {"TemplateNameEmpty", template_named("", "de"), {"/template/name too_short"}},
    {"TemplateName", template_named("order_ready_2", "de"), {}},
    {"TemplateNameLongest", template_named(repeated(512, "a"), "de"), {}},
    {"TemplateNameOneTooLong",
     template_named(repeated(513, "a"), "de"),
     {"/template/name too_long"}},
    {"TemplateNameWithCapital", template_named("Order", "de"), {"/template/name invalid_format"}},
    {"TemplateNameWithDash",
     template_named("order-ready", "de"),
     {"/template/name invalid_format"}},
    {"LanguageOfTwoLetters", template_named("n", "de"), {}},
    {"LanguageOfThreeLetters", template_named("n", "fil"), {}},
    {"LanguageWithRegion", template_named("n", "pt_BR"), {}},
    {"LanguageWithLongRegion", template_named("n", "es_SPA"), {}},
    {"LanguageOfOneLetter", template_named("n", "d"), {"/template/language/code invalid_format"}},
    {"LanguageOfFourLetters",
     template_named("n", "germ"),
     {"/template/language/code invalid_format"}},
    {"LanguageWithHyphen",
     template_named("n", "en-US"),
     {"/template/language/code invalid_format"}},
    {"LanguageWithSmallRegion",
     template_named("n", "en_us"),
     {"/template/language/code invalid_format"}},
    {"LanguageWithEmptyRegion",
     template_named("n", "en_"),
     {"/template/language/code invalid_format"}},
    {"LanguageEmpty", template_named("n", ""), {"/template/language/code invalid_format"}},

    {"HeaderParameterLongest", template_with(component("header", parameter(letters(60)))), {}},
    {"HeaderParameterOneTooLong",
     template_with(component("header", parameter(letters(61)))),
     {at(kParameter0, "too_long")}},
    {"TwoHeaderParameters",
     template_with(component("header", parameter("\"a\"") + "," + parameter("\"b\""))),
     {"/template/components/0/parameters too_many"}},
    {"BodyParameterEmpty",
     template_with(component("body", parameter("\"\""))),
     {at(kParameter0, "too_short")}},
    {"BodyParameterLongest", template_with(component("body", parameter(letters(1024)))), {}},
    {"BodyParameterOneTooLong",
     template_with(component("body", parameter(letters(1025)))),
     {at(kParameter0, "too_long")}},
    {"ParameterWithNewLine",
     template_with(component("body", parameter(R"("a\nb")"))),
     {at(kParameter0, "invalid_format")}},
    {"ParameterWithTab",
     template_with(component("body", parameter(R"("a\tb")"))),
     {at(kParameter0, "invalid_format")}},
    {"ParameterWithFourSpaces", template_with(component("body", parameter(R"("a    b")"))), {}},
    {"ParameterWithFiveSpaces",
     template_with(component("body", parameter(R"("a     b")"))),
     {at(kParameter0, "invalid_format")}},
    {"PointersFollowTheOrderOfComponents",
     template_with(component("body", parameter("\"a\"")) + "," +
                   component("header", parameter(letters(61)))),
     {"/template/components/1/parameters/0/text too_long"}},
    {"AllNamed",
     template_with(component("header", parameter("\"a\"", "a")) + "," +
                   component("body", parameter("\"b\"", "b_1"))),
     {}},
    {"OneNotNamed",
     template_with(component("body", parameter("\"a\"", "a") + "," + parameter("\"b\""))),
     {"/template/components/0/parameters/1/parameter_name required"}},
    {"HeaderNotNamed",
     template_with(component("header", parameter("\"a\"")) + "," +
                   component("body", parameter("\"b\"", "b"))),
     {"/template/components/0/parameters/0/parameter_name required"}},
    {"SameName",
     template_with(component("body", parameter("\"a\"", "a") + "," + parameter("\"b\"", "a"))),
     {"/template/components/0/parameters/1/parameter_name duplicate"}},
    {"NameWithCapital",
     template_with(component("body", parameter("\"a\"", "First"))),
     {"/template/components/0/parameters/0/parameter_name invalid_format"}},
};
INSTANTIATE_TEST_SUITE_P(Table, CheckLimit, testing::ValuesIn(kLimits), kKindName);

TEST(Check, ReportsEveryFaultAtOnce) {
  EXPECT_EQ(faults_of(image("x", 1025)),
            (std::vector<std::string>{"/image/link invalid_format", "/image/caption too_long"}));
}

TEST(Check, NamesTheLimitInTheDetail) {
  const auto checked = check_message(message_of(text(4097)));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().detail, "is longer than 4096 characters");
}

TEST(Check, NeverRepeatsContent) {
  const auto checked = check_message(message_of(image("CANARY", 1025)));
  ASSERT_FALSE(checked);
  for (const FieldError& fault : checked.error().fields) {
    EXPECT_EQ((fault.pointer + fault.detail + fault.fix).find("CANARY"), std::string::npos);
  }
}

}  // namespace
}  // namespace flowsell::whatsapp
