#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "channel/adapter.h"
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
  EXPECT_EQ(std::get<Image>(out->body).file.link.reveal(), "https://example.com/a.png");
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
  const auto& interactive = std::get<Interactive>(out->body);
  EXPECT_EQ(std::get<Content>(interactive.header).reveal(), "H");
  EXPECT_EQ(interactive.body.reveal(), "B");
  EXPECT_EQ(interactive.footer.reveal(), "F");
  const auto& buttons = std::get<ReplyButtons>(interactive.action).buttons;
  ASSERT_EQ(buttons.size(), 1U);
  EXPECT_EQ(buttons[0].id, "yes");
  EXPECT_EQ(buttons[0].title.reveal(), "Yes");
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
  ASSERT_EQ(sent.components.size(), 2U);
  EXPECT_EQ(sent.components[0].kind, ComponentKind::kBody);
  EXPECT_EQ(sent.components[0].parameters.at(0).name, "first");
  EXPECT_EQ(std::get<Content>(sent.components[0].parameters.at(0).value).reveal(), "Ana");
  EXPECT_EQ(sent.components[1].kind, ComponentKind::kHeader);
  EXPECT_EQ(std::get<Content>(sent.components[1].parameters.at(0).value).reveal(), "42");
}

TEST(ParseMessage, ReadsATemplateWithoutVariables) {
  const auto out = read(message("template", R"({"name":"hello","language":{"code":"en_US"}})"));
  ASSERT_TRUE(out);
  EXPECT_TRUE(std::get<Template>(out->body).components.empty());
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

TEST(ParseMessage, CollectsOurMediaWithTheirPlaces) {
  const auto out = read(message("template", R"({"name":"n","language":{"code":"de"},"components":[
      {"type":"header","parameters":[
        {"type":"image","image":{"id":"med_01h455vb4pex5vsknk084sn02q"}}]},
      {"type":"carousel","cards":[{"components":[{"type":"header","parameters":[
        {"type":"video","video":{"id":"med_01h455vb4pex5vsknk084sn02r"}}]}]}]}]})"));
  ASSERT_TRUE(out);
  ASSERT_EQ(out->media.size(), 2U);
  EXPECT_EQ(out->media[0].pointer, "/template/components/0/parameters/0/image/id");
  EXPECT_EQ(out->media[0].id, "med_01h455vb4pex5vsknk084sn02q");
  EXPECT_EQ(out->media[1].pointer,
            "/template/components/1/cards/0/components/0/parameters/0/video/id");
}

TEST(ParseMessage, TakesAProvidersMediaIdAsItIs) {
  const auto out = read(message("sticker", R"({"id":"1037543291543636"})"));
  ASSERT_TRUE(out);
  EXPECT_EQ(std::get<Sticker>(out->body).file.id, "1037543291543636");
  EXPECT_TRUE(out->media.empty());
}

TEST(ParseMessage, TakesTheOptimisedWayAsMarketing) {
  EXPECT_EQ(read(text_with(R"(,"product_policy":"STRICT")"))->purpose, Purpose::kMarketing);
  EXPECT_EQ(read(text_with(R"(,"message_activity_sharing":false)"))->purpose, Purpose::kMarketing);
  EXPECT_EQ(read(text_with(R"(,"product_policy":"STRICT","purpose":"utility")"))->purpose,
            Purpose::kUtility);
}

TEST(ParseMessage, KeepsTheFreeDataOfAFlowAsJson) {
  const auto out = read(message("interactive", R"({"type":"flow","body":{"text":"B"},"action":{
      "name":"flow","parameters":{"flow_id":"1","flow_cta":"Go","flow_action_payload":{
      "screen":"S","data":{"a":[1,2.5,null,true,{"b":"ü"}]}}}}})"));
  ASSERT_TRUE(out);
  const auto& flow = std::get<FlowButton>(std::get<Interactive>(out->body).action);
  EXPECT_EQ(flow.data_json.reveal(), R"({"a":[1,2.5,null,true,{"b":"ü"}]})");
}

