#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/passwords.h"
#include "accounts/user.h"
#include "audit/audit_log.h"
#include "audit/export.h"
#include "core/page.h"
#include "core/sensitive.h"
#include "crypto/hash.h"
#include "crypto/key_ring.h"
#include "crypto/rotating_keys.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::accounts {

struct AttemptLimit;
/// What is counted, and how many there may be.
using Counts = std::vector<std::pair<crypto::Digest, AttemptLimit>>;
struct FactorCheck;
struct FactorTry;
struct Letter;
struct StoredUser;
enum class TokenPurpose : std::uint8_t;

struct AccountOptions {
  std::chrono::seconds session_idle{12 * 3600};
  std::chrono::seconds session_life{14 * 24 * 3600};
  /// What links in mails begin with: "https://connect.example".
  std::string public_url;
  /// The version of the terms that is in force; empty: whatever version a sign-up names is taken.
  std::string terms_version = {};
};

/// People: how they come, prove who they are, and what shows afterwards that they did. The database
/// is the one that all replicas share. Thread-safe.
///
/// Answers tell nobody whether an address has an account: sign_up(), ask_*() and sign_in() say the
/// same after the same work.
class Accounts {
 public:
  /// What the rest of the server has for it. All outlive it.
  struct Rooms {
    store::Database& db;
    Passwords& passwords;
    crypto::RotatingKeys& spool;  ///< mails wait sealed under its keys
    const crypto::KeyRing& ring;  ///< seeds of second factors are sealed under it
    IdSource& ids;
    const Clock& clock;
    std::function<void()> mail_waits;  ///< called when one does
    /// How many passkeys a user has: they are another room's. Empty: there are none.
    std::function<Result<std::int64_t>(store::Connection&, const UserId&)> count_passkeys = {};
    /// Ways in that a new password leaves as they are, as the room that has them knows.
    std::function<Result<std::vector<WayIn>>(store::Connection&, const UserId&)> other_ways = {};
  };
  Accounts(Rooms rooms, AccountOptions options);

  struct SignUp {
    std::string email, name;
    Secret password;
    std::string terms_version;  ///< the terms that were accepted
  };
  /// Fails with kInvalidRequest (password, address, name, terms). Whoever has the address hears of
  /// it by mail: with a link that proves it is his, or, where he has an account, that somebody
  /// tried.
  Task<> sign_up(SignUp wanted, audit::Origin from);
  /// A new link, where the address has an account that is not verified.
  Task<> ask_verification(std::string email, audit::Origin from);
  /// With the password too: who has the address must not make it the account of somebody else, who
  /// signed up with it. For the device's cookie: strangers' guesses don't stop that one. Fails with
  /// kInvalidToken, and kInvalidCredentials and kRateLimited; then the token stays good.
  Task<Secret> verify_email(Secret token, Secret password, audit::Origin from);

  struct SignedIn {
    Session session;
    Secret token;   ///< for the session's cookie; shown once
    Secret device;  ///< for the device's cookie
  };
  struct SignIn {
    std::string email;
    Secret password;
    Secret device = Secret();  ///< what the browser has from an earlier time, or empty
    Secret code = Secret();    ///< of the second factor, or a recovery code; empty where none
  };
  /// Fails with kInvalidCredentials, kRateLimited (too many attempts for this account from devices
  /// that it does not know, or from this network; too many wrong codes), kEmailNotVerified; and, of
  /// the right password only, with kSecondFactorRequired and kInvalidSecondFactor.
  Task<SignedIn> sign_in(SignIn wanted, audit::Origin from);
  /// Whether the word of a provider still counts, asked in the transaction that makes the session.
  using StillHolds = std::function<Result<bool>(store::Connection&)>;
  struct VouchedSignIn {
    UserId user;
    Voucher by;
    StillHolds holds;
    Secret device = Secret();
    Secret code = Secret();  ///< of the second factor, or a recovery code; empty where none
    /// In the same transaction, once he is in.
    std::function<Result<>(store::Connection&)> done = {};
  };
  /// The same on the word of an identity provider, which the caller has checked. nullopt: it does
  /// not hold any more, or the user is gone. Where the provider is everybody's, the account's
  /// second factor is asked for besides: fails with kSecondFactorRequired, kInvalidSecondFactor
  /// and kRateLimited (too many wrong codes). A workspace's own vouches for that workspace only,
  /// and asks as it likes.
  Task<std::optional<SignedIn>> sign_in_vouched(VouchedSignIn wanted, audit::Origin from);
  /// The same with a passkey, whose answer the caller has checked: that he has it, and that it was
  /// he. So the session counts as confirmed by a second factor. To be counted before by
  /// take_passkey_attempt().
  Task<std::optional<SignedIn>> sign_in_by_passkey(UserId user, PasskeyId by, StillHolds holds,
                                                   Secret device, audit::Origin from);
  /// Counts one try to sign in with a passkey beside those with passwords. Fails with kRateLimited.
  Task<> take_passkey_attempt(std::string address);
  /// Counts one challenge that is asked for. It guesses nothing: the limit is wide. Fails with
  /// kRateLimited.
  Task<> take_challenge_attempt(std::string address);
  /// Counts one way to an identity provider. It guesses nothing, and a company's people may come
  /// from one address: the limit is wide. Fails with kRateLimited.
  Task<> take_provider_attempt(std::string address);
  /// Seen from `address`, which is written to the minute. Fails with kInvalidSession.
  Task<Session> find_session(Secret token, std::string address = {});
  Task<std::vector<Session>> sessions_of(UserId user);
  /// Fails with kNotFound. One's own too: that is how to sign out.
  Task<> end_session(Session by, SessionId id, audit::Origin from);

