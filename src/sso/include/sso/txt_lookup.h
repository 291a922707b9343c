#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/task.h"

namespace flowsell::sso {

/// What the domain name system says in TXT records.
class TxtLookup {
 public:
  virtual ~TxtLookup() = default;
  /// The texts of a name's records; none where there is no such name, or it has none. Fails with
  /// kProviderUnreachable: nobody answered, or not well.
  virtual Task<std::vector<std::string>> find(std::string name) = 0;
  /// Callers that wait don't resume: to be called when their threads have stopped, or will.
  virtual void stop() = 0;
};

/// A server of the domain name system.
struct DnsServer {
  std::string address;  ///< IPv4
  std::uint16_t port = 53;
};

/// Asks the system's resolver, or `server` where there is one, on two threads of its own.
std::unique_ptr<TxtLookup> dns_lookup(std::optional<DnsServer> server);

}  // namespace flowsell::sso
