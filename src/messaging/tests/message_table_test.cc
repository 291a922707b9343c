#include "messaging/message_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "messaging/schema.h"
#include "testkit/database.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using enum channel::MessageStatus;

constexpr MessageStatus kAll[] = {kAccepted, kSending,   kUnknown, kSent,
                                  kFailed,   kDelivered, kRead,    kReceived};
const Time kNow = *parse_time("2026-11-23T12:00:00Z");

StatusChange step(MessageStatus to, Time at, std::string_view provider_message_id = {},
                  const MessageError* error = nullptr) {
  return {.to = to, .at = at, .provider_message_id = provider_message_id, .error = error};
}

class MessageTable : public testing::Test {
 protected:
  ~MessageTable() override { db_->stop(); }

  MessageRow a_row(MessageStatus status = kAccepted) {
    clock_.advance(1ms);
    MessageRow row;
    row.workspace = workspace_;
    row.id = ids_.next<IdKind::kMessage>();
    row.sender = sender_;
    row.kind = "text";
    row.contact = "+91••••••3210";
    row.contact_hash[0] = 7;
    row.status = status;
    row.client_ref = "order-1";
    row.metadata_json = R"({"a":"b"})";
    row.created_at = clock_.now();
    return row;
  }
  bool insert(const MessageRow& row) {
    return testkit::in_transaction(*db_,
                                   [&](store::Connection& db) { return insert_message(db, row); });
  }
  MessageRow inserted(MessageStatus status = kAccepted) {
    auto row = a_row(status);
    insert(row);
    return row;
  }
  std::optional<ChangedMessage> change(const MessageId& id, const StatusChange& change) {
    return testkit::in_transaction(
        *db_, [&](store::Connection& db) { return change_status(db, workspace_, id, change); });
  }
  MessageRow read(const MessageId& id) {
    return testkit::in_snapshot(
               *db_, [&](store::Connection& db) { return find_message(db, workspace_, id); })
        .value();
  }
  MessagePage list(MessageQuery query) {
    query.workspace = workspace_;
    return testkit::in_snapshot(*db_,
                                [&](store::Connection& db) { return list_messages(db, query); });
  }
  std::vector<MessageId> ids_of(const MessageQuery& query) {
    std::vector<MessageId> out;
    for (const auto& row : list(query).rows) out.push_back(row.id);
    return out;
  }

  testkit::TempFolder folder_;
  ManualClock clock_{kNow};
  IdSource ids_{clock_};
  WorkspaceId workspace_ = ids_.next<IdKind::kWorkspace>();
  SenderId sender_ = ids_.next<IdKind::kSender>();
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
};

TEST_F(MessageTable, RowIsReadBack) {
  const auto row = inserted();
  const auto back = read(row.id);
  EXPECT_EQ(
      std::tie(back.workspace, back.id, back.mode, back.inbound, back.sender, back.kind,
               back.contact, back.contact_hash, back.status, back.client_ref, back.metadata_json,
               back.created_at),
      std::tie(row.workspace, row.id, row.mode, row.inbound, row.sender, row.kind, row.contact,
               row.contact_hash, row.status, row.client_ref, row.metadata_json, row.created_at));
}

TEST_F(MessageTable, SecondRowOfAnIdIsNotInserted) {
  const auto row = inserted();
  EXPECT_FALSE(insert(row));
}

TEST_F(MessageTable, RowOfAnotherWorkspaceIsNotFound) {
  const auto row = inserted();
  const auto found = testkit::in_snapshot(*db_, [&](store::Connection& db) {
    return find_message(db, ids_.next<IdKind::kWorkspace>(), row.id);
  });
  EXPECT_FALSE(found);
}

TEST_F(MessageTable, EveryStepFollowsTheChannelsRule) {
  for (const auto from : kAll) {
    for (const auto to : kAll) {
      if (to == kAccepted || to == kSending || to == kReceived) continue;  // nobody reports these
      const auto row = inserted(from);
      const auto changed = change(row.id, step(to, kNow));
      ASSERT_TRUE(changed);
      EXPECT_EQ(changed->moved, channel::may_follow(from, to))
          << channel::status_name(from) << " to " << channel::status_name(to);
      EXPECT_EQ(read(row.id).status, channel::may_follow(from, to) ? to : from);
    }
  }
}

TEST_F(MessageTable, ChangeOfNoMessageIsNone) {
  EXPECT_FALSE(change(ids_.next<IdKind::kMessage>(), step(kSent, kNow)));
}

