#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "channel/template_calls.h"
#include "json/json.h"

namespace flowsell::whatsapp {

/// Collects what Meta would refuse a template for. `at` is the JSON pointer of what is looked at.
class RuleFaults {
 public:
  void add(std::string at, std::string_view code, std::string detail, std::string fix) {
    faults_.push_back({std::move(at), std::string(code), std::move(detail), std::move(fix)});
  }
  /// A text that must be there, and its length. False: it is not there.
  bool text(const std::string& at, std::string_view text, std::size_t max);
  std::vector<FieldError> take() { return std::move(faults_); }

 private:
  std::vector<FieldError> faults_;
};

/// Meta's limits of a list of buttons (template_buttons.cc). `at`: the list's place.
void check_template_buttons(RuleFaults& faults, const std::string& at, const json::Array& buttons,
                            bool of_authentication, std::size_t max);

/// See TemplateCalls.
std::vector<FieldError> check_template_draft(channel::TemplateDraft& draft);
std::vector<FieldError> check_template_edit(channel::TemplateEdit& edit,
                                            const channel::ProviderTemplate& of);
bool draft_components_of(channel::TemplateDraft& draft, const channel::ProviderTemplate& of,
                         std::string_view header_handle);

}  // namespace flowsell::whatsapp
