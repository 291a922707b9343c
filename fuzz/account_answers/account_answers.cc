// What a provider answers about tokens and accounts, and what it signs about people. Everybody may
// send the latter.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "channel/account_calls.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "whatsapp/adapter.h"

namespace {

using namespace flowsell;

const auto kAdapter = whatsapp::make_adapter();
const channel::AccountCalls& kCalls = *kAdapter->account_calls();
const Secret kSecret("secret");

void require(bool holds) {
  if (!holds) std::abort();
}

void read_answers(std::string_view text) {
  http::Exchange answer;
  answer.end = http::ExchangeEnd::kAnswered;
  answer.status = 200;
  answer.body = text;
  if (const auto issued = kCalls.read_issued(answer)) require(!issued->token.empty());
  if (const auto facts = kCalls.read_token(answer))
    require(facts->is_valid == facts->trouble.empty());
  if (const auto account = kCalls.read_account(answer)) require(!account->account.empty());
  if (const auto page = kCalls.read_addresses(answer)) {
    for (const auto& each : page->addresses)
      require(!each.address.empty() && each.display_number.starts_with('+'));
  }
}

/// As it came it is never ours; with the right signature its payload is read.
void read_signed(std::string_view text) {
  if (!text.contains('.')) require(!kCalls.read_signed_request(text, kSecret));
  const std::string payload(text.substr(0, text.find('.')));
  const auto mac = crypto::hmac_sha256(kSecret.reveal(), {payload});
  const std::string whole = base64url_encode(mac) + "." + payload;
  if (const auto told = kCalls.read_signed_request(whole, kSecret)) {
    require(!told->user_id.empty());
    require(!kCalls.read_signed_request(whole, Secret("another")));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_answers(text);
  read_signed(text);
  return 0;
}
