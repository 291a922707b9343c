#pragma once

#include <optional>
#include <string>

#include "core/id.h"
#include "core/time.h"
#include "metering/idempotency.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::connections {

/// Idempotency keys of calls that are answered by a provider's answer (DESIGN 4.11): a key is taken
/// under a lease before the provider is asked, and kept or freed by what became of that.
/// Thread-safe.
class LeasedKeys {
 public:
  LeasedKeys(store::Database& db, metering::Idempotency& idempotency, const Clock& clock);

  /// Takes the key, where there is one, for what the call is about; `shown` is that as callers see
  /// it. nullopt: go on, and end() it. Otherwise an earlier call with the same key was done, about
  /// what is returned. Fails as metering::refusal_of(): the earlier call still runs, or was
  /// another.
  Task<std::optional<IdBytes>> take(WorkspaceId workspace,
                                    std::optional<metering::IdempotentCall> call, IdBytes about,
                                    std::string shown);
  /// Done: the key is kept. Else it is free again. Where that can't be stored the lease runs out by
  /// itself.
  Awaitable<void> end(WorkspaceId workspace, std::optional<metering::IdempotentCall> call,
                      IdBytes about, bool is_done);

 private:
  store::Database& db_;
  metering::Idempotency& idempotency_;
  const Clock& clock_;
};

}  // namespace flowsell::connections
