#include "privacy/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "privacy/certificate.h"
#include "privacy_world.h"

namespace flowsell::privacy {
namespace {

using messaging::kAna;
using messaging::kBela;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const store::Sql kUsers("SELECT COUNT(*) FROM users");
const store::Sql kOfPeople(
    "SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM "
    "known_devices) + (SELECT COUNT(*) FROM email_tokens) + (SELECT COUNT(*) FROM user_workspaces) "
    "+ (SELECT COUNT(*) FROM members)");
const store::Sql kPersonal("SELECT COUNT(*) FROM audit_personal");
const store::Sql kSessions("SELECT COUNT(*) FROM sessions");
const store::Sql kNamed("SELECT COUNT(*) FROM messages WHERE contact <> ''");
const store::Sql kIds("SELECT COUNT(*) FROM messages WHERE provider_message_id IS NOT NULL");
const store::Sql kBodies("SELECT body FROM events ORDER BY id");
const store::Sql kRowsOfCell(
    "SELECT (SELECT COUNT(*) FROM messages) + (SELECT COUNT(*) FROM events) + (SELECT COUNT(*) "
    "FROM "
    "api_keys) + (SELECT COUNT(*) FROM members) + (SELECT COUNT(*) FROM senders) + (SELECT "
    "COUNT(*) "
    "FROM connections) + (SELECT COUNT(*) FROM webhook_endpoints) + (SELECT COUNT(*) FROM "
    "user_workspaces)");
const store::Sql kUsageRows("SELECT COUNT(*) FROM usage_daily");
const store::Sql kCounted("SELECT CAST(SUM(count) AS INTEGER) FROM usage_daily");
const store::Sql kKey("SELECT length(wrapped_key) FROM workspaces");
const store::Sql kSetStatus("UPDATE messages SET status = ?1");

TEST(Runner, AccountIsDeletedWithAllThatNamesIt) {
  PrivacyWorld world;
  const auto owner = world.user("owner@example.com", "Owner");
  world.join(owner, identity::Role::kOwner);
  const auto asha = world.user();
  world.join(asha, identity::Role::kDeveloper);
  const DataRequest request = world.ask(world.about(asha));

  ASSERT_TRUE(world.run(world.runner.round(world.door)));
  EXPECT_EQ(world.now_is(request).state, State::kReceived);  // it can be taken back still
  world.work();

  const DataRequest done = world.now_is(request);
  EXPECT_EQ(done.state, State::kDone);
  EXPECT_EQ(world.count(kUsers), 1);
  EXPECT_THAT(world.run(world.members.list(world.caller.workspace)).value(), SizeIs(1));
  const auto verified = verify_certificate(done.certificate);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->signed_by, world.key.public_key());
  EXPECT_EQ(verified->subject, "account " + asha.id.str());
  EXPECT_THAT(world.acts_of(world.caller.workspace.blob()), Contains("member.removed"));
  EXPECT_THAT(world.acts_of(asha.id.blob()), Contains("user.deleted"));
  const auto mails = testkit::in_snapshot(*world.db, [&](store::Connection& db) {
    return mail::waiting_for(db, *world.spool, kEmail);
  });
  std::vector<mail::MailKind> kinds;
  for (const mail::WaitingMail& each : mails) kinds.push_back(each.kind);
  EXPECT_THAT(kinds, ElementsAre(mail::MailKind::kAccountDeletionRequested,
                                 mail::MailKind::kAccountDeleted));
  if (testkit::tests_run_on_postgres()) return;
  for (const char* named : {kEmail, "Asha Kelkar", "connect.example/keep-account"})
    EXPECT_FALSE(world.folder.holds(named)) << named;
}

TEST(Runner, NothingOfTheOnlyUserStays) {
  PrivacyWorld world;
  const auto asha = world.user();
  world.ask(world.about(asha));
  world.work();
  EXPECT_EQ(world.count(kOfPeople), 0);
  EXPECT_EQ(world.count(kPersonal), 0);
  if (!testkit::tests_run_on_postgres()) EXPECT_FALSE(world.folder.holds(kBrowser));
}

TEST(Runner, SomebodyElsesRecordStays) {
  PrivacyWorld world;
  const auto other = world.user("other@example.com", "Other");
  const auto asha = world.user();
  world.ask(world.about(asha));
  world.work();
  EXPECT_EQ(world.count(kSessions), 1);
  EXPECT_GT(world.count(kPersonal), 0);
  EXPECT_THAT(world.acts_of(other.id.blob()), ElementsAre("session.created"));
}

TEST(Runner, WhoWasInvitedIsNotNamedByTheInvitersRecord) {
  PrivacyWorld world;
  const auto owner = world.user("owner@example.com", "Owner");
  world.join(owner, identity::Role::kOwner);
  const auto asha = world.user();
  ASSERT_TRUE(
      world.run(world.members.invite(world.by_owner(owner), kEmail, identity::Role::kViewer)));
  world.ask(world.about(asha));
  world.work();
  EXPECT_THAT(world.run(world.members.invitations(world.caller.workspace)).value(), IsEmpty());
  EXPECT_THAT(world.acts_of(world.caller.workspace.blob()), Contains("audit.personal_erased"));
}

TEST(Runner, OwnerWhoHasBecomeTheLastIsHeld) {
  PrivacyWorld world;
  const auto owner = world.user("owner@example.com", "Owner");
  world.join(owner, identity::Role::kOwner);
  const auto asha = world.user();
  world.join(asha, identity::Role::kOwner);
  const DataRequest request = world.ask(world.about(asha));
  ASSERT_TRUE(world.run(world.members.remove(world.by_owner(owner), owner.id)));
  world.work();
  const DataRequest held = world.now_is(request);
  EXPECT_EQ(held.state, State::kOnHold);
  EXPECT_THAT(held.reason, testing::HasSubstr(world.caller.workspace.str()));
  EXPECT_EQ(world.count(kUsers), 2);
  EXPECT_EQ(world.count(kSessions), 2);
}

TEST(Runner, DeletionWaitsForACellThatIsElsewhere) {
  PrivacyWorld world;
  const auto asha = world.user();
  const DataRequest request = world.ask(world.about(asha));
  world.door.is_open = false;
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kRunning);
  EXPECT_EQ(world.count(kUsers), 1);
  world.door.is_open = true;
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kDone);
}

