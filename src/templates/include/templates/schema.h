#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::templates {

/// Tables of this room: templates, template_versions, template_syncs.
std::span<const store::Migration> migrations();

}  // namespace flowsell::templates
