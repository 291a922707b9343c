#include "onboarding/connector_steps.h"

#include <algorithm>
#include <array>
#include <utility>

#include "provider_fault.h"

namespace flowsell::onboarding {
namespace {

using connections::ConnectionRecord;
using connections::StepRow;
using connections::StepState;

/// What the room of connections calls a fault, and what that is to somebody with a link.
constexpr std::array kFailures = {
    std::pair{std::string_view("token_of_another_app"), Failure::kSetupFault},
    std::pair{std::string_view("permission_missing"), Failure::kAccessMissing},
    std::pair{std::string_view("permission_denied"), Failure::kAccessMissing},
    std::pair{std::string_view("account_not_shared"), Failure::kAccountNotFound},
    std::pair{std::string_view("account_ambiguous"), Failure::kSeveralAccounts},
    std::pair{std::string_view("account_connected_elsewhere"), Failure::kAccountTaken},
    std::pair{std::string_view("number_missing"), Failure::kNumberMissing},
    std::pair{std::string_view("pin_required"), Failure::kPinNeeded},
    std::pair{std::string_view("terms_not_accepted"), Failure::kTermsMissing},
    std::pair{std::string_view("provider_unreachable"), Failure::kProviderUnreachable},
    std::pair{std::string_view("server_unavailable"), Failure::kProviderUnreachable},
    std::pair{std::string_view("provider_timeout"), Failure::kProviderTimeout},
    std::pair{std::string_view("conflict"), Failure::kProviderBusy},
    std::pair{std::string_view("internal_error"), Failure::kInternal},
    std::pair{std::string_view("store_unavailable"), Failure::kInternal},
};

}  // namespace

Failure ConnectorSteps::failure_of(std::string_view code, std::int64_t provider_code,
                                   std::int64_t provider_subcode) const {
  // The provider's own numbers say most.
  if (provider_code != 0) {
    ProviderError error;
    error.code = provider_code;
    error.subcode = provider_subcode;
    const auto fault = adapter_.signup_calls()->fault_of(error);
    if (fault != channel::SignupFault::kOther) return onboarding::failure_of(fault);
  }
  const auto found = std::ranges::find(kFailures, code, [](const auto& row) { return row.first; });
  if (found != kFailures.end()) return found->second;
  if (connections::is_token_reason(code)) return Failure::kTokenRefused;
  return Failure::kProviderRefused;
}

AccountOutcome ConnectorSteps::outcome_of(const ConnectionRecord& record) const {
  AccountOutcome outcome;
  outcome.connection = record.id;
  const StepRow* const failed = record.failed_step();
  if (failed == nullptr) {
    if (!record.is_onboarded()) outcome.failure = Failure::kInternal;
    return outcome;
  }
  outcome.failure = failure_of(failed->code, failed->provider_code, failed->provider_subcode);
  outcome.provider_code = failed->provider_code;
  outcome.provider_subcode = failed->provider_subcode;
  outcome.provider_trace = failed->trace_id;
  return outcome;
}

AccountOutcome ConnectorSteps::outcome_of(const Error& error) const {
  AccountOutcome outcome;
  std::string_view code = error_info(error.code).code;
  if (error.code == ErrorCode::kInvalidRequest && !error.fields.empty())
    code = error.fields.front().code;
  if (error.provider) {
    outcome.provider_code = error.provider->code;
    outcome.provider_subcode = error.provider->subcode;
    outcome.provider_trace = error.provider->trace_id;
  }
  outcome.failure = failure_of(code, outcome.provider_code, outcome.provider_subcode);
  return outcome;
}

Task<ConnectionRecord> ConnectorSteps::take_steps(AccountWanted wanted) {
  connections::Acting by{{}, std::move(wanted.from)};
  if (wanted.token.empty()) {
    co_return co_await connector_.resume(wanted.workspace, wanted.connection, std::move(wanted.pin),
                                         std::move(by));
  }
  connections::ConnectOrder order;
  order.workspace = wanted.workspace;
  order.mode = wanted.mode;
  order.channel = adapter_.name();
  order.token = std::move(wanted.token);
  order.account = std::move(wanted.account);
  order.address = std::move(wanted.address);
  order.pin = std::move(wanted.pin);
  order.is_on_app = wanted.coexists;
  order.via = wanted.way == Way::kOauth ? connections::ConnectedVia::kOauth
                                        : connections::ConnectedVia::kEmbeddedSignup;
  order.by = std::move(by);
  co_return co_await connector_.connect(std::move(order));
}

Task<AccountOutcome> ConnectorSteps::connect(AccountWanted wanted) {
  const auto record = co_await take_steps(std::move(wanted));
  co_return record ? outcome_of(*record) : outcome_of(record.error());
}

Task<AccountShown> ConnectorSteps::show(AccountNamed named) {
  auto read = [&named, channel = adapter_.name()](store::Connection& db) {
    return named.connection.is_none()
               ? connections::find_own(db, named.workspace, named.mode, channel, named.account)
               : connections::find_connection(db, named.workspace, named.connection);
  };
  CO_TRY(const auto record, co_await changes_.database().read(std::move(read)));
  AccountShown shown;
  if (!record) co_return shown;
  shown.business_name = record->business_name;
  for (const auto step : connections::kServerSteps) {
    const std::string_view name = connections::step_name(step);
    const StepRow* const row = record->step(name);
    shown.steps.push_back({std::string(name), row ? row->state : StepState::kPending});
  }
  for (const auto& sender : changes_.senders().of_connection(record->id))
    if (!sender->is_removed) shown.numbers.push_back(sender->display_number);
  co_return shown;
}

}  // namespace flowsell::onboarding
