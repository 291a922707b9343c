#include "graph_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace flowsell::sim {
namespace {

constexpr bool kLater = true;
constexpr bool kAtOnce = false;

// Sorted by code. HTTP statuses as in Meta's table; 429 where real traffic shows it.
constexpr auto kRows = std::to_array<ErrorRow>({
    {0, 401, kAtOnce, "AuthException", "We were unable to authenticate the app user"},
    {1, 500, kAtOnce, "API Unknown", "Possibly a temporary issue. Wait and retry the operation"},
    {2, 503, kAtOnce, "API Service", "Temporary issue due to downtime or being overloaded"},
    {3, 500, kAtOnce, "API Method", "Capability or permissions issue"},
    {4, 429, kAtOnce, "Application request limit reached",
     "The app has reached its API call rate limit"},
    {10, 403, kAtOnce, "Application does not have permission for this action",
     "Permission is either not granted or has been removed"},
    {33, 400, kAtOnce, "Parameter value is not valid",
     "The business phone number has been deleted"},
    {100, 400, kAtOnce, "Invalid parameter",
     "The request included one or more unsupported or misspelled parameters"},
    {190, 401, kAtOnce, "Invalid OAuth access token",
     "Your access token has expired or is invalid"},
    {200, 403, kAtOnce, "API Permission", "Permission is either not granted or has been removed"},
    {368, 403, kAtOnce, "Temporarily blocked for policies violations",
     "The WhatsApp Business Account has been restricted or disabled"},
    {80007, 429, kAtOnce, "Rate limit issues",
     "The WhatsApp Business Account has reached its rate limit"},
    {130429, 429, kAtOnce, "Rate limit hit", "Cloud API message throughput has been reached"},
    {130472, 400, kLater, "User's number is part of an experiment",
     "Message was not sent as part of an experiment"},
    {130497, 403, kAtOnce, "Business account is restricted from messaging users in this country",
     "The account may not message users in that country"},
    {131000, 500, kAtOnce, "Something went wrong",
     "Message failed to send due to an unknown error"},
    {131005, 403, kAtOnce, "Access denied", "Permission is either not granted or has been removed"},
    {131008, 400, kAtOnce, "Required parameter is missing",
     "The request is missing a required parameter"},
    {131009, 400, kAtOnce, "Parameter value is not valid",
     "One or more parameter values are invalid"},
    {131016, 500, kAtOnce, "Service unavailable", "A service is temporarily unavailable"},
    {131021, 400, kAtOnce, "Recipient cannot be sender",
     "Sender and recipient phone number is the same"},
    {131026, 400, kLater, "Message undeliverable", "Unable to deliver message"},
    {131030, 400, kAtOnce, "Recipient phone number not in allowed list",
     "Recipient phone number not in allowed list: Add recipient phone number to recipient list and "
     "try again"},
    {131031, 403, kAtOnce, "Account has been locked",
     "The account was restricted or disabled, or its data could not be verified"},
    {131037, 400, kAtOnce, "Display name approval needed",
     "The business phone number needs an approved display name"},
    {131042, 400, kLater, "Business eligibility payment issue",
     "Message failed to send because there were one or more errors related to your payment method"},
    {131045, 500, kAtOnce, "Incorrect certificate",
     "Message failed to send due to a phone number registration error"},
    {131047, 400, kLater, "Re-engagement message",
     "Message failed to send because more than 24 hours have passed since the customer last "
     "replied to this number"},
    {131048, 400, kAtOnce, "Spam rate limit hit",
     "Message failed to send because there are restrictions on how many messages can be sent from "
     "this phone number"},
    {131049, 400, kLater, "This message was not delivered to maintain healthy ecosystem engagement",
     "In order to maintain a healthy ecosystem engagement, the message failed to be delivered"},
    {131050, 400, kLater, "User has stopped marketing messages",
     "The recipient has chosen to stop receiving marketing messages from your business"},
    {131051, 400, kAtOnce, "Message type is not currently supported", "Unsupported message type"},
    {131052, 400, kAtOnce, "Media download error", "Unable to download the media sent by the user"},
    {131053, 400, kLater, "Media upload error", "Unable to upload the media used in the message"},
    {131056, 400, kAtOnce, "(Business Account, Consumer Account) pair rate limit hit",
     "Too many messages sent from this phone number to the same phone number in a short period of "
     "time"},
    {131057, 500, kAtOnce, "Account in maintenance mode",
     "The business account is in maintenance mode"},
    {131062, 400, kAtOnce, "Business-scoped user id recipient not supported",
     "This message can't be sent to a business-scoped user id"},
    {131063, 400, kAtOnce, "Marketing templates are disabled on Cloud API",
     "Use the marketing messages endpoint"},
    {131064, 400, kAtOnce, "Messaging limit reached",
     "The messaging limit was reached because of template misclassification"},
    {132000, 400, kAtOnce, "Number of parameters does not match the expected number of params",
     "The number of variable parameter values does not match the template"},
    {132001, 404, kAtOnce, "Template name does not exist in the translation",
     "The template does not exist in the specified language or has not been approved"},
    {132005, 400, kAtOnce, "Translated text too long",
     "The translated text of the template is too long"},
    {132007, 400, kAtOnce, "Template format character policy violated",
     "The template content violates a WhatsApp policy"},
    {132008, 400, kAtOnce, "Template parameter value is not valid",
     "A template parameter's value is not valid"},
    {132012, 400, kAtOnce, "Parameter format does not match format in the created template",
     "Variable parameter values are formatted incorrectly"},
    {132015, 400, kAtOnce, "Template is paused", "The template is paused due to low quality"},
    {132016, 400, kAtOnce, "Template is disabled",
     "The template has been paused too many times and is now permanently disabled"},
    {132018, 400, kAtOnce, "Template parameter issue",
     "There is an issue with the parameters in the template"},
    {132068, 400, kAtOnce, "Flow is blocked", "The flow is in blocked state"},
    {132069, 400, kAtOnce, "Flow is throttled",
     "The flow is in throttled state and 10 messages using it were already sent in the last hour"},
    {133000, 500, kAtOnce, "Incomplete deregistration", "A previous deregistration attempt failed"},
    {133004, 503, kAtOnce, "Server temporarily unavailable",
     "The server is temporarily unavailable"},
    {133005, 400, kAtOnce, "Two step verification PIN mismatch",
     "The two-step verification PIN is incorrect"},
    {133006, 400, kAtOnce, "Phone number re-verification needed",
     "The phone number needs to be verified before registering"},
    {133008, 400, kAtOnce, "Too many two step verification PIN guesses",
     "Too many wrong PINs were given for this phone number. Try again later"},
    {133009, 400, kAtOnce, "Two step verification PIN guessed too fast",
     "The PIN was given again too soon. Try again later"},
    {133010, 400, kAtOnce, "Phone number not registered",
     "The phone number is not registered on the WhatsApp Business Platform"},
    {133015, 400, kAtOnce,
     "Please wait a few minutes before attempting to register this phone number",
     "The phone number was recently deleted"},
    {133016, 400, kAtOnce, "Account register deregister rate limit exceeded",
     "Registration or deregistration failed because there were too many attempts"},
    {134011, 400, kAtOnce, "Payments terms not accepted",
     "The payments terms of service were not accepted"},
    {135000, 400, kAtOnce, "Generic user error",
     "Message failed to send because of an unknown error with your request parameters"},
    {137000, 400, kLater, "Recipient identity key hash mismatch",
     "The recipient's identity key hash is not the expected one"},
});

std::string_view type_of(const GraphError& error) {
  return error.code == 100 && error.subcode == 33 ? "GraphMethodException" : "OAuthException";
}

std::string message_of(const GraphError& error) {
  if (!error.message.empty()) return error.message;
  const auto* row = find_error_row(error.code);
  return fmt::format("(#{}) {}", error.code, row ? row->title : "Unknown error");
}

}  // namespace

