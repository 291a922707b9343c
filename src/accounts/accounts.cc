#include "accounts/accounts.h"

#include <array>
#include <utility>

#include "accounts/names.h"
#include "attempts.h"
#include "audit/audit_log.h"
#include "core/encoding.h"
#include "core/ip_range.h"
#include "email_tokens.h"
#include "factor_check.h"
#include "factor_table.h"
#include "journey.h"
#include "letters.h"
#include "mail/queue.h"
#include "session_table.h"
#include "terms_table.h"
#include "user_table.h"

namespace flowsell::accounts {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr std::size_t kUserAgentBytesMax = 300;
constexpr auto kSeenInterval = 1min;
constexpr auto kDeviceKept = std::chrono::days(180);
constexpr auto kVerifyLinkLife = 24h;
constexpr auto kShortLinkLife = 1h;

constexpr AttemptLimit kSignUpsPerNetwork{50, 1h};
constexpr seconds kAttemptSpanMax = 24h;
/// How young a session is that proves who has no password.
constexpr auto kYoung = 10min;
/// An enrolment that was begun and left.
constexpr auto kEnrolmentKept = 1h;

Error wrong_credentials() {
  return {ErrorCode::kInvalidCredentials, "no such account and password"};
}

Result<std::string> checked_name(std::string_view text) {
  text = trimmed(text);
  if (text.empty())
    return fail_field("/name", "too_short", "the name is empty", "Send what you are called.");
  if (!is_plain_name(text)) {
    return fail_field("/name", "invalid_format",
                      "a name is one line of at most 100 characters, without <>:/\\ and quotes",
                      "Send a shorter one.");
  }
  return std::string(text);
}

/// Of a device that a link in a mail has made known.
crypto::Digest mailed_mark(const Secret& device) {
  return crypto::sha256("mailed:" + std::string(device.reveal()));
}

/// What every hash of a password is counted by, however it ends: they cost much.
Counts hash_counts(std::string_view whose, std::string_view which, const std::string& address) {
  return {{attempt_bucket({"hashes", "network", network_of(address)}), kHashesPerNetwork},
          {attempt_bucket({"hashes", whose, which}), kHashesPerAccount}};
}

/// How long to wait for the first of them that has no more.
Result<std::optional<seconds>> take_each(store::Connection& db, const Counts& counts, Time now) {
  for (const auto& [bucket, limit] : counts) {
    TRY(const auto wait, take_attempt(db, bucket, limit, now));
    if (wait) return wait;
  }
  return std::nullopt;
}

}  // namespace

/// One try to sign in, counted.
struct Accounts::Attempt {
  std::optional<StoredUser> stored;
  bool is_known_device = false;
  bool is_mailed_device = false;  ///< a link in a mail has made it known, and no sign-in yet
  crypto::Digest device_hash{};
  crypto::Digest account_bucket{}, network_bucket{};
  std::optional<seconds> wait;

  bool is_trusted() const { return is_known_device || is_mailed_device; }
  /// What passwords are counted by: which of the account's devices it is; empty for all that it
  /// does not know.
  std::string device() const {
    return is_trusted() ? std::string(as_text(device_hash)) : std::string();
  }
  /// The same for codes. Who has the mailbox makes as many devices as he likes: they are strangers.
  std::string known_device() const {
    return is_known_device ? std::string(as_text(device_hash)) : std::string();
  }
};

/// What comes in with a right password.
struct Accounts::Entry {
  std::string stored_hash, new_hash;
  Secret code, device;
  audit::Origin from;
};

Accounts::Accounts(Rooms rooms, AccountOptions options)
    : rooms_(std::move(rooms)), options_(std::move(options)) {}

// --- sign-up, and links in mails ---

