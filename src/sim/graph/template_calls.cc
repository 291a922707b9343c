// /{waba}/message_templates and /{template} (reference/whatsapp.md, 6).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "graph/fields.h"
#include "graph/reviews.h"
#include "graph/routes.h"
#include "graph/template_making.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

Checked<Reply> create(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  TRY(const auto* made, make_template(graph, account, call.params.all()));
  return reply_with(
      {{"id", made->id}, {"status", made->text("status")}, {"category", made->text("category")}});
}

/// Whether a template passes the filters of a list.
bool passes(const Call& call, const Node& one) {
  const auto is = [&](std::string_view parameter, std::string_view field) {
    const auto wanted = call.params.text(parameter);
    return wanted.empty() || equals_ignoring_case(one.text(field), wanted);
  };
  const auto name = call.params.text("name");
  const auto name_or_content = call.params.text("name_or_content");
  const auto content = call.params.text("content");
  const auto score = call.params.text("quality_score");
  const auto body = body_text_of(one);
  const auto has = [](std::string_view text, const std::string& part) {
    return part.empty() || lower_case(text).find(lower_case(part)) != std::string::npos;
  };
  return is("status", "status") && is("category", "category") && is("language", "language") &&
         has(one.text("name"), name) && has(body, content) &&
         (has(one.text("name"), name_or_content) || has(body, name_or_content)) &&
         (score.empty() || text_in(one.object("quality_score"), "score") == score);
}

Checked<Reply> list(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  std::int64_t all = 0;
  TRY(auto rows, rows_of(graph, call, NodeKind::kTemplate, [&](const Node& one) {
        if (one.text("_account") != account.id) return false;
        ++all;
        return passes(call, one);
      }));
  // The newest stands first.
  std::ranges::reverse(rows);
  const auto matching = static_cast<std::int64_t>(rows.size());
  auto body = page_of(call, std::move(rows));
  if (call.params.has("summary")) {
    body["summary"] = {{"total_count", matching},
                       {"message_template_count", all},
                       {"message_template_limit", template_limit_of(graph, account)},
                       {"are_translations_complete", true}};
  }
  return reply_with(body);
}

std::unexpected<GraphError> refuse_missing() {
  return refuse_for_people(2593002, "Message Template Not Found",
                           "The message template couldn't be found.");
}

Checked<Reply> remove(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  const auto name = call.params.text("name");
  const auto id = call.params.text("hsm_id");
  if (name.empty()) return refuse_absent("name");
  std::vector<std::string> gone;
  json::Object reserved = account.object("_deleted_names");
  graph.registry.each(NodeKind::kTemplate, [&](Node& one) {
    const bool meant = one.text("_account") == account.id && one.text("name") == name &&
                       (id.empty() || one.id == id);
    if (!meant) return true;
    // An approved name can't be used again for 30 days.
    if (one.text("status") == "APPROVED")
      reserved[fmt::format("{}/{}", name, one.text("language"))] =
          to_unix_ms(graph.now()) + 30 * kDayMs;
    gone.push_back(one.id);
    return true;
  });
  if (gone.empty()) return refuse_missing();
  for (const auto& one : gone) graph.registry.remove(NodeKind::kTemplate, one);
  account.fields["_deleted_names"] = std::move(reserved);
  graph.registry.touch(account);
  return success();
}

Checked<Reply> edit(Graph& graph, const Call& call, Node& one) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  CHECK_OK(edit_template(graph, one, call.params));
  json::Object body = {{"success", true},
                       {"id", one.id},
                       {"name", one.text("name")},
                       {"category", one.text("category")}};
  return reply_with(body);
}

Checked<Reply> unpause(Graph& graph, const Call& call, Node& one) {
  constexpr std::int64_t kPauseMin = 5LL * 60 * 1000;
  CHECK_OK(Graph::require(call, Scope::kManagement));
  const auto until = one.number("_paused_until");
  if (one.text("status") != "PAUSED" || until == 0)
    return refuse_parameter("The template is not paused");
  const auto since = until - pause_ms_of(one);
  json::Object body;
  if (to_unix_ms(graph.now()) - since < kPauseMin) {
    body = {{"success", false}, {"reason", "The template was paused less than 5 minutes ago."}};
    return reply_with(body);
  }
  one.fields.erase("_paused_until");
  set_template_status(
      graph, one, "APPROVED", "APPROVED", "NONE",
      {{"other_info", {{"title", "UNPAUSE"}, {"description", "By the business."}}}});
  return success();
}

Checked<Reply> compare(Graph& graph, const Call& call, Node& one) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  auto other_id = call.params.text("template_ids");
  const auto listed = call.params.structure("template_ids");
  if (listed.is_array() && !listed.get_array().empty()) {
    const auto& first = listed.get_array()[0];
    if (first.is_string()) other_id = view_of(first.get_string());
    if (first.is_int64()) other_id = fmt::format("{}", first.get_int64());
  }
  TRY(const auto* other, graph.node(call, NodeKind::kTemplate, other_id));
  CHECK_OK(call.params.required("start"));
  CHECK_OK(call.params.required("end"));
  json::Array data;
  data.push_back(json::Object{{"metric", "BLOCK_RATE"},
                              {"type", "RELATIVE"},
                              {"order_by_relative_metric", json::Array{one.id, other->id}}});
  json::Array sends;
  for (const Node* node : std::initializer_list<const Node*>{&one, other})
    sends.push_back(json::Object{{"key", node->id}, {"value", 0}});
  json::Object counts = {{"metric", "MESSAGE_SENDS"}, {"type", "NUMBER_VALUES"}};
  counts["number_values"] = std::move(sends);
  data.push_back(std::move(counts));
  return reply_with_data(std::move(data));
}

