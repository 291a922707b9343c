#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "crypto/rotating_keys.h"
#include "mail/mail.h"
#include "store/database.h"

namespace flowsell::mail {

/// A mail as its row has it: checked; recipient and parameters are sealed under a spool key, and
/// open for this id only.
struct SealedMail {
  MailId id{};
  MailKind kind{};
  Time created_at;
  Time expires_at;
  std::uint32_t key_id = 0;
  std::string sealed;
};

/// Fails as check() does. Before the transaction, so that nothing in it can fail for a value.
Result<SealedMail> seal_mail(crypto::RotatingKeys& spool, const Mail& mail);
/// To be sent once the transaction is committed; call Postman::wake() then. The same id a second
/// time changes nothing.
Result<> enqueue(store::Connection& db, const SealedMail& mail);
/// Both at once.
Result<> enqueue(store::Connection& db, crypto::RotatingKeys& spool, const Mail& mail);

/// A mail that is not sent yet, without what it says.
struct WaitingMail {
  MailId id{};
  MailKind kind{};
  Time created_at;
  Time expires_at;
};
/// Those to an address: every mail that waits is opened, and none waits longer than a day.
Result<std::vector<WaitingMail>> waiting_for(store::Connection& db,
                                             const crypto::RotatingKeys& spool,
                                             std::string_view address);
/// They are not sent any more, unless a server has them already. In a transaction.
Result<> drop_mails(store::Connection& db, std::span<const WaitingMail> mails);

/// Numbers are stored.
enum class MailState : std::uint8_t {
  kWaiting = 0,  ///< or under way
  kSent = 1,     ///< the server has it; what it does with it, nobody here learns
  kFailed = 2,
  kExpired = 3,  ///< not sent in its life, or its key's
};
std::string_view mail_state_name(MailState state) noexcept;

}  // namespace flowsell::mail
