#include "audit/report.h"

#include <fstream>

#include "audit_fixture.h"
#include "core/encoding.h"

namespace flowsell::audit {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class VerifyReport : public AuditFixture {
 protected:
  Report report(const std::string& name = "") {
    const PublicKey key = key_.public_key();
    const ReportSource source{name, *db_};
    const auto report = verify_report({&source, 1}, path_, {&key, 1});
    EXPECT_TRUE(report) << report.error().detail;
    return report.value_or(Report());
  }
  void sign() {
    const auto file = *HeadFile::open(path_, key_);
    const auto changed = testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return changed_heads(db, *file, Time()); });
    ASSERT_TRUE(file->write(changed.sound, clock_.now()));
  }

  std::filesystem::path path_ = folder_ / "audit-heads.jsonl";
  HeadKey key_{crypto::Key()};
};

TEST_F(VerifyReport, OfNothingIsWhole) {
  const auto nothing = report();
  EXPECT_TRUE(nothing.is_whole);
  EXPECT_THAT(nothing.text, HasSubstr("0 chains are whole, 0 broken"));
}

TEST_F(VerifyReport, HasALineForEachChain) {
  append_many(3);
  sign();
  append_many(1);
  erase("usr_ada");
  const std::string first = scope_name(scope_);
  scope_ = system_scope();
  append_many(2);
  const auto whole = report("cell 3");
  EXPECT_TRUE(whole.is_whole);
  EXPECT_EQ(whole.text,
            "whole   cell 3: system  2 events, not signed yet\n"
            "whole   cell 3: " +
                first +
                "  4 events, 4 with erased data, signed up to 3\n"
                "2 chains are whole, 0 broken; heads are signed by " +
                hex_encode(key_.public_key()) + "\n");
}

TEST_F(VerifyReport, NamesTheBrokenRow) {
  append_many(3);
  sign();
  tamper({"UPDATE audit_events SET act = 'other' WHERE scope = ?1 AND seq = 2"});
  const std::string name = scope_name(scope_);
  scope_ = a_scope();
  append_many(1);
  const auto broken = report();
  EXPECT_FALSE(broken.is_whole);
  EXPECT_THAT(broken.text, AllOf(HasSubstr("BROKEN  " + name + "  at event 2: its hash"),
                                 HasSubstr("whole   " + scope_name(scope_)),
                                 HasSubstr("1 chains are whole, 1 broken")));
}

TEST_F(VerifyReport, NamesAChainThatIsGone) {
  append_many(3);
  sign();
  tamper({"DELETE FROM audit_events WHERE scope = ?1",
          "DELETE FROM audit_personal WHERE scope = ?1",
          "DELETE FROM audit_heads WHERE scope = ?1"});
  const auto broken = report();
  EXPECT_FALSE(broken.is_whole);
  EXPECT_THAT(broken.text, HasSubstr("BROKEN  " + scope_name(scope_) + "  at event 1"));
}

TEST_F(VerifyReport, FileThatIsNotThereProvesNothing) {
  append_many(1);
  const auto unproven = report();
  EXPECT_FALSE(unproven.is_whole);
  EXPECT_THAT(unproven.text, HasSubstr("BROKEN  audit-heads.jsonl  is not there"));
}

TEST_F(VerifyReport, NamesBadLines) {
  append_many(1);
  sign();
  {
    std::ifstream in(path_);
    std::string line;
    std::getline(in, line);
    std::string changed = line;
    changed.replace(changed.find("\"seq\":1"), 7, "\"seq\":2");
    std::ofstream(path_) << changed << "\n" << line << "\n";
  }
  const auto bad = report();
  EXPECT_FALSE(bad.is_whole);
  EXPECT_THAT(bad.text, AllOf(HasSubstr("BROKEN  audit-heads.jsonl  line 1: its signature"),
                              HasSubstr("signed up to 1")));
}

TEST_F(VerifyReport, TornLineIsToldAndNoFault) {
  append_many(1);
  sign();
  std::ofstream(path_, std::ios::app) << "{\"scope";
  const auto torn = report();
  EXPECT_TRUE(torn.is_whole);
  EXPECT_THAT(torn.text, HasSubstr("cut short"));
}

TEST_F(VerifyReport, ShowsNoPersonalData) {
  append_many(2);
  tamper({"UPDATE audit_personal SET data = '{}' WHERE scope = ?1 AND seq = 2"});
  EXPECT_THAT(report().text, AllOf(Not(HasSubstr("ada@")), Not(HasSubstr("192.0.2.7"))));
}

TEST_F(VerifyReport, FileThatCantBeReadIsAnError) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(testkit::code_of(verify_report({}, path_, {})), ErrorCode::kInternal);
}

}  // namespace
}  // namespace flowsell::audit
