// Bodies of webhooks, one file each, with what becomes of them beside: NAME.json and
// NAME.expected.json, a list of updates in their order.
#include <filesystem>
#include <set>

#include "callback.h"
#include "describe.h"
#include "support.h"

namespace flowsell::whatsapp {
namespace {

constexpr Time kNow = from_unix_ms(1'800'000'000'000);
constexpr std::string_view kExpected = ".expected";

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(CORPUS)) {
    std::string name = entry.path().stem().string();
    if (!name.ends_with(kExpected)) all.push_back(std::move(name));
  }
  std::ranges::sort(all);
  return all;
}

class Corpus : public testing::TestWithParam<std::string> {
 protected:
  static std::vector<channel::Update> updates() {
    auto parsed = parse_callback(text_of_file(file(".json")), kNow);
    if (!parsed) ADD_FAILURE() << parsed.error().detail;
    return parsed.value_or(std::vector<channel::Update>{});
  }
  static std::string file(std::string_view ending) {
    return std::string(CORPUS) + "/" + GetParam() + std::string(ending);
  }
};

TEST_P(Corpus, BecomesWhatTheTableSays) {
  const auto document = json::parse(text_of_file(file(".expected.json")), {.bytes_max = 1 << 22});
  ASSERT_TRUE(document);
  const auto& expected = document->root().as_array();
  const auto all = updates();
  ASSERT_EQ(all.size(), expected.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(canonical(std::visit(Describe(), all[i])),
              canonical(json::Writer().value(expected[i]).text()));
  }
}

TEST_P(Corpus, IsTheSameWhenItComesAgain) {
  const auto first = updates();
  const auto again = updates();
  ASSERT_EQ(first.size(), again.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (const auto* notice = std::get_if<channel::Notice>(&first[i])) {
      EXPECT_EQ(notice->digest, std::get<channel::Notice>(again[i]).digest);
      EXPECT_NE(notice->digest, decltype(notice->digest){});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Corpus, testing::ValuesIn(names()),
                         [](const auto& param_info) { return param_info.param; });

TEST(CorpusAsAWhole, HasEveryKindOfNotice) {
  std::set<std::string_view> kinds;
  for (const std::string& name : names()) {
    const auto parsed =
        parse_callback(text_of_file(std::string(CORPUS) + "/" + name + ".json"), kNow);
    if (!parsed) continue;
    for (const channel::Update& update : *parsed) {
      if (const auto* notice = std::get_if<channel::Notice>(&update))
        kinds.insert(Describe::kind_name(notice->kind));
    }
  }
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(channel::NoticeKind::kConversionDetected) + 1);
}

}  // namespace
}  // namespace flowsell::whatsapp
