#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "channel/account_calls.h"
#include "connections/provider_calls.h"
#include "connections/token_watch.h"
#include "core/sensitive.h"
#include "identity/workspaces.h"
#include "onboarding/account_steps.h"
#include "onboarding/session.h"
#include "onboarding/signup_place.h"
#include "runtime/task.h"
#include "store/database.h"
#include "webhook/events.h"

namespace flowsell::onboarding {

/// Which workspace a link is of, so that its home can be found. Fails with kNotFound: the text
/// can't be a link. Whether there is such a link is another question: Door::find().
Result<WorkspaceId> workspace_of_link(std::string_view link);

/// The side of who has the link: nobody knows him, and all that he sends came through a browser.
/// A session is worked on by one call at a time; what others send meanwhile changes nothing.
/// Thread-safe.
class Door {
 public:
  /// One exchange, or all steps, may take so long; then somebody else may go on.
  static constexpr std::chrono::seconds kExchangeMax{30};
  /// Longer than all steps take: connections::Connector ends them by its own time.
  static constexpr std::chrono::seconds kConnectMax{180};

  struct Rooms {
    store::Database& db;
    webhook::Events& events;
    identity::Workspaces& workspaces;
    connections::ProviderCalls& calls;
    AccountSteps& steps;
    IdSource& ids;
    const Clock& clock;
  };
  /// `places` outlive it.
  Door(Rooms rooms, const SignupPlaces& places) : rooms_(rooms), places_(places) {}

  const SignupPlaces& places() const noexcept { return places_; }
  /// Fails with kNotFound.
  Task<Session> find(std::string link) const;
  /// Somebody has it before him.
  Task<Session> open(Session session, audit::Origin from);
  /// Exchanged at once: it is good for 30 seconds. Of a session that has a grant, or that another
  /// call works on, nothing changes.
  Task<Session> take_code(Session session, Secret code, audit::Origin from);
  /// What the provider's page said. Fails with kInvalidRequest: nothing that we know.
  Task<Session> take_message(Session session, std::string text, audit::Origin from);
  /// The steps behind the consent, as far as they are not done. Fails with kConflict: there is no
  /// consent yet.
  Task<Session> connect(Session session, Secret pin, audit::Origin from);

  /// Where the browser goes to be asked. `browser`: a secret that it keeps, and must have when it
  /// comes back. Fails with kConflict: not with this session, or not now.
  Task<std::string> begin_oauth(Session session, Secret browser, audit::Origin from);
  /// It came back with that query. What does not belong to a sign-in that this browser began
  /// changes nothing, and fails with kInvalidToken.
  Task<Session> finish_oauth(Session session, Secret browser, std::string query,
                             audit::Origin from);

  /// Another sign-up, in place of one whose steps did not succeed. Of a session that is worked on
  /// nothing changes.
  Task<Session> restart(Session session, audit::Origin from);

  /// Somebody takes back what they have given: tokens that are still here go. Whoever has the link
  /// may sign up anew.
  Task<> person_left(connections::PersonLeft person);

  /// What is known of the account by now. Of one that is connected for an hour only: a link lies
  /// about in mails.
  static constexpr std::chrono::hours kShownFor{1};
  Task<AccountShown> show(Session session) const;

 private:
  Task<Session> exchange(Session session, Secret code, std::string redirect_uri,
                         audit::Origin from);
  /// What a code was worth.
  struct Grant {
    channel::IssuedToken issued;
    std::string user;  ///< whom it speaks for
  };
  Task<Grant> ask_for_grant(Session session, Secret code, std::string redirect_uri);
  Task<std::string> ask_whose(WorkspaceId workspace, identity::Mode mode, Secret token);
  Task<AccountOutcome> run_steps(Session session, Secret pin, audit::Origin from);
  Failure failure_of(const Error& error) const noexcept;

  Rooms rooms_;
  const SignupPlaces& places_;
};

}  // namespace flowsell::onboarding
