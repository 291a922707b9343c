#include "keys.h"

#include <gtest/gtest.h>

#include "cluster/schema.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "identity/workspaces.h"
#include "testkit/database.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;

const Time kNow = *parse_time("2026-11-23T12:00:00Z");

class KeysTest : public testing::Test {
 protected:
  config::Settings settings(std::chrono::hours retention = 24h) {
    config::Settings out;
    out.data.dir = folder_.path().string();
    out.content.retention = retention;
    out.sandbox.enabled = true;
    return out;
  }
  Result<Keys> open() { return open(settings()); }
  Result<Keys> open(const config::Settings& with) { return open_keys(with, *db_, kNow); }
  ~KeysTest() override { db_->stop(); }

  /// What a version has left that knew no root keys.
  void put_older() {
    static const store::Sql kWorkspace(
        "INSERT INTO workspaces (id, name, wrapped_key, created_at) VALUES (?1, 'a', ?2, 0)");
    static const store::Sql kCheck(
        "INSERT INTO key_checks (name, period, value) VALUES ('master', 0, ?1)");
    const std::string id(16, 'w');
    const std::string wrapped = ring('a').wrap_new_key(id);
    const auto value = crypto::sha256(as_text(ring('a').derive("replicas").bytes()));
    ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) -> Result<> {
      using store::Param;
      if (testkit::tests_run_on_postgres()) return db.write(kCheck, {Param::blob(as_text(value))});
      return db.write(kWorkspace, {Param::blob(id), Param::blob(wrapped)});
    }));
  }
  static crypto::KeyRing ring(char digit) {
    return *crypto::KeyRing::from_hex(Secret(std::string(64, digit)));
  }
  config::Settings with_master(char digit) {
    auto out = settings();
    out.security.master_key = Secret(std::string(64, digit));
    return out;
  }

  testkit::TempFolder folder_;
  // What says that a database is older stands elsewhere on each engine.
  std::unique_ptr<store::Database> db_ = testkit::open_database(
      folder_, {vault::migrations(),
                testkit::tests_run_on_postgres() ? cluster::migrations() : identity::migrations()});
};

TEST_F(KeysTest, NothingIsDerivedFromTheMasterKeyOfANewInstallation) {
  const auto keys = open(with_master('a'));
  ASSERT_TRUE(keys);
  EXPECT_NE(keys->contact.bytes(), ring('a').derive("recipient-hash").bytes());
  EXPECT_NE(keys->peers.bytes(), ring('a').derive("replicas").bytes());
}

TEST_F(KeysTest, HashesOfAnOlderInstallationGoOn) {
  put_older();
  const auto keys = open(with_master('a'));
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->contact.bytes(), ring('a').derive("recipient-hash").bytes());
  EXPECT_NE(keys->peers.bytes(), ring('a').derive("replicas").bytes());
  EXPECT_EQ(head_keys({keys->ring, keys->former}).size(), 2U);
  EXPECT_EQ(open(with_master('a'))->contact.bytes(), keys->contact.bytes());
}

TEST_F(KeysTest, AnotherMasterKeyIsNotTakenForTheOneOfAnOlderInstallation) {
  put_older();
  EXPECT_EQ(testkit::code_of(open(with_master('b'))), ErrorCode::kConflict);
  EXPECT_TRUE(open(with_master('a')));
}

TEST_F(KeysTest, MissingMasterKeyIsNotMadeAnewWhereItIsNeeded) {
  ASSERT_TRUE(open());
  std::filesystem::remove(folder_ / "master.key");
  EXPECT_FALSE(open());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "master.key"));
}

TEST_F(KeysTest, MissingMasterKeyOfAnOlderInstallationIsNotMadeAnew) {
  put_older();
  EXPECT_FALSE(open());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "master.key"));
}

TEST_F(KeysTest, NextMasterKeyOfTheSettingsOpensToo) {
  ASSERT_TRUE(open(with_master('a')));
  auto settings = with_master('b');
  EXPECT_FALSE(open(settings));
  settings.security.master_key_next_command = "printf '%064d' 0 | tr 0 a";
  const auto keys = open(settings);
  ASSERT_TRUE(keys);
  EXPECT_TRUE(*keys->master.next == ring('a'));
}

TEST_F(KeysTest, MasterKeyIsMadeOnce) {
  const auto first = open();
  const auto second = open();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->contact.bytes(), second->contact.bytes());
}

TEST_F(KeysTest, LiveModeMakesNoMasterKey) {
  auto live = settings();
  live.sandbox.enabled = false;
  const auto refused = open(live);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("connectd init"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "master.key"));
  ASSERT_TRUE(open());
  EXPECT_TRUE(open(live)) << "one that is there is used";
}

TEST_F(KeysTest, LiveModeRefusesAMasterKeyThatOthersRead) {
  ASSERT_TRUE(open());
  std::filesystem::permissions(folder_ / "master.key", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  auto live = settings();
  live.sandbox.enabled = false;
  EXPECT_FALSE(open(live));
}

TEST_F(KeysTest, MasterKeyOfTheSettingsIsUsedAndNotStored) {
  auto with_key = settings();
  with_key.security.master_key = Secret(std::string(64, 'a'));
  ASSERT_TRUE(open(with_key));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "master.key"));
}

TEST_F(KeysTest, BrokenMasterKeyIsRefused) {
  auto broken = settings();
  broken.security.master_key = Secret("abc");
  EXPECT_FALSE(open(broken));
}

TEST_F(KeysTest, ContentKeyOutlivesTheLongestMessage) {
  const auto keys = open(settings(0h));
  ASSERT_TRUE(keys);
  const auto key = keys->spool->current(kNow + 59min);  // the last that is sealed in this hour
  keys->spool->destroy_expired(kNow + 59min + 24h);
  EXPECT_TRUE(keys->spool->find(key.id));
}

TEST_F(KeysTest, ContentKeyOutlivesTheRetention) {
  const auto keys = open(settings(72h));
  ASSERT_TRUE(keys);
  const auto key = keys->spool->current(kNow + 59min);
  keys->spool->destroy_expired(kNow + 59min + 72h);
  EXPECT_TRUE(keys->spool->find(key.id));
}

TEST_F(KeysTest, ContentKeyDiesWhenNothingCanNeedItAnyMore) {
  const auto keys = open(settings(24h));
  ASSERT_TRUE(keys);
  const auto key = keys->spool->current(kNow);
  keys->spool->destroy_expired(kNow + 26h);
  EXPECT_FALSE(keys->spool->find(key.id));
}

TEST_F(KeysTest, FingerprintKeyOutlivesTheIdempotencyKeysOfItsDay) {
  const auto keys = open();
  ASSERT_TRUE(keys);
  const auto key = keys->fingerprint->current(kNow);
  keys->fingerprint->destroy_expired(kNow + 72h);
  EXPECT_TRUE(keys->fingerprint->find(key.id));
}

}  // namespace
}  // namespace flowsell::app
