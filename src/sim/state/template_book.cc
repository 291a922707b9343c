#include "state/template_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "state/template_send.h"

namespace flowsell::sim {

void TemplateBook::put(const Node& of_template) {
  auto shared = std::make_shared<const Node>(of_template);
  const std::unique_lock lock(mutex_);
  auto& templates = by_account_[std::string(of_template.text("_account"))];
  std::erase_if(templates, [&](const Shared& known) { return known->id == of_template.id; });
  templates.push_back(std::move(shared));
}

void TemplateBook::remove(std::string_view template_id) {
  const std::unique_lock lock(mutex_);
  for (auto& [account, templates] : by_account_)
    std::erase_if(templates, [&](const Shared& known) { return known->id == template_id; });
}

bool TemplateBook::manages(std::string_view account_id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_account_.find(account_id);
  return found != by_account_.end() && !found->second.empty();
}

TemplateBook::Shared TemplateBook::find(std::string_view account_id, std::string_view name,
                                        std::string_view language, bool& name_exists) const {
  const std::shared_lock lock(mutex_);
  const auto templates = by_account_.find(account_id);
  if (templates == by_account_.end()) return nullptr;
  for (const auto& known : templates->second) {
    if (known->text("name") != name) continue;
    name_exists = true;
    if (known->text("language") == language) return known;
  }
  return nullptr;
}

namespace {

void add_flows(const json::Array& components, std::vector<std::string>& out) {
  for (const auto& one : components) {
    const auto* component = one.if_object();
    if (component == nullptr) continue;
    for (const auto& button : array_in(*component, "buttons")) {
      if (!button.is_object()) continue;
      const auto* id = button.get_object().if_contains("flow_id");
      if (id == nullptr) continue;
      if (id->is_string()) out.emplace_back(view_of(id->get_string()));
      if (id->is_int64()) out.push_back(std::to_string(id->get_int64()));
    }
    for (const auto& card : array_in(*component, "cards"))
      if (card.is_object()) add_flows(array_in(card.get_object(), "components"), out);
  }
}

}  // namespace

Checked<SentTemplate> TemplateBook::check_send(std::string_view account_id,
                                               const json::Object& sent, bool to_user_id) const {
  const auto name = text_in(sent, "name");
  const auto language = text_in(object_in(sent, "language"), "code");
  bool name_exists = false;
  const auto found = find(account_id, name, language, name_exists);
  const auto status = found ? found->text("status") : std::string_view();
  if (status == "PAUSED") return refuse(132015, "");
  if (status == "DISABLED") return refuse(132016, "");
  if (status != "APPROVED") {
    return refuse(132001, fmt::format("template name ({}) does not exist in {}", name, language));
  }
  if (to_user_id && found->text("category") == "AUTHENTICATION") return refuse(131062, "");
  CHECK_OK(check_parameters_sent(*found, sent));
  SentTemplate out{std::string(found->text("category")), {}};
  add_flows(found->array("components"), out.flows);
  return out;
}

}  // namespace flowsell::sim
