#include "interpret.h"

#include "support.h"

namespace flowsell::whatsapp {
namespace {

using namespace std::chrono_literals;
using Kind = channel::Interpretation::Kind;

http::Exchange answer(int status, std::string body, std::vector<http::Header> headers = {}) {
  auto exchange = answered(std::move(body), status);
  exchange.headers = std::move(headers);
  return exchange;
}

std::string error_body(std::int64_t code) {
  return R"({"error":{"code":)" + std::to_string(code) + "}}";
}

struct KindCase {
  const char* name;
  int status;
  std::string body;
  Kind kind;
};

class InterpretKind : public testing::TestWithParam<KindCase> {};

TEST_P(InterpretKind, IsTheTable) {
  EXPECT_EQ(interpret_answer(answer(GetParam().status, GetParam().body)).kind, GetParam().kind);
}

const std::string kAccepted = R"({"messages":[{"id":"wamid.A"}]})";

const KindCase kKinds[] = {
    {"Accepted", 200, kAccepted, Kind::kAccepted},
    {"AcceptedByAnother2xx", 299, kAccepted, Kind::kAccepted},
    {"RedirectIsNoSuccess", 300, kAccepted, Kind::kUnreadable},
    {"BelowSuccess", 199, kAccepted, Kind::kUnreadable},
    {"NoMessages", 200, R"({"success":true})", Kind::kUnreadable},
    {"EmptyMessages", 200, R"({"messages":[]})", Kind::kUnreadable},
    {"EmptyId", 200, R"({"messages":[{"id":""}]})", Kind::kUnreadable},
    {"IdIsANumber", 200, R"({"messages":[{"id":1}]})", Kind::kUnreadable},
    {"MessageIsNoObject", 200, R"({"messages":["wamid.A"]})", Kind::kUnreadable},
    {"CutSuccess", 200, R"({"messages":[{"id":"wamid.A")", Kind::kUnreadable},
    {"EmptySuccess", 200, "", Kind::kUnreadable},
    {"SuccessIsAList", 200, "[]", Kind::kUnreadable},
    {"ErrorUnder200", 200, error_body(131000), Kind::kUnreadable},
    {"Error", 400, error_body(131000), Kind::kError},
    {"ErrorUnder5xx", 503, error_body(2), Kind::kError},
    {"ErrorUnder399", 399, error_body(2), Kind::kUnreadable},
    {"GatewayPage", 502, "<html>Bad Gateway</html>", Kind::kUnreadable},
    {"GatewayTimeoutPage", 504, "<html>Gateway Timeout</html>", Kind::kUnreadable},
    {"SomebodyElsesError", 400, R"({"error":"bad request"})", Kind::kUnreadable},
    {"ErrorWithoutCode", 400, R"({"error":{"message":"x"}})", Kind::kUnreadable},
    {"CodeIsAText", 400, R"({"error":{"code":"131000"}})", Kind::kUnreadable},
    {"CodeIsAFraction", 400, R"({"error":{"code":1.5}})", Kind::kUnreadable},
    {"EmptyError", 500, "", Kind::kUnreadable},
    {"SuccessUnder500", 500, kAccepted, Kind::kUnreadable},
};
INSTANTIATE_TEST_SUITE_P(Table, InterpretKind, testing::ValuesIn(kKinds),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Interpret, IsUnreadableUnlessAnswered) {
  for (const auto end : {http::ExchangeEnd::kBroken, http::ExchangeEnd::kTimedOut,
                         http::ExchangeEnd::kUnreadable, http::ExchangeEnd::kUnconnected}) {
    http::Exchange exchange = answer(200, kAccepted);
    exchange.end = end;
    EXPECT_EQ(interpret_answer(exchange).kind, Kind::kUnreadable) << http::exchange_end_name(end);
  }
}

TEST(Interpret, ReadsMetasSuccess) {
  const auto read = interpret_answer(answer(200, fixture("answer_accepted.json")));
  EXPECT_EQ(read.provider_message_id,
            "wamid.HBgMNDkxNTEwMDAwMDAxFQIAERgSNUYwQjlDMTIzNDU2Nzg5MEFCAA==");
  EXPECT_EQ(read.provider_status, "");
}

TEST(Interpret, ReadsThatATemplateIsHeld) {
  const auto read = interpret_answer(answer(
      200, R"({"messages":[{"id":"wamid.A","message_status":"held_for_quality_assessment"}]})"));
  EXPECT_EQ(read.provider_status, "held_for_quality_assessment");
}

TEST(Interpret, ReadsMetasError) {
  const auto read = interpret_answer(answer(400, fixture("answer_pair_limit.json")));
  ASSERT_EQ(read.kind, Kind::kError);
  EXPECT_EQ(read.error.provider, "whatsapp");
  EXPECT_EQ(read.error.code, 131056);
  EXPECT_EQ(read.error.subcode, 2494055);
  EXPECT_EQ(read.error.trace_id, "Az8or2yhqkZfEZ-_4Qn_Bam");
  EXPECT_EQ(read.error.reason, "pair_rate_limited");
  EXPECT_EQ(read.error.text,
            "(#131056) (Business Account, Consumer Account) pair rate limit hit: Too many messages "
            "to this person");
  EXPECT_EQ(read.retry, channel::RetryClass::kBackoff);
  EXPECT_EQ(read.scope, channel::RetryScope::kLane);
}

TEST(Interpret, ReadsErrorDataThatIsAText) {
  const auto read =
      interpret_answer(answer(400, R"({"error":{"code":100,"message":"m","error_data":"d"}})"));
  EXPECT_EQ(read.error.text, "m: d");
}

TEST(Interpret, ReadsTheSubcodeOfAnInvalidParameter) {
  const auto read = interpret_answer(answer(400, R"({"error":{"code":100,"error_subcode":33}})"));
  EXPECT_EQ(read.error.reason, "number_not_found");
}

TEST(Interpret, RetriesAnUnknownCodeUnder5xx) {
  EXPECT_EQ(interpret_answer(answer(500, error_body(999999))).retry, channel::RetryClass::kBackoff);
}

TEST(Interpret, EndsWithAnUnknownCodeUnder4xx) {
  EXPECT_EQ(interpret_answer(answer(400, error_body(999999))).retry, channel::RetryClass::kNo);
}

std::string usage(const std::string& minutes) {
  return R"({"1022":[{"type":"whatsapp","estimated_time_to_regain_access":)" + minutes + "}]}";
}

struct WaitCase {
  const char* name;
  std::int64_t code;
  std::string retry_after;  ///< empty: no such header
  std::string usage;        ///< empty: no such header
  std::optional<std::chrono::seconds> wait;
};

class InterpretWait : public testing::TestWithParam<WaitCase> {};

TEST_P(InterpretWait, IsTheTable) {
  std::vector<http::Header> headers;
  if (!GetParam().retry_after.empty()) headers.push_back({"Retry-After", GetParam().retry_after});
  if (!GetParam().usage.empty()) headers.push_back({"X-Business-Use-Case-Usage", GetParam().usage});
  EXPECT_EQ(interpret_answer(answer(429, error_body(GetParam().code), headers)).retry_after,
            GetParam().wait);
}

const WaitCase kWaits[] = {
    {"NoneKnown", 130429, "", "", std::nullopt},
    {"Seconds", 130429, "17", "", 17s},
    {"DateIsIgnored", 130429, "Wed, 21 Oct 2026 07:28:00 GMT", "", std::nullopt},
    {"ZeroIsNone", 130429, "0", "", std::nullopt},
    {"NegativeIsNone", 130429, "-1", "", std::nullopt},
    {"LongestWait", 130429, "259200", "", 72h},
    {"LongerIsCut", 130429, "999999999999", "", 72h},
    {"TooLargeToReadIsNone", 130429, "99999999999999999999", "", std::nullopt},
    {"KnownTimeOfTheCode", 131057, "", "", 60s},
    {"HeaderOverrulesTheKnownTime", 131057, "5", "", 5s},
    {"UsageIsInMinutes", 80007, "", usage("19"), 19min},
    {"UsageOfTheApp", 4, "", usage("2"), 2min},
    {"LongerOfBoth", 80007, "60", usage("19"), 19min},
    {"LongerOfBothTheOtherWay", 80007, "7200", usage("19"), 2h},
    {"UsageOfZeroLeavesTheKnownTime", 80007, "", usage("0"), 10min},
    {"HugeUsageIsCut", 80007, "", usage("9223372036854775807"), 72h},
    {"UsageConcernsLimitsOnly", 130429, "", usage("19"), std::nullopt},
    {"BrokenUsageIsIgnored", 80007, "", "{", 10min},
    {"UsageOfOtherShapeIsIgnored", 80007, "", R"({"1022":{"a":1}})", 10min},
    {"FinalErrorsHaveNone", 131026, "17", "", std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(Table, InterpretWait, testing::ValuesIn(kWaits),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::whatsapp
