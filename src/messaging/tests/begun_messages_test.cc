#include "messaging/begun_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "begun_row.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;
using enum channel::MessageStatus;

const store::Sql kSlots("SELECT slot FROM begun_messages ORDER BY slot");
const store::Sql kPutSlot("INSERT INTO begun_messages (slot, messages) VALUES (?1, ?2)");
const store::Sql kRows("SELECT COUNT(*) FROM messages");
const store::Sql kQueued("SELECT COUNT(*) FROM queued_jobs");

/// A message as its acceptance makes it when its first attempt begins at once.
MessageRow a_row(MessagingWorld& world) {
  MessageRow row;
  row.workspace = world.caller.workspace;
  row.id = world.ids.next<IdKind::kMessage>();
  row.sender = world.sender->id;
  row.kind = "text";
  row.contact = "+91••••••3210";
  row.contact_hash[0] = 7;
  row.contact_hash[15] = 9;
  row.status = kSending;
  row.client_ref = "order-1";
  row.metadata_json = R"({"a":"b"})";
  row.created_at = world.clock.now();
  row.sending_at = row.created_at;
  return row;
}

class BegunMessagesTest : public testing::Test {
 protected:
  MessagePtr made() { return std::make_shared<MessageRow>(a_row(world_)); }
  /// As one transaction of commits 1.
  std::vector<Begun> add(const std::vector<MessagePtr>& rows, bool committed = true) {
    std::vector<Begun> out;
    const auto done = testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
      for (const MessagePtr& row : rows) {
        TRY(out.emplace_back(), begun_.add(db, row));
      }
      CHECK_OK(begun_.store_added(db));
      return committed ? Result<>{} : fail(ErrorCode::kInternal, "taken back");
    });
    EXPECT_EQ(done.has_value(), committed);
    begun_.ended(committed);
    return out;
  }
  MessagePtr find(const MessagePtr& row) { return begun_.find(row->workspace, row->id); }
  std::vector<std::int64_t> slots() { return testkit::numbers(*world_.db, kSlots); }

  MessagingWorld world_;
  BegunMessages begun_;
};

// ---- how a message is packed

TEST_F(BegunMessagesTest, PackedMessageIsTheSameUnpacked) {
  MessageRow row = a_row(world_);
  row.mode = identity::Mode::kLive;
  std::string bytes;
  pack_begun(row, bytes);
  std::string_view packed = bytes;
  const auto read = unpack_begun(packed);
  ASSERT_TRUE(read);
  EXPECT_THAT(packed, IsEmpty());
  EXPECT_EQ(read->workspace, row.workspace);
  EXPECT_EQ(read->id, row.id);
  EXPECT_EQ(read->mode, row.mode);
  EXPECT_EQ(read->sender, row.sender);
  EXPECT_EQ(read->kind, row.kind);
  EXPECT_EQ(read->contact, row.contact);
  EXPECT_EQ(read->contact_hash, row.contact_hash);
  EXPECT_EQ(read->status, kSending);
  EXPECT_EQ(read->client_ref, row.client_ref);
  EXPECT_EQ(read->metadata_json, row.metadata_json);
  EXPECT_EQ(read->created_at, row.created_at);
  EXPECT_EQ(read->sending_at, row.created_at);
}

TEST_F(BegunMessagesTest, NoPartOfAPackedMessageIsOne) {
  std::string bytes;
  pack_begun(a_row(world_), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view part = std::string_view(bytes).substr(0, size);
    EXPECT_FALSE(unpack_begun(part)) << size;
    EXPECT_EQ(part.size(), size);
  }
}

TEST_F(BegunMessagesTest, PackedMessageWithALengthThatIsTooLongIsNone) {
  std::string bytes;
  pack_begun(a_row(world_), bytes);
  bytes[bytes.size() - std::string_view(R"({"a":"b"})").size() - 4] = '\x7F';
  std::string_view packed = bytes;
  EXPECT_FALSE(unpack_begun(packed));
}

// ---- slots

TEST_F(BegunMessagesTest, IsFoundFromItsCommitToItsEnd) {
  const auto row = made();
  EXPECT_FALSE(find(row));
  const auto begun = add({row});
  EXPECT_EQ(find(row), row);
  begun_.end(begun.at(0));
  EXPECT_FALSE(find(row));
}

TEST_F(BegunMessagesTest, AnotherWorkspaceFindsNothing) {
  const auto row = made();
  add({row});
  EXPECT_FALSE(begun_.find(world_.ids.next<IdKind::kWorkspace>(), row->id));
}

TEST_F(BegunMessagesTest, IsNotFoundAfterARollback) {
  const auto row = made();
  add({row}, false);
  EXPECT_FALSE(find(row));
  EXPECT_THAT(slots(), IsEmpty());
}

TEST_F(BegunMessagesTest, TransactionHasASlotOfItsOwn) {
  const auto first = add({made(), made()});
  const auto second = add({made()});
  EXPECT_EQ(first.at(0).slot, first.at(1).slot);
  EXPECT_NE(first.at(0).slot, second.at(0).slot);
  EXPECT_THAT(slots(), SizeIs(2));
}

