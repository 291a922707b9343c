#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/services.h"
#include "audit_signing.h"
#include "maintenance.h"
#include "media_renewals.h"
#include "messaging/provider_updates.h"
#include "numbers/doctor.h"
#include "numbers/sender_desk.h"
#include "onboarding/connector_steps.h"
#include "outbox/outbox.h"
#include "preflight/preflight.h"
#include "privacy/doors.h"
#include "process.h"
#include "store/database.h"
#include "store/restores.h"
#include "webhook/delivery_handler.h"

namespace flowsell::app {

/// All that belongs to the workspaces of one database: its rooms, on what the process shares. The
/// one writer of its database. Reads like a list on purpose; members end in the other order.
class Cell {
 public:
  using Publish = std::function<Task<>(std::string)>;
  /// `publish`: see api::Services. `names`: see NameBook. `holds_lease`: see Outbox::set_lease().
  Cell(Process& process, std::unique_ptr<store::Database> database, Publish publish,
       const connections::NameBook& names, std::function<bool()> holds_lease = nullptr);
  ~Cell();

  /// Reads into memory what every request needs. Blocking.
  Result<> load();
  /// Settles what the last process, or the backup that was restored, left open. Blocking.
  Result<> recover();
  /// The pool runs.
  void start();

  /// Nothing is begun any more: what is accepted is queued.
  void close();
  /// Waits until no attempt is open. False: some still are at the end of `grace`. Blocking.
  bool drain(std::chrono::milliseconds grace) { return outbox_.wait_idle(grace); }
  /// The same, and says so where some are.
  void stop_outbox(std::chrono::milliseconds grace) { outbox_.stop(grace); }
  /// Calls that wait for a provider's answer are answered without it.
  void give_up_waiting() { waiters_.give_up(); }
  /// After the last call, and the end of the outbox: all is stored. Blocking.
  void end();

  const api::Services& services() const noexcept { return services_; }
  ingest::Ingest& ingest() noexcept { return ingest_; }
  const store::Database& database() const noexcept { return *db_; }
  const outbox::Outbox& outbox() const noexcept { return outbox_; }

  identity::Workspaces& workspaces() noexcept { return workspaces_; }
  identity::ApiKeys& api_keys() noexcept { return api_keys_; }
  connections::Senders& senders() noexcept { return senders_; }
  team::Members& members() noexcept { return members_; }
  privacy::CellRooms privacy_rooms() {
    return {*db_,
            workspaces_,
            api_keys_,
            senders_,
            sender_states_,
            templates_,
            endpoints_,
            begun_,
            begun_deliveries_,
            [this](WorkspaceId workspace) { return connection_desk_.part(workspace); }};
  }

 private:
  Process& process_;
  std::unique_ptr<store::Database> db_;
  identity::Workspaces workspaces_;
  identity::ApiKeys api_keys_;
  metering::RateLimit rate_limit_;
  metering::Idempotency idempotency_;
  metering::SendKeys send_keys_;
  team::Members members_;
  team::KeyDesk key_desk_;
  team::SettingsDesk settings_desk_;
  team::SupportSessions support_sessions_;
  team::Policies policies_;
  consent::Consents consents_;
  metering::Limits limits_;
  metering::Quotas quotas_;
  outbox::Outbox outbox_;
  webhook::Endpoints endpoints_;
  webhook::BegunDeliveries begun_deliveries_;
  webhook::Events events_;
  webhook::DeliveryHandler deliveries_;
  connections::Senders senders_;
  numbers::SenderStates sender_states_;
  messaging::BegunMessages begun_;
  messaging::MessageReader messages_;
  messaging::Waiters waiters_;
  connections::ProviderCalls provider_calls_;
  connections::LeasedKeys leased_keys_;
  connections::ConnectionChanges connection_changes_;
  connections::Connector connector_;
  connections::ConnectionDesk connection_desk_;
  connections::TokenWatch token_watch_;
  media::Library media_;
  onboarding::Sessions onboarding_;
  onboarding::ConnectorSteps account_steps_;
  onboarding::Door onboarding_door_;
  templates::Templates templates_;
  messaging::SendHandler send_;
  messaging::Accept accept_;
  messaging::ProviderUpdates updates_;
  messaging::ReadReceipts read_receipts_;
  numbers::SenderDesk sender_desk_;
  numbers::Doctor doctor_;
  preflight::Preflight preflight_;
  ingest::Ingest ingest_;
  Growth growth_;
  Retention retention_;
  Maintenance maintenance_;
  AuditSigning audit_signing_;
  MediaRenewals media_renewals_;
  const api::Services services_;
  std::optional<store::Restore> restore_;  ///< the last one of this database
};

}  // namespace flowsell::app
