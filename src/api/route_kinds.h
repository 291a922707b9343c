#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "call.h"
#include "operators/permissions.h"
#include "telemetry/metrics.h"

namespace flowsell::api {

/// For whom a route about accounts is.
enum class Visitor : std::uint8_t {
  kAnybody,
  kSignedIn,
  kOwner,  ///< of the account: not who has only a workspace's provider's word for it
};

inline constexpr std::array<std::string_view, 6> kStatusClasses = {"0xx", "1xx", "2xx",
                                                                   "3xx", "4xx", "5xx"};

/// Requests of one route, by class of status.
struct RouteMetrics {
  std::array<metrics::Counter*, kStatusClasses.size()> answers{};
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
