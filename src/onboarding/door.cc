#include "onboarding/door.h"

#include <charconv>
#include <utility>

#include "core/encoding.h"
#include "ledger.h"
#include "link.h"
#include "oauth_query.h"
#include "provider_fault.h"
#include "session_table.h"

namespace flowsell::onboarding {
namespace {

using channel::SignupMessage;

constexpr std::chrono::seconds kAnswerMax{10};

Error no_link() { return {ErrorCode::kNotFound, "there is no such onboarding link"}; }

std::string bound_to(const Session& session) {
  return std::string("onboarding").append(session.id.blob());
}

/// Of a state that a browser is sent away with, and the browser itself.
std::string oauth_hash(std::string_view state, const Secret& browser) {
  const auto digest = crypto::hmac_sha256(browser.reveal(), {"oauth", state});
  return std::string(as_text(digest));
}

void clear_failure(Session& session) {
  session.failure.reset();
  session.provider_code = session.provider_subcode = 0;
  session.provider_trace.clear();
}

void put_failure(Session& session, Failure failure, State state = State::kFailed) {
  clear_failure(session);
  session.state = state;
  session.failure = failure;
}

/// Nothing of an earlier sign-up counts any more.
void forget_signup(Session& session) {
  session.consent = Consent::kNone;
  session.forget_grant();
  session.account.clear();
  session.address.clear();
  session.coexists = false;
}

/// Nobody works on it, and whoever has the link may still sign up.
bool awaits_consent(const Session& session, Time now) {
  return session.takes_visitors(now) && !session.is_busy(now) && session.consent == Consent::kNone;
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Result<WorkspaceId> workspace_of_link(std::string_view link) {
  const auto parsed = Link::parse(link);
  if (!parsed) return std::unexpected(no_link());
  return parsed->workspace;
}

Task<Session> Door::find(std::string link) const {
  const auto parsed = Link::parse(link);
  if (!parsed) co_return std::unexpected(no_link());
  const Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  CO_TRY(auto found, co_await ledger.find(parsed->workspace, parsed->hash));
  if (!found) co_return std::unexpected(no_link());
  co_return *std::move(found);
}

Task<Session> Door::open(Session session, audit::Origin from) {
  if (session.state != State::kCreated || !session.takes_visitors(rooms_.clock.now()))
    co_return session;
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const Mover by{{}, std::move(from)};
  co_return co_await ledger.move(std::move(session), by, [](Session& known, Time now) {
    if (known.state != State::kCreated) return Decision::nothing();
    known.state = State::kOpened;
    known.opened_at = now;
    return Decision::told("onboarding_session.opened");
  });
}

// --- the consent ---

Task<Session> Door::take_code(Session session, Secret code, audit::Origin from) {
  co_return co_await exchange(std::move(session), std::move(code), {}, std::move(from));
}

Task<Session> Door::exchange(Session session, Secret code, std::string redirect_uri,
                             audit::Origin from) {
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const Mover by{{}, std::move(from)};
  bool is_mine = false;
  auto begin = [&is_mine](Session& known, Time now) {
    is_mine = false;
    if (!awaits_consent(known, now)) return Decision::nothing();
    is_mine = true;
    known.busy_until = now + kExchangeMax;
    return Decision::quiet();
  };
  CO_TRY(auto begun, co_await ledger.move(std::move(session), by, begin));
  if (!is_mine) co_return begun;
  auto grant = co_await ask_for_grant(begun, std::move(code), std::move(redirect_uri));
  std::string sealed;
  if (grant) {
    CO_TRY(sealed, rooms_.workspaces.seal(begun.workspace, bound_to(begun), grant->issued.token));
  }
  auto end = [&, this](Session& known, Time now) {
    known.busy_until.reset();
    if (is_over(known.state)) return Decision::quiet();
    if (!grant) {
      const Error& error = grant.error();
      put_failure(known, failure_of(error));
      if (error.provider) {
        known.provider_code = error.provider->code;
        known.provider_subcode = error.provider->subcode;
        known.provider_trace = error.provider->trace_id;
      }
      return Decision::told("onboarding_session.failed");
    }
    clear_failure(known);
    known.state = State::kSignedUp;
    known.consent = Consent::kHeld;
    known.sealed_grant = sealed;
    known.grant_user = grant->user;
    known.granted_at = now;
    known.granted_until.reset();
    if (grant->issued.life) known.granted_until = now + *grant->issued.life;
    return Decision::told("onboarding_session.signed_up");
  };
  co_return co_await ledger.move(std::move(begun), by, end);
}

Task<Door::Grant> Door::ask_for_grant(Session session, Secret code, std::string redirect_uri) {
  const SignupPlace* const place = places_.of(session.mode);
  const auto* const calls = places_.adapter->account_calls();
  if (place == nullptr || calls == nullptr)
    co_return fail(ErrorCode::kInternal, "nobody signs up in this mode");
  auto request = calls->exchange_code(place->app, code, redirect_uri,
                                      rooms_.calls.routes().of(session.mode, {}));
  connections::ProviderCalls::As as;
  as.adapter = places_.adapter;
  as.mode = session.mode;
  as.client = session.workspace.bytes();
  auto call = rooms_.calls.call_as(std::move(as), std::move(request), "give a token for the code",
                                   kAnswerMax);
  CO_TRY(const auto answer, co_await std::move(call));
  Grant grant;
  CO_TRY(grant.issued, calls->read_issued(answer));
  CO_TRY(grant.user, co_await ask_whose(session.workspace, session.mode, grant.issued.token));
  co_return grant;
}

/// No token is held of which nobody knows whom to ask for it: who takes it back must be found.
Task<std::string> Door::ask_whose(WorkspaceId workspace, identity::Mode mode, Secret token) {
  const auto& wire = *places_.adapter->account_calls();
  connections::ProviderCalls::As as;
  as.adapter = places_.adapter;
  as.mode = mode;
  as.token = wire.app_token(places_.of(mode)->app);
  as.client = workspace.bytes();
  auto request = wire.inspect_token(token, rooms_.calls.routes().of(mode, {}));
  auto call =
      rooms_.calls.call_as(std::move(as), std::move(request), "check the token", kAnswerMax);
  CO_TRY(const auto answer, co_await std::move(call));
  CO_TRY(const auto facts, wire.read_token(answer));
  co_return facts.user_id;
}

Failure Door::failure_of(const Error& error) const noexcept {
  switch (error.code) {
    case ErrorCode::kProviderRejected:
      if (!error.provider) return Failure::kProviderRefused;
      return onboarding::failure_of(places_.adapter->signup_calls()->fault_of(*error.provider));
    case ErrorCode::kProviderUnreachable:
      return Failure::kProviderUnreachable;
    case ErrorCode::kProviderTimeout:
      return Failure::kProviderTimeout;
    default:
      return Failure::kInternal;
  }
}

Task<Session> Door::take_message(Session session, std::string text, audit::Origin from) {
  const auto message = places_.adapter->signup_calls()->read_message(text);
  if (!message) {
    co_return fail_field("/message", "invalid_value", "that is no message of a sign-up",
                         "Send what the provider's window posted, as it came.");
  }
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const Mover by{{}, std::move(from)};
  auto note = [&message](Session& known, Time now) {
    if (!known.takes_visitors(now) || known.state == State::kConnecting) return Decision::nothing();
    if (message->kind == SignupMessage::Kind::kFinished) {
      const bool is_known = known.account == message->account &&
                            known.address == message->address &&
                            known.coexists == message->coexists;
      if (is_known) return Decision::nothing();
      known.account = message->account;
      known.address = message->address;
      known.coexists = message->coexists;
      return Decision::noted("onboarding_session.window_finished");
    }
    // A consent that is here stands, whatever a window says afterwards.
    if (known.is_busy(now) || known.consent != Consent::kNone) return Decision::nothing();
    if (message->kind == SignupMessage::Kind::kCancelled) {
      put_failure(known, Failure::kCancelled, State::kCancelled);
      return Decision::told("onboarding_session.cancelled");
    }
    put_failure(known, Failure::kSignupError);
    known.provider_code = number_of(message->error_code);
    return Decision::told("onboarding_session.failed");
  };
  co_return co_await ledger.move(std::move(session), by, note);
}

// --- the steps behind it ---

Task<Session> Door::connect(Session session, Secret pin, audit::Origin from) {
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const Mover by{{}, from};
  bool is_mine = false;
  auto begin = [&is_mine](Session& known, Time now) {
    is_mine = false;
    if (!known.takes_visitors(now) || known.is_busy(now)) return Decision::nothing();
    if (known.consent == Consent::kNone)
      return Decision::refuse({ErrorCode::kConflict, "nobody has signed up by this link yet"});
    if (known.coexists && !known.allows_coexistence) {
      put_failure(known, Failure::kCoexistenceRefused);
      forget_signup(known);
      return Decision::told("onboarding_session.failed");
    }
    is_mine = true;
    clear_failure(known);
    known.state = State::kConnecting;
    known.busy_until = now + kConnectMax;
    return Decision::told("");
  };
  CO_TRY(auto begun, co_await ledger.move(std::move(session), by, begin));
  if (!is_mine) co_return begun;
  const auto outcome = co_await run_steps(begun, std::move(pin), std::move(from));
  auto end = [&, this](Session& known, Time now) {
    known.busy_until.reset();
    if (outcome && !outcome->connection.is_none()) {
      known.connection = outcome->connection;
      known.consent = Consent::kStored;
      known.forget_grant();
    }
    if (is_over(known.state)) return Decision::quiet();
    if (outcome && !outcome->failure) {
      clear_failure(known);
      forget_signup(known);
      known.state = State::kDone;
      known.ended_at = now;
      return Decision::told("onboarding_session.completed");
    }
    const Failure failure = outcome ? *outcome->failure : failure_of(outcome.error());
    put_failure(known, failure);
    if (failure == Failure::kPinNeeded) {
      known.state = State::kAwaitingPin;
      return Decision::told("");
    }
    if (outcome) {
      known.provider_code = outcome->provider_code;
      known.provider_subcode = outcome->provider_subcode;
      known.provider_trace = outcome->provider_trace;
    }
    if (failure_info(failure).next == Next::kSignUp) forget_signup(known);
    return Decision::told("onboarding_session.failed");
  };
  co_return co_await ledger.move(std::move(begun), by, end);
}

Task<AccountOutcome> Door::run_steps(Session session, Secret pin, audit::Origin from) {
  AccountWanted wanted;
  if (session.consent == Consent::kHeld) {
    CO_TRY(wanted.token,
           rooms_.workspaces.unseal(session.workspace, bound_to(session), session.sealed_grant));
  } else {
    wanted.connection = session.connection;
  }
  wanted.workspace = session.workspace;
  wanted.mode = session.mode;
  wanted.way = session.way;
  wanted.account = session.account;
  wanted.address = session.address;
  wanted.coexists = session.coexists;
  wanted.pin = std::move(pin);
  wanted.from = std::move(from);
  co_return co_await rooms_.steps.connect(std::move(wanted));
}

// --- by redirect ---

Task<std::string> Door::begin_oauth(Session session, Secret browser, audit::Origin from) {
  const SignupPlace* const place = places_.of(session.mode);
  if (place == nullptr) co_return fail(ErrorCode::kConflict, "nobody signs up in this mode");
  const Secret state = crypto::random_token();
  const std::string hash = oauth_hash(state.reveal(), browser);
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const Mover by{{}, std::move(from)};
  auto begin = [&hash](Session& known, Time now) {
    if (known.way != Way::kOauth)
      return Decision::refuse({ErrorCode::kConflict, "the link leads another way"});
    if (!awaits_consent(known, now))
      return Decision::refuse({ErrorCode::kConflict, "the link is used, or in use"});
    known.oauth_hash = hash;
    return Decision::quiet();
  };
  CO_TRY([[maybe_unused]] const auto begun, co_await ledger.move(std::move(session), by, begin));
  const std::string redirect_uri = places_.redirect_uri();
  channel::SignupCalls::Dialog dialog;
  dialog.page = place->dialog_url;
  dialog.app_id = place->app.id;
  dialog.config = place->login_config;
  dialog.redirect_uri = redirect_uri;
  dialog.state = state.reveal();
  co_return places_.adapter->signup_calls()->dialog_url(dialog);
}

Task<Session> Door::finish_oauth(Session session, Secret browser, std::string query,
                                 audit::Origin from) {
  CO_TRY(auto answer, read_oauth_query(query));
  const std::string hash = oauth_hash(answer.state, browser);
  const bool brings_code = !answer.is_denied && !answer.code.empty();
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const Mover by{{}, from};
  auto take = [&hash, brings_code](Session& known, Time now) {
    if (known.oauth_hash.empty() || !crypto::constant_time_equal(known.oauth_hash, hash))
      return Decision::refuse({ErrorCode::kInvalidToken, "this browser began no such sign-in"});
    known.oauth_hash.clear();
    if (brings_code || !awaits_consent(known, now)) return Decision::quiet();
    put_failure(known, Failure::kDenied, State::kCancelled);
    return Decision::told("onboarding_session.cancelled");
  };
  CO_TRY(auto taken, co_await ledger.move(std::move(session), by, take));
  if (!brings_code) co_return taken;
  co_return co_await exchange(std::move(taken), std::move(answer.code), places_.redirect_uri(),
                              std::move(from));
}

Task<Session> Door::restart(Session session, audit::Origin from) {
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const Mover by{{}, std::move(from)};
  co_return co_await ledger.move(std::move(session), by, [](Session& known, Time now) {
    if (!known.takes_visitors(now) || known.is_busy(now)) return Decision::nothing();
    forget_signup(known);
    clear_failure(known);
    known.state = State::kOpened;
    return Decision::quiet();
  });
}

Task<> Door::person_left(connections::PersonLeft person) {
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  CO_TRY(auto theirs, co_await rooms_.db.read([&person](store::Connection& db) {
    return find_granted_by(db, person.mode, person.user);
  }));
  auto forget = [&person](Session& known, Time now) {
    const bool is_meant =
        known.grant_user == person.user && known.granted_at && person.takes_back(*known.granted_at);
    if (!is_meant) return Decision::nothing();
    forget_signup(known);
    // Whoever works on it at this moment says what becomes of it.
    if (known.is_busy(now)) return Decision::noted("onboarding_session.consent_withdrawn");
    put_failure(known, Failure::kTokenRefused);
    return Decision::told("onboarding_session.consent_withdrawn");
  };
  co_return co_await ledger.move_all(std::move(theirs), Mover{}, forget);
}

Task<AccountShown> Door::show(Session session) const {
  // At the first try the connection is made while somebody waits: its steps are shown meanwhile.
  const bool is_first_try = session.state == State::kConnecting && !session.account.empty();
  const bool is_past = session.ended_at && *session.ended_at + kShownFor < rooms_.clock.now();
  if (is_past || (session.connection.is_none() && !is_first_try)) co_return AccountShown{};
  AccountNamed named{session.workspace, session.mode, session.connection, session.account};
  co_return co_await rooms_.steps.show(std::move(named));
}

}  // namespace flowsell::onboarding
