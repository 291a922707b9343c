#pragma once

#include <vector>

#include "config/settings.h"
#include "core/error.h"

namespace flowsell::config {

/// The rules between settings, each setting being right by itself. Empty when all hold.
std::vector<FieldError> check(const Settings& settings);

}  // namespace flowsell::config