TEST_F(MessageTable, ChangeTellsTheRowAsItIsNow) {
  const auto row = inserted();
  const auto changed = change(row.id, step(kSent, kNow + 1s, "pm.1"));
  ASSERT_TRUE(changed && changed->moved);
  EXPECT_EQ(changed->row.status, kSent);
  EXPECT_EQ(changed->row.provider_message_id, "pm.1");
  EXPECT_EQ(changed->row.client_ref, row.client_ref);
  EXPECT_EQ(changed->row.sender, row.sender);
}

TEST_F(MessageTable, EachStepKeepsItsTime) {
  const auto row = inserted();
  change(row.id, step(kUnknown, kNow + 1s));
  change(row.id, step(kSent, kNow + 2s));
  change(row.id, step(kFailed, kNow + 3s));
  change(row.id, step(kDelivered, kNow + 4s));
  change(row.id, step(kRead, kNow + 5s));
  const auto back = read(row.id);
  EXPECT_EQ(back.unknown_at, kNow + 1s);
  EXPECT_EQ(back.sent_at, kNow + 2s);
  EXPECT_EQ(back.failed_at, kNow + 3s);
  EXPECT_EQ(back.delivered_at, kNow + 4s);
  EXPECT_EQ(back.read_at, kNow + 5s);
}

TEST_F(MessageTable, IdOfTheProviderIsFilledInWhenItWasOvertaken) {
  const auto row = inserted();
  change(row.id, step(kDelivered, kNow));
  const auto changed = change(row.id, step(kSent, kNow + 1s, "pm.1"));
  ASSERT_TRUE(changed);
  EXPECT_FALSE(changed->moved);
  EXPECT_EQ(read(row.id).provider_message_id, "pm.1");
}

TEST_F(MessageTable, TimeOfAnOvertakenStepIsFilledIn) {
  const auto row = inserted();
  change(row.id, step(kRead, kNow + 9s));
  change(row.id, step(kDelivered, kNow + 2s));
  change(row.id, step(kSent, kNow + 1s));
  EXPECT_EQ(read(row.id).sent_at, kNow + 1s);
  EXPECT_EQ(read(row.id).delivered_at, kNow + 2s);
  EXPECT_EQ(read(row.id).status, kRead);
}

TEST_F(MessageTable, LateStepDoesNotChangeWhatIsKnown) {
  const auto row = inserted();
  change(row.id, step(kSent, kNow + 1s, "pm.1"));
  change(row.id, step(kSent, kNow + 2s, "pm.2"));
  EXPECT_EQ(read(row.id).provider_message_id, "pm.1");
  EXPECT_EQ(read(row.id).sent_at, kNow + 1s);
}

TEST_F(MessageTable, StatusOfAnInboundMessageIsOfNoMessage) {
  auto row = a_row(kReceived);
  row.inbound = true;
  insert(row);
  EXPECT_FALSE(change(row.id, step(kSent, kNow)));
  EXPECT_FALSE(read(row.id).sent_at);
}

TEST_F(MessageTable, OvertakenStepIsTheFirstOfItsKindOnce) {
  const auto row = inserted();
  EXPECT_TRUE(change(row.id, step(kDelivered, kNow))->is_first);
  EXPECT_TRUE(change(row.id, step(kSent, kNow, "pm.1"))->is_first);
  EXPECT_FALSE(change(row.id, step(kSent, kNow, "pm.1"))->is_first);
  EXPECT_FALSE(change(row.id, step(kDelivered, kNow))->is_first);
}

TEST_F(MessageTable, OvertakenStepKnowsItsMode) {
  auto row = a_row();
  row.mode = identity::Mode::kLive;
  insert(row);
  change(row.id, step(kDelivered, kNow));
  EXPECT_EQ(change(row.id, step(kSent, kNow))->row.mode, identity::Mode::kLive);
}

TEST_F(MessageTable, StepsOfManyMessagesAreEachTheirOwn) {
  const auto first = inserted(), second = inserted();
  MessageId none = a_row().id;
  const MessageError error{"recipient_unreachable", 1, 2, "trace", {}};
  const std::vector<MessageStep> steps = {
      {workspace_, second.id, {kFailed, kNow, "wamid.2", &error}},
      {workspace_, none, {kSent, kNow, "wamid.0", nullptr}},
      {workspace_, first.id, {kSent, kNow, "wamid.1", nullptr}},
      {WorkspaceId(), first.id, {kRead, kNow, "", nullptr}}};
  const auto changed = testkit::in_transaction(
      *db_, [&](store::Connection& db) { return change_statuses(db, steps); });
  ASSERT_EQ(changed.size(), 4U);
  EXPECT_EQ(changed[0]->row.id, second.id);
  EXPECT_EQ(changed[0]->row.error->code, "recipient_unreachable");
  EXPECT_FALSE(changed[1]);
  EXPECT_EQ(changed[2]->row.id, first.id);
  EXPECT_EQ(changed[2]->row.provider_message_id, "wamid.1");
  EXPECT_FALSE(changed[3]);
  EXPECT_EQ(read(first.id).status, kSent);
  EXPECT_EQ(read(second.id).status, kFailed);
}

