#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flowsell::passkeys {

/// What passkeys are made for: this server, as people's browsers know it (WebAuthn Level 3,
/// section 4).
struct RelyingParty {
  std::string id;      ///< a domain: what passkeys are bound to
  std::string origin;  ///< "https://connect.example": whose pages may ask for them

  /// `base_url`: what browsers call this server. Of a loopback address "localhost", since browsers
  /// make passkeys for names only. `id`: a domain above the host; empty: the host. nullopt: no
  /// browser makes passkeys for that address: it is no name, or not secure.
  static std::optional<RelyingParty> of(std::string_view base_url, std::string_view id);
};

}  // namespace flowsell::passkeys
