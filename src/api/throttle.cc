#include "throttle.h"

#include <algorithm>
#include <chrono>

#include "core/ip_range.h"
#include "crypto/hash.h"

namespace flowsell::api {

Throttle::Throttle(const RequestLimits& limits, const Clock& clock)
    : clock_(clock),
      users_(limits.per_second_per_user),
      networks_(limits.per_minute_per_network, std::chrono::minutes(1)) {}

Throttle::Decision Throttle::take(const UserId& user) {
  return users_.take(user.bytes(), clock_.steady_now());
}

Throttle::Decision Throttle::take_of_network(std::string_view address) {
  const auto digest = crypto::sha256(network_of(address));
  IdBytes network;
  std::copy_n(digest.begin(), network.size(), network.begin());
  return networks_.take(network, clock_.steady_now());
}

Error Throttle::refusal(const Decision& decision) {
  Error limited{ErrorCode::kRateLimited, "the caller's requests of this time are used"};
  limited.retry_after = decision.reset;
  return limited;
}

}  // namespace flowsell::api
