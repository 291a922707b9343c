#include "api/key_door.h"

#include <string>
#include <utility>

#include "call.h"
#include "throttle.h"

namespace flowsell::api {
namespace {

Task<Home> home_of(Homes& homes, const http::Request& request) {
  if (auto home = homes.find_now(request)) co_return *std::move(home);
  co_return co_await homes.find(request);
}

Task<identity::ApiKeys::KnownKeyPtr> recognise(const Services& services,
                                               const http::Request& request) {
  const auto authorization = request.header("Authorization");
  auto key = services.api_keys.find_cached(authorization);
  if (!key) {
    CO_TRY(key, co_await services.api_keys.authenticate(std::string(authorization)));
  }
  CO_CHECK_OK(let_in(services, *key, request));
  co_return key;
}

}  // namespace

Task<Admission> admit_key(Homes& homes, const http::Request& request) {
  Admission out;
  CO_TRY(auto home, co_await home_of(homes, request));
  if (home.services() == nullptr) {
    out.answered = home.take_answer();
    co_return out;
  }
  const Services& services = *home.services();
  CO_TRY(auto key, co_await recognise(services, request));
  const auto rate = services.rate_limit.take(key->caller.key.bytes(), services.clock.steady_now(),
                                             key->rules.per_second);
  if (!rate.admitted) co_return std::unexpected(Throttle::refusal(rate));
  if (request.body.size() > services.body_bytes_max) {
    co_return fail(ErrorCode::kPayloadTooLarge,
                   "the body may have " + std::to_string(services.body_bytes_max) + " bytes");
  }
  out.caller.emplace(std::move(home), std::move(key));
  co_return out;
}

Result<std::optional<metering::IdempotentCall>> idempotent_call(const Services& services,
                                                                const identity::Caller& caller,
                                                                const http::Request& request,
                                                                std::string_view body) {
  const auto header = request.header("Idempotency-Key");
  if (header.empty()) return std::nullopt;
  TRY(const std::string key, metering::Idempotency::parse_header(header));
  return services.idempotency.begin(caller.workspace, caller.mode,
                                    http::method_name(request.method), request.path, key, body,
                                    services.clock.now());
}

}  // namespace flowsell::api
