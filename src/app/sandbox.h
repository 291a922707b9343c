#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.h"
#include "connections/senders.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "identity/api_keys.h"
#include "identity/workspaces.h"
#include "operators/operators.h"
#include "team/members.h"

namespace flowsell::app {

/// What a sandbox needs to be used: a workspace, a sender on the simulator, a test key.
struct SandboxWorkspace {
  WorkspaceId workspace;
  connections::SenderPtr sender;
  Secret api_key;
  struct SignIn {
    std::string email;  ///< empty: none
    Secret password;
  };
  SignIn owner;          ///< of the first one
  SignIn operator_user;  ///< the same: a superadmin of the installation
};

/// The keys and passwords that an earlier start wrote to sandbox.json: each is shown once, and
/// stored as a hash.
class EarlierKeys {
 public:
  explicit EarlierKeys(const std::filesystem::path& file);
  /// Empty when there is none.
  Secret of(const WorkspaceId& workspace) const;
  Secret password_of(std::string_view email) const;

 private:
  std::map<std::string, Secret> keys_;                    ///< by the workspace's id
  std::map<std::string, Secret, std::less<>> passwords_;  ///< by address
};

/// Where a sandbox's workspaces are made.
struct SandboxRooms {
  identity::Workspaces& workspaces;
  identity::ApiKeys& api_keys;
  connections::Senders& senders;
  team::Members& members;
  accounts::Accounts& accounts;
};

/// Finds the workspaces of a sandbox that belong into one database, or makes them. `numbers` says
/// which of the sandbox's all those are: each has the simulator's number of that place. A key that
/// an earlier start did not leave is made anew. `has_the_first`: the sandbox's first workspace is
/// among them, which has an owner. Blocking.
Result<std::vector<SandboxWorkspace>> open_sandbox(const EarlierKeys& earlier,
                                                   const SandboxRooms& rooms,
                                                   const std::vector<std::size_t>& numbers,
                                                   bool has_the_first);

/// The sandbox's operator, a superadmin: one for all that this process has opened of it, beside the
/// first workspace's owner. Blocking.
Result<> put_operator(const EarlierKeys& earlier, accounts::Accounts& accounts,
                      operators::Operators& operators, std::vector<SandboxWorkspace>& sandbox);

/// Writes sandbox.json (0600), whole or not at all. Without workspaces: they are others'.
Result<> write_sandbox_file(const std::filesystem::path& file,
                            const std::vector<SandboxWorkspace>& sandbox,
                            const std::string& base_url, const std::string& simulator_url);

}  // namespace flowsell::app
