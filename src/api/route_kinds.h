#pragma once

#include <cstdint>
#include <string>

#include "call.h"
#include "operators/permissions.h"

namespace flowsell::api {

/// For whom a route about accounts is.
enum class Visitor : std::uint8_t {
  kAnybody,
  kSignedIn,
  kOwner,  ///< of the account: not who has only a workspace's provider's word for it
};

/// What a route for callers asks of them.
struct CallRoute {
  http::Method method;
  std::string pattern;
  identity::Scope scope;
  bool is_open_to_support;
  CallHandler handler;
  bool names_workspace;  ///< by its first parameter
};

/// The same of one for operators.
struct AdminRoute {
  http::Method method;
  std::string pattern;
  operators::Power power;
  bool needs_reason;
  AdminHandler handler;
};

}  // namespace flowsell::api
