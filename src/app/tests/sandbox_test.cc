#include "sandbox.h"

#include <gtest/gtest.h>

#include <fstream>

#include "json/json.h"
#include "people_world.h"
#include "sim/whatsapp_simulator.h"
#include "whatsapp/adapter.h"

namespace flowsell::app {
namespace {

class SandboxTest : public testing::Test {
 protected:
  Result<std::vector<SandboxWorkspace>> open_all(const std::vector<std::size_t>& numbers) {
    const EarlierKeys earlier(file_);
    TRY(auto all,
        open_sandbox(earlier,
                     {world_.workspaces, api_keys_, senders_, people_.members, people_.accounts},
                     numbers, /*has_the_first=*/true));
    CHECK_OK(put_operator(earlier, people_.accounts, people_.operators, all));
    return all;
  }
  Result<SandboxWorkspace> open() {
    TRY(auto all, open_all({0}));
    return std::move(all.at(0));
  }
  Result<> write(const SandboxWorkspace& sandbox) {
    return write_sandbox_file(file_, {sandbox}, "http://127.0.0.1:8080", "http://127.0.0.1:9090");
  }
  json::Document written() {
    std::ifstream in(file_);
    auto document = json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
    if (!document) throw std::runtime_error("sandbox.json is no JSON");
    return *std::move(document);
  }

  messaging::MessagingWorld world_{
      messaging::MessagingOptions{.more_tables = people_tables(), .with_sender = false}};
  std::unique_ptr<channel::Adapter> adapter_ = whatsapp::make_adapter();
  identity::ApiKeys api_keys_{*world_.db, world_.ids, world_.clock};
  PeopleWorld people_{world_, api_keys_};
  connections::Senders senders_{*world_.db, world_.workspaces,
                                [this](std::string_view) { return adapter_.get(); }, world_.ids,
                                world_.clock};
  std::filesystem::path file_ = world_.folder / "sandbox.json";
};

TEST_F(SandboxTest, FirstStartMakesASenderAndAKeyThatWorks) {
  const auto sandbox = open();
  ASSERT_TRUE(sandbox);
  ASSERT_NE(sandbox->sender, nullptr);
  const auto caller = testkit::run(
      world_.pool, api_keys_.authenticate("Bearer " + std::string(sandbox->api_key.reveal())));
  ASSERT_TRUE(caller);
  EXPECT_EQ((*caller)->caller.workspace, sandbox->workspace);
  EXPECT_EQ((*caller)->caller.mode, identity::Mode::kTest);
}

TEST_F(SandboxTest, OwnerCanSignInAndOwnsTheWorkspace) {
  const auto sandbox = open();
  ASSERT_TRUE(sandbox && write(*sandbox));
  const auto sign_in = [&](const Secret& password) {
    return testkit::run(world_.pool,
                        people_.accounts.sign_in({sandbox->owner.email, password}, {}));
  };
  const auto signed_in = sign_in(sandbox->owner.password);
  ASSERT_TRUE(signed_in);
  const auto role = testkit::run(
      world_.pool, people_.members.role_of(sandbox->workspace, signed_in->session.user.id));
  EXPECT_EQ(*role, identity::Role::kOwner);
  const auto again = open();
  ASSERT_TRUE(again);
  EXPECT_TRUE(sign_in(again->owner.password)) << "the second start leaves him his password";
}

TEST_F(SandboxTest, OperatorIsASuperadminWhoCanSignIn) {
  const auto sandbox = open();
  ASSERT_TRUE(sandbox && write(*sandbox));
  const auto signed_in = testkit::run(
      world_.pool, people_.accounts.sign_in(
                       {sandbox->operator_user.email, sandbox->operator_user.password}, {}));
  ASSERT_TRUE(signed_in);
  const auto found = testkit::run(world_.pool, people_.operators.find(signed_in->session.user.id));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->role, operators::Role::kSuperadmin);
  EXPECT_EQ(open()->operator_user.password.reveal(), sandbox->operator_user.password.reveal());
}

TEST_F(SandboxTest, ThereIsOneOperatorHoweverManyWorkspacesThereAre) {
  ASSERT_TRUE(open_all({0, 1, 2}));
  const auto all = testkit::run(world_.pool, people_.operators.list());
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 1U);
}

