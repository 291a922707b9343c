#pragma once

#include <string>

#include "channel/template.h"
#include "channel/template_schema.h"

namespace flowsell::templates {

/// The JSON Schema (draft 2020-12) of the object "template" of a message: what check_send() takes,
/// but for lengths of filled texts and for times. Each component stands in "$defs" under a name of
/// its own, for generators of code.
std::string json_schema(const channel::TemplateSchema& schema, const std::string& name,
                        const std::string& language);

/// What a person will see, as a JSON object: formatting is left in the texts. `message` gives the
/// values; nullptr: the provider's examples stand for them. It has passed check_send().
std::string preview(const channel::TemplateSchema& schema, const channel::Template* message);

}  // namespace flowsell::templates
