#include "templates/templates.h"

#include <algorithm>

#include "call.h"
#include "channel/message.h"
#include "headers.h"
#include "json/writer.h"
#include "managed.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "template_body.h"
#include "templates/describe.h"
#include "templates/send_check.h"

namespace flowsell::api {
namespace {

using templates::Template;
using templates::Templates;

constexpr json::StringRule kName{1, 512};
constexpr json::StringRule kHandle{1, 4096};

void write_components(json::Writer& out, const std::string& components_json) {
  out.key("components").raw(components_json.empty() ? "[]" : components_json);
}

void write_ttl(json::Writer& out, const std::optional<std::int64_t>& seconds) {
  out.key("message_send_ttl_seconds");
  seconds ? out.integer(*seconds) : out.null();
}

std::string render(const Template& row) {
  const auto& given = row.provider;
  json::Writer out;
  out.begin_object().key("id").string(row.id.str()).key("object").string("template");
  out.key("connection_id").string(row.connection.str());
  out.key("mode").string(identity::mode_name(row.mode));
  out.key("provider_id").string(given.provider_id).key("name").string(given.name);
  out.key("language").string(given.language).key("category").string_or_null(given.category);
  out.key("status").string(given.status);
  write_text(out, "rejected_reason", given.rejected_reason);
  write_text(out, "quality", given.quality);
  out.key("parameter_format").string(given.is_named ? "named" : "positional");
  write_components(out, given.components_json);
  write_ttl(out, given.ttl_seconds);
  out.key("version").integer(std::max<std::int64_t>(row.version, 1));
  out.key("created_at").string(format_time(row.created_at));
  out.key("updated_at").string(format_time(row.updated_at));
  write_time(out, "deleted_at", row.deleted_at);
  out.end_object();
  return std::move(out).take();
}

std::string render(const templates::Version& version) {
  json::Writer out;
  out.begin_object().key("object").string("template_version");
  out.key("version").integer(version.number).key("category").string_or_null(version.category);
  out.key("status").string(version.status);
  write_text(out, "rejected_reason", version.rejected_reason);
  out.key("parameter_format").string(version.is_named ? "named" : "positional");
  write_components(out, version.components_json);
  write_ttl(out, version.ttl_seconds);
  write_text(out, "made_by", version.made_by);
  out.key("created_at").string(format_time(version.created_at)).end_object();
  return std::move(out).take();
}

http::Response made_response(const Templates::Made& made, int status) {
  auto response = answer(render(made.row), made.is_replay);
  response.status = status;
  if (status == 201) response.headers.push_back({"Location", "/v1/templates/" + made.row.id.str()});
  return response;
}

Result<TemplateId> id_in_path(const Call& call) {
  return TemplateId::parse(call.request.params.at(0));
}

connections::Connections& connections_of(const Call& call) {
  return call.services.senders.connections();
}

Task<http::Response> create_template(Call& call) {
  CO_CHECK_OK(co_await check_policies(call));
  CO_TRY(auto wish, read_body(call.request, read_template_wish));
  CO_TRY(const auto connection, connections_of(call).find(call.caller, wish.connection_id));
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto made, co_await call.services.templates.create(
                              call.by(), connection, std::move(wish.draft), std::nullopt, once));
  co_return made_response(made, 201);
}

Task<http::Response> get_template(Call& call) {
  CO_TRY(const auto id, id_in_path(call));
  CO_TRY(const auto row, co_await call.services.templates.find(call.caller, id));
  co_return answer(render(row));
}

Task<http::Response> edit_template(Call& call) {
  CO_CHECK_OK(co_await check_policies(call));
  CO_TRY(const auto id, id_in_path(call));
  CO_TRY(auto edit, read_body(call.request, read_template_edit));
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto made,
         co_await call.services.templates.edit(call.by(), id, std::move(edit), once));
  co_return made_response(made, 200);
}

Task<http::Response> list_templates(Call& call) {
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  auto query = list_query<templates::Query>(in, call.caller);
  const auto connection_id = in.text("connection_id");
  query.name = in.text("name");
  query.language = in.text("language");
  query.status = in.text("status");
  query.category = in.text("category");
  CO_CHECK_OK(in.finish());
  const auto mine = connections_of(call).list(call.caller.workspace, call.caller.mode);
  connections::ConnectionPtr connection = mine.size() == 1 ? mine.front() : nullptr;
  if (connection_id) {
    CO_TRY(connection, connections_of(call).find(call.caller, *connection_id, "?connection_id"));
    query.connection = connection->id;
  }
  // What was never read from the provider is read now.
  if (connection) CO_CHECK_OK(co_await call.services.templates.sync_first(connection));
  CO_TRY(const auto page, co_await call.services.templates.list(std::move(query)));
  co_return list_response(call.request, page, [](const Template& row) { return render(row); });
}