Task<> Accounts::sign_up(SignUp wanted, audit::Origin from) {
  CO_TRY(const std::string email, checked_email(wanted.email));
  CO_TRY(const std::string name, checked_name(wanted.name));
  if (!takes_terms(wanted.terms_version)) {
    co_return fail_field("/terms_version", "not_current",
                         "the current version is " + options_.terms_version,
                         "Read that version, and accept it.");
  }
  const std::array own_words = {email, name, email.substr(0, email.find('@'))};
  CO_CHECK_OK(check_password(wanted.password, own_words, "/password"));
  // Before the work that costs most.
  CO_CHECK_OK(co_await take_attempts(
      {{attempt_bucket({"sign-up", network_of(from.address)}), kSignUpsPerNetwork},
       {attempt_bucket({"mail", "sign-up", email}), kMailsPerAddress}}));
  CO_TRY(const std::string hash, co_await rooms_.passwords.hash(std::move(wanted.password)));

  NewUser fresh;
  const Time now = rooms_.clock.now();
  fresh.user = {rooms_.ids.next<IdKind::kUser>(), email, name, std::nullopt, now};
  fresh.password_hash = hash;
  fresh.terms_version = std::move(wanted.terms_version);
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(const bool is_new, insert_user(db, fresh));
    if (!is_new) {
      TRY(const auto owner, find_user_by_email(db, email));
      if (!owner) return {};
      TRY(const bool is_there, hold_user(db, owner->user.id));
      if (!is_there) return {};
      CHECK_OK(put_letter(db, rooms_, owner->user,
                          notice("Somebody tried to open an account with this address, which has "
                                 "one already.",
                                 now, from)));
      return audit::append(db,
                           act_of(rooms_.ids, now, owner->user.id, from, "user.sign_up_repeated"));
    }
    const TermsAcceptance acceptance{rooms_.ids.next<IdKind::kAcceptance>(), fresh.terms_version,
                                     now};
    CHECK_OK(insert_acceptance(db, fresh.user.id, acceptance, from.address));
    CHECK_OK(put_link(db, fresh.user, TokenPurpose::kVerifyEmail, from));
    auto act = act_of(rooms_.ids, now, fresh.user.id, from, "user.signed_up");
    act.target = fresh.user.id.str();
    act.after = terms_json(fresh.terms_version);
    act.personal = person_json(fresh.user);
    return audit::append(db, act);
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  rooms_.mail_waits();
  co_return Result<>{};
}

Result<IdBytes> Accounts::put_link(store::Connection& db, const User& user, TokenPurpose purpose,
                                   const audit::Origin& from) const {
  const bool is_long = purpose == TokenPurpose::kVerifyEmail;
  const seconds life = is_long ? seconds(kVerifyLinkLife) : seconds(kShortLinkLife);
  const Secret token = crypto::random_token();
  CHECK_OK(put_email_token(db, token, {purpose, user.id, user.email, rooms_.clock.now() + life}));
  return put_mail(db, rooms_, user, link_letter(purpose, options_.public_url, token, life, from));
}

Result<> Accounts::put_link_if(store::Connection& db, const std::optional<User>& to,
                               const std::string& email, TokenPurpose purpose,
                               const audit::Origin& from) const {
  User nobody;
  nobody.id = rooms_.ids.next<IdKind::kUser>();
  nobody.email = email;
  TRY(const IdBytes queued, put_link(db, to ? *to : nobody, purpose, from));
  mail::WaitingMail dropped;
  dropped.id = to ? rooms_.ids.next_bytes() : queued;
  CHECK_OK(delete_email_tokens(db, nobody.id));
  return mail::drop_mails(db, {&dropped, 1});
}

Task<> Accounts::take_attempts(Counts counts) {
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) { return take_each(db, counts, now); };
  CO_TRY(const auto wait, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (wait) co_return std::unexpected(too_many(*wait));
  co_return Result<>{};
}

