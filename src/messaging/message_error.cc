#include "message_error.h"

#include <algorithm>
#include <array>

#include "messaging/render.h"

namespace flowsell::messaging {
namespace {

struct OwnError {
  std::string_view code;
  std::string_view fix;
};

constexpr std::string_view kWaitForProof =
    "Wait for the provider's own status, which may prove what happened; send again only if a "
    "second "
    "copy does no harm.";
constexpr std::array kOwnErrors = {
    OwnError{"content_unavailable", "Send the message again."},
    OwnError{"message_expired", "Send it again, with a longer ttl_seconds if it may come later."},
    OwnError{"no_answer", kWaitForProof},
    OwnError{"process_ended", kWaitForProof},
    OwnError{"restored_from_backup", kWaitForProof},
    OwnError{"sender_removed", "Send it from another sender."},
    OwnError{"unreadable_answer", kWaitForProof},
};

std::string_view own_fix(std::string_view code) {
  const auto* found = std::ranges::find(kOwnErrors, code, &OwnError::code);
  return found == kOwnErrors.end() ? std::string_view() : found->fix;
}

}  // namespace

MessageError own_error(std::string_view code) {
  MessageError error;
  error.code = code;
  error.fix = own_fix(code);
  return error;
}

MessageError error_of(const ProviderError& error) {
  // What we found ourselves comes as an error without a number.
  if (error.code == 0 && error.provider.empty()) return own_error(error.reason);
  return {error.reason, error.code, error.subcode, error.trace_id, error.fix};
}

std::optional<MessageError> error_of(const channel::Outcome& outcome) {
  using Kind = channel::Outcome::Kind;
  if (outcome.kind != Kind::kUnknown && outcome.kind != Kind::kFailed) return std::nullopt;
  if (outcome.kind == Kind::kUnknown || !outcome.error) return own_error(outcome.reason);
  return error_of(*outcome.error);
}

std::string fix_of(const connections::Senders& senders, const MessageRow& row) {
  if (!row.error) return {};
  if (const auto fix = own_fix(row.error->code); !fix.empty()) return std::string(fix);
  const connections::SenderPtr sender = senders.find(row.sender);
  if (!sender) return {};
  return std::string(
      sender->adapter->fix_of(row.error->provider_code, row.error->provider_subcode));
}

}  // namespace flowsell::messaging
