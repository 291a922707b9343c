#include "operators/permissions.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace flowsell::operators {
namespace {

using identity::Scope;

struct RoleName {
  Role role;
  std::string_view name;
};
constexpr std::array kRoleNames = {
    RoleName{Role::kSupport, "support"},
    RoleName{Role::kOnboarding, "onboarding"},
    RoleName{Role::kBilling, "billing"},
    RoleName{Role::kSuperadmin, "superadmin"},
};
constexpr std::array kRoles = {Role::kSupport, Role::kOnboarding, Role::kBilling,
                               Role::kSuperadmin};

constexpr std::uint8_t bits(std::initializer_list<Role> roles) {
  unsigned all = 0;
  for (const Role role : roles) all |= 1U << static_cast<unsigned>(role);
  return static_cast<std::uint8_t>(all);
}
constexpr bool is_in(std::uint8_t roles, Role role) {
  return (roles >> static_cast<unsigned>(role) & 1) != 0;
}
constexpr std::uint8_t kNobody = 0;
constexpr std::uint8_t kSuperadmins = bits({Role::kSuperadmin});
constexpr std::uint8_t kHelpers = kSuperadmins | bits({Role::kSupport});
constexpr std::uint8_t kStarters = kSuperadmins | bits({Role::kOnboarding});
constexpr std::uint8_t kTechnicians = kHelpers | kStarters;
constexpr std::uint8_t kEverybody = kTechnicians | bits({Role::kBilling});

constexpr std::array kPowers = {
    PowerRow{Power::kWorkspacesRead, "workspaces:read", "list and find workspaces", kEverybody},
    PowerRow{Power::kSupportOpen, "support:open", "open support sessions; read and end one's own",
             kEverybody},
    PowerRow{Power::kSupportOversee, "support:oversee", "read and end those of others",
             kSuperadmins},
    PowerRow{Power::kOperatorsManage, "operators:manage", "list, make, change and remove operators",
             kSuperadmins},
    PowerRow{Power::kAuditRead, "audit:read", "read what operators have done", kSuperadmins},
    PowerRow{Power::kPrivacyManage, "privacy:manage",
             "work on requests for data and for deletion, and on legal holds", kHelpers},
    PowerRow{Power::kSecondFactorsRemove, "second_factors:remove",
             "find users by address; take away a second factor that was lost", kHelpers},
    PowerRow{Power::kConnectionsRead, "connections:read",
             "read workspaces' connections with their notes", kEverybody},
    PowerRow{Power::kConnectionsManage, "connections:manage",
             "connect accounts by a token; onboarding steps, notes, payment, who pays", kStarters},
};

/// What a support session may have of a workspace's permissions.
struct SupportGrant {
  Scope scope;
  std::uint8_t readers, writers;
};
// Members, keys and settings, which hold the rules for support itself, are changed by none.
constexpr std::array kGrants = {
    SupportGrant{Scope::kMessagesSend, kNobody, kStarters},
    SupportGrant{Scope::kMessagesRead, kTechnicians, kNobody},
    SupportGrant{Scope::kWebhooksManage, kTechnicians, kTechnicians},
    SupportGrant{Scope::kUsageRead, kEverybody, kNobody},
    SupportGrant{Scope::kAuditRead, kHelpers, kNobody},
    SupportGrant{Scope::kKeysManage, kTechnicians, kNobody},
    SupportGrant{Scope::kMembersRead, kEverybody, kNobody},
    SupportGrant{Scope::kConnectionsRead, kEverybody, kNobody},
    SupportGrant{Scope::kConnectionsManage, kNobody, kStarters},
};

/// `first`: heads of the columns before the roles'.
void begin_table(std::string& out, std::initializer_list<std::string_view> first) {
  std::string line = "|";
  out += "|";
  for (const std::string_view head : first) {
    out.append(" ").append(head).append(" |");
    line += "---|";
  }
  for (const Role role : kRoles) {
    out.append(" ").append(role_name(role)).append(" |");
    line += "---|";
  }
  out.append("\n").append(line).append("\n");
}

std::string_view mark(const SupportGrant& grant, Role role) {
  if (is_in(grant.writers, role)) return is_in(grant.readers, role) ? "read, write" : "write";
  return is_in(grant.readers, role) ? "read" : "–";
}

}  // namespace

std::string_view role_name(Role role) noexcept {
  const auto found = std::ranges::find(kRoleNames, role, &RoleName::role);
  return found == kRoleNames.end() ? "" : found->name;
}

std::optional<Role> role_named(std::string_view name) noexcept {
  const auto found = std::ranges::find(kRoleNames, name, &RoleName::name);
  return found == kRoleNames.end() ? std::nullopt : std::optional(found->role);
}

std::span<const Role> all_roles() noexcept { return kRoles; }

std::span<const PowerRow> powers() noexcept { return kPowers; }

std::string_view power_name(Power power) noexcept {
  const auto found = std::ranges::find(kPowers, power, &PowerRow::power);
  return found == kPowers.end() ? "" : found->name;
}

bool may(Role role, Power power) noexcept {
  const auto found = std::ranges::find(kPowers, power, &PowerRow::power);
  return found != kPowers.end() && found->has(role);
}

identity::Scopes readable_by(Role role) noexcept {
  identity::Scopes scopes;
  for (const SupportGrant& grant : kGrants) {
    if (is_in(grant.readers, role)) scopes.add(grant.scope);
  }
  return scopes;
}

identity::Scopes writable_by(Role role) noexcept {
  identity::Scopes scopes;
  for (const SupportGrant& grant : kGrants) {
    if (is_in(grant.writers, role)) scopes.add(grant.scope);
  }
  return scopes;
}

std::string permissions_markdown() {
  std::string out =
      "\n## Operators\n\n"
      "What the staff of the installation may do under `/admin/v1`. Others are told that there is "
      "no such path.\n\n";
  begin_table(out, {"permission", "lets one"});
  for (const PowerRow& each : kPowers) {
    out.append("| `").append(each.name).append("` | ").append(each.purpose).append(" |");
    for (const Role role : kRoles) out.append(each.has(role) ? " yes |" : " – |");
    out.append("\n");
  }
  out +=
      "\nThere is a superadmin at all times. In a workspace an operator has nothing but what a "
      "support session gives him: to read, "
      "by his role, and to write, what the session was opened for besides. What holds secrets or "
      "content, and what is about members, keys, settings and support itself, is open to no "
      "session.\n\n";
  begin_table(out, {"scope in a support session"});
  for (const SupportGrant& grant : kGrants) {
    out.append("| `").append(identity::scope_name(grant.scope)).append("` |");
    for (const Role role : kRoles) out.append(" ").append(mark(grant, role)).append(" |");
    out.append("\n");
  }
  return out;
}

}  // namespace flowsell::operators
