#include "privacy/desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <vector>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "mail/mail.h"
#include "privacy/export.h"
#include "privacy_world.h"
#include "request_table.h"
#include "stop_link.h"

namespace flowsell::privacy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testkit::code_of;

class DeskTest : public testing::Test {
 protected:
  /// One part behind the other.
  template <class F>
  Result<std::string> all_of(F part_from) {
    std::string lines;
    ExportCursor from;
    while (true) {
      TRY(const auto part, world_.run(part_from(from)));
      lines += part.lines;
      if (part.next.empty()) return lines;
      TRY(from, ExportCursor::parse(part.next));
    }
  }
  audit::Actor operator_{audit::ActorKind::kOperator, "usr_operator"};
  PrivacyWorld world_;
};

TEST_F(DeskTest, ExportIsReadyAtOnceAndForAWeek) {
  const auto asha = world_.user();
  const DataRequest request = world_.ask(world_.about(asha, Kind::kExport));
  EXPECT_EQ(request.state, State::kDone);
  EXPECT_TRUE(world_.run(world_.desk.note_download(request, {}, {})));
  world_.clock.skip(std::chrono::days(7));
  EXPECT_EQ(code_of(world_.run(world_.desk.note_download(request, {}, {}))), ErrorCode::kConflict);
}

TEST_F(DeskTest, ExportOfAnAccountHasAllButSecrets) {
  const auto asha = world_.user();
  const DataRequest request = world_.ask(world_.about(asha, Kind::kExport));
  const auto lines = all_of([&](ExportCursor from) {
    return world_.desk.export_account(request, {"/elsewhere"}, std::move(from));
  });
  ASSERT_TRUE(lines);
  for (const char* held : {kEmail, "Asha Kelkar", kBrowser, "203.0.113.9", "\"session.created\"",
                           "\"known_devices\"", "\"waiting_mail\"", "new_sign_in", "/elsewhere"})
    EXPECT_THAT(*lines, HasSubstr(held));
  for (const char* secret : {"argon2", "password_hash", "token_hash"})
    EXPECT_THAT(*lines, Not(HasSubstr(secret)));
}

TEST_F(DeskTest, ExportOfAMemberIsAboutOneWorkspace) {
  const auto asha = world_.user();
  world_.join(asha, identity::Role::kOwner);
  const DataRequest request = world_.ask(world_.about(asha, Kind::kExport));
  const auto lines = all_of([&](ExportCursor from) {
    return world_.desk.export_member(*world_.db, request, asha, world_.caller.workspace,
                                     std::move(from));
  });
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, HasSubstr("\"members\""));
  EXPECT_THAT(*lines, HasSubstr("workspace.created"));
  const auto stranger = world_.ids.next<IdKind::kWorkspace>();
  const auto elsewhere = all_of([&](ExportCursor from) {
    return world_.desk.export_member(*world_.db, request, asha, stranger, std::move(from));
  });
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(std::ranges::count(*elsewhere, '\n'), 1);
}

TEST_F(DeskTest, ExportOfANumberHasItsMessagesAndNoOthers) {
  const auto owner = world_.user();
  const auto ana = world_.send_and_settle(messaging::kAna);
  const auto bela = world_.send_and_settle(messaging::kBela);
  const DataRequest request =
      world_.ask(world_.about_number(messaging::kAna, owner, Kind::kExport));
  const auto lines = all_of([&](ExportCursor from) {
    return export_recipient(*world_.db, request, world_.clock.now(), std::move(from));
  });
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, HasSubstr(ana.id.str()));
  EXPECT_THAT(*lines, Not(HasSubstr(bela.id.str())));
}

TEST_F(DeskTest, ExportOfANumberHasTheRecordOfItsConsents) {
  const auto owner = world_.user();
  const auto consent = world_.consent(messaging::kAna, "paper form of Ana");
  const auto other = world_.consent(messaging::kBela, "paper form of Bela");
  const DataRequest request =
      world_.ask(world_.about_number(messaging::kAna, owner, Kind::kExport));
  const auto lines = all_of([&](ExportCursor from) {
    return export_recipient(*world_.db, request, world_.clock.now(), std::move(from));
  });
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, HasSubstr("consent.recorded"));
  EXPECT_THAT(*lines, HasSubstr("\"target\":\"" + consent.str()));
  EXPECT_THAT(*lines, Not(HasSubstr(other.str())));
}

