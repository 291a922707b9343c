#include "rotate_master_key.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "crypto/master_key_files.h"
#include "keys.h"

namespace flowsell::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kWaitMax{60};
constexpr std::chrono::milliseconds kStep{100};

constexpr std::string_view kDone = R"(the master key is {} now; {} opens nothing any more
Keep a copy of master.key where the backups are not. Backups of before still need the former key.
)";

constexpr std::string_view kNobody =
    "master.key.next ({}) is there, and no server has taken it yet: the one of this data folder "
    "does within seconds, or when it is next started; call this again to see";

constexpr std::string_view kRefused =
    "another replica's rotation was first: it waits until this one has its key. Copy that one's "
    "master.key into this data folder as master.key.next (0600). The key that was here for it is "
    "kept as master.key.refused, and seals nothing";

constexpr std::string_view kOthers =
    "this data folder has the new master key ({}). The former one opens the database until every "
    "other replica has the new one: copy master.key into each one's data folder as "
    "master.key.next (0600), and call this again to see";

/// True: `is_so` came true in time.
template <class Fn>
bool wait_until(Fn is_so) {
  const auto end = SteadyClock::now() + kWaitMax;
  while (!is_so()) {
    if (SteadyClock::now() >= end) return false;
    std::this_thread::sleep_for(kStep);
  }
  return true;
}

}  // namespace

Result<std::string> rotate_master_key(const config::Settings& settings) {
  if (is_kept_elsewhere(settings)) {
    return fail(ErrorCode::kInvalidRequest,
                "the master key is not a file: set security.master_key_next or its command, as "
                "docs/operations/master-key.md says");
  }
  const crypto::MasterKeyFiles files(settings.data.dir);
  TRY(const auto before, files.current(/*create=*/false));
  // An earlier call that was not waited for goes on.
  const bool is_taken = files.has_former() && !files.has_next();
  if (!is_taken) {
    TRY([[maybe_unused]] const auto next, files.make_next());
  }
  if (!wait_until([&files] { return !files.has_next(); })) {
    TRY(const auto next, files.next());
    return fail(ErrorCode::kStoreUnavailable,
                fmt::format(kNobody, next ? next->id() : std::string("?")));
  }
  if (files.has_refused()) return fail(ErrorCode::kConflict, std::string(kRefused));
  const bool is_over = wait_until([&files] { return !files.has_former(); });
  TRY(const auto now, files.current(/*create=*/false));
  if (!is_over) return fail(ErrorCode::kStoreUnavailable, fmt::format(kOthers, now.id()));
  return fmt::format(kDone, now.id(), is_taken ? "the former one" : before.id());
}

}  // namespace flowsell::app
