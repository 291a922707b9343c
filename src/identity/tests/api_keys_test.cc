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

  std::string create(Mode mode = Mode::kTest, Scopes scopes = Scopes::all()) {
    auto created = keys_.create(workspace_, mode, "a key", scopes);
    EXPECT_TRUE(created);
    return std::string(created->key.reveal());
  }
  Result<std::shared_ptr<const Caller>> authenticate(const std::string& authorization) {
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
  const auto caller = authenticate("Bearer " + create(Mode::kLive, *Scopes::parse("usage:read")));
  ASSERT_TRUE(caller);
  EXPECT_EQ((*caller)->workspace, workspace_);
  EXPECT_EQ((*caller)->mode, Mode::kLive);
  EXPECT_EQ((*caller)->scopes.str(), "usage:read");
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
