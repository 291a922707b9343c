#include "errors.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace flowsell::whatsapp {
namespace {

using enum channel::RetryClass;
using channel::RetryScope;

struct CodeCase {
  std::int64_t code;
  channel::RetryClass retry;
};

// Every row of reference/whatsapp.md section 2.2; ranges by both ends.
constexpr CodeCase kCodes[] = {
    {0, kToken},        {1, kBackoff},      {2, kBackoff},      {3, kFix},
    {4, kBackoff},      {10, kFix},         {33, kNo},          {100, kNo},
    {190, kToken},      {200, kFix},        {299, kFix},        {368, kWait},
    {613, kBackoff},    {80007, kWait},     {80008, kWait},     {130429, kBackoff},
    {130472, kNo},      {130497, kNo},      {131000, kBackoff}, {131005, kFix},
    {131008, kNo},      {131009, kNo},      {131016, kBackoff}, {131020, kNo},
    {131021, kNo},      {131026, kNo},      {131030, kFix},     {131031, kFix},
    {131037, kFix},     {131041, kNo},      {131042, kFix},     {131044, kFix},
    {131045, kFix},     {131047, kNo},      {131048, kWait},    {131049, kWait},
    {131050, kNo},      {131051, kNo},      {131052, kNo},      {131053, kFix},
    {131056, kBackoff}, {131057, kBackoff}, {131059, kNo},      {131060, kNo},
    {131062, kNo},      {131063, kFix},     {131064, kFix},     {131201, kNo},
    {131214, kNo},      {131215, kFix},     {132000, kNo},      {132001, kFix},
    {132005, kNo},      {132007, kNo},      {132008, kNo},      {132012, kNo},
    {132015, kWait},    {132016, kNo},      {132018, kNo},      {132068, kFix},
    {132069, kWait},    {133000, kFix},     {133004, kBackoff}, {133005, kFix},
    {133006, kFix},     {133008, kWait},    {133009, kWait},    {133010, kFix},
    {133015, kWait},    {133016, kWait},    {134011, kFix},     {134100, kFix},
    {134101, kBackoff}, {134102, kFix},     {135000, kNo},      {136024, kFix},
    {136025, kFix},     {137000, kNo},      {138000, kNo},      {138018, kNo},
    {139000, kNo},      {139004, kNo},      {139100, kNo},      {139102, kNo},
    {139103, kBackoff}, {147001, kNo},      {147005, kNo},      {2388012, kNo},
    {2388019, kFix},    {2388023, kNo},     {2388024, kNo},     {2388040, kNo},
    {2388047, kNo},     {2388072, kNo},     {2388073, kNo},     {2388091, kNo},
    {2388093, kNo},     {2388103, kNo},     {2388293, kNo},     {2388299, kNo},
    {2494100, kNo},     {2494164, kNo},     {2494179, kNo},     {2593107, kNo},
    {2593108, kNo},
};

TEST(ErrorTable, GivesEveryDocumentedCodeItsClass) {
  for (const CodeCase& row : kCodes) {
    const ErrorRow* found = find_error(row.code);
    ASSERT_NE(found, nullptr) << row.code;
    EXPECT_EQ(found->retry, row.retry) << row.code;
  }
}

TEST(ErrorTable, HasNoRowThatTheTestDoesNotKnow) {
  std::set<std::int64_t> tested;
  for (const CodeCase& row : kCodes) tested.insert(row.code);
  for (const ErrorRow& row : error_table()) {
    EXPECT_TRUE(tested.contains(row.first) && tested.contains(row.last)) << row.first;
  }
}

TEST(ErrorTable, SaysWhatToDoInEveryRow) {
  for (const ErrorRow& row : error_table()) {
    EXPECT_FALSE(row.reason.empty() || row.fix.empty()) << row.first;
    EXPECT_EQ(row.fix.empty() ? '.' : row.fix.back(), '.') << row.first;
  }
}

TEST(ErrorTable, NamesReasonsInSnakeCase) {
  for (const ErrorRow& row : error_table()) {
    EXPECT_EQ(row.reason.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789"),
              row.reason.npos)
        << row.reason;
  }
}

TEST(ErrorTable, StopsTheWholeSenderForWhatConcernsItAll) {
  for (const std::int64_t code :
       {0, 4, 10, 190, 200, 368, 80007, 130429, 131031, 131042, 131045, 131057, 133010}) {
    EXPECT_EQ(find_error(code)->scope, RetryScope::kSender) << code;
  }
}

TEST(ErrorTable, HoldsUpOneLaneForWhatConcernsOnePerson) {
  for (const std::int64_t code :
       {100, 131000, 131026, 131047, 131049, 131050, 131053, 131056, 132001}) {
    EXPECT_EQ(find_error(code)->scope, RetryScope::kLane) << code;
  }
}

TEST(ErrorTable, KnowsHowLongEveryWaitLasts) {
  for (const ErrorRow& row : error_table()) {
    if (row.retry == kWait) {
      EXPECT_GT(row.wait.count(), 0) << row.first;
    }
  }
}

TEST(FindError, GivesNothingBesideARow) {
  for (const std::int64_t code : {-1, 5, 32, 199, 300, 131200, 131216, 138019, 2593109}) {
    EXPECT_EQ(find_error(code), nullptr) << code;
  }
}

TEST(FindError, GivesNothingAtTheEndsOfTheNumbers) {
  EXPECT_EQ(find_error(INT64_MIN), nullptr);
  EXPECT_EQ(find_error(INT64_MAX), nullptr);
}

struct UnknownCase {
  int status;
  channel::RetryClass retry;
};

TEST(Classify, JudgesAnUnknownCodeByTheHttpStatus) {
  for (const UnknownCase& row :
       {UnknownCase{429, kBackoff}, UnknownCase{500, kBackoff}, UnknownCase{503, kBackoff},
        UnknownCase{599, kBackoff}, UnknownCase{499, kNo}, UnknownCase{400, kNo},
        UnknownCase{404, kNo}, UnknownCase{600, kNo}, UnknownCase{0, kNo}}) {
    EXPECT_EQ(classify(999'999, 0, row.status).retry, row.retry) << row.status;
  }
}

TEST(Classify, LetsAKnownCodeOverruleTheHttpStatus) {
  EXPECT_EQ(classify(131026, 0, 500).retry, kNo);
}

TEST(Classify, TellsAnInvalidParameterApartByItsSubcode) {
  EXPECT_EQ(classify(100, 33, 400).reason, "number_not_found");
  EXPECT_EQ(classify(100, 2388293, 400).reason, "template_too_many_variables");
}

TEST(Classify, IgnoresSubcodesThatAreNumberedApart) {
  EXPECT_EQ(classify(100, 190, 400).reason, "invalid_parameter");
  EXPECT_EQ(classify(190, 33, 401).reason, "token_invalid");
  EXPECT_EQ(classify(100, 2'999'999, 400).reason, "invalid_parameter");
}

}  // namespace
}  // namespace flowsell::whatsapp
