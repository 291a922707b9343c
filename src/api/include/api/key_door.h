#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "api/home.h"
#include "audit/event.h"
#include "identity/api_keys.h"
#include "metering/idempotency.h"

namespace flowsell::api {

/// From where a request comes, for records.
audit::Origin origin_of(const http::Request& request);

/// Who has shown an API key, and where he is served. Made by admit_key().
class KeyCaller {
 public:
  KeyCaller(Home home, identity::ApiKeys::KnownKeyPtr key)
      : home_(std::move(home)), key_(std::move(key)) {}

  const Services& services() const { return *home_.services(); }
  const identity::Caller& caller() const { return key_->caller; }

 private:
  Home home_;
  identity::ApiKeys::KnownKeyPtr key_;
};

/// A caller who was let in, or what another process has answered.
struct Admission {
  std::optional<KeyCaller> caller;
  std::optional<http::Response> answered;
};

/// For doors beside the API's own: the key of the Authorization header, with all that it, its
/// workspace and its rate say, and how large the request may be. Fails with kMissingApiKey,
/// kInvalidApiKey, kAddressNotAllowed, kRateLimited, kPayloadTooLarge and as Homes::find().
Task<Admission> admit_key(Homes& homes, const http::Request& request);

/// The request's Idempotency-Key, ready to be taken, where `body` stands for what it holds; nullopt
/// when it has none. Fails with kInvalidIdempotencyKey.
Result<std::optional<metering::IdempotentCall>> idempotent_call(const Services& services,
                                                                const identity::Caller& caller,
                                                                const http::Request& request,
                                                                std::string_view body);

}  // namespace flowsell::api
