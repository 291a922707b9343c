#include "team/key_desk.h"

#include <algorithm>
#include <utility>

#include "audit/audit_log.h"
#include "core/encoding.h"
#include "identity/api_key.h"
#include "json/writer.h"
#include "store/change.h"
#include "team/acts.h"
#include "team/policies.h"

namespace flowsell::team {
namespace {

using identity::ApiKey;
using Kind = metering::IdempotencyVerdict::Kind;

constexpr store::WriteKind kKind{"api_keys", 9, store::apply_each<store::Change>};

Error no_key() { return {ErrorCode::kNotFound, "there is no such API key"}; }

/// What a record says of a key: nothing of its secret.
std::string json_of_key(const ApiKey& key) {
  json::Writer out;
  out.begin_object().key("name").string(key.name);
  out.key("mode").string(identity::mode_name(key.mode)).key("prefix").string(key.prefix);
  out.key("scopes").string(key.scopes.str());
  if (key.rules.expires_at) out.key("expires_at").string(format_time(*key.rules.expires_at));
  out.key("allowed_addresses").begin_array();
  for (const IpRange& range : key.rules.addresses) out.string(range.str());
  out.end_array().key("sender_ids").begin_array();
  for (const SenderId& sender : key.rules.senders) out.string(sender.str());
  out.end_array();
  if (key.rules.per_second > 0) out.key("requests_per_second").integer(key.rules.per_second);
  out.end_object();
  return std::move(out).take();
}

/// One that is rotated makes room for the new one; what its overlap adds has a limit of its own.
Result<std::optional<Error>> check_count(store::Connection& db, const WorkspaceId& workspace,
                                         identity::KeyState state, Time now) {
  TRY(const std::size_t alive, identity::count_keys(db, workspace, state, now));
  if (alive < KeyDesk::kPerWorkspaceMax) return std::nullopt;
  const std::string max = std::to_string(KeyDesk::kPerWorkspaceMax);
  return state == identity::KeyState::kCurrent
             ? Error{ErrorCode::kConflict,
                     "a workspace has at most " + max + " API keys that are not revoked"}
             : Error{ErrorCode::kConflict,
                     "a workspace has at most " + max +
                         " API keys that were rotated and still work: revoke some"};
}

}  // namespace

struct KeyDesk::Outcome {
  metering::IdempotencyVerdict verdict;
  std::optional<Error> refused;
  std::optional<ApiKey> earlier;  ///< of a replay: what the first call made, as it is now
};

KeyDesk::KeyDesk(store::Database& db, identity::ApiKeys& keys, metering::Idempotency& idempotency,
                 IdSource& ids, const Clock& clock, std::string policies_version)
    : db_(db),
      keys_(keys),
      idempotency_(idempotency),
      ids_(ids),
      clock_(clock),
      policies_version_(std::move(policies_version)) {}

ApiKey KeyDesk::fresh_key(const By& by, const Draft& draft, const Secret& text) const {
  ApiKey key;
  key.id = ids_.next<IdKind::kApiKey>();
  key.workspace = by.caller.workspace;
  key.mode = draft.mode;
  key.name = draft.name;
  key.prefix = identity::ApiKeyText::parse(text.reveal())->prefix;
  key.hash = crypto::sha256(text.reveal());
  key.scopes = draft.scopes;
  key.rules = draft.rules;
  key.created_at = clock_.now();
  key.created_by = actor_of(by.caller).id;
  return key;
}

Task<KeyDesk::Made> KeyDesk::make(const By& by, ApiKey fresh, Secret text,
                                  std::optional<metering::IdempotentCall> call, Put first,
                                  std::string act_name) {
  auto body = [&](store::Connection& db) -> Result<Outcome> {
    Outcome outcome;
    if (call) {
      TRY(outcome.verdict, idempotency_.take(db, fresh.workspace, *call, fresh.id.bytes(), Time{},
                                             fresh.created_at));
      if (outcome.verdict.kind == Kind::kReplay) {
        TRY(outcome.earlier,
            identity::find_key(db, fresh.workspace, ApiKeyId(outcome.verdict.resource)));
      }
      if (outcome.verdict.kind != Kind::kFirst) return outcome;
    }
    TRY(outcome.refused, first(db));
    if (outcome.refused) {
      // A refusal keeps no key.
      if (call) CHECK_OK(idempotency_.end(db, fresh.workspace, *call, /*done=*/false));
      return outcome;
    }
    CHECK_OK(identity::drop_most_dead_keys(db, fresh.workspace, kDeadKeysMax, fresh.created_at));
    CHECK_OK(identity::insert_key(db, fresh));
    auto act = act_of(ids_, fresh.created_at, by, act_name, fresh.id.str());
    act.after = json_of_key(fresh);
    CHECK_OK(audit::append(db, act));
    return outcome;
  };
  CO_TRY(auto outcome, co_await store::change(db_, kKind, std::move(body)));
  if (outcome.refused) co_return std::unexpected(*std::move(outcome.refused));
  if (outcome.verdict.kind == Kind::kFirst) co_return Made{std::move(fresh), std::move(text)};
  if (outcome.verdict.kind != Kind::kReplay) {
    co_return std::unexpected(
        metering::refusal_of(outcome.verdict, ApiKeyId(outcome.verdict.resource).str()));
  }
  if (!outcome.earlier) co_return std::unexpected(no_key());
  co_return Made{*std::move(outcome.earlier), std::nullopt};
}

Task<KeyDesk::Made> KeyDesk::create(By by, Draft draft,
                                    std::optional<metering::IdempotentCall> call) {
  if (!by.caller.scopes.has_all(draft.scopes)) {
    co_return fail(ErrorCode::kInsufficientScope,
                   "a key has no scope that the member who makes it lacks");
  }
  Secret text = identity::ApiKeyText::make(draft.mode);
  ApiKey fresh = fresh_key(by, draft, text);
  const bool asks = draft.mode == identity::Mode::kLive && !policies_version_.empty();
  auto check = [this, asks, workspace = fresh.workspace,
                now = fresh.created_at](store::Connection& db) -> Result<std::optional<Error>> {
    TRY(auto too_many, check_count(db, workspace, identity::KeyState::kCurrent, now));
    if (too_many || !asks) return too_many;
    TRY(const bool accepted, has_accepted_policies(db, workspace, policies_version_));
    return accepted ? std::nullopt : std::optional(policies_not_accepted(policies_version_));
  };
  co_return co_await make(by, std::move(fresh), std::move(text), call, std::move(check),
                          "api_key.created");
}

Task<KeyDesk::Made> KeyDesk::rotate(By by, ApiKeyId id, std::chrono::seconds overlap,
                                    std::optional<metering::IdempotentCall> call) {
  const WorkspaceId workspace = by.caller.workspace;
  CO_TRY(const ApiKey old, co_await find(workspace, id));
  if (!by.caller.scopes.has_all(old.scopes)) {
    co_return fail(ErrorCode::kInsufficientScope,
                   "the key has a scope that the member who would rotate it lacks");
  }
  Secret text = identity::ApiKeyText::make(old.mode);
  ApiKey fresh = fresh_key(by, {old.name, old.mode, old.scopes, old.rules}, text);
  const ApiKeyId fresh_id = fresh.id;
  const Time now = clock_.now();
  auto end_old = [&](store::Connection& db) -> Result<std::optional<Error>> {
    TRY(const auto still, identity::find_key(db, workspace, id));
    if (!still) return no_key();
    const bool has_expired = still->rules.expires_at && *still->rules.expires_at <= now;
    if (still->revoked_at || has_expired || !still->replaced_by.is_none())
      return Error{ErrorCode::kConflict, "the key was revoked, has expired or was rotated before"};
    if (overlap > overlap.zero()) {
      TRY(auto too_many, check_count(db, workspace, identity::KeyState::kReplaced, now));
      if (too_many) return too_many;
    }
    CHECK_OK(identity::replace_key(db, workspace, id, fresh_id, now + overlap));
    auto act = act_of(ids_, now, by, "api_key.rotated", id.str());
    act.before = json_of_key(*still);
    act.after = audit::json_of(
        {{"replaced_by", fresh_id.str()}, {"expires_at", format_time(now + overlap)}});
    CHECK_OK(audit::append(db, act));
    return std::nullopt;
  };
  auto made = co_await make(by, std::move(fresh), std::move(text), call, std::move(end_old),
                            "api_key.created");
  keys_.forget(id);  // also where it is not known whether it was stored
  co_return made;
}

Task<> KeyDesk::revoke(By by, ApiKeyId id) {
  const WorkspaceId workspace = by.caller.workspace;
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto key, identity::find_key(db, workspace, id));
    if (!key) return false;
    TRY(const bool revoked, identity::revoke_key(db, workspace, id, now));
    if (!revoked) return true;
    auto act = act_of(ids_, now, by, "api_key.revoked", id.str());
    act.before = json_of_key(*key);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  const auto exists = co_await store::change(db_, kKind, std::move(body));
  keys_.forget(id);  // also where it is not known whether it was stored
  if (!exists) co_return std::unexpected(exists.error());
  if (!*exists) co_return std::unexpected(no_key());
  co_return Result<>{};
}

