#pragma once

#include <vector>

#include "channel/template_schema.h"
#include "core/error.h"
#include "core/time.h"

namespace flowsell::templates {

/// What the provider would refuse a message for, or show wrongly: faults with the pointer of their
/// place in the message. Pure. The message has passed its channel's own checks.
std::vector<FieldError> check_send(const channel::TemplateSchema& schema,
                                   const channel::Template& message, Time now);

}  // namespace flowsell::templates
