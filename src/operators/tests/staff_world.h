#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "accounts/schema.h"
#include "audit/audit_log.h"
#include "operators/openings.h"
#include "operators/operators.h"
#include "operators/schema.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::operators {

/// The staff of an installation, on a database of its own.
struct StaffWorld {
  StaffWorld() { pool.start(); }
  ~StaffWorld() {
    pool.stop();
    db->stop();
  }

  template <class T>
  T run(Awaitable<T> work) {
    return testkit::run(pool, std::move(work));
  }
  UserId user() { return ids.next<IdKind::kUser>(); }
  By by(const UserId& user) {
    return {user, Role::kSuperadmin, "because", {"203.0.113.9", "test browser", "req_1"}};
  }
  /// What is on the operators' record, the oldest first.
  std::vector<audit::Event> acts() {
    audit::Query query;
    query.limit = 1000;
    auto page = run(staff.acts(query));
    if (!page) throw std::runtime_error(page.error().detail);
    std::ranges::reverse(page->rows);
    return std::move(page->rows);
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
  std::unique_ptr<store::Database> db =
      testkit::open_database(folder, {audit::migrations(), accounts::migrations(), migrations()});
  Operators staff{*db, ids, clock};
  Openings openings{*db, ids, clock};
};

}  // namespace flowsell::operators
