#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/audit_log.h"
#include "chain.h"
#include "core/encoding.h"
#include "core/random.h"
#include "json/json.h"
#include "json/writer.h"
#include "text.h"

namespace flowsell::audit {
namespace {

using store::Param;
using store::Sql;

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kIdBytesMax = 256;
constexpr std::size_t kJsonBytesMax = 64 << 10;
constexpr std::size_t kAddressBytesMax = 64;
constexpr std::size_t kUserAgentBytesMax = 512;

// The row stays locked until the transaction ends. The hash in it is still that of the event before
// the new ones; it is replaced below, in the same transaction.
const Sql kAdvance(
    "INSERT INTO audit_heads (scope, seq, hash, updated_at) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (scope) DO UPDATE SET seq = audit_heads.seq + excluded.seq, updated_at = "
    "excluded.updated_at RETURNING seq, hash");
const Sql kInsertEvent(
    "INSERT INTO audit_events (scope, seq, id, at, actor_kind, actor_id, act, target, "
    "before_state, after_state, request_id, origin_commitment, personal_commitment, hash) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
const Sql kInsertPersonal(
    "INSERT INTO audit_personal (scope, seq, part, salt, data) VALUES (?1, ?2, ?3, ?4, ?5)");
// Of a chain that was begun in this transaction, and that nobody ever sees.
const Sql kTakeBackPersonal("DELETE FROM audit_personal WHERE scope = ?1");
const Sql kTakeBackEvent("DELETE FROM audit_events WHERE scope = ?1");
const Sql kTakeBackHead("DELETE FROM audit_heads WHERE scope = ?1");
const Sql kStoreHash("UPDATE audit_heads SET hash = ?2 WHERE scope = ?1");

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

bool is_id(std::string_view text) { return text.size() <= kIdBytesMax && is_clean(text); }

bool is_object_or_empty(std::string_view text) {
  if (text.empty()) return true;
  const auto document = json::parse(text, {.bytes_max = kJsonBytesMax});
  return document && document->root().is_object();
}

Result<> check(const Act& act) {
  const auto wrong = [&act](std::string_view what) {
    const std::string name = is_name(act.name) ? act.name : "?";
    return fail(ErrorCode::kInternal, "audit event " + name + ": bad " + std::string(what));
  };
  if (act.scope.size() != kScopeBytes) return wrong("scope");
  if (!is_name(act.name)) return wrong("name");
  if (act.id.is_none()) return wrong("id");
  if (!is_id(act.actor.id)) return wrong("actor");
  if (!is_id(act.target)) return wrong("target");
  if (!is_id(act.origin.request_id)) return wrong("request id");
  if (!is_object_or_empty(act.before)) return wrong("before");
  if (!is_object_or_empty(act.after)) return wrong("after");
  if (!is_object_or_empty(act.personal)) return wrong("personal");
  return {};
}

/// The part of an origin that may be erased; empty when there is none.
std::string origin_json(const Origin& origin) {
  if (origin.address.empty() && origin.user_agent.empty()) return {};
  json::Writer out;
  out.begin_object()
      .optional_string("address", clean(origin.address, kAddressBytesMax))
      .optional_string("user_agent", clean(origin.user_agent, kUserAgentBytesMax))
      .end_object();
  return std::move(out).take();
}

/// Data that may be erased, and what stays when it is.
struct Erasable {
  std::string data, salt, commitment;  ///< all empty: there is none

  Erasable() = default;
  Erasable(Part part, std::string text) : data(std::move(text)) {
    if (data.empty()) return;
    std::array<std::uint8_t, kSaltBytes> random;
    fill_random(random);
    salt = as_text(random);
    commitment = as_text(commitment_of(part, salt, data));
  }
};

struct Record {
  const Act* act;
  std::int64_t seq = 0;
  Erasable origin, personal;
  std::string hash;

  EventColumns columns() const {
    return {.scope = act->scope,
            .seq = seq,
            .id = act->id.blob(),
            .at = to_unix_ms(act->at),
            .actor_kind = static_cast<std::int64_t>(act->actor.kind),
            .actor_id = act->actor.id,
            .act = act->name,
            .target = act->target,
            .before = act->before,
            .after = act->after,
            .request_id = act->origin.request_id,
            .origin_commitment = origin.commitment,
            .personal_commitment = personal.commitment};
  }
};

/// The new events of one chain.
struct Chain {
  std::span<Record> records;
  std::string hash = {};  ///< of the last event

  const std::string& scope() const { return records.front().act->scope; }
  /// `end`: the place of the last of them.
  void link(std::int64_t end, std::string_view previous) {
    hash = previous;
    std::int64_t seq = end - static_cast<std::int64_t>(records.size());
    for (Record& record : records) {
      record.seq = ++seq;
      hash = as_text(hash_of(hash, record.columns()));
      record.hash = hash;
    }
  }
};

std::vector<Record> records_of(std::span<const Act> acts) {
  std::vector<Record> records;
  records.reserve(acts.size());
  for (const Act& act : acts) {
    records.push_back({.act = &act,
                       .origin = Erasable(Part::kOrigin, origin_json(act.origin)),
                       .personal = Erasable(Part::kPersonal, act.personal)});
  }
  // Those of one scope in the order in which they came, which is that of their addresses.
  std::ranges::sort(records, {}, [](const Record& record) {
    return std::pair(std::string_view(record.act->scope), record.act);
  });
  return records;
}

std::vector<Chain> chains_of(std::span<Record> records) {
  std::vector<Chain> chains;
  while (!records.empty()) {
    const std::string& scope = records.front().act->scope;
    const auto end =
        std::ranges::find_if(records, [&scope](const Record& r) { return r.act->scope != scope; });
    const auto count = static_cast<std::size_t>(end - records.begin());
    chains.push_back({records.first(count)});
    records = records.subspan(count);
  }
  return chains;
}

/// Takes the places of all new events, and so the locks, in one round trip.
Result<> link(store::Connection& db, std::span<Chain> chains) {
  const std::string first = first_hash();
  std::vector<Param> params;
  params.reserve(chains.size() * 4);
  for (const Chain& chain : chains) {
    params.insert(params.end(),
                  {Param::blob(chain.scope()), static_cast<std::int64_t>(chain.records.size()),
                   Param::blob(first), chain.records.back().act->at});
  }
  return db.query_each(kAdvance, params, 4, [&chains](std::size_t at, const store::Row& row) {
    chains[at].link(row.integer(0), row.text(1));
  });
}

/// Behind the locks: who closed an account has either been waited for, or waits for this.
Result<> check_actors(store::Connection& db, std::span<const Act> acts) {
  std::string_view checked;
  for (const Act& act : acts) {
    const bool is_person =
        act.actor.kind == ActorKind::kUser || act.actor.kind == ActorKind::kOperator;
    if (!is_person || act.actor.id == checked) continue;
    checked = act.actor.id;
    const auto user = UserId::parse(act.actor.id);
    if (!user) continue;
    TRY(const bool has_ended, is_closed(db, *user));
    if (has_ended) return fail(ErrorCode::kInvalidSession, "the session has ended");
  }
  return {};
}

Result<> insert_event(store::Connection& db, const Record& record) {
  const EventColumns event = record.columns();
  return db.write(kInsertEvent,
                  {Param::blob(event.scope), event.seq, Param::blob(event.id), event.at,
                   event.actor_kind, event.actor_id, event.act, event.target, event.before,
                   event.after, event.request_id, Param::blob(event.origin_commitment),
                   Param::blob(event.personal_commitment), Param::blob(record.hash)});
}

Result<> insert_personal(store::Connection& db, const Record& record, Part part,
                         const Erasable& of) {
  if (of.data.empty()) return {};
  return db.write(kInsertPersonal, {Param::blob(record.act->scope), record.seq,
                                    static_cast<int>(part), Param::blob(of.salt), of.data});
}

}  // namespace

Result<> append(store::Connection& db, std::span<const Act> acts) {
  for (const Act& act : acts) CHECK_OK(check(act));
  std::vector<Record> records = records_of(acts);
  std::vector<Chain> chains = chains_of(records);
  CHECK_OK(link(db, chains));
  CHECK_OK(check_actors(db, acts));
  // One statement after the other, so that a driver can send all rows of each at once.
  for (const Record& record : records) CHECK_OK(insert_event(db, record));
  for (const Record& record : records) {
    CHECK_OK(insert_personal(db, record, Part::kOrigin, record.origin));
    CHECK_OK(insert_personal(db, record, Part::kPersonal, record.personal));
  }
  for (const Chain& chain : chains)
    CHECK_OK(db.write(kStoreHash, {Param::blob(chain.scope()), Param::blob(chain.hash)}));
  return {};
}

Result<> append(store::Connection& db, const Act& act) { return append(db, {&act, 1}); }

Result<> rehearse(store::Connection& db, Act act) {
  std::array<std::uint8_t, kScopeBytes> nobodys;
  fill_random(nobodys);
  act.scope = as_text(nobodys);
  CHECK_OK(append(db, act));
  const Param scope = Param::blob(act.scope);
  for (const Sql* const sql : {&kTakeBackPersonal, &kTakeBackEvent, &kTakeBackHead})
    CHECK_OK(db.write(*sql, {scope}));
  return {};
}

}  // namespace flowsell::audit
