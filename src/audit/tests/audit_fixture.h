#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "audit/audit_log.h"
#include "audit/verify.h"
#include "testkit/database.h"

namespace flowsell::audit {

/// A statement that is made at run time: drivers know one by its address, so it stays for good.
inline const store::Sql& lasting(const std::string& text) {
  static std::map<std::string, std::unique_ptr<store::Sql>> kept;
  const auto [place, is_new] = kept.try_emplace(text);
  if (is_new) place->second = std::make_unique<store::Sql>(place->first);
  return *place->second;
}

class AuditFixture : public testing::Test {
 protected:
  ~AuditFixture() override { db_->stop(); }

  std::string a_scope() {
    const auto bytes = ids_.next_bytes();
    return {bytes.begin(), bytes.end()};
  }
  Act an_act(std::string name = "api_key.created") {
    return {.scope = scope_,
            .id = ids_.next<IdKind::kAuditEvent>(),
            .at = clock_.now(),
            .actor = {ActorKind::kUser, "usr_ada"},
            .origin = {"192.0.2.7", "Firefox", "req_1"},
            .name = std::move(name),
            .target = "key_1",
            .before = R"({"name":"old"})",
            .after = R"({"name":"new"})",
            .personal = R"({"email":"ada@example.org"})"};
  }
  Result<> append(const std::vector<Act>& acts) {
    return testkit::write(
        *db_, [&acts](store::Connection& db) { return audit::append(db, std::span(acts)); });
  }
  void append_many(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(append({an_act()}));
  }

  /// Runs statements about ?1, the scope, as somebody would who has the database.
  void tamper(std::initializer_list<std::string> statements) {
    for (const std::string& statement : statements) {
      const auto done = testkit::write(*db_, [&](store::Connection& db) -> Result<> {
        CHECK_OK(db.run(lasting(statement), {store::Param::blob(scope_)}));
        return {};
      });
      ASSERT_TRUE(done) << statement << ": " << done.error().detail;
    }
  }
  Verdict verdict(const std::vector<Head>& signed_heads = {}) {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return verify(db, scope_, signed_heads); });
  }
  Head head() { return verdict().end; }
  EventPage list(Query query) {
    query.scope = scope_;
    return testkit::in_snapshot(*db_,
                                [&](store::Connection& db) { return audit::list(db, query); });
  }
  /// Erases in as many steps as it takes.
  std::int64_t erase(const std::string& subject) {
    std::int64_t erased = 0;
    ErasureStep step{.more = true};
    while (step.more) {
      step = testkit::in_transaction(*db_, [&](store::Connection& db) {
        return erase_personal(db, {scope_, subject}, step.behind);
      });
      erased += step.erased;
    }
    return erased;
  }

  testkit::TempFolder folder_;
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  std::string scope_ = a_scope();
};

/// As expectations read: "5: it is missing", or "whole".
inline std::string said(const Verdict& verdict) {
  if (verdict.is_whole()) return "whole";
  return std::to_string(verdict.fault->seq) + ": " + std::string(describe(verdict.fault->check));
}
inline std::string said(std::int64_t seq, Check check) {
  return said(Verdict{.fault = Fault{seq, check}});
}

}  // namespace flowsell::audit
