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

Checked<std::string> TemplateBook::check_send(std::string_view account_id, const json::Object& sent,
                                              bool to_user_id) const {
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
  return std::string(found->text("category"));
}

}  // namespace flowsell::sim
