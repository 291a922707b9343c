#include "audit/verify.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "audit/event.h"
#include "chain.h"
#include "core/encoding.h"

namespace flowsell::audit {
namespace {

using store::Param;
using store::Sql;

constexpr std::int64_t kRowsAtOnce = 500;
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

const Sql kEvents("SELECT " FLOWSELL_AUDIT_COLUMNS_AND(
    "") "WHERE e.scope = ?1 AND e.seq >= ?2 ORDER BY e.seq LIMIT ?3");
const Sql kPersonal(
    "SELECT seq, part, salt, data FROM audit_personal WHERE scope = ?1 AND seq >= ?2 AND seq <= ?3 "
    "ORDER BY seq, part");
const Sql kPersonalBehind(
    "SELECT seq FROM audit_personal WHERE scope = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1");
const Sql kHead("SELECT seq, hash FROM audit_heads WHERE scope = ?1");
const Sql kHashAt("SELECT hash FROM audit_events WHERE scope = ?1 AND seq = ?2");
constexpr std::array kNextScopes = {
    Sql("SELECT scope FROM audit_events WHERE scope > ?1 ORDER BY scope LIMIT 1"),
    Sql("SELECT scope FROM audit_heads WHERE scope > ?1 ORDER BY scope LIMIT 1"),
    Sql("SELECT scope FROM audit_personal WHERE scope > ?1 ORDER BY scope LIMIT 1")};

/// Reads a chain in chunks, from a place that is known to be right.
class Walk {
 public:
  Walk(store::Connection& db, Head from, std::vector<Head> signed_heads)
      : db_(db), signed_heads_(std::move(signed_heads)) {
    verdict_.end = std::move(from);
    std::ranges::sort(signed_heads_, {}, &Head::seq);
  }

  Result<Verdict> run() {
    if (verdict_.end.scope.size() != kScopeBytes) {
      note(1, Check::kScope);
      return std::move(verdict_);
    }
    for (bool is_last = false; !is_last && verdict_.is_whole();) {
      TRY(is_last, read_chunk());
    }
    if (verdict_.is_whole()) CHECK_OK(check_end());
    return std::move(verdict_);
  }

 private:
  /// An event whose personal data has not been looked at yet.
  struct Open {
    std::int64_t seq;
    std::array<std::string, 2> commitments;
    std::array<bool, 2> has_data{};

    bool is_erased() const {
      return (!commitments[0].empty() && !has_data[0]) || (!commitments[1].empty() && !has_data[1]);
    }
  };

  /// The first broken row counts; of two faults of one row the one that is found first.
  void note(std::int64_t seq, Check check) {
    if (!verdict_.fault || seq < verdict_.fault->seq) verdict_.fault = Fault{seq, check};
  }

  std::string_view scope() const { return verdict_.end.scope; }
  std::int64_t next_seq() const { return verdict_.end.seq + 1; }

  /// True: there are no events behind it.
  Result<bool> read_chunk() {
    // What stands before the first place is to be found too.
    const std::int64_t from = verdict_.end.seq == 0 ? kLowest : next_seq();
    std::int64_t rows = 0;
    open_.clear();
    CHECK_OK(
        db_.query(kEvents, {Param::blob(scope()), from, kRowsAtOnce}, [&](const store::Row& row) {
          ++rows;
          if (verdict_.is_whole()) take(row);
        }));
    CHECK_OK(check_personal(from));
    return rows < kRowsAtOnce;
  }

  void take(const store::Row& row) {
    const auto event = EventColumns::of(scope(), row);
    if (event.seq > next_seq()) return note(next_seq(), Check::kMissingRow);
    if (event.seq < next_seq()) return note(event.seq, Check::kUnexpectedRow);
    const auto hash = hash_of(previous(), event);
    if (row.text(kHashColumn) != as_text(hash)) return note(event.seq, Check::kHash);
    if (!agrees_with_signed(event.seq, hash)) return note(event.seq, Check::kOtherHistory);
    open_.push_back({.seq = event.seq,
                     .commitments = {std::string(event.origin_commitment),
                                     std::string(event.personal_commitment)}});
    verdict_.end.seq = event.seq;
    verdict_.end.hash = hash;
    ++verdict_.events;
  }

  std::string_view previous() const { return as_text(verdict_.end.hash); }

  bool agrees_with_signed(std::int64_t seq, const crypto::Digest& hash) {
    for (; signed_done_ < signed_heads_.size() && signed_heads_[signed_done_].seq <= seq;
         ++signed_done_) {
      const Head& head = signed_heads_[signed_done_];
      if (head.seq < seq) continue;
      if (head.hash != hash) return false;
      verdict_.signed_seq = seq;
    }
    return true;
  }

