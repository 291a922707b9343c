#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/id.h"
#include "core/page.h"
#include "core/time.h"
#include "crypto/hash.h"
#include "identity/caller.h"
#include "onboarding/failure.h"

namespace flowsell::onboarding {

/// How a customer's consent is asked for. Numbers are stored.
enum class Way : std::uint8_t { kEmbeddedSignup = 1, kOauth = 2 };
std::string_view way_name(Way way) noexcept;
std::optional<Way> way_named(std::string_view name) noexcept;

/// Numbers are stored. Over are those from kDone on.
enum class State : std::uint8_t {
  kCreated = 1,
  kOpened = 2,       ///< somebody has looked at the page
  kSignedUp = 3,     ///< the provider has given its consent to us
  kConnecting = 4,   ///< its account is being connected at this moment
  kFailed = 5,       ///< and may be tried again
  kCancelled = 6,    ///< the same
  kAwaitingPin = 7,  ///< of the number: all that can be done without it is done
  kDone = 10,
  kExpired = 11,
  kRevoked = 12,
};
std::string_view state_name(State state) noexcept;
/// Where the customer's consent is. Numbers are stored.
enum class Consent : std::uint8_t {
  kNone = 0,
  kHeld = 1,    ///< here, sealed
  kStored = 2,  ///< with the connection
};
constexpr bool is_over(State state) noexcept { return state >= State::kDone; }

/// A link by which somebody connects an account to a workspace, and how far he is.
struct Session {
  OnboardingSessionId id;
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  Way way = Way::kEmbeddedSignup;
  State state = State::kCreated;
  std::string label;       ///< the workspace's own words
  std::string return_url;  ///< where the page leads afterwards; empty: nowhere
  bool allows_coexistence = false;
  crypto::Digest token_hash{};
  std::string created_by;  ///< the id of user, key or operator
  Time created_at{}, updated_at{}, expires_at{};
  std::optional<Time> opened_at, ended_at;

  /// Of kFailed, kCancelled and kAwaitingPin.
  std::optional<Failure> failure;
  std::int64_t provider_code = 0, provider_subcode = 0;
  std::string provider_trace;

  // What the browser has told: a hint.
  std::string account, address;
  bool coexists = false;

  Consent consent = Consent::kNone;
  std::string sealed_grant;  ///< of kHeld: the token that a sign-up gave
  std::string grant_user;    ///< whom it speaks for: the provider's id; empty: it names nobody
  std::optional<Time> granted_at, granted_until;
  std::string oauth_hash;          ///< of the state that a browser was sent away with; empty: none
  ConnectionId connection;         ///< what came of it
  std::optional<Time> busy_until;  ///< somebody works on it; a crash ends that by itself

  /// The token goes, and whose it was.
  void forget_grant() noexcept;
  bool is_busy(Time now) const noexcept { return busy_until && *busy_until > now; }
  /// As it counts now: time ends it before anybody notes that.
  State state_at(Time now) const noexcept;
  bool takes_visitors(Time now) const noexcept { return !is_over(state_at(now)); }
  /// What leads on from its failure: without a consent there are no steps to be tried again.
  Next next() const noexcept;
};
using SessionPage = Page<Session, OnboardingSessionId>;

/// A page of a workspace's sessions in one mode, newest first.
struct Query {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  std::optional<OnboardingSessionId> after;   ///< older than it
  std::optional<OnboardingSessionId> before;  ///< newer than it
  std::size_t limit = 20;
};

/// The inside of the JSON object that stands for it, no braces: of answers and of events. The same
/// but for `url`.
std::string render_fields(const Session& session, Time now);

}  // namespace flowsell::onboarding
