#include "signup/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "graph/seed.h"
#include "graph/tokens.h"
#include "ids.h"

namespace flowsell::sim {
namespace {

constexpr auto kScenarios = std::to_array<std::string_view>(
    {"success", "code_first", "only_waba", "coexistence", "late_code", "no_waba_scope",
     "already_registered", "wrong_pin", "error", "cancel"});
constexpr std::int64_t kTokenSeconds = 60LL * 24 * 3600;
constexpr std::int64_t kTooLateSeconds = 31;

std::string some_digits() { return fmt::format("1555{:07}", quick_random() % 10'000'000); }

/// A number that its owner has just verified in the popup.
std::string make_phone(Graph& graph, const std::string& account_id, const SignupWish& wish) {
  const SimNumber number{
      account_id, graph.registry.new_id(),
      wish.display_phone_number.empty() ? some_digits() : wish.display_phone_number};
  graph.world.add_number(number);
  auto fields = phone_fields(number, wish.name);
  fields["code_verification_status"] = "VERIFIED";
  fields["name_status"] = "APPROVED";
  fields["_onboarded_at"] = graph.now_seconds();
  if (wish.scenario == "wrong_pin") fields["_pin"] = "246810";
  if (wish.scenario == "already_registered") fields["_registered_elsewhere"] = true;
  if (wish.scenario == "coexistence") {
    fields["is_on_biz_app"] = true;
    fields["platform_type"] = "CLOUD_API";
    fields["status"] = "CONNECTED";
    fields["_registered"] = true;
  }
  graph.registry.add(NodeKind::kPhone, number.phone_number_id, std::move(fields));
  return number.phone_number_id;
}

/// The app hears of a new customer whatever it subscribed to there.
void tell_partner(Graph& graph, const std::string& account_id, std::string_view business_id) {
  const json::Object value = {
      {"event", "PARTNER_ADDED"},
      {"waba_info", {{"waba_id", account_id}, {"owner_business_id", business_id}}}};
  graph.tell(graph.world.options.business_id, "account_update", value);
}

json::Object message_of(std::string_view event, json::Object data) {
  json::Object message = {{"type", "WA_EMBEDDED_SIGNUP"}, {"event", event}, {"version", "4"}};
  message["data"] = std::move(data);
  return message;
}

SignupOutcome failed(const SignupWish& wish, std::int64_t now_seconds) {
  if (wish.scenario == "cancel")
    return {.code = {}, .message = message_of("CANCEL", {{"current_step", "PHONE_NUMBER_SETUP"}})};
  return {
      .code = {},
      .message = message_of(
          "CANCEL", {{"error_message", "The phone number could not be added."},
                     {"error_code", "524126"},
                     {"session_id", fmt::format("f34b51dab5e0498{:x}", quick_random() & 0xFFFF)},
                     {"timestamp", fmt::format("{}", now_seconds)}})};
}

}  // namespace

bool is_scenario(std::string_view name) noexcept {
  return std::ranges::find(kScenarios, name) != kScenarios.end();
}

SignupOutcome play(Graph& graph, const SignupWish& wish) {
  if (wish.scenario == "cancel" || wish.scenario == "error")
    return failed(wish, graph.now_seconds());
  const auto business_id = graph.registry.new_id();
  graph.registry.add(NodeKind::kBusiness, business_id,
                     {{"id", business_id},
                      {"name", wish.name},
                      {"timezone_id", 1},
                      {"verification_status", "not_verified"},
                      {"_tier", "TIER_250"}});
  const auto account_id = graph.registry.new_id();
  auto fields = account_fields(account_id, wish.name, business_id);
  fields["_partner"] = graph.world.options.business_id;
  fields["_no_payment_method"] = true;
  graph.registry.add(NodeKind::kAccount, account_id, std::move(fields));

  json::Object data = {{"waba_id", account_id}, {"business_id", business_id}};
  std::string_view event = "FINISH";
  if (wish.scenario == "only_waba") {
    event = "FINISH_ONLY_WABA";
  } else {
    const auto phone_id = make_phone(graph, account_id, wish);
    const bool coexists = wish.scenario == "coexistence";
    if (coexists) event = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING";
    if (!coexists) data["phone_number_id"] = phone_id;
  }
  auto scopes = usual_scopes();
  if (wish.scenario == "no_waba_scope") scopes = {"public_profile"};
  const Consent consent{.app_id = wish.app_id,
                        .scopes = std::move(scopes),
                        .accounts = {account_id},
                        .expires_in_seconds = kTokenSeconds,
                        .redirect_uri = wish.redirect_uri};
  tell_partner(graph, account_id, business_id);
  return {.code = make_code(graph, consent, wish.scenario == "late_code" ? kTooLateSeconds : 0),
          .message = message_of(event, std::move(data)),
          .code_first = wish.scenario == "code_first"};
}

}  // namespace flowsell::sim