const ErrorRow* find_error_row(int code) noexcept {
  const auto row = std::ranges::lower_bound(kRows, code, {}, &ErrorRow::code);
  return row != kRows.end() && row->code == code ? &*row : nullptr;
}

int http_status_of(const GraphError& error) noexcept {
  if (error.http_status != 0) return error.http_status;
  const auto* row = find_error_row(error.code);
  return row ? row->http_status : 400;
}

std::string error_body(const GraphError& error, std::string_view trace_id) {
  const auto* row = find_error_row(error.code);
  const std::string_view details = !error.details.empty() ? std::string_view(error.details)
                                   : row                  ? row->details
                                                          : "";
  json::Writer out;
  out.begin_object().key("error").begin_object();
  out.key("message").string(message_of(error)).key("type").string(type_of(error));
  out.key("code").integer(error.code);
  // Only the messaging product's own errors carry error_data; token and object errors come from the
  // Graph before it.
  if (error.code != 190 && error.subcode == 0 && !error.is_graphs_own) {
    out.key("error_data").begin_object().key("messaging_product").string("whatsapp");
    out.optional_string("details", details).end_object();
  }
  if (error.subcode != 0) out.key("error_subcode").integer(error.subcode);
  if (error.code == 1 || error.code == 2) out.key("is_transient").boolean(true);
  if (!error.user_msg.empty()) {
    out.key("is_transient").boolean(false);
    out.key("error_user_title").string(error.user_title);
    out.key("error_user_msg").string(error.user_msg);
  }
  out.key("fbtrace_id").string(trace_id).end_object().end_object();
  return std::move(out).take();
}

std::unexpected<GraphError> refuse_field(std::string rule) {
  auto message = fmt::format("(#100) {}", rule);
  return std::unexpected(GraphError{100, std::move(rule), 0, std::move(message)});
}

std::unexpected<GraphError> refuse_as_graph(int code, std::string message) {
  return std::unexpected(GraphError{
      .code = code, .details = {}, .message = std::move(message), .is_graphs_own = true});
}

std::unexpected<GraphError> refuse_parameter(std::string_view rule) {
  return refuse_as_graph(100, fmt::format("(#100) {}", rule));
}

std::unexpected<GraphError> refuse_absent(std::string_view name) {
  return refuse_parameter(fmt::format("The parameter {} is required.", name));
}

std::unexpected<GraphError> refuse_object(std::string_view method, std::string_view object) {
  GraphError error{.code = 100, .details = {}, .subcode = 33};
  error.message = fmt::format(
      "Unsupported {} request. Object with ID '{}' does not exist, cannot be loaded due to missing "
      "permissions, or does not support this operation",
      method, object);
  return std::unexpected(std::move(error));
}

std::unexpected<GraphError> refuse_for_people(int subcode, std::string_view title,
                                              std::string message) {
  GraphError error{.code = 100, .details = {}, .subcode = subcode};
  error.message = "Invalid parameter";
  error.user_title = std::string(title);
  error.user_msg = std::move(message);
  return std::unexpected(std::move(error));
}

void write_status_error(json::Writer& out, int code) {
  const auto* row = find_error_row(code);
  const std::string_view title = row ? row->title : "Unknown error";
  out.begin_object().key("code").integer(code).key("title").string(title).key("message").string(
      title);
  out.key("error_data")
      .begin_object()
      .key("details")
      .string(row ? row->details : title)
      .end_object();
  out.key("href")
      .string("/documentation/business-messaging/whatsapp/support/error-codes")
      .end_object();
}

}  // namespace flowsell::sim
