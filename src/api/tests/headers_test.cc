#include "headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowsell::api {
namespace {

using namespace std::chrono_literals;

struct WaitCase {
  const char* name;
  const char* prefer;
  std::optional<std::chrono::seconds> wait;
};
class WaitPreference : public testing::TestWithParam<WaitCase> {};

TEST_P(WaitPreference, IsReadAsTheTableSays) {
  EXPECT_EQ(wait_preference(GetParam().prefer), GetParam().wait);
}

constexpr WaitCase kWaitCases[] = {
    {"None", "", std::nullopt},
    {"Plain", "wait=10", 10s},
    {"Zero", "wait=0", 0s},
    {"AnyCase", "Wait=10", 10s},
    {"Quoted", "wait=\"10\"", 10s},
    {"HalfQuoted", "wait=\"10", std::nullopt},
    {"Longest", "wait=60", 60s},
    {"OneTooLong", "wait=61", 60s},
    {"FarTooLong", "wait=999999999", 60s},
    {"TooLongForANumber", "wait=99999999999999999999", std::nullopt},
    {"Negative", "wait=-1", std::nullopt},
    {"NoNumber", "wait=", std::nullopt},
    {"Unit", "wait=10s", std::nullopt},
    {"Fraction", "wait=1.5", std::nullopt},
    {"AnotherPreference", "respond-async", std::nullopt},
    {"SecondInTheList", "respond-async, wait=5", 5s},
    {"WithAParameter", "wait=5; foo=bar", 5s},
    {"SpacesAround", "  wait=5\t", 5s},
    {"FirstOfTwo", "wait=5, wait=7", 5s},
    {"OnlyAPrefix", "waiting=5", std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(Table, WaitPreference, testing::ValuesIn(kWaitCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& each : response.headers) {
    if (each.name == name) return each.value;
  }
  return "";
}

const Time kNow = *parse_time("2026-11-30T23:59:50Z");
const metering::Quota kQuota{1000, 300, *parse_time("2026-11-01T00:00:00Z"),
                             *parse_time("2026-12-01T00:00:00Z")};

http::Response with_headers(std::int64_t per_second, const std::optional<metering::Quota>& quota) {
  http::Response response;
  add_rate_headers(response, {true, per_second, 7, 1s}, quota, kNow);
  return response;
}

TEST(RateHeaders, TellTheKeysRate) {
  const auto response = with_headers(10, std::nullopt);
  EXPECT_EQ(header(response, "RateLimit-Policy"), "\"key\";q=10;w=1");
  EXPECT_EQ(header(response, "RateLimit"), "\"key\";r=7;t=1");
}

TEST(RateHeaders, TellTheQuotaWhereItWasUsed) {
  const auto response = with_headers(10, kQuota);
  EXPECT_EQ(header(response, "RateLimit-Policy"), "\"key\";q=10;w=1, \"quota\";q=1000;w=2592000");
  EXPECT_EQ(header(response, "RateLimit"), "\"key\";r=7;t=1, \"quota\";r=700;t=10");
}

TEST(RateHeaders, TellTheQuotaAloneWhereThereIsNoRate) {
  EXPECT_EQ(header(with_headers(0, kQuota), "RateLimit"), "\"quota\";r=700;t=10");
}

TEST(RateHeaders, AreNoneWhereNothingIsLimited) {
  EXPECT_TRUE(with_headers(0, std::nullopt).headers.empty());
}

TEST(TraceId, IsReadOfAValidHeaderOnly) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string rest = "-00f067aa0ba902b7-01";
  EXPECT_EQ(trace_id("00-" + trace + rest), trace);
  EXPECT_EQ(trace_id("01-" + trace + rest), trace);
  EXPECT_EQ(trace_id("01-" + trace + rest + "-more"), trace);
  for (const std::string& wrong :
       {std::string(), "ff-" + trace + rest, "00-" + trace + rest + "-more", "00-" + trace,
        "00-" + trace + rest.substr(1), "0x-" + trace + rest, "00-" + std::string(32, '0') + rest,
        "00-" + trace.substr(1) + "G" + rest, "01-" + trace + rest + "x"}) {
    EXPECT_EQ(trace_id(wrong), "") << wrong;
  }
}

}  // namespace
}  // namespace flowsell::api