TEST_F(DeskTest, ExportOfAnAccountHasWhatADeletionErases) {
  const auto owner = world_.user("owner@example.com", "Owner");
  world_.join(owner, identity::Role::kOwner);
  const auto asha = world_.user("old@example.com");
  ASSERT_TRUE(world_.run(
      world_.members.invite(world_.by_owner(owner), "old@example.com", identity::Role::kViewer)));
  world_.change_address(asha, kEmail);
  ASSERT_TRUE(
      world_.run(world_.members.invite(world_.by_owner(owner), kEmail, identity::Role::kViewer)));
  const audit::Actor by{audit::ActorKind::kOperator, asha.id.str()};
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
    return audit::append(db, audit::new_act(world_.ids, world_.clock.now(),
                                            audit::operators_scope(), by, {}, "operator.read"));
  }));
  auto now_is = asha;
  now_is.email = kEmail;
  const DataRequest request = world_.ask(world_.about(asha, Kind::kExport));
  const auto shared = all_of(
      [&](ExportCursor from) { return world_.desk.export_account(request, {}, std::move(from)); });
  ASSERT_TRUE(shared);
  EXPECT_THAT(*shared, HasSubstr("\"operator.read\""));
  const auto lines = all_of([&](ExportCursor from) {
    return world_.desk.export_member(*world_.db, request, now_is, world_.caller.workspace,
                                     std::move(from));
  });
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, HasSubstr("\"personal\":{\"email\":\"old@example.com\"}"));
  EXPECT_THAT(*lines, HasSubstr("\"personal\":{\"email\":\"asha@example.com\"}"));
  EXPECT_THAT(*lines, Not(HasSubstr("owner@example.com")));
}

TEST_F(DeskTest, UserHasSoManyRequestsADay) {
  const auto asha = world_.user();
  for (std::int64_t i = 0; i < Desk::kPerUserAndDayMax; ++i)
    ASSERT_TRUE(world_.run(world_.desk.ask(world_.about(asha, Kind::kExport), {})));
  const auto refused = world_.run(world_.desk.ask(world_.about(asha, Kind::kExport), {}));
  ASSERT_EQ(code_of(refused), ErrorCode::kRateLimited);
  EXPECT_TRUE(refused.error().retry_after);
  auto by_operator = world_.about(asha, Kind::kExport);
  by_operator.by = operator_;
  EXPECT_TRUE(world_.run(world_.desk.ask(std::move(by_operator), {})));
  world_.clock.skip(std::chrono::hours(24));
  EXPECT_TRUE(world_.run(world_.desk.ask(world_.about(asha, Kind::kExport), {})));
}

TEST_F(DeskTest, ManyRequestsAtOncePassTheLimitTogetherNoMore) {
  const auto asha = world_.user();
  for (std::int64_t i = 0; i < Desk::kPerUserAndDayMax - 5; ++i)
    ASSERT_TRUE(world_.run(world_.desk.ask(world_.about(asha, Kind::kExport), {})));
  std::vector<std::future<Result<DataRequest>>> calls;
  for (std::size_t i = 0; i < 20; ++i) {
    calls.push_back(net::co_spawn(world_.pool.context(i % world_.pool.size()),
                                  world_.desk.ask(world_.about(asha, Kind::kExport), {}),
                                  net::use_future));
  }
  EXPECT_EQ(std::ranges::count_if(calls, [](auto& call) { return bool(call.get()); }), 5);
}