Task<http::Response> list_versions(Call& call) {
  CO_TRY(const auto id, id_in_path(call));
  CO_TRY(const auto all, co_await call.services.templates.versions(call.caller, id));
  co_return whole_list(call.request, all,
                       [](const templates::Version& each) { return render(each); });
}

Task<http::Response> remove_template(Call& call) {
  CO_CHECK_OK(co_await check_policies(call));
  CO_TRY(const auto id, id_in_path(call));
  CO_CHECK_OK(co_await call.services.templates.remove(call.by(), id));
  co_return no_content();
}

Task<http::Response> remove_name(Call& call) {
  CO_CHECK_OK(co_await check_policies(call));
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  const auto name = in.text("name");
  const auto connection_id = in.text("connection_id");
  if (!name || name->empty())
    in.fault("name", "required", "say which name is to be deleted, in all its languages",
             "Add ?name=; one language is deleted by its id.");
  CO_CHECK_OK(in.finish());
  CO_TRY(const auto connection,
         connections_of(call).find(call.caller, connection_id.value_or(""), "?connection_id"));
  CO_CHECK_OK(co_await call.services.templates.remove_name(call.by(), connection, *name));
  co_return no_content();
}

Task<http::Response> sync_templates(Call& call) {
  CO_TRY(const auto connection, co_await named_connection(call, Use::kLook));
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto done, co_await call.services.templates.sync_once(call.by(), connection, once));
  const templates::SyncReport& report = done.report;
  json::Writer out;
  out.begin_object().key("object").string("template_sync");
  out.key("connection_id").string(connection->id.str());
  out.key("templates").integer(report.templates);
  out.key("added").integer(report.added).key("changed").integer(report.changed);
  out.key("deleted").integer(report.deleted);
  out.key("synced_at").string(format_time(report.synced_at)).end_object();
  co_return answer(std::move(out).take(), done.is_replay);
}

struct CopyWish {
  std::string connection_id, name, header_handle;
};
CopyWish read_copy(json::ObjectReader& in) {
  CopyWish wish;
  wish.connection_id = text_in(in, "connection_id", {});
  wish.name = in.string("name", kName).value_or("");
  wish.header_handle = in.string("header_handle", kHandle).value_or("");
  return wish;
}

Task<http::Response> copy_template(Call& call) {
  CO_CHECK_OK(co_await check_policies(call));
  CO_TRY(const auto id, id_in_path(call));
  CO_TRY(auto wish, read_body(call.request, read_copy));
  auto& templates = call.services.templates;
  CO_TRY(auto draft, co_await templates.draft_of(call.caller, id, std::move(wish.name),
                                                 std::move(wish.header_handle)));
  CO_TRY(const auto connection, connections_of(call).find(call.caller, wish.connection_id));
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto made,
         co_await templates.create(call.by(), connection, std::move(draft), id, once));
  co_return made_response(made, 201);
}

template <Templates::Act kAct>
Task<http::Response> act_on_template(Call& call) {
  CO_CHECK_OK(co_await check_policies(call));
  CO_TRY(const auto id, id_in_path(call));
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto made, co_await call.services.templates.act(call.by(), id, kAct, once));
  co_return made_response(made, 200);
}

Task<http::Response> search_library(Call& call) {
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  const auto connection_id = in.text("connection_id");
  channel::LibrarySearch search;
  search.text = in.text("search").value_or("");
  search.topic = in.text("topic").value_or("");
  search.language = in.text("language").value_or("");
  search.after = in.text("after").value_or("");
  search.limit = in.limit();
  CO_CHECK_OK(in.finish());
  CO_TRY(const auto connection,
         connections_of(call).find(call.caller, connection_id.value_or(""), "?connection_id"));
  CO_TRY(const auto found, co_await call.services.templates.library(connection, std::move(search)));
  std::optional<NextPage> next;
  if (!found.next.empty()) next = NextPage{"after", found.next};
  co_return list_response(call.request, found.items, next);
}

