#include "signup/signup.h"

#include "graph/path.h"
#include "json/reader.h"
#include "json/writer.h"
#include "signup/scenario.h"
#include "web/pages.h"

namespace flowsell::sim {
namespace {

/// The path without its version and first slash.
std::string path_of(std::string_view path) {
  const auto parts = GraphPath::of(path);
  auto text = std::string(parts.object);
  if (!parts.edge.empty()) text.append("/").append(parts.edge);
  return text;
}

http::Response refused(std::string_view message) {
  json::Writer out;
  out.begin_object().key("error").begin_object().key("message").string(message);
  out.end_object().end_object();
  return {.status = 400, .body = std::move(out).take()};
}

}  // namespace

bool Signup::knows(std::string_view path) {
  const auto name = path_of(path);
  return name == "sdk.js" || name == "en_US/sdk.js" || name == "dialog/signup" ||
         name == "dialog/oauth" || name == "dialog/finish";
}

Awaitable<http::Response> Signup::answer(const http::Request& request) {
  const auto name = path_of(request.path);
  if (name == "dialog/finish" && request.method == http::Method::kPost)
    co_return co_await finish(request);
  if (request.method != http::Method::kGet) co_return http::Response{.status = 405};
  if (name.ends_with("sdk.js")) {
    co_return http::Response{.content_type = "text/javascript; charset=utf-8",
                             .body = std::string(sdk_script())};
  }
  co_return page();
}

http::Response Signup::page() {
  constexpr std::string_view kPlace = "PRESET_SCENARIO";
  std::string html(signup_page());
  const std::lock_guard lock(mutex_);
  if (!preset_.empty()) html.replace(html.find(kPlace), kPlace.size(), preset_);
  return {.content_type = "text/html; charset=utf-8", .body = std::move(html)};
}

Awaitable<http::Response> Signup::finish(const http::Request& request) {
  const auto document = json::parse(request.body);
  if (!document) co_return refused("the body is no JSON");
  std::vector<FieldError> faults;
  json::ObjectReader in(document->root(), "", faults);
  SignupWish wish;
  wish.scenario = in.string("scenario", {.max = 40}).value_or("success");
  wish.app_id = in.string("app_id", {.max = 20}).value_or("");
  wish.name = in.string("name", {.max = 100}).value_or("Simulated business");
  wish.display_phone_number = in.string("display_phone_number", {.max = 15}).value_or("");
  wish.redirect_uri = in.string("redirect_uri", {.max = 2048}).value_or("");
  in.string("scope", {.max = 1000});
  in.finish();
  if (wish.app_id.empty()) wish.app_id = world_.options.app_id;
  if (!faults.empty()) co_return refused(faults.front().detail);
  if (!is_scenario(wish.scenario)) co_return refused("there is no such scenario");
  SignupOutcome outcome;
  auto played = management_.change([&](Graph& graph) -> Result<> {
    outcome = play(graph, wish);
    return {};
  });
  if (const auto kept = co_await std::move(played); !kept) co_return refused(kept.error().detail);
  json::Object body = {{"code_first", outcome.code_first}};
  body["message"] = std::move(outcome.message);
  body["code"] = outcome.code.empty() ? json::Value() : json::Value(outcome.code);
  co_return http::Response{.body = std::move(json::Writer().value(json::Value(body))).take()};
}

Result<std::string> Signup::preset(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const std::string scenario(in.required_string("scenario", {.max = 40}).value_or(""));
  if (!scenario.empty() && !is_scenario(scenario))
    in.fault("scenario", "invalid_value", "is no scenario", "Use one of the README's, or none.");
  in.finish();
  CHECK_OK(json::as_result(std::move(faults)));
  const std::lock_guard lock(mutex_);
  preset_ = scenario;
  return R"({"success":true})";
}

}  // namespace flowsell::sim
