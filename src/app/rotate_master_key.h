#pragma once

#include <string>

#include "config/settings.h"
#include "core/error.h"

namespace flowsell::app {

/// `connectd rotate-master-key`: puts a new master key beside the one of this data folder, and
/// waits until the server that runs on it has taken it. Blocking. Fails with kInvalidRequest where
/// the master key is no file, and with kStoreUnavailable where no server has taken it in a minute.
Result<std::string> rotate_master_key(const config::Settings& settings);

}  // namespace flowsell::app
