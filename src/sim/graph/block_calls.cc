// /{phone}/block_users (reference/whatsapp.md, 7.3).
#include <array>

#include "faults.h"
#include "graph/fields.h"
#include "graph/routes.h"

namespace flowsell::sim {
namespace {

struct Asked {
  std::string input;
  std::string person;
};

Checked<std::vector<Asked>> read_users(const Call& call) {
  CHECK_OK(must_be_whatsapp(call));
  const auto list = call.params.structure("block_users");
  if (!list.is_array()) return refuse_absent("block_users");
  std::vector<Asked> users;
  for (const auto& one : list.get_array()) {
    const auto* object = one.if_object();
    const auto user = object ? text_in(*object, "user") : std::string_view();
    if (user.empty()) return refuse_absent("block_users[user]");
    users.push_back({std::string(user), person_of(user)});
  }
  return users;
}

json::Object shown(const Asked& user) {
  const bool is_user_id = user.person.find('.') != std::string::npos;
  return {{"input", user.input}, {is_user_id ? "user_id" : "wa_id", user.person}};
}

/// Part of the answer, and the error that comes beside it where some failed.
Reply reply_of(std::string_view done_name, json::Array done, json::Array failed) {
  json::Object result;
  result[done_name] = std::move(done);
  json::Object body = {{"messaging_product", "whatsapp"}};
  if (!failed.empty()) {
    result["failed_users"] = std::move(failed);
    body["error"] = {{"message", "(#139100) Failed to block/unblock some users"},
                     {"type", "OAuthException"},
                     {"code", 139100},
                     {"error_data",
                      {{"details",
                        "Failed to block some users, see the block_users response list "
                        "for details"}}}};
  }
  body["block_users"] = std::move(result);
  return reply_with(body);
}

Checked<Reply> block(Graph& graph, const Call& call, Node& phone) {
  TRY(const auto users, read_users(call));
  auto blocked = phone.object("_blocked");
  json::Array done;
  json::Array failed;
  const auto index = graph.world.find_number(phone.id);
  for (const auto& user : users) {
    // Only people who wrote within a day can be blocked.
    if (!graph.world.windows.is_open(index, user.person, graph.now())) {
      auto fault = shown(user);
      fault["errors"] = json::Array{json::Object{
          {"code", 131047},
          {"message", "Re-engagement message"},
          {"error_data", {{"details", "The user has not written in the last 24 hours"}}}}};
      failed.push_back(std::move(fault));
      continue;
    }
    blocked[user.person] = true;
    done.push_back(shown(user));
  }
  phone.fields["_blocked"] = std::move(blocked);
  graph.registry.touch(phone);
  return reply_of("added_users", std::move(done), std::move(failed));
}

Checked<Reply> unblock(Graph& graph, const Call& call, Node& phone) {
  TRY(const auto users, read_users(call));
  auto blocked = phone.object("_blocked");
  json::Array done;
  for (const auto& user : users) {
    blocked.erase(user.person);
    done.push_back(shown(user));
  }
  phone.fields["_blocked"] = std::move(blocked);
  graph.registry.touch(phone);
  return reply_of("removed_users", std::move(done), {});
}

Checked<Reply> list_blocked(Graph&, const Call& call, Node& phone) {
  std::vector<Row> rows;
  for (const auto& [person, yes] : phone.object("_blocked")) {
    const bool is_user_id = person.find('.') != boost::json::string_view::npos;
    rows.push_back(
        {std::string(view_of(person)),
         {{"messaging_product", "whatsapp"}, {is_user_id ? "user_id" : "wa_id", view_of(person)}}});
  }
  return reply_with(page_of(call, std::move(rows)));
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kPhone, http::Method::kGet, "block_users", list_blocked},
    {NodeKind::kPhone, http::Method::kPost, "block_users", block},
    {NodeKind::kPhone, http::Method::kDelete, "block_users", unblock},
});

}  // namespace

std::span<const NodeRoute> block_routes() { return kRoutes; }

}  // namespace flowsell::sim
