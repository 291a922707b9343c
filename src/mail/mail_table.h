#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mail/queue.h"

namespace flowsell::mail {

// All statements are right whatever other processes do in between, and none waits for another's
// claim.

/// Whose claim a row is: a number that nobody else has.
using Claimant = IdBytes;

/// A row whose attempt may be made until the claim is over.
struct ClaimedMail {
  MailId id{};
  std::string kind;
  Time created_at;
  Time expires_at;
  int attempt = 0;  ///< 1 is the first
  std::uint32_t key_id = 0;
  std::string sealed;
};

/// The mail that has been due for the longest time, which is the claimant's until `until`; nullopt:
/// none is due, or others are about to claim those that are.
Result<std::optional<ClaimedMail>> claim_due(store::Connection& db, const Claimant& claimant,
                                             Time now, Time until);
/// The earliest time at which one is due.
Result<std::optional<Time>> next_due(store::Connection& db);

struct Ending {
  MailState state = MailState::kWaiting;
  Time next;  ///< kWaiting only: when it is due again
  int code = 0;
  std::string reason = {};
};
/// Stores how an attempt ended. All but kWaiting destroy the content. That a mail was sent is
/// stored whoever has claimed it since; all else is not once the claim was over and another has the
/// mail, or its end is known: then false.
Result<bool> settle(store::Connection& db, const ClaimedMail& mail, const Claimant& claimant,
                    const Ending& ending, Time now);
/// Deletes some of the mails that were settled before `before`; says how many.
Result<std::int64_t> forget_settled(store::Connection& db, Time before);

/// What is sealed. Fails with kNotFound (the key's life is over) or kInternal (the bytes are not
/// what seal_mail() made, or this program does not know the kind).
Result<Mail> open_mail(const crypto::RotatingKeys& spool, const ClaimedMail& mail);

}  // namespace flowsell::mail
