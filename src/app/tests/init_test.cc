#include "init.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "testkit/database.h"

namespace flowsell::app {
namespace {

using testing::HasSubstr;
using testkit::code_of;

constexpr const char* kEmail = "meera@example.com";
const Time kNow = *parse_time("2026-11-23T12:00:00Z");

Result<Secret> good_password() { return Secret("umbrella kettle Tuesday moss"); }
Result<Secret> weak_password() { return Secret("password1234"); }
Result<Secret> nobody_asks() { return fail(ErrorCode::kInternal, "it asked for a password"); }

class InitTest : public testing::Test {
 protected:
  InitTest() {
    settings_.data.dir = (folder_ / "data").string();
    settings_.accounts.password_mib = 8;
    settings_.accounts.password_passes = 1;
  }
  std::filesystem::path file(const char* name) { return folder_ / "data" / name; }
  std::string key() {
    std::ifstream in(file("master.key"));
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  Result<std::string> run(const std::string& email, Result<Secret> (*password)() = nobody_asks) {
    return init(settings_, email, password, kNow);
  }
  testkit::TempFolder folder_;
  config::Settings settings_;
};

TEST_F(InitTest, MakesAKeyThatOnlyItsOwnerReads) {
  const auto said = run("");
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("master.key"));
  EXPECT_EQ(key().size(), 65U);
  EXPECT_EQ(std::filesystem::status(file("master.key")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(std::filesystem::exists(file("connect.db"))) << "nobody asked for an operator";
}

TEST_F(InitTest, KeyThatIsThereStays) {
  ASSERT_TRUE(run(""));
  const auto before = key();
  const auto said = run("");
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("is there already"));
  EXPECT_EQ(key(), before);
}

TEST_F(InitTest, NoKeyIsMadeForADatabaseThatHasOne) {
  ASSERT_TRUE(run(kEmail, good_password));
  std::filesystem::remove(file("master.key"));
  EXPECT_EQ(code_of(run("")), ErrorCode::kConflict);
  EXPECT_FALSE(std::filesystem::exists(file("master.key")));
}

TEST_F(InitTest, KeyOfTheSettingsIsLeftWhereItIs) {
  settings_.security.master_key = Secret(std::string(64, 'a'));
  ASSERT_TRUE(run(""));
  EXPECT_FALSE(std::filesystem::exists(file("master.key")));
}

TEST_F(InitTest, FirstOperatorIsMadeOnce) {
  const auto said = run(kEmail, good_password);
  ASSERT_TRUE(said) << said.error().detail;
  EXPECT_THAT(*said, HasSubstr("meera@example.com is a superadmin"));
  const auto again = run("other@example.com");
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_THAT(*again, HasSubstr("There is a superadmin already"));
}

TEST_F(InitTest, WeakPasswordMakesNobody) {
  EXPECT_EQ(code_of(run(kEmail, weak_password)), ErrorCode::kInvalidRequest);
  EXPECT_THAT(*run(kEmail, good_password), HasSubstr("is a superadmin"));
}

}  // namespace
}  // namespace flowsell::app
