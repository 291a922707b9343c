#include "api/api.h"

#include <chrono>

#include "answered.h"
#include "asked.h"
#include "browser.h"
#include "call.h"
#include "headers.h"
#include "problem.h"
#include "route_kinds.h"
#include "staff_door.h"
#include "support_access.h"
#include "telemetry/log.h"
#include "throttle.h"

namespace flowsell::api {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kVisitBytesMax = 65'536;
constexpr std::string_view kSupportHeader = "Connect-Support-Session";

Error not_for_workspace() {
  return {ErrorCode::kSessionNotForWorkspace,
          "the session rests on the word of another workspace's identity provider"};
}

}  // namespace

class Api::Impl final : public Routes {
 public:
  explicit Impl(Process process)
      : process_(std::move(process)),
        throttle_(process_.limits, process_.clock),
        answered_(process_.metrics) {
    add_all_routes(*this, process_);
  }

  void add(http::Method method, std::string pattern, identity::Scope scope,
           CallHandler handler) override {
    add_call(method, std::move(pattern), scope, std::move(handler), /*names_workspace=*/false);
  }

  void add_of_workspace(http::Method method, std::string pattern, identity::Scope scope,
                        CallHandler handler) override {
    add_call(method, std::move(pattern), scope, std::move(handler), /*names_workspace=*/true);
  }

  void add_streamed(http::Method method, std::string pattern, identity::Scope scope,
                    CallHandler handler) override {
    if (method == http::Method::kPost) streamed_.add(method, pattern, nobody);
    add_call(method, std::move(pattern), scope, std::move(handler), /*names_workspace=*/false,
             /*streams_answer=*/method == http::Method::kGet);
  }

  void add_admin(http::Method method, std::string pattern, operators::Power power,
                 AdminHandler handler, Reason reason) override {
    const bool needs_reason = reason == Reason::kInHeader;
    AdminRoute route{method, pattern, power, needs_reason, std::move(handler)};
    VisitHandler answer = [this, route = std::move(route)](Visit& visit) {
      return answer_admin(visit, route);
    };
    add_signed_in(method, std::move(pattern), std::move(answer));
  }

  void add_signed_in(http::Method method, std::string pattern, VisitHandler handler) override {
    add_open(method, std::move(pattern),
             [this, handler = std::move(handler)](const http::Request& request) {
               return answer_visit(request, handler, Visitor::kOwner);
             });
  }

  void add_signed_in_anyhow(http::Method method, std::string pattern,
                            VisitHandler handler) override {
    add_open(method, std::move(pattern),
             [this, handler = std::move(handler)](const http::Request& request) {
               return answer_visit(request, handler, Visitor::kSignedIn);
             });
  }

  void add_visit(http::Method method, std::string pattern, VisitHandler handler,
                 Guard guard) override {
    VisitHandler guarded = std::move(handler);
    if (guard == Guard::kByNetwork) {
      guarded = [this, inner = std::move(guarded)](Visit& visit) {
        return answer_throttled(visit, inner);
      };
    }
    add_open(method, std::move(pattern),
             [this, handler = std::move(guarded)](const http::Request& request) {
               return answer_visit(request, handler, Visitor::kAnybody);
             });
  }

  void add_open(http::Method method, std::string pattern, http::Handler handler) override {
    add_route(method, std::move(pattern), std::move(handler), /*streams_answer=*/false);
  }

  Awaitable<http::Response> handle(http::Request& request) {
    const auto begun = SteadyClock::now();
    const std::string id = process_.ids.next<IdKind::kRequest>().str();
    request.id = id;
    auto match = router_.find(request.method, request.path);
    request.params = std::move(match.params);
    request.wants_stream = match.streams;
    http::Response response;
    if (match.handler != nullptr) {
      response = co_await (*match.handler)(request);
    } else {
      response = no_route(match);
    }
    answered_.finish(request, response, match.pattern, id, SteadyClock::now() - begun);
    co_return response;
  }

  bool streams(http::Method method, std::string_view target) const {
    return streamed_.find(method, target.substr(0, target.find('?'))).handler != nullptr;
  }

  http::Response refuse(const Error& error) {
    const std::string id = process_.ids.next<IdKind::kRequest>().str();
    http::Response response = problem(error, id);
    response.headers.push_back({"Request-Id", id});
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
  }

