#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/id.h"
#include "core/page.h"
#include "core/time.h"
#include "crypto/hash.h"

namespace flowsell::audit {

using AuditId = AuditEventId;

/// Whose chain an event belongs to: the blob of a WorkspaceId or of a user's id, or this.
constexpr std::size_t kScopeBytes = 16;
inline std::string system_scope() { return std::string(kScopeBytes, '\0'); }
/// The chain of what operators do, of the installation and of no workspace.
inline std::string operators_scope() { return std::string(kScopeBytes - 1, '\0') + '\1'; }
/// "system", "operators", or the 26 characters that stand behind the prefix of the scope's id. Of
/// bytes that are no scope their hexadecimal digits.
std::string scope_name(std::string_view scope);

/// Numbers are stored, and are in the hashes.
enum class ActorKind : std::uint8_t {
  kSystem = 0,
  kUser = 1,
  kApiKey = 2,
  kOperator = 3,
  kSupportSession = 4,
};
/// "system", "user", "api_key", "operator", "support_session"; "unknown" of any other number.
std::string_view actor_kind_name(ActorKind kind) noexcept;

/// Who did it.
struct Actor {
  ActorKind kind = ActorKind::kSystem;
  std::string id;  ///< as shown: "usr_...", "key_..."; empty for the system
};

/// From where. Address and user agent are personal data of the actor: they are kept apart, and can
/// be erased.
struct Origin {
  std::string address;
  std::string user_agent;  ///< as it came: bytes that are no text are replaced, its end is cut off
  std::string request_id;  ///< "req_...": not personal, stays
};

/// What is put on record.
struct Act {
  std::string scope;  ///< kScopeBytes bytes
  AuditEventId id;    ///< AuditEventId(ids.next_bytes())
  Time at;
  Actor actor;
  Origin origin;
  std::string name;    ///< "api_key.created": lower case, digits, '_' and '.'; stable, documented
  std::string target;  ///< id as shown, or empty
  /// JSON objects, or empty. No secrets and no personal data: they can't be taken out again.
  std::string before = {}, after = {};
  /// JSON object of personal data of the actor or the target (names, e-mail addresses), or empty.
  std::string personal = {};
};

/// The beginning of what goes on record. `scope`: of a workspace or a user the id's blob().
Act new_act(IdSource& ids, Time now, std::string_view scope, Actor actor, Origin origin,
            std::string name, std::string target = {});

/// {"name":"text", ...}: for what was before and is after.
std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

/// What a record says by now.
struct Event {
  std::int64_t seq = 0;  ///< its place in its scope's chain: 1, 2, 3, ...
  AuditEventId id;
  Time at;
  Actor actor;
  Origin origin;
  std::string name, target, before, after, personal;
  bool is_erased = false;  ///< some of its personal data, or all, was erased
  crypto::Digest hash{};
};

/// One event as a JSON object. Whatever the database holds, it is valid JSON in UTF-8.
std::string render(const Event& event);

/// A part of a scope's events, newest first.
using EventPage = Page<Event, AuditEventId>;

}  // namespace flowsell::audit
