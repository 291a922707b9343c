// /{waba}: the account, its numbers and who hears of it (reference/whatsapp.md, 4.1, 7.2, 7.3).
#include <fmt/format.h>

#include <array>

#include "core/phone_number.h"
#include "graph/fields.h"
#include "graph/routes.h"
#include "graph/seed.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

Checked<Reply> edit_account(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  for (const std::string_view name : {"name", "timezone_id"}) {
    const auto value = call.params.text(name);
    if (!value.empty()) account.fields[name] = value;
  }
  graph.registry.touch(account);
  return success();
}

// --- numbers

Checked<Reply> list_phones(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  for (const auto& number : graph.world.options.numbers) {
    if (number.waba_id == account.id && !number.phone_number_id.empty())
      graph.registry.find(NodeKind::kPhone, number.phone_number_id);
  }
  TRY(auto rows, rows_of(graph, call, NodeKind::kPhone,
                         [&](const Node& phone) { return phone.text("_account") == account.id; }));
  return reply_with(page_of(call, std::move(rows)));
}

Checked<Reply> add_phone(Graph& graph, const Call& call, Node& account) {
  constexpr std::size_t kOfUnverifiedMax = 2;
  constexpr std::size_t kOfVerifiedMax = 20;
  CHECK_OK(Graph::require(call, Scope::kManagement));
  TRY(const auto phone_number, call.params.required("phone_number"));
  TRY(const auto name, call.params.required("verified_name"));
  const auto digits = digits_in(call.params.text("cc")) + digits_in(phone_number);
  if (digits.size() < 7 || digits.size() > 15 || country_code_length(digits) == 0)
    return refuse_for_people(2388001, "Invalid phone number", "The phone number is not valid.");
  std::size_t of_portfolio = 0;
  bool is_taken = false;
  make_all_accounts(graph);
  graph.registry.each(NodeKind::kPhone, [&](Node& phone) {
    if (phone.text("_account") == account.id) ++of_portfolio;
    is_taken = is_taken || phone.text("_digits") == digits;
    return true;
  });
  if (is_taken && !call.params.flag("migrate_phone_number").value_or(false)) {
    return refuse_for_people(2388002, "Phone number already in use",
                             "This phone number is registered to another WhatsApp account.");
  }
  if (of_portfolio >= (graph.is_verified(account) ? kOfVerifiedMax : kOfUnverifiedMax)) {
    return refuse_for_people(2388103, "Limit exceeded",
                             "You have reached the maximum number of phone numbers.");
  }
  SimNumber number{account.id, graph.registry.new_id(), digits};
  if (graph.world.add_number(number) == World::kNoNumber)
    return std::unexpected(GraphError{2, "The simulator has no room for more numbers"});
  auto fields = phone_fields(number, name);
  fields["_review_due"] = to_unix_ms(graph.now()) + graph.review_after_ms;
  graph.registry.add(NodeKind::kPhone, number.phone_number_id, std::move(fields));
  return reply_with({{"id", number.phone_number_id}});
}

// --- subscribed apps

json::Array subscribed_apps(Graph& graph, const Node& account) {
  json::Array data;
  for (const auto& [app_id, subscription] : account.object("_subscribed_apps")) {
    const auto& app = graph.app(view_of(app_id));
    json::Object row;
    row["whatsapp_business_api_data"] = {
        {"id", app.id},
        {"name", app.text("name")},
        {"link", fmt::format("https://www.facebook.com/games/?app_id={}", app.id)}};
    const auto url = text_in(subscription.get_object(), "url");
    if (!url.empty()) row["override_callback_uri"] = url;
    data.push_back(std::move(row));
  }
  return data;
}

Checked<Reply> list_subscribed(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  return reply_with_data(subscribed_apps(graph, account));
}

Checked<Reply> subscribe_app(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  const auto& app = graph.app_of(call);
  const auto url = call.params.text("override_callback_uri");
  if (!url.empty()) {
    TRY(const auto token, call.params.required("verify_token"));
    CHECK_OK(check_override(&account, app, url));
    if (!call.verified) return Reply{.body = {}, .verify = Verification{url, token}};
  }
  json::Object subscription;
  if (!url.empty()) subscription["url"] = url;
  auto apps = account.object("_subscribed_apps");
  apps[app.id] = std::move(subscription);
  account.fields["_subscribed_apps"] = std::move(apps);
  graph.registry.touch(account);
  json::Object body;
  if (!url.empty()) body["data"] = subscribed_apps(graph, account);
  body["success"] = true;
  return reply_with(body);
}

Checked<Reply> unsubscribe_app(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  auto apps = account.object("_subscribed_apps");
  apps.erase(graph.app_of(call).id);
  account.fields["_subscribed_apps"] = std::move(apps);
  graph.registry.touch(account);
  return success();
}

// --- people

Checked<Reply> list_users(Graph&, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  std::vector<Row> rows;
  for (const auto& [id, tasks] : account.object("_users")) {
    json::Object row = {
        {"id", id}, {"name", "Simulated system user"}, {"user_type", "SYSTEM_USER"}};
    row["tasks"] = tasks;
    rows.push_back({std::string(view_of(id)), std::move(row)});
  }
  return reply_with(page_of(call, std::move(rows)));
}

Checked<Reply> assign_user(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  TRY(const auto user, call.params.required("user"));
  const auto tasks = call.params.structure("tasks");
  if (!tasks.is_array()) return refuse_absent("tasks");
  auto users = account.object("_users");
  users[user] = tasks;
  account.fields["_users"] = std::move(users);
  graph.registry.touch(account);
  return success();
}

Checked<Reply> remove_user(Graph& graph, const Call& call, Node& account) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  TRY(const auto user, call.params.required("user"));
  auto users = account.object("_users");
  users.erase(user);
  account.fields["_users"] = std::move(users);
  graph.registry.touch(account);
  return success();
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kAccount, http::Method::kGet, "", get_managed_node},
    {NodeKind::kAccount, http::Method::kPost, "", edit_account},
    {NodeKind::kAccount, http::Method::kGet, "phone_numbers", list_phones},
    {NodeKind::kAccount, http::Method::kPost, "phone_numbers", add_phone},
    {NodeKind::kAccount, http::Method::kGet, "subscribed_apps", list_subscribed},
    {NodeKind::kAccount, http::Method::kPost, "subscribed_apps", subscribe_app},
    {NodeKind::kAccount, http::Method::kDelete, "subscribed_apps", unsubscribe_app},
    {NodeKind::kAccount, http::Method::kGet, "assigned_users", list_users},
    {NodeKind::kAccount, http::Method::kPost, "assigned_users", assign_user},
    {NodeKind::kAccount, http::Method::kDelete, "assigned_users", remove_user},
});

}  // namespace

std::span<const NodeRoute> account_routes() { return kRoutes; }

}  // namespace flowsell::sim
