#include "audit/head_file.h"
#include "audit_fixture.h"

namespace flowsell::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// The job that signs heads from time to time.
class Signing : public AuditFixture {
 protected:
  ChangedHeads changed(Time since = Time()) {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return changed_heads(db, *file_, since); });
  }
  /// One round of it; how many heads were signed.
  std::size_t sign(Time since = Time()) {
    return *file_->write(changed(since).sound, clock_.now());
  }
  std::vector<std::string> broken() {
    std::vector<std::string> out;
    for (const Verdict& verdict : changed().broken) out.push_back(said(verdict));
    return out;
  }

  std::unique_ptr<HeadFile> file_ =
      *HeadFile::open(folder_ / "audit-heads.jsonl", HeadKey(crypto::Key()));
};

TEST_F(Signing, ThereIsNothingToSignAtFirst) {
  const auto none = changed();
  EXPECT_THAT(none.sound, IsEmpty());
  EXPECT_THAT(none.broken, IsEmpty());
  EXPECT_FALSE(none.more);
}

TEST_F(Signing, ChainIsSignedOnceEachTimeItHasGrown) {
  append_many(3);
  EXPECT_THAT(changed().sound, ElementsAre(head()));
  EXPECT_EQ(sign(), 1U);
  EXPECT_EQ(sign(), 0U);
  append_many(2);
  EXPECT_EQ(sign(), 1U);
  EXPECT_EQ(file_->newest(scope_), head());
  EXPECT_EQ(verdict({*file_->newest(scope_)}).signed_seq, 5);
}

TEST_F(Signing, OnlyChainsThatChangedSinceAreLookedAt) {
  append_many(1);
  clock_.advance(std::chrono::minutes(10));
  scope_ = a_scope();
  append_many(1);
  EXPECT_THAT(changed(clock_.now()).sound, ElementsAre(head()));
  EXPECT_THAT(changed(clock_.now() + std::chrono::milliseconds(1)).sound, IsEmpty());
  EXPECT_THAT(changed().sound, SizeIs(2));
}

TEST_F(Signing, ManyChainsAreAllSigned) {
  std::vector<Act> acts;
  for (int i = 0; i < 1'203; ++i) {
    acts.push_back({.scope = a_scope(),
                    .id = ids_.next<IdKind::kAuditEvent>(),
                    .at = clock_.now() + std::chrono::milliseconds(i % 3),
                    .name = "act"});
  }
  ASSERT_TRUE(append(acts));
  EXPECT_EQ(sign(), 1'203U);
  EXPECT_EQ(sign(), 0U);
}

TEST_F(Signing, BrokenChainIsToldAndNotSigned) {
  append_many(3);
  sign();
  const auto before = file_->newest(scope_);
  append_many(3);
  tamper({"UPDATE audit_events SET act = 'other' WHERE scope = ?1 AND seq = 5"});
  EXPECT_THAT(broken(), ElementsAre(said(5, Check::kHash)));
  EXPECT_EQ(sign(), 0U);
  EXPECT_EQ(file_->newest(scope_), before);
  EXPECT_THAT(broken(), SizeIs(1));  // each time

  scope_ = a_scope();
  append_many(1);
  EXPECT_EQ(sign(), 1U);
}

TEST_F(Signing, TailThatWasCutAndGrewAgainIsNotSigned) {
  append_many(6);
  sign();
  tamper({"DELETE FROM audit_events WHERE scope = ?1 AND seq > 4",
          "DELETE FROM audit_personal WHERE scope = ?1 AND seq > 4",
          "UPDATE audit_heads SET seq = 4, hash = (SELECT hash FROM audit_events WHERE scope = ?1 "
          "AND seq = 4) WHERE scope = ?1"});
  EXPECT_THAT(broken(), ElementsAre(said(6, Check::kTailCut)));
  append_many(4);
  ASSERT_EQ(said(verdict()), "whole");
  EXPECT_THAT(broken(), ElementsAre(said(6, Check::kOtherHistory)));
  EXPECT_EQ(sign(), 0U);
  EXPECT_EQ(said(verdict({*file_->newest(scope_)})), said(6, Check::kOtherHistory));
}

TEST_F(Signing, RestoredBackupIsSignedOnceTheFileBeginsAnew) {
  append_many(3);
  sign();
  tamper({"DELETE FROM audit_events WHERE scope = ?1",
          "DELETE FROM audit_personal WHERE scope = ?1",
          "DELETE FROM audit_heads WHERE scope = ?1"});
  append_many(2);
  EXPECT_EQ(sign(), 0U);
  ASSERT_TRUE(file_->begin_anew(clock_.now()));
  EXPECT_EQ(sign(), 1U);
  EXPECT_EQ(file_->newest(scope_), head());
}

TEST_F(Signing, HeadUnderANameThatIsNoneIsTold) {
  append_many(1);
  tamper({"UPDATE audit_heads SET scope = substr(scope, 1, 3) WHERE scope = ?1"});
  EXPECT_THAT(broken(), ElementsAre(said(1, Check::kScope)));
}

TEST_F(Signing, HeadOfNothingIsNotSigned) {
  tamper({"INSERT INTO audit_heads (scope, seq, hash, updated_at) VALUES (?1, 3, ?1, 0)"});
  EXPECT_THAT(broken(), ElementsAre(said(1, Check::kMissingRow)));
  tamper({"UPDATE audit_heads SET seq = 0 WHERE scope = ?1"});
  EXPECT_THAT(broken(), ElementsAre(said(0, Check::kHeadHash)));
}

TEST_F(Signing, MuchWorkIsDoneInParts) {
  std::vector<Act> acts;
  const auto add = [&](int count) {
    const std::string scope = a_scope();
    for (int i = 0; i < count; ++i) {
      acts.push_back({.scope = scope,
                      .id = ids_.next<IdKind::kAuditEvent>(),
                      .at = clock_.now(),
                      .name = "act"});
    }
  };
  add(50'001);
  add(1);
  ASSERT_TRUE(append(acts));
  auto part = changed();
  EXPECT_THAT(part.sound, SizeIs(1));
  EXPECT_TRUE(part.more);
  ASSERT_TRUE(file_->write(part.sound, clock_.now()));
  part = changed();
  EXPECT_THAT(part.sound, SizeIs(1));
  EXPECT_FALSE(part.more);
}

}  // namespace
}  // namespace flowsell::audit
