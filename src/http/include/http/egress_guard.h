#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "http/url.h"
#include "runtime/task.h"

namespace flowsell::http {

struct EgressOptions {
  /// Exact "host:port" pairs that may be private or loopback: local development, the simulator. A
  /// host is compared as it stands in the URL, before resolution.
  std::vector<std::string> allowed = {};
  /// Everything: where every URL is the operator's own.
  bool allow_all = false;
  /// Every loopback address and port: the sandbox only.
  bool allow_loopback = false;
  /// Ports that public hosts may be called on. Plain http to a public host is refused unless 80 is
  /// among them.
  std::vector<std::uint16_t> ports = {443};
  std::chrono::seconds cache_time{30};
};

/// Whose URL it is: what EgressOptions::allowed lets through is the operator's word for some, and
/// for nothing that anybody names.
enum class Reach : std::uint8_t { kAllowed, kPublicOnly };

/// True for an address that the public internet routes to. False for private, loopback, link-local,
/// CGNAT, documentation, benchmarking, multicast, reserved, ULA, NAT64, 6to4, Teredo, ORCHID, SRv6,
/// and every IPv4 form of these inside IPv6 (mapped, compatible). reference: IANA special-purpose
/// registries.
bool is_public_address(const boost::asio::ip::address& address);

/// Decides where the server may connect to (server-side request forgery). The name is resolved
/// here, every address is checked, and the client connects to that checked address only, so that a
/// name can't change its mind in between. Thread-safe.
class EgressGuard {
 public:
  explicit EgressGuard(EgressOptions options);
  ~EgressGuard();

  /// The addresses to connect to, all checked. Fails with kInvalidRequest (refused: the detail says
  /// which rule, not which address) or kProviderUnreachable (the name has no address). Names are
  /// resolved on threads of its own.
  Task<std::vector<boost::asio::ip::address>> resolve(Url url);
  /// The same, but gives up with kProviderUnreachable at `deadline`; the look-up goes on for the
  /// cache.
  Task<std::vector<boost::asio::ip::address>> resolve(Url url, SteadyTime deadline,
                                                      Reach reach = Reach::kAllowed);
  /// The answer of resolve() where it needs no look-up (refused, a literal address, cached);
  /// nullopt otherwise.
  std::optional<Result<std::vector<boost::asio::ip::address>>> resolve_now(
      const Url& url, Reach reach = Reach::kAllowed);
  /// Only what the text itself decides: scheme, port, literal addresses. For refusing an endpoint
  /// when it is created.
  Result<> check(const Url& url) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::http
