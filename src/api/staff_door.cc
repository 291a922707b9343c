#include "staff_door.h"

#include <algorithm>

#include "core/encoding.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

constexpr std::size_t kReasonMin = 3;
constexpr std::size_t kReasonMax = 500;
constexpr std::size_t kIdMax = 40;
constexpr json::StringRule kReason{10, 500};
constexpr json::StringRule kTicket{1, 100};

}  // namespace

Task<operators::Operator> operator_of(const accounts::Session& session, Staff& staff,
                                      bool needs_second_factor) {
  CO_TRY(auto found, co_await staff.operators.find(session.user.id));
  if (!found) co_return fail(ErrorCode::kNotFound, "there is no such path");
  if (needs_second_factor && !session.has_second_factor)
    co_return fail(ErrorCode::kSecondFactorRequired, "operators need a second factor");
  co_return *std::move(found);
}

Result<> check_power(const operators::Operator& who, operators::Power power) {
  if (operators::may(who.role, power)) return {};
  return fail(ErrorCode::kInsufficientScope,
              "the role " + std::string(operators::role_name(who.role)) + " lacks " +
                  std::string(operators::power_name(power)));
}

Result<std::string> stated_reason(const http::Request& request, bool is_needed) {
  constexpr std::string_view kFix = "Say in one line of 3 to 500 characters why you do this.";
  std::string reason(request.header("Connect-Reason"));
  if (reason.empty()) {
    if (!is_needed) return reason;
    return fail_field("Connect-Reason", "required", "a reason is needed", std::string(kFix));
  }
  const bool is_line = is_valid_utf8(reason) && is_one_line(reason);
  const std::size_t length = is_line ? count_code_points(reason) : 0;
  if (length >= kReasonMin && length <= kReasonMax) return reason;
  return fail_field("Connect-Reason", "invalid_value",
                    "the reason is no line of 3 to 500 characters", std::string(kFix));
}

StatedCase read_case(json::ObjectReader& in) {
  StatedCase read{text_in(in, "reason", kReason),
                  std::string(in.string("ticket", kTicket).value_or(""))};
  const auto check_line = [&in](std::string_view name, std::string_view text) {
    if (!is_one_line(text))
      in.fault(name, "invalid_format", "it is not one line", "Send it without line ends.");
  };
  check_line("reason", read.reason);
  check_line("ticket", read.ticket);
  return read;
}

std::string operation_name(http::Method method, std::string_view pattern) {
  return std::string(http::method_name(method)).append(" ").append(pattern);
}

std::string object_of(const http::Request& request) {
  if (request.params.empty()) return {};
  const std::string& text = request.params.front();
  const bool is_id = text.size() <= kIdMax && std::ranges::all_of(text, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                     });
  return is_id ? text : std::string();
}

}  // namespace flowsell::api