TEST_F(BegunMessagesTest, SlotIsUsedAgainOnceAllItsMessagesHaveEnded) {
  const auto first = add({made(), made()});
  begun_.end(first.at(0));
  EXPECT_NE(add({made()}).at(0).slot, first.at(0).slot);
  begun_.end(first.at(1));
  EXPECT_EQ(add({made()}).at(0).slot, first.at(0).slot);
  EXPECT_THAT(slots(), SizeIs(2));
}

TEST_F(BegunMessagesTest, SlotOfARollbackIsUsedAgain) {
  add({made()}, false);
  EXPECT_EQ(add({made()}).at(0).slot, 0U);
}

TEST_F(BegunMessagesTest, ManyMessagesOfATransactionAndLargeOnesAllComeBack) {
  std::vector<MessagePtr> rows;
  for (int i = 0; i < 100; ++i) rows.push_back(made());
  auto large = std::make_shared<MessageRow>(a_row(world_));
  large->metadata_json = R"({"a":")" + std::string(20'000, 'x') + "\"}";
  rows.insert(rows.begin() + 50, large);
  add(rows);
  std::vector<MessageId> ids, read;
  for (const auto& row : rows) ids.push_back(row->id);
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    while (true) {
      TRY(const auto left, BegunMessages::first_left(db));
      if (!left) return {};
      for (const MessageRow& row : left->messages) read.push_back(row.id);
      CHECK_OK(BegunMessages::remove_left(db, *left));
    }
  }));
  EXPECT_EQ(read, ids);
}

TEST_F(BegunMessagesTest, ClearingRemovesUnusedSlotsOnly) {
  const auto first = add({made()});
  const auto second = add({made()});
  begun_.end(first.at(0));
  ASSERT_TRUE(
      testkit::write(*world_.db, [&](store::Connection& db) { return begun_.clear_unused(db); }));
  EXPECT_THAT(slots(), ElementsAre(static_cast<std::int64_t>(second.at(0).slot)));
}

// ---- while the first attempt is open

class OpenAttempt : public testing::Test {
 protected:
  /// A message whose provider has not answered yet.
  MessageId held(const std::string& to = kAna) {
    world_.provider.hold();
    const auto accepted = world_.send(to);
    EXPECT_TRUE(accepted);
    return accepted->row->id;
  }
  std::int64_t rows() { return testkit::numbers(*world_.db, kRows).at(0); }
  std::vector<MessageId> listed(MessageQuery query) {
    query.workspace = world_.caller.workspace;
    const auto page = testkit::run(world_.pool, world_.messages.list(query));
    EXPECT_TRUE(page);
    std::vector<MessageId> ids;
    for (const MessageRow& row : page->rows) ids.push_back(row.id);
    return ids;
  }
  MessagingWorld world_;
};

TEST_F(OpenAttempt, IsShownAsSendingThoughItHasNoRow) {
  const auto id = held();
  EXPECT_EQ(rows(), 0);
  const auto row = world_.row(id);
  EXPECT_EQ(row.status, kSending);
  EXPECT_EQ(row.sending_at, row.created_at);
}

TEST_F(OpenAttempt, HasItsRowWithItsOutcome) {
  const auto id = held();
  world_.provider.release();
  ASSERT_TRUE(world_.becomes(id, kSent));
  EXPECT_EQ(rows(), 1);
  EXPECT_TRUE(world_.row(id).sending_at && world_.row(id).sent_at);
}

TEST_F(OpenAttempt, IsListedAmongTheOthersInOrder) {
  const auto first = world_.send_and_settle().id;
  const auto second = held();
  const auto third = held(kBela);
  EXPECT_THAT(listed({}), ElementsAre(third, second, first));
  EXPECT_THAT(listed({.limit = 2}), ElementsAre(third, second));
  EXPECT_THAT(listed({.after = third}), ElementsAre(second, first));
  EXPECT_THAT(listed({.before = first, .limit = 1}), ElementsAre(second));
  EXPECT_THAT(listed({.status = kSending}), ElementsAre(third, second));
  EXPECT_THAT(listed({.status = kSent}), ElementsAre(first));
  EXPECT_THAT(listed({.mode = identity::Mode::kLive}), IsEmpty());
  EXPECT_THAT(listed({.contact_hash = world_.accept.hash_of(world_.caller.workspace, kBela)}),
              ElementsAre(third));
}

TEST_F(OpenAttempt, CannotBeRepliedToYet) {
  const auto id = held();
  const auto reply = world_.send_json(R"({"to":")" + std::string(kAna) +
                                      R"(","type":"text","text":{"body":"x"},"context":{)" +
                                      R"("message_id":")" + id.str() + "\"}}");
  ASSERT_EQ(code_of(reply), ErrorCode::kInvalidRequest);
  EXPECT_EQ(reply.error().fields.at(0).code, "not_sent_yet");
}

TEST_F(OpenAttempt, AnswersItsIdempotencyKey) {
  world_.provider.hold();
  const auto first = world_.send(kAna, "Hello", "key");
  const auto again = world_.send(kAna, "Hello", "key");
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->row->id, first->row->id);
}

