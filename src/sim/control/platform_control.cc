#include "control/platform_control.h"

#include <algorithm>
#include <array>
#include <utility>

#include "graph/reviews.h"
#include "graph/seed.h"
#include "graph/tokens.h"
#include "json/reader.h"
#include "json/writer.h"

namespace flowsell::sim {
namespace {

constexpr std::int64_t kAdvanceMax = 400LL * 24 * 3600;
constexpr std::int64_t kLifeMax = 10LL * 365 * 24 * 3600;

std::string written(const json::Object& body) {
  return std::move(json::Writer().value(json::Value(body))).take();
}

std::vector<std::string> texts(json::ObjectReader& in, std::string_view name) {
  const auto* array = in.array(name, 0, 1000);
  return array ? texts_in(*array) : std::vector<std::string>();
}

/// What a token or code is to allow, as control calls say it.
Consent read_consent(json::ObjectReader& in, const World& world) {
  Consent consent;
  consent.app_id = in.string("app_id", {.max = 20}).value_or(world.options.app_id);
  const bool given = in.find("scopes") != nullptr;
  consent.scopes = given ? texts(in, "scopes") : usual_scopes();
  consent.accounts = texts(in, "accounts");
  consent.expires_in_seconds = in.integer("expires_in", -kLifeMax, kLifeMax).value_or(0);
  consent.redirect_uri = in.string("redirect_uri", {.max = 2048}).value_or("");
  return consent;
}

std::unexpected<Error> unknown(std::string_view name) {
  return fail_field("/" + std::string(name), "unknown", "is not one of this simulator",
                    "Use an id that it gave or was started with.");
}

/// Fields of a node that tests may set as they like.
Result<> put_fields(Node& node, const json::Value* fields) {
  if (!fields) return {};
  const auto* object = fields->if_object();
  if (!object) return fail_field("/set", "wrong_type", "is not an object", "Give an object.");
  for (const auto& [name, value] : *object) {
    if (value.is_null()) {
      node.fields.erase(name);
    } else {
      node.fields[name] = value;
    }
  }
  return {};
}

}  // namespace

PlatformControl::Call PlatformControl::find(std::string_view name) {
  using Named = std::pair<std::string_view, Call>;
  constexpr auto kCalls = std::to_array<Named>({{"clock", &PlatformControl::clock},
                                                {"tokens", &PlatformControl::tokens},
                                                {"tokens/revoke", &PlatformControl::revoke},
                                                {"codes", &PlatformControl::codes},
                                                {"apps", &PlatformControl::apps},
                                                {"businesses", &PlatformControl::businesses},
                                                {"accounts", &PlatformControl::accounts},
                                                {"phones", &PlatformControl::phones},
                                                {"flows", &PlatformControl::flows},
                                                {"templates", &PlatformControl::templates}});
  const auto* found = std::ranges::find(kCalls, name, &Named::first);
  return found == kCalls.end() ? nullptr : found->second;
}

Task<std::string> PlatformControl::clock(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const auto seconds = in.integer("advance_seconds", 0, kAdvanceMax).value_or(0);
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  auto moved = management_.advance(std::chrono::seconds(seconds));
  CO_CHECK_OK(co_await std::move(moved));
  co_return written({{"now", format_time(world_.clock.now())},
                     {"ahead_seconds", world_.clock.offset().count() / 1000}});
}

Task<std::string> PlatformControl::tokens(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const auto consent = read_consent(in, world_);
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  std::string token;
  auto made = management_.change([&](Graph& graph) -> Result<> {
    token = make_token(graph, consent);
    return {};
  });
  CO_CHECK_OK(co_await std::move(made));
  co_return written({{"access_token", token}});
}

Task<std::string> PlatformControl::revoke(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const std::string text(in.required_string("token", {.min = 1, .max = 1024}).value_or(""));
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  auto changed = management_.change([&](Graph& graph) -> Result<> {
    auto* token = graph.registry.find(NodeKind::kToken, text);
    if (!token) return unknown("token");
    token->fields["_revoked"] = true;
    graph.registry.touch(*token);
    return {};
  });
  CO_CHECK_OK(co_await std::move(changed));
  co_return R"({"success":true})";
}

Task<std::string> PlatformControl::codes(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const auto consent = read_consent(in, world_);
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  std::string code;
  auto made = management_.change([&](Graph& graph) -> Result<> {
    code = make_code(graph, consent);
    return {};
  });
  CO_CHECK_OK(co_await std::move(made));
  co_return written({{"code", code}});
}

/// A new app, or changes to one: {"id","secret","name","requires_proof"}.
Task<std::string> PlatformControl::apps(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const std::string id(in.string("id", {.min = 5, .max = 20}).value_or(""));
  const auto secret = in.string("secret", {.min = 1, .max = 256});
  const auto name = in.string("name", {.min = 1, .max = 100});
  const auto proof = in.boolean("requires_proof");
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  std::string made_id;
  auto changed = management_.change([&](Graph& graph) -> Result<> {
    auto* app = id.empty() ? nullptr : graph.registry.find(NodeKind::kApp, id);
    if (!app) {
      auto fresh = id.empty() ? graph.registry.new_id() : id;
      json::Object fields = {{"id", fresh}, {"name", "Another app"}, {"category", "Business"}};
      app = &graph.registry.add(NodeKind::kApp, std::move(fresh), std::move(fields));
    }
    if (secret) app->fields["_secret"] = *secret;
    if (name) app->fields["name"] = *name;
    if (proof) app->fields["_requires_proof"] = *proof;
    graph.registry.touch(*app);
    made_id = app->id;
    return {};
  });
  CO_CHECK_OK(co_await std::move(changed));
  co_return written({{"id", made_id}});
}

/// Changes to a portfolio: {"id","tier":"TIER_250","verification_status":"not_verified"}.
Task<std::string> PlatformControl::businesses(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const std::string id(in.string("id", {.min = 5, .max = 20}).value_or(world_.options.business_id));
  const auto tier = in.string("tier", {.max = 20});
  const auto verification = in.string("verification_status", {.max = 20});
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  auto changed = management_.change([&](Graph& graph) -> Result<> {
    auto* business = graph.registry.find(NodeKind::kBusiness, id);
    if (!business) return unknown("id");
    make_all_accounts(graph);  // its limit reaches each of its numbers
    if (tier) business->fields["_tier"] = *tier;
    if (verification) business->fields["verification_status"] = *verification;
    graph.registry.touch(*business);
    return {};
  });
  CO_CHECK_OK(co_await std::move(changed));
  co_return R"({"success":true})";
}

/// A new account with a number, or changes to one: {"id","name","set":{...},"number":{...}}.
Task<std::string> PlatformControl::accounts(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const std::string id(in.string("id", {.min = 5, .max = 20}).value_or(""));
  const std::string name(in.string("name", {.min = 1, .max = 100}).value_or("Simulated account"));
  const std::string digits(in.string("display_phone_number", {.min = 7, .max = 15}).value_or(""));
  const auto* set = in.find("set");
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  json::Object shown;
  auto changed = management_.change([&](Graph& graph) -> Result<> {
    auto* account = id.empty() ? nullptr : graph.registry.find(NodeKind::kAccount, id);
    if (!id.empty() && !account) return unknown("id");
    if (!account) {
      auto fresh = graph.registry.new_id();
      auto fields = account_fields(fresh, name, world_.options.business_id);
      account = &graph.registry.add(NodeKind::kAccount, std::move(fresh), std::move(fields));
    }
    CHECK_OK(put_fields(*account, set));
    graph.registry.touch(*account);
    shown["id"] = account->id;
    if (digits.empty()) return {};
    const SimNumber number{account->id, graph.registry.new_id(), digits};
    if (world_.add_number(number) == World::kNoNumber)
      return fail(ErrorCode::kInternal, "there is no room for more numbers");
    graph.registry.add(NodeKind::kPhone, number.phone_number_id, phone_fields(number, name));
    shown["phone_number_id"] = number.phone_number_id;
    return {};
  });
  CO_CHECK_OK(co_await std::move(changed));
  co_return written(shown);
}

/// Changes to a number: {"id","set":{"quality_rating":"RED"},"event":"FLAGGED"}. The event, where
/// given, is told as phone_number_quality_update.
Task<std::string> PlatformControl::phones(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const std::string id(
      in.string("id", {.min = 5, .max = 20}).value_or(world_.options.numbers[0].phone_number_id));
  const std::string event(in.string("event", {.max = 64}).value_or(""));
  const auto* set = in.find("set");
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  auto changed = management_.change([&](Graph& graph) -> Result<> {
    auto* phone = graph.registry.find(NodeKind::kPhone, id);
    if (!phone) return unknown("id");
    CHECK_OK(put_fields(*phone, set));
    graph.registry.touch(*phone);
    if (event.empty()) return {};
    const auto* business = graph.business_of(*phone);
    const auto tier = business ? business->text("_tier") : std::string_view("TIER_250");
    graph.tell(phone->text("_account"), "phone_number_quality_update",
               {{"display_phone_number", phone->text("_digits")},
                {"event", event},
                {"current_limit", tier},
                {"max_daily_conversations_per_business", tier}});
    return {};
  });
  CO_CHECK_OK(co_await std::move(changed));
  co_return R"({"success":true})";
}

/// A flow's status: {"id","account_id","status":"BLOCKED"}; one that is not known is there from now
/// on. Told as `flows` where it is another than before.
Task<std::string> PlatformControl::flows(const json::Value& body) {
  constexpr auto kStatuses =
      std::to_array<std::string_view>({"DRAFT", "PUBLISHED", "DEPRECATED", "BLOCKED", "THROTTLED"});
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const std::string id(in.required_string("id", {.min = 1, .max = 20}).value_or(""));
  const std::string account(
      in.string("account_id", {.min = 5, .max = 20}).value_or(world_.options.numbers[0].waba_id));
  const std::string status(in.required_string("status", {.max = 20}).value_or(""));
  if (std::ranges::find(kStatuses, status) == kStatuses.end())
    in.fault("status", "invalid_value", "is no status of a flow",
             "Use DRAFT, PUBLISHED, DEPRECATED, BLOCKED or THROTTLED.");
  const bool is_quiet = in.boolean("quiet").value_or(false);
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  auto changed = management_.change([&](Graph& graph) -> Result<> {
    if (!graph.registry.find(NodeKind::kAccount, account)) return unknown("account_id");
    auto* flow = graph.registry.find(NodeKind::kFlow, id);
    if (!flow) {
      json::Object fields = {
          {"id", id}, {"name", "A flow"}, {"status", "PUBLISHED"}, {"_account", account}};
      fields["categories"] = json::Array{"OTHER"};
      flow = &graph.registry.add(NodeKind::kFlow, id, std::move(fields));
    }
    const std::string before(flow->text("status"));
    flow->fields["status"] = status;
    graph.registry.touch(*flow);
    if (before == status || is_quiet) return {};
    graph.tell(flow->text("_account"), "flows",
               {{"event", "FLOW_STATUS_CHANGE"},
                {"message", "Flow " + id + " changed status from " + before + " to " + status},
                {"flow_id", id},
                {"old_status", before},
                {"new_status", status}});
    return {};
  });
  CO_CHECK_OK(co_await std::move(changed));
  co_return R"({"success":true})";
}

/// What happens to a template: {"id","do":"approve|reject|pause|disable|recategorise|quality",
/// "reason","category","score"}. Without an id: how long reviews take, {"review_after_ms"}.
Task<std::string> PlatformControl::templates(const json::Value& body) {
  constexpr std::int64_t kReviewMax = 7LL * 24 * 3600 * 1000;
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const auto review = in.integer("review_after_ms", 0, kReviewMax);
  const std::string id(in.string("id", {.min = 5, .max = 20}).value_or(""));
  const std::string what(in.string("do", {.max = 20}).value_or(""));
  const std::string reason(in.string("reason", {.max = 64}).value_or("INVALID_FORMAT"));
  const std::string category(in.string("category", {.max = 20}).value_or("MARKETING"));
  const std::string score(in.string("score", {.max = 20}).value_or("YELLOW"));
  constexpr auto kActs = std::to_array<std::string_view>(
      {"approve", "reject", "pause", "disable", "recategorise", "quality"});
  if (!review && std::ranges::find(kActs, what) == kActs.end())
    in.fault("do", "invalid_value", "is nothing that happens to a template",
             "Use approve, reject, pause, disable, recategorise or quality.");
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  auto changed = management_.change([&](Graph& graph) -> Result<> {
    if (review) graph.review_after_ms = *review;
    if (what.empty()) return {};
    auto* one = graph.registry.find(NodeKind::kTemplate, id);
    if (!one) return unknown("id");
    one->fields.erase("_review_due");
    if (what == "approve") set_template_status(graph, *one, "APPROVED", "APPROVED");
    if (what == "reject") set_template_status(graph, *one, "REJECTED", "REJECTED", reason);
    if (what == "disable") set_template_status(graph, *one, "DISABLED", "DISABLED");
    if (what == "pause") pause_template(graph, *one);
    if (what == "recategorise") recategorise(graph, *one, category);
    if (what == "quality") set_template_quality(graph, *one, score);
    return {};
  });
  CO_CHECK_OK(co_await std::move(changed));
  co_return R"({"success":true})";
}

}  // namespace flowsell::sim