TEST_F(SandboxTest, SecondStartFindsWhatTheFirstMade) {
  const auto first = open();
  ASSERT_TRUE(first && write(*first));
  const auto second = open();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->workspace, first->workspace);
  EXPECT_EQ(second->sender->id, first->sender->id);
  EXPECT_EQ(second->api_key.reveal(), first->api_key.reveal());
}

TEST_F(SandboxTest, LostFileGetsANewKey) {
  const auto first = open();
  const auto second = open();
  ASSERT_TRUE(first && second);
  EXPECT_NE(second->api_key.reveal(), first->api_key.reveal());
}

TEST_F(SandboxTest, BrokenFileGetsANewKey) {
  ASSERT_TRUE(open());
  std::ofstream(file_) << "{\"api_key\":";
  EXPECT_TRUE(open());
}

TEST_F(SandboxTest, FileOfAnotherDatabaseIsNotTrusted) {
  auto first = open();
  ASSERT_TRUE(first);
  first->workspace = world_.ids.next<IdKind::kWorkspace>();
  ASSERT_TRUE(write(*first));
  EXPECT_NE(open()->api_key.reveal(), first->api_key.reveal());
}

TEST_F(SandboxTest, FileIsForItsOwnerOnly) {
  const auto sandbox = open();
  ASSERT_TRUE(sandbox && write(*sandbox));
  EXPECT_EQ(std::filesystem::status(file_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(SandboxTest, FileHoldsWhatAScriptNeeds) {
  const auto sandbox = open();
  ASSERT_TRUE(sandbox && write(*sandbox));
  const auto document = written();
  const auto& object = document.root().as_object();
  EXPECT_EQ(object.at("base_url").as_string(), "http://127.0.0.1:8080");
  EXPECT_EQ(object.at("simulator_url").as_string(), "http://127.0.0.1:9090");
  EXPECT_EQ(object.at("api_key").as_string(), sandbox->api_key.reveal());
  EXPECT_EQ(object.at("sender_id").as_string(), sandbox->sender->id.str());
}

TEST_F(SandboxTest, EachWorkspaceHasAKeyAndANumberOfItsOwn) {
  const auto all = open_all({1, 4});
  ASSERT_TRUE(all);
  const auto numbers = sim::consecutive_numbers({}, 5);
  EXPECT_EQ(all->at(0).sender->address, numbers.at(1).phone_number_id);
  EXPECT_EQ(all->at(1).sender->address, numbers.at(4).phone_number_id);
  EXPECT_NE(all->at(0).workspace, all->at(1).workspace);
  EXPECT_NE(all->at(0).api_key.reveal(), all->at(1).api_key.reveal());
}

TEST_F(SandboxTest, SecondStartFindsAllAndAddsWhatIsMissing) {
  const auto first = open_all({0, 1});
  ASSERT_TRUE(first && write_sandbox_file(file_, *first, "http://a", "http://b"));
  const auto second = open_all({0, 1, 2});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->at(1).api_key.reveal(), first->at(1).api_key.reveal());
  EXPECT_NE(second->at(2).workspace, first->at(1).workspace);
}

TEST_F(SandboxTest, FileWithoutWorkspacesSaysWhereTheServerIs) {
  ASSERT_TRUE(write_sandbox_file(file_, {}, "http://127.0.0.1:8080", "http://127.0.0.1:9090"));
  const auto document = written();
  EXPECT_TRUE(document.root().as_object().at("workspaces").as_array().empty());
  EXPECT_FALSE(document.root().as_object().contains("api_key"));
}

TEST_F(SandboxTest, OnlyTheFirstWorkspaceHasAnOwner) {
  const auto later = open_sandbox(
      EarlierKeys(file_),
      {world_.workspaces, api_keys_, senders_, people_.members, people_.accounts}, {1, 2},
      /*has_the_first=*/false);
  ASSERT_TRUE(later);
  EXPECT_TRUE(later->front().owner.email.empty());
}

}  // namespace
}  // namespace flowsell::app