Task<> Accounts::ask_link(std::string email_text, TokenPurpose purpose, audit::Origin from) {
  CO_TRY(const std::string email, checked_email(email_text));
  const bool is_reset = purpose == TokenPurpose::kResetPassword;
  const Time now = rooms_.clock.now();
  const Counts counts = {
      {attempt_bucket({"mails", network_of(from.address)}), kMailsPerNetwork},
      {attempt_bucket({"mail", is_reset ? "reset" : "verify", email}), kMailsPerAddress}};
  // One commit, and the same statements in it whoever has the address: time tells nothing.
  auto body = [&](store::Connection& db) -> Result<std::optional<seconds>> {
    TRY(const auto wait, take_each(db, counts, now));
    if (wait) return wait;
    TRY(const auto stored, find_user_by_email(db, email));
    TRY(const bool is_there, hold_user(db, stored ? stored->user.id : UserId()));
    std::optional<User> to;
    if (is_there && (is_reset || !stored->user.email_verified_at)) to = stored->user;
    CHECK_OK(put_link_if(db, to, email, purpose, from));
    auto act = act_of(rooms_.ids, now, to ? to->id : UserId(), from,
                      is_reset ? "user.password_reset_asked" : "user.email_verification_asked");
    act.actor = {};  // whoever it was
    CHECK_OK(to ? audit::append(db, act) : audit::rehearse(db, act));
    return std::nullopt;
  };
  CO_TRY(const auto wait, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (wait) co_return std::unexpected(too_many(*wait));
  rooms_.mail_waits();
  co_return Result<>{};
}

Task<> Accounts::ask_verification(std::string email, audit::Origin from) {
  co_return co_await ask_link(std::move(email), TokenPurpose::kVerifyEmail, std::move(from));
}

Task<> Accounts::ask_password_reset(std::string email, audit::Origin from) {
  co_return co_await ask_link(std::move(email), TokenPurpose::kResetPassword, std::move(from));
}

Task<Secret> Accounts::verify_email(Secret token, Secret password, audit::Origin from) {
  const Time now = rooms_.clock.now();
  CO_TRY(const StoredUser owner, co_await owner_of(token, TokenPurpose::kVerifyEmail));
  const auto bucket = attempt_bucket({"link", as_text(hash_of(token))});
  Counts counts = hash_counts("link", as_text(bucket), from.address);
  counts.emplace_back(bucket, kPerAccount);
  CO_CHECK_OK(co_await take_attempts(std::move(counts)));
  Secret device = crypto::random_token();
  CO_TRY(const auto verdict,
         co_await rooms_.passwords.verify(std::move(password), owner.password_hash));
  if (!verdict.matches) co_return fail(ErrorCode::kInvalidCredentials, "the password is wrong");
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool holds, hold_password(db, owner.user.id, owner.password_hash));
    if (!holds) return false;
    TRY(const auto used, use_email_token(db, token, TokenPurpose::kVerifyEmail, now));
    if (!used) return false;
    CHECK_OK(set_email_verified(db, used->user, now));
    CHECK_OK(put_known_device(db, used->user, mailed_mark(device), now));
    CHECK_OK(audit::append(db, act_of(rooms_.ids, now, used->user, from, "user.email_verified")));
    return true;
  };
  CO_TRY(const bool verified, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!verified) co_return std::unexpected(invalid_token());
  co_return device;
}

/// Whose a token is, while it is good: nothing that costs much is done for another.
Task<StoredUser> Accounts::owner_of(const Secret& token, TokenPurpose purpose) {
  const Time now = rooms_.clock.now();
  auto read = [&](store::Connection& db) -> Result<std::optional<StoredUser>> {
    TRY(const auto found, find_email_token(db, token, purpose, now));
    if (!found) return std::nullopt;
    TRY(auto stored, find_user(db, found->user));
    if (!stored || stored->user.email != found->email) return std::nullopt;
    return stored;
  };
  CO_TRY(auto owner, co_await rooms_.db.read(std::move(read)));
  if (!owner) co_return std::unexpected(invalid_token());
  co_return *std::move(owner);
}

// --- sessions ---