 private:
  /// Only the route counts.
  static Awaitable<http::Response> nobody(const http::Request& /*request*/) {
    co_return http::Response{};
  }

  static http::Response no_route(const http::Router::Match& match) {
    if (match.pattern.empty()) return problem({ErrorCode::kNotFound, "there is no such path"}, {});
    auto response = problem({ErrorCode::kMethodNotAllowed, "the path takes " + match.allow}, {});
    response.headers.push_back({"Allow", match.allow});
    return response;
  }

  void add_call(http::Method method, std::string pattern, identity::Scope scope,
                CallHandler handler, bool names_workspace, bool streams_answer = false) {
    CallRoute route{
        method,         pattern, scope, is_open_to_support(method, pattern), std::move(handler),
        names_workspace};
    auto authorized = [this, route = std::move(route)](const http::Request& request) {
      return answer_call(request, route);
    };
    add_route(method, std::move(pattern), std::move(authorized), streams_answer);
  }

  void add_route(http::Method method, std::string pattern, http::Handler handler,
                 bool streams_answer) {
    answered_.add_route(pattern);
    router_.add(method, std::move(pattern), std::move(handler), streams_answer);
  }

  Awaitable<http::Response> answer_call(const http::Request& request, const CallRoute& route) {
    if (request.header("Authorization").empty()) {
      auto session = cookie(request, kSessionCookie);
      if (!session) co_return problem(session.error(), {});
      if (!session->empty() && !request.header(kSupportHeader).empty())
        co_return co_await answer_support(request, route, *std::move(session));
      if (!session->empty()) co_return co_await answer_member(request, route, *std::move(session));
    }
    if (auto home = process_.homes.find_now(request))
      co_return co_await answer_at(*home, request, route);
    auto home = co_await process_.homes.find(request);
    if (!home) co_return problem(home.error(), {});
    if (home->services() == nullptr) co_return home->take_answer();
    co_return co_await answer_at(*home, request, route);
  }

  Awaitable<http::Response> answer_at(const Home& home, const http::Request& request,
                                      const CallRoute& route) {
    const Services& services = *home.services();
    const auto authorization = request.header("Authorization");
    auto key = services.api_keys.find_cached(authorization);
    if (!key) {
      auto found = co_await services.api_keys.authenticate(std::string(authorization));
      if (!found) co_return problem(found.error(), {});
      key = *std::move(found);
    }
    if (const auto enters = let_in(services, *key, request); !enters)
      co_return problem(enters.error(), {});
    Call call{request, services, key->caller, key.get(), std::nullopt};
    co_return co_await answer_caller(call, route);
  }

  /// The answer to a user who asks too much.
  http::Response slow_down(const metering::RateLimit::Decision& rate) const {
    http::Response response = problem(Throttle::refusal(rate), {});
    add_rate_headers(response, rate, std::nullopt, process_.clock.now(), RateOf::kUser);
    return response;
  }

  Task<http::Response> answer_throttled(Visit& visit, const VisitHandler& handler) {
    const auto rate = throttle_.take_of_network(visit.request.remote_address);
    if (!rate.admitted) co_return std::unexpected(Throttle::refusal(rate));
    co_return co_await handler(visit);
  }

  /// Of who has signed in, in one of his workspaces.
  Awaitable<http::Response> answer_member(const http::Request& request, const CallRoute& route,
                                          Secret token) {
    if (const auto same = check_same_site(request); !same) co_return problem(same.error(), {});
    auto session = co_await find_session(request, std::move(token));
    if (!session) co_return problem(session.error(), {});
    const auto rate = throttle_.take(session->user.id);
    if (!rate.admitted) co_return slow_down(rate);
    const auto workspace = co_await workspace_of(request, route, *session);
    if (!workspace) co_return problem(workspace.error(), {});
    auto home = co_await process_.homes.find_named(workspace_name(*workspace), request);
    if (!home && home.error().code == ErrorCode::kNotFound)
      co_await heal_list(session->user.id, *workspace);
    if (!home) co_return problem(home.error(), {});
    if (home->services() == nullptr) co_return home->take_answer();
    const Services& services = *home->services();
    const auto role = co_await services.members.role_of(*workspace, session->user.id);
    if (!role) co_return problem(role.error(), {});
    if (!*role) {
      co_await heal_list(session->user.id, *workspace);
      co_return problem({ErrorCode::kNotFound, "there is no such workspace"}, {});
    }
    if (const auto enters = check_entry(services, *workspace, *session, **role, request); !enters)
      co_return problem(enters.error(), {});
    if (const auto accepted = co_await check_terms(route, *session); !accepted)
      co_return problem(accepted.error(), {});
    const auto mode = mode_of(request);
    if (!mode) co_return problem(mode.error(), {});
    Call call{request,
              services,
              {*workspace, {}, *mode, identity::scopes_of(**role), session->user.id},
              nullptr,
              std::nullopt,
              **role,
              process_.homes.accounts(),
              process_.homes.sso(),
              &*session,
              rate};
    co_return co_await answer_caller(call, route);
  }

