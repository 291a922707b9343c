#include "identity/caller.h"

#include <algorithm>

#include "identity/permissions.h"

namespace flowsell::identity {

std::string_view mode_name(Mode mode) noexcept { return mode == Mode::kLive ? "live" : "test"; }

std::optional<Mode> mode_named(std::string_view name) noexcept {
  if (name == "live") return Mode::kLive;
  if (name == "test") return Mode::kTest;
  return std::nullopt;
}

std::string_view scope_name(Scope scope) noexcept {
  const auto found = std::ranges::find(permissions(), scope, &Permission::scope);
  return found == permissions().end() ? "" : found->name;
}

Scopes Scopes::of_keys() {
  Scopes scopes;
  for (const Permission& permission : permissions()) {
    if (permission.is_for_keys) scopes.add(permission.scope);
  }
  return scopes;
}

std::optional<Scopes> Scopes::parse(std::string_view names) {
  Scopes scopes;
  while (!names.empty()) {
    const auto space = names.find(' ');
    const auto name = names.substr(0, space);
    const auto found = std::ranges::find(permissions(), name, &Permission::name);
    if (found == permissions().end()) return std::nullopt;
    scopes.add(found->scope);
    names.remove_prefix(space == std::string_view::npos ? names.size() : space + 1);
  }
  return scopes;
}

std::string Scopes::str() const {
  std::string out;
  for (const Permission& permission : permissions()) {
    if (!has(permission.scope)) continue;
    if (!out.empty()) out += ' ';
    out += permission.name;
  }
  return out;
}

bool Caller::may_send_from(const SenderId& sender) const noexcept {
  return senders == nullptr || std::ranges::find(*senders, sender) != senders->end();
}

}  // namespace flowsell::identity
