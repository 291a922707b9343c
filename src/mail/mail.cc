#include "mail/mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "mail/address.h"

namespace flowsell::mail {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kIdHead = "mail_";

struct Row {
  MailKind kind;
  std::string_view name;
  std::array<Parameter, 5> params;
  std::size_t count;
};

template <class... P>
constexpr Row row(MailKind kind, std::string_view name, P... params) {
  return {kind, name, {params...}, sizeof...(params)};
}

constexpr Parameter kLink{"link", true};
constexpr Parameter kValidFor{"valid_for"};  // "24 hours"
constexpr Parameter kWorkspace{"workspace"};
constexpr Parameter kWhen{"when"};
constexpr Parameter kWhere{"where"};  // a device, an address, a country: as much as is known

/// In the order of MailKind.
constexpr std::array<Row, kMailKinds> kRows = {
    row(MailKind::kVerifyEmail, "verify_email", kLink, kValidFor),
    row(MailKind::kResetPassword, "reset_password", kLink, kValidFor, kWhere),
    row(MailKind::kChangeEmail, "change_email", kLink, kValidFor, kWhere),
    row(MailKind::kEmailChanged, "email_changed", Parameter{"new_address"}, kWhen, kWhere),
    row(MailKind::kInvitation, "invitation", kWorkspace, Parameter{"inviter"}, Parameter{"role"},
        kLink, kValidFor),
    row(MailKind::kSecurityNotice, "security_notice", Parameter{"what"}, kWhen, kWhere,
        Parameter{"advice"}),
    row(MailKind::kNewSignIn, "new_sign_in", Parameter{"device"}, kWhen, kWhere),
    row(MailKind::kApiKeyRevoked, "api_key_revoked", kWorkspace, Parameter{"key"}, Parameter{"who"},
        kWhen),
    row(MailKind::kApiKeyLeaked, "api_key_leaked", kWorkspace, Parameter{"key"}, kWhere, kWhen),
    row(MailKind::kAccountDeletionRequested, "account_deletion_requested", kWhen,
        Parameter{"deleted_on"}, kLink),
    row(MailKind::kAccountDeleted, "account_deleted", kWhen),
    row(MailKind::kSupportSessionOpened, "support_session_opened", kWorkspace, Parameter{"who"},
        Parameter{"reason"}, kWhen, Parameter{"until"}),
    row(MailKind::kSecondFactorRemovalAsked, "second_factor_removal_asked", kWhen,
        Parameter{"removed_on"}, kLink),
};
static_assert(std::ranges::all_of(kRows, [](const Row& r) {
  return &r == &kRows[static_cast<std::size_t>(r.kind)];
}));

const Row& row_of(MailKind kind) noexcept { return kRows[static_cast<std::size_t>(kind)]; }

/// Printable ASCII that ends no attribute and opens no tag.
bool is_link(std::string_view text) {
  if (!text.starts_with("https://") && !text.starts_with("http://")) return false;
  constexpr std::string_view kRefused = "\"'<>\\`";
  return text.size() <= kLinkBytesMax && std::ranges::all_of(text, [=](char c) {
           return c > 0x20 && c < 0x7F && !kRefused.contains(c);
         });
}

bool is_text(std::string_view text) {
  return !text.empty() && text.size() <= kTextBytesMax && is_one_line(text);
}

Result<> check_param(const Parameter& param, const MailParams& params) {
  const auto found = params.find(param.name);
  if (found == params.end())
    return fail(ErrorCode::kInternal, fmt::format("mail: parameter '{}' is missing", param.name));
  const std::string_view value = found->second.reveal();
  if (param.is_link ? is_link(value) : is_text(value)) return {};
  const std::string pointer = "params/" + std::string(param.name);
  if (param.is_link) {
    return fail_field(pointer, "invalid_value",
                      fmt::format("mail: parameter '{}' is no http or https URL, or longer than {} "
                                  "bytes",
                                  param.name, kLinkBytesMax),
                      "Percent-encode what is not printable ASCII.");
  }
  return fail_field(pointer, "invalid_value",
                    fmt::format("mail: parameter '{}' is not one line of 1 to {} bytes of UTF-8",
                                param.name, kTextBytesMax),
                    "Send one line without control characters.");
}

}  // namespace

std::string_view mail_kind_name(MailKind kind) noexcept { return row_of(kind).name; }

std::optional<MailKind> mail_kind_of(std::string_view name) noexcept {
  const auto found = std::ranges::find(kRows, name, &Row::name);
  return found == kRows.end() ? std::nullopt : std::optional(found->kind);
}

std::span<const Parameter> parameters_of(MailKind kind) noexcept {
  return std::span(row_of(kind).params).first(row_of(kind).count);
}

std::string mail_id_text(const MailId& id) {
  std::string text(kIdHead);
  base32_append(id, text);
  return text;
}

std::optional<MailId> parse_mail_id(std::string_view text) {
  MailId id{};
  if (!text.starts_with(kIdHead) || !base32_decode(text.substr(kIdHead.size()), id))
    return std::nullopt;
  return id;
}

Time time_of(const MailId& id) { return RequestId(id).time(); }

Result<> check_params(MailKind kind, const MailParams& params) {
  const auto wanted = parameters_of(kind);
  for (const Parameter& each : wanted) CHECK_OK(check_param(each, params));
  if (params.size() == wanted.size()) return {};
  // Its name is not repeated: it might be a value that stands in the wrong place.
  return fail(ErrorCode::kInternal,
              fmt::format("mail: '{}' has a parameter that is not its", mail_kind_name(kind)));
}

Result<> check(const Mail& mail) {
  if (!is_valid_address(mail.to.reveal())) {
    return fail_field("to", "invalid_value", "mail: the address is not of the form local@host.tld",
                      "Send a plain address, its host in ASCII.");
  }
  CHECK_OK(check_params(mail.kind, mail.params));
  if (mail.life <= 0s) return fail(ErrorCode::kInternal, "mail: its life is none");
  return {};
}

}  // namespace flowsell::mail
