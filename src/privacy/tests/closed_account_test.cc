#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "privacy_world.h"

namespace flowsell::privacy {
namespace {

using identity::Role;
using testing::IsEmpty;
using testing::Not;
using testkit::code_of;

const store::Sql kMails("SELECT COUNT(*) FROM mails");
const store::Sql kUsers("SELECT COUNT(*) FROM users");
const store::Sql kSessions("SELECT COUNT(*) FROM sessions");
const store::Sql kListed("SELECT COUNT(*) FROM user_workspaces");
const store::Sql kLinks("SELECT COUNT(*) FROM email_tokens");
const store::Sql kPutLink(
    "INSERT INTO email_tokens (token_hash, purpose, user_id, email, expires_at) VALUES (?1, ?2, "
    "?3, ?4, ?5)");

enum Link { kVerify = 1, kReset = 2, kChange = 3 };
constexpr const char* kNewPassword = "violet harbour seventeen lamps";

/// A deletion that has begun and waits for a cell: every row is there still. What was under way
/// when it began has a session, a link or an invitation from before.
class ClosedAccount : public testing::Test {
 protected:
  void begin_deletion() {
    world_.door.is_open = false;
    request_ = world_.ask(world_.about(asha_));
    mails_ = world_.count(kMails);
    ASSERT_TRUE(world_.run(world_.runner.round(world_.door)));
    ASSERT_EQ(world_.now_is(*request_).state, State::kRunning);
    ASSERT_EQ(world_.count(kUsers), 2);
  }
  Secret link(Link purpose, const char* email = kEmail) {
    const Secret token = crypto::random_token();
    const auto hash = crypto::sha256(token.reveal());
    const Time until = world_.clock.now() + std::chrono::days(10);
    EXPECT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
      return db.write(kPutLink, {store::Param::blob(as_text(hash)), static_cast<int>(purpose),
                                 asha_.id, email, until});
    }));
    return token;
  }
  accounts::Accounts& people() { return world_.people; }
  /// Nothing was made, and nobody was written to.
  void expect_nothing_new() {
    EXPECT_EQ(world_.count(kUsers), 2);
    EXPECT_EQ(world_.count(kMails), mails_);
    EXPECT_THAT(*world_.run(world_.members.list(world_.caller.workspace)), testing::SizeIs(1));
    const auto acts = world_.acts_of(asha_.id.blob());
    EXPECT_EQ(acts.back(), "data_request.begun");
  }

  PrivacyWorld world_{{.grace = std::chrono::hours(0), .public_url = "https://connect.example"}};
  accounts::User owner_ = world_.user("owner@example.com", "Owner");
  accounts::User asha_ = world_.user();
  accounts::Accounts::SignedIn in_ =
      *world_.run(people().sign_in({kEmail, Secret(kPassword)}, world_.from));
  std::optional<DataRequest> request_;
  std::int64_t mails_ = 0;
};

TEST_F(ClosedAccount, IsAsIfItWereNotThere) {
  world_.join(owner_, Role::kOwner);
  begin_deletion();
  EXPECT_EQ(code_of(world_.run(people().sign_in({kEmail, Secret(kPassword)}, {}))),
            code_of(world_.run(people().sign_in({"nobody@example.com", Secret(kPassword)}, {}))));
  EXPECT_EQ(code_of(world_.run(people().find_session(in_.token))), ErrorCode::kInvalidSession);
  EXPECT_TRUE(world_.run(people().ask_password_reset(kEmail, {})));
  EXPECT_TRUE(world_.run(people().ask_verification(kEmail, {})));
  EXPECT_TRUE(world_.run(people().sign_up({kEmail, "Asha", Secret(kNewPassword), "2026-11"}, {})));
  EXPECT_FALSE(*world_.run(people().find_by_email(kEmail)));
  EXPECT_THAT(*world_.run(people().find_all({asha_.id})), IsEmpty());
  EXPECT_EQ(world_.count(kLinks), 0);
  expect_nothing_new();
}

