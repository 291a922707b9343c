#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "core/id.h"
#include "core/sensitive.h"
#include "http/client.h"
#include "http/egress_guard.h"
#include "http/url.h"
#include "identity/caller.h"
#include "identity/workspaces.h"
#include "metering/idempotency.h"
#include "store/database.h"
#include "team/by.h"
#include "webhook/event_type.h"

namespace flowsell::webhook {

/// In which shape an endpoint is told. Numbers are stored.
enum class Format : std::uint8_t {
  kStandard = 0,  ///< our events, signed as Standard Webhooks asks
  kGraph = 1,     ///< the provider's own webhooks, signed as it signs them (WhatsApp: Graph API)
};
std::string_view format_name(Format format) noexcept;
std::optional<Format> format_named(std::string_view name) noexcept;

/// A customer's URL that events are sent to.
struct Endpoint {
  EndpointId id;
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  http::Url url;
  std::vector<std::string> events;  ///< patterns: "message.*"
  std::string description;
  bool enabled = true;
  Secret secret;  ///< "whsec_..."
  Time created_at;
  Format format = Format::kStandard;
  Secret verify_token;  ///< of kGraph: what it is asked with whether it wants to be told; or empty

  bool wants(EventType type) const noexcept;
  /// The same of the provider's own words about what an event of that type tells.
  bool wants_original(EventType type) const noexcept;
};
using EndpointPtr = std::shared_ptr<const Endpoint>;

/// Customers' endpoints: all in memory, since every event asks for its workspace's; the database
/// first. Every change is on the workspace's audit log, in its transaction: of a URL the origin
/// only. Thread-safe.
class Endpoints {
 public:
  static constexpr std::size_t kPerWorkspaceMax = 50;

  Endpoints(store::Database& db, identity::Workspaces& workspaces, http::EgressGuard& guard,
            http::Client& client, metering::Idempotency& idempotency, IdSource& ids,
            const Clock& clock);

  /// Reads all endpoints. Blocking; at start.
  Result<> load();

  struct Draft {
    std::string url;
    std::vector<std::string> events;  ///< empty: "*"
    std::string description;
    Format format = Format::kStandard;
    Secret verify_token = {};  ///< see Endpoint
  };
  struct Created {
    EndpointPtr endpoint;
    bool replayed = false;  ///< an earlier call with this Idempotency-Key made it: its secret is
                            ///< not shown again
  };
  /// One with a verify_token is asked first, as the provider asks. Fails with kInvalidRequest (URL,
  /// patterns, its answer), kConflict (too many), or the idempotency codes.
  Task<Created> create(team::By by, Draft draft, std::optional<metering::IdempotentCall> call);

  struct Change {
    std::optional<std::string> url;
    std::optional<std::vector<std::string>> events;
    std::optional<std::string> description;
    std::optional<bool> enabled;
    std::optional<Format> format = {};        ///< of what happens from now on
    std::optional<Secret> verify_token = {};  ///< empty: none from now on
  };
  /// What it does not name stays, also where another change comes in the same moment. As create();
  /// where neither URL, format nor token is named nobody is asked.
  Task<Created> change(team::By by, EndpointId id, Change change,
                       std::optional<metering::IdempotentCall> call);
  Task<> remove(team::By by, EndpointId id);

  /// nullptr unless it is the caller's, in its mode.
  EndpointPtr find(const identity::Caller& caller, const EndpointId& id) const;
  EndpointPtr find(const EndpointId& id) const;
  /// All of a workspace's mode, oldest first.
  std::vector<EndpointPtr> list(const WorkspaceId& workspace, identity::Mode mode) const;
  /// Enabled ones that want the event.
  std::vector<EndpointPtr> subscribed(const WorkspaceId& workspace, identity::Mode mode,
                                      EventType type) const;
  /// Enabled ones that want the provider's own words about what an event of the type tells.
  std::vector<EndpointPtr> subscribed_to_originals(const WorkspaceId& workspace,
                                                   identity::Mode mode, EventType type) const;
  /// Whether some enabled one has the provider's format.
  bool has_graph(const WorkspaceId& workspace, identity::Mode mode) const;

  /// Their rows are gone, as all of the workspace is: memory lets go of them.
  void forget_workspace(const WorkspaceId& workspace);

  /// The endpoint said that it is gone (410).
  Task<> disable(EndpointId id);

 private:
  Result<> check(const Endpoint& endpoint) const;
  template <class Wants>
  std::vector<EndpointPtr> those(const WorkspaceId& workspace, identity::Mode mode,
                                 Wants wants) const;
  enum class Put : std::uint8_t { kNew, kChange };
  /// `endpoint` with the change made; without one it is new.
  Task<Created> store_endpoint(team::By by, Endpoint endpoint, std::optional<Change> change,
                               std::optional<metering::IdempotentCall> call);
  void publish(EndpointPtr endpoint, Put put);
  void forget(const EndpointId& id);

  store::Database& db_;
  identity::Workspaces& workspaces_;
  http::EgressGuard& guard_;
  http::Client& client_;
  metering::Idempotency& idempotency_;
  IdSource& ids_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::map<std::pair<WorkspaceId, identity::Mode>, std::vector<EndpointPtr>> by_workspace_;
  std::map<EndpointId, EndpointPtr> by_id_;
};

}  // namespace flowsell::webhook
