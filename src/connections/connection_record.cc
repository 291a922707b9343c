#include "connections/connection_record.h"

#include <algorithm>
#include <utility>

namespace flowsell::connections {
namespace {

template <class E>
struct Named {
  E value;
  std::string_view name;
};

constexpr std::array kStatuses = {Named{ConnectionStatus::kPending, "pending"},
                                  Named{ConnectionStatus::kActive, "active"},
                                  Named{ConnectionStatus::kActionRequired, "action_required"},
                                  Named{ConnectionStatus::kDisconnected, "disconnected"}};
constexpr std::array kVias = {
    Named{ConnectedVia::kSetUp, "set_up"}, Named{ConnectedVia::kEmbeddedSignup, "embedded_signup"},
    Named{ConnectedVia::kOauth, "oauth"}, Named{ConnectedVia::kSystemToken, "system_token"}};
constexpr std::array kPayments = {
    Named{PaymentStatus::kUnknown, "unknown"}, Named{PaymentStatus::kMissing, "missing"},
    Named{PaymentStatus::kPending, "pending"}, Named{PaymentStatus::kReady, "ready"}};
constexpr std::array kFundings = {Named{FundingMode::kCustomerDirect, "customer_direct"},
                                  Named{FundingMode::kCreditLine, "credit_line"},
                                  Named{FundingMode::kWallet, "wallet"}};
constexpr std::array kSteps = {
    Named{ServerStep::kToken, "token"},       Named{ServerStep::kAccount, "account"},
    Named{ServerStep::kNumbers, "numbers"},   Named{ServerStep::kSubscription, "subscription"},
    Named{ServerStep::kCallback, "callback"}, Named{ServerStep::kRegistration, "registration"},
    Named{ServerStep::kHistory, "history"}};
constexpr std::array kStates = {
    Named{StepState::kPending, "pending"}, Named{StepState::kDone, "done"},
    Named{StepState::kFailed, "failed"}, Named{StepState::kSkipped, "skipped"}};
constexpr std::array<std::string_view, 6> kAssisted = {
    "business_verification", "display_name_review", "number_migration",
    "payment_method",        "test_message",        "other"};

constexpr std::string_view kConnectAgain =
    "Connect the account again: sign in with Meta and confirm the same business account.";
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kReasons = {{
    {"token_expired", kConnectAgain},
    {"token_expiring",
     "WhatsApp's permission for us ends soon: connect the account again before that."},
    {"token_revoked", kConnectAgain},
    {"token_invalid", kConnectAgain},
    {"app_removed", kConnectAgain},
    {"partner_removed", kConnectAgain},
    {"account_deleted",
     "The WhatsApp Business account was deleted at Meta: connect another one, and disconnect "
     "this."},
    {"account_disabled",
     "Meta has disabled the WhatsApp Business account: open Business Support in Meta Business "
     "Suite, read why, and ask for a review."},
    {"account_offboarded",
     "The number went back to the WhatsApp Business app: connect it again to send from here."},
    {"permission_missing",
     "The permission to manage the account or to send from it was taken back: connect it again, "
     "and "
     "confirm every permission that Meta asks for."},
}};

template <class Table, class E>
std::string_view name_in(const Table& table, E value) noexcept {
  const auto found =
      std::ranges::find_if(table, [value](const auto& each) { return each.value == value; });
  return found == table.end() ? std::string_view() : found->name;
}

template <class E, std::size_t N>
std::optional<E> value_in(const std::array<Named<E>, N>& table, std::string_view name) noexcept {
  const auto found =
      std::ranges::find_if(table, [name](const auto& each) { return each.name == name; });
  return found == table.end() ? std::nullopt : std::optional(found->value);
}

}  // namespace

std::string_view connection_status_name(ConnectionStatus status) noexcept {
  return name_in(kStatuses, status);
}
std::string_view connected_via_name(ConnectedVia via) noexcept { return name_in(kVias, via); }
std::string_view payment_status_name(PaymentStatus status) noexcept {
  return name_in(kPayments, status);
}
std::optional<PaymentStatus> payment_status_named(std::string_view name) noexcept {
  return value_in(kPayments, name);
}
std::string_view funding_mode_name(FundingMode mode) noexcept { return name_in(kFundings, mode); }
std::optional<FundingMode> funding_mode_named(std::string_view name) noexcept {
  return value_in(kFundings, name);
}
std::string_view step_name(ServerStep step) noexcept { return name_in(kSteps, step); }
bool is_assisted_step(std::string_view name) noexcept {
  return std::ranges::find(kAssisted, name) != kAssisted.end();
}
std::string_view step_state_name(StepState state) noexcept { return name_in(kStates, state); }
std::optional<StepState> step_state_named(std::string_view name) noexcept {
  return value_in(kStates, name);
}

std::string_view fix_of_reason(std::string_view reason) noexcept {
  const auto found =
      std::ranges::find_if(kReasons, [reason](const auto& each) { return each.first == reason; });
  return found == kReasons.end() ? std::string_view() : found->second;
}

const StepRow* ConnectionRecord::step(std::string_view name) const noexcept {
  const auto found = std::ranges::find(steps, name, &StepRow::name);
  return found == steps.end() ? nullptr : &*found;
}

StepRow& ConnectionRecord::put_step(std::string_view name) {
  const auto found = std::ranges::find(steps, name, &StepRow::name);
  if (found != steps.end()) return *found;
  steps.emplace_back().name = name;
  return steps.back();
}

bool ConnectionRecord::is_done(ServerStep wanted) const noexcept {
  const StepRow* const row = step(step_name(wanted));
  return row != nullptr && (row->state == StepState::kDone || row->state == StepState::kSkipped);
}

const StepRow* ConnectionRecord::failed_step() const noexcept {
  const auto found = std::ranges::find(steps, StepState::kFailed, &StepRow::state);
  return found == steps.end() ? nullptr : &*found;
}

bool ConnectionRecord::is_onboarded() const noexcept {
  return std::ranges::all_of(kServerSteps, [this](ServerStep each) { return is_done(each); });
}

FundingMode ConnectionRecord::funding_at(Time now) const noexcept {
  FundingMode now_is = FundingMode::kCustomerDirect;
  for (const Funding& each : funding)
    if (each.effective_from <= now) now_is = each.mode;
  return now_is;
}

}  // namespace flowsell::connections
