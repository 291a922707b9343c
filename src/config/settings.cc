#include "config/settings.h"

#include <unistd.h>

namespace flowsell::config {

using std::chrono::seconds;

// The schedule that Standard Webhooks 1.0 suggests: ten attempts over 75 hours.
Settings::Webhook::Webhook()
    : retry_schedule{seconds(0),     seconds(5),     seconds(300),   seconds(1800),
                     seconds(7200),  seconds(18000), seconds(36000), seconds(50400),
                     seconds(72000), seconds(86400)} {}

std::string ListenAddress::str() const {
  const bool is_v6 = address.find(':') != std::string::npos;
  return (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

bool ListenAddress::is_loopback() const noexcept {
  return address.starts_with("127.") || address == "::1";
}

Environment process_environment() {
  Environment all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      all.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return all;
}

}  // namespace flowsell::config
