#include "support_access.h"

#include <algorithm>
#include <array>

namespace flowsell::api {
namespace {

using http::Method;

struct OpenCall {
  Method method;
  std::string_view pattern;
};

// What is missing here, and why: making an endpoint shows its secret and sends content elsewhere;
// events hold content while they wait; keys are made and changed by members only, and so are
// members, invitations, settings, and whom support lets in.
constexpr std::array kOpenCalls = {
    OpenCall{Method::kGet, "/v1/messages"},
    OpenCall{Method::kGet, "/v1/messages/{}"},
    OpenCall{Method::kPost, "/v1/messages"},
    OpenCall{Method::kPost, "/v1/messages/validate"},
    OpenCall{Method::kPost, "/v1/messages/{}/read"},
    OpenCall{Method::kGet, "/v1/senders"},
    OpenCall{Method::kGet, "/v1/connections"},
    OpenCall{Method::kGet, "/v1/connections/{}"},
    OpenCall{Method::kPost, "/v1/connections/{}/resume"},
    OpenCall{Method::kGet, "/v1/senders/{}"},
    OpenCall{Method::kPost, "/v1/connections/{}/diagnose"},
    OpenCall{Method::kGet, "/v1/webhook_endpoints"},
    OpenCall{Method::kGet, "/v1/webhook_endpoints/{}"},
    OpenCall{Method::kPatch, "/v1/webhook_endpoints/{}"},  // not its URL and events
    OpenCall{Method::kDelete, "/v1/webhook_endpoints/{}"},
    OpenCall{Method::kGet, "/v1/deliveries"},
    OpenCall{Method::kGet, "/v1/quota"},
    OpenCall{Method::kGet, "/v1/usage"},
    OpenCall{Method::kGet, "/v1/workspaces/{}"},
    OpenCall{Method::kGet, "/v1/members"},
    OpenCall{Method::kGet, "/v1/invitations"},
    OpenCall{Method::kGet, "/v1/api_keys"},
    OpenCall{Method::kGet, "/v1/api_keys/{}"},
    OpenCall{Method::kGet, "/v1/audit_events"},
    OpenCall{Method::kGet, "/v1/audit_events/{}"},
};

bool reads(Method method) noexcept { return method == Method::kGet || method == Method::kHead; }

}  // namespace

bool is_open_to_support(Method method, std::string_view pattern) noexcept {
  return std::ranges::any_of(kOpenCalls, [&](const OpenCall& each) {
    return each.method == method && each.pattern == pattern;
  });
}

identity::Scopes scopes_of_support(const team::SupportSession& session, Method method,
                                   identity::Scopes readable, identity::Scopes writable) {
  return reads(method) ? session.reads & readable : session.writes & writable;
}

std::string_view support_act(Method method) noexcept {
  return reads(method) ? "support_session.read" : "support_session.write";
}

}  // namespace flowsell::api
