#include "onboarding/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/writer.h"
#include "write_failure.h"

namespace flowsell::onboarding {
namespace {

constexpr std::array kWays = {std::pair{Way::kEmbeddedSignup, std::string_view("embedded_signup")},
                              std::pair{Way::kOauth, std::string_view("oauth")}};
constexpr std::array kStates = {std::pair{State::kCreated, std::string_view("created")},
                                std::pair{State::kOpened, std::string_view("opened")},
                                std::pair{State::kSignedUp, std::string_view("signed_up")},
                                std::pair{State::kConnecting, std::string_view("connecting")},
                                std::pair{State::kFailed, std::string_view("failed")},
                                std::pair{State::kCancelled, std::string_view("cancelled")},
                                std::pair{State::kAwaitingPin, std::string_view("awaiting_pin")},
                                std::pair{State::kDone, std::string_view("done")},
                                std::pair{State::kExpired, std::string_view("expired")},
                                std::pair{State::kRevoked, std::string_view("revoked")}};

template <class Rows, class Value>
std::string_view name_in(const Rows& rows, Value value) noexcept {
  const auto found = std::ranges::find(rows, value, [](const auto& row) { return row.first; });
  return found == rows.end() ? std::string_view() : found->second;
}

void write_time(json::Writer& out, std::string_view name, const std::optional<Time>& time) {
  out.key(name).string_or_null(time ? format_time(*time) : "");
}

}  // namespace

std::string_view way_name(Way way) noexcept { return name_in(kWays, way); }
std::optional<Way> way_named(std::string_view name) noexcept {
  const auto found = std::ranges::find(kWays, name, [](const auto& row) { return row.second; });
  return found == kWays.end() ? std::nullopt : std::optional(found->first);
}
std::string_view state_name(State state) noexcept { return name_in(kStates, state); }

State Session::state_at(Time now) const noexcept {
  return is_over(state) || expires_at > now ? state : State::kExpired;
}

void Session::forget_grant() noexcept {
  sealed_grant.clear();
  grant_user.clear();
  granted_at.reset();
  granted_until.reset();
}

Next Session::next() const noexcept {
  if (!failure) return Next::kNothing;
  const Next wanted = failure_info(*failure).next;
  return consent == Consent::kNone ? Next::kSignUp : wanted;
}

void write_failure(json::Writer& out, const Session& session) {
  if (!session.failure) {
    out.null();
    return;
  }
  const FailureInfo& info = failure_info(*session.failure);
  out.begin_object().key("code").string(info.code).key("title").string(info.title);
  out.key("detail").string(info.words).key("fix").string(info.fix);
  out.key("next").string(next_name(session.next())).key("provider");
  if (session.provider_code == 0) {
    out.null();
  } else {
    out.begin_object().key("name").string("whatsapp");
    out.key("code").integer(session.provider_code);
    if (session.provider_subcode != 0) out.key("subcode").integer(session.provider_subcode);
    out.optional_string("trace_id", session.provider_trace).end_object();
  }
  out.end_object();
}

std::string render_fields(const Session& session, Time now) {
  json::Writer out;
  out.begin_object().key("id").string(session.id.str());
  out.key("object").string("onboarding_session");
  out.key("mode").string(identity::mode_name(session.mode));
  out.key("way").string(way_name(session.way));
  out.key("state").string(state_name(session.state_at(now)));
  out.key("label").string(session.label);
  out.key("return_url").string_or_null(session.return_url);
  out.key("coexistence").boolean(session.allows_coexistence);
  out.key("failure");
  write_failure(out, session);
  out.key("connection_id");
  out.string_or_null(session.connection.is_none() ? "" : session.connection.str());
  out.key("created_by").string(session.created_by);
  out.key("created_at").string(format_time(session.created_at));
  out.key("expires_at").string(format_time(session.expires_at));
  write_time(out, "opened_at", session.opened_at);
  write_time(out, "ended_at", session.ended_at);
  out.end_object();
  std::string text = std::move(out).take();
  return text.substr(1, text.size() - 2);
}

}  // namespace flowsell::onboarding