TEST_F(DeskTest, UserHasSoManyRequestsOpen) {
  const auto asha = world_.user();
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& connection) -> Result<> {
    for (std::int64_t i = 0; i < Desk::kOpenPerUserMax; ++i) {
      DataRequest waiting;
      waiting.id = world_.desk.new_id();
      waiting.kind = Kind::kDeletion;
      waiting.subject = Subject::kRecipient;
      waiting.workspace = world_.caller.workspace;
      waiting.requested_by = asha.id.str();
      waiting.created_at = world_.clock.now() - std::chrono::days(2);
      waiting.contact_hash = std::to_string(i);
      TRY([[maybe_unused]] const bool is_put, insert_request(connection, waiting, {}));
    }
    return {};
  }));
  EXPECT_EQ(code_of(world_.run(world_.desk.ask(world_.about(asha, Kind::kExport), {}))),
            ErrorCode::kConflict);
}

/// So many messages of one number, and an event about each.
void put_messages(PrivacyWorld& world, const DataRequest& request, std::int64_t count) {
  // Ids in the order of their numbers.
#define IN_ORDER "CAST(printf('%016d', n) AS BLOB)"
#define IN_ORDER_PG "convert_to(lpad(n::text, 16, '0'), 'UTF8')"
#define NUMBERS \
  "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?3) "
#define MESSAGES(id)                                                                  \
  "INSERT INTO messages (workspace_id, id, mode, inbound, sender_id, kind, contact, " \
  "contact_hash, status, created_at) SELECT ?1, " id                                  \
  ", 1, 0, ?2, 'text', '+91', ?2, 40, 0 FROM numbers"
#define EVENTS(id)                                                                               \
  "INSERT INTO events (workspace_id, id, mode, type, subject, at, body, pending) SELECT ?1, " id \
  ", 1, 1, " id ", 0, ?2, 0 FROM numbers"
  static const store::Sql kMessages(NUMBERS MESSAGES(IN_ORDER), NUMBERS MESSAGES(IN_ORDER_PG));
  static const store::Sql kEvents(NUMBERS EVENTS(IN_ORDER), NUMBERS EVENTS(IN_ORDER_PG));
#undef EVENTS
#undef MESSAGES
#undef NUMBERS
#undef IN_ORDER_PG
#undef IN_ORDER
  const std::string body = R"("id":"msg","note":")" + std::string(200, '.') + "\"";
  ASSERT_TRUE(testkit::write(*world.db, [&](store::Connection& db) -> Result<> {
    CHECK_OK(
        db.run(kMessages, {request.workspace, store::Param::blob(request.contact_hash), count}));
    CHECK_OK(db.run(kEvents, {request.workspace, body, count}));
    return {};
  }));
}

std::int64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  in >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

TEST_F(DeskTest, MemoryOfAnExportDoesNotGrowWithWhatIsHeld) {
  constexpr std::int64_t kCount = 100'000;
  constexpr std::int64_t kGrowthMax = std::int64_t{48} << 20;
  const auto owner = world_.user();
  const DataRequest number = world_.ask(world_.about_number(messaging::kAna, owner, Kind::kExport));
  put_messages(world_, number, kCount);
  auto workspace = number;
  workspace.subject = Subject::kWorkspace;
  const std::int64_t before = resident_bytes();
  std::int64_t of_number = 0, of_workspace = 0, peak = before;
  const auto count_in = [&](auto part_from) {
    std::int64_t lines = 0;
    std::string next = "0";
    while (!next.empty()) {
      const auto part = world_.run(part_from(ExportCursor::parse(next).value()));
      EXPECT_TRUE(part);
      if (!part) break;
      lines += std::ranges::count(part->lines, '\n');
      EXPECT_LT(part->lines.size(), std::size_t{6} << 20);
      next = part->next;
      peak = std::max(peak, resident_bytes());
    }
    return lines;
  };
  of_number = count_in([&](ExportCursor from) {
    return export_recipient(*world_.db, number, world_.clock.now(), std::move(from));
  });
  of_workspace = count_in([&](ExportCursor from) {
    return world_.desk.export_workspace(*world_.db, workspace, std::move(from));
  });
  EXPECT_EQ(of_number, 1 + 2 * kCount);  // its head, messages and events
  EXPECT_GT(of_workspace, 2 * kCount);
  EXPECT_LT(peak - before, kGrowthMax);
}