Task<std::optional<ApiKey>> KeyDesk::revoke_leaked(Secret text, audit::Origin from) {
  const auto parsed = identity::ApiKeyText::parse(text.reveal());
  if (!parsed) co_return std::nullopt;
  const auto hash = crypto::sha256(text.reveal());
  const Time now = clock_.now();
  const std::string prefix(parsed->prefix);
  // Read first: who only knows a name makes nobody write.
  CO_TRY(const auto known, co_await db_.read([&prefix](store::Connection& db) {
    return identity::find_key_named(db, prefix);
  }));
  const crypto::Digest stored = known ? known->hash : crypto::Digest{};
  if (!crypto::constant_time_equal(as_text(hash), as_text(stored))) co_return std::nullopt;
  auto body = [&](store::Connection& db) -> Result<std::optional<ApiKey>> {
    TRY(const bool revoked, identity::revoke_key(db, known->workspace, known->id, now));
    if (!revoked) return std::nullopt;
    std::optional<ApiKey> key = known;
    key->revoked_at = now;
    CHECK_OK(audit::append(
        db, act_of(ids_, now, key->workspace, {}, from, "api_key.reported_leaked", key->id.str())));
    return key;
  };
  auto key = co_await store::change(db_, kKind, std::move(body));
  keys_.forget(known->id);
  co_return key;
}

Task<std::vector<ApiKey>> KeyDesk::list(WorkspaceId workspace) const {
  co_return co_await db_.read(
      [workspace](store::Connection& db) { return identity::list_keys(db, workspace); });
}

Task<ApiKey> KeyDesk::find(WorkspaceId workspace, ApiKeyId id) const {
  CO_TRY(auto key, co_await db_.read([workspace, id](store::Connection& db) {
    return identity::find_key(db, workspace, id);
  }));
  if (!key) co_return std::unexpected(no_key());
  co_return *std::move(key);
}

}  // namespace flowsell::team
