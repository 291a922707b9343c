#include "step_failure.h"

#include <array>
#include <utility>

#include "connections/connector.h"

namespace flowsell::connections {
namespace {

constexpr std::string_view kSignUpAgain =
    "Sign up again, and confirm every permission that Meta asks for.";
constexpr std::string_view kNotNow =
    "WhatsApp did not answer. Nothing is lost: try again in some minutes.";
constexpr std::string_view kAboutNumber = "/number";

std::unexpected<Error> token_fault(std::string code, std::string detail, std::string_view fix) {
  return fail_field("/token", std::move(code), std::move(detail), std::string(fix));
}

/// What is said of a code in the words of Meta's table is meant for senders of messages.
std::string_view fix_of_step(std::string_view code) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kFixes = {{
      {"pin_mismatch",
       "The PIN is not the one that this number has. Enter the six digits that were chosen when "
       "its "
       "two-step verification was set up, or reset it in WhatsApp Manager."},
      {"pin_tried_too_often",
       "The PIN was wrong too often. Wait a day, or reset it in WhatsApp Manager, then try again."},
      {"pin_tried_too_fast", "Wait a minute, then try again with the right PIN."},
      {"number_not_verified",
       "Verify the number in WhatsApp Manager by the code that it is sent, then try again."},
      {"number_migration",
       "The number is registered with another provider. Turn its two-step verification off there, "
       "or "
       "delete it there, then try again."},
      {"registration_limited",
       "The number was registered too often. Wait three days, then try again."},
      {"permission_missing", kSignUpAgain},
      {"permission_denied", kSignUpAgain},
  }};
  for (const auto& [name, fix] : kFixes)
    if (name == code) return fix;
  return {};
}

}  // namespace

Result<> check_facts(const channel::TokenFacts& facts, const channel::ConnectApp& app) {
  if (!facts.is_valid) {
    const std::string code(facts.trouble.empty() ? "token_invalid" : facts.trouble);
    return token_fault(code, "the provider says that the token is not valid",
                       "Sign up again: the permission that was given is not valid any more.");
  }
  if (facts.app_id != app.id) {
    return token_fault("token_of_another_app", "the token was made for another app",
                       "Make a token for this server's own app, or sign up on its page.");
  }
  if (!facts.may_manage || !facts.may_send) {
    return token_fault("permission_missing",
                       facts.may_manage ? "the token may not send messages"
                                        : "the token may not manage WhatsApp Business accounts",
                       kSignUpAgain);
  }
  return {};
}

Error pin_required(const std::string& number) {
  auto error = fail_field("/pin", "pin_required", "the number has to be registered, by a PIN",
                          "Choose six digits as the number's PIN, or enter those that it has, and "
                          "keep them: they are asked for when the number moves.")
                   .error();
  return about(number, std::move(error));
}

Error number_missing() {
  return fail_field("/account_id", "number_missing", "the account has no number",
                    "Add a phone number to the account in WhatsApp Manager, then go on here.")
      .error();
}

Error about(const std::string& number, Error error) {
  error.fields.push_back({std::string(kAboutNumber), "about", number, {}});
  return error;
}

StepRow done_step(ServerStep step, StepState state, const Acting& by, Time now) {
  StepRow row;
  row.name = step_name(step);
  row.state = state;
  row.by = by.actor.id;
  row.at = now;
  return row;
}

StepRow failed_step(ServerStep step, const Error& error, const Acting& by, Time now) {
  StepRow row = done_step(step, StepState::kFailed, by, now);
  const ErrorInfo& info = error_info(error.code);
  row.code = info.code;
  row.fix = info.fix;
  for (const FieldError& each : error.fields)
    if (each.pointer == kAboutNumber) row.about = each.detail;
  if (error.code == ErrorCode::kInvalidRequest && !error.fields.empty()) {
    row.code = error.fields.front().code;
    row.fix = error.fields.front().fix;
  } else if (error.code == ErrorCode::kProviderTimeout ||
             error.code == ErrorCode::kProviderUnreachable) {
    row.fix = kNotNow;
  }
  if (!error.provider) return row;
  row.code = error.provider->reason;
  row.fix = error.provider->fix;
  row.provider_code = error.provider->code;
  row.provider_subcode = error.provider->subcode;
  row.trace_id = error.provider->trace_id;
  if (const auto fix = fix_of_step(row.code); !fix.empty()) row.fix = fix;
  return row;
}

std::string field_fault(const Error& error) {
  if (error.code != ErrorCode::kInvalidRequest || error.fields.empty()) return {};
  return error.fields.front().code;
}

void put_reason(ConnectionRecord& record, const std::string& reason, Time now) {
  if (record.reason == reason) return;
  record.reason = reason;
  record.reason_at = now;
}

void note_refused_token(ConnectionRecord& record, const Error& error, Time now) {
  const std::string code = field_fault(error);
  if (is_token_reason(code)) put_reason(record, code, now);
}

}  // namespace flowsell::connections