TEST_F(DeskTest, ExportGoesOnWhereAPartEnded) {
  for (const char* text : {"", "0", "3", "12.aud_x"}) {
    const auto cursor = ExportCursor::parse(text);
    ASSERT_TRUE(cursor);
    EXPECT_EQ(cursor->text(), std::string_view(text).empty() ? "0" : text);
  }
  for (const char* text : {"x", "-1", "1x", ".a", "99999999999999999999999"})
    EXPECT_EQ(code_of(ExportCursor::parse(text)), ErrorCode::kInvalidId) << text;
}

TEST_F(DeskTest, LastOwnerHandsOverFirst) {
  const auto asha = world_.user();
  world_.join(asha, identity::Role::kOwner);
  const auto refused = world_.run(world_.desk.ask(world_.about(asha), {}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().detail, HasSubstr(world_.caller.workspace.str()));
  EXPECT_TRUE(world_.run(world_.desk.ask(world_.about(asha, Kind::kExport), {})));
}

TEST_F(DeskTest, LastSuperadminStays) {
  const auto asha = world_.user();
  operators::Operators staff(*world_.db, world_.ids, world_.clock);
  ASSERT_TRUE(staff.put_superadmin(asha.id));
  EXPECT_EQ(code_of(world_.run(world_.desk.ask(world_.about(asha), {}))), ErrorCode::kConflict);
  ASSERT_TRUE(staff.put_superadmin(world_.user("other@example.com", "Other").id));
  EXPECT_TRUE(world_.run(world_.desk.ask(world_.about(asha), {})));
  world_.work();
  EXPECT_FALSE(*world_.run(staff.find(asha.id)));
}

TEST_F(DeskTest, SameDeletionIsNotAskedForTwice) {
  const auto asha = world_.user();
  const DataRequest first = world_.ask(world_.about(asha));
  EXPECT_EQ(code_of(world_.run(world_.desk.ask(world_.about(asha), {}))), ErrorCode::kConflict);
  ASSERT_TRUE(world_.run(world_.desk.cancel(first, {}, {})));
  EXPECT_TRUE(world_.run(world_.desk.ask(world_.about(asha), {})));
}

TEST_F(DeskTest, CancelledDeletionNeverRuns) {
  const auto asha = world_.user();
  const DataRequest request = world_.ask(world_.about(asha));
  const auto cancelled = world_.run(world_.desk.cancel(request, {}, {}));
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->state, State::kCancelled);
  world_.work();
  EXPECT_EQ(world_.now_is(request).state, State::kCancelled);
  EXPECT_TRUE(world_.run(world_.people.sign_in({kEmail, Secret(kPassword)}, {})));
}

TEST_F(DeskTest, WhatIsDoneOrIsAnExportCantBeCancelled) {
  const auto asha = world_.user();
  const DataRequest exported = world_.ask(world_.about(asha, Kind::kExport));
  EXPECT_EQ(code_of(world_.run(world_.desk.cancel(exported, {}, {}))), ErrorCode::kConflict);
  const DataRequest request = world_.ask(world_.about(asha));
  world_.work();
  EXPECT_EQ(code_of(world_.run(world_.desk.cancel(request, {}, {}))), ErrorCode::kConflict);
}

TEST_F(DeskTest, HeldDeletionWaitsUntilItIsReleasedAndApproved) {
  const auto asha = world_.user();
  const DataRequest request = world_.ask(world_.about(asha));
  const auto step = [&](OperatorStep what, const std::string& why = "") {
    return world_.run(world_.desk.step(world_.now_is(request), {what, why, operator_}));
  };
  EXPECT_EQ(code_of(step(OperatorStep::kHold)), ErrorCode::kInvalidRequest);
  EXPECT_EQ(step(OperatorStep::kHold, "a court asks")->reason, "a court asks");
  world_.work();
  EXPECT_EQ(world_.now_is(request).state, State::kOnHold);
  EXPECT_EQ(code_of(step(OperatorStep::kApprove)), ErrorCode::kConflict);
  EXPECT_EQ(step(OperatorStep::kRelease)->state, State::kInReview);
  EXPECT_EQ(step(OperatorStep::kApprove)->state, State::kApproved);
  world_.work();
  EXPECT_EQ(world_.now_is(request).state, State::kDone);
}

