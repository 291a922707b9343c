#include "onboarding_render.h"

#include "api/replay.h"
#include "http/url.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using onboarding::Sessions;

constexpr json::StringRule kLabel{0, 200};
constexpr json::StringRule kUrl{1, 2048};
constexpr std::int64_t kHoursMax = Sessions::kLifeMax.count();

bool is_loopback(const http::Url& url) {
  return url.host == "localhost" || url.host == "127.0.0.1" || url.host == "::1";
}

void read_return_url(json::ObjectReader& in, bool takes_loopback, Sessions::Draft& draft) {
  const auto text = in.string("return_url", kUrl);
  if (!text) return;
  const auto url = http::Url::parse(*text);
  if (url && (url->tls || (takes_loopback && is_loopback(*url)))) {
    draft.return_url = *text;
    return;
  }
  in.fault("return_url", "invalid_value", "it is no https URL without a user and a fragment",
           "Send where your customer goes on, such as https://app.example/whatsapp.");
}

}  // namespace

Sessions::Draft read_onboarding_draft(json::ObjectReader& in, bool takes_loopback) {
  Sessions::Draft draft;
  if (const auto name = in.string("way")) {
    const auto way = onboarding::way_named(*name);
    if (!way)
      in.fault("way", "invalid_value", "there is no such way", "Send embedded_signup or oauth.");
    draft.way = way.value_or(draft.way);
  }
  draft.life = std::chrono::hours(
      in.integer("expires_in_hours", 1, kHoursMax).value_or(Sessions::kLifeDefault.count()));
  read_return_url(in, takes_loopback, draft);
  draft.allows_coexistence = in.boolean("coexistence").value_or(false);
  draft.label = in.string("label", kLabel).value_or("");
  if (!is_one_line(draft.label))
    in.fault("label", "invalid_format", "it is not one line", "Send it without line ends.");
  return draft;
}

std::string render(const onboarding::Session& session, Time now) {
  return "{" + onboarding::render_fields(session, now) + "}";
}

http::Response created_response(const Services& services, const Sessions::Created& created) {
  http::Response response;
  response.status = 201;
  response.body = render(created.session, services.clock.now());
  response.body.pop_back();
  mark_replay(response, created.is_replay);
  if (created.is_replay) {
    response.body +=
        R"(,"fix":"The link was shown once. If it was lost, delete this session and create another."})";
  } else {
    response.body.append(R"(,"url":")").append(services.onboarding_door.places().public_url());
    response.body.append("/connect/").append(created.link.reveal()).append(R"("})");
  }
  response.headers.push_back({"Location", "/v1/onboarding_sessions/" + created.session.id.str()});
  return response;
}

}  // namespace flowsell::api
