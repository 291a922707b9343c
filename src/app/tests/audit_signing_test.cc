#include "audit_signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/audit_log.h"
#include "audit/report.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::app {
namespace {

const store::Sql kCutTail("DELETE FROM audit_events WHERE seq = 3");

class AuditSigningTest : public testing::Test {
 protected:
  AuditSigningTest() { pool_.start(); }
  ~AuditSigningTest() override {
    signing_.stop();
    pool_.stop();
    db_->stop();
  }
  void put_on_record(int acts) {
    for (int i = 0; i < acts; ++i) {
      audit::Act act;
      act.scope = workspace_.blob();
      act.id = ids_.next<IdKind::kAuditEvent>();
      act.at = clock_.now();
      act.name = "key.made";
      ASSERT_TRUE(
          testkit::write(*db_, [&](store::Connection& db) { return audit::append(db, act); }));
    }
  }
  std::int64_t signed_seq() const {
    const auto head = file_->newest(workspace_.blob());
    return head ? head->seq : 0;
  }
  bool is_whole() {
    const audit::ReportSource source{"", *db_};
    return audit::verify_report({&source, 1}, path_, {&key_.public_key(), 1})->is_whole;
  }

  testkit::TempFolder folder_;
  SystemClock clock_;
  IdSource ids_{clock_};
  WorkspaceId workspace_ = ids_.next<IdKind::kWorkspace>();
  runtime::IoPool pool_{1};
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {audit::migrations()});
  std::filesystem::path path_ = folder_ / "audit-heads.jsonl";
  audit::HeadKey key_{crypto::Key::random()};
  std::unique_ptr<audit::HeadFile> file_ = *audit::HeadFile::open(path_, key_);
  AuditSigning signing_{pool_, *db_, *file_, clock_};
};

TEST_F(AuditSigningTest, StartSignsWhatIsThere) {
  put_on_record(2);
  signing_.start();
  EXPECT_TRUE(testkit::eventually([this] { return signed_seq() == 2; }));
  EXPECT_TRUE(is_whole());
}

TEST_F(AuditSigningTest, StopSignsWhatCameSince) {
  signing_.start();
  put_on_record(3);
  signing_.stop();
  EXPECT_EQ(signed_seq(), 3);
  EXPECT_TRUE(is_whole());
}

TEST_F(AuditSigningTest, WhatWasSignedCantBeTakenBack) {
  put_on_record(3);
  signing_.start();
  ASSERT_TRUE(testkit::eventually([this] { return signed_seq() == 3; }));
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) { return db.write(kCutTail, {}); }));
  EXPECT_FALSE(is_whole());
}

}  // namespace
}  // namespace flowsell::app
