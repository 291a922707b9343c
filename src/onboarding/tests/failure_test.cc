#include "onboarding/failure.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace flowsell::onboarding {
namespace {

TEST(Failures, EachIsFoundByItsCode) {
  std::set<std::string_view> codes;
  for (const FailureInfo& each : all_failures()) {
    EXPECT_EQ(failure_named(each.code), each.id) << each.code;
    EXPECT_TRUE(codes.insert(each.code).second) << each.code;
  }
  EXPECT_EQ(failure_named(""), std::nullopt);
  EXPECT_EQ(failure_named("no_such"), std::nullopt);
}

TEST(Failures, EachSaysWhatHappenedAndWhatToDo) {
  for (const FailureInfo& each : all_failures()) {
    EXPECT_GT(each.title.size(), 5U) << each.code;
    EXPECT_TRUE(each.words.ends_with(".")) << each.code;
    EXPECT_TRUE(each.fix.ends_with(".")) << each.code;
    EXPECT_NE(each.next, Next::kNothing) << each.code;
  }
}

TEST(Failures, NoneSpeaksAsProgrammersDo) {
  for (const FailureInfo& each : all_failures()) {
    const std::string text =
        std::string(each.title) + " " + std::string(each.words) + " " + std::string(each.fix);
    for (const char* word : {"token", "API", "HTTP", "WABA", "OAuth", "null", "exception"})
      EXPECT_FALSE(text.contains(word)) << each.code << ": " << word;
  }
}

TEST(Failures, EachIsDocumentedInItsWords) {
  std::ifstream file(FLOWSELL_SOURCE_DIR "/docs/whatsapp/onboarding-links.md", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const FailureInfo& each : all_failures()) {
    const std::string row = std::string("| `")
                                .append(each.code)
                                .append("` | **")
                                .append(each.title)
                                .append("** ")
                                .append(each.words)
                                .append(" | ")
                                .append(each.fix);
    EXPECT_TRUE(text.contains(row)) << row;
  }
}

}  // namespace
}  // namespace flowsell::onboarding
