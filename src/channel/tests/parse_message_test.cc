#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "channel/message.h"
#include "json/json.h"

namespace flowsell::channel {
namespace {

using namespace std::chrono_literals;

Result<OutboundMessage> read(const std::string& text) {
  const auto document = json::parse(text);
  if (!document) return std::unexpected(document.error());
  return parse_message(document->root());
}

/// A text message with `more` fields: R"(,"ttl_seconds":1)".
std::string text_with(const std::string& more) {
  return R"({"to":"+4915155500001","type":"text","text":{"body":"Hello"})" + more + "}";
}

/// A message of `type` whose object is `object`.
std::string message(const std::string& type, const std::string& object) {
  return R"({"to":"+4915155500001","type":")" + type + R"(",")" + type + R"(":)" + object + "}";
}

std::string times(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

/// "pointer code" of each fault.
std::vector<std::string> faults_of(const Result<OutboundMessage>& read) {
  std::vector<std::string> out;
  if (read) return out;
  for (const FieldError& fault : read.error().fields)
    out.push_back(fault.pointer + " " + fault.code);
  return out;
}

// --- recipient ---

struct RecipientCase {
  const char* name;
  std::string text;
  std::string masked;  ///< empty: refused
};

class RecipientParse : public testing::TestWithParam<RecipientCase> {};

TEST_P(RecipientParse, TakesOrRefuses) {
  EXPECT_EQ(Recipient::parse(GetParam().text).has_value(), !GetParam().masked.empty());
}

TEST_P(RecipientParse, KeepsTheText) {
  const auto recipient = Recipient::parse(GetParam().text);
  if (recipient) {
    EXPECT_EQ(recipient->view(), GetParam().text);
  }
}

TEST_P(RecipientParse, Masks) {
  const auto recipient = Recipient::parse(GetParam().text);
  if (recipient) {
    EXPECT_EQ(recipient->masked(), GetParam().masked);
  }
}

const RecipientCase kRecipients[] = {
    {"Number", "+919876543210", "+91••••••3210"},
    {"NumberWithoutPlus", "919876543210", ""},
    {"NumberWithSpace", "+91 9876543210", ""},
    {"UserId", "US.13491208655302741918", "US.••••1918"},
    {"ShortUserId", "US.ab", "US.••••b"},
    {"ParentUserId", "US.ENT.506847293015824", "US.ENT.••••5824"},
    {"SmallCountry", "us.1349", ""},
    {"NoCountry", ".1349", ""},
    {"NothingAfterTheDot", "US.", ""},
    {"NothingAfterTheParentMark", "US.ENT.", ""},
    {"TwoDots", "US.13.49", ""},
    {"Dash", "US.13-49", ""},
    {"LongestUserId", "US." + std::string(137, '1'), "US.••••1111"},
    {"UserIdOneTooLong", "US." + std::string(138, '1'), ""},
    {"Empty", "", ""},
};
INSTANTIATE_TEST_SUITE_P(Table, RecipientParse, testing::ValuesIn(kRecipients),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(RecipientParse, TellsANumberFromAUserId) {
  EXPECT_NE(Recipient::parse("+919876543210")->phone(), nullptr);
  EXPECT_NE(Recipient::parse("US.1349")->user(), nullptr);
}

// --- whole messages ---

TEST(ParseMessage, ReadsAText) {
  const auto out = read(message("text", R"({"body":"Hello","preview_url":true})"));
  ASSERT_TRUE(out);
  EXPECT_EQ(std::get<Text>(out->body).body.reveal(), "Hello");
  EXPECT_TRUE(std::get<Text>(out->body).preview_url);
}

TEST(ParseMessage, ReadsAnImage) {
  const auto out = read(message("image", R"({"link":"https://example.com/a.png","caption":"A"})"));
  ASSERT_TRUE(out);
  EXPECT_EQ(std::get<Image>(out->body).link.reveal(), "https://example.com/a.png");
  EXPECT_EQ(std::get<Image>(out->body).caption.reveal(), "A");
}

TEST(ParseMessage, ReadsADocument) {
  const auto out =
      read(message("document", R"({"link":"https://example.com/a.pdf","filename":"a.pdf"})"));
  ASSERT_TRUE(out);
  EXPECT_EQ(std::get<Document>(out->body).filename.reveal(), "a.pdf");
}

TEST(ParseMessage, ReadsAReaction) {
  const auto out = read(message("reaction", R"({"message_id":"wamid.X","emoji":"👍"})"));
  ASSERT_TRUE(out);
  EXPECT_EQ(std::get<Reaction>(out->body).message, "wamid.X");
  EXPECT_EQ(std::get<Reaction>(out->body).emoji.reveal(), "👍");
}

TEST(ParseMessage, ReadsAReactionThatIsTakenBack) {
  const auto out = read(message("reaction", R"({"message_id":"wamid.X","emoji":""})"));
  ASSERT_TRUE(out);
  EXPECT_TRUE(std::get<Reaction>(out->body).emoji.empty());
}

TEST(ParseMessage, ReadsReplyButtons) {
  const auto out =
      read(message("interactive", R"({"type":"button","header":{"type":"text","text":"H"},
      "body":{"text":"B"},"footer":{"text":"F"},
      "action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}}]}})"));
  ASSERT_TRUE(out);
  const auto& interactive = std::get<InteractiveButtons>(out->body);
  EXPECT_EQ(interactive.header.reveal(), "H");
  EXPECT_EQ(interactive.body.reveal(), "B");
  EXPECT_EQ(interactive.footer.reveal(), "F");
  ASSERT_EQ(interactive.buttons.size(), 1U);
  EXPECT_EQ(interactive.buttons[0].id, "yes");
  EXPECT_EQ(interactive.buttons[0].title.reveal(), "Yes");
}

TEST(ParseMessage, ReadsATemplate) {
  const auto out =
      read(message("template", R"({"name":"order_ready","language":{"code":"de"},"components":[
      {"type":"body","parameters":[{"type":"text","parameter_name":"first","text":"Ana"}]},
      {"type":"header","parameters":[{"type":"text","text":"42"}]}]})"));
  ASSERT_TRUE(out);
  const auto& sent = std::get<Template>(out->body);
  EXPECT_EQ(sent.name, "order_ready");
  EXPECT_EQ(sent.language, "de");
  ASSERT_EQ(sent.body.size(), 1U);
  EXPECT_EQ(sent.body[0].name, "first");
  EXPECT_EQ(sent.body[0].text.reveal(), "Ana");
  EXPECT_EQ(sent.header[0].text.reveal(), "42");
  EXPECT_EQ(sent.body_index, 0U);
  EXPECT_EQ(sent.header_index, 1U);
}

TEST(ParseMessage, ReadsATemplateWithoutVariables) {
  const auto out = read(message("template", R"({"name":"hello","language":{"code":"en_US"}})"));
  ASSERT_TRUE(out);
  EXPECT_TRUE(std::get<Template>(out->body).body.empty());
}

TEST(ParseMessage, ReadsTheEnvelope) {
  const auto out = read(text_with(
      R"(,"from":"+4915155500002","context":{"message_id":"wamid.X"},"client_ref":"order-1",
      "ttl_seconds":60,"purpose":"utility","metadata":{"a":"1","b \"":"2"})"));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->from, "+4915155500002");
  EXPECT_EQ(out->context, "wamid.X");
  EXPECT_EQ(out->client_ref, "order-1");
  EXPECT_EQ(out->ttl, 60s);
  EXPECT_EQ(out->purpose, Purpose::kUtility);
  EXPECT_EQ(out->metadata_json, R"({"a":"1","b \"":"2"})");
}

TEST(ParseMessage, LeavesAbsentFieldsEmpty) {
  const auto out = read(text_with(""));
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->from.empty() && out->context.empty() && out->client_ref.empty() &&
              out->metadata_json.empty());
  EXPECT_FALSE(out->ttl.has_value());
  EXPECT_EQ(out->purpose, Purpose::kUnstated);
}

TEST(ParseMessage, TakesEmptyMetadataAsNone) {
  EXPECT_EQ(read(text_with(R"(,"metadata":{})"))->metadata_json, "");
}

TEST(KindName, IsTheKeyOfTheObject) {
  EXPECT_EQ(kind_name(Body(Text{})), "text");
  EXPECT_EQ(kind_name(Body(Template{})), "template");
}

// --- faults ---

struct FaultCase {
  const char* name;
  std::string body;
  std::vector<std::string> faults;  ///< empty: taken
};

class ParseMessageFault : public testing::TestWithParam<FaultCase> {};

TEST_P(ParseMessageFault, IsReportedAtItsPointer) {
  EXPECT_EQ(faults_of(read(GetParam().body)), GetParam().faults);
}

std::string metadata(const std::string& fields) {
  return text_with(R"(,"metadata":{)" + fields + "}");
}

std::string metadata_of(std::size_t keys) {
  std::string fields;
  for (std::size_t i = 0; i < keys; ++i)
    fields += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":\"v\"";
  return metadata(fields);
}

std::string quoted(std::size_t length) { return "\"" + times(length, "é") + "\""; }

const std::string kButton = R"({"type":"reply","reply":{"id":"a","title":"A"}})";

std::string buttons(std::size_t count) {
  std::string all = kButton;
  for (std::size_t i = 1; i < count; ++i) all += "," + kButton;
  return message("interactive",
                 R"({"type":"button","body":{"text":"B"},"action":{"buttons":[)" + all + "]}}");
}

std::string components(const std::string& all) {
  return message("template", R"({"name":"n","language":{"code":"de"},"components":[)" + all + "]}");
}

const std::string kParameter = R"({"type":"text","text":"x"})";
const std::string kBodyComponent = R"({"type":"body","parameters":[)" + kParameter + "]}";

const FaultCase kFaults[] = {
    {"NotAnObject", "[]", {" wrong_type"}},
    {"NothingAtAll", "{}", {"/to required", "/type required"}},
    {"NoTo", R"({"type":"text","text":{"body":"x"}})", {"/to required"}},
    {"LocalNumber",
     R"({"to":"015155500001","type":"text","text":{"body":"x"}})",
     {"/to invalid_format"}},
    {"ToIsANumber", R"({"to":49,"type":"text","text":{"body":"x"}})", {"/to wrong_type"}},
    {"NoType", R"({"to":"+4915155500001","text":{"body":"x"}})", {"/type required"}},
    {"UnsupportedType",
     message("video", R"({"link":"https://example.com"})"),
     {"/type unsupported_type"}},
    {"NoObjectForTheType", R"({"to":"+4915155500001","type":"text"})", {"/text required"}},
    {"ObjectOfAnotherType",
     text_with(R"(,"image":{"link":"https://example.com"})"),
     {"/image unknown_field"}},
    {"UnknownField", text_with(R"(,"tx":1)"), {"/tx unknown_field"}},
    {"SeveralFaultsAtOnce",
     text_with(R"(,"tx":1,"ttl_seconds":0)"),
     {"/ttl_seconds out_of_range", "/tx unknown_field"}},

    {"FromIsASenderId", text_with(R"(,"from":"snd_01h455vb4pex5vsknk084sn02q")"), {}},
    {"FromIsAnotherId",
     text_with(R"(,"from":"msg_01h455vb4pex5vsknk084sn02q")"),
     {"/from invalid_format"}},
    {"FromIsEmpty", text_with(R"(,"from":"")"), {"/from too_short"}},

    {"ShortestTtl", text_with(R"(,"ttl_seconds":1)"), {}},
    {"NoTtl", text_with(R"(,"ttl_seconds":0)"), {"/ttl_seconds out_of_range"}},
    {"LongestTtl", text_with(R"(,"ttl_seconds":86400)"), {}},
    {"TtlOneTooLong", text_with(R"(,"ttl_seconds":86401)"), {"/ttl_seconds out_of_range"}},
    {"TtlIsAText", text_with(R"(,"ttl_seconds":"60")"), {"/ttl_seconds wrong_type"}},

    {"Purpose", text_with(R"(,"purpose":"marketing")"), {}},
    {"UnknownPurpose", text_with(R"(,"purpose":"fun")"), {"/purpose invalid_value"}},

    {"LongestClientRef", text_with(R"(,"client_ref":)" + quoted(100)), {}},
    {"ClientRefOneTooLong", text_with(R"(,"client_ref":)" + quoted(101)), {"/client_ref too_long"}},

    {"MostMetadata", metadata_of(50), {}},
    {"OneMetadataKeyTooMany", metadata_of(51), {"/metadata too_many"}},
    {"LongestMetadataKey", metadata(quoted(40) + ":\"v\""), {}},
    {"MetadataKeyOneTooLong", metadata(quoted(41) + ":\"v\""), {"/metadata invalid_key"}},
    {"EmptyMetadataKey", metadata(R"("":"v")"), {"/metadata invalid_key"}},
    {"LongestMetadataValue", metadata("\"k\":" + quoted(500)), {}},
    {"MetadataValueOneTooLong", metadata("\"k\":" + quoted(501)), {"/metadata/k too_long"}},
    {"MetadataValueIsANumber", metadata(R"("k":1)"), {"/metadata/k wrong_type"}},
    {"MetadataIsAList", text_with(R"(,"metadata":[])"), {"/metadata wrong_type"}},

    {"ContextOfOurs",
     text_with(R"(,"context":{"message_id":"msg_01h455vb4pex5vsknk084sn02q"})"),
     {}},
    {"ContextOfOursCut",
     text_with(R"(,"context":{"message_id":"msg_01h455vb4pex5vsknk084sn02"})"),
     {"/context/message_id invalid_id"}},
    {"ContextEmpty", text_with(R"(,"context":{})"), {"/context/message_id required"}},
    {"LongestContext", text_with(R"(,"context":{"message_id":)" + quoted(256) + "}"), {}},
    {"ContextOneTooLong",
     text_with(R"(,"context":{"message_id":)" + quoted(257) + "}"),
     {"/context/message_id too_long"}},

    {"TextWithoutBody", message("text", "{}"), {"/text/body required"}},
    {"TextIsNoObject", message("text", "\"Hello\""), {"/text wrong_type"}},
    {"TextUnknownField",
     message("text", R"({"body":"x","bold":true})"),
     {"/text/bold unknown_field"}},
    {"PreviewIsAText",
     message("text", R"({"body":"x","preview_url":"yes"})"),
     {"/text/preview_url wrong_type"}},
    {"ImageWithoutLink", message("image", R"({"caption":"x"})"), {"/image/link required"}},
    {"ImageWithFilename",
     message("image", R"({"link":"x","filename":"y"})"),
     {"/image/filename unknown_field"}},
    {"DocumentWithoutLink", message("document", "{}"), {"/document/link required"}},
    {"ReactionWithoutMessage",
     message("reaction", R"({"emoji":"👍"})"),
     {"/reaction/message_id required"}},
    {"ReactionWithoutEmoji",
     message("reaction", R"({"message_id":"wamid.X"})"),
     {"/reaction/emoji required"}},

    {"InteractiveList",
     message("interactive", R"({"type":"list","body":{"text":"B"},"action":{"button":"x"}})"),
     {"/interactive/type unsupported_type"}},
    {"InteractiveWithoutBody",
     message("interactive", R"({"type":"button","action":{"buttons":[]}})"),
     {"/interactive/body required"}},
    {"InteractiveWithoutAction",
     message("interactive", R"({"type":"button","body":{"text":"B"}})"),
     {"/interactive/action required"}},
    {"ImageHeader",
     message("interactive",
             R"({"type":"button","header":{"type":"image","image":{}},"body":{"text":"B"},
         "action":{"buttons":[]}})"),
     {"/interactive/header/type unsupported_type"}},
    {"EmptyFooter",
     message(
         "interactive",
         R"({"type":"button","body":{"text":"B"},"footer":{"text":""},"action":{"buttons":[]}})"),
     {"/interactive/footer/text too_short"}},
    {"MostButtonsThatAreRead", buttons(100), {}},
    {"OneButtonTooManyToRead", buttons(101), {"/interactive/action/buttons too_many"}},
    {"ButtonOfAnotherType",
     message("interactive",
             R"({"type":"button","body":{"text":"B"},"action":{"buttons":[{"type":"url"}]}})"),
     {"/interactive/action/buttons/0/type unsupported_type"}},
    {"ButtonWithoutTitle",
     message("interactive", R"({"type":"button","body":{"text":"B"},
         "action":{"buttons":[{"type":"reply","reply":{"id":"a"}}]}})"),
     {"/interactive/action/buttons/0/reply/title required"}},

    {"TemplateWithoutName",
     message("template", R"({"language":{"code":"de"}})"),
     {"/template/name required"}},
    {"TemplateWithoutLanguage",
     message("template", R"({"name":"n"})"),
     {"/template/language required"}},
    {"LanguageWithoutCode",
     message("template", R"({"name":"n","language":{}})"),
     {"/template/language/code required"}},
    {"NoComponents", components(""), {}},
    {"BodyComponent", components(kBodyComponent), {}},
    {"BodyComponentTwice",
     components(kBodyComponent + "," + kBodyComponent),
     {"/template/components/1/type duplicate"}},
    {"ButtonComponent",
     components(R"({"type":"button","sub_type":"url"})"),
     {"/template/components/0/type unsupported_type"}},
    {"ComponentWithoutParameters",
     components(R"({"type":"body"})"),
     {"/template/components/0/parameters required"}},
    {"ComponentWithNoParameter",
     components(R"({"type":"body","parameters":[]})"),
     {"/template/components/0/parameters too_few"}},
    {"ImageParameter",
     components(R"({"type":"header","parameters":[{"type":"image","image":{}}]})"),
     {"/template/components/0/parameters/0/type unsupported_type"}},
    {"ParameterWithoutText",
     components(R"({"type":"body","parameters":[{"type":"text"}]})"),
     {"/template/components/0/parameters/0/text required"}},
};
INSTANTIATE_TEST_SUITE_P(Table, ParseMessageFault, testing::ValuesIn(kFaults),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ParseMessage, NamesTheSupportedTypesInTheFaultAboutAnUnknownOne) {
  const auto out = read(message("video", "{}"));
  ASSERT_FALSE(out);
  for (const char* name : {"text", "image", "document", "reaction", "interactive", "template"}) {
    EXPECT_NE(out.error().fields[0].detail.find(name), std::string::npos) << name;
  }
}

TEST(ParseMessage, NeverRepeatsContentInAFault) {
  const std::string marker = "CANARY";
  const auto out =
      read(R"({"to":"CANARY","type":"CANARY","from":"CANARY","client_ref":")" + times(20, marker) +
           R"(","ttl_seconds":"CANARY","context":{"message_id":"msg_CANARY"},"metadata":{"k":")" +
           times(100, marker) + "\",\"" + times(10, marker) + R"(":"v"}})");
  ASSERT_FALSE(out);
  for (const FieldError& fault : out.error().fields) {
    EXPECT_EQ((fault.pointer + fault.detail + fault.fix).find(marker), std::string::npos)
        << fault.pointer;
  }
}

TEST(ParseMessage, FailsAsAnInvalidRequest) {
  EXPECT_EQ(read("{}").error().code, ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace flowsell::channel
