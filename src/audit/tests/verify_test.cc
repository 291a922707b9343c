#include "audit_fixture.h"
#include "chain.h"
#include "core/encoding.h"

namespace flowsell::audit {
namespace {

class Verify : public AuditFixture {
 protected:
  /// Acts without personal data, at once.
  void append_plain(int count) {
    std::vector<Act> acts;
    for (int i = 0; i < count; ++i) {
      acts.push_back({.scope = scope_,
                      .id = ids_.next<IdKind::kAuditEvent>(),
                      .at = clock_.now(),
                      .name = "act"});
    }
    ASSERT_TRUE(append(acts));
  }
  void delete_chain() {
    tamper({"DELETE FROM audit_events WHERE scope = ?1",
            "DELETE FROM audit_personal WHERE scope = ?1",
            "DELETE FROM audit_heads WHERE scope = ?1"});
  }
};

TEST_F(Verify, EmptyChainIsWhole) {
  const Verdict empty = verdict();
  EXPECT_EQ(said(empty), "whole");
  EXPECT_EQ(empty.events, 0);
}

TEST_F(Verify, ChainIsWholeAndSignedAsFarAsItWas) {
  append_many(3);
  const Head third = head();
  append_many(2);
  const Verdict all = verdict({third});
  EXPECT_EQ(said(all), "whole");
  EXPECT_EQ(all.events, 5);
  EXPECT_EQ(all.erased, 0);
  EXPECT_EQ(all.signed_seq, 3);
  EXPECT_EQ(all.end.seq, 5);
}

/// What somebody does who has the database, to a chain of six events whose last is signed.
struct Manipulation {
  const char* name;
  std::vector<std::string> statements;
  std::int64_t seq;
  Check check;
  /// Nobody can tell without the signed head.
  bool needs_signed_head = false;
};

class Manipulations : public AuditFixture, public testing::WithParamInterface<Manipulation> {};

TEST_P(Manipulations, AreFound) {
  append_many(6);
  const Head signed_head = head();
  for (const std::string& statement : GetParam().statements) tamper({statement});
  EXPECT_EQ(said(verdict({signed_head})), said(GetParam().seq, GetParam().check));
  EXPECT_EQ(verdict().is_whole(), GetParam().needs_signed_head);
}

Manipulation set_column(const char* name, const std::string& assignment) {
  return {name,
          {"UPDATE audit_events SET " + assignment + " WHERE scope = ?1 AND seq = 3"},
          3,
          Check::kHash};
}
Manipulation set_personal(const char* name, const std::string& assignment, Check check) {
  return {
      name,
      {"UPDATE audit_personal SET " + assignment + " WHERE scope = ?1 AND seq = 3 AND part = 2"},
      3,
      check};
}

const std::string kPatchHeadTo4 =
    "UPDATE audit_heads SET seq = 4, hash = (SELECT hash FROM audit_events "
    "WHERE scope = ?1 AND seq = 4) WHERE scope = ?1";
const std::string kCopyOf6 =
    ", substr(hash, 1, 16), at, actor_kind, actor_id, act, target, before_state, after_state, "
    "request_id, origin_commitment, personal_commitment, hash FROM audit_events "
    "WHERE scope = ?1 AND seq = 6";

INSTANTIATE_TEST_SUITE_P(
    Rows, Manipulations,
    testing::Values(
        Manipulation{"FirstIsDeleted",
                     {"DELETE FROM audit_events WHERE scope = ?1 AND seq = 1"},
                     1,
                     Check::kMissingRow},
        Manipulation{"FirstTwoAreDeleted",
                     {"DELETE FROM audit_events WHERE scope = ?1 AND seq <= 2",
                      "DELETE FROM audit_personal WHERE scope = ?1 AND seq <= 2"},
                     1,
                     Check::kMissingRow},
        Manipulation{"MiddleIsDeleted",
                     {"DELETE FROM audit_events WHERE scope = ?1 AND seq = 3"},
                     3,
                     Check::kMissingRow},
        Manipulation{"MiddleIsDeletedAndTheRestMovesUp",
                     {"DELETE FROM audit_events WHERE scope = ?1 AND seq = 5",
                      "UPDATE audit_events SET seq = 5 WHERE scope = ?1 AND seq = 6",
                      "UPDATE audit_heads SET seq = 5 WHERE scope = ?1"},
                     5,
                     Check::kHash},
        Manipulation{"LastIsDeleted",
                     {"DELETE FROM audit_events WHERE scope = ?1 AND seq = 6"},
                     6,
                     Check::kMissingRow},
        Manipulation{
            "AllAreDeleted", {"DELETE FROM audit_events WHERE scope = ?1"}, 1, Check::kMissingRow},
        Manipulation{"TailIsCutAndTheHeadPatched",
                     {"DELETE FROM audit_events WHERE scope = ?1 AND seq > 4",
                      "DELETE FROM audit_personal WHERE scope = ?1 AND seq > 4", kPatchHeadTo4},
                     5,
                     Check::kTailCut,
                     true},
        Manipulation{"TailIsCutAndItsPersonalDataForgotten",
                     {"DELETE FROM audit_events WHERE scope = ?1 AND seq > 4", kPatchHeadTo4},
                     5,
                     Check::kTailCut},
        Manipulation{"AllIsDeletedWithItsHead",
                     {"DELETE FROM audit_events WHERE scope = ?1",
                      "DELETE FROM audit_personal WHERE scope = ?1",
                      "DELETE FROM audit_heads WHERE scope = ?1"},
                     1,
                     Check::kTailCut,
                     true},
        Manipulation{"TwoChangePlaces",
                     {"UPDATE audit_events SET seq = 99 WHERE scope = ?1 AND seq = 3",
                      "UPDATE audit_events SET seq = 3 WHERE scope = ?1 AND seq = 4",
                      "UPDATE audit_events SET seq = 4 WHERE scope = ?1 AND seq = 99"},
                     3,
                     Check::kHash},
        Manipulation{"OneIsInsertedBehindTheLast",
                     {"INSERT INTO audit_events SELECT scope, 7" + kCopyOf6},
                     7,
                     Check::kHash},
        Manipulation{"OneIsInsertedFarBehindTheLast",
                     {"INSERT INTO audit_events SELECT scope, 9223372036854775807" + kCopyOf6},
                     7,
                     Check::kMissingRow},
        Manipulation{"OneIsInsertedBeforeTheFirst",
                     {"INSERT INTO audit_events SELECT scope, 0" + kCopyOf6},
                     0,
                     Check::kUnexpectedRow},
        Manipulation{"OneIsInsertedFarBeforeTheFirst",
                     {"INSERT INTO audit_events SELECT scope, -9223372036854775807 - 1" + kCopyOf6},
                     std::numeric_limits<std::int64_t>::min(),
                     Check::kUnexpectedRow},
        Manipulation{"OneIsInsertedBetween",
                     {"UPDATE audit_events SET seq = 7 WHERE scope = ?1 AND seq = 6",
                      "INSERT INTO audit_events SELECT scope, 6, substr(hash, 3, 16), at, "
                      "actor_kind, actor_id, act, target, before_state, after_state, request_id, "
                      "origin_commitment, personal_commitment, hash FROM audit_events "
                      "WHERE scope = ?1 AND seq = 5"},
                     6,
                     Check::kHash},
        Manipulation{"OneIsMovedToAnotherScope",
                     {"UPDATE audit_events SET scope = substr(hash, 1, 16) "
                      "WHERE scope = ?1 AND seq = 3"},
                     3,
                     Check::kMissingRow}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Columns, Manipulations,
    testing::Values(set_column("Id", "id = substr(hash, 1, 16)"), set_column("At", "at = at + 1"),
                    set_column("ActorKind", "actor_kind = 3"),
                    set_column("ActorId", "actor_id = 'usr_eve'"),
                    set_column("Act", "act = 'api_key.revoked'"),
                    set_column("Target", "target = 'key_2'"),
                    set_column("Before", "before_state = ''"),
                    set_column("After", "after_state = after_state || ' '"),
                    set_column("RequestId", "request_id = 'req_2'"),
                    set_column("OriginCommitment", "origin_commitment = personal_commitment"),
                    set_column("PersonalCommitment", "personal_commitment = substr(hash, 1, 0)"),
                    set_column("Hash", "hash = origin_commitment"),
                    set_column("HashLength", "hash = substr(hash, 1, 31)"),
                    set_column("TextsMoveBetweenColumns", "actor_id = actor_id || act, act = ''")),
    [](const auto& param_info) { return std::string(param_info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Heads, Manipulations,
    testing::Values(
        Manipulation{"IsDeleted", {"DELETE FROM audit_heads WHERE scope = ?1"}, 6, Check::kNoHead},
        Manipulation{"HasAnotherHash",
                     {"UPDATE audit_heads SET hash = substr(hash, 1, 31) WHERE scope = ?1"},
                     6,
                     Check::kHeadHash},
        Manipulation{"IsFurther",
                     {"UPDATE audit_heads SET seq = 9 WHERE scope = ?1"},
                     7,
                     Check::kMissingRow},
        Manipulation{"IsNotSoFar", {kPatchHeadTo4}, 5, Check::kBeyondHead},
        Manipulation{"IsNegative",
                     {"UPDATE audit_heads SET seq = -5 WHERE scope = ?1"},
                     -4,
                     Check::kBeyondHead}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Personal, Manipulations,
    testing::Values(
        set_personal("Data", "data = '{\"email\":\"eve@example.org\"}'", Check::kCommitment),
        set_personal("Salt", "salt = substr(salt, 1, 31)", Check::kCommitment),
        set_personal("UnknownPart", "part = 3", Check::kStrayPersonal),
        Manipulation{"PartsChangePlaces",
                     {"UPDATE audit_personal SET part = 4 - part WHERE scope = ?1 AND seq = 3 AND "
                      "part = 1",
                      "UPDATE audit_personal SET part = 1 WHERE scope = ?1 AND seq = 3 AND "
                      "part = 2"},
                     3,
                     Check::kCommitment},
        Manipulation{"MovesToAnotherEvent",
                     {"DELETE FROM audit_personal WHERE scope = ?1 AND seq = 4",
                      "UPDATE audit_personal SET seq = 4 WHERE scope = ?1 AND seq = 3"},
                     4,
                     Check::kCommitment},
        Manipulation{"OfNoEvent",
                     {"UPDATE audit_personal SET seq = 50 WHERE scope = ?1 AND seq = 3"},
                     50,
                     Check::kStrayPersonal},
        Manipulation{"BeforeTheFirstEvent",
                     {"UPDATE audit_personal SET seq = 0 WHERE scope = ?1 AND seq = 3"},
                     0,
                     Check::kStrayPersonal}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(Verify, EventThatTheHeadDoesNotKnowIsFoundThoughItsHashIsRight) {
  append_many(4);
  tamper(
      {"UPDATE audit_heads SET seq = 3, hash = (SELECT hash FROM audit_events WHERE scope = ?1 "
       "AND seq = 3) WHERE scope = ?1"});
  EXPECT_EQ(said(verdict()), said(4, Check::kBeyondHead));
}

TEST_F(Verify, ErasedDataIsNotAFault) {
  append_many(3);
  tamper({"DELETE FROM audit_personal WHERE scope = ?1 AND seq = 2 AND part = 1"});
  EXPECT_EQ(said(verdict()), "whole");
  EXPECT_EQ(verdict().erased, 1);
}

TEST_F(Verify, DataOfAnEventThatNeverHadAnyIsFound) {
  append_plain(2);
  tamper({"INSERT INTO audit_personal (scope, seq, part, salt, data) VALUES (?1, 2, 1, ?1, '{}')"});
  EXPECT_EQ(said(verdict()), said(2, Check::kStrayPersonal));
}

TEST_F(Verify, ChainWrittenAnewIsFoundByASignedHead) {
  append_many(6);
  const Head signed_head = head();
  delete_chain();
  append_many(6);
  EXPECT_EQ(said(verdict()), "whole");
  EXPECT_EQ(said(verdict({signed_head})), said(6, Check::kOtherHistory));
  append_many(4);
  EXPECT_EQ(said(verdict({signed_head})), said(6, Check::kOtherHistory));
}

// By the event behind it, whose hash is over the old one.
TEST_F(Verify, ChangedEventWithAHashOfItsOwnIsFound) {
  append_many(3);
  static const store::Sql kSecond("SELECT " FLOWSELL_AUDIT_COLUMNS_AND("") "WHERE e.seq = 2");
  static const store::Sql kFirstHash("SELECT hash FROM audit_events WHERE seq = 1");
  const std::string before = testkit::texts(*db_, kFirstHash).front();
  const auto hash =
      testkit::in_snapshot(*db_, [&](store::Connection& db) -> Result<crypto::Digest> {
        crypto::Digest of_changed{};
        CHECK_OK(db.query(kSecond, {}, [&](const store::Row& row) {
          auto event = EventColumns::of(scope_, row);
          event.act = "other";
          of_changed = hash_of(before, event);
        }));
        return of_changed;
      });
  static const store::Sql kChange("UPDATE audit_events SET act = 'other', hash = ?1 WHERE seq = 2");
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) -> Result<> {
    CHECK_OK(db.run(kChange, {store::Param::blob(as_text(hash))}));
    return {};
  }));
  EXPECT_EQ(said(verdict()), said(3, Check::kHash));
}

TEST_F(Verify, ChainUnderAnothersNameIsFound) {
  append_many(3);
  const std::string thief = a_scope();
  for (const char* table : {"audit_events", "audit_personal", "audit_heads"}) {
    const std::string& sql = "UPDATE " + std::string(table) + " SET scope = ?1";
    const auto moved = testkit::write(*db_, [&](store::Connection& db) -> Result<> {
      CHECK_OK(db.run(lasting(sql), {store::Param::blob(thief)}));
      return {};
    });
    ASSERT_TRUE(moved);
  }
  scope_ = thief;
  EXPECT_EQ(said(verdict()), said(1, Check::kHash));
}

TEST_F(Verify, EverySignedHeadCounts) {
  append_many(3);
  const Head third = head();
  append_many(3);
  const Head sixth = head();
  Head wrong = third;
  wrong.hash = sixth.hash;
  EXPECT_EQ(verdict({sixth, third}).signed_seq, 6);
  EXPECT_EQ(said(verdict({sixth, wrong})), said(3, Check::kOtherHistory));
}

TEST_F(Verify, SignedHeadsOfOtherScopesAreNotAsked) {
  append_many(2);
  Head other{a_scope(), 9};
  EXPECT_EQ(said(verdict({other})), "whole");
  EXPECT_EQ(verdict({other}).signed_seq, 0);
}

TEST_F(Verify, ScopeThatIsNoneIsAFault) {
  append_plain(1);
  tamper({"UPDATE audit_events SET scope = substr(scope, 1, 3) WHERE scope = ?1"});
  scope_.resize(3);
  EXPECT_EQ(said(verdict()), said(1, Check::kScope));
}

class VerifyLongChain : public Verify, public testing::WithParamInterface<int> {};
// Around the places where one chunk of rows ends and the next begins.
TEST_P(VerifyLongChain, OneChangeIsFoundWhereItIs) {
  append_plain(1'203);
  const std::string at = std::to_string(GetParam());
  EXPECT_EQ(said(verdict()), "whole");
  EXPECT_EQ(verdict().events, 1'203);
  tamper({"UPDATE audit_events SET act = 'other' WHERE scope = ?1 AND seq = " + at});
  EXPECT_EQ(said(verdict()), said(GetParam(), Check::kHash));
  tamper({"DELETE FROM audit_events WHERE scope = ?1 AND seq = " + at});
  EXPECT_EQ(said(verdict()), said(GetParam(), Check::kMissingRow));
}
INSTANTIATE_TEST_SUITE_P(Places, VerifyLongChain,
                         testing::Values(1, 499, 500, 501, 502, 1000, 1001, 1202, 1203));

TEST_F(Verify, ChainThatEndsWithAChunkIsWhole) {
  append_plain(500);
  EXPECT_EQ(said(verdict()), "whole");
  append_plain(500);
  EXPECT_EQ(said(verdict()), "whole");
  EXPECT_EQ(verdict().events, 1'000);
}

TEST_F(Verify, FirstBrokenRowIsNamedWhicheverTableItIsIn) {
  append_many(8);
  tamper({"UPDATE audit_events SET act = 'other' WHERE scope = ?1 AND seq = 7",
          "UPDATE audit_personal SET data = '{}' WHERE scope = ?1 AND seq = 5"});
  EXPECT_EQ(said(verdict()), said(5, Check::kCommitment));
  tamper({"UPDATE audit_events SET act = 'other' WHERE scope = ?1 AND seq = 4"});
  EXPECT_EQ(said(verdict()), said(4, Check::kHash));
}

TEST_F(Verify, NextScopeFindsEachOfThem) {
  std::vector<std::string> scopes = {system_scope(), scope_, a_scope(), a_scope()};
  for (const std::string& scope : scopes) {
    scope_ = scope;
    append_many(2);
  }
  // Of this one only its head is left, of the next only personal data.
  scope_ = scopes[1];
  tamper(
      {"DELETE FROM audit_events WHERE scope = ?1", "DELETE FROM audit_personal WHERE scope = ?1"});
  scope_ = scopes[2];
  tamper({"DELETE FROM audit_events WHERE scope = ?1", "DELETE FROM audit_heads WHERE scope = ?1"});
  std::vector<std::string> found;
  std::string last;
  while (true) {
    const auto next =
        testkit::in_snapshot(*db_, [&](store::Connection& db) { return next_scope(db, last); });
    if (!next) break;
    last = *next;
    found.push_back(last);
  }
  std::ranges::sort(scopes);
  EXPECT_EQ(found, scopes);
}

TEST(Describe, EveryCheckHasItsOwnWords) {
  std::vector<std::string> words;
  for (int i = 0; i <= static_cast<int>(Check::kShown); ++i)
    words.emplace_back(describe(static_cast<Check>(i)));
  std::ranges::sort(words);
  EXPECT_TRUE(std::ranges::adjacent_find(words) == words.end());
}

}  // namespace
}  // namespace flowsell::audit
