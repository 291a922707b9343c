#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/audit_log.h"
#include "audit/verify.h"
#include "testkit/database.h"
#include "vault/root_keys.h"
#include "vault/rotation.h"

namespace flowsell::vault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testkit::code_of;

crypto::KeyRing ring(char digit) {
  return *crypto::KeyRing::from_hex(Secret(std::string(64, digit)));
}

class VaultTest : public testing::Test {
 protected:
  ~VaultTest() override { db_->stop(); }

  Result<RootKeys> open(std::vector<crypto::KeyRing> masters, bool is_older = false) {
    return open_root_keys(*db_, masters, is_older, clock_.now());
  }
  Result<RootKeys> read(const crypto::KeyRing& master) {
    return read_root_keys(*db_, {&master, 1});
  }
  RotationDesk desk(const RootKeys& roots) { return {*db_, roots, ids_, clock_}; }
  std::vector<std::string> acts() {
    const auto page = testkit::in_snapshot(*db_, [](store::Connection& db) {
      return audit::list(db, {.scope = audit::system_scope(), .limit = 100});
    });
    std::vector<std::string> names;
    for (const audit::Event& event : page.rows) names.push_back(event.name);
    return names;
  }
  std::optional<Begun> begin(const RootKeys& roots, const crypto::KeyRing& next,
                             const std::string& me = "one",
                             std::vector<std::string> live = {"one"}) {
    const auto begun = seal_under(desk(roots), next, me, live);
    return begun ? std::optional(*begun) : std::nullopt;
  }
  Retired retire(const RootKeys& roots, const crypto::KeyRing& master, const std::string& me,
                 std::vector<std::string> live) {
    const auto done = retire_others(desk(roots), master, me, live);
    if (!done) ADD_FAILURE() << done.error().detail;
    return done.value_or(Retired::kNothingLeft);
  }

  testkit::TempFolder folder_;
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  std::unique_ptr<store::Database> db_ =
      testkit::open_database(folder_, {migrations(), audit::migrations()});
  const crypto::KeyRing a_ = ring('a');
  const crypto::KeyRing b_ = ring('b');
};

TEST_F(VaultTest, RootKeyIsMadeOnceAndIsNotTheMasterKey) {
  EXPECT_FALSE(*has_root_keys(*db_));
  const auto made = open({a_});
  ASSERT_TRUE(made);
  EXPECT_TRUE(*has_root_keys(*db_));
  EXPECT_TRUE(open({a_}).value() == made.value());
  EXPECT_TRUE(read(a_).value() == made.value());
  EXPECT_FALSE(made->root == a_);
  EXPECT_FALSE(made->former);
}

TEST_F(VaultTest, OlderInstallationKeepsWhatItsMasterKeyWas) {
  const auto made = open({a_}, true);
  ASSERT_TRUE(made && made->former);
  EXPECT_TRUE(*made->former == a_);
  EXPECT_FALSE(made->root == a_);
  EXPECT_TRUE(open({a_}, true).value() == made.value());
}

TEST_F(VaultTest, AnotherMasterKeyOpensNothingAndIsToldWhichOneWould) {
  ASSERT_TRUE(open({a_}));
  const auto opened = open({b_});
  EXPECT_EQ(code_of(opened), ErrorCode::kConflict);
  EXPECT_THAT(opened.error().detail, HasSubstr(a_.id()));
  EXPECT_THAT(opened.error().detail, HasSubstr(b_.id()));
}

TEST_F(VaultTest, SealThatWasChangedIsRefused) {
  ASSERT_TRUE(open({a_}));
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) -> Result<> {
    static const store::Sql kSpoil("UPDATE root_key_seals SET sealed = ?1");
    return db.write(kSpoil, {store::Param::blob("nothing")});
  }));
  EXPECT_EQ(code_of(read(a_)), ErrorCode::kInternal);
}

TEST_F(VaultTest, NothingIsReadWhereNothingWasMade) {
  EXPECT_EQ(code_of(read(a_)), ErrorCode::kNotFound);
}

TEST_F(VaultTest, BothMasterKeysOpenWhileOneTakesTheOthersPlace) {
  const auto roots = open({a_}, true);
  EXPECT_EQ(begin(*roots, b_), Begun::kNow);
  EXPECT_EQ(begin(*roots, b_), Begun::kAlready);
  EXPECT_TRUE(read(a_).value() == roots.value());
  EXPECT_TRUE(read(b_).value() == roots.value());
  EXPECT_TRUE(check_sealed(desk(*roots), b_));
  EXPECT_EQ(*masters_of(*db_), (std::vector{a_.id(), b_.id()}));
  EXPECT_THAT(acts(), ElementsAre("master_key.rotation_started"));
}

TEST_F(VaultTest, OldOneGoesWhenAllThatLiveHaveTheNewOne) {
  const auto roots = open({a_}, true);
  ASSERT_EQ(begin(*roots, b_), Begun::kNow);
  EXPECT_EQ(retire(*roots, b_, "one", {"one", "two"}), Retired::kWaits);
  EXPECT_EQ(retire(*roots, a_, "two", {"one", "two"}), Retired::kWaits);
  EXPECT_TRUE(read(a_).value() == roots.value());
  EXPECT_EQ(retire(*roots, b_, "two", {"one", "two"}), Retired::kDone);
  EXPECT_EQ(code_of(read(a_)), ErrorCode::kConflict);
  EXPECT_TRUE(read(b_).value() == roots.value());
  EXPECT_EQ(retire(*roots, b_, "one", {"one", "two"}), Retired::kNothingLeft);
  EXPECT_THAT(acts(), ElementsAre("master_key.rotated", "master_key.rotation_started"));
}

