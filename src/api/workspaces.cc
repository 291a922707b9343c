#include <algorithm>

#include "accounts/names.h"
#include "call.h"
#include "ip_ranges.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "team/settings_desk.h"
#include "workspace_limit.h"

namespace flowsell::api {
namespace {

using identity::Mode;
using identity::Scope;
using identity::StoredWorkspace;

constexpr json::StringRule kName{1, 100};
constexpr json::StringRule kTimeZone{1, 64};
constexpr std::size_t kRangesMax = 200;

/// Mails show it to strangers.
void check_name(json::ObjectReader& in, std::string_view name) {
  if (accounts::is_plain_name(name)) return;
  in.fault("name", "invalid_format", "a name is one line without <>:/\\ and quotes",
           "Send what people call it, such as Acme Traders.");
}

/// What a list shows of it.
void write_listed(json::Writer& out, const accounts::UserWorkspace& workspace) {
  out.key("id").string(workspace.id.str()).key("object").string("workspace");
  out.key("name").string(workspace.name);
  out.key("role").string(identity::role_name(static_cast<identity::Role>(workspace.role)));
  out.key("created_at").string(format_time(workspace.id.time()));
}

std::string render(const accounts::UserWorkspace& workspace) {
  json::Writer out;
  out.begin_object();
  write_listed(out, workspace);
  out.end_object();
  return std::move(out).take();
}

Task<http::Response> list_workspaces(Visit& visit) {
  CO_TRY(auto all, co_await visit.accounts.workspaces_of(visit.session->user.id));
  if (is_confined(*visit.session)) {
    const WorkspaceId only = visit.session->voucher->workspace;
    std::erase_if(all, [&only](const auto& each) { return each.id != only; });
  }
  std::vector<std::string> items;
  for (auto each = all.rbegin(); each != all.rend(); ++each) items.push_back(render(*each));
  co_return list_response(visit.request, items);
}

Task<> make_listed(const Services& services, WorkspaceId workspace, std::string name) {
  CO_CHECK_OK(co_await services.workspaces.make(workspace, std::move(name)));
  co_return co_await services.publish(workspace_name(workspace));
}

Task<http::Response> create_workspace(Visit& visit) {
  CO_TRY(const auto name, read_body(visit.request, [](json::ObjectReader& in) {
           const auto name = in.required_string("name", kName);
           if (name) check_name(in, *name);
           return std::string(name.value_or(""));
         }));
  CO_TRY(auto home, co_await visit.homes.find_new(visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  const Services& services = *home.services();
  const UserId user = visit.session->user.id;
  const WorkspaceId workspace = services.workspaces.new_id();
  const accounts::UserWorkspace listed{workspace, name, static_cast<int>(identity::Role::kOwner)};
  CO_TRY(const bool has_room,
         co_await visit.accounts.list_new_workspace(user, listed, kWorkspacesPerUserMax));
  if (!has_room) co_return std::unexpected(too_many_workspaces());
  // Listed first, as everywhere: where a crash cuts this short, the list says too much until
  // somebody asks for what it names.
  if (const auto made = co_await make_listed(services, workspace, name); !made) {
    CO_CHECK_OK(co_await visit.accounts.unlist_workspace(user, workspace));
    co_return std::unexpected(made.error());
  }
  CO_CHECK_OK(co_await services.members.found(workspace, user, visit.origin()));
  http::Response response;
  response.status = 201;
  response.body = render(listed);
  response.headers.push_back({"Location", "/v1/workspaces/" + workspace.str()});
  co_return response;
}

// --- settings ---

http::Response settings_response(const Call& call, const StoredWorkspace& stored) {
  const identity::WorkspaceSettings& s = stored.settings;
  const team::RetentionLimits& limits = call.services.settings_desk.limits();
  const std::int64_t days_max = limits.records.count();
  json::Writer out;
  out.begin_object();
  write_listed(out, {call.caller.workspace, stored.name, static_cast<int>(call.role)});
  out.key("time_zone").string(s.time_zone).key("default_senders").begin_object();
  write_id(out, "live", s.live_sender);
  write_id(out, "test", s.test_sender);
  out.end_object().key("retention").begin_object();
  write_number(out, "records_days", s.records_days);
  write_number(out, "content_hours", s.content_hours);
  out.end_object().key("retention_max").begin_object();
  write_number(out, "records_days", days_max == 0 ? std::nullopt : std::optional(days_max));
  out.key("content_hours").integer(limits.content.count());
  out.end_object().key("ip_allow_list").begin_array();
  for (const IpRange& range : s.ip_allow_list) out.string(range.str());
  out.end_array().key("sso_required").boolean(s.sso_required);
  out.key("support_needs_approval").boolean(s.support_needs_approval);
  out.key("consent_required_for_marketing").boolean(s.consent_required_for_marketing).end_object();
  http::Response response;
  response.body = std::move(out).take();
  return response;
}

/// What a JSON merge patch (RFC 7396) asks for, piece by piece.
using Edits = std::vector<team::SettingsDesk::Edit>;

void read_default_sender(json::ObjectReader& in, const Call& call, Mode mode, Edits& edits) {
  const std::string_view name = identity::mode_name(mode);
  const json::Value* value = in.find(name);
  if (value == nullptr) return;
  SenderId sender;
  if (!value->is_null()) {
    const auto text = in.string(name);
    if (!text) return;
    const auto id = SenderId::parse(*text);
    const auto mine = call.services.senders.list(call.caller.workspace, mode);
    if (!id ||
        std::ranges::find(mine, *id, [](const auto& each) { return each->id; }) == mine.end()) {
      in.fault(name, "not_found", "the workspace has no such sender in this mode",
               "Use an id that GET /v1/senders lists.");
      return;
    }
    sender = *id;
  }
  edits.emplace_back([mode, sender](StoredWorkspace& stored) {
    (mode == Mode::kLive ? stored.settings.live_sender : stored.settings.test_sender) = sender;
  });
}

void read_default_senders(json::ObjectReader& parent, const Call& call, Edits& edits) {
  const json::Value* value = parent.find("default_senders");
  if (value == nullptr) return;
  json::ObjectReader in(*value, parent.pointer_of("default_senders"), parent.faults());
  read_default_sender(in, call, Mode::kLive, edits);
  read_default_sender(in, call, Mode::kTest, edits);
  in.finish();
}

void read_window(json::ObjectReader& in, std::string_view name,
                 std::optional<std::int64_t> identity::WorkspaceSettings::* field, Edits& edits) {
  const json::Value* value = in.find(name);
  if (value == nullptr) return;
  std::optional<std::int64_t> window;
  if (!value->is_null()) {
    window = in.integer(name, 0, team::SettingsDesk::kRecordsDaysMax);
    if (!window) return;
  }
  edits.emplace_back([field, window](StoredWorkspace& stored) { stored.settings.*field = window; });
}

void read_retention(json::ObjectReader& parent, Edits& edits) {
  const json::Value* value = parent.find("retention");
  if (value == nullptr) return;
  json::ObjectReader in(*value, parent.pointer_of("retention"), parent.faults());
  read_window(in, "records_days", &identity::WorkspaceSettings::records_days, edits);
  read_window(in, "content_hours", &identity::WorkspaceSettings::content_hours, edits);
  in.finish();
}

void read_flag(json::ObjectReader& in, std::string_view name,
               bool identity::WorkspaceSettings::* field, Edits& edits) {
  if (const auto flag = in.boolean(name)) {
    edits.emplace_back(
        [field, flag = *flag](StoredWorkspace& stored) { stored.settings.*field = flag; });
  }
}

Result<Edits> read_edits(const Call& call, const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  Edits edits;
  if (const auto name = in.string("name", kName)) {
    check_name(in, *name);
    edits.emplace_back(
        [name = std::string(*name)](StoredWorkspace& stored) { stored.name = name; });
  }
  if (const auto zone = in.string("time_zone", kTimeZone)) {
    edits.emplace_back(
        [zone = std::string(*zone)](StoredWorkspace& stored) { stored.settings.time_zone = zone; });
  }
  read_default_senders(in, call, edits);
  read_retention(in, edits);
  if (in.find("ip_allow_list") != nullptr) {
    edits.emplace_back([ranges = read_ranges(in, "ip_allow_list", kRangesMax)](
                           StoredWorkspace& stored) { stored.settings.ip_allow_list = ranges; });
  }
  using identity::WorkspaceSettings;
  read_flag(in, "sso_required", &WorkspaceSettings::sso_required, edits);
  read_flag(in, "support_needs_approval", &WorkspaceSettings::support_needs_approval, edits);
  read_flag(in, "consent_required_for_marketing",
            &WorkspaceSettings::consent_required_for_marketing, edits);
  in.finish();
  CHECK_OK(json::as_result(std::move(faults)));
  return edits;
}

Task<http::Response> get_settings(Call& call) {
  CO_TRY(const auto stored, co_await call.services.settings_desk.find(call.caller.workspace));
  co_return settings_response(call, stored);
}

/// Who requires single sign-on has come by it: it works, and he is not out at once.
Result<> check_sso(const Call& call, const json::Value& body) {
  const auto* const required = body.as_object().if_contains("sso_required");
  const bool is_wanted = required != nullptr && required->as_bool();
  if (!is_wanted || is_signed_on(*call.session, call.caller.workspace, call.role)) return {};
  return fail(ErrorCode::kConflict,
              "first sign in by the workspace's identity provider, or as an owner with a second "
              "factor: your session would be out at once");
}

Task<http::Response> change_settings(Call& call) {
  CO_TRY(const auto document, json_body(call.request));
  CO_TRY(const Edits edits, read_edits(call, document.root()));
  CO_CHECK_OK(check_sso(call, document.root()));
  auto edit = [&edits](StoredWorkspace& stored) {
    for (const auto& each : edits) each(stored);
  };
  CO_TRY(const auto stored,
         co_await call.services.settings_desk.change(call.by(), std::move(edit)));
  // The name in the members' lists. Also where it was that already: an earlier call may have been
  // cut short.
  if (document.root().as_object().contains("name")) {
    CO_CHECK_OK(co_await call.accounts->rename_workspace(call.caller.workspace, stored.name));
  }
  co_return settings_response(call, stored);
}

}  // namespace

void add_workspace_routes(Routes& routes) {
  using http::Method;
  routes.add_signed_in_anyhow(Method::kGet, "/v1/workspaces", list_workspaces);
  routes.add_signed_in(Method::kPost, "/v1/workspaces", create_workspace);
  routes.add_of_workspace(Method::kGet, "/v1/workspaces/{}", Scope::kMembersRead, get_settings);
  routes.add_of_workspace(Method::kPatch, "/v1/workspaces/{}", Scope::kWorkspaceManage,
                          change_settings);
}

}  // namespace flowsell::api