/// Archiving and its way back: on Meta's other host, the same path.
Checked<Reply> archive_or_back(Graph& graph, const Call& call, const Node& account, bool archive) {
  constexpr std::int64_t kKeptMs = 28 * kDayMs;
  CHECK_OK(Graph::require(call, Scope::kManagement));
  TRY(const auto ids, call.params.required("hsm_ids"));
  json::Array done;
  json::Object failed;
  std::string_view rest = ids;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    const std::string id(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto* one = graph.registry.find(NodeKind::kTemplate, id);
    const bool fits = one && one->text("_account") == account.id &&
                      (one->text("status") == "ARCHIVED") != archive;
    if (!fits) {
      failed[id] = "The template does not exist, or is not in the right state.";
      continue;
    }
    if (archive) {
      one->fields["_status_before"] = std::string(one->text("status"));
      one->fields["_archived_until"] = to_unix_ms(graph.now()) + kKeptMs;
      set_template_status(graph, *one, "ARCHIVED", "ARCHIVED");
    } else {
      one->fields.erase("_archived_until");
      const std::string before(one->text("_status_before"));
      set_template_status(graph, *one, before.empty() ? "APPROVED" : before, "UNARCHIVED");
    }
    done.emplace_back(id);
  }
  json::Object body;
  body[archive ? "archived_templates" : "unarchived_templates"] = std::move(done);
  body["failed_templates"] = std::move(failed);
  return reply_with(body);
}

Checked<Reply> archive(Graph& graph, const Call& call, Node& account) {
  return archive_or_back(graph, call, account, true);
}

Checked<Reply> unarchive(Graph& graph, const Call& call, Node& account) {
  return archive_or_back(graph, call, account, false);
}

/// Authentication templates in many languages at once; those there are, are edited.
Checked<Reply> upsert(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  const auto languages = call.params.structure("languages");
  if (!languages.is_array()) return refuse_absent("languages");
  if (call.params.text("category") != "AUTHENTICATION")
    return refuse_parameter("Param category must be one of {AUTHENTICATION}");
  json::Array data;
  for (const auto& language : languages.get_array()) {
    if (!language.is_string()) return refuse_parameter("Param languages must be texts");
    json::Object definition(call.params.all(), boost::json::storage_ptr());
    definition.erase("languages");
    definition["language"] = language;
    auto* known =
        find_template(graph, account, call.params.text("name"), view_of(language.get_string()));
    if (known) {
      CHECK_OK(replace_components(graph, *known, call.params.structure("components")));
    } else {
      TRY(known, make_template(graph, account, definition));
    }
    data.push_back(json::Object{{"id", known->id},
                                {"status", known->text("status")},
                                {"language", known->text("language")}});
  }
  return reply_with_data(std::move(data));
}

Checked<Reply> migrate(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  TRY(const auto source_id, call.params.required("source_waba_id"));
  TRY(const auto* source, graph.node(call, NodeKind::kAccount, source_id));
  std::vector<json::Object> copies;
  json::Array moved;
  json::Object failed;
  graph.registry.each(NodeKind::kTemplate, [&](Node& one) {
    if (one.text("_account") != source->id || one.text("status") != "APPROVED") return true;
    if (find_template(graph, account, one.text("name"), one.text("language"))) {
      failed[one.id] = "A template of that name and language is there already.";
      return true;
    }
    auto fields = one.fields;
    fields["_account"] = account.id;
    copies.push_back(std::move(fields));
    moved.emplace_back(one.id);
    return true;
  });
  for (auto& fields : copies) {
    auto id = graph.registry.new_id();
    fields["id"] = id;
    graph.registry.add(NodeKind::kTemplate, std::move(id), std::move(fields));
  }
  json::Object body;
  body["migrated_templates"] = std::move(moved);
  body["failed_templates"] = std::move(failed);
  return reply_with(body);
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kAccount, http::Method::kPost, "message_templates", create},
    {NodeKind::kAccount, http::Method::kGet, "message_templates", list},
    {NodeKind::kAccount, http::Method::kDelete, "message_templates", remove},
    {NodeKind::kAccount, http::Method::kPost, "message_templates/archive", archive},
    {NodeKind::kAccount, http::Method::kPost, "message_templates/unarchive", unarchive},
    {NodeKind::kAccount, http::Method::kPost, "upsert_message_templates", upsert},
    {NodeKind::kAccount, http::Method::kPost, "migrate_message_templates", migrate},
    {NodeKind::kTemplate, http::Method::kGet, "", get_managed_node},
    {NodeKind::kTemplate, http::Method::kPost, "", edit},
    {NodeKind::kTemplate, http::Method::kPost, "unpause", unpause},
    {NodeKind::kTemplate, http::Method::kGet, "compare", compare},
});

}  // namespace

std::span<const NodeRoute> template_routes() { return kRoutes; }

}  // namespace flowsell::sim
