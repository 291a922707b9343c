#include "cluster/directory.h"

#include <gtest/gtest.h>

#include "cluster/schema.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::cluster {
namespace {

const store::Sql kCount("SELECT COUNT(*) FROM routes");

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() { pool_.start(); }
  ~DirectoryTest() override {
    db_->stop();
    pool_.stop();
  }
  std::optional<std::size_t> find(Directory& directory, const std::string& name) {
    const auto found = testkit::run(pool_, directory.find(name));
    if (!found) throw std::runtime_error(found.error().detail);
    return *found;
  }

  testkit::TempFolder folder_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  runtime::IoPool pool_{1};
  Directory here_{*db_};
  Directory elsewhere_{*db_};
};

TEST_F(DirectoryTest, NameThatWasPublishedIsFoundEverywhere) {
  ASSERT_TRUE(here_.publish(3, {"a", "b"}));
  EXPECT_EQ(find(elsewhere_, "b"), 3U);
  EXPECT_EQ(elsewhere_.find_cached("b"), 3U);
}

TEST_F(DirectoryTest, NamesThatAreClaimedAreTheClaimersAlone) {
  ASSERT_TRUE(here_.publish(3, {"whatsapp:live:1"}));
  const auto claim = [this](std::size_t cell, std::vector<std::string> names) {
    return testkit::run(pool_, elsewhere_.claim(cell, std::move(names))).value();
  };
  EXPECT_FALSE(claim(4, {"whatsapp:live:2", "whatsapp:live:1"}));
  EXPECT_EQ(find(here_, "whatsapp:live:2"), std::nullopt);
  EXPECT_TRUE(claim(4, {"whatsapp:live:2"}));
  EXPECT_TRUE(claim(4, {"whatsapp:live:2"}));
  EXPECT_EQ(find(here_, "whatsapp:live:2"), 4U);
}

TEST_F(DirectoryTest, NamesThatWereLetGoOfMayBeClaimedElsewhere) {
  ASSERT_TRUE(here_.publish(3, {"whatsapp:live:1"}));
  ASSERT_TRUE(testkit::run(pool_, here_.withdraw(3, {"whatsapp:live:1"})));
  EXPECT_TRUE(testkit::run(pool_, here_.claim(4, {"whatsapp:live:1"})).value());
  EXPECT_EQ(find(here_, "whatsapp:live:1"), 4U);
}

TEST_F(DirectoryTest, ProvidersNameIsNotTakenFromTheCellThatHasIt) {
  ASSERT_TRUE(testkit::run(pool_, here_.claim(3, {"whatsapp:live:1"})).value());
  ASSERT_TRUE(elsewhere_.publish(4, {"whatsapp:live:1"}));
  EXPECT_EQ(find(elsewhere_, "whatsapp:live:1"), 3U);
  ASSERT_TRUE(testkit::run(pool_, elsewhere_.withdraw(4, {"whatsapp:live:1"})));
  EXPECT_FALSE(testkit::run(pool_, here_.claim(4, {"whatsapp:live:1"})).value());
}

TEST_F(DirectoryTest, NameOfNobodyIsNotFound) { EXPECT_EQ(find(here_, "a"), std::nullopt); }

TEST_F(DirectoryTest, NameThatComesLaterIsFoundThen) {
  EXPECT_EQ(find(elsewhere_, "a"), std::nullopt);
  ASSERT_TRUE(here_.publish(0, {"a"}));
  EXPECT_EQ(find(elsewhere_, "a"), 0U);
}

TEST_F(DirectoryTest, NameThatMovedIsInItsNewCell) {
  ASSERT_TRUE(here_.publish(1, {"a"}));
  ASSERT_TRUE(here_.publish(2, {"a"}));
  EXPECT_EQ(find(elsewhere_, "a"), 2U);
}

TEST_F(DirectoryTest, PublishingAgainChangesNothing) {
  ASSERT_TRUE(here_.publish(1, {"a", "b"}));
  ASSERT_TRUE(here_.publish(1, {"b", "a", "c"}));
  EXPECT_EQ(testkit::numbers(*db_, kCount).at(0), 3);
}

TEST_F(DirectoryTest, NothingIsCachedBeforeItIsAskedFor) {
  ASSERT_TRUE(here_.publish(1, {"a"}));
  EXPECT_EQ(elsewhere_.find_cached("a"), std::nullopt);
}

}  // namespace
}  // namespace flowsell::cluster
