#include "identity/api_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/key_ring.h"
#include "identity/api_key.h"
#include "identity/workspaces.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::identity {
namespace {

using testkit::code_of;

const store::Sql kRevokeAll("UPDATE api_keys SET revoked_at = 1");

class ApiKeysTest : public testing::Test {
 protected:
  ApiKeysTest() { pool_.start(); }
  ~ApiKeysTest() override {
    pool_.stop();
    db_->stop();
  }

  std::string create(Mode mode = Mode::kTest, Scopes scopes = Scopes::of_keys()) {
    auto created = keys_.create(workspace_, mode, "a key", scopes);
    EXPECT_TRUE(created);
    return std::string(created->key.reveal());
  }
  Result<ApiKeys::KnownKeyPtr> authenticate(const std::string& authorization) {
    return testkit::run(pool_, keys_.authenticate(authorization));
  }

  testkit::TempFolder folder_;
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  WorkspaceId workspace_ = ids_.next<IdKind::kWorkspace>();
  runtime::IoPool pool_{1};
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  ApiKeys keys_{*db_, ids_, clock_};
};

TEST_F(ApiKeysTest, KeyStandsForItsWorkspaceModeAndScopes) {
  const auto key = authenticate("Bearer " + create(Mode::kLive, *Scopes::parse("usage:read")));
  ASSERT_TRUE(key);
  EXPECT_EQ((*key)->caller.workspace, workspace_);
  EXPECT_EQ((*key)->caller.mode, Mode::kLive);
  EXPECT_EQ((*key)->caller.scopes.str(), "usage:read");
}

TEST_F(ApiKeysTest, SchemeIsReadInAnyCase) { EXPECT_TRUE(authenticate("bearer " + create())); }

TEST_F(ApiKeysTest, NoHeaderIsAMissingKey) {
  EXPECT_EQ(code_of(authenticate("")), ErrorCode::kMissingApiKey);
}

TEST_F(ApiKeysTest, EmptyBearerIsAMissingKey) {
  EXPECT_EQ(code_of(authenticate("Bearer ")), ErrorCode::kMissingApiKey);
}

TEST_F(ApiKeysTest, AnotherSchemeIsAMissingKey) {
  EXPECT_EQ(code_of(authenticate("Basic " + create())), ErrorCode::kMissingApiKey);
}

TEST_F(ApiKeysTest, TypoIsAnInvalidKey) {
  EXPECT_EQ(code_of(authenticate("Bearer " + create() + "x")), ErrorCode::kInvalidApiKey);
}

TEST_F(ApiKeysTest, UnknownNameAndWrongSecretAreToldByTheSameWords) {
  const std::string unknown(ApiKeyText::make(Mode::kTest).reveal());
  // The right name with another secret: its checksum is right, its hash is not.
  std::string wrong = create().substr(0, 17) + std::string(32, 'a');
  wrong += crypto::base62(crypto::crc32(wrong), 6);
  const auto for_unknown = authenticate("Bearer " + unknown);
  const auto for_wrong = authenticate("Bearer " + wrong);
  ASSERT_EQ(code_of(for_unknown), ErrorCode::kInvalidApiKey);
  ASSERT_EQ(code_of(for_wrong), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(for_unknown.error().detail, for_wrong.error().detail);
}

TEST_F(ApiKeysTest, RevokedKeyIsInvalid) {
  const std::string key = create();
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) -> Result<> {
    CHECK_OK(db.write(kRevokeAll, {}));
    return {};
  }));
  EXPECT_EQ(code_of(authenticate("Bearer " + key)), ErrorCode::kInvalidApiKey);
}

TEST_F(ApiKeysTest, KeyIsCachedByItsFirstUse) {
  const std::string header = "Bearer " + create();
  EXPECT_EQ(keys_.find_cached(header), nullptr);
  const auto caller = authenticate(header);
  ASSERT_TRUE(caller);
  EXPECT_EQ(keys_.find_cached(header), *caller);
}

/// A key with rules, and its text.
struct RuledKey {
  ApiKey key;
  std::string header;
};
RuledKey ruled_key(IdSource& ids, const WorkspaceId& workspace, KeyRules rules) {
  const Secret text = ApiKeyText::make(Mode::kTest);
  ApiKey key;
  key.id = ids.next<IdKind::kApiKey>();
  key.workspace = workspace;
  key.name = "with rules";
  key.prefix = ApiKeyText::parse(text.reveal())->prefix;
  key.hash = crypto::sha256(text.reveal());
  key.scopes = Scopes::of_keys();
  key.rules = std::move(rules);
  key.created_by = "usr_1";
  return {key, "Bearer " + std::string(text.reveal())};
}

