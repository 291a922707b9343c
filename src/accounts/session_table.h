#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace flowsell::accounts {

/// Of an account. One more, and the oldest goes.
inline constexpr std::int64_t kSessionsMax = 50;
inline constexpr std::int64_t kDevicesMax = 50;

Result<> insert_session(store::Connection& db, const Session& session, const crypto::Digest& token);
/// Whatever its times.
Result<std::optional<Session>> find_session(store::Connection& db, const crypto::Digest& token);
/// Newest first.
Result<std::vector<Session>> list_sessions(store::Connection& db, const UserId& user);
Result<> see_session(store::Connection& db, const SessionId& id, Time now,
                     std::string_view address);
/// False: the user has no such session.
Result<bool> delete_session(store::Connection& db, const UserId& user, const SessionId& id);
Result<> delete_sessions(store::Connection& db, const UserId& user, const SessionId& but);
/// Those that a provider's word made, of everybody, or about one identity of a user's. How many.
Result<std::int64_t> delete_vouched_sessions(store::Connection& db, std::string_view provider);
Result<std::int64_t> delete_vouched_sessions(store::Connection& db, const UserId& user,
                                             const Voucher& by);
/// A new token for a session that goes on. False: it does not any more.
Result<bool> rotate_session(store::Connection& db, const SessionId& id,
                            const crypto::Digest& token);
/// Of a session by a passkey it stays true.
Result<> set_session_factor(store::Connection& db, const SessionId& id, bool has_second_factor);
Result<bool> session_goes_on(store::Connection& db, const UserId& user, const SessionId& id,
                             Time now);
/// Those that a passkey has made.
Result<> delete_sessions_of_passkey(store::Connection& db, const UserId& user,
                                    const PasskeyId& passkey);
/// Those that are over. How many.
Result<std::int64_t> delete_old_sessions(store::Connection& db, Time now, Time idle_since);

/// A browser that has signed a user in before: a stranger's guesses don't slow it down.
Result<bool> is_known_device(store::Connection& db, const UserId& user,
                             const crypto::Digest& token);
Result<> put_known_device(store::Connection& db, const UserId& user, const crypto::Digest& token,
                          Time now);
Result<> delete_devices(store::Connection& db, const UserId& user);
Result<std::int64_t> delete_old_devices(store::Connection& db, Time seen_before);

}  // namespace flowsell::accounts
