#include "core/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace flowsell {
namespace {

constexpr std::size_t kCodes = static_cast<std::size_t>(ErrorCode::kOutcomeUnknown) + 1;

const ErrorInfo& info(std::size_t i) { return error_info(static_cast<ErrorCode>(i)); }

TEST(ErrorInfo, EveryCodeHasAnIdStatusTitleAndFix) {
  for (std::size_t i = 0; i < kCodes; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(info(i).id), i);
    EXPECT_TRUE(info(i).http_status >= 400 && info(i).http_status <= 504) << info(i).code;
    EXPECT_FALSE(info(i).title.empty() || info(i).fix.empty()) << info(i).code;
  }
}

TEST(ErrorInfo, CodesAreUniqueSnakeCase) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < kCodes; ++i) {
    seen.insert(info(i).code);
    EXPECT_TRUE(std::ranges::all_of(info(i).code,
                                    [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); }));
  }
  EXPECT_EQ(seen.size(), kCodes);
}

TEST(FailField, DetailIsThatOfTheField) {
  const Result<> result = fail_field("/to", "required", "'to' is missing", "Add it.");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(result.error().detail, "'to' is missing");
  EXPECT_EQ(result.error().fields,
            (std::vector<FieldError>{{"/to", "required", "'to' is missing", "Add it."}}));
}

Result<std::unique_ptr<int>> a_pointer(bool ok) {
  if (!ok) return fail(ErrorCode::kConflict, "no");
  return std::make_unique<int>(5);
}
Result<int> passes_on(bool ok) {
  TRY(const std::unique_ptr<int> pointer, a_pointer(ok));
  return *pointer;
}
Result<> checks(bool ok) {
  CHECK_OK(passes_on(ok));
  return {};
}

TEST(Try, GivesTheValueEvenWhenItOnlyMoves) { EXPECT_EQ(passes_on(true).value_or(0), 5); }

TEST(Try, PassesTheErrorOn) {
  const auto result = passes_on(false);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
}

TEST(CheckOk, PassesTheErrorOn) {
  EXPECT_TRUE(checks(true));
  EXPECT_FALSE(checks(false));
}

}  // namespace
}  // namespace flowsell