/// Every order of two reports each of all that a provider may say.
TEST_F(MessageTable, EachStepIsFirstOnceInEveryOrder) {
  std::vector<MessageStatus> steps = {kSent,      kSent,      kFailed, kFailed, kUnknown,
                                      kDelivered, kDelivered, kRead,   kRead};
  std::ranges::sort(steps);
  // Where each statement is a round trip, every 13th order has to do.
  const int stride = testkit::tests_run_on_postgres() ? 13 : 1;
  const auto next = [&steps, stride] {
    bool found = true;
    for (int i = 0; i < stride && found; ++i) found = std::ranges::next_permutation(steps).found;
    return found;
  };
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) -> Result<> {
    do {
      const auto row = a_row();
      CHECK_OK(insert_message(db, row));
      std::map<MessageStatus, int> firsts;
      for (const auto to : steps) {
        TRY(const auto changed, change_status(db, workspace_, row.id, step(to, kNow)));
        if (changed.value().is_first) ++firsts[to];
      }
      const auto at_once = a_row();
      CHECK_OK(insert_message(db, at_once));
      std::vector<MessageStep> all;
      for (const auto to : steps) all.push_back({workspace_, at_once.id, step(to, kNow)});
      TRY(const auto changed, change_statuses(db, all));
      std::map<MessageStatus, int> firsts_at_once;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (changed[i].value().is_first) ++firsts_at_once[steps[i]];
      }
      std::erase_if(firsts_at_once, [](const auto& each) { return each.second == 0; });
      EXPECT_EQ(firsts_at_once, firsts);
      TRY(const auto found, find_message(db, workspace_, row.id));
      TRY(const auto found_at_once, find_message(db, workspace_, at_once.id));
      EXPECT_EQ(found_at_once->status, found->status);
      EXPECT_EQ(found_at_once->sent_at, found->sent_at);
      EXPECT_EQ(found_at_once->failed_at, found->failed_at);
      const auto& end = found.value();
      EXPECT_EQ(end.status, kRead);
      EXPECT_EQ(std::tie(firsts[kSent], firsts[kDelivered], firsts[kRead]), std::tuple(1, 1, 1));
      EXPECT_EQ(firsts[kFailed], end.failed_at ? 1 : 0);
      EXPECT_EQ(firsts[kUnknown], end.unknown_at ? 1 : 0);
      EXPECT_TRUE(end.sent_at && end.delivered_at && end.read_at);
    } while (!testing::Test::HasFailure() && next());
    return {};
  }));
}

TEST_F(MessageTable, ErrorIsKeptByItsNumbers) {
  const auto row = inserted();
  const MessageError error{"refused", 131047, 7, "trace", {}};
  change(row.id, step(kFailed, kNow, {}, &error));
  const auto back = read(row.id).error;
  ASSERT_TRUE(back);
  EXPECT_EQ(std::tie(back->code, back->provider_code, back->provider_subcode, back->trace_id),
            std::tie(error.code, error.provider_code, error.provider_subcode, error.trace_id));
}

TEST_F(MessageTable, ProofOfDeliveryClearsTheError) {
  const auto row = inserted();
  const MessageError error{.code = "no_answer"};
  change(row.id, step(kUnknown, kNow, {}, &error));
  change(row.id, step(kDelivered, kNow));
  EXPECT_FALSE(read(row.id).error);
}

TEST_F(MessageTable, AcceptedMessageIsMarkedAsSending) {
  const auto row = inserted();
  ASSERT_TRUE(testkit::write(
      *db_, [&](store::Connection& db) { return mark_sending(db, workspace_, row.id, kNow); }));
  EXPECT_EQ(read(row.id).status, kSending);
  EXPECT_EQ(read(row.id).sending_at, kNow);
}

TEST_F(MessageTable, SentMessageIsNotMarkedAsSending) {
  const auto row = inserted(kSent);
  ASSERT_TRUE(testkit::write(
      *db_, [&](store::Connection& db) { return mark_sending(db, workspace_, row.id, kNow); }));
  EXPECT_EQ(read(row.id).status, kSent);
}