// --- holds ---

TEST_F(DeskTest, HoldOutlivesItsRequest) {
  const auto asha = world_.user();
  const DataRequest first = world_.ask(world_.about(asha));
  ASSERT_TRUE(
      world_.run(world_.desk.step(first, {OperatorStep::kHold, "a court asks", operator_})));
  ASSERT_TRUE(world_.run(world_.desk.cancel(first, {}, {})));
  const DataRequest second = world_.ask(world_.about(asha));
  EXPECT_EQ(second.state, State::kOnHold);
  EXPECT_EQ(second.reason, "a court asks");
  world_.work();
  EXPECT_EQ(world_.now_is(second).state, State::kOnHold);
  const auto refused =
      world_.run(world_.desk.step(second, {OperatorStep::kRefuse, "no", operator_}));
  ASSERT_TRUE(refused);
  const DataRequest third = world_.ask(world_.about(asha));
  EXPECT_EQ(third.state, State::kOnHold);
  EXPECT_EQ(world_.run(world_.desk.step(third, {OperatorStep::kRelease, "", operator_}))->state,
            State::kInReview);
  ASSERT_TRUE(world_.run(world_.desk.cancel(third, {}, {})));
}

TEST_F(DeskTest, WhatWasRefusedWaitsForAnOperatorTheNextTime) {
  const auto asha = world_.user();
  const DataRequest first = world_.ask(world_.about(asha));
  ASSERT_TRUE(world_.run(world_.desk.step(first, {OperatorStep::kRefuse, "not his", operator_})));
  const DataRequest second = world_.ask(world_.about(asha));
  EXPECT_EQ(second.state, State::kInReview);
  world_.work();
  EXPECT_EQ(world_.now_is(second).state, State::kInReview);
}

Desk::Holding holding(PrivacyWorld& world, LegalHold hold) {
  const audit::Actor by{audit::ActorKind::kOperator, "usr_operator"};
  hold.reason = "a court asks";
  return {std::move(hold),
          by,
          {},
          audit::new_act(world.ids, world.clock.now(), audit::operators_scope(), by, {},
                         "legal_hold.put")};
}

TEST_F(DeskTest, HoldNeedsNoRequestAndHoldsThoseThatWait) {
  const auto asha = world_.user();
  const DataRequest waiting = world_.ask(world_.about(asha));
  const auto hold = world_.run(world_.desk.put_hold(holding(world_, {.user = asha.id})));
  ASSERT_TRUE(hold);
  EXPECT_EQ(world_.now_is(waiting).state, State::kOnHold);
  EXPECT_EQ(code_of(world_.run(world_.desk.put_hold(holding(world_, {.user = asha.id})))),
            ErrorCode::kConflict);
  EXPECT_THAT(world_.run(world_.desk.list_holds({}))->rows, testing::SizeIs(1));
  auto also = holding(world_, {}).also;
  also.name = "legal_hold.lifted";
  ASSERT_TRUE(world_.run(world_.desk.lift_hold(hold->id, operator_, {}, also)));
  EXPECT_EQ(world_.now_is(waiting).state, State::kInReview);
  EXPECT_EQ(code_of(world_.run(world_.desk.lift_hold(hold->id, operator_, {}, also))),
            ErrorCode::kNotFound);
  EXPECT_THAT(world_.acts_of(asha.id.blob()),
              testing::IsSupersetOf({"legal_hold.put", "data_request.held", "legal_hold.lifted",
                                     "data_request.released"}));
}

