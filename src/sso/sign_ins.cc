#include "sso/sign_ins.h"

#include <algorithm>
#include <utility>

#include "acts.h"
#include "attempt_table.h"
#include "attempt_text.h"
#include "audit/audit_log.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "identity_table.h"
#include "kind.h"
#include "oidc/callback.h"
#include "oidc/fault.h"
#include "provider_table.h"
#include "store/change.h"
#include "waiting_table.h"

namespace flowsell::sso {
namespace {

constexpr std::size_t kPathBytesMax = 512;

Error no_sso() { return {ErrorCode::kNotFound, "there is no single sign-on for that"}; }

Error nobody_waits() {
  return {ErrorCode::kInvalidSession, "no sign-in waits for a code in this browser"};
}

Error not_admitted(std::string why) { return {ErrorCode::kSsoNotAdmitted, std::move(why)}; }

crypto::Digest hash_of(const Secret& browser) { return crypto::sha256(browser.reveal()); }

oidc::Provider registration(const OpenProvider& open) {
  oidc::Provider provider;
  provider.issuer = open.provider.issuer;
  provider.client_id = open.provider.client_id;
  provider.client_secret = open.secret;
  provider.auth = open.provider.auth;
  return provider;
}

std::string json_of(const Identity& identity) {
  return audit::json_of({{"provider", identity.provider}, {"issuer", identity.issuer}});
}

std::string personal_json(const Identity& identity) {
  if (identity.email.empty() || !is_valid_utf8(identity.email)) return {};
  return audit::json_of({{"email", identity.email}});
}

}  // namespace

/// What is known of somebody after a look into the tables, or why he is not let in.
struct SignIns::Known {
  std::optional<Error> refused;
  UserId user;
  IdentityId identity = {};
};

bool is_local_path(std::string_view text) {
  const bool is_printable = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  return is_printable && text.size() <= kPathBytesMax && text.starts_with('/') &&
         !text.starts_with("//") && !text.contains('\\');
}

SignIns::SignIns(Rooms rooms, GlobalOptions globals, std::string public_url)
    : rooms_(rooms), globals_(std::move(globals)), public_url_(std::move(public_url)) {}

// --- where the browser goes ---

Task<OpenProvider> SignIns::open(std::string key) const {
  if (auto global = global_provider(globals_, key)) co_return *std::move(global);
  const auto id = IdentityProviderId::parse(key);
  if (!id) co_return std::unexpected(no_sso());
  CO_TRY(auto found, co_await rooms_.providers.open(*id));
  if (!found) co_return std::unexpected(no_sso());
  co_return *std::move(found);
}

std::vector<Provider> SignIns::globals() const {
  std::vector<Provider> all;
  for (const std::string_view key : {kGoogle, kMicrosoft}) {
    if (auto global = global_provider(globals_, key)) all.push_back(std::move(global->provider));
  }
  return all;
}

/// The one that is named, or to which the address's domain belongs.
Task<OpenProvider> SignIns::choose(const Wanted& wanted) const {
  if (!wanted.provider.empty()) co_return co_await open(wanted.provider);
  CO_TRY(const auto workspace, co_await rooms_.domains.owner_of(domain_of(wanted.email)));
  if (!workspace) co_return std::unexpected(no_sso());
  CO_TRY(auto found, co_await rooms_.providers.open_first(*workspace));
  if (!found) co_return std::unexpected(no_sso());
  co_return *std::move(found);
}

Task<SignIns::Begun> SignIns::start(Wanted wanted, UserId linked, audit::Origin from) {
  if (!is_local_path(wanted.return_to)) {
    co_return fail_field("/return_to", "invalid_format", "that is no path of this server",
                         "Send a path that begins with one slash, such as /messages.");
  }
  CO_CHECK_OK(co_await rooms_.accounts.take_provider_attempt(from.address));
  CO_TRY(const auto provider, co_await choose(wanted));
  oidc::BeginOptions options;
  options.redirect_uri = public_url_ + "/v1/sso/callback/" + provider.provider.key;
  if (!wanted.email.empty()) options.login_hint = wanted.email;
  CO_TRY(auto authorization,
         co_await rooms_.client.begin(registration(provider), std::move(options)));
  Begun begun;
  begun.authorization_url = std::move(authorization.url);
  begun.browser = crypto::random_token();
  const auto browser = hash_of(begun.browser);
  StoredAttempt attempt;
  attempt.provider = provider.provider.key;
  attempt.user = linked;
  attempt.return_to = std::move(wanted.return_to);
  attempt.terms_version = std::move(wanted.terms_version);
  attempt.sealed = rooms_.sealer.seal(as_text(browser), attempt_text(authorization.attempt));
  attempt.begun_at = authorization.attempt.begun_at;
  begun.expires_at = attempt.expires_at = attempt.begun_at + kAttemptLife;
  auto body = [&](store::Connection& db) -> Result<bool> {
    if (!linked.is_none()) {
      TRY(const bool is_there, accounts::Accounts::hold_in(db, linked));
      if (!is_there) return false;
    }
    CHECK_OK(insert_attempt(db, browser, attempt));
    return true;
  };
  CO_TRY(const bool has_begun, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!has_begun) co_return fail(ErrorCode::kInvalidSession, "the account is gone");
  co_return begun;
}

Task<SignIns::Begun> SignIns::begin(Wanted wanted, audit::Origin from) {
  co_return co_await start(std::move(wanted), UserId(), std::move(from));
}

Task<SignIns::Begun> SignIns::begin_link(accounts::Session by, Wanted wanted, audit::Origin from) {
  co_return co_await start(std::move(wanted), by.user.id, std::move(from));
}

// --- who comes back ---

Task<SignIns::Arrival> SignIns::finish(OpenProvider provider, Secret browser, UserId signed_in,
                                       std::string query, audit::Origin from) {
  // Nothing is asked of the database for who has no attempt at all.
  if (browser.empty()) co_return oidc::fail(oidc::Fault::kStateMismatch);
  const auto hash = hash_of(browser);
  auto take = [&](store::Connection& db) { return take_attempt(db, hash); };
  CO_TRY(const auto stored, co_await store::change(rooms_.db, kKind, std::move(take)));
  if (!stored) co_return oidc::fail(oidc::Fault::kStateMismatch);
  if (stored->provider != provider.provider.key)
    co_return oidc::fail(oidc::Fault::kAttemptMismatch);
  CO_TRY(const Secret text, rooms_.sealer.unseal(as_text(hash), stored->sealed));
  CO_TRY(auto attempt, read_attempt(text, stored->begun_at));
  CO_TRY(auto callback, oidc::parse_callback(query));
  CO_TRY(const auto claims, co_await rooms_.client.finish(registration(provider),
                                                          std::move(attempt), std::move(callback)));
  if (provider.provider.key == kMicrosoft && !takes_tenant(globals_, claims.tenant))
    co_return co_await refuse_tenant(std::move(provider.provider), claims, std::move(from));
  Arrival arrival;
  arrival.provider = std::move(provider.provider);
  arrival.return_to = stored->return_to;
  if (stored->user.is_none()) {
    co_return co_await welcome(std::move(arrival), claims, stored->terms_version, std::move(from));
  }
  // The link is made by who asked for it, in the browser that he asked from.
  if (stored->user != signed_in) {
    co_return fail(ErrorCode::kInvalidSession,
                   "who asked for the link has not signed in here any more");
  }
  arrival.user = stored->user;
  co_return co_await link(std::move(arrival), claims, std::move(from));
}

/// Whether the provider's word proves that the address is his.
Task<bool> SignIns::is_proven(const Provider& provider, const oidc::Claims& claims) const {
  if (!accounts::normal_email(claims.email)) co_return false;
  if (provider.is_global()) co_return proves_email(provider.key, claims);
  if (!claims.email_verified && !provider.trusts_email) co_return false;
  CO_TRY(const auto owner, co_await rooms_.domains.owner_of(domain_of(claims.email)));
  co_return owner == provider.workspace;
}

Identity SignIns::identity_of(const Provider& provider, const oidc::Claims& claims) const {
  Identity identity;
  identity.id = rooms_.ids.next<IdKind::kIdentity>();
  identity.issuer = claims.issuer;
  identity.subject = claims.subject;
  identity.provider = provider.key;
  identity.email = accounts::normal_email(claims.email).value_or("");
  identity.created_at = identity.used_at = rooms_.clock.now();
  return identity;
}

audit::Act SignIns::identity_act(const Identity& identity, const audit::Origin& from,
                                 std::string name) const {
  auto act = account_act(rooms_.ids, rooms_.clock.now(), identity.user, from, std::move(name),
                         identity.id.str());
  act.after = json_of(identity);
  act.personal = personal_json(identity);
  return act;
}

/// On the chain of the account that somebody came to, and was not let in.
Result<> SignIns::record_refused(store::Connection& db, const Identity& identity, ErrorCode why,
                                 const audit::Origin& from) const {
  TRY(const bool is_there, accounts::Accounts::hold_in(db, identity.user));
  if (!is_there) return {};
  auto act = identity_act(identity, from, "identity.refused");
  act.actor = {};
  act.after = audit::json_of({{"provider", identity.provider},
                              {"issuer", identity.issuer},
                              {"reason", error_info(why).code}});
  return audit::append(db, act);
}

Task<> SignIns::record_refused(Arrival arrival, Error why, audit::Origin from) {
  Identity identity;
  identity.id = arrival.identity;
  identity.user = arrival.user;
  identity.provider = arrival.provider.key;
  identity.issuer = arrival.provider.issuer;
  auto body = [&](store::Connection& db) { return record_refused(db, identity, why.code, from); };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

Task<SignIns::Arrival> SignIns::refuse_tenant(Provider provider, oidc::Claims claims,
                                              audit::Origin from) {
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(auto known, find_identity(db, claims.issuer, claims.subject));
    if (!known) return {};
    known->provider = provider.key;
    return record_refused(db, *known, ErrorCode::kSsoNotAdmitted, from);
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  co_return std::unexpected(not_admitted("the tenant may not sign in here"));
}

/// An account for who has none, in the open transaction.
Result<SignIns::Known> SignIns::make_account(store::Connection& db, const Arrival& arrival,
                                             const Identity& fresh, const std::string& name,
                                             const std::string& terms_version,
                                             const audit::Origin& from) {
  if (arrival.provider.is_global() && terms_version.empty()) {
    return Known{not_admitted("a new account needs that the terms are accepted: terms_version"),
                 {}};
  }
  if (!terms_version.empty() && !rooms_.accounts.takes_terms(terms_version)) {
    return Known{
        Error{ErrorCode::kTermsNotAccepted, "terms_version is not the one that is in force"}, {}};
  }
  TRY(const auto user, rooms_.accounts.add_in(db, fresh.email, name, terms_version, from));
  Identity identity = fresh;
  if (!user) {
    TRY(const auto owner, accounts::Accounts::find_in(db, fresh.email));
    identity.user = owner ? owner->id : UserId();
    if (owner) CHECK_OK(record_refused(db, identity, ErrorCode::kSsoLinkRequired, from));
    return Known{Error{ErrorCode::kSsoLinkRequired, "an account has this address already"}, {}};
  }
  identity.user = user->id;
  TRY(const bool is_new, insert_identity(db, identity));
  // Only where the same browser came twice at once: nothing of this one stays.
  if (!is_new) return fail(ErrorCode::kConflict, "the identity has got an account just now");
  auto act = identity_act(identity, from, "user.signed_up");
  act.target = user->id.str();
  CHECK_OK(audit::append(db, act));
  return Known{std::nullopt, user->id, identity.id};
}

Task<SignIns::Arrival> SignIns::welcome(Arrival arrival, oidc::Claims claims,
                                        std::string terms_version, audit::Origin from) {
  CO_TRY(const bool is_proven_now, co_await is_proven(arrival.provider, claims));
  arrival.may_join = is_proven_now && !arrival.provider.is_global();
  const Identity fresh = identity_of(arrival.provider, claims);
  auto body = [&](store::Connection& db) -> Result<Known> {
    TRY(const auto known, find_identity(db, claims.issuer, claims.subject));
    if (known) {
      TRY(const bool is_there, accounts::Accounts::hold_in(db, known->user));
      if (!is_there) return Known{no_sso(), {}};
      CHECK_OK(use_identity(db, fresh));
      return Known{std::nullopt, known->user, known->id};
    }
    // The same words whether the address has an account or not: its owner has not proven it.
    if (!is_proven_now) {
      return Known{not_admitted("nobody here knows this identity, and the provider's word about "
                                "its address is no proof"),
                   {}};
    }
    return make_account(db, arrival, fresh, claims.name, terms_version, from);
  };
  CO_TRY(auto known, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (known.refused) co_return std::unexpected(*std::move(known.refused));
  arrival.user = known.user;
  arrival.identity = known.identity;
  co_return arrival;
}

Task<SignIns::Arrival> SignIns::link(Arrival arrival, oidc::Claims claims, audit::Origin from) {
  Identity fresh = identity_of(arrival.provider, claims);
  fresh.user = arrival.user;
  auto body = [&](store::Connection& db) -> Result<Known> {
    TRY(const bool is_there, accounts::Accounts::hold_in(db, arrival.user));
    TRY(const auto user, accounts::Accounts::find_in(db, arrival.user));
    if (!is_there || !user)
      return Known{Error{ErrorCode::kInvalidSession, "the account is gone"}, {}};
    TRY(const bool is_new, insert_identity(db, fresh));
    if (!is_new) {
      TRY(const auto known, find_identity(db, fresh.issuer, fresh.subject));
      if (known && known->user == arrival.user) return Known{std::nullopt, arrival.user};
      CHECK_OK(record_refused(db, fresh, ErrorCode::kConflict, from));
      return Known{Error{ErrorCode::kConflict, "the identity belongs to another account"}, {}};
    }
    CHECK_OK(rooms_.accounts.put_notice_in(
        db, *user, "An identity provider was linked to your account: it can sign you in.", from));
    CHECK_OK(audit::append(db, identity_act(fresh, from, "identity.linked")));
    return Known{std::nullopt, arrival.user};
  };
  CO_TRY(auto known, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (known.refused) co_return std::unexpected(*std::move(known.refused));
  rooms_.accounts.wake_postman();
  arrival.is_linked = true;
  co_return arrival;
}

Task<SignIns::Entered> SignIns::sign_in(Arrival arrival, Secret device, audit::Origin from) {
  accounts::Accounts::VouchedSignIn wanted;
  wanted.user = arrival.user;
  wanted.by = {arrival.provider.key, arrival.provider.workspace, arrival.identity};
  wanted.holds = [&arrival](store::Connection& db) -> Result<bool> {
    if (arrival.provider.is_global()) return true;
    return hold_provider(db, id_of(arrival.provider));
  };
  wanted.device = std::move(device);
  auto in = co_await rooms_.accounts.sign_in_vouched(std::move(wanted), std::move(from));
  if (!in && in.error().code == ErrorCode::kSecondFactorRequired)
    co_return co_await wait_for_code(arrival);
  if (!in) co_return std::unexpected(std::move(in).error());
  if (!*in) co_return std::unexpected(no_sso());
  co_return Entered{*std::move(in)};
}

/// Under a new name in the browser: whoever knew the attempt's does not know this one.
Task<SignIns::Entered> SignIns::wait_for_code(const Arrival& arrival) {
  Entered entered;
  entered.browser = crypto::random_token();
  const auto browser = hash_of(entered.browser);
  const StoredWaiting waiting{arrival.user, arrival.provider.key, arrival.identity,
                              rooms_.clock.now() + kAttemptLife};
  auto body = [&](store::Connection& db) { return insert_waiting(db, browser, waiting); };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  co_return entered;
}

Task<accounts::Accounts::SignedIn> SignIns::confirm(Secret browser, Secret code, Secret device,
                                                    audit::Origin from) {
  const auto hash = hash_of(browser);
  const Time now = rooms_.clock.now();
  std::optional<StoredWaiting> waiting;
  if (!browser.empty()) {
    CO_TRY(waiting, co_await rooms_.db.read(
                        [&](store::Connection& db) { return find_waiting(db, hash, now); }));
  }
  if (!waiting || !global_provider(globals_, waiting->provider))
    co_return std::unexpected(nobody_waits());
  accounts::Accounts::VouchedSignIn wanted;
  wanted.user = waiting->user;
  wanted.by = {waiting->provider, WorkspaceId(), waiting->identity};
  // It is gone where somebody was quicker, or has unlinked the provider.
  wanted.holds = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto still, find_waiting(db, hash, now));
    return still.has_value();
  };
  wanted.done = [&](store::Connection& db) { return delete_waiting(db, hash); };
  wanted.device = std::move(device);
  wanted.code = std::move(code);
  CO_TRY(auto in, co_await rooms_.accounts.sign_in_vouched(std::move(wanted), std::move(from)));
  if (!in) co_return std::unexpected(nobody_waits());
  co_return *std::move(in);
}

// --- what belongs to an account ---

Task<std::vector<Identity>> SignIns::identities_of(UserId user) const {
  co_return co_await rooms_.db.read(
      [user](store::Connection& db) { return list_identities(db, user); });
}

Task<> SignIns::unlink(accounts::Session by, IdentityId id, audit::Origin from) {
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto gone, delete_identity(db, by.user.id, id));
    if (!gone) return false;
    CHECK_OK(accounts::Accounts::end_vouched_in(db, by.user.id, {gone->provider, {}, gone->id}));
    CHECK_OK(delete_waiting(db, by.user.id, gone->provider));
    CHECK_OK(rooms_.accounts.put_notice_in(
        db, by.user, "An identity provider can't sign you in to your account any more.", from));
    CHECK_OK(audit::append(db, identity_act(*gone, from, "identity.unlinked")));
    return true;
  };
  CO_TRY(const bool was_there, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!was_there) co_return fail(ErrorCode::kNotFound, "the account has no such identity");
  rooms_.accounts.wake_postman();
  co_return Result<>{};
}

Task<> SignIns::tidy() {
  auto body = [now = rooms_.clock.now()](store::Connection& db) -> Result<> {
    CHECK_OK(delete_old_attempts(db, now));
    return delete_old_waiting(db, now);
  };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

}  // namespace flowsell::sso