  /// A link that sets a new password, where the address has an account.
  Task<> ask_password_reset(std::string email, audit::Origin from);
  struct Reset {
    Secret device;            ///< for the device's cookie, as verify_email()
    std::vector<WayIn> ways;  ///< the other ways in, which stay: the mail lists them as well
  };
  /// Ends all sessions, and forgets all devices. The link has proven the address too; a second
  /// factor stays, and is asked for as before. Fails with kInvalidToken, kInvalidRequest and
  /// kRateLimited.
  Task<Reset> reset_password(Secret token, Secret password, audit::Origin from);
  /// Ends all other sessions, and gives this one a new token. Fails with kInvalidCredentials,
  /// kRateLimited and kInvalidRequest.
  Task<Secret> change_password(Session by, Secret old_password, Secret password,
                               audit::Origin from);
  /// Before something that can't be undone: that it is really he. By his password; who has none, by
  /// a session that is at most ten minutes old. Fails with kInvalidCredentials, kInvalidSession
  /// (sign in anew) and kRateLimited.
  Task<> confirm(Session by, Secret password);
  Task<User> rename(Session by, std::string name, audit::Origin from);

  // --- the second factor: one-time passwords of an authenticator (second_factor.cc) ---

  struct FactorState {
    std::optional<Time> enabled_at;  ///< nullopt: there is none
    std::int64_t recovery_codes = 0;
  };
  Task<FactorState> second_factor_of(UserId user);
  /// What the authenticator is to know; not shown again.
  struct Enrolment {
    Secret secret;  ///< base32
    Secret uri;     ///< "otpauth://totp/..."
  };
  /// Nothing changes before it is confirmed. `password` may be empty where the user has none and
  /// the session is young. Fails with kInvalidCredentials, kRateLimited, kConflict (there is one).
  Task<Enrolment> begin_second_factor(Session by, Secret password, audit::Origin from);
  struct EnabledFactor {
    Secret token;  ///< the session's new one
    std::vector<Secret> recovery_codes;
  };
  /// Ends all other sessions, which no second factor has confirmed, and gives this one a new token.
  /// Fails with kInvalidSecondFactor, kRateLimited, kConflict (none was begun).
  Task<EnabledFactor> confirm_second_factor(Session by, Secret code, audit::Origin from);
  /// Ends all other sessions, and gives this one a new token. Fails with kInvalidCredentials,
  /// kInvalidSecondFactor, kSecondFactorRequired, kRateLimited, kConflict (there is none).
  Task<Secret> disable_second_factor(Session by, Secret password, Secret code, audit::Origin from);
  /// In place of those that are left. Fails as disable_second_factor() does.
  Task<std::vector<Secret>> renew_recovery_codes(Session by, Secret password, Secret code,
                                                 audit::Origin from);

  // --- another address (email_change.cc) ---

  /// A link to the new address, and word of it to the old one. The same answer where the new one
  /// has an account, whose owner hears that somebody tried. Fails with kInvalidCredentials,
  /// kInvalidRequest and kRateLimited.
  Task<> ask_email_change(Session by, std::string email, Secret password, audit::Origin from);
  /// By who asked for it. Ends all other sessions, and gives this one a new token. Fails with
  /// kInvalidToken, and kConflict (the address has an account by now).
  Task<Secret> confirm_email_change(Session by, Secret token, audit::Origin from);

  // --- terms ---

