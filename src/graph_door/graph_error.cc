#include "graph_error.h"

#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "json/writer.h"

namespace flowsell::graph_door {
namespace {

using enum ErrorCode;

constexpr std::int64_t kUnknownError = 1;
constexpr std::int64_t kServiceDown = 2;
constexpr std::int64_t kPermission = 200;
constexpr std::int64_t kInvalidParameter = 100;
constexpr std::int64_t kServiceUnavailable = 131016;
constexpr std::int64_t kSomethingWrong = 131000;
constexpr std::int64_t kRequired = 131008;
constexpr std::int64_t kInvalidValue = 131009;
constexpr std::int64_t kAccessDenied = 131005;
constexpr std::int64_t kUnsupportedType = 131051;
constexpr std::int64_t kMessageRate = 130429;
constexpr std::int64_t kManagementRate = 80007;

struct ErrorRow {
  ErrorCode id;
  int status;
  std::int64_t code;
  std::int64_t subcode;
  std::string_view title;
  bool is_transient;
};

// Every error that a call with an API key can meet. docs/whatsapp/moving.md shows it.
constexpr auto kTable = std::to_array<ErrorRow>({
    {kInvalidRequest, 400, kInvalidValue, 0, "Parameter value is not valid", false},
    {kInvalidJson, 400, kInvalidParameter, 0, "Invalid parameter", false},
    {kInvalidId, 400, kInvalidParameter, 0, "Invalid parameter", false},
    {kInvalidIdempotencyKey, 400, kInvalidParameter, 0, "Invalid parameter", false},
    {kMissingApiKey, 401, 190, 0, "An access token is required to request this resource.", false},
    {kInvalidApiKey, 401, 190, 467, "Invalid OAuth access token.", false},
    {kQuotaExhausted, 400, 131042, 0, "Business eligibility payment issue", false},
    {kInsufficientScope, 403, kPermission, 0, "Permissions error", false},
    {kAddressNotAllowed, 403, 10, 0, "Application does not have permission for this action", false},
    {kSenderNotAllowed, 403, 10, 0, "Application does not have permission for this action", false},
    {kTermsNotAccepted, 403, kPermission, 0, "Permissions error", false},
    {kConsentRequired, 400, 131050, 0, "User has not agreed to marketing messages", false},
    {kRecipientOptedOut, 400, 131050, 0, "User has stopped marketing messages", false},
    {kNotFound, 400, kInvalidParameter, 33, "Unsupported request", false},
    {kConflict, 400, kInvalidParameter, 0, "Invalid parameter", false},
    {kIdempotencyInProgress, 503, kServiceUnavailable, 0, "Service unavailable", true},
    {kIdempotencyKeyUnverifiable, 400, kInvalidParameter, 0, "Invalid parameter", false},
    {kIdempotencyKeyReused, 400, kInvalidParameter, 0, "Invalid parameter", false},
    {kPayloadTooLarge, 413, kInvalidParameter, 0, "Invalid parameter", false},
    {kUnsupportedMediaType, 400, kInvalidParameter, 0, "Invalid parameter", false},
    {kRateLimited, 429, kMessageRate, 0, "Rate limit hit", true},
    {kInternal, 500, kSomethingWrong, 0, "Something went wrong", true},
    {kProviderUnreachable, 503, kServiceUnavailable, 0, "Service unavailable", true},
    {kStoreUnavailable, 503, kServiceUnavailable, 0, "Service unavailable", true},
    {kOverloaded, 503, kServiceUnavailable, 0, "Service unavailable", true},
    {kShuttingDown, 503, kServiceUnavailable, 0, "Service unavailable", true},
    {kProviderTimeout, 409, kUnknownOutcome, 0, "The outcome is not known", false},
    {kOutcomeUnknown, 409, kUnknownOutcome, 0, "The outcome is not known", false},
});

ErrorRow row_of(ErrorCode code) {
  const auto* row = std::ranges::find(kTable, code, &ErrorRow::id);
  if (row != kTable.end()) return *row;
  return {code, error_info(code).http_status, kInvalidParameter, 0, "Invalid parameter", false};
}

/// Meta's code of a faulty field; the first row that fits.
struct FieldRow {
  std::string_view at;     ///< what its pointer begins with; empty: anything
  std::string_view fault;  ///< empty: any
  std::int64_t code;
  std::string_view title;
};
constexpr std::string_view kComponents = "/template/components";
constexpr auto kFields = std::to_array<FieldRow>({
    {"/messaging_product", "", kInvalidParameter, "Invalid parameter"},
    {"", "unknown_field", kInvalidParameter, "Invalid parameter"},
    {"", "wrong_type", kInvalidParameter, "Invalid parameter"},
    {"", "unsupported_type", kUnsupportedType, "Message type unknown"},
    {"", "template_not_found", 132001, "Template name does not exist in the translation"},
    {"", "template_not_approved", 132001, "Template name does not exist in the translation"},
    {"", "template_paused", 132015, "Template is paused"},
    {"", "template_disabled", 132016, "Template is disabled"},
    {"", "needs_phone", 131062, "Recipient needs a phone number"},
    {kComponents, "wrong_count", 132000, "Number of parameters does not match"},
    {kComponents, "wrong_kind", 132012, "Parameter format does not match"},
    {kComponents, "out_of_range", 132012, "Parameter format does not match"},
    {kComponents, "too_long", 132005, "Translated text too long"},
    {kComponents, "invalid_format", 132018, "Issue with the parameters in the template"},
    {kComponents, "invalid_characters", 132007, "Template format character policy violated"},
    {kComponents, "blank", 132008, "Template parameter value is not valid"},
    {kComponents, "unfilled", 132008, "Template parameter value is not valid"},
    {kComponents, "unknown_currency", 132008, "Template parameter value is not valid"},
    {"", "flow_blocked", 132068, "Flow is blocked"},
    {"", "flow_deprecated", 132068, "Flow is blocked"},
    {"", "flow_throttled", 132069, "Flow is throttled"},
    {"", "required", kRequired, "Required parameter is missing"},
    {"", "", kInvalidValue, "Parameter value is not valid"},
});

const FieldRow& row_of_field(const FieldError& field) {
  return *std::ranges::find_if(kFields, [&field](const FieldRow& row) {
    return field.pointer.starts_with(row.at) && (row.fault.empty() || row.fault == field.code);
  });
}

std::string words_of(const Error& error) {
  std::string words =
      error.detail.empty() ? std::string(error_info(error.code).title) : error.detail;
  if (!error.fields.empty()) words.clear();
  for (const FieldError& field : error.fields) {
    if (!words.empty()) words += ' ';
    words.append(field.pointer).append(": ").append(field.detail).append(". ").append(field.fix);
  }
  if (error.fields.empty()) words.append(". ").append(error_info(error.code).fix);
  return words;
}

/// Source: reference/whatsapp.md section 2.2.
int status_of(std::int64_t code) {
  if (code == 0 || code == 190) return 401;
  if (code == 10 || (code >= 200 && code <= 299) || code == 368 || code == 130497 ||
      code == 131005 || code == 131031)
    return 403;
  if (code == 132001) return 404;
  if (code == 4 || code == kManagementRate || code == kMessageRate) return 429;
  if (code == 2 || code == 133004) return 503;
  if (code == 1 || code == 3 || code == kSomethingWrong || code == kServiceUnavailable ||
      code == 131045 || code == 131057 || code == 133000)
    return 500;
  return 400;
}

}  // namespace

GraphError error_of_code(std::int64_t code, std::int64_t subcode) {
  GraphError out;
  out.code = code;
  out.subcode = subcode;
  out.status = status_of(code);
  if (code == kInvalidParameter && subcode == 33) out.type = "GraphMethodException";
  return out;
}

GraphError error_of(const Error& error, Asked asked) {
  if (error.provider) {
    // Of the connection's token: with Meta's code of it a client would take its own key for bad.
    const bool is_our_token = error.provider->code == 0 || error.provider->code == 190;
    GraphError out = error_of_code(is_our_token ? kAccessDenied : error.provider->code,
                                   is_our_token ? 0 : error.provider->subcode);
    out.message = error.provider->text;
    out.details = error.provider->fix;
    out.reason = error.provider->reason;
    out.trace_id = error.provider->trace_id;
    out.retry_after = error.retry_after;
    return out;
  }
  const ErrorRow row = row_of(error.code);
  GraphError out;
  out.status = row.status;
  out.code = row.code;
  out.subcode = row.subcode;
  if (error.code == kNotFound) out.type = "GraphMethodException";
  out.message = row.title;
  if (error.code == kInvalidRequest && !error.fields.empty()) {
    const FieldRow& field = row_of_field(error.fields.front());
    out.code = field.code;
    out.message = field.title;
    out.status = status_of(field.code);
  }
  if (error.code == kRateLimited && asked == Asked::kManagement) out.code = kManagementRate;
  out.details = words_of(error);
  out.reason = error_info(error.code).code;
  out.is_transient = row.is_transient;
  out.retry_after = error.retry_after;
  if (out.status == 503 && !out.retry_after) out.retry_after = std::chrono::seconds(1);
  return out;
}

GraphError error_of_no_words(int status, Again again) {
  const std::string answered =
      "The provider answered with HTTP " + std::to_string(status) + " and nothing that can be read";
  if (status == 429) return error_of({kRateLimited, answered}, Asked::kManagement);
  GraphError out;
  if (status >= 400 && status < 500 && status != 408) {
    out = error_of_code(kUnknownError, 0);
    out.status = status;
    out.message = "An unknown error occurred";
    out.details = answered + ". Nothing was done.";
    out.reason = error_info(kProviderRejected).code;
  } else if (again == Again::kUnknown) {
    out = error_of({kProviderTimeout, {}}, Asked::kManagement);
    out.details = answered + ". It may have done what was asked: look before you ask again.";
  } else {
    out = error_of_code(kServiceDown, 0);
    out.message = "Service temporarily unavailable";
    out.details = answered + ". Ask again later.";
    out.reason = error_info(kProviderUnreachable).code;
    out.is_transient = true;
    out.retry_after = std::chrono::seconds(1);
  }
  return out;
}

GraphError no_object(std::string_view method, std::string_view node) {
  GraphError out = error_of_code(kInvalidParameter, 33);
  out.message = "Unsupported " + lower_case(method) + " request. Object with ID '" +
                std::string(node) +
                "' does not exist, cannot be loaded due to missing permissions, or does not "
                "support this operation";
  out.details = "A key reaches the numbers, accounts and templates of its own workspace and mode.";
  out.reason = error_info(kNotFound).code;
  return out;
}

GraphError no_path(std::string_view path) {
  GraphError out = error_of_code(2500, 0);
  out.message = "Unknown path components: " + std::string(path);
  return out;
}

GraphError refused_parameter(std::string_view name, std::string_view why) {
  GraphError out = error_of_code(kInvalidParameter, 0);
  out.message = "The parameter " + std::string(name) + " is not passed on";
  out.details = std::string(why);
  out.reason = error_info(kInvalidRequest).code;
  return out;
}

http::Response render(const GraphError& error, std::string_view trace_id) {
  json::Writer out;
  const bool is_graphs_own = error.code == 2500 || error.subcode == 33 || error.code == 190;
  out.begin_object().key("error").begin_object().key("message");
  out.string(is_graphs_own ? error.message
                           : "(#" + std::to_string(error.code) + ") " + error.message);
  out.key("type").string(error.type).key("code").integer(error.code);
  if (error.subcode != 0) out.key("error_subcode").integer(error.subcode);
  out.key("error_data").begin_object().key("messaging_product").string("whatsapp");
  out.key("details").string(error.details.empty() ? error.message : error.details);
  out.optional_string("flowsell_code", error.reason);
  out.optional_string("flowsell_message_id", error.message_id).end_object();
  out.key("is_transient").boolean(error.is_transient);
  out.key("fbtrace_id").string(error.trace_id.empty() ? trace_id : error.trace_id);
  out.end_object().end_object();
  http::Response response;
  response.status = error.status;
  response.body = std::move(out).take();
  if (error.retry_after)
    response.headers.push_back({"Retry-After", std::to_string(error.retry_after->count())});
  if (error.status == 401)
    response.headers.push_back(
        {"WWW-Authenticate", "OAuth \"Facebook Platform\" \"invalid_token\""});
  return response;
}

}  // namespace flowsell::graph_door
