#include <algorithm>

#include "call.h"
#include "headers.h"
#include "identity/api_key.h"
#include "ip_ranges.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "telemetry/log.h"

namespace flowsell::api {
namespace {

using identity::ApiKey;
using identity::Scope;
using team::KeyDesk;

constexpr json::StringRule kName{1, 100};
constexpr json::StringRule kLeaked{1, 200};
constexpr std::size_t kRangesMax = 50;
constexpr std::size_t kSendersMax = 50;
constexpr std::int64_t kPerSecondMax = 100'000;

std::string_view status_of(const ApiKey& key, Time now) {
  if (key.revoked_at) return "revoked";
  if (key.rules.expires_at && *key.rules.expires_at <= now) return "expired";
  return "active";
}

void write_rules(json::Writer& out, const identity::KeyRules& rules) {
  out.key("allowed_addresses").begin_array();
  for (const IpRange& range : rules.addresses) out.string(range.str());
  out.end_array().key("sender_ids").begin_array();
  for (const SenderId& sender : rules.senders) out.string(sender.str());
  out.end_array().key("requests_per_second");
  rules.per_second > 0 ? out.integer(rules.per_second) : out.null();
  write_time(out, "expires_at", rules.expires_at);
}

void write_key(json::Writer& out, const ApiKey& key, Time now) {
  out.key("id").string(key.id.str()).key("object").string("api_key");
  out.key("name").string(key.name).key("mode").string(identity::mode_name(key.mode));
  out.key("prefix").string(key.prefix).key("status").string(status_of(key, now));
  write_scopes(out, "scopes", key.scopes);
  write_rules(out, key.rules);
  out.key("created_at").string(format_time(key.created_at));
  out.key("created_by").string_or_null(key.created_by);
  write_time(out, "last_used_at", key.last_used_at);
  out.key("last_used_address").string_or_null(key.last_used_address);
  write_time(out, "revoked_at", key.revoked_at);
  write_id(out, "replaced_by", key.replaced_by);
}

std::string render(const ApiKey& key, Time now) {
  json::Writer out;
  out.begin_object();
  write_key(out, key, now);
  out.end_object();
  return std::move(out).take();
}

http::Response made_response(const KeyDesk::Made& made, Time now) {
  json::Writer out;
  out.begin_object();
  write_key(out, made.key, now);
  if (made.text) {
    out.key("key").string(made.text->reveal());
  } else {
    out.key("fix").string(
        "The key was shown once. If it was lost, rotate this one with an overlap of 0.");
  }
  out.end_object();
  http::Response response;
  response.status = 201;
  response.body = std::move(out).take();
  response.headers.push_back({"Location", "/v1/api_keys/" + made.key.id.str()});
  mark_replay(response, !made.text);
  return response;
}

identity::Scopes read_key_scopes(json::ObjectReader& in) {
  (void)in.require("scopes");
  return read_scopes(in, 1, identity::Scopes::of_keys(), "no API key has such a scope",
                     "Use those that docs/permissions.md lists for API keys.");
}

std::vector<SenderId> read_senders(json::ObjectReader& in, const Call& call, identity::Mode mode) {
  std::vector<SenderId> senders;
  const json::Array* array = in.array("sender_ids", 0, kSendersMax);
  if (array == nullptr) return senders;
  const auto mine = call.services.senders.list(call.caller.workspace, mode);
  for (std::size_t i = 0; i < array->size(); ++i) {
    const json::Value& value = (*array)[i];
    const auto id = value.is_string() ? SenderId::parse(std::string_view(value.get_string()))
                                      : fail(ErrorCode::kInvalidId, "");
    const bool is_mine =
        id && std::ranges::any_of(mine, [&id](const auto& sender) { return sender->id == *id; });
    if (is_mine) {
      senders.push_back(*id);
    } else {
      fault_of_item(in, "sender_ids", i, "not_found",
                    "the workspace has no such sender in this mode",
                    "Use an id that GET /v1/senders lists.");
    }
  }
  return senders;
}

std::optional<Time> read_expiry(json::ObjectReader& in, Time now) {
  const auto text = in.string("expires_at");
  if (!text) return std::nullopt;
  const auto at = parse_time(*text);
  if (at && *at > now) return at;
  in.fault("expires_at", at ? "out_of_range" : "invalid_format",
           at ? "that time is over" : "not a time",
           "Send a time to come, for example 2027-01-31T00:00:00Z.");
  return std::nullopt;
}

KeyDesk::Draft read_draft(json::ObjectReader& in, const Call& call) {
  KeyDesk::Draft draft;
  draft.name = text_in(in, "name", kName);
  const auto mode = in.required_string("mode");
  if (mode && !identity::mode_named(*mode))
    in.fault("mode", "invalid_value", "there is no such mode", "Send live or test.");
  draft.mode = identity::mode_named(mode.value_or("")).value_or(identity::Mode::kTest);
  draft.scopes = read_key_scopes(in);
  draft.rules = {read_expiry(in, call.services.clock.now()),
                 read_ranges(in, "allowed_addresses", kRangesMax),
                 read_senders(in, call, draft.mode),
                 in.integer("requests_per_second", 1, kPerSecondMax).value_or(0)};
  return draft;
}

/// All replicas can find the key once its maker has it.
Task<http::Response> publish_made(Call& call, const KeyDesk::Made& made) {
  CO_CHECK_OK(co_await call.services.publish(made.key.prefix));
  co_return made_response(made, call.services.clock.now());
}

Task<http::Response> create_key(Call& call) {
  CO_TRY(auto draft,
         read_body(call.request, [&call](json::ObjectReader& in) { return read_draft(in, call); }));
  CO_TRY(auto once, idempotent_call(call));
  if (draft.mode == identity::Mode::kLive)
    CO_CHECK_OK(co_await call.accounts->check_terms(call.caller.user));
  CO_TRY(const auto made,
         co_await call.services.key_desk.create(call.by(), std::move(draft), once));
  co_return co_await publish_made(call, made);
}

Task<http::Response> rotate_key(Call& call) {
  CO_TRY(const auto id, ApiKeyId::parse(call.request.params.at(0)));
  CO_TRY(const auto overlap, read_body(call.request, [](json::ObjectReader& in) {
           constexpr std::int64_t kMax = std::chrono::seconds(KeyDesk::kOverlapMax).count();
           return std::chrono::seconds(in.integer("overlap_seconds", 0, kMax).value_or(0));
         }));
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto made, co_await call.services.key_desk.rotate(call.by(), id, overlap, once));
  co_return co_await publish_made(call, made);
}

Task<http::Response> revoke_key(Call& call) {
  CO_TRY(const auto id, ApiKeyId::parse(call.request.params.at(0)));
  CO_CHECK_OK(co_await call.services.key_desk.revoke(call.by(), id));
  co_return no_content();
}

Task<http::Response> get_key(Call& call) {
  CO_TRY(const auto id, ApiKeyId::parse(call.request.params.at(0)));
  CO_TRY(const auto key, co_await call.services.key_desk.find(call.caller.workspace, id));
  http::Response response;
  response.body = render(key, call.services.clock.now());
  co_return response;
}

Task<http::Response> list_keys(Call& call) {
  CO_TRY(const auto asked, ListRequest<ApiKeyId>::parse(call.request.query));
  CO_TRY(auto all, co_await call.services.key_desk.list(call.caller.workspace));
  std::vector<std::shared_ptr<const ApiKey>> keys;
  keys.reserve(all.size());
  for (ApiKey& key : all) keys.push_back(std::make_shared<const ApiKey>(std::move(key)));
  const auto page = page_of(std::move(keys), asked);
  const Time now = call.services.clock.now();
  co_return list_response(call.request, page, [now](const auto& key) { return render(*key, now); });
}

/// Those who may revoke it hear that it was.
Task<> notify_of_leak(Visit& visit, const Services& services, const ApiKey& key) {
  CO_TRY(auto told, co_await services.members.with_roles(
                        key.workspace, {identity::Role::kOwner, identity::Role::kAdmin}));
  CO_TRY(std::string workspace, co_await services.workspaces.name_of(key.workspace));
  co_return co_await visit.accounts.tell_of_leak(
      std::move(told), std::move(workspace), key.name + " (" + key.prefix + "…)", visit.origin());
}

/// Says the same of every text: whoever asks learns nothing of a key that he does not have.
Task<http::Response> report_leaked(Visit& visit) {
  CO_TRY(Secret text, only_secret(visit.request, "key", kLeaked));
  http::Response response;
  response.status = 202;
  response.body = R"({"object":"leak_report","status":"accepted"})";
  const auto parsed = identity::ApiKeyText::parse(text.reveal());
  if (!parsed) co_return response;
  auto home = co_await visit.homes.find_named(std::string(parsed->prefix), visit.request);
  if (!home && home.error().code == ErrorCode::kNotFound) co_return response;
  if (!home) co_return std::unexpected(std::move(home).error());
  if (home->services() == nullptr) co_return home->take_answer();
  CO_TRY(const auto revoked,
         co_await home->services()->key_desk.revoke_leaked(std::move(text), visit.origin()));
  if (!revoked) co_return response;
  // The key is revoked whatever becomes of the mail, and the answer tells nothing of it.
  if (const auto told = co_await notify_of_leak(visit, *home->services(), *revoked); !told) {
    log::warn("owners could not be told of a leaked key",
              {{"key", revoked->id.str()}, {"why", told.error().detail}});
  }
  co_return response;
}

}  // namespace

void add_api_key_routes(Routes& routes) {
  using http::Method;
  routes.add(Method::kPost, "/v1/api_keys", Scope::kKeysManage, create_key);
  routes.add(Method::kGet, "/v1/api_keys", Scope::kKeysManage, list_keys);
  routes.add_visit(Method::kPost, "/v1/api_keys/report_leaked", report_leaked,
                   Routes::Guard::kByNetwork);
  routes.add(Method::kGet, "/v1/api_keys/{}", Scope::kKeysManage, get_key);
  routes.add(Method::kPost, "/v1/api_keys/{}/rotate", Scope::kKeysManage, rotate_key);
  routes.add(Method::kDelete, "/v1/api_keys/{}", Scope::kKeysManage, revoke_key);
}

}  // namespace flowsell::api