  struct Accepted {
    TermsAcceptance acceptance;
    bool is_new = false;  ///< false: he had accepted that version before
  };
  Task<Accepted> accept_terms(UserId user, std::string version, audit::Origin from);
  /// Newest first.
  Task<std::vector<TermsAcceptance>> terms_of(UserId user);
  /// Fails with kTermsNotAccepted: not the version that is in force.
  Task<> check_terms(UserId user);
  /// Fails with kTermsNotAccepted: none at all, where some are in force.
  Task<> check_any_terms(UserId user);

  // --- the workspaces that a user's list shows ---

  Task<std::vector<UserWorkspace>> workspaces_of(UserId user);
  /// For the room that has the members: what the user's list shows. Before a member is added, and
  /// after one is removed: it may list too much for a moment, never too little. Nothing is listed
  /// for a user whose account is gone or closed.
  Task<> list_workspace(UserId user, UserWorkspace workspace);
  Task<> unlist_workspace(UserId user, WorkspaceId workspace);
  /// The same of one that is about to be made. False: the list has `max` already, however many come
  /// at once.
  Task<bool> list_new_workspace(UserId user, UserWorkspace workspace, std::size_t max);
  /// In all lists that show it.
  Task<> rename_workspace(WorkspaceId workspace, std::string name);
  /// Those that there are.
  Task<std::vector<User>> find_all(std::vector<UserId> users);

  struct Invitation {
    std::string email, workspace, inviter, role;
    Secret token;
    std::chrono::seconds life;
  };
  /// To be called before one is made. Fails with kRateLimited: the address had several within an
  /// hour, or who invites, the workspace or the network made many within a day. A mail to a
  /// stranger is what somebody may want this server for.
  Task<> take_invitation_attempt(std::string email, UserId inviter, WorkspaceId workspace,
                                 audit::Origin from);
  /// Tells the address.
  Task<> send_invitation(Invitation invitation);
  /// Tells users something that they should hear of: one sentence.
  Task<> tell(std::vector<UserId> users, std::string what, audit::Origin from);
  /// Tells users that one of their workspace's API keys was given away.
  Task<> tell_of_leak(std::vector<UserId> users, std::string workspace, std::string key,
                      audit::Origin from);

  // For rooms whose own changes belong to one transaction with an account's.
  /// Before the deletion of an account runs: from here on it is as if it were not there. Sessions,
  /// passwords, links and identity providers let nobody in, and what was under way changes nothing
  /// more. May be repeated.
  static Result<> close_in(store::Connection& db, const UserId& user, Time now);
  /// The deletion does not go on.
  static Result<> reopen_in(store::Connection& db, const UserId& user);
  /// Locks the account's row until the transaction ends: to be called before something is written
  /// about it. False: there is no such account, or it is closed.
  static Result<bool> hold_in(store::Connection& db, const UserId& user);
  static Result<std::optional<User>> find_in(store::Connection& db, const UserId& user);
  static Result<std::optional<User>> find_in(store::Connection& db, std::string_view email);
  /// Whether a sign-up may name that version of the terms.
  bool takes_terms(std::string_view version) const {
    return options_.terms_version.empty() || version == options_.terms_version;
  }
  /// Somebody with a verified address and no password. nullopt: the address has an account. One
  /// that nobody has verified goes: whoever opened it had the address of somebody else.
  Result<std::optional<User>> add_in(store::Connection& db, const std::string& email,
                                     const std::string& name, const std::string& terms_version,
                                     const audit::Origin& from);
  /// Ends the sessions that a provider's word made.
  static Result<> end_vouched_in(store::Connection& db, std::string_view provider);
  /// Those that rest on one identity of a user's.
  static Result<> end_vouched_in(store::Connection& db, const UserId& user, const Voucher& by);
  /// All of a user's: he has got other rights, and is to prove anew who he is.
  static Result<> end_sessions_in(store::Connection& db, const UserId& user);
  /// Locks the user's row until the transaction ends. False: the session is over, so what was
  /// proven in it holds no more.
  Result<bool> hold_session_in(store::Connection& db, const Session& by) const;
  /// Whether the user has a second factor that was enabled.
  static Result<bool> has_second_factor_in(store::Connection& db, const UserId& user);
  /// Ends the sessions that a passkey has made.
  static Result<> end_by_passkey_in(store::Connection& db, const UserId& user,
                                    const PasskeyId& passkey);
  /// A security notice: one sentence. wake_postman() once the transaction has ended well.
  Result<> put_notice_in(store::Connection& db, const User& to, std::string what,
                         const audit::Origin& from) const;
  void wake_postman() const { rooms_.mail_waits(); }
  /// What the user's second factor is like: another text once it was used or changed. nullopt:
  /// there is none.
  static Result<std::optional<std::string>> factor_mark_in(store::Connection& db,
                                                           const UserId& user);
  /// Takes the second factor away and ends all sessions, for who has lost it.
  static Result<> drop_second_factor_in(store::Connection& db, const UserId& user);
  /// nullopt: nobody has the address.
  Task<std::optional<User>> find_by_email(std::string email);
  /// The same, blocking; for start-up and tools.
  Result<std::optional<User>> find_by_email_now(const std::string& email);

