#pragma once

#include "connections/connector.h"
#include "onboarding/account_steps.h"

namespace flowsell::onboarding {

/// The steps as connections::Connector takes them.
class ConnectorSteps final : public AccountSteps {
 public:
  ConnectorSteps(connections::Connector& connector, connections::ConnectionChanges& changes,
                 const channel::Adapter& adapter)
      : connector_(connector), changes_(changes), adapter_(adapter) {}

  Task<AccountOutcome> connect(AccountWanted wanted) override;
  Task<AccountShown> show(AccountNamed named) override;

 private:
  Task<connections::ConnectionRecord> take_steps(AccountWanted wanted);
  AccountOutcome outcome_of(const connections::ConnectionRecord& record) const;
  AccountOutcome outcome_of(const Error& error) const;
  Failure failure_of(std::string_view code, std::int64_t provider_code,
                     std::int64_t provider_subcode) const;

  connections::Connector& connector_;
  connections::ConnectionChanges& changes_;
  const channel::Adapter& adapter_;
};

}  // namespace flowsell::onboarding
