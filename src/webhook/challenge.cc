#include "challenge.h"

#include <array>
#include <chrono>
#include <string>

#include "core/encoding.h"
#include "core/random.h"
#include "crypto/hash.h"

namespace flowsell::webhook {
namespace {

using http::ExchangeEnd;

/// As long as the provider waits: reference/whatsapp.md, 4.
constexpr std::chrono::seconds kTimeMax{10};
constexpr std::size_t kDigits = 10;

/// A number: programs read it as one. Never with a zero in front.
std::string new_challenge() {
  std::array<std::uint8_t, kDigits> bytes{};
  fill_random(bytes);
  std::string digits;
  for (const std::uint8_t byte : bytes) digits += static_cast<char>('1' + byte % 9);
  return digits;
}

std::string target_with(std::string target, std::string_view challenge, const Secret& token) {
  target += target.contains('?') ? '&' : '?';
  target.append("hub.mode=subscribe&hub.challenge=").append(challenge);
  target.append("&hub.verify_token=").append(percent_encode(token.reveal()));
  return target;
}

Result<> refusal(std::string detail) {
  return fail_field("/url", "challenge_failed", std::move(detail),
                    "Let it answer a GET whose hub.verify_token is yours with status 200 and the "
                    "value of hub.challenge, or leave verify_token out.");
}

Result<> judge(const http::Exchange& answered, std::string_view challenge) {
  if (answered.end == ExchangeEnd::kRefused)
    return fail_field("/url", "not_allowed", "it leads to an address that is not called",
                      "Use an https URL on a public host, port 443.");
  if (answered.end != ExchangeEnd::kAnswered)
    return refusal("it gave no answer when it was asked: " +
                   std::string(http::exchange_end_name(answered.end)));
  if (answered.status != 200)
    return refusal("it answered with status " + std::to_string(answered.status) +
                   " when it was asked");
  if (!crypto::constant_time_equal(answered.body, challenge))
    return refusal("it did not answer with the challenge");
  return {};
}

}  // namespace

Task<> ask_endpoint(http::Client& client, Endpoint endpoint, SteadyTime now) {
  if (endpoint.format != Format::kGraph || endpoint.verify_token.empty()) co_return Result<>{};
  const std::string challenge = new_challenge();
  http::OutRequest request;
  request.method = http::Method::kGet;
  request.url = endpoint.url;
  request.url.target = target_with(endpoint.url.target, challenge, endpoint.verify_token);
  request.client = endpoint.id.bytes();
  const auto answered = co_await client.send(std::move(request), now + kTimeMax);
  co_return judge(answered, challenge);
}

}  // namespace flowsell::webhook