  struct SupportNotice {
    std::string workspace, who, reason;
    bool needs_approval = false;
    Time from{}, until{};
  };
  /// Tells users that an operator looks into their workspace, or wants to.
  Task<> tell_of_support(std::vector<UserId> users, SupportNotice notice);

  struct WorkspaceQuery {
    std::optional<WorkspaceId> after;   ///< older than it
    std::optional<WorkspaceId> before;  ///< newer than it
    std::size_t limit = 20;
  };
  /// Those that somebody is in, newest first.
  Task<Page<ListedWorkspace, WorkspaceId>> list_workspaces(WorkspaceQuery query);
  Task<std::optional<ListedWorkspace>> find_workspace(WorkspaceId workspace);

  /// With a verified address, for start-up and tools. Blocking. The user that has the address
  /// already keeps all but his password.
  Result<User> put_user(const std::string& email, const std::string& name, const Secret& password);
  Result<> list_workspace_now(const UserId& user, const UserWorkspace& workspace);

  /// What was done to somebody's account, and by it: the page of his own chain that is asked for
  /// (its scope is set here). Fails with kInvalidId.
  Task<audit::EventPage> audit_events(UserId user, audit::Query query);
  Task<audit::ExportPart> export_audit_events(UserId user, std::int64_t behind,
                                              audit::ExportLimits limits);

  /// Deletes what time has ended, accounts included that were not verified within a week.
  Task<> tidy();
  /// Erases what the records of people, operators and the system say of people and happened
  /// before; that goes on record. How many rows.
  Task<std::int64_t> erase_old_records(Time before);

 private:
  struct Attempt;
  struct Entry;
  struct OtherEntry;
  struct Entered;
  /// The mail's id.
  Result<IdBytes> put_link(store::Connection& db, const User& user, TokenPurpose purpose,
                           const audit::Origin& from) const;
  /// The same; where nobody gets one the same work, of which nothing stays.
  Result<> put_link_if(store::Connection& db, const std::optional<User>& to,
                       const std::string& email, TokenPurpose purpose,
                       const audit::Origin& from) const;
  Task<> ask_link(std::string email, TokenPurpose purpose, audit::Origin from);
  /// `letter` lives as long as the call.
  Task<> tell_each(std::vector<UserId> users, const Letter& letter);
  /// Fails with kRateLimited.
  Task<> take_attempts(Counts counts);
  Task<Attempt> begin_attempt(std::string email, const Secret& device, std::string address);
  Task<StoredUser> owner_of(const Secret& token, TokenPurpose purpose);
  Task<> record_refusal(const Attempt& attempt, const audit::Origin& from, std::string what);
  Task<SignedIn> enter(const Attempt& attempt, Entry entry);
  Task<std::optional<SignedIn>> enter_otherwise(OtherEntry entry);
  Result<std::string> beside_passkeys(store::Connection& db, const UserId& user,
                                      std::string what) const;
  /// That it is still who signed in.
  struct Proof {
    std::string password_hash;  ///< to be held in the transaction that goes by it
    crypto::Digest bucket;      ///< what the try was counted by: to be forgotten there
  };
  Task<Proof> prove(Session by, Secret password);
  Result<FactorCheck> check_vouched(store::Connection& db, const OtherEntry& entry,
                                    const User& user) const;
  Result<std::optional<Error>> pass(store::Connection& db, const Proof& proof,
                                    const FactorTry& with) const;
  /// False: it is verified by now, or gone.
  Result<bool> remove_unverified(store::Connection& db, const UserId& user,
                                 std::string_view why) const;
  Task<> remove_old_unverified();
  Task<> record_unknown();
  Task<std::int64_t> erase_scope(std::string scope, Time before);
  Session new_session(const User& user, const audit::Origin& from) const;

  Rooms rooms_;
  const AccountOptions options_;
};

}  // namespace flowsell::accounts