Task<http::Response> get_schema(Call& call) {
  CO_TRY(const auto id, id_in_path(call));
  CO_TRY(const auto row, co_await call.services.templates.find(call.caller, id));
  CO_TRY(const auto schema, call.services.templates.schema_of(row));
  co_return answer(templates::json_schema(schema, row.provider.name, row.provider.language));
}

/// The message that a preview's components would be, checked as one.
Result<channel::OutboundMessage> message_of(const Call& call, const Template& row,
                                            const channel::TemplateSchema& schema,
                                            const json::Value& components) {
  json::Writer out;
  out.begin_object().key("to").string("+15550000000").key("type").string("template");
  out.key("template").begin_object().key("name").string(row.provider.name);
  out.key("language").begin_object().key("code").string(row.provider.language).end_object();
  out.key("components").value(components).end_object().end_object();
  TRY(const auto document, json::parse(out.text()));
  TRY(auto message, channel::parse_message(document.root()));
  const auto connection = connections_of(call).find(row.connection);
  if (connection) CHECK_OK(connection->adapter->check(message));
  CHECK_OK(json::as_result(templates::check_send(schema, std::get<channel::Template>(message.body),
                                                 call.services.clock.now())));
  return message;
}

/// Pointers into the message, as pointers into the request.
Error in_request(Error error) {
  constexpr std::string_view kHead = "/template";
  for (FieldError& each : error.fields)
    if (each.pointer.starts_with(kHead)) each.pointer.erase(0, kHead.size());
  return error;
}

Task<http::Response> preview_template(Call& call) {
  CO_TRY(const auto id, id_in_path(call));
  CO_TRY(const auto document, json_body(call.request));
  std::vector<FieldError> faults;
  json::ObjectReader in(document.root(), "", faults);
  const json::Value* components = in.find("components");
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  CO_TRY(const auto row, co_await call.services.templates.find(call.caller, id));
  CO_TRY(const auto schema, call.services.templates.schema_of(row));
  std::string shown;
  if (components == nullptr) {
    shown = templates::preview(schema, nullptr);
  } else {
    const auto message = message_of(call, row, schema, *components);
    if (!message) co_return std::unexpected(in_request(message.error()));
    shown = templates::preview(schema, &std::get<channel::Template>(message->body));
  }
  json::Writer out;
  out.begin_object().key("object").string("template_preview");
  out.key("template_id").string(row.id.str()).key("preview").raw(shown).end_object();
  co_return answer(std::move(out).take());
}

}  // namespace

void add_template_routes(Routes& routes) {
  using enum identity::Scope;
  using http::Method;
  using Act = Templates::Act;
  constexpr std::string_view kOne = "/v1/templates/{}";
  const auto of_one = [kOne](std::string_view act) { return std::string(kOne).append(act); };
  routes.add(Method::kPost, "/v1/templates", kTemplatesManage, create_template);
  routes.add(Method::kGet, "/v1/templates", kTemplatesRead, list_templates);
  routes.add(Method::kDelete, "/v1/templates", kTemplatesManage, remove_name);
  routes.add(Method::kGet, of_one(""), kTemplatesRead, get_template);
  routes.add(Method::kPatch, of_one(""), kTemplatesManage, edit_template);
  routes.add(Method::kDelete, of_one(""), kTemplatesManage, remove_template);
  routes.add(Method::kGet, of_one("/versions"), kTemplatesRead, list_versions);
  routes.add(Method::kGet, of_one("/schema"), kTemplatesRead, get_schema);
  routes.add(Method::kPost, of_one("/preview"), kTemplatesRead, preview_template);
  routes.add(Method::kPost, of_one("/copy"), kTemplatesManage, copy_template);
  routes.add(Method::kPost, of_one("/archive"), kTemplatesManage, act_on_template<Act::kArchive>);
  routes.add(Method::kPost, of_one("/unarchive"), kTemplatesManage,
             act_on_template<Act::kUnarchive>);
  routes.add(Method::kPost, of_one("/unpause"), kTemplatesManage, act_on_template<Act::kUnpause>);
  routes.add(Method::kPost, "/v1/connections/{}/templates/sync", kTemplatesManage, sync_templates);
  routes.add(Method::kGet, "/v1/template_library", kTemplatesRead, search_library);
}

}  // namespace flowsell::api
