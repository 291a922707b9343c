#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/hash.h"
#include "store/sql.h"

/// The columns of an event that are hashed, its hash, and `more`. A literal, for Sql.
#define FLOWSELL_AUDIT_COLUMNS_AND(more)                                           \
  "e.seq, e.id, e.at, e.actor_kind, e.actor_id, e.act, e.target, e.before_state, " \
  "e.after_state, e.request_id, e.origin_commitment, e.personal_commitment, "      \
  "e.hash" more " FROM audit_events e "

namespace flowsell::audit {

/// The two sorts of personal data of an event, each committed to by itself. Numbers are stored.
enum class Part : std::uint8_t { kOrigin = 1, kPersonal = 2 };

constexpr std::size_t kSaltBytes = 32;
/// The hash before the first event.
inline std::string first_hash() { return std::string(crypto::Digest().size(), '\0'); }

/// An event as its row has it. Views.
struct EventColumns {
  std::string_view scope;
  std::int64_t seq = 0;
  std::string_view id;
  std::int64_t at = 0;
  std::int64_t actor_kind = 0;
  std::string_view actor_id, act, target, before, after, request_id;
  /// Empty: the event never had such data.
  std::string_view origin_commitment, personal_commitment;

  /// Of a row that begins with FLOWSELL_AUDIT_COLUMNS_AND; they live as long as it does.
  static EventColumns of(std::string_view scope, const store::Row& row);
};
constexpr int kHashColumn = 12;  ///< of such a row
constexpr int kColumnsEnd = 13;

/// What chains an event to the one before it.
crypto::Digest hash_of(std::string_view previous, const EventColumns& event);

/// What an event says of data that may be erased: nothing without the salt, which goes with it.
crypto::Digest commitment_of(Part part, std::string_view salt, std::string_view data);

}  // namespace flowsell::audit