Task<Accounts::Attempt> Accounts::begin_attempt(std::string email, const Secret& device,
                                                std::string address) {
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<Attempt> {
    Attempt attempt;
    attempt.device_hash = hash_of(device);
    TRY(attempt.stored, find_user_by_email(db, email));
    if (attempt.stored && !device.empty()) {
      TRY(attempt.is_known_device,
          is_known_device(db, attempt.stored->user.id, attempt.device_hash));
      TRY(attempt.is_mailed_device,
          is_known_device(db, attempt.stored->user.id, mailed_mark(device)));
    }
    // What strangers do to an account does not count for devices that it knows.
    attempt.account_bucket = attempt_bucket({"account", email, attempt.device()});
    attempt.network_bucket = network_bucket(address);
    Counts counts = {{attempt.account_bucket, kPerAccount}};
    if (attempt.is_trusted()) {
      counts.emplace_back(attempt_bucket({"hashes", email, attempt.device()}), kHashesPerAccount);
    } else {
      counts.insert(counts.begin(), {attempt.network_bucket, kPerNetwork});
      for (const auto& each : hash_counts(email, {}, address)) counts.push_back(each);
    }
    TRY(attempt.wait, take_each(db, counts, now));
    return attempt;
  };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

Session Accounts::new_session(const User& user, const audit::Origin& from) const {
  Session session;
  session.id = rooms_.ids.next<IdKind::kSession>();
  session.user = user;
  session.created_at = session.seen_at = rooms_.clock.now();
  session.expires_at = session.created_at + options_.session_life;
  session.address = session.seen_address = from.address;
  session.user_agent = text_only(from.user_agent.substr(0, kUserAgentBytesMax));
  return session;
}

Task<Accounts::SignedIn> Accounts::sign_in(SignIn wanted, audit::Origin from) {
  const auto email = normal_email(wanted.email);
  if (!email) co_return std::unexpected(wrong_credentials());
  CO_TRY(const Attempt attempt, co_await begin_attempt(*email, wanted.device, from.address));
  if (attempt.wait) co_return std::unexpected(too_many(*attempt.wait));
  Entry entry;
  entry.stored_hash = attempt.stored ? attempt.stored->password_hash : std::string();
  entry.device = std::move(wanted.device);
  entry.from = from;
  CO_TRY(const auto verdict, co_await rooms_.passwords.verify(wanted.password, entry.stored_hash));
  if (!verdict.matches) {
    CO_CHECK_OK(co_await record_refusal(attempt, from, "user.sign_in_failed"));
    co_return std::unexpected(wrong_credentials());
  }
  if (!attempt.stored->user.email_verified_at) {
    CO_CHECK_OK(co_await record_refusal(attempt, from, "user.sign_in_unverified"));
    co_return fail(ErrorCode::kEmailNotVerified, "the account's address is not verified yet");
  }
  if (verdict.is_outdated) {
    CO_TRY(entry.new_hash, co_await rooms_.passwords.hash(std::move(wanted.password)));
  }
  entry.code = std::move(wanted.code);
  co_return co_await enter(attempt, std::move(entry));
}

Task<> Accounts::record_refusal(const Attempt& attempt, const audit::Origin& from,
                                std::string what) {
  auto failed = [&](store::Connection& db) -> Result<> {
    const Time now = rooms_.clock.now();
    TRY(const bool is_there, hold_user(db, attempt.stored ? attempt.stored->user.id : UserId()));
    const UserId of = is_there ? attempt.stored->user.id : UserId();
    auto act = act_of(rooms_.ids, now, of, from, what);
    act.actor = {};
    if (is_there) return audit::append(db, act);
    // A stranger must not fill the record: it gets the count. Time must not tell that.
    CHECK_OK(count_unknown(db, network_of(from.address), now));
    return audit::rehearse(db, act);
  };
  co_return co_await store::change(rooms_.db, kKind, std::move(failed));
}

Task<Accounts::SignedIn> Accounts::enter(const Attempt& attempt, Entry entry) {
  const User& user = attempt.stored->user;
  const Time now = rooms_.clock.now();
  const FactorTry factor_try{user, std::move(entry.code), attempt.known_device(), entry.from};
  SignedIn signed_in{new_session(user, entry.from), crypto::random_token(),
                     attempt.is_trusted() ? entry.device : crypto::random_token()};
  // nullopt: the password was changed meanwhile.
  auto body = [&](store::Connection& db) -> Result<std::optional<FactorCheck>> {
    TRY(const bool holds, hold_password(db, user.id, entry.stored_hash));
    if (!holds) return std::nullopt;
    TRY(const FactorCheck check, check_second_factor(db, rooms_, factor_try));
    if (check.end == FactorCheck::End::kMissing) {
      CHECK_OK(give_back_attempt(db, attempt.account_bucket));
      CHECK_OK(give_back_attempt(db, attempt.network_bucket));
      CHECK_OK(record_missing_code(db, rooms_, factor_try));
    }
    if (!check.lets_in()) return check;
    signed_in.session.has_second_factor = check.end == FactorCheck::End::kPassed;
    CHECK_OK(forget_attempts(db, attempt.account_bucket));
    CHECK_OK(give_back_attempt(db, attempt.network_bucket));
    if (!entry.new_hash.empty())
      CHECK_OK(rehash_password(db, user.id, entry.stored_hash, entry.new_hash));
    CHECK_OK(insert_session(db, signed_in.session, hash_of(signed_in.token)));
    CHECK_OK(put_known_device(db, user.id, hash_of(signed_in.device), now));
    if (!attempt.is_known_device)
      CHECK_OK(put_letter(db, rooms_, user, sign_in_letter(now, entry.from)));
    auto act = act_of(rooms_.ids, now, user.id, entry.from, "session.created");
    act.target = signed_in.session.id.str();
    CHECK_OK(audit::append(db, act));
    return check;
  };
  CO_TRY(const auto check, co_await store::change(rooms_.db, kKind, std::move(body)));
  rooms_.mail_waits();
  if (!check) co_return std::unexpected(wrong_credentials());
  if (!check->lets_in()) co_return std::unexpected(refusal_of(*check));
  co_return signed_in;
}

Task<Session> Accounts::find_session(Secret token, std::string address) {
  const auto hash = hash_of(token);
  CO_TRY(auto session, co_await rooms_.db.read([hash](store::Connection& db) {
    return accounts::find_session(db, hash);
  }));
  const Time now = rooms_.clock.now();
  if (!session || session->expires_at <= now || session->seen_at + options_.session_idle <= now)
    co_return fail(ErrorCode::kInvalidSession, "the session has ended, or never was");
  if (now - session->seen_at >= kSeenInterval) {
    if (address.empty()) address = session->seen_address;
    auto see = [id = session->id, now, &address](store::Connection& db) {
      return see_session(db, id, now, address);
    };
    CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(see)));
    session->seen_at = now;
    session->seen_address = std::move(address);
  }
  co_return *std::move(session);
}

