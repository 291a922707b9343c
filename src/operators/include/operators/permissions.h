#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "identity/caller.h"

namespace flowsell::operators {

/// What somebody of the staff is. Numbers are stored.
enum class Role : std::uint8_t { kSupport = 1, kOnboarding = 2, kBilling = 3, kSuperadmin = 4 };
std::string_view role_name(Role role) noexcept;
std::optional<Role> role_named(std::string_view name) noexcept;
std::span<const Role> all_roles() noexcept;

/// What an operator may do under /admin/v1. Who has it stands in one table: permissions.cc.
enum class Power : std::uint8_t {
  kWorkspacesRead,
  kSupportOpen,
  kSupportOversee,
  kOperatorsManage,
  kAuditRead,
  kPrivacyManage,
  kSecondFactorsRemove,
  kConnectionsRead,
  kConnectionsManage,
};
/// One row of that table: the code asks it, and docs/permissions.md is it.
struct PowerRow {
  Power power;
  std::string_view name;     ///< "support:open"
  std::string_view purpose;  ///< what it lets one do
  std::uint8_t roles;        ///< a bit for each number of Role

  bool has(Role role) const noexcept { return (roles >> static_cast<unsigned>(role) & 1) != 0; }
};
std::span<const PowerRow> powers() noexcept;
std::string_view power_name(Power power) noexcept;
bool may(Role role, Power power) noexcept;

/// What a support session of such an operator may look at in a workspace, and what it may do
/// where it was opened for that. Some calls are open to no session at all (api/support_access.cc).
identity::Scopes readable_by(Role role) noexcept;
identity::Scopes writable_by(Role role) noexcept;

/// The part of docs/permissions.md that is about operators.
std::string permissions_markdown();

}  // namespace flowsell::operators
