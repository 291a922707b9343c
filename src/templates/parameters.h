#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/template.h"
#include "channel/template_schema.h"

// How what a message gives is read by the schema of its template.
namespace flowsell::templates {

/// The first of that kind; nullptr: there is none.
const channel::TemplateComponent* find_component(const std::vector<channel::TemplateComponent>& all,
                                                 channel::ComponentKind kind);

/// Which of the template's buttons is meant; nullopt: there is no such. Of a button to call its
/// place is known.
std::optional<std::size_t> index_of(const channel::TemplateComponent& button,
                                    const std::vector<channel::TemplateButton>& buttons);

/// What a parameter is at the head of a message.
channel::TemplateHeader header_kind_of(const channel::TemplateParameter& parameter);

/// A text, an amount or a time.
bool is_text(const channel::TemplateParameter& parameter);
/// What people see of it; empty of what is none of these.
std::string_view text_of(const channel::TemplateParameter& parameter);

/// The texts of `given`, in the order of the variables' names.
std::vector<std::string> values_of(const channel::TemplateText& text,
                                   const std::vector<channel::TemplateParameter>& given,
                                   bool is_named);

/// As long as the text is with its variables filled, in code points.
std::size_t length_filled(const channel::TemplateText& text,
                          const std::vector<channel::TemplateParameter>& given, bool is_named);

}  // namespace flowsell::templates
