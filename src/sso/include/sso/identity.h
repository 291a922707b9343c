#pragma once

#include <string>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::sso {

/// Somebody at a provider, and whose account that is here. Who it is are issuer and subject
/// together; the address is for show.
struct Identity {
  IdentityId id;
  std::string issuer;
  std::string subject;
  UserId user;
  std::string provider;  ///< by which it came last
  std::string email;
  Time created_at{};
  Time used_at{};
};

}  // namespace flowsell::sso
