#include "identity/permissions.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace flowsell::identity {
namespace {

struct RoleName {
  Role role;
  std::string_view name;
};
constexpr std::array kRoleNames = {
    RoleName{Role::kOwner, "owner"},         RoleName{Role::kAdmin, "admin"},
    RoleName{Role::kDeveloper, "developer"}, RoleName{Role::kBilling, "billing"},
    RoleName{Role::kViewer, "viewer"},
};
constexpr std::array kRoles = {Role::kOwner, Role::kAdmin, Role::kDeveloper, Role::kBilling,
                               Role::kViewer};

constexpr std::uint8_t bits(std::initializer_list<Role> roles) {
  unsigned all = 0;
  for (const Role role : roles) all |= 1U << static_cast<unsigned>(role);
  return static_cast<std::uint8_t>(all);
}
constexpr std::uint8_t kManagers = bits({Role::kOwner, Role::kAdmin});
constexpr std::uint8_t kBuilders = kManagers | bits({Role::kDeveloper});
constexpr std::uint8_t kReaders = kBuilders | bits({Role::kViewer});
constexpr std::uint8_t kEverybody = kReaders | bits({Role::kBilling});

constexpr bool kForKeys = true;
constexpr bool kForMembersOnly = false;

constexpr std::array kPermissions = {
    Permission{Scope::kMessagesSend, "messages:send", "send messages, mark as read, upload media",
               kForKeys, kBuilders},
    Permission{Scope::kMessagesRead, "messages:read", "read messages, events, senders and media",
               kForKeys, kReaders},
    Permission{Scope::kWebhooksManage, "webhooks:manage",
               "read, make, change and delete webhook endpoints; read deliveries", kForKeys,
               kBuilders},
    Permission{Scope::kUsageRead, "usage:read", "read quota and usage", kForKeys, kEverybody},
    Permission{Scope::kConsentsRead, "consents:read", "read records of consent", kForKeys,
               kReaders},
    Permission{Scope::kConsentsManage, "consents:manage", "record and withdraw consents", kForKeys,
               kBuilders},
    Permission{Scope::kTemplatesRead, "templates:read", "read templates and their schemas, preview",
               kForKeys, kReaders},
    Permission{Scope::kTemplatesManage, "templates:manage",
               "make, change, sync, copy and delete templates", kForKeys, kBuilders},
    Permission{Scope::kConnectionsRead, "connections:read",
               "read connections and what is set at their numbers", kForKeys, kReaders},
    Permission{Scope::kConnectionsManage, "connections:manage",
               "connect and disconnect accounts, diagnose them, set up their numbers", kForKeys,
               kManagers},
    Permission{Scope::kAuditRead, "audit:read", "read the audit log, and what retention removed",
               kForKeys, kManagers},
    Permission{Scope::kKeysManage, "keys:manage", "list, make, rotate and revoke API keys",
               kForMembersOnly, kBuilders},
    Permission{Scope::kMembersRead, "members:read",
               "read the workspace, its members, invitations and support sessions", kForMembersOnly,
               kEverybody},
    Permission{Scope::kMembersManage, "members:manage", "invite, change and remove members",
               kForMembersOnly, kManagers},
    Permission{Scope::kWorkspaceManage, "workspace:manage",
               "change the workspace's settings, approve and end support sessions", kForMembersOnly,
               kManagers},
    Permission{Scope::kPrivacyManage, "privacy:manage",
               "export and delete what is held about one recipient", kForMembersOnly, kManagers},
    Permission{Scope::kSsoManage, "sso:manage",
               "read and change the workspace's identity providers and domains", kForMembersOnly,
               kManagers},
};

std::string_view mark(bool yes) { return yes ? "yes" : "–"; }

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

std::span<const Permission> permissions() noexcept { return kPermissions; }

Scopes scopes_of(Role role) noexcept {
  Scopes scopes;
  for (const Permission& permission : kPermissions) {
    if (permission.has(role)) scopes.add(permission.scope);
  }
  return scopes;
}

bool may_manage(Role by, Role of) noexcept {
  return by == Role::kOwner || (by == Role::kAdmin && of != Role::kOwner);
}

std::string permissions_markdown() {
  std::string out =
      "# Permissions\n\n"
      "What an API key's scope or a member's role lets one do. This file is what `connectd "
      "permissions` "
      "prints; the server asks the same table.\n\n"
      "| scope | lets one | API keys |";
  std::string line = "|---|---|---|";
  for (const Role role : kRoles) {
    out.append(" ").append(role_name(role)).append(" |");
    line += "---|";
  }
  out.append("\n").append(line).append("\n");
  for (const Permission& each : kPermissions) {
    out.append("| `").append(each.name).append("` | ").append(each.purpose).append(" | ");
    out.append(mark(each.is_for_keys)).append(" |");
    for (const Role role : kRoles) out.append(" ").append(mark(each.has(role))).append(" |");
    out.append("\n");
  }
  out +=
      "\nOwners change every member; admins those who are no owners. A key that a member makes has "
      "at most the scopes of the member's role. The last owner can neither leave nor become "
      "anything else.\n";
  return out;
}

}  // namespace flowsell::identity