TEST(Runner, WhatIsDoneInACellIsNotDoneAgain) {
  PrivacyWorld world;
  const auto asha = world.user();
  const DataRequest request = world.ask(world.about(asha));
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kDone);
  const int entered = world.door.entered;
  world.work();
  EXPECT_EQ(world.door.entered, entered);
}

TEST(Runner, DeletionThatIsReviewedWaitsForItsApproval) {
  PrivacyWorld world({.review = true, .public_url = "https://connect.example"});
  const auto asha = world.user();
  const DataRequest request = world.ask(world.about(asha));
  EXPECT_EQ(request.state, State::kInReview);
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kInReview);
  const audit::Actor by{audit::ActorKind::kOperator, "usr_operator"};
  ASSERT_TRUE(world.run(world.desk.step(request, {OperatorStep::kApprove, "", by})));
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kDone);
}

TEST(Runner, NumberIsErasedAndCountsStay) {
  PrivacyWorld world;
  const auto owner = world.user();
  const auto ana = world.send_and_settle(kAna);
  const auto bela = world.send_and_settle(kBela);
  const std::int64_t counted = world.count(kCounted);
  const DataRequest request = world.ask(world.about_number(kAna, owner));
  EXPECT_FALSE(request.recipient.empty());
  world.work();

  const DataRequest done = world.now_is(request);
  EXPECT_EQ(done.state, State::kDone);
  EXPECT_EQ(done.recipient, "");
  EXPECT_EQ(done.contact_hash, "");
  EXPECT_EQ(world.row(ana.id).contact, "");
  EXPECT_EQ(world.row(ana.id).provider_message_id, "");
  EXPECT_EQ(world.row(ana.id).status, messaging::MessageStatus::kSent);
  EXPECT_EQ(world.row(bela.id).contact, bela.contact);
  EXPECT_GT(counted, 0);
  EXPECT_EQ(world.count(kCounted), counted);
  EXPECT_THAT(world.acts_of(world.caller.workspace.blob()),
              Contains("data_request.recipient_erased"));
}