TEST_F(DeskTest, HoldOnAWorkspaceHoldsItsNumbers) {
  const auto owner = world_.user();
  const DataRequest number = world_.ask(world_.about_number(messaging::kAna, owner));
  ASSERT_TRUE(world_.run(world_.desk.put_hold(
      holding(world_, {.subject = Subject::kWorkspace, .workspace = world_.caller.workspace}))));
  EXPECT_EQ(world_.now_is(number).state, State::kOnHold);
  EXPECT_EQ(world_.ask(world_.about_number(messaging::kBela, owner)).state, State::kOnHold);
  EXPECT_EQ(code_of(world_.run(
                world_.desk.step(world_.now_is(number), {OperatorStep::kRelease, "", operator_}))),
            ErrorCode::kConflict);
}

TEST_F(DeskTest, HoldOfTheMomentStopsADeletionThatIsDue) {
  const auto asha = world_.user();
  const DataRequest request = world_.ask(world_.about(asha));
  ASSERT_TRUE(world_.run(world_.desk.put_hold(holding(world_, {.user = asha.id}))));
  static const store::Sql kReceive("UPDATE data_requests SET state = 1");
  ASSERT_TRUE(
      testkit::write(*world_.db, [](store::Connection& db) { return db.write(kReceive, {}); }));
  world_.work();
  EXPECT_EQ(world_.now_is(request).state, State::kOnHold);
}

TEST_F(DeskTest, DeletionThatRunsIsNotHeld) {
  const auto asha = world_.user();
  world_.ask(world_.about(asha));
  world_.door.is_open = false;
  world_.work();
  EXPECT_EQ(code_of(world_.run(world_.desk.put_hold(holding(world_, {.user = asha.id})))),
            ErrorCode::kConflict);
}

TEST_F(DeskTest, OfTwoAtOnceOneDeletionIsOpen) {
  const auto asha = world_.user();
  DataRequest request = world_.ask(world_.about(asha));
  request.id = world_.desk.new_id();  // of another process, which did not see the first
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    TRY(const bool is_put, insert_request(db, request, {}));
    EXPECT_FALSE(is_put);
    return {};
  }));
}

TEST_F(DeskTest, WhoAskedForItDoesNotApproveIt) {
  const auto asha = world_.user();
  auto asked = world_.about(asha);
  asked.by = operator_;
  const DataRequest request = world_.ask(asked);
  const auto refused =
      world_.run(world_.desk.step(request, {OperatorStep::kApprove, "", operator_}));
  ASSERT_EQ(code_of(refused), ErrorCode::kInvalidRequest);
  EXPECT_EQ(refused.error().fields.at(0).code, "own_request");
  ASSERT_TRUE(world_.run(world_.desk.step(request, {OperatorStep::kReview, "", operator_})));
  const audit::Actor other{audit::ActorKind::kOperator, "usr_other"};
  EXPECT_EQ(world_.run(world_.desk.step(request, {OperatorStep::kApprove, "", other}))->state,
            State::kApproved);
}

TEST_F(DeskTest, RefusedDeletionEndsWithItsReason) {
  const auto asha = world_.user();
  const DataRequest request = world_.ask(world_.about(asha));
  ASSERT_TRUE(world_.run(world_.desk.step(request, {OperatorStep::kRefuse, "not his", operator_})));
  world_.work();
  const DataRequest refused = world_.now_is(request);
  EXPECT_EQ(refused.state, State::kRefused);
  EXPECT_TRUE(refused.finished_at);
  EXPECT_EQ(code_of(world_.run(world_.desk.step(refused, {OperatorStep::kReview, "", operator_}))),
            ErrorCode::kConflict);
}

TEST_F(DeskTest, EachStepIsOnTheAccountsRecord) {
  const auto asha = world_.user();
  const DataRequest request = world_.ask(world_.about(asha));
  ASSERT_TRUE(world_.run(world_.desk.step(request, {OperatorStep::kReview, "", operator_})));
  ASSERT_TRUE(world_.run(world_.desk.cancel(request, {}, {})));
  EXPECT_THAT(world_.acts_of(asha.id.blob()),
              ElementsAre("session.created", "data_request.asked", "data_request.reviewed",
                          "data_request.cancelled"));
}