Task<std::vector<Session>> Accounts::sessions_of(UserId user) {
  CO_TRY(auto all, co_await rooms_.db.read(
                       [user](store::Connection& db) { return list_sessions(db, user); }));
  const Time now = rooms_.clock.now();
  std::erase_if(all, [&](const Session& session) {
    return session.expires_at <= now || session.seen_at + options_.session_idle <= now;
  });
  co_return all;
}

Task<> Accounts::end_session(Session by, SessionId id, audit::Origin from) {
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool is_there, hold_user(db, by.user.id));
    if (!is_there) return false;
    TRY(const bool ended, delete_session(db, by.user.id, id));
    if (!ended) return false;
    auto act = act_of(rooms_.ids, rooms_.clock.now(), by.user.id, from, "session.ended");
    act.target = id.str();
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool ended, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!ended) co_return fail(ErrorCode::kNotFound, "there is no such session");
  co_return Result<>{};
}

// --- passwords and names ---

/// Passkeys outlive a password: who sets a new one because somebody had the old one should know.
Result<std::string> Accounts::beside_passkeys(store::Connection& db, const UserId& user,
                                              std::string what) const {
  if (!rooms_.count_passkeys) return what;
  TRY(const auto count, rooms_.count_passkeys(db, user));
  if (count == 0) return what;
  return what + (count == 1 ? " A passkey" : " " + std::to_string(count) + " passkeys") +
         " can still sign in to your account: remove what you do not know.";
}