TEST_F(VaultTest, WhoDoesNotSeeHimselfEndsNothing) {
  const auto roots = open({a_});
  ASSERT_EQ(begin(*roots, b_), Begun::kNow);
  EXPECT_EQ(retire(*roots, b_, "one", {}), Retired::kWaits);
}

TEST_F(VaultTest, NewKeyIsNotTakenAwayByThoseThatHaveTheOldOne) {
  const auto roots = open({a_});
  ASSERT_EQ(begin(*roots, b_), Begun::kNow);
  EXPECT_EQ(retire(*roots, a_, "one", {"one"}), Retired::kWaits);
  EXPECT_TRUE(read(b_).value() == roots.value());
}

TEST_F(VaultTest, OldOneStaysWhenTheNewOneDoesNotOpenEverything) {
  const auto roots = open({a_}, true);
  ASSERT_EQ(begin(*roots, b_), Begun::kNow);
  ASSERT_TRUE(testkit::write(*db_, [this](store::Connection& db) -> Result<> {
    static const store::Sql kLose(
        "DELETE FROM root_key_seals WHERE master = ?1 AND name = 'former'");
    return db.write(kLose, {b_.id()});
  }));
  EXPECT_EQ(code_of(check_sealed(desk(*roots), b_)), ErrorCode::kInternal);
  EXPECT_FALSE(retire_others(desk(*roots), b_, "one", std::vector<std::string>{"one"}));
  EXPECT_TRUE(read(a_).value() == roots.value());
}

TEST_F(VaultTest, RotationsFollowOneAnother) {
  const auto roots = open({a_});
  for (const char digit : {'b', 'c'}) {
    ASSERT_EQ(begin(*roots, ring(digit)), Begun::kNow);
    EXPECT_EQ(retire(*roots, ring(digit), "one", {"one"}), Retired::kDone);
  }
  EXPECT_TRUE(read(ring('c')).value() == roots.value());
  EXPECT_EQ(*masters_of(*db_), std::vector{ring('c').id()});
}

// --- two that begin at once ---

TEST_F(VaultTest, OfTwoRotationsOneGoesFirstAndTheOtherGivesWay) {
  const auto roots = open({a_});
  const crypto::KeyRing c = ring('c');
  const std::vector<std::string> both = {"one", "two"};
  ASSERT_EQ(begin(*roots, b_, "one", both), Begun::kNow);
  EXPECT_EQ(begin(*roots, c, "two", both), Begun::kGaveWay);
  EXPECT_EQ(*masters_of(*db_), (std::vector{a_.id(), b_.id()})) << "nothing has changed";
  // Given the first one's key it goes on.
  EXPECT_EQ(begin(*roots, b_, "two", both), Begun::kAlready);
  EXPECT_EQ(retire(*roots, b_, "one", both), Retired::kWaits);
  EXPECT_EQ(retire(*roots, b_, "two", both), Retired::kDone);
  EXPECT_EQ(begin(*roots, c, "two", both), Begun::kNow) << "and then it is its turn";
}

TEST_F(VaultTest, RotationWhoseBeginnerIsGoneIsOvertaken) {
  const auto roots = open({a_});
  const crypto::KeyRing c = ring('c');
  ASSERT_EQ(begin(*roots, b_, "one", {"one", "two"}), Begun::kNow);
  EXPECT_EQ(begin(*roots, c, "two", {"two"}), Begun::kNow) << "else nobody could end it";
  EXPECT_EQ(retire(*roots, c, "two", {"two"}), Retired::kDone);
  EXPECT_EQ(*masters_of(*db_), std::vector{c.id()});
}

TEST_F(VaultTest, RotationThatAnotherHasTakenUpIsNotOvertaken) {
  const auto roots = open({a_});
  ASSERT_EQ(begin(*roots, b_, "one", {"one", "two", "three"}), Begun::kNow);
  EXPECT_EQ(retire(*roots, b_, "two", {"one", "two", "three"}), Retired::kWaits);
  EXPECT_EQ(begin(*roots, ring('c'), "three", {"two", "three"}), Begun::kGaveWay);
}

TEST_F(VaultTest, WhoBeganMayChooseAnotherKey) {
  const auto roots = open({a_});
  ASSERT_EQ(begin(*roots, b_, "one", {"one", "two"}), Begun::kNow);
  EXPECT_EQ(begin(*roots, ring('c'), "one", {"one", "two"}), Begun::kNow);
}

TEST_F(VaultTest, WhoDoesNotSeeHimselfBeginsNothing) {
  const auto roots = open({a_});
  EXPECT_EQ(begin(*roots, b_, "one", {"two"}), std::nullopt);
  EXPECT_EQ(*masters_of(*db_), std::vector{a_.id()});
}

TEST_F(VaultTest, WhicheverKeyIsThereOpens) {
  const auto roots = open({a_});
  ASSERT_EQ(begin(*roots, b_), Begun::kNow);
  ASSERT_EQ(retire(*roots, b_, "one", {"one"}), Retired::kDone);
  EXPECT_TRUE(open({a_, b_}).value() == roots.value());
}

}  // namespace
}  // namespace flowsell::vault
