// /{phone}/register, deregister, request_code, verify_code (reference/whatsapp.md, 2.2, 3, 7.3).
#include <array>

#include "graph/routes.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

constexpr std::int64_t kLimitSpanSeconds = 72LL * 3600;
constexpr std::size_t kInSpanMax = 10;
constexpr std::int64_t kGuessesMax = 10;
constexpr std::int64_t kGuessPauseMs = 2'000;  ///< between two wrong guesses
constexpr std::int64_t kGuessLockMs = 24LL * 3600 * 1000;
constexpr std::int64_t kCodeLifeSeconds = 600;

/// Ten in 72 hours, registrations and the way back together.
Checked<> count_attempt(Graph& graph, Node& phone) {
  const auto now = graph.now_seconds();
  auto recent = times_after(phone.array("_attempts"), now - kLimitSpanSeconds);
  if (recent.size() >= kInSpanMax) return refuse(133016, "");
  recent.emplace_back(now);
  phone.fields["_attempts"] = std::move(recent);
  graph.registry.touch(phone);
  return {};
}

/// The PIN of a number that has one must be given again. Guesses are counted.
Checked<> check_pin(Graph& graph, Node& phone, std::string_view pin) {
  const auto known = phone.text("_pin");
  const auto now_ms = to_unix_ms(graph.now());
  if (known.empty()) return {};
  if (phone.number("_guess_lock_until") > now_ms) return refuse(133008, "");
  if (pin == known) {
    phone.fields["_guesses"] = 0;
    return {};
  }
  const bool too_fast = now_ms - phone.number("_guessed_at") < kGuessPauseMs;
  const auto guesses = phone.number("_guesses") + 1;
  phone.fields["_guessed_at"] = now_ms;
  phone.fields["_guesses"] = guesses;
  graph.registry.touch(phone);
  if (guesses >= kGuessesMax) {
    phone.fields["_guess_lock_until"] = now_ms + kGuessLockMs;
    phone.fields["_guesses"] = 0;
    return refuse(133008, "");
  }
  return refuse(too_fast ? 133009 : 133005, "");
}

Checked<Reply> register_phone(Graph& graph, const Call& call, Node& phone) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  CHECK_OK(must_be_whatsapp(call));
  TRY(const auto pin, call.params.required("pin"));
  if (!is_pin(pin)) return refuse(131009, "Parameter pin must be 6 digits");
  if (phone.flag("is_on_biz_app"))
    return refuse_parameter(
        "The phone number is on the WhatsApp Business app: it is not registered");
  if (phone.flag("_registered_elsewhere")) {
    return refuse_for_people(2388012, "Phone number already registered",
                             "The phone number is registered with another provider. Delete it "
                             "there, or migrate it, and try again.");
  }
  if (phone.text("code_verification_status") != "VERIFIED") return refuse(133006, "");
  CHECK_OK(count_attempt(graph, phone));
  CHECK_OK(check_pin(graph, phone, pin));
  phone.fields["_pin"] = pin;
  phone.fields["_registered"] = true;
  phone.fields["status"] = "CONNECTED";
  phone.fields["platform_type"] = "CLOUD_API";
  phone.fields["throughput"] = {{"level", "STANDARD"}};
  if (phone.text("quality_rating") == "UNKNOWN") phone.fields["quality_rating"] = "GREEN";
  phone.fields["last_onboarded_time"] = format_time(graph.now());
  graph.registry.touch(phone);
  return success();
}

Checked<Reply> deregister_phone(Graph& graph, const Call& call, Node& phone) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  if (phone.flag("is_on_biz_app"))
    return refuse_parameter("The phone number is on the WhatsApp Business app");
  if (!phone.flag("_registered")) return refuse(133010, "");
  CHECK_OK(count_attempt(graph, phone));
  phone.fields["_registered"] = false;
  phone.fields["status"] = "DISCONNECTED";
  phone.fields["throughput"] = {{"level", "NOT_APPLICABLE"}};
  graph.registry.touch(phone);
  return success();
}

std::unexpected<GraphError> refuse_code(int code, int subcode, std::string_view what,
                                        std::string why) {
  GraphError error{.code = code, .details = {}, .subcode = subcode};
  error.message = std::string(what);
  error.user_title = std::string(what);
  error.user_msg = std::move(why);
  return std::unexpected(std::move(error));
}

Checked<Reply> request_code(Graph& graph, const Call& call, Node& phone) {
  constexpr int kRequestCode = 136024;
  CHECK_OK(Graph::require(call, Scope::kManagement));
  TRY(const auto method, call.params.required("code_method"));
  if (method != "SMS" && method != "VOICE")
    return refuse_parameter("Param code_method must be one of {SMS, VOICE}");
  CHECK_OK(call.params.required("language"));
  if (phone.text("code_verification_status") == "VERIFIED") {
    return refuse_code(kRequestCode, 2388091, "Request code error",
                       "This phone number is verified already.");
  }
  phone.fields["_code_until"] = graph.now_seconds() + kCodeLifeSeconds;
  graph.registry.touch(phone);
  return success();
}

Checked<Reply> verify_code(Graph& graph, const Call& call, Node& phone) {
  constexpr int kVerifyCode = 136025;
  constexpr std::string_view kTheCode = "123456";  // every simulated text message says it
  CHECK_OK(Graph::require(call, Scope::kManagement));
  TRY(const auto code, call.params.required("code"));
  if (phone.number("_code_until") <= graph.now_seconds()) {
    return refuse_code(kVerifyCode, 2388093, "Verify code error",
                       "The code has expired, or none was asked for. Ask for another one.");
  }
  if (code != kTheCode)
    return refuse_code(kVerifyCode, 2388093, "Verify code error", "The code is not right.");
  phone.fields["code_verification_status"] = "VERIFIED";
  phone.fields["_code_until"] = 0;
  graph.registry.touch(phone);
  return reply_with({{"success", true}, {"id", phone.id}});
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kPhone, http::Method::kPost, "register", register_phone},
    {NodeKind::kPhone, http::Method::kPost, "deregister", deregister_phone},
    {NodeKind::kPhone, http::Method::kPost, "request_code", request_code},
    {NodeKind::kPhone, http::Method::kPost, "verify_code", verify_code},
});

}  // namespace

std::span<const NodeRoute> registration_routes() { return kRoutes; }

}  // namespace flowsell::sim