TEST(Runner, RecordOfANumbersConsentsAndOfLooksAtItIsErased) {
  PrivacyWorld world;
  const auto owner = world.user();
  world.consent(kAna, "paper form of Ana");
  world.consent(kBela, "paper form of Bela");
  const DataRequest request = world.ask(world.about_number(kAna, owner));
  ASSERT_TRUE(testkit::write(*world.db, [&](store::Connection& db) {
    auto act = audit::new_act(world.ids, world.clock.now(), world.caller.workspace.blob(), {}, {},
                              "support_session.read");
    act.personal = R"({"query":)" + audit::json_of({{"to", request.recipient}}) + "}";
    return audit::append(db, act);
  }));
  world.work();
  ASSERT_EQ(world.now_is(request).state, State::kDone);
  int erased = 0;
  for (const audit::Event& event : world.events_of(world.caller.workspace.blob())) {
    EXPECT_THAT(event.personal, Not(testing::HasSubstr("Ana")));
    EXPECT_THAT(event.personal, Not(testing::HasSubstr(request.recipient)));
    if (event.is_erased) ++erased;
  }
  EXPECT_EQ(erased, 2);
  EXPECT_THAT(world.acts_of(world.caller.workspace.blob()), Contains("audit.personal_erased"));
}

TEST(Runner, WhatWasRefusedOrCancelledForgetsItsNumberWhenItsTimeIsOver) {
  PrivacyWorld world;
  const auto owner = world.user();
  const DataRequest refused = world.ask(world.about_number(kAna, owner));
  const DataRequest cancelled = world.ask(world.about_number(kBela, owner));
  const audit::Actor by{audit::ActorKind::kOperator, "usr_operator"};
  ASSERT_TRUE(world.run(world.desk.step(refused, {OperatorStep::kRefuse, "not his", by})));
  ASSERT_TRUE(world.run(world.desk.cancel(cancelled, {}, {})));
  world.clock.skip(std::chrono::days(31));
  ASSERT_TRUE(world.run(world.runner.round(world.door)));
  for (const DataRequest& each : {refused, cancelled}) {
    EXPECT_EQ(world.now_is(each).contact_hash, "");
    EXPECT_EQ(world.now_is(each).recipient, "");
  }
}

TEST(Runner, AddressesThatWereLeftAreErasedUnlessTheyAreAnothers) {
  PrivacyWorld world;
  const auto owner = world.user("owner@example.com", "Owner");
  world.join(owner, identity::Role::kOwner);
  const auto asha = world.user("old@example.com");
  for (const char* address : {"old@example.com", "given-away@example.com"}) {
    ASSERT_TRUE(
        world.run(world.members.invite(world.by_owner(owner), address, identity::Role::kViewer)));
  }
  world.change_address(asha, "given-away@example.com");
  auto now_is = asha;
  now_is.email = "given-away@example.com";
  world.change_address(now_is, kEmail);
  world.user("given-away@example.com", "Somebody else");
  world.ask(world.about(asha));
  world.work();
  std::string personal;
  for (const audit::Event& event : world.events_of(world.caller.workspace.blob()))
    personal += event.personal;
  EXPECT_THAT(personal, Not(testing::HasSubstr("old@example.com")));
  EXPECT_THAT(personal, testing::HasSubstr("given-away@example.com"));
}

TEST(Runner, EarlierRequestsAboutTheNumberForgetItToo) {
  PrivacyWorld world;
  const auto owner = world.user();
  const DataRequest exported = world.ask(world.about_number(kAna, owner, Kind::kExport));
  const DataRequest other = world.ask(world.about_number(kBela, owner, Kind::kExport));
  world.ask(world.about_number(kAna, owner));
  world.work();
  EXPECT_EQ(world.now_is(exported).contact_hash, "");
  EXPECT_EQ(world.now_is(other).recipient, other.recipient);
}

TEST(Runner, ExportForgetsItsNumberWhenItsTimeIsOver) {
  PrivacyWorld world;
  const auto owner = world.user();
  const DataRequest exported = world.ask(world.about_number(kAna, owner, Kind::kExport));
  world.work();
  EXPECT_EQ(world.now_is(exported).recipient, exported.recipient);
  world.clock.skip(std::chrono::days(7));
  world.work();
  EXPECT_EQ(world.now_is(exported).recipient, "");
  EXPECT_EQ(world.now_is(exported).contact_hash, "");
}

TEST(Runner, LateStatusBringsNoIdBack) {
  PrivacyWorld world;
  const auto owner = world.user();
  const auto ana = world.send_and_settle(kAna);
  world.ask(world.about_number(kAna, owner));
  world.work();
  auto late = world.status_of(ana.id, messaging::MessageStatus::kDelivered);
  late.provider_message_id = "pm.late";
  ASSERT_TRUE(world.apply({late}));
  EXPECT_EQ(world.row(ana.id).status, messaging::MessageStatus::kDelivered);
  EXPECT_EQ(world.count(kIds), 0);
  for (const std::string& body : testkit::texts(*world.db, kBodies))
    EXPECT_THAT(body, Not(testing::HasSubstr("pm.")));
}

