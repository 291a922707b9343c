#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "core/time.h"

namespace flowsell::mail {

/// What a mail is about. Each has its files under templates/, and is stored by its name.
enum class MailKind : std::uint8_t {
  kVerifyEmail,
  kResetPassword,
  kChangeEmail,   ///< to the address that is to be
  kEmailChanged,  ///< to the address that was left
  kInvitation,
  kSecurityNotice,
  kNewSignIn,
  kApiKeyRevoked,
  kApiKeyLeaked,
  kAccountDeletionRequested,
  kAccountDeleted,
  kSupportSessionOpened,
  kSecondFactorRemovalAsked,
};
inline constexpr std::size_t kMailKinds = 13;

/// "verify_email", ...
std::string_view mail_kind_name(MailKind kind) noexcept;
/// nullopt: not a name that this program knows; a newer one may have stored it.
std::optional<MailKind> mail_kind_of(std::string_view name) noexcept;

/// What a kind's texts are filled with.
struct Parameter {
  std::string_view name;
  bool is_link = false;  ///< an http or https URL; it may let in whoever has it
};
std::span<const Parameter> parameters_of(MailKind kind) noexcept;

/// A mail's id, from an IdSource: order by id is order by creation.
using MailId = IdBytes;
/// "mail_" and 26 characters: what logs, files and the Message-ID call it.
std::string mail_id_text(const MailId& id);
/// nullopt: no such text.
std::optional<MailId> parse_mail_id(std::string_view text);
/// The time in its head.
Time time_of(const MailId& id);
inline std::string_view blob_of(const IdBytes& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

using MailParams = std::map<std::string, Content, std::less<>>;

/// No mail waits longer to be sent. Not longer than a spool key lives (crypto/rotating_keys.h).
inline constexpr std::chrono::hours kMailLifeMax{24};
inline constexpr std::size_t kTextBytesMax = 500;
inline constexpr std::size_t kLinkBytesMax = 2000;

struct Mail {
  MailId id{};
  MailKind kind{};
  Content to;
  MailParams params;  ///< those of parameters_of(kind), no more and no fewer
  Time now;           ///< when it came to be, and its Date
  /// For how long it is of use, as its link may be: not sent by then, or in kMailLifeMax, it
  /// expires.
  std::chrono::seconds life = kMailLifeMax;
};

/// Fails with kInvalidRequest: an address that is_valid_address() refuses, a text that is empty,
/// longer than kTextBytesMax, not is_one_line(), a link that is not of http or https; with
/// kInternal: a parameter that is missing or not the kind's, a life that is none. Details name
/// parameters, never what is in them.
Result<> check(const Mail& mail);
/// The part of it that is about parameters.
Result<> check_params(MailKind kind, const MailParams& params);

}  // namespace flowsell::mail
