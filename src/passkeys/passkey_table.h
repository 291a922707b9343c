#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "passkeys/passkey.h"
#include "store/database.h"

namespace flowsell::passkeys {

/// False: the credential is somebody's already.
Result<bool> insert_passkey(store::Connection& db, const Passkey& passkey);
Result<std::optional<Passkey>> find_by_credential(store::Connection& db,
                                                  std::string_view credential_id);
/// The oldest first.
Result<std::vector<Passkey>> list_passkeys(store::Connection& db, const UserId& user);
Result<std::int64_t> count_passkeys(store::Connection& db, const UserId& user);
Result<std::optional<Passkey>> rename_passkey(store::Connection& db, const UserId& user,
                                              const PasskeyId& id, std::string_view name);
/// False: the user has no such passkey.
Result<bool> delete_passkey(store::Connection& db, const UserId& user, const PasskeyId& id);

struct Use {
  PasskeyId id;
  std::int64_t sign_count = 0;
  bool backed_up = false;
  Time at{};
};
/// One statement: of two that come at once with one count one gets it. Where the authenticator
/// counts at all, only a higher count is taken. False: the count went back, or there is no such
/// passkey any more.
Result<bool> use_passkey(store::Connection& db, const Use& use);
Result<bool> is_there(store::Connection& db, const PasskeyId& id);
/// That its user is told now. False: he was told since `told_before`.
Result<bool> note_warning(store::Connection& db, const PasskeyId& id, Time now, Time told_before);

}  // namespace flowsell::passkeys
