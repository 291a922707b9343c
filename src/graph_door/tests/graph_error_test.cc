#include "graph_error.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace flowsell::graph_door {
namespace {

struct ErrorCase {
  std::string_view name;
  ErrorCode code;
  int status;
  std::int64_t graph_code;
  std::int64_t subcode;
  bool is_transient;
};

// Each line of the table in docs/whatsapp/moving.md.
constexpr ErrorCase kCases[] = {
    {"InvalidRequest", ErrorCode::kInvalidRequest, 400, 131009, 0, false},
    {"InvalidJson", ErrorCode::kInvalidJson, 400, 100, 0, false},
    {"InvalidId", ErrorCode::kInvalidId, 400, 100, 0, false},
    {"InvalidKeyOfIdempotency", ErrorCode::kInvalidIdempotencyKey, 400, 100, 0, false},
    {"NoKey", ErrorCode::kMissingApiKey, 401, 190, 0, false},
    {"WrongKey", ErrorCode::kInvalidApiKey, 401, 190, 467, false},
    {"Quota", ErrorCode::kQuotaExhausted, 400, 131042, 0, false},
    {"Scope", ErrorCode::kInsufficientScope, 403, 200, 0, false},
    {"Address", ErrorCode::kAddressNotAllowed, 403, 10, 0, false},
    {"Sender", ErrorCode::kSenderNotAllowed, 403, 10, 0, false},
    {"Terms", ErrorCode::kTermsNotAccepted, 403, 200, 0, false},
    {"Consent", ErrorCode::kConsentRequired, 400, 131050, 0, false},
    {"OptedOut", ErrorCode::kRecipientOptedOut, 400, 131050, 0, false},
    {"NotFound", ErrorCode::kNotFound, 400, 100, 33, false},
    {"Conflict", ErrorCode::kConflict, 400, 100, 0, false},
    {"KeyRuns", ErrorCode::kIdempotencyInProgress, 503, 131016, 0, true},
    {"KeyUnverifiable", ErrorCode::kIdempotencyKeyUnverifiable, 400, 100, 0, false},
    {"KeyReused", ErrorCode::kIdempotencyKeyReused, 400, 100, 0, false},
    {"TooLarge", ErrorCode::kPayloadTooLarge, 413, 100, 0, false},
    {"MediaType", ErrorCode::kUnsupportedMediaType, 400, 100, 0, false},
    {"Rate", ErrorCode::kRateLimited, 429, 130429, 0, true},
    {"Internal", ErrorCode::kInternal, 500, 131000, 0, true},
    {"Unreachable", ErrorCode::kProviderUnreachable, 503, 131016, 0, true},
    {"Store", ErrorCode::kStoreUnavailable, 503, 131016, 0, true},
    {"Overloaded", ErrorCode::kOverloaded, 503, 131016, 0, true},
    {"Ending", ErrorCode::kShuttingDown, 503, 131016, 0, true},
    {"ProviderTimeout", ErrorCode::kProviderTimeout, 409, kUnknownOutcome, 0, false},
    {"OutcomeUnknown", ErrorCode::kOutcomeUnknown, 409, kUnknownOutcome, 0, false},
};

class GraphErrorTable : public testing::TestWithParam<ErrorCase> {};

TEST_P(GraphErrorTable, HasMetasCodeOfOurs) {
  const ErrorCase& wanted = GetParam();
  const GraphError error = error_of({wanted.code, "why"}, Asked::kMessage);
  EXPECT_EQ(error.status, wanted.status);
  EXPECT_EQ(error.code, wanted.graph_code);
  EXPECT_EQ(error.subcode, wanted.subcode);
  EXPECT_EQ(error.is_transient, wanted.is_transient);
  EXPECT_EQ(error.reason, error_info(wanted.code).code);
}

INSTANTIATE_TEST_SUITE_P(Table, GraphErrorTable, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(GraphError, OfAFieldHasTheCodeOfItsFault) {
  Error error{ErrorCode::kInvalidRequest, "is missing"};
  error.fields = {{"/text/body", "required", "is missing", "Send it."}};
  EXPECT_EQ(error_of(error, Asked::kMessage).code, 131008);
  error.fields.front() = {"/type", "unsupported_type", "no such type", "Send another."};
  EXPECT_EQ(error_of(error, Asked::kMessage).code, 131051);
  error.fields.front() = {"/text/body", "too_long", "is too long", "Shorten it."};
  EXPECT_EQ(error_of(error, Asked::kMessage).code, 131009);
  EXPECT_EQ(error_of(error, Asked::kMessage).details, "/text/body: is too long. Shorten it.");
}

TEST(GraphError, OfATemplatesFaultIsMetasOwn) {
  const auto code = [](std::string pointer, std::string fault) {
    Error error{ErrorCode::kInvalidRequest, "is wrong"};
    error.fields = {{std::move(pointer), std::move(fault), "is wrong", "Send another."}};
    return error_of(error, Asked::kMessage).code;
  };
  EXPECT_EQ(code("/template/name", "template_not_found"), 132001);
  EXPECT_EQ(code("/template/name", "template_paused"), 132015);
  EXPECT_EQ(code("/template/name", "template_disabled"), 132016);
  EXPECT_EQ(code("/template/name", "too_long"), 131009);
  EXPECT_EQ(code("/template/components/0/parameters", "wrong_count"), 132000);
  EXPECT_EQ(code("/template/components/0/parameters/0/type", "wrong_kind"), 132012);
  EXPECT_EQ(code("/template/components/0/parameters/0/text", "too_long"), 132005);
  EXPECT_EQ(code("/template/components/0/parameters/0/text", "invalid_format"), 132018);
  EXPECT_EQ(code("/to", "needs_phone"), 131062);
}

TEST(GraphError, OfATemplateThatThereIsNotHasMetasStatus) {
  Error error{ErrorCode::kInvalidRequest, "is not there"};
  error.fields = {{"/template/name", "template_not_found", "is not there", "Make it."}};
  EXPECT_EQ(error_of(error, Asked::kMessage).status, 404);
}

TEST(GraphError, OfTheRateOfManagementIsTheAccounts) {
  EXPECT_EQ(error_of({ErrorCode::kRateLimited, ""}, Asked::kManagement).code, 80007);
}

TEST(GraphError, OfTheProviderIsAsItSaidIt) {
  Error error{ErrorCode::kProviderRejected, "refused"};
  error.provider =
      ProviderError{"whatsapp", 131056, 7, "Atrace", "pair_rate_limited", "Wait.", "pair"};
  const GraphError told = error_of(error, Asked::kMessage);
  EXPECT_EQ(told.code, 131056);
  EXPECT_EQ(told.subcode, 7);
  EXPECT_EQ(told.message, "pair");
  EXPECT_EQ(told.trace_id, "Atrace");
}

TEST(GraphError, OfTheConnectionsTokenDoesNotBlameTheKey) {
  Error error{ErrorCode::kProviderRejected, "refused"};
  error.provider =
      ProviderError{"whatsapp", 190, 463, "", "token_invalid", "Connect it again.", ""};
  const GraphError told = error_of(error, Asked::kManagement);
  EXPECT_EQ(told.code, 131005);
  EXPECT_EQ(told.status, 403);
}

struct WordlessCase {
  const char* name;
  int answered;
  Again again;
  int status;
  std::int64_t code;
  bool is_transient;
};
class WordlessAnswer : public testing::TestWithParam<WordlessCase> {};
TEST_P(WordlessAnswer, IsToldByWhatItMeans) {
  const GraphError told = error_of_no_words(GetParam().answered, GetParam().again);
  EXPECT_EQ(told.status, GetParam().status);
  EXPECT_EQ(told.code, GetParam().code);
  EXPECT_EQ(told.is_transient, GetParam().is_transient);
  EXPECT_FALSE(told.details.empty());
}
constexpr WordlessCase kWordless[] = {
    {"DownForALook", 503, Again::kHarmless, 503, 2, true},
    {"AGatewayForALook", 502, Again::kHarmless, 503, 2, true},
    {"APageForALook", 200, Again::kHarmless, 503, 2, true},
    {"DownForAChange", 503, Again::kUnknown, 409, kUnknownOutcome, false},
    {"APageForAChange", 200, Again::kUnknown, 409, kUnknownOutcome, false},
    {"RefusedChange", 403, Again::kUnknown, 403, 1, false},
    {"TooOftenForAChange", 429, Again::kUnknown, 429, 80007, true},
};
INSTANTIATE_TEST_SUITE_P(Table, WordlessAnswer, testing::ValuesIn(kWordless),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(GraphError, IsShownAsMetaShowsIt) {
  const auto response =
      render(error_of({ErrorCode::kQuotaExhausted, "all are used"}, Asked::kMessage), "Atrace");
  EXPECT_EQ(response.status, 400);
  const auto document = json::parse(response.body);
  ASSERT_TRUE(document);
  const auto& error = document->root().at("error").as_object();
  EXPECT_EQ(error.at("message"), "(#131042) Business eligibility payment issue");
  EXPECT_EQ(error.at("type"), "OAuthException");
  EXPECT_EQ(error.at("code"), 131042);
  EXPECT_EQ(error.at("fbtrace_id"), "Atrace");
  EXPECT_EQ(error.at("error_data").at("messaging_product"), "whatsapp");
  EXPECT_EQ(error.at("error_data").at("flowsell_code"), "quota_exhausted");
}

}  // namespace
}  // namespace flowsell::graph_door
