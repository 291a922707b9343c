#pragma once

#include <string>

#include "channel/adapter.h"
#include "http/url.h"
#include "identity/caller.h"

namespace flowsell::connections {

/// Where the provider's API is: of test mode the simulator's.
struct ProviderRoutes {
  http::Url test_api_base;
  http::Url live_api_base;
  http::Version test_version = http::Version::kHttp1;
  http::Version live_version = http::Version::kHttp1;

  /// For calls about `address`: a sender's, or empty where the call's path names all.
  channel::SenderRoute of(identity::Mode mode, std::string address) const;
};

}  // namespace flowsell::connections
