#include "onboarding/page.h"

#include <span>
#include <utility>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "http/url.h"
#include "json/writer.h"
#include "page/pages.h"
#include "write_failure.h"

namespace flowsell::onboarding {
namespace {

/// Facebook's own, for its script: where it loads frames from, and whom it calls.
constexpr std::string_view kFacebookFrames =
    "https://www.facebook.com https://web.facebook.com https://staticxx.facebook.com";
constexpr std::string_view kFacebookCalls = "https://www.facebook.com https://graph.facebook.com";

using Filling = std::pair<std::string_view, std::string_view>;

/// The text with its marks filled in; what was filled in is not looked at again.
std::string fill(std::string_view text, std::span<const Filling> fillings) {
  std::string out;
  out.reserve(text.size() * 2);
  while (!text.empty()) {
    const auto at = text.find('@');
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at);
    bool is_filled = false;
    for (const auto& [mark, value] : fillings) {
      if (!text.starts_with(mark)) continue;
      out.append(value);
      text.remove_prefix(mark.size());
      is_filled = true;
      break;
    }
    if (is_filled) continue;
    out += '@';
    text.remove_prefix(1);
  }
  return out;
}

/// JSON between <script> tags: nothing in it ends them.
std::string script_safe(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

std::string origin_of(std::string_view url) {
  const auto parsed = http::Url::parse(url);
  return parsed ? parsed->origin() : std::string();
}

std::string new_nonce() { return std::string(crypto::random_token().reveal()); }

std::string policy_of(std::string_view nonce, const SignupPlace* place) {
  std::string policy = "default-src 'none'; base-uri 'none'; form-action 'none'; ";
  policy.append("frame-ancestors 'none'; style-src 'nonce-").append(nonce).append("'");
  if (place == nullptr) return policy;
  const bool is_facebooks = place->message_origin.empty();
  policy.append("; script-src 'nonce-").append(nonce).append("' ");
  policy.append(origin_of(place->sdk_url)).append("; connect-src 'self'");
  if (!is_facebooks) return policy;
  policy.append(" ").append(kFacebookCalls).append("; frame-src ").append(kFacebookFrames);
  return policy.append("; img-src https://www.facebook.com");
}

std::string config_of(const Session& session, const SignupPlace& place, std::string_view base,
                      std::string_view page_token) {
  json::Writer out;
  out.begin_object().key("base").string(base).key("page_token").string(page_token);
  out.key("way").string(way_name(session.way)).key("app_id").string(place.app.id);
  out.key("config_id").string_or_null(place.login_config);
  out.key("api_version").string(place.api_version).key("sdk_url").string(place.sdk_url);
  out.key("message_origin").string_or_null(place.message_origin);
  out.key("coexistence").boolean(session.allows_coexistence).end_object();
  return script_safe(std::move(out).take());
}

/// Where it leads, with what came of it.
std::string return_url_of(const Session& session) {
  std::string url = session.return_url;
  url.append(url.contains('?') ? "&" : "?").append("onboarding_session=");
  return url.append(session.id.str()).append("&state=").append(state_name(session.state));
}

}  // namespace

HostedPage connect_page(const Session& session, const SignupPlace& place,
                        std::string_view workspace_name, std::string_view base,
                        std::string_view page_token) {
  const std::string nonce = new_nonce();
  const std::string config = config_of(session, place, base, page_token);
  const std::string workspace = escape_html(workspace_name);
  const std::string path = escape_html(base);
  const bool is_test = session.mode == identity::Mode::kTest;
  const Filling fillings[] = {
      {"@NONCE@", nonce},
      {"@STYLE@", connect_style()},
      {"@SCRIPT@", connect_script()},
      {"@CONFIG@", config},
      {"@WORKSPACE@", workspace},
      {"@BASE@", path},
      {"@TEST_NOTE@",
       is_test ? R"(<p><span class="test">Test: a simulator stands in for Meta</span></p>)" : ""}};
  return {fill(connect_html(), fillings), policy_of(nonce, &place)};
}

HostedPage message_page(std::string_view title, std::string_view words, std::string_view fix) {
  const std::string nonce = new_nonce();
  const std::string safe_title = escape_html(title);
  const std::string safe_words = escape_html(words);
  const std::string safe_fix = escape_html(fix);
  const Filling fillings[] = {{"@NONCE@", nonce},
                              {"@STYLE@", connect_style()},
                              {"@TITLE@", safe_title},
                              {"@WORDS@", safe_words},
                              {"@FIX@", safe_fix}};
  return {fill(message_html(), fillings), policy_of(nonce, nullptr)};
}

std::string page_status(const Session& session, const AccountShown& account, Time now) {
  const State state = session.state_at(now);
  json::Writer out;
  out.begin_object().key("object").string("onboarding_page");
  out.key("state").string(state_name(state)).key("busy").boolean(session.is_busy(now));
  out.key("failure");
  write_failure(out, session);
  out.key("steps").begin_array();
  for (const AccountStep& step : account.steps) {
    out.begin_object().key("name").string(step.name);
    out.key("state").string(connections::step_state_name(step.state)).end_object();
  }
  out.end_array().key("account");
  if (session.connection.is_none()) {
    out.null();
  } else {
    out.begin_object().key("business_name").string(account.business_name).key("numbers");
    out.begin_array();
    for (const std::string& number : account.numbers) out.string(number);
    out.end_array().end_object();
  }
  const bool leads_back = state == State::kDone && !session.return_url.empty();
  out.key("return_url").string_or_null(leads_back ? return_url_of(session) : std::string());
  out.end_object();
  return std::move(out).take();
}

}  // namespace flowsell::onboarding
