#pragma once

#include "field_checks.h"

namespace flowsell::sim {

/// Meta's limits on "interactive": what stands around its action here, each kind's action in
/// action_checks.cc.
Checked<> check_interactive(const Fields& message);

/// Meta's limits on the "action" of an interactive message of `type`, which is a known one.
Checked<> check_action(const Fields& action, std::string_view type);

/// "sections" of products: 30 in all.
Checked<> check_product_sections(const Fields& in);
/// catalog_id and product_retailer_id.
Checked<> check_product(const Fields& in);

}  // namespace flowsell::sim
