#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "api/api.h"
#include "api/key_door.h"
#include "http/message.h"
#include "http/router.h"
#include "runtime/task.h"
#include "team/by.h"

namespace flowsell::api {

/// One authenticated request, with what its answer will say beside the body.
struct Call {
  const http::Request& request;
  const Services& services;
  identity::Caller caller;
  const identity::KnownKey* key = nullptr;  ///< nullptr: a member who has signed in
  std::optional<metering::Quota>
      quota;  ///< set by a handler that used some: for the RateLimit headers
  identity::Role role = identity::Role::kViewer;                ///< of a member
  accounts::Accounts* accounts = nullptr;                       ///< of a member's call always
  sso::SingleSignOn* sso = nullptr;                             ///< the same
  const accounts::Session* session = nullptr;                   ///< the same
  std::optional<metering::RateLimit::Decision> user_rate = {};  ///< the same, and of an operator's

  team::By by() const;
};

/// The key may still be used, and from there.
Result<> check_key(const identity::KnownKey& key, const http::Request& request, Time now);

/// Lets a key in: it may be used, and from there, and the workspace takes that address. Its use is
/// noted. Fails with kInvalidApiKey and kAddressNotAllowed.
Result<> let_in(const Services& services, const identity::KnownKey& key,
                const http::Request& request);

/// True of a session that rests on the word of a workspace's identity provider: it is good in that
/// workspace only, and not for the account itself.
bool is_confined(const accounts::Session& session) noexcept;
/// Whether a workspace that takes single sign-on only lets a member's session in: one that its own
/// provider vouches for. And, for when that provider fails, an owner's that a second factor, or
/// a passkey, has confirmed.
bool is_signed_on(const accounts::Session& session, const WorkspaceId& workspace,
                  identity::Role role) noexcept;
/// Whether the workspace's list has the address that a request comes from. Fails with
/// kAddressNotAllowed.
Result<> check_address(const Services& services, const WorkspaceId& workspace,
                       const http::Request& request);
/// What every way of a member into a workspace asks, beside his role: where he calls from, and how
/// he has signed in. Fails with kAddressNotAllowed and kSsoRequired.
Result<> check_entry(const Services& services, const WorkspaceId& workspace,
                     const accounts::Session& session, identity::Role role,
                     const http::Request& request);

/// The user of that id, or nullptr.
inline const accounts::User* user_in(const std::vector<accounts::User>& users, const UserId& id) {
  const auto user = std::ranges::find(users, id, &accounts::User::id);
  return user == users.end() ? nullptr : &*user;
}

/// Answers a call. The call outlives the coroutine.
using CallHandler = std::function<Task<http::Response>(Call&)>;

/// A request about accounts: of somebody who has signed in, or of anybody.
struct Visit {
  const http::Request& request;
  accounts::Accounts& accounts;
  sso::SingleSignOn& sso;
  passkeys::Passkeys& passkeys;
  Homes& homes;
  const Clock& clock;
  std::optional<accounts::Session> session;  ///< of add_signed_in()'s always
  std::chrono::seconds session_life;

  /// What it says of itself, once it is in the services' hands.
  audit::Origin origin() const { return origin_of(request); }
};
using VisitHandler = std::function<Task<http::Response>(Visit&)>;

/// A request of an operator about the installation, or about one of its workspaces.
struct AdminCall {
  Visit& visit;
  Staff& staff;
  operators::Operator who;

