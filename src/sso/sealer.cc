#include "sso/sealer.h"

namespace flowsell::sso {

Sealer::Sealer(const crypto::KeyRing& ring) : key_(ring.derive("single-sign-on")) {}

std::string Sealer::seal(std::string_view bound_to, const Secret& secret) const {
  return crypto::seal(key_, bound_to, secret.reveal());
}

Result<Secret> Sealer::unseal(std::string_view bound_to, std::string_view sealed) const {
  TRY(std::string text, crypto::open(key_, bound_to, sealed));
  return Secret(std::move(text));
}

}  // namespace flowsell::sso
