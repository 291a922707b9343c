#pragma once

#include <string>

#include "channel/template_calls.h"
#include "json/reader.h"

namespace flowsell::api {

/// The body of POST /v1/templates.
struct TemplateWish {
  std::string connection_id;  ///< empty: the only one
  channel::TemplateDraft draft;
};
TemplateWish read_template_wish(json::ObjectReader& in);

/// That of PATCH /v1/templates/{id}.
channel::TemplateEdit read_template_edit(json::ObjectReader& in);

}  // namespace flowsell::api