TEST(Runner, EventsAboutTheNumberAreErasedToo) {
  PrivacyWorld world;
  const auto owner = world.user();
  const auto ana = world.send_and_settle(kAna);
  ASSERT_TRUE(world.apply({world.status_of(ana.id, messaging::MessageStatus::kDelivered)}));
  const auto bodies = testkit::texts(*world.db, kBodies);
  ASSERT_THAT(bodies, Contains(testing::HasSubstr(ana.contact)));
  world.ask(world.about_number(kAna, owner));
  world.work();
  EXPECT_THAT(testkit::texts(*world.db, kBodies), Not(Contains(testing::HasSubstr(ana.contact))));
}

/// Of all messages.
void set_status(PrivacyWorld& world, int status) {
  ASSERT_TRUE(testkit::write(
      *world.db, [status](store::Connection& db) { return db.write(kSetStatus, {status}); }));
}

TEST(Runner, MessageThatIsUnderWayKeepsADeletionOpen) {
  PrivacyWorld world;
  const auto owner = world.user();
  world.send_and_settle(kAna);
  set_status(world, 20);
  const DataRequest request = world.ask(world.about_number(kAna, owner));
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kRunning);
  EXPECT_EQ(world.count(kNamed), 1);
  set_status(world, 40);
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kDone);
  EXPECT_EQ(world.count(kNamed), 0);
}

TEST(Runner, NumberWaitsForItsMessageOnly) {
  PrivacyWorld world;
  const auto owner = world.user();
  world.send_and_settle(kAna);
  set_status(world, 20);
  const DataRequest request = world.ask(world.about_number(kAna, owner));
  world.work();
  set_status(world, 40);
  world.send_and_settle(kAna);
  set_status(world, 40);
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kDone);
  EXPECT_EQ(world.count(kNamed), 0);
}

TEST(Runner, CellThatLeavesIsNotHeldUp) {
  PrivacyWorld world;
  const auto owner = world.user();
  world.join(owner, identity::Role::kOwner);
  world.send_and_settle(kAna);
  const DataRequest number = world.ask(world.about_number(kAna, owner));
  world.door.is_leaving = true;
  world.work();
  EXPECT_EQ(world.now_is(number).state, State::kRunning);
  EXPECT_EQ(world.count(kNamed), 1);
  world.door.is_leaving = false;
  world.work();
  EXPECT_EQ(world.now_is(number).state, State::kDone);
}

TEST(Runner, WorkspaceEndsWithItsKeysAndSecrets) {
  PrivacyWorld world;
  const auto owner = world.user();
  world.join(owner, identity::Role::kOwner);
  world.send_and_settle(kAna);
  world.add_endpoint("http://127.0.0.1:9/hook", {"message.read"});
  const auto key = world.api_keys.create(world.caller.workspace, identity::Mode::kTest, "a key",
                                         identity::Scopes::of_keys());
  ASSERT_TRUE(key);
  const std::string bearer = "Bearer " + std::string(key->key.reveal());
  ASSERT_TRUE(world.run(world.api_keys.authenticate(bearer)));
  const DataRequest request = world.ask(world.about_workspace(owner));
  world.work();

  EXPECT_EQ(world.now_is(request).state, State::kDone);
  EXPECT_FALSE(world.run(world.api_keys.authenticate(bearer)));
  EXPECT_EQ(world.count(kRowsOfCell), 0);
  EXPECT_EQ(world.count(kKey), 0);
  EXPECT_GT(world.count(kUsageRows), 0);
  EXPECT_FALSE(world.workspaces.seal(world.caller.workspace, "row", Secret("x")));
  EXPECT_TRUE(world.senders.all().empty());
  EXPECT_THAT(world.acts_of(world.caller.workspace.blob()), Contains("workspace.deleted"));
  // A start finds nothing that it can't open.
  identity::Workspaces fresh(*world.db, world.ring, world.ids, world.clock);
  ASSERT_TRUE(fresh.load_keys());
  connections::Senders senders(
      *world.db, fresh, [&](std::string_view) { return &world.adapter; }, world.ids, world.clock);
  EXPECT_TRUE(senders.load());
}