TEST_F(ClosedAccount, LinksFromBeforeOpenNothing) {
  world_.join(owner_, Role::kOwner);
  const Secret reset = link(kReset), verify = link(kVerify),
               change = link(kChange, "new@example.com");
  begin_deletion();
  EXPECT_EQ(code_of(world_.run(people().reset_password(reset, Secret(kNewPassword), {}))),
            ErrorCode::kInvalidToken);
  EXPECT_EQ(code_of(world_.run(people().verify_email(verify, Secret(kPassword), {}))),
            ErrorCode::kInvalidToken);
  EXPECT_EQ(code_of(world_.run(people().confirm_email_change(in_.session, change, {}))),
            ErrorCode::kInvalidSession);
  expect_nothing_new();
}

TEST_F(ClosedAccount, ProvidersWordLetsNobodyIn) {
  world_.join(owner_, Role::kOwner);
  begin_deletion();
  const std::int64_t sessions = world_.count(kSessions);
  accounts::Accounts::VouchedSignIn wanted;
  wanted.user = asha_.id;
  wanted.by.provider = "google";
  wanted.holds = [](store::Connection&) -> Result<bool> { return true; };
  const auto signed_in = world_.run(people().sign_in_vouched(std::move(wanted), {}));
  ASSERT_TRUE(signed_in);
  EXPECT_FALSE(*signed_in);
  EXPECT_EQ(world_.count(kSessions), sessions);
  expect_nothing_new();
}

TEST_F(ClosedAccount, WhatASessionHadBegunChangesNothing) {
  world_.join(owner_, Role::kOwner);
  begin_deletion();
  const accounts::Session& by = in_.session;
  const Secret old_one(kPassword), new_one(kNewPassword);
  const auto is_refused = [](const auto& result) {
    return !result && (code_of(result) == ErrorCode::kInvalidSession ||
                       code_of(result) == ErrorCode::kInvalidCredentials ||
                       code_of(result) == ErrorCode::kNotFound);
  };
  EXPECT_TRUE(is_refused(world_.run(people().change_password(by, old_one, new_one, {}))));
  EXPECT_TRUE(is_refused(world_.run(people().rename(by, "Other", {}))));
  EXPECT_TRUE(is_refused(world_.run(people().ask_email_change(by, "n@example.com", old_one, {}))));
  EXPECT_TRUE(is_refused(world_.run(people().begin_second_factor(by, old_one, {}))));
  EXPECT_TRUE(is_refused(world_.run(people().accept_terms(asha_.id, "2026-12", {}))));
  EXPECT_TRUE(is_refused(world_.run(people().end_session(by, by.id, {}))));
  EXPECT_TRUE(is_refused(world_.run(people().confirm(by, old_one))));
  EXPECT_TRUE(is_refused(world_.run(world_.desk.ask(world_.about(asha_, Kind::kExport), {}))));
  expect_nothing_new();
}

TEST_F(ClosedAccount, NobodyBecomesAMemberByIt) {
  world_.join(owner_, Role::kOwner);
  const auto invited =
      world_.run(world_.members.invite(world_.by_owner(owner_), kEmail, Role::kDeveloper));
  ASSERT_TRUE(invited);
  begin_deletion();
  const WorkspaceId workspace = world_.caller.workspace;
  EXPECT_EQ(code_of(world_.run(world_.members.accept(invited->token, asha_.id, kEmail, {}))),
            ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(world_.run(world_.members.join(workspace, asha_.id, Role::kAdmin, "idp", {}))),
            ErrorCode::kInvalidSession);
  const auto other = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_of(world_.run(world_.members.found(other, asha_.id, {}))),
            ErrorCode::kInvalidSession);
  EXPECT_TRUE(world_.run(people().list_workspace(asha_.id, {workspace, "Acme", 1})));
  EXPECT_EQ(world_.count(kListed), 1);
  expect_nothing_new();
}

TEST_F(ClosedAccount, MemberDoesNothingMore) {
  world_.join(owner_, Role::kOwner);
  world_.join(asha_, Role::kAdmin);
  begin_deletion();
  auto by = world_.by_owner(asha_);
  by.role = Role::kAdmin;
  EXPECT_EQ(code_of(world_.run(world_.members.invite(by, "x@example.com", Role::kViewer))),
            ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(world_.run(world_.members.record(by, "key.read", "", ""))),
            ErrorCode::kInvalidSession);
}

