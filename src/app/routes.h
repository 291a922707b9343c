#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connections/connector.h"
#include "identity/caller.h"

namespace flowsell::app {

/// What the directory calls a sender of WhatsApp, by its phone-number id.
inline std::string address_route(identity::Mode mode, std::string_view address) {
  return std::string("whatsapp:").append(identity::mode_name(mode)).append(":").append(address);
}
/// The same of a sender's account.
inline std::string account_route(identity::Mode mode, std::string_view account) {
  return std::string("whatsapp-account:")
      .append(identity::mode_name(mode))
      .append(":")
      .append(account);
}

/// Those that one workspace alone may have: an account and its numbers.
inline std::vector<std::string> routes_of(const connections::ProviderNames& names) {
  std::vector<std::string> routes;
  if (!names.account.empty()) routes.push_back(account_route(names.mode, names.account));
  for (const std::string& address : names.addresses)
    routes.push_back(address_route(names.mode, address));
  return routes;
}

}  // namespace flowsell::app
