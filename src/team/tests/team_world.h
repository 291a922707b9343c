#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "identity/workspaces.h"
#include "metering/idempotency.h"
#include "metering/metering.h"
#include "team/key_desk.h"
#include "team/members.h"
#include "team/schema.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::team {

/// A workspace with its team, on a database of its own.
struct TeamWorld {
  TeamWorld() { pool.start(); }
  ~TeamWorld() {
    pool.stop();
    db->stop();
  }

  template <class T>
  T run(Awaitable<T> work) {
    return testkit::run(pool, std::move(work));
  }
  UserId user() { return ids.next<IdKind::kUser>(); }
  By by(const UserId& user, identity::Role role) {
    By out;
    out.caller.workspace = workspace;
    out.caller.user = user;
    out.caller.scopes = identity::scopes_of(role);
    out.role = role;
    out.origin = {"203.0.113.9", "test browser", "req_1"};
    return out;
  }
  /// Somebody who is a member by an invitation.
  By member(identity::Role role, const std::string& email = "member@example.com") {
    const UserId id = user();
    const auto invited = run(members.invite(by(owner, identity::Role::kOwner), email, role));
    if (!invited || !run(members.accept(invited->token, id, email, {})))
      throw std::runtime_error("no member");
    return by(id, role);
  }
  /// What is on the workspace's record, the oldest first.
  std::vector<audit::Event> acts() {
    auto page = testkit::in_snapshot(*db, [this](store::Connection& connection) {
      audit::Query query;
      query.scope = workspace.blob();
      query.limit = 1000;
      return audit::list(connection, query);
    });
    std::ranges::reverse(page.rows);
    return std::move(page.rows);
  }
  std::vector<std::string> act_names() {
    std::vector<std::string> names;
    for (const auto& event : acts()) names.push_back(event.name);
    return names;
  }

  testkit::TempFolder folder;
  ManualClock clock{from_unix_ms(1'795'000'000'000)};
  IdSource ids{clock};
  runtime::IoPool pool{1};
  std::unique_ptr<store::Database> db = testkit::open_database(
      folder, {identity::migrations(), metering::migrations(), audit::migrations(), migrations()});
  std::unique_ptr<crypto::RotatingKeys> fingerprint =
      *crypto::RotatingKeys::open({.folder = folder.path() / "keys",
                                   .name = "fingerprint",
                                   .period = std::chrono::hours(24),
                                   .life = std::chrono::hours(96)},
                                  clock.now());
  metering::Idempotency idempotency{*fingerprint};
  identity::ApiKeys api_keys{*db, ids, clock};
  WorkspaceId workspace = ids.next<IdKind::kWorkspace>();
  UserId owner = user();
  Members members{*db, ids, clock};
  KeyDesk desk{*db, api_keys, idempotency, ids, clock};
};

}  // namespace flowsell::team