TEST_F(ClosedAccount, FailedTryNamesNobody) {
  begin_deletion();
  const audit::Origin origin{"198.51.100.77", "Lynx", "req_2"};
  EXPECT_FALSE(world_.run(people().sign_in({kEmail, Secret("wrong")}, origin)));
  EXPECT_EQ(world_.acts_of(asha_.id.blob()).back(), "data_request.begun");
}

TEST_F(ClosedAccount, LeavesNoWorkspaceToNobody) {
  world_.join(owner_, Role::kOwner);
  world_.join(asha_, Role::kOwner);
  begin_deletion();
  EXPECT_EQ(code_of(world_.run(world_.members.remove(world_.by_owner(owner_), owner_.id))),
            ErrorCode::kConflict);
}

TEST_F(ClosedAccount, IsOpenAgainWhenItsDeletionIsHeld) {
  world_.join(owner_, Role::kOwner);
  world_.join(asha_, Role::kOwner);
  request_ = world_.ask(world_.about(asha_));
  ASSERT_TRUE(world_.run(world_.members.remove(world_.by_owner(owner_), owner_.id)));
  world_.door.is_open = false;
  world_.work();
  ASSERT_EQ(world_.now_is(*request_).state, State::kRunning);
  EXPECT_FALSE(world_.run(people().sign_in({kEmail, Secret(kPassword)}, {})));
  world_.door.is_open = true;
  world_.work();
  EXPECT_EQ(world_.now_is(*request_).state, State::kOnHold);
  EXPECT_THAT(world_.now_is(*request_).reason, Not(IsEmpty()));
  EXPECT_TRUE(world_.run(people().sign_in({kEmail, Secret(kPassword)}, {})));
  EXPECT_TRUE(
      world_.run(world_.members.invite(world_.by_owner(asha_), "x@example.com", Role::kViewer)));
}

TEST_F(ClosedAccount, HeldDeletionLooksAnewWhenItBeginsAgain) {
  world_.join(owner_, Role::kOwner);
  world_.join(asha_, Role::kOwner);
  const DataRequest request = world_.ask(world_.about(asha_));
  ASSERT_TRUE(world_.run(world_.members.remove(world_.by_owner(owner_), owner_.id)));
  world_.work();
  const audit::Actor by{audit::ActorKind::kOperator, "usr_operator"};
  for (const auto step : {OperatorStep::kRelease, OperatorStep::kApprove})
    ASSERT_TRUE(world_.run(world_.desk.step(world_.now_is(request), {step, "", by})));
  world_.work();
  EXPECT_EQ(world_.now_is(request).state, State::kOnHold);
  EXPECT_EQ(world_.count(kUsers), 2);
}

TEST_F(ClosedAccount, OfTwoLastOwnersWhoGoAtOnceOneStays) {
  world_.join(owner_, Role::kOwner);
  world_.join(asha_, Role::kOwner);
  const DataRequest first = world_.ask(world_.about(owner_));
  const DataRequest second = world_.ask(world_.about(asha_));
  world_.work();
  const int done = (world_.now_is(first).state == State::kDone ? 1 : 0) +
                   (world_.now_is(second).state == State::kDone ? 1 : 0);
  EXPECT_EQ(done, 1);
  EXPECT_THAT(*world_.run(world_.members.list(world_.caller.workspace)), testing::SizeIs(1));
}

// --- the link that stops a deletion ---

/// Of the mails that wait for the address, those that tell of a deletion.
std::ptrdiff_t mails_of_deletion(PrivacyWorld& world, const std::string& email) {
  const auto mails = testkit::in_snapshot(
      *world.db, [&](store::Connection& db) { return mail::waiting_for(db, *world.spool, email); });
  return std::ranges::count(mails, mail::MailKind::kAccountDeletionRequested,
                            &mail::WaitingMail::kind);
}

TEST(StopLink, GoesToTheNewAddressOnce) {
  PrivacyWorld world;
  const auto asha = world.user();
  world.ask(world.about(asha));
  world.set_address(asha, "new@example.com");
  for (int round = 0; round < 2; ++round) ASSERT_TRUE(world.run(world.runner.round(world.door)));
  EXPECT_EQ(mails_of_deletion(world, kEmail), 1);
  EXPECT_EQ(mails_of_deletion(world, "new@example.com"), 1);
  EXPECT_EQ(world.acts_of(asha.id.blob()).back(), "data_request.link_renewed");
}

}  // namespace
}  // namespace flowsell::privacy
