#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "core/page.h"
#include "core/time.h"
#include "metering/idempotency.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::consent {

inline constexpr std::string_view kMarketing = "marketing";

/// Whom a consent is of, as it is stored.
struct Contact {
  std::array<std::uint8_t, 16> hash{};  ///< the one of the workspace's messages
  std::string masked;
};

/// That somebody has agreed to be written to.
struct Consent {
  ConsentId id;
  Contact contact;
  std::string purpose;
  std::string source;  ///< where: "checkout form"
  Time obtained_at{};
  std::string recorded_by;  ///< the id of the user or key
  std::optional<Time> withdrawn_at = {};
};

/// A page of a workspace's consents, newest first.
struct Query {
  WorkspaceId workspace;
  std::optional<std::array<std::uint8_t, 16>> contact;
  std::optional<std::string> purpose;
  std::optional<bool> withdrawn;
  std::optional<ConsentId> after;   ///< older than it
  std::optional<ConsentId> before;  ///< newer than it
  std::size_t limit = 20;
};
using ConsentPage = Page<Consent, ConsentId>;

/// Whether the contact has a live one. In the caller's snapshot.
Result<bool> has_consent(store::Connection& db, const WorkspaceId& workspace,
                         const std::array<std::uint8_t, 16>& contact, std::string_view purpose);

/// The same of many people, in their order.
Result<std::vector<bool>> have_consent(store::Connection& db, const WorkspaceId& workspace,
                                       std::span<const std::array<std::uint8_t, 16>> contacts,
                                       std::string_view purpose);

/// Records and withdraws consents. Every change is on the workspace's audit log. Thread-safe.
class Consents {
 public:
  Consents(store::Database& db, metering::Idempotency& idempotency, IdSource& ids,
           const Clock& clock);

  struct Draft {
    Contact contact;
    std::string purpose, source;
    Time obtained_at{};
  };
  struct Recorded {
    Consent consent;
    bool is_new = false;  ///< false: the contact had it, or the call is a replay
    bool is_replay = false;
  };
  /// Fails with the codes of an Idempotency-Key.
  Task<Recorded> record(team::By by, Draft draft, std::optional<metering::IdempotentCall> call);
  /// One that was withdrawn already stays as it is. Fails with kNotFound.
  Task<Consent> withdraw(team::By by, ConsentId id);

  /// Fails with kNotFound.
  Task<Consent> find(WorkspaceId workspace, ConsentId id) const;
  Task<ConsentPage> list(Query query) const;

 private:
  store::Database& db_;
  metering::Idempotency& idempotency_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::consent
