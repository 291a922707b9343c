#include "messaging/begun_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "begun_row.h"
#include "context.h"
#include "core/packing.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;
using enum channel::MessageStatus;

const store::Sql kSlots("SELECT slot FROM begun_messages ORDER BY slot");
const store::Sql kPutSlot(FLOWSELL_WRITE_SLOT("begun_messages"));
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

// ---- how a message is packed

class PackedMessage : public testing::Test {
 protected:
  std::string packed() const {
    std::string bytes;
    pack_begun(row_, bytes);
    return bytes;
  }
  MessagingWorld world_;
  MessageRow row_ = a_row(world_);
};

TEST_F(PackedMessage, IsTheSameUnpacked) {
  row_.mode = identity::Mode::kLive;
  const auto read = unpack_begun(packed());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->workspace, row_.workspace);
  EXPECT_EQ(read->id, row_.id);
  EXPECT_EQ(read->mode, row_.mode);
  EXPECT_EQ(read->sender, row_.sender);
  EXPECT_EQ(read->kind, row_.kind);
  EXPECT_EQ(read->contact, row_.contact);
  EXPECT_EQ(read->contact_hash, row_.contact_hash);
  EXPECT_EQ(read->status, kSending);
  EXPECT_EQ(read->client_ref, row_.client_ref);
  EXPECT_EQ(read->metadata_json, row_.metadata_json);
  EXPECT_EQ(read->created_at, row_.created_at);
  EXPECT_EQ(read->sending_at, row_.created_at);
}

TEST_F(PackedMessage, IsNoneWithoutItsEndOrWithMore) {
  const std::string bytes = packed();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(unpack_begun(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(unpack_begun(bytes + "x"));
}

TEST_F(PackedMessage, IsNoneWithALengthThatIsTooLong) {
  std::string bytes = packed();
  bytes[bytes.size() - row_.metadata_json.size() - 4] = '\x7F';
  EXPECT_FALSE(unpack_begun(bytes));
}

TEST_F(PackedMessage, IsNotFoundByAnotherWorkspace) {
  BegunMessages begun;
  const auto row = std::make_shared<MessageRow>(row_);
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    TRY([[maybe_unused]] const auto added, begun.add(db, row));
    return begun.store_added(db);
  }));
  begun.ended(true);
  EXPECT_EQ(begun.find(row->workspace, row->id), row);
  EXPECT_EQ(begun.find(world_.ids.next<IdKind::kWorkspace>(), row->id), nullptr);
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

TEST_F(OpenAttempt, CannotBeMarkedAsRead) {
  const auto id = held();
  const auto marked = testkit::run(
      world_.pool, world_.read_receipts.mark_read(world_.caller, id, false, std::nullopt));
  EXPECT_EQ(code_of(marked), ErrorCode::kConflict);
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
  /// A slot of the last process.
  void leave(const MessageRow& row) {
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
      std::string item;
      std::string bytes = "1";
      pack_begun(row, item);
      pack_text(bytes, item);
      CHECK_OK(db.write(kPutSlot, {next_slot_++, store::Param::blob(bytes)}));
      return {};
    }));
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

TEST_F(BegunRecovery, DeliveryOfAnEarlierEventStaysAheadOfThatOfItsEnd) {
  const testkit::HttpImposter customer;
  const auto endpoint = world_.add_endpoint(customer.url());
  webhook::NewDelivery earlier{.id = world_.ids.next<IdKind::kDelivery>(),
                               .workspace = row_.workspace,
                               .mode = row_.mode,
                               .endpoint = endpoint->id,
                               .event = world_.ids.next<IdKind::kEvent>(),
                               .at = world_.clock.now() + 1h,
                               .lane = lane_of(row_.sender, row_.contact_hash)};
  webhook::BegunDeliveries last;
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    TRY([[maybe_unused]] const auto begun,
        last.add(db, std::make_shared<webhook::NewDelivery>(earlier)));
    return last.store_added(db);
  }));
  leave(row_);
  ASSERT_TRUE(world_.outbox.recover());
  EXPECT_EQ(world_.jobs(), 2);
  const auto ready = testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
    return outbox::ready_jobs(db, endpoint->id.bytes(), 10);
  });
  ASSERT_THAT(ready, SizeIs(1));
  EXPECT_EQ(ready.at(0).id, earlier.id.bytes());
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

TEST_F(BegunRecovery, SlotThatCannotBeReadStopsTheStart) {
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    std::string bytes = "1";
    pack_text(bytes, "not a message");
    CHECK_OK(db.write(kPutSlot, {1, store::Param::blob(bytes)}));
    return {};
  }));
  EXPECT_EQ(code_of(world_.outbox.recover()), ErrorCode::kInternal);
}

}  // namespace
}  // namespace flowsell::messaging
