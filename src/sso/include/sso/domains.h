#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "runtime/task.h"
#include "sso/txt_lookup.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::sso {

/// A domain that a workspace says is its own.
struct Domain {
  WorkspaceId workspace;
  std::string name;   ///< lower case, IDN in its ASCII form
  std::string token;  ///< what proves it: not secret, since it stands in public
  Time created_at{};
  std::optional<Time> verified_at;

  /// Where the proof is looked for, and what must stand there.
  std::string record_name() const;
  std::string record_text() const;
};

/// The domain as we store and compare it; nullopt: no name with a dot in it.
std::optional<std::string> normal_domain(std::string_view text);
/// The same of one that a workspace may claim. Fails with kInvalidRequest.
Result<std::string> check_domain(std::string_view text);
/// What stands behind the '@' of an address, in lower case.
std::string domain_of(std::string_view email);

/// The domains of workspaces, proven by a record that only who owns one can publish. A domain
/// belongs to one workspace. Thread-safe.
class Domains {
 public:
  static constexpr std::size_t kPerWorkspaceMax = 50;

  Domains(store::Database& db, TxtLookup& dns, IdSource& ids, const Clock& clock);

  /// One that the workspace claims already stays as it is. Fails as check_domain(), and with
  /// kConflict (too many).
  Task<Domain> claim(team::By by, std::string name);
  /// Looks for the record of a domain that is not proven yet. Fails with kNotFound (not claimed),
  /// kConflict (the record is not there) and kProviderUnreachable (nobody could be asked).
  Task<Domain> look_up(WorkspaceId workspace, std::string name);
  /// What look_up() found holds from now on. Fails with kNotFound (it is not claimed any more) and
  /// kConflict (another workspace has the domain).
  Task<Domain> verify(team::By by, Domain domain);
  /// Fails with kNotFound.
  Task<> remove(team::By by, std::string name);
  /// By name.
  Task<std::vector<Domain>> list(WorkspaceId workspace) const;
  /// Fails with kNotFound.
  Task<Domain> find(WorkspaceId workspace, std::string name) const;

  /// Whose a domain is. nullopt: nobody has proven it.
  Task<std::optional<WorkspaceId>> owner_of(std::string name) const;

 private:
  audit::Act act_of(const team::By& by, std::string name, const std::string& domain) const;

  store::Database& db_;
  TxtLookup& dns_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::sso
