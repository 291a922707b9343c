#include "chain.h"

namespace flowsell::audit {
namespace {

/// Every value with its length or of a fixed one, so that no two lists of values give the same
/// bytes. Numbers are big-endian: the same on every machine.
class Encoder {
 public:
  explicit Encoder(std::string_view purpose) { text(purpose); }
  Encoder& number(std::int64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
    return *this;
  }
  Encoder& text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  crypto::Digest digest() const { return crypto::sha256(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace

EventColumns EventColumns::of(std::string_view scope, const store::Row& row) {
  return {.scope = scope,
          .seq = row.integer(0),
          .id = row.text(1),
          .at = row.integer(2),
          .actor_kind = row.integer(3),
          .actor_id = row.text(4),
          .act = row.text(5),
          .target = row.text(6),
          .before = row.text(7),
          .after = row.text(8),
          .request_id = row.text(9),
          .origin_commitment = row.text(10),
          .personal_commitment = row.text(11)};
}

crypto::Digest hash_of(std::string_view previous, const EventColumns& event) {
  return Encoder("flowsell-connect/audit-event/1")
      .text(previous)
      .text(event.scope)
      .number(event.seq)
      .text(event.id)
      .number(event.at)
      .number(event.actor_kind)
      .text(event.actor_id)
      .text(event.act)
      .text(event.target)
      .text(event.before)
      .text(event.after)
      .text(event.request_id)
      .text(event.origin_commitment)
      .text(event.personal_commitment)
      .digest();
}

crypto::Digest commitment_of(Part part, std::string_view salt, std::string_view data) {
  return Encoder("flowsell-connect/audit-personal/1")
      .number(static_cast<std::int64_t>(part))
      .text(salt)
      .text(data)
      .digest();
}

}  // namespace flowsell::audit
