#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "accounts/accounts.h"
#include "accounts/passwords.h"
#include "api/home.h"
#include "audit_signing.h"
#include "domain_checks.h"
#include "mail/letter.h"
#include "mail/mail_folder.h"
#include "mail/postman.h"
#include "mail/transport.h"
#include "passkeys/passkeys.h"
#include "privacy/desk.h"
#include "privacy/runner.h"
#include "process.h"
#include "recovery/removals.h"
#include "runtime/rounds.h"
#include "sso/single_sign_on.h"
#include "store/database.h"

namespace flowsell::app {

/// Accounts, the ways to sign in to them, and the way of their mails, on the database that all
/// replicas share. Members end in the other order.
class People {
 public:
  /// `base_url`: what links in mails begin with where no setting says so. Fails with
  /// kInvalidRequest (settings of mail) and kInternal (the sandbox's folder). The pool runs, or
  /// will. `signs`: nobody else signs the database's audit log.
  static Result<std::unique_ptr<People>> make(Process& process, store::Database& database,
                                              const std::string& base_url, bool signs);
  ~People();

  /// `doors` outlive the end of stop().
  void start(privacy::Doors& doors);
  /// Before the database stops. Blocking.
  void stop();

  accounts::Accounts& accounts() noexcept { return accounts_; }
  privacy::Desk& privacy_desk() noexcept { return privacy_desk_; }
  recovery::Removals& removals() noexcept { return removals_; }
  const privacy::Runner& deletions() const noexcept { return deletions_; }
  sso::SingleSignOn& sso() noexcept { return sso_; }
  passkeys::Passkeys& passkeys() noexcept { return passkeys_; }
  operators::Operators& operators() noexcept { return operators_; }
  api::Staff& staff() noexcept { return staff_; }

 private:
  People(Process& process, store::Database& database, mail::Composer composer,
         std::unique_ptr<mail::Transport> transport, const std::string& public_url);
  Awaitable<void> tidy();
  Awaitable<void> erase_old_records();
  Awaitable<void> remove_factors();

  mail::Composer composer_;
  std::unique_ptr<mail::Transport> transport_;
  mail::Postman postman_;
  accounts::Passwords passwords_;
  accounts::Accounts accounts_;
  privacy::Runner deletions_;
  privacy::Desk privacy_desk_;
  sso::SingleSignOn sso_;
  passkeys::Passkeys passkeys_;
  DomainChecks domain_checks_;
  operators::Operators operators_;
  operators::Openings openings_;
  recovery::Removals removals_;
  api::Staff staff_{operators_, openings_};
  std::optional<AuditSigning> audit_signing_;
  const Clock& clock_;
  const std::chrono::days records_kept_;
  Time records_until_{};  ///< what was before is erased
  runtime::Rounds tidying_, removing_;
};

/// Whether mails go into a folder, and not to people.
bool keeps_mails(const config::Settings& settings);
/// Where the sandbox's mails lie.
std::filesystem::path mail_folder_of(const config::Settings& settings);

}  // namespace flowsell::app
