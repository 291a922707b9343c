#pragma once

#include <string_view>

#include "api/api.h"
#include "core/error.h"
#include "core/id.h"
#include "core/time.h"
#include "metering/rate_limit.h"

namespace flowsell::api {

/// How much may be asked without an API key: with a session by its user, without one by the network
/// that the request comes from. In memory, so each server has counts of its own. Thread-safe.
class Throttle {
 public:
  using Decision = metering::RateLimit::Decision;
  Throttle(const RequestLimits& limits, const Clock& clock);

  Decision take(const UserId& user);
  Decision take_of_network(std::string_view address);
  /// What is answered to one that is not admitted.
  static Error refusal(const Decision& decision);

 private:
  const Clock& clock_;
  metering::RateLimit users_;
  metering::RateLimit networks_;
};

}  // namespace flowsell::api
