#include "journey.h"

#include <utility>

#include "core/ip_range.h"

namespace flowsell::accounts {
crypto::Digest hash_of(const Secret& token) { return crypto::sha256(token.reveal()); }

crypto::Digest network_bucket(std::string_view address) {
  return attempt_bucket({"network", network_of(address)});
}

Error too_many(std::chrono::seconds wait) {
  Error error{ErrorCode::kRateLimited, "too many attempts"};
  error.retry_after = wait;
  return error;
}

Error invalid_token() { return {ErrorCode::kInvalidToken, "the token is wrong, used or too old"}; }

Error over_meanwhile() {
  return {ErrorCode::kInvalidSession,
          "the password was changed, or the session ended, in the meantime"};
}

Result<std::string> checked_email(std::string_view text) {
  auto email = normal_email(text);
  if (email) return *std::move(email);
  return fail_field("/email", "invalid_format", "that is no address that mail can be sent to",
                    "Send an address such as asha@example.com.");
}

audit::Act act_of(IdSource& ids, Time now, const UserId& of, const audit::Origin& from,
                  std::string name) {
  return audit::new_act(ids, now, of.blob(), {audit::ActorKind::kUser, of.str()}, from,
                        std::move(name));
}

}  // namespace flowsell::accounts
