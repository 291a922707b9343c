#pragma once

#include "field_checks.h"

namespace flowsell::sim {

/// The parameters of "review_and_pay", wherever they stand.
Checked<> check_order_details(const Fields& parameters);
/// The parameters of "review_order".
Checked<> check_order_status(const Fields& parameters);

}  // namespace flowsell::sim
