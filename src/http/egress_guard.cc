#include "http/egress_guard.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <unordered_set>
#include <utility>

#include "name_lookup.h"

namespace flowsell::http {

namespace {

constexpr std::chrono::seconds kLookupTimeMax{10};

std::unexpected<Error> refuse(std::string_view rule) {
  return fail(ErrorCode::kInvalidRequest, "the URL is refused: " + std::string(rule));
}

/// Canonical text only: inet_pton takes neither octal nor hexadecimal nor short forms.
std::optional<net::ip::address> literal_address(const std::string& host) {
  boost::system::error_code error;
  net::ip::address address = net::ip::make_address(host, error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
  }
  return address;
}

/// "127.1", "0x7f000001", "0177.0.0.1": what resolvers read as an IPv4 address (WHATWG URL, "ends
/// in a number").
bool ends_in_a_number(std::string_view host) {
  const std::string_view label = host.substr(host.rfind('.') + 1);
  if (label.starts_with("0x")) return true;
  return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string without_brackets(std::string entry) {
  std::erase_if(entry, [](char c) { return c == '[' || c == ']'; });
  return entry;
}

Addresses loopback_addresses() {
  return {net::ip::address_v4::loopback(), net::ip::address_v6::loopback()};
}

}  // namespace

class EgressGuard::Impl {
 public:
  explicit Impl(EgressOptions options) : options_(std::move(options)), names_(options_.cache_time) {
    for (std::string& entry : options_.allowed) allowed_.insert(without_brackets(std::move(entry)));
  }

  /// What the text decides: an address list when it names the addresses, nullopt when the name must
  /// be resolved.
  Result<std::optional<Addresses>> decide(const Url& url, Reach reach) const {
    const auto literal = literal_address(url.host);
    const bool is_allowed = allows(url, reach);
    if (!is_allowed && !is_free_loopback(url.host, literal)) {
      CHECK_OK(check_public(url, literal));
    }
    if (literal) return Addresses{*literal};
    if (url.host == "localhost") return loopback_addresses();
    return std::nullopt;
  }

  /// The rule for what a name resolved to.
  Result<Addresses> admit(const Url& url, Addresses addresses, Reach reach) const {
    for (net::ip::address& address : addresses) {
      if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
      }
    }
    if (addresses.empty()) {
      return fail(ErrorCode::kProviderUnreachable, "the host name has no address");
    }
    if (allows(url, reach)) return addresses;
    // One bad address among good ones refuses the name: a split answer is how a rebinding attack
    // looks.
    if (!std::all_of(addresses.begin(), addresses.end(), is_public_address)) {
      return refuse("its host resolves to an address that is not public");
    }
    return addresses;
  }

  std::optional<Result<Addresses>> resolve_now(const Url& url, Reach reach) {
    auto decided = decide(url, reach);
    if (!decided) return std::unexpected(std::move(decided).error());
    if (*decided) return **std::move(decided);
    auto known = names_.cached(url.host);
    if (!known) return std::nullopt;
    return admit(url, *std::move(known), reach);
  }

  NameLookup& names() noexcept { return names_; }

 private:
  bool allows(const Url& url, Reach reach) const {
    if (reach == Reach::kPublicOnly) return false;
    if (options_.allow_all) return true;
    if (allowed_.empty()) return false;
    return allowed_.contains(url.host + ':' + std::to_string(url.port));
  }

  bool is_free_loopback(std::string_view host,
                        const std::optional<net::ip::address>& literal) const {
    if (!options_.allow_loopback) return false;
    return literal ? literal->is_loopback() : host == "localhost";
  }

  Result<> check_public(const Url& url, const std::optional<net::ip::address>& literal) const {
    if (!url.tls &&
        std::find(options_.ports.begin(), options_.ports.end(), 80) == options_.ports.end()) {
      return refuse("its scheme is not https");
    }
    if (std::find(options_.ports.begin(), options_.ports.end(), url.port) == options_.ports.end()) {
      return refuse("its port is not allowed");
    }
    if (literal && !is_public_address(*literal)) return refuse("its address is not public");
    if (!literal && (url.host == "localhost" || url.host.ends_with(".localhost"))) {
      return refuse("its address is not public");
    }
    if (!literal && ends_in_a_number(url.host)) {
      return refuse("its host is neither a name nor an address in canonical form");
    }
    return {};
  }

  EgressOptions options_;
  std::unordered_set<std::string> allowed_;
  NameLookup names_;
};

EgressGuard::EgressGuard(EgressOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
EgressGuard::~EgressGuard() = default;

Result<> EgressGuard::check(const Url& url) const {
  CHECK_OK(impl_->decide(url, Reach::kAllowed));
  return {};
}

std::optional<Result<Addresses>> EgressGuard::resolve_now(const Url& url, Reach reach) {
  return impl_->resolve_now(url, reach);
}

Task<Addresses> EgressGuard::resolve(Url url) {
  return resolve(std::move(url), std::chrono::steady_clock::now() + kLookupTimeMax);
}

Task<Addresses> EgressGuard::resolve(Url url, SteadyTime deadline, Reach reach) {
  if (auto now = impl_->resolve_now(url, reach)) co_return *std::move(now);
  CO_TRY(Addresses found, co_await impl_->names().resolve(url.host, deadline));
  co_return impl_->admit(url, std::move(found), reach);
}

}  // namespace flowsell::http