TEST_F(ApiKeysTest, RulesAreStoredAndReadBack) {
  const SenderId sender = ids_.next<IdKind::kSender>();
  const KeyRules rules{clock_.now() + std::chrono::hours(1),
                       {*IpRange::parse("203.0.113.0/24"), *IpRange::parse("::1")},
                       {sender},
                       7};
  const RuledKey made = ruled_key(ids_, workspace_, rules);
  ASSERT_TRUE(
      testkit::write(*db_, [&](store::Connection& db) { return insert_key(db, made.key); }));
  const auto key = authenticate(made.header);
  ASSERT_TRUE(key);
  EXPECT_FALSE((*key)->is_over(clock_.now()));
  EXPECT_TRUE((*key)->is_over(clock_.now() + std::chrono::hours(1)));
  EXPECT_TRUE((*key)->takes("203.0.113.9"));
  EXPECT_FALSE((*key)->takes("198.51.100.9"));
  EXPECT_EQ((*key)->rules.per_second, 7);
  EXPECT_TRUE((*key)->caller.may_send_from(sender));
  EXPECT_FALSE((*key)->caller.may_send_from(ids_.next<IdKind::kSender>()));
}

TEST_F(ApiKeysTest, KeyWithoutRulesMayAllThatItsScopesSay) {
  const auto key = authenticate("Bearer " + create());
  ASSERT_TRUE(key);
  EXPECT_FALSE((*key)->is_over(Time::max()));
  EXPECT_TRUE((*key)->takes("203.0.113.9"));
  EXPECT_TRUE((*key)->caller.may_send_from(ids_.next<IdKind::kSender>()));
}

TEST_F(ApiKeysTest, KeyThatWasForgottenIsLookedUpAgain) {
  const std::string header = "Bearer " + create();
  const auto key = authenticate(header);
  ASSERT_TRUE(key);
  keys_.forget((*key)->caller.key);
  EXPECT_EQ(keys_.find_cached(header), nullptr);
}

TEST_F(ApiKeysTest, RevokedKeyIsInTheListAndInNoAnswer) {
  const std::string header = "Bearer " + create();
  const auto key = authenticate(header);
  ASSERT_TRUE(key);
  const ApiKeyId id = (*key)->caller.key;
  const auto revoke = [&](store::Connection& db) {
    return revoke_key(db, workspace_, id, clock_.now());
  };
  EXPECT_TRUE(testkit::in_transaction(*db_, revoke));
  EXPECT_FALSE(testkit::in_transaction(*db_, revoke)) << "it was revoked already";
  keys_.forget(id);
  EXPECT_EQ(code_of(authenticate(header)), ErrorCode::kInvalidApiKey);
  const auto all =
      testkit::in_snapshot(*db_, [&](store::Connection& db) { return list_keys(db, workspace_); });
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].revoked_at, clock_.now());
}

TEST_F(ApiKeysTest, ReplacedKeyEndsWhenItsReplacementSaysOrEarlier) {
  const Time soon = clock_.now() + std::chrono::hours(1);
  const Time later = clock_.now() + std::chrono::hours(2);
  const RuledKey first = ruled_key(ids_, workspace_, {});
  const RuledKey ending = ruled_key(ids_, workspace_, {.expires_at = soon});
  const ApiKeyId by = ids_.next<IdKind::kApiKey>();
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) -> Result<> {
    for (const RuledKey* each : {&first, &ending}) {
      CHECK_OK(insert_key(db, each->key));
      CHECK_OK(replace_key(db, workspace_, each->key.id, by, later));
    }
    return {};
  }));
  const auto expiry = [&](const RuledKey& of) {
    return testkit::in_snapshot(
               *db_, [&](store::Connection& db) { return find_key(db, workspace_, of.key.id); })
        ->rules.expires_at;
  };
  EXPECT_EQ(expiry(first), later);
  EXPECT_EQ(expiry(ending), soon);
}

TEST_F(ApiKeysTest, UseIsStoredOnceAMinute) {
  const auto key = authenticate("Bearer " + create());
  ASSERT_TRUE(key);
  const auto last_use = [&] {
    EXPECT_TRUE(testkit::run(pool_, keys_.store_uses()));
    return *testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return find_key(db, workspace_, (*key)->caller.key); });
  };
  EXPECT_EQ(last_use().last_used_at, std::nullopt);
  const Time first = clock_.now();
  keys_.note_use(**key, "203.0.113.9", first);
  EXPECT_EQ(last_use().last_used_at, first);
  EXPECT_EQ(last_use().last_used_address, "203.0.113.9");
  keys_.note_use(**key, "203.0.113.10", first + std::chrono::seconds(59));
  EXPECT_EQ(last_use().last_used_at, first);
  keys_.note_use(**key, "203.0.113.11", first + std::chrono::seconds(60));
  EXPECT_EQ(last_use().last_used_address, "203.0.113.11");
}

TEST_F(ApiKeysTest, RefusedKeyIsNotCached) {
  const std::string header = "Bearer " + std::string(ApiKeyText::make(Mode::kTest).reveal());
  (void)authenticate(header);
  EXPECT_EQ(keys_.find_cached(header), nullptr);
}

TEST_F(ApiKeysTest, MissingHeaderIsNeverFoundInTheCache) {
  ASSERT_TRUE(authenticate("Bearer " + create()));
  EXPECT_EQ(keys_.find_cached(""), nullptr);
}

TEST_F(ApiKeysTest, SecretIsInNoFile) {
  if (testkit::tests_run_on_postgres()) GTEST_SKIP() << "its files are another process's";
  const std::string key = create();
  EXPECT_TRUE(folder_.holds(key.substr(0, 17)));
  EXPECT_FALSE(folder_.holds(key.substr(17)));
}

}  // namespace
}  // namespace flowsell::identity