TEST(CompileContext, GivesAProvidersIdAsItIsAndOursOnlyWhereItIsKnown) {
  CompileContext context;
  context.media = {{"med_01h455vb4pex5vsknk084sn02q", "1037"}};
  EXPECT_EQ(context.provider_media_id("42"), "42");
  EXPECT_EQ(context.provider_media_id("med_01h455vb4pex5vsknk084sn02q"), "1037");
  EXPECT_EQ(context.provider_media_id("med_01h455vb4pex5vsknk084sn02r"), "");
}

TEST(InteractiveName, IsTheValueOfItsType) {
  EXPECT_EQ(interactive_name(ReplyButtons{}), "button");
  EXPECT_EQ(interactive_name(OrderStatus{}), "order_status");
  EXPECT_EQ(interactive_name(LocationRequest{}), "location_request_message");
}

TEST(RecipientParse, MasksAGroup) {
  EXPECT_EQ(Recipient::parse_group("Y2FwaV9ncm91cDoxMjM")->masked(), "group ••••xMjM");
  EXPECT_FALSE(Recipient::parse_group(std::string(151, 'a')));
  EXPECT_FALSE(Recipient::parse_group(""));
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
     message("fax", R"({"link":"https://example.com"})"),
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
    {"LongestMetadataValue", metadata("\"k\":" + quoted(512)), {}},
    {"MetadataValueOneTooLong", metadata("\"k\":" + quoted(513)), {"/metadata/k too_long"}},
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

    {"InteractiveOfNoKind",
     message("interactive", R"({"type":"wheel","body":{"text":"B"},"action":{"spin":"x"}})"),
     {"/interactive/type unsupported_type"}},
    {"InteractiveWithoutAction",
     message("interactive", R"({"type":"button","body":{"text":"B"}})"),
     {"/interactive/action required"}},
    {"StickerHeader",
     message("interactive",
             R"({"type":"button","header":{"type":"sticker","sticker":{}},"body":{"text":"B"},
         "action":{"buttons":[]}})"),
     {"/interactive/header/type unsupported_type"}},
    {"ImageHeaderWithoutFile",
     message("interactive",
             R"({"type":"button","header":{"type":"image","image":{}},"body":{"text":"B"},
         "action":{"buttons":[]}})"),
     {"/interactive/header/image/link required"}},
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
    {"BodyComponentBehindOneOfNoType",
     components(R"({"type":"side"},)" + kBodyComponent),
     {"/template/components/0/type unsupported_type"}},
    {"UrlButtonWithoutParameters",
     components(R"({"type":"button","sub_type":"url","index":0})"),
     {"/template/components/0/parameters required"}},
    {"ButtonOfNoKind",
     components(R"({"type":"button","sub_type":"lever","index":0,"parameters":[]})"),
     {"/template/components/0/sub_type unsupported_type"}},
    {"IndexIsAWord",
     components(R"({"type":"button","sub_type":"url","index":"first","parameters":[)" + kParameter +
                "]}"),
     {"/template/components/0/index invalid_format"}},
    {"IndexIsAText",
     components(R"({"type":"button","sub_type":"url","index":"0","parameters":[)" + kParameter +
                "]}"),
     {}},
    {"CarouselInACard",
     components(R"({"type":"carousel","cards":[{"components":[{"type":"carousel","cards":[]}]}]})"),
     {"/template/components/0/cards/0/components/0/type unsupported_type"}},
    {"UnknownComponent",
     components(R"({"type":"footer","parameters":[)" + kParameter + "]}"),
     {"/template/components/0/type unsupported_type"}},
    {"ComponentWithoutParameters",
     components(R"({"type":"body"})"),
     {"/template/components/0/parameters required"}},
    {"ComponentWithNoParameter",
     components(R"({"type":"body","parameters":[]})"),
     {"/template/components/0/parameters too_few"}},
    {"ParameterOfNoKind",
     components(R"({"type":"header","parameters":[{"type":"smell","smell":{}}]})"),
     {"/template/components/0/parameters/0/type unsupported_type"}},
    {"ImageParameterWithoutFile",
     components(R"({"type":"header","parameters":[{"type":"image","image":{}}]})"),
     {"/template/components/0/parameters/0/image/link required"}},

    {"FileByIdAndLink",
     message("image", R"({"id":"1","link":"https://example.com/a.png"})"),
     {"/image/id not_allowed"}},
    {"FileByOurId", message("image", R"({"id":"med_01h455vb4pex5vsknk084sn02q"})"), {}},
    {"FileByOurIdCut",
     message("image", R"({"id":"med_01h455vb4pex5vsknk084sn02"})"),
     {"/image/id invalid_id"}},
    {"FileByOurIdTooHigh",
     message("image", R"({"id":"med_81h455vb4pex5vsknk084sn02q"})"),
     {"/image/id invalid_id"}},
    {"FileByEmptyId", message("image", R"({"id":""})"), {"/image/id too_short"}},
    {"VoiceIsAText", message("audio", R"({"id":"1","voice":"yes"})"), {"/audio/voice wrong_type"}},
    {"StickerWithCaption",
     message("sticker", R"({"id":"1","caption":"x"})"),
     {"/sticker/caption unknown_field"}},
    {"LocationWithoutLongitude",
     message("location", R"({"latitude":1})"),
     {"/location/longitude required"}},
    {"LocationInWords",
     message("location", R"({"latitude":"1","longitude":2})"),
     {"/location/latitude wrong_type"}},
    {"ContactsAreAnObject", message("contacts", "{}"), {"/contacts wrong_type"}},
    {"ContactWithoutName", message("contacts", "[{}]"), {"/contacts/0/name required"}},
    {"ContactPhoneIsAText",
     message("contacts", R"([{"name":{"formatted_name":"A"},"phones":["+49"]}])"),
     {"/contacts/0/phones/0 wrong_type"}},
    {"ContactUnknownField",
     message("contacts", R"([{"name":{"formatted_name":"A","nick":"a"}}])"),
     {"/contacts/0/name/nick unknown_field"}},

    {"Group",
     R"({"recipient_type":"group","to":"Y2FwaV9ncm91cA==","type":"text","text":{"body":"x"}})",
     {}},
    {"GroupWithPlus",
     R"({"recipient_type":"group","to":"+49 1","type":"text","text":{"body":"x"}})",
     {"/to invalid_format"}},
    {"GroupIdWithoutItsType",
     R"({"to":"Y2FwaV9ncm91cA==","type":"text","text":{"body":"x"}})",
     {"/to invalid_format"}},
    {"UnknownRecipientType",
     text_with(R"(,"recipient_type":"crowd")"),
     {"/recipient_type unsupported_type"}},
    {"ProductPolicy", text_with(R"(,"product_policy":"STRICT")"), {}},
    {"UnknownProductPolicy",
     text_with(R"(,"product_policy":"LAX")"),
     {"/product_policy unsupported_type"}},
    {"KeyHash", text_with(R"(,"recipient_identity_key_hash":"DF2lS5v2W6x=")"), {}},
    {"KeyHashEmpty",
     text_with(R"(,"recipient_identity_key_hash":"")"),
     {"/recipient_identity_key_hash too_short"}},
    {"ParameterWithoutText",
     components(R"({"type":"body","parameters":[{"type":"text"}]})"),
     {"/template/components/0/parameters/0/text required"}},
};
INSTANTIATE_TEST_SUITE_P(Table, ParseMessageFault, testing::ValuesIn(kFaults),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ParseMessage, NamesTheSupportedTypesInTheFaultAboutAnUnknownOne) {
  const auto out = read(message("fax", "{}"));
  ASSERT_FALSE(out);
  for (const char* name : {"text", "image", "video", "audio", "document", "sticker", "location",
                           "contacts", "reaction", "interactive", "template"}) {
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