Task<Accounts::Reset> Accounts::reset_password(Secret token, Secret password, audit::Origin from) {
  CO_TRY(const StoredUser owner, co_await owner_of(token, TokenPurpose::kResetPassword));
  const std::array own_words = {owner.user.email, owner.user.name};
  CO_CHECK_OK(check_password(password, own_words, "/password"));
  CO_CHECK_OK(co_await take_attempts(hash_counts("link", as_text(hash_of(token)), from.address)));
  CO_TRY(const std::string hash, co_await rooms_.passwords.hash(std::move(password)));
  Secret device = crypto::random_token();
  const Time now = rooms_.clock.now();
  std::vector<WayIn> ways;
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool is_there, hold_user(db, owner.user.id));
    if (!is_there) return false;
    TRY(const auto used, use_email_token(db, token, TokenPurpose::kResetPassword, now));
    if (!used) return false;
    CHECK_OK(set_password(db, used->user, hash, now));
    CHECK_OK(set_email_verified(db, used->user, now));
    CHECK_OK(delete_sessions(db, used->user, SessionId()));
    CHECK_OK(delete_devices(db, used->user));
    CHECK_OK(put_known_device(db, used->user, mailed_mark(device), now));
    CHECK_OK(delete_email_tokens(db, used->user));
    CHECK_OK(forget_attempts(db, attempt_bucket({"account", used->email, {}})));
    if (rooms_.other_ways) {
      TRY(ways, rooms_.other_ways(db, used->user));
    }
    TRY(std::string what,
        beside_passkeys(db, used->user, "Your password was changed, and all sessions were ended."));
    what = beside_ways(std::move(what), ways);
    CHECK_OK(put_letter(db, rooms_, owner.user, notice(std::move(what), now, from)));
    CHECK_OK(audit::append(db, act_of(rooms_.ids, now, used->user, from, "user.password_reset")));
    return true;
  };
  CO_TRY(const bool done, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!done) co_return std::unexpected(invalid_token());
  rooms_.mail_waits();
  co_return Reset{std::move(device), std::move(ways)};
}

Task<Accounts::Proof> Accounts::prove(Session by, Secret password) {
  // Counted apart from strangers' attempts, which must not keep somebody out who is in.
  Proof proof{{}, attempt_bucket({"session", by.id.blob()})};
  CO_CHECK_OK(
      co_await take_attempts({{proof.bucket, kPerAccount},
                              {attempt_bucket({"hashes", by.id.blob()}), kHashesPerAccount}}));
  auto read = [id = by.user.id](store::Connection& db) { return find_user(db, id); };
  CO_TRY(const auto stored, co_await rooms_.db.read(std::move(read)));
  proof.password_hash = stored ? stored->password_hash : std::string();
  const bool is_young = rooms_.clock.now() - by.created_at <= kYoung;
  if (stored && proof.password_hash.empty() && password.empty() && is_young) co_return proof;
  CO_TRY(const auto verdict,
         co_await rooms_.passwords.verify(std::move(password), proof.password_hash));
  if (!verdict.matches) co_return fail(ErrorCode::kInvalidCredentials, "the password is wrong");
  co_return proof;
}

