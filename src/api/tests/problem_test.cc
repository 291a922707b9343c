#include "problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace flowsell::api {
namespace {

using namespace std::chrono_literals;

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& each : response.headers) {
    if (each.name == name) return each.value;
  }
  return "";
}

json::Object object_of(const http::Response& response) {
  const auto document = json::parse(response.body);
  if (!document) return {};
  // Into memory of its own: what a plain return would copy, stays in the document's.
  return {document->root().as_object(), boost::json::storage_ptr()};
}

TEST(Problem, HasTheShapeOfTheContract) {
  const auto response = problem({ErrorCode::kNotFound, "there is no such message"}, "req_1");
  const auto& info = error_info(ErrorCode::kNotFound);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"/errors/not_found","title":")" + std::string(info.title) +
                R"(","status":404,"detail":"there is no such message","instance":"req_1",)"
                R"("code":"not_found","retryable":false,"fix":")" +
                std::string(info.fix) + "\"}");
}

TEST(Problem, EveryErrorIsJsonWithItsOwnStatus) {
  for (int n = 0; n <= static_cast<int>(ErrorCode::kOutcomeUnknown); ++n) {
    const auto code = static_cast<ErrorCode>(n);
    const auto response = problem({code, ""}, "");
    EXPECT_EQ(response.status, error_info(code).http_status);
    EXPECT_EQ(object_of(response).at("code").as_string(), error_info(code).code);
  }
}

TEST(Problem, WithoutADetailRepeatsItsTitle) {
  const auto object = object_of(problem({ErrorCode::kConflict, ""}, ""));
  EXPECT_EQ(object.at("detail"), object.at("title"));
}

TEST(Problem, TellsEveryWrongField) {
  Error error{ErrorCode::kInvalidRequest, "two faults"};
  error.fields = {{"/to", "required", "missing", "Add it."},
                  {"/text", "unknown_field", "unknown", "Drop it."}};
  const auto errors = object_of(problem(error, "")).at("errors").as_array();
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(json::parse(R"({"pointer":"/to","code":"required","detail":"missing","fix":"Add it."})")
                ->root(),
            errors.at(0));
}

TEST(Problem, WithoutFieldsHasNoErrors) {
  EXPECT_FALSE(object_of(problem({ErrorCode::kConflict, ""}, "")).contains("errors"));
}

TEST(Problem, TellsTheProvidersNumbersUntouchedAndItsFix) {
  Error error{ErrorCode::kProviderRejected, "refused"};
  error.provider = ProviderError{"whatsapp",         131047,       7, "trace", "window_closed",
                                 "Send a template.", "their words"};
  const auto object = object_of(problem(error, ""));
  EXPECT_EQ(object.at("fix").as_string(), "Send a template.");
  EXPECT_EQ(object.at("provider"), json::parse(R"({"name":"whatsapp","code":131047,"subcode":7,
      "reason":"window_closed","detail":"their words","trace_id":"trace"})")
                                       ->root());
}

TEST(Problem, SaysWhenToComeBack) {
  Error error{ErrorCode::kRateLimited, ""};
  error.retry_after = 7s;
  EXPECT_EQ(header(problem(error, ""), "Retry-After"), "7");
}

TEST(Problem, UnavailableAlwaysSaysWhenToComeBack) {
  EXPECT_EQ(header(problem({ErrorCode::kStoreUnavailable, ""}, ""), "Retry-After"), "1");
}

TEST(Problem, UnauthenticatedNamesTheScheme) {
  EXPECT_EQ(header(problem({ErrorCode::kMissingApiKey, ""}, ""), "WWW-Authenticate"), "Bearer");
}

TEST(Problem, EscapesItsDetail) {
  EXPECT_EQ(object_of(problem({ErrorCode::kConflict, "a \"b\"\n"}, "")).at("detail").as_string(),
            "a \"b\"\n");
}

}  // namespace
}  // namespace flowsell::api
