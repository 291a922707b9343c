#include "accounts/seeds.h"

#include <utility>

namespace flowsell::accounts {
namespace {

constexpr std::string_view kPurpose = "second-factor-seed";

std::string binding_of(const UserId& user) {
  return std::string(kPurpose).append(":").append(user.blob());
}

}  // namespace

std::string seal_seed(const crypto::KeyRing& ring, const UserId& user, const Secret& seed) {
  return crypto::seal(ring.derive(kPurpose), binding_of(user), seed.reveal());
}

Result<Secret> open_seed(const crypto::KeyRing& ring, const UserId& user, std::string_view sealed) {
  TRY(std::string seed, crypto::open(ring.derive(kPurpose), binding_of(user), sealed));
  return Secret(std::move(seed));
}

}  // namespace flowsell::accounts