  /// Nobody asked for them whom his company's provider brought: he may read, and accept them.
  Task<> check_terms(const CallRoute& route, const accounts::Session& session) {
    const bool changes_nothing = route.method == http::Method::kGet;
    if (!is_confined(session) || changes_nothing || route.pattern == "/v1/terms_acceptances")
      co_return Result<>{};
    co_return co_await process_.homes.accounts()->check_any_terms(session.user.id);
  }

  /// Of an operator, in the workspace that a support session of his is about.
  Awaitable<http::Response> answer_support(const http::Request& request, const CallRoute& route,
                                           Secret token) {
    if (const auto same = check_same_site(request); !same) co_return problem(same.error(), {});
    const auto id = SupportSessionId::parse(request.header(kSupportHeader));
    if (!id) co_return problem(id.error(), {});
    auto session = co_await find_session(request, std::move(token));
    if (!session) co_return problem(session.error(), {});
    if (is_confined(*session)) co_return problem(not_for_workspace(), {});
    const auto rate = throttle_.take(session->user.id);
    if (!rate.admitted) co_return slow_down(rate);
    Staff& staff = *process_.homes.staff();
    const auto who = co_await operator_of(*session, staff, process_.needs_second_factor);
    if (!who) co_return problem(lets_nobody_in(who.error()), {});
    const auto opening = co_await staff.openings.find(*id);
    if (!opening) co_return problem(opening.error(), {});
    if (!*opening || (*opening)->user != who->user) co_return problem(inactive(), {});
    auto home = co_await process_.homes.find_named(workspace_name((*opening)->workspace), request);
    if (!home) co_return problem(home.error(), {});
    if (home->services() == nullptr) co_return home->take_answer();
    const Services& services = *home->services();
    const auto support = co_await services.support_sessions.find((*opening)->workspace, *id);
    if (!support) co_return problem(lets_nobody_in(support.error()), {});
    if (support->status(services.clock.now()) != team::SupportStatus::kActive)
      co_return problem(inactive(), {});
    const auto mode = mode_of(request);
    if (!mode) co_return problem(mode.error(), {});
    identity::Caller caller;
    caller.workspace = support->workspace;
    caller.mode = *mode;
    caller.scopes = scopes_of_support(*support, request.method, operators::readable_by(who->role),
                                      operators::writable_by(who->role));
    caller.user = who->user;
    caller.support = *id;
    Call call{request, services, caller, nullptr, std::nullopt};
    call.accounts = process_.homes.accounts();
    call.user_rate = rate;
    co_return co_await answer_caller(call, route);
  }

  /// One that is over, that waits, that is another's, or that never was: who asks is not told.
  static Error inactive() {
    return {ErrorCode::kSupportSessionInactive,
            "you have no support session of that id, or it waits for approval, or is over"};
  }
  static Error lets_nobody_in(const Error& error) {
    return error.code == ErrorCode::kNotFound ? inactive() : error;
  }

  /// Before a call under a support session is answered it is on the workspace's record; one that is
  /// refused for what it asks too.
  static Task<> record_support(const Call& call, const CallRoute& route, bool is_refused) {
    const auto act =
        is_refused ? std::string_view("support_session.refused") : support_act(call.request.method);
    co_return co_await call.services.support_sessions.record(
        {call.caller.workspace, call.caller.support, call.caller.user, std::string(act),
         operation_name(route.method, route.pattern), object_of(call.request),
         asked_json(call.request.query), call.caller.mode, origin_of(call.request)});
  }