TEST_F(DeskTest, ListsAreAboutWhomTheyAreAskedFor) {
  const auto asha = world_.user();
  const auto other = world_.user("other@example.com", "Other");
  const DataRequest own = world_.ask(world_.about(asha, Kind::kExport));
  const DataRequest number = world_.ask(world_.about_number(messaging::kAna, other, Kind::kExport));
  const auto ids_of = [&](Desk::Query query) {
    const auto page = world_.run(world_.desk.list(query));
    std::vector<DataRequestId> ids;
    for (const DataRequest& each : page->rows) ids.push_back(each.id);
    return ids;
  };
  EXPECT_THAT(ids_of({.of_user = asha.id}), ElementsAre(own.id));
  EXPECT_THAT(ids_of({.of_user = other.id}), ElementsAre(number.id));
  EXPECT_THAT(ids_of({.workspace = world_.caller.workspace}), ElementsAre(number.id));
  EXPECT_THAT(ids_of({}), ElementsAre(number.id, own.id));
  EXPECT_THAT(ids_of({.after = number.id}), ElementsAre(own.id));
  EXPECT_THAT(ids_of({.before = own.id}), ElementsAre(number.id));
  EXPECT_THAT(ids_of({.state = State::kReceived}), IsEmpty());
  EXPECT_THAT(ids_of({.overdue = true}), IsEmpty());
}

/// As mails show it: only its hash is stored.
Secret link_of(PrivacyWorld& world, const DataRequest& request) {
  static const store::Sql kSet("UPDATE data_requests SET token_hash = ?2 WHERE id = ?1");
  const Secret token = new_link_token(request.id);
  const auto hash = crypto::sha256(token.reveal());
  EXPECT_TRUE(testkit::write(*world.db, [&](store::Connection& db) {
    return db.write(kSet, {request.id, store::Param::blob(as_text(hash))});
  }));
  return token;
}

TEST_F(DeskTest, LinkIsVoidWhenTheAddressHasChanged) {
  const auto asha = world_.user();
  const Secret token = link_of(world_, world_.ask(world_.about(asha)));
  ASSERT_TRUE(world_.run(world_.desk.find_by_link(token)));
  world_.set_address(asha, "new@example.com");
  EXPECT_EQ(code_of(world_.run(world_.desk.find_by_link(token))), ErrorCode::kInvalidToken);
  world_.work();
  EXPECT_EQ(code_of(world_.run(world_.desk.find_by_link(token))), ErrorCode::kInvalidToken);
}

TEST_F(DeskTest, LinkOfAnAddressThatWasLeftDoesNotComeBackWithTheAccountsEnd) {
  const auto asha = world_.user();
  world_.door.is_open = false;
  const DataRequest request = world_.ask(world_.about(asha));
  const Secret token = link_of(world_, request);
  world_.work();
  world_.set_address(asha, "new@example.com");  // too late for a new link
  world_.door.is_open = true;
  world_.work();
  ASSERT_EQ(world_.now_is(request).state, State::kDone);
  EXPECT_EQ(code_of(world_.run(world_.desk.find_by_link(token))), ErrorCode::kInvalidToken);
}

TEST_F(DeskTest, LinkShowsTheCertificateWhenTheAccountIsGone) {
  const auto asha = world_.user();
  const Secret token = link_of(world_, world_.ask(world_.about(asha)));
  world_.work();
  const auto found = world_.run(world_.desk.find_by_link(token));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->certificate.empty());
}

TEST_F(DeskTest, LinkThatIsNotTheMailsOpensNothing) {
  const auto asha = world_.user();
  const DataRequest request = world_.ask(world_.about(asha));
  for (const std::string& token :
       {std::string(), request.id.str(), request.id.str() + std::string(43, 'x')}) {
    EXPECT_EQ(code_of(world_.run(world_.desk.find_by_link(Secret(token)))),
              ErrorCode::kInvalidToken);
  }
}

}  // namespace
}  // namespace flowsell::privacy
