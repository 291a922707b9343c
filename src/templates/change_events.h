#pragma once

#include <vector>

#include "connections/connections.h"
#include "template_table.h"
#include "webhook/events.h"

namespace flowsell::templates {

/// What a webhook would have told of these changes, which a sync found: status, category, quality
/// and design.
std::vector<webhook::EventDraft> events_of(const connections::Connection& connection,
                                           const std::vector<SeenChange>& changes, Time at);

}  // namespace flowsell::templates
