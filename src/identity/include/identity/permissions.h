#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "identity/caller.h"

namespace flowsell::identity {

/// What a member is in a workspace. Numbers are stored.
enum class Role : std::uint8_t {
  kOwner = 1,
  kAdmin = 2,
  kDeveloper = 3,
  kBilling = 4,
  kViewer = 5,
};
std::string_view role_name(Role role) noexcept;
std::optional<Role> role_named(std::string_view name) noexcept;
std::span<const Role> all_roles() noexcept;

/// One row of the table of permissions: the code asks it, and docs/permissions.md is it.
struct Permission {
  Scope scope;
  std::string_view name;     ///< "messages:send"
  std::string_view purpose;  ///< what it lets one do
  bool is_for_keys;          ///< an API key may have it
  std::uint8_t roles;        ///< a bit for each number of Role

  bool has(Role role) const noexcept { return (roles >> static_cast<unsigned>(role) & 1) != 0; }
};
std::span<const Permission> permissions() noexcept;

Scopes scopes_of(Role role) noexcept;

/// True when a member with the role `by` may give, take or change the role `of`: owners every one,
/// admins those below an owner.
bool may_manage(Role by, Role of) noexcept;

/// docs/permissions.md.
std::string permissions_markdown();

}  // namespace flowsell::identity