  /// For records: with the reason that he gives in Connect-Reason.
  operators::By by() const;
  /// His own name.
  const accounts::User& user() const { return visit.session->user; }
};
using AdminHandler = std::function<Task<http::Response>(AdminCall&)>;
/// The answer where there is nothing to show.
http::Response no_content();

/// Where resources add their routes.
class Routes {
 public:
  virtual ~Routes() = default;
  /// A route for callers whose key has the scope.
  virtual void add(http::Method method, std::string pattern, identity::Scope scope,
                   CallHandler handler) = 0;
  /// The same where the path's first parameter names the workspace.
  virtual void add_of_workspace(http::Method method, std::string pattern, identity::Scope scope,
                                CallHandler handler) = 0;
  /// The same where what is large goes in pieces: of a POST the request's body, which is then in
  /// http::Request::stream whatever it is, of a GET the answer's.
  virtual void add_streamed(http::Method method, std::string pattern, identity::Scope scope,
                            CallHandler handler) = 0;
  /// A route for who has signed in, whatever the workspace. Not for sessions that rest on the word
  /// of a workspace's provider: the account is more than that workspace.
  virtual void add_signed_in(http::Method method, std::string pattern, VisitHandler handler) = 0;
  /// The same for such sessions too.
  virtual void add_signed_in_anyhow(http::Method method, std::string pattern,
                                    VisitHandler handler) = 0;
  /// A route for operators whose role has the power. To others there is no such path; a session
  /// without a second factor is refused where that is required. What reads is put on the operators'
  /// record here, what changes something does so in its own transaction. A change has to say why in
  /// Connect-Reason, unless its `reason` stands elsewhere.
  enum class Reason : std::uint8_t { kInHeader, kElsewhere };
  virtual void add_admin(http::Method method, std::string pattern, operators::Power power,
                         AdminHandler handler, Reason reason = Reason::kInHeader) = 0;
  /// A route about accounts for everybody. Where what is sent in opens something, each network has
  /// so many requests a minute, unless the room behind it counts attempts itself.
  enum class Guard : std::uint8_t { kNone, kByNetwork };
  virtual void add_visit(http::Method method, std::string pattern, VisitHandler handler,
                         Guard guard = Guard::kNone) = 0;
  /// A route without a key.
  virtual void add_open(http::Method method, std::string pattern, http::Handler handler) = 0;
};

// One file a resource.
/// All that follow.
void add_all_routes(Routes& routes, const Api::Process& process);
void add_message_routes(Routes& routes);
void add_webhook_endpoint_routes(Routes& routes);
void add_event_routes(Routes& routes);
void add_delivery_routes(Routes& routes);
void add_sender_routes(Routes& routes);
void add_connection_routes(Routes& routes);
void add_admin_connection_routes(Routes& routes, const Api::Process& process);
void add_sender_profile_routes(Routes& routes);
void add_sender_list_routes(Routes& routes);
void add_connection_check_routes(Routes& routes);
void add_preflight_routes(Routes& routes);
void add_media_routes(Routes& routes);
void add_template_routes(Routes& routes);
void add_quota_routes(Routes& routes);
void add_session_routes(Routes& routes);
void add_user_routes(Routes& routes);
void add_second_factor_routes(Routes& routes);
void add_passkey_routes(Routes& routes);
void add_workspace_routes(Routes& routes);
void add_member_routes(Routes& routes);
void add_api_key_routes(Routes& routes);
void add_audit_routes(Routes& routes, const Api::Process& process);
void add_data_request_routes(Routes& routes);
void add_sso_sign_in_routes(Routes& routes);
void add_sso_identity_routes(Routes& routes);
void add_sso_provider_routes(Routes& routes);
void add_sso_domain_routes(Routes& routes);
void add_support_session_routes(Routes& routes);
void add_admin_data_request_routes(Routes& routes);
void add_admin_support_routes(Routes& routes);
void add_admin_operator_routes(Routes& routes);
void add_admin_user_routes(Routes& routes);
void add_admin_workspace_routes(Routes& routes);
void add_second_factor_removal_routes(Routes& routes);
void add_consent_routes(Routes& routes);
void add_retention_run_routes(Routes& routes);
void add_onboarding_routes(Routes& routes);
void add_terms_routes(Routes& routes, const Api::Process& process);
void add_hook_routes(Routes& routes, const Api::Process& process);
void add_provider_callback_routes(Routes& routes, const Api::Process& process);
void add_sandbox_routes(Routes& routes, const Api::Process& process);
void add_health_routes(Routes& routes, const Api::Process& process);

}  // namespace flowsell::api
