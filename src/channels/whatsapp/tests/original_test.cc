#include "original.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "callback.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "describe.h"
#include "support.h"

namespace flowsell::whatsapp {
namespace {

constexpr Time kNow = from_unix_ms(1'800'000'000'000);
constexpr std::string_view kOurs = "msg_01h455vb4pex5vsknk084sn02q";

std::vector<channel::Update> parsed(std::string_view body) {
  auto all = parse_callback(body, kNow);
  if (!all) ADD_FAILURE() << all.error().detail;
  return all.value_or(std::vector<channel::Update>{});
}

std::vector<std::string> described(const std::vector<channel::Update>& updates) {
  std::vector<std::string> out;
  for (const channel::Update& update : updates)
    out.push_back(canonical(std::visit(Describe(), update)));
  return out;
}

/// Our id in a status, as Meta gives it back.
std::string id_in(const channel::Update& update) {
  if (const auto* status = std::get_if<channel::StatusUpdate>(&update))
    return status->message.is_none() ? std::string() : status->message.str();
  const auto* mark = std::get_if<channel::MessageMark>(&update);
  return mark == nullptr || mark->message.is_none() ? std::string() : mark->message.str();
}

/// What stands outside of every change has no words that could be told again.
bool is_of_no_change(const channel::Update& update) {
  const auto* unknown = std::get_if<channel::UnknownUpdate>(&update);
  return unknown != nullptr &&
         (unknown->field == "body" || unknown->field == "entry" || unknown->field == "changes");
}

std::vector<std::string> bodies() {
  std::vector<std::string> files;
  for (const std::string folder : {FIXTURES, CORPUS}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      const bool is_body = !name.ends_with(".expected.json") && !name.starts_with("send_") &&
                           !name.starts_with("answer_");
      if (is_body) files.push_back(entry.path().string());
    }
  }
  std::ranges::sort(files);
  return files;
}

class OriginalOf : public testing::TestWithParam<std::string> {};

TEST_P(OriginalOf, SaysWhatTheUpdatesOfItSay) {
  const auto all = parsed(text_of_file(GetParam()));
  std::vector<std::string> again;
  std::vector<channel::Update> with_words;
  for (const channel::Update& update : all) {
    const channel::Source& source = channel::source_of(update);
    if (source.body) {
      const std::string own(original_of(source, id_in(update)).reveal());
      for (std::string& each : described(parsed(own))) again.push_back(std::move(each));
    }
    if (!is_of_no_change(update)) with_words.push_back(update);
  }
  EXPECT_EQ(again, described(with_words));
}

INSTANTIATE_TEST_SUITE_P(Bodies, OriginalOf, testing::ValuesIn(bodies()),
                         [](const auto& param_info) {
                           std::string name =
                               std::filesystem::path(param_info.param).stem().string();
                           std::ranges::replace(name, '-', '_');
                           std::ranges::replace(name, '.', '_');
                           return name + "_" + std::to_string(param_info.index);
                         });

std::string text_of(const channel::Update& update, std::string_view callback_data) {
  return std::string(original_of(channel::source_of(update), callback_data).reveal());
}

TEST(Original, HasTheClientsDataWhereOurIdStood) {
  const auto all = parsed(fixture("status_sent.json"));
  const std::string given = text_of(all.at(0), "order-42");
  EXPECT_NE(given.find(R"("biz_opaque_callback_data":"order-42")"), std::string::npos);
  EXPECT_EQ(given.find(kOurs), std::string::npos);
  const std::string none = text_of(all.at(0), "");
  EXPECT_EQ(none.find("biz_opaque_callback_data"), std::string::npos);
}

TEST(Original, LeavesWhatIsNotOurs) {
  std::string body = fixture("status_sent.json");
  body.replace(body.find(kOurs), kOurs.size(), "another-system");
  EXPECT_NE(text_of(parsed(body).at(0), "order-42").find("\"another-system\""), std::string::npos);
}

TEST(Original, KeepsWhatWasBesideItAndNobodyElse) {
  const std::string body =
      R"({"object":"whatsapp_business_account","entry":[{"id":"7","changes":[{"field":"messages","value":{
        "messaging_product":"whatsapp","metadata":{"display_phone_number":"1","phone_number_id":"2"},
        "contacts":[{"wa_id":"491","profile":{"name":"Ana"}},{"wa_id":"492","profile":{"name":"Bo"}}],
        "messages":[{"from":"491","id":"A","timestamp":"1","type":"text","text":{"body":"one"}},
                    {"from":"492","id":"B","timestamp":"1","type":"text","text":{"body":"two"}}]}}]}]})";
  const auto all = parsed(body);
  ASSERT_EQ(all.size(), 2U);
  const std::string second = text_of(all[1], "");
  EXPECT_EQ(
      canonical(second),
      canonical(
          R"({"object":"whatsapp_business_account","entry":[{"id":"7","changes":[{"field":"messages",
        "value":{"messaging_product":"whatsapp",
        "metadata":{"display_phone_number":"1","phone_number_id":"2"},
        "contacts":[{"wa_id":"492","profile":{"name":"Bo"}}],
        "messages":[{"from":"492","id":"B","timestamp":"1","type":"text","text":{"body":"two"}}]}}]}]})"));
}

TEST(Original, IsWrittenAsMetaWrites) {
  EXPECT_EQ(escaped_as_meta(R"({"a":"Où / 👍 é\n"})"),
            "{\"a\":\"O\\u00f9 \\/ \\ud83d\\udc4d \\u00e9\\n\"}");
}

TEST(Original, OfOurOwnFailureIsAStatusThatFailed) {
  const std::string text(
      original_of(channel::OwnFailure{"7", "2", "+15550783881", std::string(kOurs), "order-42", 0,
                                      "message_expired", kNow})
          .reveal());
  const auto all = parsed(text);
  ASSERT_EQ(all.size(), 1U);
  const auto& status = std::get<channel::StatusUpdate>(all[0]);
  EXPECT_EQ(status.status, channel::MessageStatus::kFailed);
  EXPECT_EQ(status.address, "2");
  EXPECT_EQ(status.provider_message_id, kOurs);
  EXPECT_EQ(status.error->code, 131000);
  EXPECT_NE(text.find(R"("biz_opaque_callback_data":"order-42")"), std::string::npos);
}

}  // namespace
}  // namespace flowsell::whatsapp