TEST(Runner, WorkspaceEndsOnceWhatItHasConnectedIsLetGoOf) {
  PrivacyWorld world;
  const auto owner = world.user();
  world.join(owner, identity::Role::kOwner);
  const auto key = world.api_keys.create(world.caller.workspace, identity::Mode::kTest, "a key",
                                         identity::Scopes::of_keys());
  const std::string bearer = "Bearer " + std::string(key->key.reveal());
  const DataRequest request = world.ask(world.about_workspace(owner));
  world.has_parted = false;
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kRunning);
  EXPECT_GT(world.count(kKey), 0) << "tokens can be opened still";
  EXPECT_FALSE(world.run(world.api_keys.authenticate(bearer))) << "but nobody comes in";
  world.has_parted = true;
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kDone);
  EXPECT_EQ(world.count(kKey), 0);
}

TEST(Runner, NothingIsRememberedOfSendersThatWereRemovedBefore) {
  PrivacyWorld world;
  const auto owner = world.user();
  world.join(owner, identity::Role::kOwner);
  const auto sender = world.senders.list(world.caller.workspace, world.caller.mode).front();
  numbers::KnownState known;
  known.state.name = "Acme";
  world.states.put(sender->id, known);
  connections::Sender removed = *sender;
  removed.is_removed = true;
  world.senders.publish(std::make_shared<const connections::Sender>(removed));
  world.ask(world.about_workspace(owner));
  world.work();
  EXPECT_EQ(world.states.find(sender->id).state.name, "");
}

/// A row of the workspace's in each shared table that has such.
void put_provider(PrivacyWorld& world, const UserId& user) {
  static const store::Sql kProvider(
      "INSERT INTO sso_providers (id, workspace_id, name, issuer, client_id, sealed_secret, "
      "client_auth, role, trusts_email, is_enabled, created_at, updated_at) VALUES (?1, ?2, "
      "'Acme', "
      "'https://id.example', 'c', ?1, 0, 5, 1, 1, 0, 0)");
  static const store::Sql kDomain(
      "INSERT INTO sso_domains (domain, workspace_id, verified_at) VALUES ('acme.example', ?1, 0)");
  static const store::Sql kSession(
      "INSERT INTO sessions (id, user_id, token_hash, created_at, seen_at, expires_at, address, "
      "user_agent, has_second_factor, provider, provider_workspace_id) VALUES (?1, ?2, ?1, 0, 0, "
      "9999999999999, '', '', 0, 'idp_1', ?3)");
  const std::string id(16, 'p');
  const WorkspaceId workspace = world.caller.workspace;
  ASSERT_TRUE(testkit::write(*world.db, [&](store::Connection& db) -> Result<> {
    CHECK_OK(db.write(kProvider, {store::Param::blob(id), workspace}));
    CHECK_OK(db.write(kDomain, {workspace}));
    return db.write(kSession, {store::Param::blob(id), user, workspace});
  }));
}

TEST(Runner, ProvidersOfAWorkspaceEndWithIt) {
  static const store::Sql kLeft(
      "SELECT (SELECT COUNT(*) FROM sso_providers) + (SELECT COUNT(*) FROM sso_domains) + (SELECT "
      "COUNT(*) FROM sessions WHERE provider IS NOT NULL)");
  PrivacyWorld world;
  const auto owner = world.user();
  world.join(owner, identity::Role::kOwner);
  put_provider(world, owner.id);
  ASSERT_EQ(world.count(kLeft), 3);
  const DataRequest request = world.ask(world.about_workspace(owner));
  world.work();
  EXPECT_EQ(world.now_is(request).state, State::kDone);
  EXPECT_EQ(world.count(kLeft), 0);
}

TEST(Runner, CountsWhatIsOpenAndOverdue) {
  PrivacyWorld world;
  const auto asha = world.user();
  const DataRequest request = world.ask(world.about(asha));
  const audit::Actor by{audit::ActorKind::kOperator, "usr_operator"};
  ASSERT_TRUE(world.run(world.desk.step(request, {OperatorStep::kHold, "a court asks", by})));
  world.work();
  EXPECT_EQ(world.runner.open_count(), 1);
  EXPECT_EQ(world.runner.overdue_count(), 0);
  world.clock.skip(std::chrono::days(30));
  world.work();
  EXPECT_EQ(world.runner.overdue_count(), 1);
}

}  // namespace
}  // namespace flowsell::privacy
