#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/sensitive.h"
#include "identity/caller.h"
#include "metering/idempotency.h"
#include "onboarding/session.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"
#include "webhook/events.h"

namespace flowsell::onboarding {

/// A workspace's own side of its onboarding sessions: makes them, shows them, takes them back.
/// Thread-safe.
class Sessions {
 public:
  static constexpr std::chrono::hours kLifeDefault{7 * 24};
  static constexpr std::chrono::hours kLifeMax{30 * 24};
  /// How long one that is over can still be read.
  static constexpr std::chrono::hours kKept{90 * 24};
  /// Links of a workspace that are good at a time.
  static constexpr std::int64_t kOpenMax = 200;

  struct Rooms {
    store::Database& db;
    webhook::Events& events;
    metering::Idempotency& idempotency;
    IdSource& ids;
    const Clock& clock;
  };
  explicit Sessions(Rooms rooms) : rooms_(rooms) {}

  struct Draft {
    WorkspaceId workspace;
    identity::Mode mode = identity::Mode::kTest;
    Way way = Way::kEmbeddedSignup;
    std::chrono::seconds life = kLifeDefault;
    std::string return_url;
    bool allows_coexistence = false;
    std::string label;
  };
  struct Created {
    Session session;
    Secret link;  ///< what stands behind /connect/; empty: the call is a replay
    bool is_replay = false;
  };
  /// `reason`: an operator's. Fails with kConflict (too many are open) and the codes of an
  /// Idempotency-Key.
  Task<Created> create(Draft draft, audit::Actor actor, audit::Origin from, std::string reason,
                       std::optional<metering::IdempotentCall> call);
  /// Fails with kNotFound.
  Task<Session> find(const identity::Caller& caller, OnboardingSessionId id) const;
  Task<SessionPage> list(Query query) const;
  /// One that is over stays as it is. Fails with kNotFound, and kConflict: an account is being
  /// connected at this moment.
  Task<Session> revoke(team::By by, OnboardingSessionId id);

  /// Notes the end of those whose time is over, and removes old ones. Some at a time.
  Task<> tidy();

 private:
  Rooms rooms_;
};

}  // namespace flowsell::onboarding
