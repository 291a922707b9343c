#include "connections/provider_routes.h"

#include <utility>

namespace flowsell::connections {

channel::SenderRoute ProviderRoutes::of(identity::Mode mode, std::string address) const {
  const bool is_test = mode == identity::Mode::kTest;
  return {.address = std::move(address),
          .api_base = is_test ? test_api_base : live_api_base,
          .version = is_test ? test_version : live_version};
}

}  // namespace flowsell::connections