  Task<http::Response> answer_admin(Visit& visit, const AdminRoute& route) {
    Staff& staff = *process_.homes.staff();
    CO_TRY(auto who, co_await operator_of(*visit.session, staff, process_.needs_second_factor));
    AdminCall call{visit, staff, std::move(who)};
    const std::string operation = operation_name(route.method, route.pattern);
    if (const auto allowed = check_power(call.who, route.power); !allowed) {
      CO_CHECK_OK(co_await staff.operators.record(call.by(), "operator.refused", operation,
                                                  object_of(visit.request), {}));
      co_return std::unexpected(allowed.error());
    }
    CO_CHECK_OK(stated_reason(visit.request, route.needs_reason));
    CO_TRY(auto response, co_await route.handler(call));
    if (route.method == http::Method::kGet && !response.is_relayed) {
      CO_CHECK_OK(co_await staff.operators.record(call.by(), "operator.read", operation,
                                                  object_of(visit.request),
                                                  asked_json(visit.request.query)));
    }
    co_return response;
  }

  /// What a list shows that was cut short in the middle of a change. A workspace that is younger
  /// may be about to get its owner.
  Awaitable<void> heal_list(UserId user, WorkspaceId workspace) {
    if (process_.clock.now() - workspace.time() < std::chrono::minutes(1)) co_return;
    const auto done = co_await process_.homes.accounts()->unlist_workspace(user, workspace);
    if (!done)
      log::warn("a list of workspaces could not be put right", {{"why", done.error().detail}});
  }

  Task<accounts::Session> find_session(const http::Request& request, Secret token) {
    accounts::Accounts* const accounts = process_.homes.accounts();
    if (accounts == nullptr) co_return std::unexpected(not_ready());
    co_return co_await accounts->find_session(std::move(token),
                                              std::string(request.remote_address));
  }

  /// The one that the request names, or the only one of the user's. A session that rests on the
  /// word of a workspace's provider has that one: no company opens the doors of another.
  Task<WorkspaceId> workspace_of(const http::Request& request, const CallRoute& route,
                                 const accounts::Session& session) {
    const std::string_view named = route.names_workspace ? std::string_view(request.params.at(0))
                                                         : request.header("Connect-Workspace");
    if (is_confined(session)) {
      const WorkspaceId only = session.voucher->workspace;
      if (!named.empty() && named != only.str()) co_return std::unexpected(not_for_workspace());
      co_return only;
    }
    if (!named.empty()) co_return WorkspaceId::parse(named);
    CO_TRY(const auto all, co_await process_.homes.accounts()->workspaces_of(session.user.id));
    if (all.empty()) {
      co_return fail(ErrorCode::kWorkspaceRequired,
                     "you have no workspace yet: make one with POST /v1/workspaces");
    }
    if (all.size() > 1)
      co_return fail(ErrorCode::kWorkspaceRequired, "you have several workspaces");
    co_return all.front().id;
  }

  Result<identity::Mode> mode_of(const http::Request& request) const {
    const auto named = request.header("Connect-Mode");
    if (named.empty()) return process_.default_mode;
    if (const auto mode = identity::mode_named(named)) return *mode;
    return fail_field("Connect-Mode", "invalid_value", "there is no such mode",
                      "Send live or test.");
  }

  static Error not_ready() {
    Error error{ErrorCode::kStoreUnavailable, "the server is starting"};
    error.retry_after = std::chrono::seconds(1);
    return error;
  }

  Awaitable<http::Response> answer_visit(const http::Request& request, const VisitHandler& handler,
                                         Visitor who) {
    accounts::Accounts* const accounts = process_.homes.accounts();
    sso::SingleSignOn* const sso = process_.homes.sso();
    passkeys::Passkeys* const passkeys = process_.homes.passkeys();
    if (accounts == nullptr || sso == nullptr || passkeys == nullptr)
      co_return problem(not_ready(), {});
    if (const auto same = check_same_site(request); !same) co_return problem(same.error(), {});
    if (const auto version = check_version(request); !version)
      co_return problem(version.error(), {});
    if (request.body.size() > kVisitBytesMax)
      co_return problem({ErrorCode::kPayloadTooLarge, "the body may have 65536 bytes"}, {});
    Visit visit{request,        *accounts,      *sso,         *passkeys,
                process_.homes, process_.clock, std::nullopt, process_.session_life};
    std::optional<metering::RateLimit::Decision> rate;  // of who has signed in
    if (who != Visitor::kAnybody) {
      auto token = cookie(request, kSessionCookie);
      if (!token) co_return problem(token.error(), {});
      if (token->empty())
        co_return problem({ErrorCode::kInvalidSession, "the request has no session's cookie"}, {});
      auto session =
          co_await accounts->find_session(*std::move(token), std::string(request.remote_address));
      if (!session) co_return problem(session.error(), {});
      rate = throttle_.take(session->user.id);
      if (!rate->admitted) co_return slow_down(*rate);
      if (who == Visitor::kOwner && is_confined(*session))
        co_return problem(not_for_workspace(), {});
      visit.session = *std::move(session);
    }
    auto answered = co_await handler(visit);
    http::Response response = answered ? *std::move(answered) : problem(answered.error(), {});
    if (rate && !response.is_relayed)
      add_rate_headers(response, *rate, std::nullopt, process_.clock.now(), RateOf::kUser);
    co_return response;
  }

