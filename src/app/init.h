#pragma once

#include <string>

#include "config/settings.h"
#include "core/error.h"
#include "core/sensitive.h"
#include "core/time.h"

namespace flowsell::app {

/// `connectd init`: makes what the first start in live mode needs, and says what it did. What is
/// there already stays as it is.
///
/// The master key (a file of 0600), unless the settings say where it comes from. Fails with
/// kConflict where a database is there that another key belongs to. With an address in `email` also
/// the first operator, a superadmin, whose password `read_password` is asked for where the address
/// has no account yet; none where the installation has a superadmin. Blocking.
Result<std::string> init(const config::Settings& settings, const std::string& email,
                         Result<Secret> (*read_password)(), Time now);

}  // namespace flowsell::app
