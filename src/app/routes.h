#pragma once

#include <string>
#include <string_view>

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

}  // namespace flowsell::app
