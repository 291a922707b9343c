#include "identity/caller.h"

#include <array>

namespace flowsell::identity {
namespace {

constexpr std::array kScopes = {Scope::kMessagesSend, Scope::kMessagesRead, Scope::kWebhooksManage,
                                Scope::kUsageRead};

}  // namespace

std::string_view mode_name(Mode mode) noexcept { return mode == Mode::kLive ? "live" : "test"; }

std::string_view scope_name(Scope scope) noexcept {
  switch (scope) {
    case Scope::kMessagesSend:
      return "messages:send";
    case Scope::kMessagesRead:
      return "messages:read";
    case Scope::kWebhooksManage:
      return "webhooks:manage";
    case Scope::kUsageRead:
      return "usage:read";
  }
  return "";
}

std::optional<Scopes> Scopes::parse(std::string_view names) {
  Scopes scopes;
  while (!names.empty()) {
    const auto space = names.find(' ');
    const auto name = names.substr(0, space);
    bool known = false;
    for (const Scope scope : kScopes) {
      if (scope_name(scope) != name) continue;
      scopes.add(scope);
      known = true;
    }
    if (!known) return std::nullopt;
    names.remove_prefix(space == std::string_view::npos ? names.size() : space + 1);
  }
  return scopes;
}

std::string Scopes::str() const {
  std::string out;
  for (const Scope scope : kScopes) {
    if (!has(scope)) continue;
    if (!out.empty()) out += ' ';
    out += scope_name(scope);
  }
  return out;
}

}  // namespace flowsell::identity
