#include "keys.h"

#include <algorithm>
#include <filesystem>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "metering/idempotency.h"
#include "store/change.h"

namespace flowsell::app {
namespace {

/// The longest that a message may wait: its ttl_seconds.
constexpr std::chrono::hours kMessageLife{24};
/// The longest that any content may, whatever a replica's settings are.
constexpr std::chrono::hours kContentLifeMax{72 + 1};
constexpr std::chrono::hours kFingerprintLife =
    metering::Idempotency::kKept + std::chrono::hours(24);

/// What a master key has left before there were root keys.
struct Trace {
  std::string name;   ///< a workspace's id, or "master"
  std::string value;  ///< its wrapped key, or what replicas compared
};
const store::Sql kTrace(
    "SELECT id, wrapped_key FROM workspaces WHERE length(wrapped_key) > 0 LIMIT 1",
    "SELECT name, value FROM key_checks WHERE name = 'master' LIMIT 1");

Result<std::optional<Trace>> trace_of_older(store::Database& shared) {
  return store::read_now(shared, [](store::Connection& db) -> Result<std::optional<Trace>> {
    std::optional<Trace> found;
    CHECK_OK(db.query(kTrace, {}, [&found](const store::Row& row) {
      found = Trace{std::string(row.text(0)), std::string(row.text(1))};
    }));
    return found;
  });
}

std::string check_value(const crypto::KeyRing& ring) {
  return std::string(as_text(crypto::sha256(as_text(ring.derive("replicas").bytes()))));
}

/// Another key must not be taken for the one that sealed all: nothing would open any more.
Result<> check_left_by(const crypto::KeyRing& master, const Trace& trace) {
  const bool is_its = trace.name == "master" ? trace.value == check_value(master)
                                             : master.unwrap(trace.name, trace.value).has_value();
  if (is_its) return {};
  return fail(ErrorCode::kConflict,
              "the database holds what another master key has sealed: bring that one");
}

Result<crypto::KeyRing> ring_of(const Secret& digits, const std::string& command) {
  return command.empty() ? crypto::KeyRing::from_hex(digits)
                         : crypto::KeyRing::from_command(command);
}

/// `create`: where the master key is a file that is missing.
Result<MasterKeys> master_keys(const config::Settings& settings, bool create) {
  if (is_kept_elsewhere(settings)) {
    const auto& from = settings.security;
    TRY(auto current, ring_of(from.master_key, from.master_key_command));
    std::optional<crypto::KeyRing> next;
    if (!from.master_key_next.empty() || !from.master_key_next_command.empty()) {
      TRY(next, ring_of(from.master_key_next, from.master_key_next_command));
    }
    return MasterKeys{std::move(current), std::move(next), std::nullopt};
  }
  crypto::MasterKeyFiles files(settings.data.dir);
  TRY(auto current, files.current(create));
  // One that can't be read is told of by who would take it: nothing needs it yet.
  return MasterKeys{std::move(current), files.next().value_or(std::nullopt), std::move(files)};
}

struct Opened {
  MasterKeys master;
  vault::RootKeys roots;
};

Result<Opened> open_roots(const config::Settings& settings, store::Database& shared, Time now) {
  CHECK_OK(check_master_key(settings));
  TRY(const bool has_roots, vault::has_root_keys(shared));
  std::optional<Trace> older;
  if (!has_roots) {
    TRY(older, trace_of_older(shared));
  }
  // Where something is sealed already, a key that is made now opens nothing of it.
  TRY(auto master,
      master_keys(settings, /*create=*/settings.sandbox.enabled && !has_roots && !older));
  if (older) CHECK_OK(check_left_by(master.current, *older));
  TRY(auto roots, vault::open_root_keys(shared, master.all(), older.has_value(), now));
  return Opened{std::move(master), std::move(roots)};
}

}  // namespace

std::vector<crypto::KeyRing> MasterKeys::all() const {
  std::vector<crypto::KeyRing> keys{current};
  if (next) keys.push_back(*next);
  return keys;
}

Result<> make_root_keys(const config::Settings& settings, store::Database& shared, Time now) {
  TRY([[maybe_unused]] const auto opened, open_roots(settings, shared, now));
  return {};
}

Result<vault::RootKeys> read_roots(const config::Settings& settings, store::Database& shared) {
  TRY(const auto master, master_keys(settings, /*create=*/false));
  return vault::read_root_keys(shared, master.all());
}

std::vector<audit::PublicKey> head_keys(const vault::RootKeys& roots) {
  std::vector<audit::PublicKey> keys{audit::HeadKey::of(roots.root).public_key()};
  if (roots.former) keys.push_back(audit::HeadKey::of(*roots.former).public_key());
  return keys;
}

Result<bool> holds_what_is_sealed(store::Database& shared) {
  TRY(const bool has_roots, vault::has_root_keys(shared));
  TRY(const auto older, trace_of_older(shared));
  return has_roots || older.has_value();
}

bool is_kept_elsewhere(const config::Settings& settings) {
  return !settings.security.master_key.empty() || !settings.security.master_key_command.empty();
}

Result<> make_data_folder(const config::Settings& settings) {
  const std::filesystem::path dir(settings.data.dir);
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return fail(ErrorCode::kInternal, "data.dir: the folder can't be made");
  std::filesystem::permissions(dir, std::filesystem::perms::owner_all, error);
  return {};
}

std::filesystem::path master_key_file(const config::Settings& settings) {
  return std::filesystem::path(settings.data.dir) / "master.key";
}

Result<> check_master_key(const config::Settings& settings) {
  if (settings.sandbox.enabled || is_kept_elsewhere(settings)) return {};
  const auto file = master_key_file(settings);
  std::error_code error;
  if (std::filesystem::exists(file, error)) return {};
  return fail(ErrorCode::kInternal,
              "master key file " + file.string() +
                  ": there is none. On a first start `connectd init` makes it; else bring it from "
                  "where you keep it: without it what the database holds sealed can't be read.");
}

Result<Keys> open_keys(const config::Settings& settings, store::Database& shared, Time now) {
  const std::filesystem::path dir(settings.data.dir);
  TRY(auto opened, open_roots(settings, shared, now));
  const crypto::KeyRing& root = opened.roots.root;
  // A key lives as long as anything that may still be sealed under it: what was sealed in the last
  // second of its hour.
  const auto content_life =
      std::max(kMessageLife, settings.content.retention) + std::chrono::hours(1);
  TRY(auto spool, crypto::RotatingKeys::open(
                      {dir / "keys", "spool", std::chrono::hours(1), content_life}, now));
  TRY(auto fingerprint,
      crypto::RotatingKeys::open(
          {dir / "keys", "fingerprint", std::chrono::hours(24), kFingerprintLife}, now));
  // Hashes can't be made anew: nobody has the numbers.
  const crypto::Key contact =
      (opened.roots.former ? *opened.roots.former : root).derive("recipient-hash");
  const crypto::Key peers = root.derive("replicas");
  return Keys{std::move(opened.master),
              root,
              std::move(opened.roots.former),
              std::move(spool),
              std::move(fingerprint),
              contact,
              peers};
}

std::vector<cluster::SharedKey> Keys::shared(Time now) const {
  const auto of_chain = [now](std::string name, crypto::RotatingKeys& keys,
                              std::chrono::hours life) {
    return cluster::SharedKey{
        std::move(name), keys.current(now).id, keys.period_of(now - life),
        [&keys](std::int64_t period) -> std::optional<std::string> {
          const auto value = keys.check_value(static_cast<std::uint32_t>(period));
          return value ? std::optional(std::string(as_text(*value))) : std::nullopt;
        }};
  };
  const auto of_root = [value = check_value(ring)](std::int64_t /*period*/) {
    return std::optional(value);
  };
  return {{"root", 0, 0, of_root},
          of_chain("spool", *spool, kContentLifeMax),
          of_chain("fingerprint", *fingerprint, kFingerprintLife)};
}

}  // namespace flowsell::app