TEST_F(MessageTable, ManyAreFoundAtOnce) {
  const auto row = inserted();
  const std::vector<MessageId> ids = {row.id, a_row().id, row.id};
  const auto found = testkit::in_snapshot(
      *db_, [&](store::Connection& db) { return find_messages(db, workspace_, ids); });
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]->id, row.id);
  EXPECT_FALSE(found[1]);
  EXPECT_EQ(found[2]->id, row.id);
}

TEST_F(MessageTable, ConversationsAreFound) {
  const auto row = inserted();
  const std::vector<MessageId> ids = {a_row().id, row.id};
  const auto found = testkit::in_snapshot(
      *db_, [&](store::Connection& db) { return find_conversations(db, workspace_, ids); });
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FALSE(found[0]);
  EXPECT_EQ(found[1]->sender, row.sender);
  EXPECT_EQ(found[1]->contact, row.contact_hash);
}

class MessageList : public MessageTable {
 protected:
  MessageList() {
    for (int i = 0; i < 5; ++i) rows_.push_back(inserted());
  }
  MessageId id(std::size_t i) { return rows_.at(i).id; }
  /// One more row that differs in what `alter` says.
  template <class F>
  MessageId add(F alter) {
    auto row = a_row();
    alter(row);
    insert(row);
    return row.id;
  }
  std::vector<MessageRow> rows_;
};

TEST_F(MessageList, IsNewestFirst) {
  EXPECT_THAT(ids_of({}), ElementsAre(id(4), id(3), id(2), id(1), id(0)));
}

TEST_F(MessageList, AfterAMessageIsOlder) {
  EXPECT_THAT(ids_of({.after = id(2)}), ElementsAre(id(1), id(0)));
}

TEST_F(MessageList, BeforeAMessageHoldsItsNextNewer) {
  EXPECT_THAT(ids_of({.before = id(1), .limit = 2}), ElementsAre(id(3), id(2)));
}

TEST_F(MessageList, BetweenTwoMessagesHoldsNeither) {
  EXPECT_THAT(ids_of({.after = id(4), .before = id(1)}), ElementsAre(id(3), id(2)));
}

TEST_F(MessageList, FullPageSaysThatThereIsMoreAndWhere) {
  const auto page = list({.limit = 2});
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.next, id(3));
}

TEST_F(MessageList, PagesUpwardsHoldEveryMessageOnceAndSayWhenTheyEnd) {
  std::vector<MessageId> seen;
  MessagePage page;
  page.next = id(0);
  do {
    page = list({.before = page.next, .limit = 3});
    for (auto row = page.rows.rbegin(); row != page.rows.rend(); ++row) seen.push_back(row->id);
  } while (page.has_more);
  EXPECT_THAT(seen, ElementsAre(id(1), id(2), id(3), id(4)));
}

TEST_F(MessageList, LastPageSaysThatThereIsNoMore) { EXPECT_FALSE(list({.limit = 5}).has_more); }

TEST_F(MessageList, FiltersByStatus) {
  const auto other = add([](MessageRow& row) { row.status = kFailed; });
  EXPECT_THAT(ids_of({.status = kFailed}), ElementsAre(other));
}

TEST_F(MessageList, FiltersBySender) {
  const auto sender = ids_.next<IdKind::kSender>();
  const auto other = add([&](MessageRow& row) { row.sender = sender; });
  EXPECT_THAT(ids_of({.sender = sender}), ElementsAre(other));
}

TEST_F(MessageList, FiltersByDirection) {
  const auto other = add([](MessageRow& row) { row.inbound = true; });
  EXPECT_THAT(ids_of({.inbound = true}), ElementsAre(other));
  EXPECT_THAT(ids_of({.inbound = false}), SizeIs(5));
}

TEST_F(MessageList, FiltersByClientRef) {
  const auto other = add([](MessageRow& row) { row.client_ref = "order-2"; });
  EXPECT_THAT(ids_of({.client_ref = "order-2"}), ElementsAre(other));
}

TEST_F(MessageList, FiltersByContact) {
  ContactHash hash{};
  hash[0] = 9;
  const auto other = add([&](MessageRow& row) { row.contact_hash = hash; });
  EXPECT_THAT(ids_of({.contact_hash = hash}), ElementsAre(other));
}

TEST_F(MessageList, HoldsOneModeOnly) {
  add([](MessageRow& row) { row.mode = identity::Mode::kLive; });
  EXPECT_THAT(ids_of({.mode = identity::Mode::kLive}), SizeIs(1));
  EXPECT_THAT(ids_of({}), SizeIs(5));
}