TEST_F(OpenAttempt, StatusThatOvertakesItsAnswerIsShown) {
  const auto id = held();
  ASSERT_TRUE(world_.apply({world_.status_of(id, kRead)}));
  EXPECT_EQ(world_.row(id).status, kRead);
  EXPECT_EQ(rows(), 1);
  EXPECT_THAT(listed({}), ElementsAre(id));
}

TEST_F(OpenAttempt, GoesBackToTheQueueWithItsRow) {
  world_.provider.then(400, R"({"error":{"code":4,"retry":"backoff","scope":"lane","text":"x"}})");
  const auto accepted = world_.send();
  ASSERT_TRUE(accepted);
  ASSERT_TRUE(
      testkit::eventually([&] { return testkit::numbers(*world_.db, kQueued).at(0) == 1; }));
  EXPECT_EQ(rows(), 1);
  EXPECT_EQ(world_.row(accepted->row->id).status, kSending);
}

// ---- after the end of the process

class BegunRecovery : public testing::Test {
 protected:
  void leave(const std::string& bytes) {
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
      CHECK_OK(db.run(kPutSlot, {next_slot_++, store::Param::blob(bytes)}));
      return {};
    }));
  }
  void leave(const MessageRow& row) {
    std::string bytes;
    pack_begun(row, bytes);
    bytes.resize(4040, '\0');
    leave(bytes);
  }
  void insert(const MessageRow& row) {
    testkit::in_transaction(*world_.db,
                            [&](store::Connection& db) { return insert_message(db, row); });
  }
  bool is_clear() { return testkit::numbers(*world_.db, kSlots).empty(); }

  MessagingWorld world_;
  MessageRow row_ = a_row(world_);
  int next_slot_ = 3;
};

TEST_F(BegunRecovery, MessageWithoutAnOutcomeIsUnknownAndTold) {
  leave(row_);
  ASSERT_TRUE(world_.outbox.recover());
  const auto row = world_.row(row_.id);
  EXPECT_EQ(row.status, kUnknown);
  EXPECT_EQ(row.error->code, "process_ended");
  EXPECT_EQ(row.client_ref, row_.client_ref);
  EXPECT_TRUE(row.sending_at && row.unknown_at);
  EXPECT_THAT(world_.event_types(), ElementsAre("message.unknown"));
  EXPECT_TRUE(is_clear());
}

TEST_F(BegunRecovery, MessageWithAnOutcomeStaysAsItIs) {
  leave(row_);
  row_.status = kSent;
  row_.sent_at = row_.created_at;
  insert(row_);
  ASSERT_TRUE(world_.outbox.recover());
  EXPECT_EQ(world_.row(row_.id).status, kSent);
  EXPECT_THAT(world_.event_types(), IsEmpty());
  EXPECT_TRUE(is_clear());
}

TEST_F(BegunRecovery, MessageThatWaitsForAnotherAttemptStaysQueued) {
  leave(row_);
  insert(row_);
  outbox::Job job;
  job.id = row_.id.bytes();
  job.workspace = row_.workspace;
  job.group = row_.sender.bytes();
  job.due = row_.created_at + 1h;
  job.expires_at = row_.created_at + 24h;
  testkit::in_transaction(*world_.db, [&](store::Connection& db) {
    return outbox::insert_job(db, job, outbox::JobState::kReady);
  });
  ASSERT_TRUE(world_.outbox.recover());
  EXPECT_EQ(world_.row(row_.id).status, kSending);
  EXPECT_EQ(world_.jobs(), 1);
  EXPECT_TRUE(is_clear());
}

TEST_F(BegunRecovery, JobBehindItInItsLaneIsNext) {
  row_.contact_hash = world_.accept.hash_of(world_.caller.workspace, kAna);
  world_.provider.hold();
  ASSERT_TRUE(world_.send());  // its lane is busy now: the next one waits
  const auto waiting = world_.send();
  ASSERT_TRUE(waiting);
  ASSERT_EQ(testkit::numbers(*world_.db, kQueued).at(0), 1);
  leave(row_);
  ASSERT_TRUE(world_.outbox.recover());
  const auto ready = testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
    return outbox::ready_jobs(db, world_.sender->id.bytes(), 10);
  });
  ASSERT_THAT(ready, SizeIs(1));
  EXPECT_EQ(MessageId(ready.at(0).id), waiting->row->id);
}

TEST_F(BegunRecovery, EverySlotIsRead) {
  leave(row_);
  const auto other = a_row(world_);
  leave(other);
  ASSERT_TRUE(world_.outbox.recover());
  EXPECT_EQ(world_.row(row_.id).status, kUnknown);
  EXPECT_EQ(world_.row(other.id).status, kUnknown);
  EXPECT_TRUE(is_clear());
}

TEST_F(BegunRecovery, DamagedSlotStopsTheStart) {
  leave(std::string("\x05\0\0\0abc", 7));
  const auto recovered = world_.outbox.recover();
  ASSERT_EQ(code_of(recovered), ErrorCode::kInternal);
  EXPECT_THAT(recovered.error().detail, HasSubstr("begun_messages"));
}

}  // namespace
}  // namespace flowsell::messaging
