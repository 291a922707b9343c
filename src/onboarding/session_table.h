#pragma once

#include <optional>
#include <vector>

#include "onboarding/session.h"
#include "store/database.h"

namespace flowsell::onboarding {

Result<> insert_session(store::Connection& db, const Session& session);
/// All that changes after it was made.
Result<> update_session(store::Connection& db, const Session& session);
Result<std::optional<Session>> find_session(store::Connection& db, const WorkspaceId& workspace,
                                            const OnboardingSessionId& id);
/// By what its link's secret hashes to.
Result<std::optional<Session>> find_by_token(store::Connection& db, const WorkspaceId& workspace,
                                             const crypto::Digest& token_hash);
Result<SessionPage> list_sessions(store::Connection& db, const Query& query);
/// Those of a workspace that still take visitors.
Result<std::int64_t> count_open(store::Connection& db, const WorkspaceId& workspace, Time now);
/// Some whose time is over and that are not noted so.
Result<std::vector<Session>> find_expired(store::Connection& db, Time now, std::int64_t limit);
/// Those that hold a token which speaks for that person.
Result<std::vector<Session>> find_granted_by(store::Connection& db, identity::Mode mode,
                                             std::string_view user);
/// Removes some that ended before. How many went.
Result<std::int64_t> drop_ended(store::Connection& db, Time before, std::int64_t limit);

}  // namespace flowsell::onboarding
