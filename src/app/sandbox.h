#pragma once

#include <filesystem>
#include <string>

#include "core/id.h"
#include "core/sensitive.h"
#include "identity/api_keys.h"
#include "identity/workspaces.h"
#include "messaging/senders.h"

namespace flowsell::app {

/// What a sandbox needs to be used: one workspace, one sender on the simulator, one test key.
struct Sandbox {
  WorkspaceId workspace;
  messaging::SenderPtr sender;
  Secret api_key;
};

/// Finds what an earlier start made, or makes it. The key is shown once and stored as a hash, so an
/// earlier one is read back from sandbox.json; when that is gone, a new key is made. Blocking.
Result<Sandbox> open_sandbox(const std::filesystem::path& file, identity::Workspaces& workspaces,
                             identity::ApiKeys& api_keys, messaging::Senders& senders);

/// Writes sandbox.json (0600), whole or not at all.
Result<> write_sandbox_file(const std::filesystem::path& file, const Sandbox& sandbox,
                            const std::string& base_url, const std::string& simulator_url);

}  // namespace flowsell::app