  /// Of the events that hold, and of those that are not there.
  Result<> check_personal(std::int64_t from) {
    const std::int64_t until = verdict_.end.seq;
    CHECK_OK(db_.query(kPersonal, {Param::blob(scope()), from, until},
                       [this](const store::Row& row) { check_personal_row(row); }));
    for (const Open& event : open_) {
      if (verdict_.fault && event.seq >= verdict_.fault->seq) break;
      if (event.is_erased()) ++verdict_.erased;
    }
    return {};
  }

  void check_personal_row(const store::Row& row) {
    const std::int64_t seq = row.integer(0);
    const std::int64_t part = row.integer(1);
    const auto event = std::ranges::lower_bound(open_, seq, {}, &Open::seq);
    const bool is_known = event != open_.end() && event->seq == seq && (part == 1 || part == 2);
    if (!is_known) return note(seq, Check::kStrayPersonal);
    const auto at = static_cast<std::size_t>(part - 1);
    const std::string& commitment = event->commitments[at];
    if (commitment.empty()) return note(seq, Check::kStrayPersonal);
    if (commitment != as_text(commitment_of(static_cast<Part>(part), row.text(2), row.text(3))))
      return note(seq, Check::kCommitment);
    event->has_data[at] = true;
  }

  Result<> check_end() {
    std::optional<std::int64_t> seq;
    bool has_our_hash = false;
    CHECK_OK(db_.query(kHead, {Param::blob(scope())}, [&](const store::Row& row) {
      seq = row.integer(0);
      has_our_hash = row.text(1) == previous();
    }));
    const std::int64_t last = verdict_.end.seq;
    if (!seq && last > 0) note(last, Check::kNoHead);
    if (seq && *seq > last) note(next_seq(), Check::kMissingRow);
    if (seq && *seq < last) note(*seq + 1, Check::kBeyondHead);
    if (seq && *seq == last && !has_our_hash) note(last, Check::kHeadHash);
    if (signed_done_ < signed_heads_.size()) note(next_seq(), Check::kTailCut);
    return db_.query(
        kPersonalBehind, {Param::blob(scope()), next_seq()},
        [this](const store::Row& row) { note(row.integer(0), Check::kStrayPersonal); });
  }

  store::Connection& db_;
  std::vector<Head> signed_heads_;
  std::size_t signed_done_ = 0;  ///< so many of them were compared
  std::vector<Open> open_;       ///< of this chunk
  Verdict verdict_;
};

}  // namespace

std::string_view describe(Check check) noexcept {
  switch (check) {
    case Check::kScope:
      return "it stands under a name that is none of a workspace, account or the system";
    case Check::kMissingRow:
      return "it is missing";
    case Check::kUnexpectedRow:
      return "it stands before the first event";
    case Check::kHash:
      return "its hash is not that of what it says and of the event before it";
    case Check::kCommitment:
      return "its personal data is not what was recorded";
    case Check::kStrayPersonal:
      return "it has personal data that was never recorded";
    case Check::kNoHead:
      return "the chain's head is missing";
    case Check::kHeadHash:
      return "the chain's head has another hash";
    case Check::kBeyondHead:
      return "the chain's head does not know of it";
    case Check::kTailCut:
      return "it is missing; a signed head knows of it";
    case Check::kOtherHistory:
      return "a signed head has another hash: the chain was written anew up to here";
    case Check::kOutOfPlace:
      return "it does not stand in its place";
    case Check::kShown:
      return "it shows something else than what it proves";
  }
  return "?";
}

Result<Verdict> verify(store::Connection& db, std::string_view scope,
                       std::span<const Head> signed_heads) {
  std::vector<Head> of_scope;
  for (const Head& head : signed_heads) {
    if (head.scope == scope) of_scope.push_back(head);
  }
  return Walk(db, {.scope = std::string(scope)}, std::move(of_scope)).run();
}

Result<Verdict> verify_behind(store::Connection& db, const Head& proven) {
  bool is_there = proven.seq == 0;
  bool agrees = proven.seq == 0;
  CHECK_OK(db.query(kHashAt, {Param::blob(proven.scope), proven.seq}, [&](const store::Row& row) {
    is_there = true;
    agrees = row.text(0) == as_text(proven.hash);
  }));
  if (agrees) return Walk(db, proven, {}).run();
  Verdict verdict;
  verdict.end.scope = proven.scope;
  verdict.fault = Fault{proven.seq, is_there ? Check::kOtherHistory : Check::kTailCut};
  return verdict;
}

Result<std::optional<std::string>> next_scope(store::Connection& db, std::string_view scope) {
  std::optional<std::string> next;
  for (const Sql& sql : kNextScopes) {
    CHECK_OK(db.query(sql, {Param::blob(scope)}, [&next](const store::Row& row) {
      if (!next || row.text(0) < *next) next = row.text(0);
    }));
  }
  return next;
}

}  // namespace flowsell::audit