TEST_F(MessageList, TimesIncludeTheirStartAndNotTheirEnd) {
  const auto ids =
      ids_of({.created_from = rows_[1].created_at, .created_before = rows_[3].created_at});
  EXPECT_THAT(ids, ElementsAre(id(2), id(1)));
}

TEST_F(MessageList, EmptySpanOfTimeHoldsNothing) {
  EXPECT_THAT(ids_of({.created_from = kNow + 1h, .created_before = kNow + 2h}), IsEmpty());
}

class ListWithBegun : public MessageList {
 protected:
  std::vector<MessageId> ids_with(MessageQuery query, const std::vector<MessagePtr>& begun) {
    query.workspace = workspace_;
    const auto page = testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return list_messages(db, query, begun); });
    std::vector<MessageId> out;
    for (const auto& row : page.rows) out.push_back(row.id);
    return out;
  }
  static MessagePtr shared(const MessageRow& row) { return std::make_shared<MessageRow>(row); }
};

TEST_F(ListWithBegun, RowOfTheTableCountsWhereBothHaveIt) {
  auto stale = rows_[2];
  stale.status = kSending;
  EXPECT_THAT(ids_with({}, {shared(stale)}), ElementsAre(id(4), id(3), id(2), id(1), id(0)));
  EXPECT_EQ(read(id(2)).status, kAccepted);
}

TEST_F(ListWithBegun, PageIsFullWithThem) {
  const auto newest = a_row(kSending);
  EXPECT_THAT(ids_with({.limit = 2}, {shared(newest)}), ElementsAre(newest.id, id(4)));
}

TEST_F(ListWithBegun, UpwardsTheyComeInTheirOrder) {
  const auto newest = a_row(kSending);
  EXPECT_THAT(ids_with({.before = id(3), .limit = 2}, {shared(newest)}),
              ElementsAre(newest.id, id(4)));
  EXPECT_THAT(ids_with({.before = id(3), .limit = 1}, {shared(newest)}), ElementsAre(id(4)));
}

class LongMessageList : public MessageTable {
 protected:
  void add(int count) {
    ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) -> Result<> {
      for (int i = 0; i < count; ++i) {
        auto row = a_row();
        CHECK_OK(insert_message(db, row));
      }
      return {};
    }));
  }
};

TEST_F(LongMessageList, SearchStopsAfterTwentyThousandRowsAndSaysWhere) {
  const auto wanted = inserted(kFailed);
  add(20'000);
  const auto page = list({.status = kFailed});
  EXPECT_THAT(page.rows, IsEmpty());
  ASSERT_TRUE(page.has_more);
  EXPECT_THAT(ids_of({.status = kFailed, .after = page.next}), ElementsAre(wanted.id));
}

TEST_F(LongMessageList, SearchUpwardsStopsAfterTwentyThousandRowsAndSaysWhere) {
  const auto oldest = inserted();
  add(20'000);
  const auto wanted = inserted(kFailed);
  const auto page = list({.status = kFailed, .before = oldest.id});
  EXPECT_THAT(page.rows, IsEmpty());
  ASSERT_TRUE(page.has_more);
  EXPECT_THAT(ids_of({.status = kFailed, .before = page.next}), ElementsAre(wanted.id));
}

TEST_F(LongMessageList, WhatIsBegunBeyondTheEndOfASearchComesWithTheNextPage) {
  const auto oldest = inserted();
  add(20'000);
  const auto unseen = inserted(kSending);
  const std::vector begun = {MessagePtr(std::make_shared<MessageRow>(a_row(kSending)))};
  MessageQuery query{.workspace = workspace_, .status = kSending, .before = oldest.id};
  const auto page = [&] {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return list_messages(db, query, begun); });
  };
  const auto first = page();
  EXPECT_THAT(first.rows, IsEmpty());
  ASSERT_TRUE(first.has_more);
  query.before = first.next;
  const auto second = page();
  ASSERT_THAT(second.rows, SizeIs(2));
  EXPECT_EQ(second.rows[0].id, begun[0]->id);
  EXPECT_EQ(second.rows[1].id, unseen.id);
}

TEST_F(LongMessageList, SearchThatSeesAllRowsIsAtItsEnd) {
  add(19'998);
  const auto wanted = inserted(kFailed);
  const auto page = list({.status = kFailed});
  EXPECT_THAT(page.rows, SizeIs(1));
  EXPECT_FALSE(page.has_more);
}

}  // namespace
}  // namespace flowsell::messaging
