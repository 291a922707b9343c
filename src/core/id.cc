#include "core/id.h"

#include <algorithm>

#include "core/encoding.h"
#include "core/random.h"

namespace flowsell {
namespace {

constexpr std::size_t kEncodedLength = 26;

void set_version_and_variant(IdBytes& bytes) {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x70);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
}

void put_time(IdBytes& bytes, std::uint64_t unix_ms) {
  for (std::size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<std::uint8_t>(unix_ms >> (8 * (5 - i)));
  }
}

}  // namespace

std::string_view id_prefix(IdKind kind) noexcept {
  switch (kind) {
    case IdKind::kWorkspace:
      return "ws_";
    case IdKind::kApiKey:
      return "key_";
    case IdKind::kConnection:
      return "con_";
    case IdKind::kSender:
      return "snd_";
    case IdKind::kMessage:
      return "msg_";
    case IdKind::kEvent:
      return "evt_";
    case IdKind::kEndpoint:
      return "whe_";
    case IdKind::kDelivery:
      return "dlv_";
    case IdKind::kRequest:
      return "req_";
    case IdKind::kUser:
      return "usr_";
    case IdKind::kSession:
      return "ses_";
    case IdKind::kInvitation:
      return "inv_";
    case IdKind::kAuditEvent:
      return "aud_";
    case IdKind::kDataRequest:
      return "dsr_";
    case IdKind::kIdentityProvider:
      return "idp_";
    case IdKind::kIdentity:
      return "idn_";
    case IdKind::kSupportSession:
      return "sup_";
    case IdKind::kConsent:
      return "cns_";
    case IdKind::kAcceptance:
      return "acc_";
    case IdKind::kPasskey:
      return "pky_";
    case IdKind::kTemplate:
      return "tpl_";
    case IdKind::kMedia:
      return "med_";
    case IdKind::kOnboardingSession:
      return "onb_";
  }
  return "";
}

template <IdKind K>
Result<Id<K>> Id<K>::parse(std::string_view text) {
  const std::string_view prefix = id_prefix(K);
  Id id;
  if (!text.starts_with(prefix) || text.size() != prefix.size() + kEncodedLength ||
      !base32_decode(text.substr(prefix.size()), id.bytes_)) {
    return fail(ErrorCode::kInvalidId, "expected an id that starts with '" + std::string(prefix) +
                                           "' and has 26 characters after it");
  }
  return id;
}

template <IdKind K>
std::string Id<K>::str() const {
  std::string out(id_prefix(K));
  base32_append(bytes_, out);
  return out;
}

template <IdKind K>
Time Id<K>::time() const noexcept {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | bytes_[i];
  return from_unix_ms(ms);
}

IdBytes IdSource::next_bytes() {
  const std::uint64_t now = static_cast<std::uint64_t>(to_unix_ms(clock_->now())) << 12;
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t mine = 0;
  // More than 4096 ids in a millisecond borrow from the next one: order matters more than the last
  // digit of time.
  do {
    mine = std::max(now, last + 1);
  } while (!last_.compare_exchange_weak(last, mine, std::memory_order_relaxed));

  IdBytes bytes;
  fill_random(std::span(bytes).subspan<8>());
  put_time(bytes, mine >> 12);
  bytes[6] = static_cast<std::uint8_t>((mine >> 8) & 0x0F);
  bytes[7] = static_cast<std::uint8_t>(mine & 0xFF);
  set_version_and_variant(bytes);
  return bytes;
}

IdBytes lowest_id_bytes(Time time) {
  IdBytes bytes{};
  put_time(bytes, static_cast<std::uint64_t>(to_unix_ms(time)));
  return bytes;
}

IdBytes derived_id_bytes(Time time, std::span<const std::uint8_t, 10> digest) {
  IdBytes bytes;
  std::copy(digest.begin(), digest.end(), bytes.begin() + 6);
  put_time(bytes, static_cast<std::uint64_t>(to_unix_ms(time)));
  set_version_and_variant(bytes);
  return bytes;
}

template class Id<IdKind::kWorkspace>;
template class Id<IdKind::kApiKey>;
template class Id<IdKind::kConnection>;
template class Id<IdKind::kSender>;
template class Id<IdKind::kMessage>;
template class Id<IdKind::kEvent>;
template class Id<IdKind::kEndpoint>;
template class Id<IdKind::kDelivery>;
template class Id<IdKind::kRequest>;
template class Id<IdKind::kUser>;
template class Id<IdKind::kSession>;
template class Id<IdKind::kInvitation>;
template class Id<IdKind::kAuditEvent>;
template class Id<IdKind::kDataRequest>;
template class Id<IdKind::kIdentityProvider>;
template class Id<IdKind::kIdentity>;
template class Id<IdKind::kSupportSession>;
template class Id<IdKind::kConsent>;
template class Id<IdKind::kAcceptance>;
template class Id<IdKind::kPasskey>;
template class Id<IdKind::kTemplate>;
template class Id<IdKind::kMedia>;
template class Id<IdKind::kOnboardingSession>;

}  // namespace flowsell
