#include "identity/workspaces.h"

#include <gtest/gtest.h>

#include "testkit/database.h"

namespace flowsell::identity {
namespace {

using testkit::code_of;

class WorkspacesTest : public testing::Test {
 protected:
  ~WorkspacesTest() override { db_->stop(); }
  WorkspaceId create() {
    const auto id = workspaces_.create("Acme");
    EXPECT_TRUE(id);
    return *id;
  }

  testkit::TempFolder folder_;
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  crypto::KeyRing ring_ = *crypto::KeyRing::from_hex(Secret(std::string(64, 'a')));
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  Workspaces workspaces_{*db_, ring_, ids_, clock_};
};

TEST_F(WorkspacesTest, ThereIsNoneAtFirst) { EXPECT_TRUE(workspaces_.list()->empty()); }

TEST_F(WorkspacesTest, ListBeginsWithTheOldest) {
  const auto oldest = create();
  const auto newest = create();
  EXPECT_EQ(*workspaces_.list(), (std::vector{oldest, newest}));
}

TEST_F(WorkspacesTest, SealedSecretOpensForItsRow) {
  const auto workspace = create();
  const auto sealed = workspaces_.seal(workspace, "row 1", Secret("token"));
  ASSERT_TRUE(sealed);
  EXPECT_EQ(workspaces_.unseal(workspace, "row 1", *sealed)->reveal(), "token");
}

TEST_F(WorkspacesTest, SealedSecretDoesNotOpenForAnotherRow) {
  const auto workspace = create();
  const auto sealed = workspaces_.seal(workspace, "row 1", Secret("token"));
  EXPECT_FALSE(workspaces_.unseal(workspace, "row 2", *sealed));
}

TEST_F(WorkspacesTest, SealedSecretDoesNotOpenForAnotherWorkspace) {
  const auto sealed = workspaces_.seal(create(), "row 1", Secret("token"));
  EXPECT_FALSE(workspaces_.unseal(create(), "row 1", *sealed));
}

TEST_F(WorkspacesTest, UnknownWorkspaceSealsNothing) {
  EXPECT_EQ(code_of(workspaces_.seal(ids_.next<IdKind::kWorkspace>(), "row", Secret("token"))),
            ErrorCode::kNotFound);
}

TEST_F(WorkspacesTest, SecretOpensAfterARestart) {
  const auto workspace = create();
  const auto sealed = workspaces_.seal(workspace, "row 1", Secret("token"));
  Workspaces restarted(*db_, ring_, ids_, clock_);
  ASSERT_TRUE(restarted.load_keys());
  EXPECT_EQ(restarted.unseal(workspace, "row 1", *sealed)->reveal(), "token");
}

TEST_F(WorkspacesTest, SecretDoesNotOpenUnderAnotherMasterKey) {
  const auto workspace = create();
  const auto sealed = workspaces_.seal(workspace, "row 1", Secret("token"));
  const auto other = *crypto::KeyRing::from_hex(Secret(std::string(64, 'b')));
  Workspaces stranger(*db_, other, ids_, clock_);
  ASSERT_TRUE(stranger.load_keys());
  EXPECT_FALSE(stranger.unseal(workspace, "row 1", *sealed));
}

TEST_F(WorkspacesTest, KeyUnderTheFormerRingIsWrappedAnew) {
  const auto workspace = create();
  const auto sealed = workspaces_.seal(workspace, "row 1", Secret("token"));
  const auto root = *crypto::KeyRing::from_hex(Secret(std::string(64, 'b')));
  Workspaces moved(*db_, root, ids_, clock_, &ring_);
  ASSERT_TRUE(moved.load_keys());
  EXPECT_EQ(moved.unseal(workspace, "row 1", *sealed)->reveal(), "token");
  // The former one is not needed any more, and opens nothing.
  Workspaces later(*db_, root, ids_, clock_);
  ASSERT_TRUE(later.load_keys());
  EXPECT_EQ(later.unseal(workspace, "row 1", *sealed)->reveal(), "token");
  ASSERT_TRUE(workspaces_.load_keys());
  EXPECT_FALSE(workspaces_.unseal(workspace, "row 1", *sealed));
  ASSERT_TRUE(moved.load_keys());
}

TEST_F(WorkspacesTest, KeyUnderNeitherRingIsAnError) {
  create();
  const auto root = *crypto::KeyRing::from_hex(Secret(std::string(64, 'b')));
  const auto other = *crypto::KeyRing::from_hex(Secret(std::string(64, 'c')));
  Workspaces moved(*db_, root, ids_, clock_, &other);
  EXPECT_FALSE(moved.load_keys());
}

}  // namespace
}  // namespace flowsell::identity
