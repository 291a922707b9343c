#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/hash.h"
#include "store/database.h"

namespace flowsell::audit {

/// The end of a chain: the hash of its last event says all that stands before it.
struct Head {
  std::string scope;
  std::int64_t seq = 0;  ///< how many events it has
  crypto::Digest hash{};
  friend bool operator==(const Head&, const Head&) = default;
};

/// What does not hold.
enum class Check : std::uint8_t {
  kScope,          ///< the rows are under a name that is none
  kMissingRow,     ///< there is no such event, but later ones, or the chain's head, say there was
  kUnexpectedRow,  ///< an event stands before the first
  kHash,           ///< the event, or the one before it, was changed
  kCommitment,     ///< its personal data was changed
  kStrayPersonal,  ///< personal data of an event that never had any
  kNoHead,         ///< the chain has no head
  kHeadHash,       ///< the head's hash is not that of the last event
  kBeyondHead,     ///< an event that the head does not know of
  kTailCut,        ///< a signed head knows of this event, and it is not there
  kOtherHistory,   ///< a signed head says otherwise: the chain up to here was written anew
  kOutOfPlace,     ///< of an export: the event stands behind a later one, or twice
  kShown,          ///< of an export: the line shows something else than what it proves
};

/// The first row of a chain that is broken.
struct Fault {
  std::int64_t seq = 0;
  Check check = Check::kHash;
  friend bool operator==(const Fault&, const Fault&) = default;
};
/// One sentence without a full stop.
std::string_view describe(Check check) noexcept;

struct Verdict {
  Head end;                     ///< the last event that is proven
  std::int64_t events = 0;      ///< those that were read and hold
  std::int64_t erased = 0;      ///< of them, those whose personal data was erased
  std::int64_t signed_seq = 0;  ///< the highest signed head that agrees; 0: none
  std::optional<Fault> fault;

  bool is_whole() const noexcept { return !fault.has_value(); }
};

/// Reads a whole chain and checks every row of it. `signed_heads` (those of other scopes are passed
/// over) must have been read before the snapshot of `db` was taken, or a head that is newer than
/// the snapshot looks like a tail that was cut off. Reads some hundred events at a time, whatever
/// the chain's length. Fails only as the database does: what it holds is a verdict, never an error.
Result<Verdict> verify(store::Connection& db, std::string_view scope,
                       std::span<const Head> signed_heads = {});

/// The same from an end that was proven earlier on: the events behind it.
Result<Verdict> verify_behind(store::Connection& db, const Head& proven);

/// The scope behind `scope` of which there is any row; nullopt: none. The first is behind "".
Result<std::optional<std::string>> next_scope(store::Connection& db, std::string_view scope);

}  // namespace flowsell::audit
