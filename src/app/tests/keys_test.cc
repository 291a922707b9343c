#include "keys.h"

#include <gtest/gtest.h>

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
    return out;
  }
  testkit::TempFolder folder_;
};

TEST_F(KeysTest, MasterKeyIsMadeOnce) {
  const auto first = open_keys(settings(), kNow);
  const auto second = open_keys(settings(), kNow);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->contact.bytes(), second->contact.bytes());
}

TEST_F(KeysTest, MasterKeyOfTheSettingsIsUsedAndNotStored) {
  auto with_key = settings();
  with_key.security.master_key = Secret(std::string(64, 'a'));
  ASSERT_TRUE(open_keys(with_key, kNow));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "master.key"));
}

TEST_F(KeysTest, BrokenMasterKeyIsRefused) {
  auto broken = settings();
  broken.security.master_key = Secret("abc");
  EXPECT_FALSE(open_keys(broken, kNow));
}

TEST_F(KeysTest, ContentKeyOutlivesTheLongestMessage) {
  const auto keys = open_keys(settings(0h), kNow);
  ASSERT_TRUE(keys);
  const auto key = keys->spool->current(kNow + 59min);  // the last that is sealed in this hour
  keys->spool->destroy_expired(kNow + 59min + 24h);
  EXPECT_TRUE(keys->spool->find(key.id));
}

TEST_F(KeysTest, ContentKeyOutlivesTheRetention) {
  const auto keys = open_keys(settings(72h), kNow);
  ASSERT_TRUE(keys);
  const auto key = keys->spool->current(kNow + 59min);
  keys->spool->destroy_expired(kNow + 59min + 72h);
  EXPECT_TRUE(keys->spool->find(key.id));
}

TEST_F(KeysTest, ContentKeyDiesWhenNothingCanNeedItAnyMore) {
  const auto keys = open_keys(settings(24h), kNow);
  ASSERT_TRUE(keys);
  const auto key = keys->spool->current(kNow);
  keys->spool->destroy_expired(kNow + 26h);
  EXPECT_FALSE(keys->spool->find(key.id));
}

TEST_F(KeysTest, FingerprintKeyOutlivesTheIdempotencyKeysOfItsDay) {
  const auto keys = open_keys(settings(), kNow);
  ASSERT_TRUE(keys);
  const auto key = keys->fingerprint->current(kNow);
  keys->fingerprint->destroy_expired(kNow + 72h);
  EXPECT_TRUE(keys->fingerprint->find(key.id));
}

}  // namespace
}  // namespace flowsell::app