Task<Secret> Accounts::change_password(Session by, Secret old_password, Secret password,
                                       audit::Origin from) {
  const std::array own_words = {by.user.email, by.user.name};
  CO_CHECK_OK(check_password(password, own_words, "/password"));
  CO_TRY(const Proof proof, co_await prove(by, std::move(old_password)));
  CO_TRY(const std::string hash, co_await rooms_.passwords.hash(std::move(password)));
  Secret token = crypto::random_token();
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool holds, hold_password(db, by.user.id, proof.password_hash));
    if (!holds) return false;
    TRY(const bool goes_on, rotate_session(db, by.id, hash_of(token)));
    if (!goes_on) return false;
    CHECK_OK(forget_attempts(db, proof.bucket));
    CHECK_OK(set_password(db, by.user.id, hash, now));
    CHECK_OK(delete_sessions(db, by.user.id, by.id));
    CHECK_OK(delete_email_tokens(db, by.user.id));
    TRY(const std::string what,
        beside_passkeys(db, by.user.id,
                        "Your password was changed, and all other sessions were ended."));
    CHECK_OK(put_letter(db, rooms_, by.user, notice(what, now, from)));
    CHECK_OK(audit::append(db, act_of(rooms_.ids, now, by.user.id, from, "user.password_changed")));
    return true;
  };
  CO_TRY(const bool done, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!done) co_return std::unexpected(over_meanwhile());
  rooms_.mail_waits();
  co_return token;
}

Task<> Accounts::confirm(Session by, Secret password) {
  CO_TRY(const Proof proof, co_await prove(std::move(by), std::move(password)));
  auto forget = [&](store::Connection& db) { return forget_attempts(db, proof.bucket); };
  co_return co_await store::change(rooms_.db, kKind, std::move(forget));
}

Task<User> Accounts::rename(Session by, std::string name_text, audit::Origin from) {
  CO_TRY(const std::string name, checked_name(name_text));
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool is_there, hold_user(db, by.user.id));
    TRY(const auto before, find_in(db, by.user.id));
    if (!is_there || !before) return false;
    CHECK_OK(set_name(db, by.user.id, name));
    auto act = act_of(rooms_.ids, rooms_.clock.now(), by.user.id, from, "user.renamed");
    act.personal = change_json("name", before->name, name);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool is_renamed, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!is_renamed) co_return std::unexpected(over_meanwhile());
  by.user.name = name;
  co_return std::move(by.user);
}

Task<std::vector<User>> Accounts::find_all(std::vector<UserId> users) {
  co_return co_await rooms_.db.read(
      [users = std::move(users)](store::Connection& db) { return find_users(db, users); });
}

// --- for start-up and tools ---

Result<User> Accounts::put_user(const std::string& email_text, const std::string& name,
                                const Secret& password) {
  TRY(const std::string email, checked_email(email_text));
  TRY(const std::string hash, rooms_.passwords.hash_now(password));
  const Time now = rooms_.clock.now();
  NewUser fresh;
  fresh.user = {rooms_.ids.next<IdKind::kUser>(), email, name, now, now};
  fresh.password_hash = hash;
  auto body = [&](store::Connection& db) -> Result<User> {
    TRY(const bool is_new, insert_user(db, fresh));
    if (is_new) return fresh.user;
    TRY(const auto stored, find_user_by_email(db, email));
    if (!stored) return fail(ErrorCode::kConflict, "the user was deleted just now");
    CHECK_OK(set_password(db, stored->user.id, hash, now));
    return stored->user;
  };
  return store::change_now(rooms_.db, kKind, std::move(body));
}

Task<> Accounts::tidy() {
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<> {
    TRY([[maybe_unused]] const auto sessions,
        delete_old_sessions(db, now, now - options_.session_idle));
    TRY([[maybe_unused]] const auto tokens, delete_old_email_tokens(db, now));
    TRY([[maybe_unused]] const auto attempts, delete_old_attempts(db, now - kAttemptSpanMax));
    TRY([[maybe_unused]] const auto devices, delete_old_devices(db, now - kDeviceKept));
    TRY([[maybe_unused]] const auto factors, delete_old_factors(db, now - kEnrolmentKept));
    return {};
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  CO_CHECK_OK(co_await record_unknown());
  co_return co_await remove_old_unverified();
}

}  // namespace flowsell::accounts
