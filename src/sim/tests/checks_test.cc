#include <fmt/format.h>
#include <gtest/gtest.h>

#include "check_body.h"

namespace flowsell::sim {
namespace {

std::string many(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string text(std::size_t length) {
  return message(R"("text":{"body":")" + many("ü", length) + R"("})");
}

std::string interactive(std::string_view type, std::string_view action) {
  return message(fmt::format(
      R"("type":"interactive","interactive":{{"type":"{}","body":{{"text":"b"}},"action":{}}})",
      type, action));
}

std::string buttons(std::size_t count, std::string_view title = "Title ") {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) {
    list += fmt::format(R"({}{{"type":"reply","reply":{{"id":"{}","title":"{}{}"}}}})",
                        i ? "," : "", i, title, i);
  }
  return interactive("button", fmt::format(R"({{"buttons":[{}]}})", list));
}

std::string rows(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i)
    list += fmt::format(R"({}{{"id":"{}","title":"t"}})", i ? "," : "", i);
  return list;
}

std::string list(std::string_view sections) {
  return interactive("list", fmt::format(R"({{"button":"Open","sections":[{}]}})", sections));
}

std::string one_section(std::size_t row_count) {
  return list(fmt::format(R"({{"rows":[{}]}})", rows(row_count)));
}

std::string tmpl(std::string_view rest) {
  return message(fmt::format(R"("type":"template","template":{{{}}})", rest));
}

std::string body_parameters(std::string_view parameters) {
  return tmpl(fmt::format(
      R"("name":"n","language":{{"code":"de"}},"components":[{{"type":"body","parameters":[{}]}}])",
      parameters));
}

struct Case {
  std::string name;
  std::string body;
  int code;
};

class SendCheck : public testing::TestWithParam<Case> {};

TEST_P(SendCheck, GivesMetasCode) { EXPECT_EQ(code_of(GetParam().body), GetParam().code); }

const auto kName = [](const auto& param_info) { return param_info.param.name; };

INSTANTIATE_TEST_SUITE_P(
    Envelope, SendCheck,
    testing::Values(
        Case{"NoProduct", R"({"to":"+491510000001","text":{"body":"x"}})", 100},
        Case{"AnotherProduct",
             R"({"messaging_product":"sms","to":"+491510000001","text":{"body":"x"}})", 100},
        Case{"NoObject", "[]", 100},
        Case{"NoRecipient", R"({"messaging_product":"whatsapp","text":{"body":"x"}})", 100},
        Case{"RecipientIsNoNumber",
             R"({"messaging_product":"whatsapp","to":"Ana","text":{"body":"x"}})", 131009},
        Case{"RecipientWithSpaces",
             R"({"messaging_product":"whatsapp","to":"+49 (151) 000-0001","text":{"body":"x"}})",
             0},
        Case{"UserId",
             R"({"messaging_product":"whatsapp","recipient":"DE.13491208655302741918",)"
             R"("text":{"body":"x"}})",
             0},
        Case{"BadUserId",
             R"({"messaging_product":"whatsapp","recipient":"de.1","text":{"body":"x"}})", 131009},
        Case{"UnknownRecipientType", message(R"("recipient_type":"all","text":{"body":"x"})"), 100},
        Case{"TypelessText", message(R"("text":{"body":"x"})"), 0},
        Case{"UnknownType", message(R"("type":"fax","fax":{})"), 100},
        Case{"MissingObject", message(R"("type":"image")"), 131008},
        Case{"CallbackAtLimit",
             message(R"("text":{"body":"x"},"biz_opaque_callback_data":")" + many("a", 512) + '"'),
             0},
        Case{"CallbackTooLong",
             message(R"("text":{"body":"x"},"biz_opaque_callback_data":")" + many("a", 513) + '"'),
             131009},
        Case{"ReplyContext", message(R"("text":{"body":"x"},"context":{"message_id":"wamid.A"})"),
             0},
        Case{"ReplyToNothing", message(R"("text":{"body":"x"},"context":{})"), 131008}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    MarkAsRead, SendCheck,
    testing::Values(
        Case{"Plain", R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.A"})",
             0},
        Case{"Typing",
             R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.A",)"
             R"("typing_indicator":{"type":"text"}})",
             0},
        Case{"BadTyping",
             R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.A",)"
             R"("typing_indicator":{"type":"x"}})",
             131009},
        Case{"AnotherStatus",
             R"({"messaging_product":"whatsapp","status":"seen","message_id":"wamid.A"})", 100},
        Case{"NoId", R"({"messaging_product":"whatsapp","status":"read"})", 100},
        Case{"StrangeId",
             R"({"messaging_product":"whatsapp","status":"read","message_id":"msg_1"})", 131009}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Bodies, SendCheck,
    testing::Values(
        Case{"TextEmpty", text(0), 131009}, Case{"TextAtLimit", text(4096), 0},
        Case{"TextTooLong", text(4097), 131009},
        Case{"TextUnknownKey", message(R"("text":{"body":"x","bold":true})"), 100},
        Case{"TextNoString", message(R"("text":{"body":1})"), 100},
        Case{"ImageLink", message(R"("type":"image","image":{"link":"https://example.com/a.png"})"),
             0},
        Case{"ImageId", message(R"("type":"image","image":{"id":"1"})"), 0},
        Case{"ImageBoth",
             message(R"("type":"image","image":{"id":"1","link":"https://example.com/a.png"})"),
             131009},
        Case{"ImageNeither", message(R"("type":"image","image":{"caption":"x"})"), 131008},
        Case{"ImageFileLink", message(R"("type":"image","image":{"link":"file:///a"})"), 131009},
        Case{"CaptionAtLimit",
             message(R"("type":"video","video":{"id":"1","caption":")" + many("a", 1024) + "\"}"),
             0},
        Case{"CaptionTooLong",
             message(R"("type":"video","video":{"id":"1","caption":")" + many("a", 1025) + "\"}"),
             131009},
        Case{"DocumentFilename",
             message(R"("type":"document","document":{"id":"1","filename":"a.pdf"})"), 0},
        Case{"ImageFilename", message(R"("type":"image","image":{"id":"1","filename":"a.png"})"),
             100},
        Case{"AudioCaption", message(R"("type":"audio","audio":{"id":"1","caption":"x"})"), 100},
        Case{"AudioVoice", message(R"("type":"audio","audio":{"id":"1","voice":true})"), 0},
        Case{"Sticker", message(R"("type":"sticker","sticker":{"id":"1"})"), 0},
        Case{"Location",
             message(R"("type":"location","location":{"latitude":90,"longitude":"-180"})"), 0},
        Case{"LocationOffTheMap",
             message(R"("type":"location","location":{"latitude":90.1,"longitude":0})"), 131009},
        Case{"Contact",
             message(R"("type":"contacts","contacts":[{"name":{"formatted_name":"A",)"
                     R"("first_name":"A"}}])"),
             0},
        Case{"ContactWithoutPart",
             message(R"("type":"contacts","contacts":[{"name":{"formatted_name":"A"}}])"), 131008},
        Case{"NoContacts", message(R"("type":"contacts","contacts":[])"), 131009},
        Case{"Reaction",
             message(R"("type":"reaction","reaction":{"message_id":"wamid.A","emoji":"👍"})"), 0},
        Case{"ReactionRemoved",
             message(R"("type":"reaction","reaction":{"message_id":"wamid.A","emoji":""})"), 0},
        Case{"ReactionWithWords",
             message(R"("type":"reaction","reaction":{"message_id":"wamid.A","emoji":"nice"})"),
             131009}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Interactive, SendCheck,
    testing::Values(
        Case{"OneButton", buttons(1), 0}, Case{"ThreeButtons", buttons(3), 0},
        Case{"FourButtons", buttons(4), 131009}, Case{"NoButton", buttons(0), 131009},
        Case{"TitleAtLimit", buttons(1, many("a", 19)), 0},
        Case{"TitleTooLong", buttons(1, many("a", 20)), 131009},
        Case{"SameIdTwice",
             interactive("button", R"({"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}},)"
                                   R"({"type":"reply","reply":{"id":"a","title":"B"}}]})"),
             131009},
        Case{"SameTitleTwice",
             interactive("button", R"({"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}},)"
                                   R"({"type":"reply","reply":{"id":"b","title":"A"}}]})"),
             131009},
        Case{"TenRows", one_section(10), 0}, Case{"ElevenRows", one_section(11), 131009},
        Case{"TwoSectionsNeedTitles",
             list(R"({"rows":[{"id":"a","title":"A"}]},{"rows":[{"id":"b","title":"B"}]})"),
             131008},
        Case{"CtaUrl",
             interactive("cta_url", R"({"name":"cta_url","parameters":{"display_text":"Go",)"
                                    R"("url":"https://example.com"}})"),
             0},
        Case{"CtaUrlWithoutUrl",
             interactive("cta_url", R"({"name":"cta_url","parameters":{"display_text":"Go"}})"),
             131008},
        Case{"UnknownKind", interactive("wheel", "{}"), 131009},
        Case{"NoAction",
             message(R"("type":"interactive","interactive":{"type":"button","body":{"text":"b"}})"),
             131008},
        Case{"HeaderTooLong",
             message(
                 R"("type":"interactive","interactive":{"type":"button","header":{"type":"text",)"
                 R"("text":")" +
                 many("a", 61) +
                 R"("},"body":{"text":"b"},"action":{"buttons":[{"type":"reply",)"
                 R"("reply":{"id":"a","title":"A"}}]}})"),
             131009}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Template, SendCheck,
    testing::Values(
        Case{"Plain", tmpl(R"("name":"order_ready","language":{"code":"de"})"), 0},
        Case{"NoLanguage", tmpl(R"("name":"order_ready")"), 131008},
        Case{"BadName", tmpl(R"("name":"Order-Ready","language":{"code":"de"})"), 131009},
        Case{"BadPolicy", tmpl(R"("name":"n","language":{"code":"de","policy":"fallback"})"),
             131009},
        Case{"MagicName", tmpl(R"("name":"error_132001","language":{"code":"de"})"), 132001},
        Case{"MagicNameOfNoCode", tmpl(R"("name":"error_999","language":{"code":"de"})"), 0},
        Case{"Named", body_parameters(R"({"type":"text","parameter_name":"a","text":"x"})"), 0},
        Case{"Mixed",
             body_parameters(
                 R"({"type":"text","parameter_name":"a","text":"x"},{"type":"text","text":"y"})"),
             132000},
        Case{"NewLine", body_parameters(R"({"type":"text","text":"a\nb"})"), 132018},
        Case{"FourSpaces", body_parameters(R"({"type":"text","text":"a    b"})"), 0},
        Case{"FiveSpaces", body_parameters(R"({"type":"text","text":"a     b"})"), 132018},
        Case{"UnknownParameter", body_parameters(R"({"type":"smell","text":"x"})"), 131009}),
    kName);

TEST(SendRecipient, WithoutPlusGetsTheSendersCountry) {
  const auto document =
      json::parse(R"({"messaging_product":"whatsapp","to":"(631) 555-1234","text":{"body":"x"}})");
  ASSERT_TRUE(document);
  EXPECT_EQ(check_send_request(document->root(), "91")->person, "916315551234");
}

}  // namespace
}  // namespace flowsell::sim
