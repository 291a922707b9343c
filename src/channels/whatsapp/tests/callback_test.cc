#include "callback.h"

#include <set>

#include "repair.h"
#include "support.h"

namespace flowsell::whatsapp {
namespace {

using channel::InboundMessage;
using channel::MessageStatus;
using channel::StatusUpdate;
using channel::UnknownUpdate;

// openssl dgst -sha256 -hmac app-secret in_text.json
constexpr std::string_view kSignature =
    "sha256=4b7dd1000b2ac0636082f57689994402fa4bb7dad49af7b8bc1b54256120b4f6";
constexpr Time kNow = from_unix_ms(1'800'000'000'000);
constexpr std::string_view kMessageId = "msg_01h455vb4pex5vsknk084sn02q";
constexpr std::string_view kUserId = "DE.13491208655302741918";

// --- signature ---

const Secret kSecret("app-secret");

TEST(Verify, TakesMetasSignatureOfEscapedBytes) {
  EXPECT_TRUE(verify_signature(fixture("in_text.json"), kSignature, kSecret));
}

TEST(Verify, RefusesAnotherBody) {
  EXPECT_FALSE(verify_signature(fixture("in_text.json") + " ", kSignature, kSecret));
}

TEST(Verify, RefusesTheSameJsonWrittenInAnotherWay) {
  std::string body = fixture("in_text.json");
  body.replace(body.find("\\/"), 2, "/");
  EXPECT_FALSE(verify_signature(body, kSignature, kSecret));
}

TEST(Verify, RefusesAnotherSecret) {
  EXPECT_FALSE(verify_signature(fixture("in_text.json"), kSignature, Secret("app-secreT")));
}

TEST(Verify, RefusesAnEmptySecret) { EXPECT_FALSE(verify_signature("", "sha256=", Secret())); }

TEST(Verify, RefusesSignaturesOfOtherShapes) {
  const std::string body = fixture("in_text.json");
  for (const std::string_view signature :
       {std::string_view(), kSignature.substr(7), kSignature.substr(0, kSignature.size() - 1),
        std::string_view("sha1=00")}) {
    EXPECT_FALSE(verify_signature(body, signature, kSecret)) << signature;
  }
}

// --- inbound messages ---

std::vector<channel::Update> parsed(const std::string& name) {
  auto updates = parse_callback(fixture(name + ".json"), kNow);
  if (!updates) ADD_FAILURE() << name << ": " << updates.error().detail;
  return updates.value_or(std::vector<channel::Update>{});
}

template <class T>
T only(const std::string& name) {
  const auto updates = parsed(name);
  if (updates.size() != 1 || !std::holds_alternative<T>(updates[0])) {
    ADD_FAILURE() << name << " is not one update of the expected kind";
    return {};
  }
  return std::get<T>(updates[0]);
}

struct InboundCase {
  const char* fixture;
  const char* kind;
  std::string fields;  ///< without profile_name and user_id, which all have
};

class ParseInbound : public testing::TestWithParam<InboundCase> {};

TEST_P(ParseInbound, HasItsKind) {
  EXPECT_EQ(only<InboundMessage>(GetParam().fixture).kind, GetParam().kind);
}

TEST_P(ParseInbound, HasTheUnifiedFields) {
  const std::string expected =
      "{" + GetParam().fields +
      R"(,"profile_name":"Zoë","username":"zoe.k","user_id":"DE.13491208655302741918"})";
  const auto message = only<InboundMessage>(GetParam().fixture);
  EXPECT_EQ(canonical("{" + std::string(message.fields_json.reveal()) + "}"), canonical(expected));
}

const InboundCase kInbound[] = {
    {"in_text", "text", R"("text":{"body":"Grüße 👍 http://example.com/a"})"},
    {"in_reply", "text",
     R"("text":{"body":"yes"},"context":{"message_id":"wamid.OUT","from":"+15550783881"})"},
    {"in_forwarded", "text", R"("text":{"body":"look"},"context":{"forwarded":true})"},
    {"in_image", "image",
     R"("image":{"id":"1037543291543636","mime_type":"image/jpeg","sha256":"x/y+z=",)"
     R"("url":"https://lookaside.fbsbx.com/x","caption":"Hi"})"},
    {"in_document", "document",
     R"("document":{"id":"1","mime_type":"application/pdf","sha256":"s","filename":"a.pdf"})"},
    {"in_audio", "audio",
     R"("audio":{"id":"2","mime_type":"audio/ogg; codecs=opus","sha256":"s","voice":true})"},
    {"in_video", "video", R"("video":{"id":"3","mime_type":"video/mp4","sha256":"s"})"},
    {"in_sticker", "sticker",
     R"("sticker":{"id":"4","mime_type":"image/webp","sha256":"s","animated":false})"},
    {"in_location", "location",
     R"("location":{"latitude":52.52,"longitude":13.4,"name":"Office","address":"Example St 1"})"},
    {"in_contacts", "contacts",
     R"("contacts":[{"name":{"formatted_name":"A B","first_name":"A"},"phones":[{"phone":"+49151","type":"CELL"}]}])"},
    {"in_button", "button",
     R"("button":{"payload":"OK-1","text":"OK"},"context":{"message_id":"wamid.OUT","from":"+15550783881"})"},
    {"in_button_reply", "interactive",
     R"("interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Yes"}})"},
    {"in_list_reply", "interactive",
     R"("interactive":{"type":"list_reply","list_reply":{"id":"r1","title":"T","description":"D"}})"},
    {"in_flow_reply", "interactive",
     R"("interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"a\":1}"}})"},
    {"in_reaction", "reaction", R"("reaction":{"message_id":"wamid.OUT","emoji":"👍"})"},
    {"in_reaction_removed", "reaction", R"("reaction":{"message_id":"wamid.OUT","emoji":null})"},
};
INSTANTIATE_TEST_SUITE_P(Fixtures, ParseInbound, testing::ValuesIn(kInbound),
                         [](const auto& param_info) {
                           return std::string(param_info.param.fixture);
                         });

TEST(Parse, ReadsTheEnvelopeOfAMessage) {
  const auto message = only<InboundMessage>("in_text");
  EXPECT_EQ(message.address, "106540352242922");
  EXPECT_EQ(message.provider_message_id, "wamid.IN_text");
  EXPECT_EQ(message.from, "+491510000001");
  EXPECT_EQ(message.from_user_id, kUserId);
  EXPECT_EQ(message.at, from_unix_ms(1'790'000'000'000));
  EXPECT_FALSE(message.is_reaction);
}

TEST(Parse, ReadsWhatAMessageRepliesTo) {
  EXPECT_EQ(only<InboundMessage>("in_reply").context, "wamid.OUT");
}

TEST(Parse, FindsNoReplyInAForwardedMessage) {
  EXPECT_EQ(only<InboundMessage>("in_forwarded").context, "");
}

TEST(Parse, MarksReactions) {
  EXPECT_TRUE(only<InboundMessage>("in_reaction").is_reaction);
  EXPECT_EQ(only<InboundMessage>("in_reaction").context, "wamid.OUT");
}

TEST(Parse, TakesTheUserIdWhereNoNumberIsKnown) {
  EXPECT_EQ(only<InboundMessage>("in_user_id_only").from, kUserId);
  EXPECT_EQ(only<InboundMessage>("in_user_id_only").from_user_id, kUserId);
}

TEST(Parse, ReadsMessagesFromBeforeUserIds) {
  EXPECT_EQ(only<InboundMessage>("in_before_user_ids").from, "+491510000001");
  EXPECT_EQ(only<InboundMessage>("in_before_user_ids").from_user_id, "");
}

// --- what is not rendered ---

struct UnknownCase {
  const char* fixture;
  const char* field;
  const char* provider_id;
};

class ParseUnknown : public testing::TestWithParam<UnknownCase> {};

TEST_P(ParseUnknown, NamesWhatItWas) {
  EXPECT_EQ(only<UnknownUpdate>(GetParam().fixture).field, GetParam().field);
}

TEST_P(ParseUnknown, GivesAnIdToSearchBy) {
  EXPECT_EQ(only<UnknownUpdate>(GetParam().fixture).provider_id, GetParam().provider_id);
}

const UnknownCase kUnknown[] = {
    {"in_new_type", "messages/hologram", "wamid.IN_hologram"},
    {"status_new", "statuses/teleported", "wamid.OUT"},
    {"new_field", "wings_update", "102290129340398"},
    {"new_field_of_number", "wings_update", "102290129340398"},
};
INSTANTIATE_TEST_SUITE_P(Fixtures, ParseUnknown, testing::ValuesIn(kUnknown),
                         [](const auto& param_info) {
                           return std::string(param_info.param.fixture);
                         });

TEST(ParseUnknown, HasTheTimeOfTheEntry) {
  EXPECT_EQ(only<UnknownUpdate>("new_field").at, from_unix_ms(1'790'000'000'000));
}

TEST(ParseUnknown, HasTheAddressWhereThereIsOne) {
  EXPECT_EQ(only<UnknownUpdate>("new_field_of_number").address, "106540352242922");
  EXPECT_EQ(only<UnknownUpdate>("new_field").address, "");
}

TEST_P(ParseUnknown, HasTheSameDigestWhenItComesAgain) {
  EXPECT_NE(only<UnknownUpdate>(GetParam().fixture).digest, decltype(UnknownUpdate::digest){});
  EXPECT_EQ(only<UnknownUpdate>(GetParam().fixture).digest,
            only<UnknownUpdate>(GetParam().fixture).digest);
}

TEST(ParseUnknown, DigestIsOfWhatWasSaid) {
  std::set<decltype(UnknownUpdate::digest)> digests;
  for (const auto& row : kUnknown) digests.insert(only<UnknownUpdate>(row.fixture).digest);
  EXPECT_EQ(digests.size(), std::size(kUnknown));
}

// --- statuses ---

struct StatusCase {
  const char* fixture;
  MessageStatus status;
};

TEST(ParseStatus, ReadsTheFourStatuses) {
  for (const StatusCase& row : {StatusCase{"status_sent", MessageStatus::kSent},
                                StatusCase{"status_delivered", MessageStatus::kDelivered},
                                StatusCase{"status_read", MessageStatus::kRead},
                                StatusCase{"status_failed", MessageStatus::kFailed}}) {
    EXPECT_EQ(only<StatusUpdate>(row.fixture).status, row.status) << row.fixture;
  }
}

TEST(ParseStatus, ReadsTheEnvelope) {
  const auto status = only<StatusUpdate>("status_delivered");
  EXPECT_EQ(status.address, "106540352242922");
  EXPECT_EQ(status.message.str(), kMessageId);
  EXPECT_EQ(status.provider_message_id, "wamid.OUT");
  EXPECT_EQ(status.at, from_unix_ms(1'790'000'005'000));
  EXPECT_FALSE(status.error.has_value());
}

TEST(ParseStatus, FindsNoMessageOfOursInForeignCallbackData) {
  EXPECT_TRUE(only<StatusUpdate>("status_of_another_system").message.is_none());
}

TEST(ParseStatus, ReadsWhyAMessageFailed) {
  const auto status = only<StatusUpdate>("status_failed");
  ASSERT_TRUE(status.error.has_value());
  EXPECT_EQ(status.error->code, 131049);
  EXPECT_EQ(status.error->reason, "held_back_for_recipient");
  EXPECT_EQ(status.error->text, "Held: Not delivered to maintain a healthy ecosystem");
}

TEST(ParseStatus, HasAnErrorEvenWhereMetaGivesNone) {
  const auto status = only<StatusUpdate>("status_failed_without_reason");
  ASSERT_TRUE(status.error.has_value());
  EXPECT_EQ(status.error->reason, "unknown_error");
}

// --- whole bodies ---

std::string described(const channel::Update& update) {
  if (const auto* status = std::get_if<StatusUpdate>(&update)) {
    return "status " + std::string(channel::status_name(status->status));
  }
  if (const auto* message = std::get_if<InboundMessage>(&update))
    return "message " + message->provider_message_id;
  return "unknown " + std::get<UnknownUpdate>(update).field;
}

TEST(Parse, LosesNothingBesideBadEntries) {
  std::vector<std::string> all;
  for (const auto& update : parsed("mixed")) all.push_back(described(update));
  EXPECT_EQ(all, (std::vector<std::string>{
                     "unknown entry", "unknown entry", "unknown changes", "unknown statuses/other",
                     "status sent", "unknown statuses/read", "status delivered",
                     "unknown messages/other", "message wamid.IN_text", "unknown messages/text",
                     "unknown messages/image", "message wamid.TWO", "unknown messages"}));
}

TEST(Parse, LosesNothingBesideATextThatIsNoUnicode) {
  const auto updates = parsed("in_broken_escapes");
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_NE(
      std::get<InboundMessage>(updates[0]).fields_json.reveal().find("a\uFFFD b\uFFFD \\\\u0000"),
      std::string_view::npos);
  EXPECT_NE(std::get<InboundMessage>(updates[1]).fields_json.reveal().find("fine 👍"),
            std::string_view::npos);
}

TEST(Parse, FailsOnTextThatIsNoJson) {
  for (const char* body : {"", "{", "hub.mode=subscribe", "{\"object\":}", "{}{}"}) {
    const auto updates = parse_callback(body, kNow);
    ASSERT_FALSE(updates) << body;
    EXPECT_EQ(updates.error().code, ErrorCode::kInvalidJson) << body;
  }
}

TEST(Parse, FindsOnlyAnUnknownUpdateInOtherJson) {
  for (const char* body : {"null", "7", "[]", "{}", R"({"object":"page","entry":[]})",
                           R"({"object":"whatsapp_business_account"})"}) {
    const auto updates = parse_callback(body, kNow);
    ASSERT_TRUE(updates) << body;
    ASSERT_EQ(updates->size(), 1U) << body;
    EXPECT_EQ(described(updates->at(0)), "unknown body") << body;
  }
}

TEST(Parse, FindsNothingInAnEmptyList) {
  EXPECT_TRUE(
      parse_callback(R"({"object":"whatsapp_business_account","entry":[]})", kNow)->empty());
}

std::string with_time(const std::string& timestamp) {
  std::string body = fixture("status_sent.json");
  const std::string original = R"("timestamp":"1790000005")";
  return body.replace(body.find(original), original.size(), "\"timestamp\":" + timestamp);
}

struct TimeCase {
  const char* text;
  Time at;
};

TEST(Parse, ReadsTimesLeniently) {
  for (const TimeCase& row :
       {TimeCase{"\"1\"", from_unix_ms(1000)},
        TimeCase{"1790000005", from_unix_ms(1'790'000'005'000)}, TimeCase{"\"0\"", kNow},
        TimeCase{"\"-1\"", kNow}, TimeCase{"\"soon\"", kNow}, TimeCase{"\"1 \"", kNow},
        TimeCase{"null", kNow}, TimeCase{"\"253402300799\"", from_unix_ms(253'402'300'799'000)},
        TimeCase{"\"253402300800\"", kNow}, TimeCase{"\"99999999999999999999\"", kNow}}) {
    const auto updates = parse_callback(with_time(row.text), kNow);
    ASSERT_TRUE(updates) << row.text;
    EXPECT_EQ(std::get<StatusUpdate>(updates->at(0)).at, row.at) << row.text;
  }
}

TEST(Parse, ShowsNoTextOfAPersonInAnEnvelope) {
  std::string body = fixture("in_new_type.json");
  const std::string type = R"("type":"hologram")";
  body.replace(body.find(type), type.size(), R"("type":"some words of a person")");
  EXPECT_EQ(described(parse_callback(body, kNow)->at(0)), "unknown messages/other");
}

TEST(Parse, TakesBodiesOfThreeMegabytes) {
  const std::string one = fixture("status_sent.json");
  const std::string head = one.substr(0, one.find(R"({"id":"wamid.OUT")"));
  const std::string status = one.substr(head.size(), one.rfind("]}}]}]}") - head.size());
  std::string all = status;
  while (all.size() < 3'000'000) all += "," + status;
  const auto updates = parse_callback(head + all + "]}}]}]}", kNow);
  ASSERT_TRUE(updates);
  EXPECT_GT(updates->size(), 5'000U);
}

// --- repair ---

struct RepairCase {
  std::string before;
  std::string after;  ///< empty: nothing to repair
};

TEST(RepairEscapes, IsTheTable) {
  const RepairCase cases[] = {
      {R"("plain")", ""},
      {R"("\u00e9 \ud83d\udc4d \n")", ""},
      {R"("\u0000")", R"("\ufffd")"},
      {R"("\\u0000")", ""},
      {R"("\\\u0000")", R"("\\\ufffd")"},
      {R"("\ud83d")", R"("\ufffd")"},
      {R"("\udc4d")", R"("\ufffd")"},
      {R"("\ud83d\ud83d\udc4d")", R"("\ufffd\ud83d\udc4d")"},
      {R"("\uD83Dx\uDC4D")", R"("\ufffdx\ufffd")"},
      {R"("\u12)", ""},
      {"\\", ""},
      {R"(\u000)", ""},
      {"", ""},
  };
  for (const RepairCase& row : cases)
    EXPECT_EQ(repair_escapes(row.before).value_or(""), row.after) << row.before;
}

}  // namespace
}  // namespace flowsell::whatsapp