  /// The call of somebody who is known.
  Awaitable<http::Response> answer_caller(Call& call, const CallRoute& route) {
    const Services& services = call.services;
    const auto rate = call.user_rate ? *call.user_rate
                                     : services.rate_limit.take(call.caller.key.bytes(),
                                                                services.clock.steady_now(),
                                                                call.key->rules.per_second);
    auto answered = co_await answer_checked(call, route, rate);
    http::Response response = answered ? *std::move(answered) : problem(answered.error(), {});
    add_rate_headers(response, rate, call.quota, services.clock.now(),
                     call.user_rate ? RateOf::kUser : RateOf::kKey);
    // Only here, where a caller was found: what a balancer learns is bounded by those who exist.
    if (!process_.name_at_balancer.empty())
      response.headers.push_back({"Connect-Served-By", process_.name_at_balancer});
    co_return response;
  }

  static Task<http::Response> answer_checked(Call& call, const CallRoute& route,
                                             const metering::RateLimit::Decision& rate) {
    const auto checked = check_call(call, route, rate);
    if (!call.caller.support.is_none()) {
      const bool is_refused = !checked && checked.error().code == ErrorCode::kInsufficientScope;
      if (checked || is_refused) CO_CHECK_OK(co_await record_support(call, route, is_refused));
    }
    if (!checked) co_return std::unexpected(checked.error());
    co_return co_await route.handler(call);
  }

  static Result<> check_call(const Call& call, const CallRoute& route,
                             const metering::RateLimit::Decision& rate) {
    if (!rate.admitted) return std::unexpected(Throttle::refusal(rate));
    const std::size_t body_max = call.services.body_bytes_max;
    if (call.request.body.size() > body_max) {
      return fail(ErrorCode::kPayloadTooLarge,
                  "the body may have " + std::to_string(body_max) + " bytes");
    }
    CHECK_OK(check_version(call.request));
    if (!call.caller.support.is_none() && !route.is_open_to_support)
      return fail(ErrorCode::kInsufficientScope, "no support session may do that");
    if (!call.caller.scopes.has(route.scope)) {
      return fail(ErrorCode::kInsufficientScope,
                  "the caller lacks the scope " + std::string(identity::scope_name(route.scope)));
    }
    if (route.names_workspace && call.request.params.at(0) != call.caller.workspace.str())
      return fail(ErrorCode::kNotFound, "there is no such workspace");
    return {};
  }

  Process process_;
  http::Router router_;
  http::Router streamed_;  ///< those whose body is a stream
  Throttle throttle_;
  Answered answered_;
};

http::Response problem_of(const Error& error) { return problem(error, {}); }

http::Response no_content() {
  http::Response response;
  response.status = 204;
  return response;
}

audit::Origin origin_of(const http::Request& request) {
  return {std::string(request.remote_address), std::string(request.header("User-Agent")),
          std::string(request.id)};
}

team::By Call::by() const { return {caller, role, origin_of(request)}; }

operators::By AdminCall::by() const {
  return {who.user, who.role, stated_reason(visit.request, false).value_or(""), visit.origin()};
}

Api::Api(Process process) : impl_(std::make_unique<Impl>(std::move(process))) {}
Api::~Api() = default;
Awaitable<http::Response> Api::handle(http::Request& request) { return impl_->handle(request); }
bool Api::streams(http::Method method, std::string_view target) const {
  return impl_->streams(method, target);
}
http::Response Api::refuse(const Error& error) const { return impl_->refuse(error); }

}  // namespace flowsell::api
