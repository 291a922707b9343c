#include "init.h"

#include <array>
#include <filesystem>
#include <memory>

#include "accounts/accounts.h"
#include "core/id.h"
#include "keys.h"
#include "migrations.h"
#include "operators/operators.h"
#include "store/postgres.h"
#include "store/sqlite.h"

namespace flowsell::app {
namespace {

namespace fs = std::filesystem;
using DatabasePtr = std::unique_ptr<store::Database>;

/// The accounts' tables: of an installation, not of a workspace.
Result<DatabasePtr> open_shared(const config::Settings& settings) {
  DatabasePtr db;
  if (settings.database.url.empty()) {
    TRY(db, store::open_sqlite(
                {.path = (fs::path(settings.data.dir) / "connect.db").string(), .readers = 1}));
    CHECK_OK(db->migrate(all_migrations()));
  } else {
    TRY(db, open_shared_postgres(settings.database.url, 1));
  }
  return db;
}

/// Whether the installation lives already: then its key is somewhere, and another one reads nothing
/// of what it holds.
Result<bool> is_in_use(const config::Settings& settings) {
  std::error_code error;
  if (settings.database.url.empty())
    return fs::exists(fs::path(settings.data.dir) / "connect.db", error);
  TRY(const auto db, open_shared(settings));
  const auto holds = holds_what_is_sealed(*db);
  db->stop();
  return holds;
}

Result<std::string> make_key(const config::Settings& settings) {
  if (is_kept_elsewhere(settings))
    return std::string("The master key comes from the settings: nothing was made.\n");
  const fs::path file = master_key_file(settings);
  std::error_code error;
  if (fs::exists(file, error)) return file.string() + " is there already: it stays as it is.\n";
  TRY(const bool in_use, is_in_use(settings));
  if (in_use) {
    return fail(ErrorCode::kConflict,
                "there is a database, and " + file.string() +
                    " is missing: bring the key that belongs to it (from where you keep it, or "
                    "from another replica); a new one could not read what the database holds");
  }
  TRY([[maybe_unused]] const auto made, crypto::KeyRing::from_file(file, /*create=*/true));
  return "Made " + file.string() +
         ". Keep a copy where the backups are not: without it nobody can read what the database "
         "holds sealed.\n";
}

Result<accounts::User> person(accounts::Accounts& accounts, const std::string& email,
                              Result<Secret> (*read_password)()) {
  TRY(const auto known, accounts.find_by_email_now(email));
  if (known) return *known;
  TRY(const Secret password, read_password());
  const std::array own_words = {email, email.substr(0, email.find('@'))};
  CHECK_OK(accounts::check_password(password, own_words, "password"));
  return accounts.put_user(email, "Operator", password);
}

Result<std::string> make_operator(const config::Settings& settings, const std::string& email,
                                  Result<Secret> (*read_password)(), store::Database& db,
                                  Keys& keys) {
  SystemClock clock;
  IdSource ids(clock);
  operators::Operators operators(db, ids, clock);
  TRY(const bool has_one, operators.has_superadmin());
  if (has_one) {
    return std::string(
        "There is a superadmin already: he stays, and makes others with POST "
        "/admin/v1/operators.\n");
  }
  accounts::Passwords passwords(
      {settings.accounts.password_passes, settings.accounts.password_mib << 20}, 1);
  accounts::Accounts accounts({db, passwords, *keys.spool, keys.ring, ids, clock, [] {}}, {});
  const auto user = person(accounts, email, read_password);
  passwords.stop();
  if (!user) return std::unexpected(user.error());
  CHECK_OK(operators.put_superadmin(user->id));
  return user->email +
         " is a superadmin: sign in with POST /v1/sessions, and add a second factor "
         "before anything else.\n";
}

}  // namespace

Result<std::string> init(const config::Settings& settings, const std::string& email,
                         Result<Secret> (*read_password)(), Time now) {
  CHECK_OK(make_data_folder(settings));
  TRY(std::string said, make_key(settings));
  if (email.empty()) return said + "Name the first operator with --email ADDRESS.\n";
  TRY(const auto db, open_shared(settings));
  auto keys = open_keys(settings, *db, now);
  Result<std::string> made = keys ? make_operator(settings, email, read_password, *db, *keys)
                                  : Result<std::string>(std::unexpected(std::move(keys).error()));
  db->stop();
  if (!made) return std::unexpected(made.error());
  return said + *made;
}

}  // namespace flowsell::app
