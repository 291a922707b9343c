#include "outbox/begun_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outbox/begun_rows.h"
#include "testkit/database.h"

namespace flowsell::outbox {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

constexpr std::array kTables = {store::Migration{
    1, "slots", "CREATE TABLE slots (slot INTEGER PRIMARY KEY, items BLOB NOT NULL) STRICT"}};
const store::Sql kWrite(FLOWSELL_WRITE_SLOT("slots"));
const store::Sql kClear(FLOWSELL_CLEAR_SLOT("slots"));
const store::Sql kClearAll(FLOWSELL_CLEAR_SLOTS("slots"));
const store::Sql kRead(FLOWSELL_READ_SLOTS("slots"));
constexpr BegunSlots::Table kTable{kWrite, kClear, kClearAll, kRead, '1'};
const store::Sql kNumbers("SELECT slot FROM slots ORDER BY slot");
const store::Sql kSizes("SELECT length(items) FROM slots ORDER BY slot");

class Slots : public testing::Test {
 protected:
  ~Slots() override { db_->stop(); }

  /// As one transaction; the slot of each item.
  std::vector<std::size_t> add(const std::vector<std::string>& items, bool committed = true) {
    std::vector<std::size_t> out;
    const auto done = testkit::write(*db_, [&](store::Connection& db) -> Result<> {
      for (const std::string& item : items) {
        TRY(out.emplace_back(), slots_.add(db, item));
      }
      CHECK_OK(slots_.store_added(db));
      return committed ? Result<>{} : fail(ErrorCode::kInternal, "taken back");
    });
    EXPECT_EQ(done.has_value(), committed);
    slots_.ended(committed);
    return out;
  }
  void put(std::int64_t slot, const std::string& bytes) {
    ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) -> Result<> {
      CHECK_OK(db.write(kWrite, {slot, store::Param::blob(bytes)}));
      return {};
    }));
  }
  Result<std::vector<std::string>> left() {
    Result<std::vector<std::string>> items;
    EXPECT_TRUE(
        db_->read_now([&](store::Connection& db) { items = BegunSlots::left(db, kTable); }));
    return items;
  }
  std::vector<std::int64_t> numbers() { return testkit::numbers(*db_, kNumbers); }

  testkit::TempFolder folder_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {kTables});
  BegunSlots slots_{kTable};
};

TEST_F(Slots, TransactionHasOneOfItsOwn) {
  EXPECT_THAT(add({"a", "b"}), ElementsAre(0, 0));
  EXPECT_THAT(add({"c"}), ElementsAre(1));
  EXPECT_THAT(*left(), ElementsAre("a", "b", "c"));
}

TEST_F(Slots, IsUsedAgainOnceAllItsItemsHaveEnded) {
  add({"a", "b"});
  slots_.end(0);
  EXPECT_THAT(add({"c"}), ElementsAre(1));
  slots_.end(0);
  EXPECT_THAT(add({"d"}), ElementsAre(0));
  EXPECT_THAT(*left(), ElementsAre("d", "c"));
}

TEST_F(Slots, OfARollbackIsEmptyAndUsedAgain) {
  add({"a"}, false);
  EXPECT_THAT(*left(), IsEmpty());
  EXPECT_THAT(add({"b"}), ElementsAre(0));
  EXPECT_THAT(*left(), ElementsAre("b"));
}

TEST_F(Slots, OfARollbackKeepsWhatAnEndedOneHeldUntilItIsWrittenOver) {
  add({"a"});
  slots_.end(0);
  add({"b"}, false);
  EXPECT_THAT(*left(), ElementsAre("a"));
  EXPECT_THAT(add({"c"}), ElementsAre(0));
  EXPECT_THAT(*left(), ElementsAre("c"));
}

TEST_F(Slots, KindsOfOneTransactionHaveTheirOwn) {
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) -> Result<> {
    for (const char* item : {"a", "b"}) {
      TRY([[maybe_unused]] const auto slot, slots_.add(db, item));
      CHECK_OK(slots_.store_added(db));
    }
    return {};
  }));
  slots_.ended(true);
  slots_.ended(true);
  EXPECT_THAT(*left(), ElementsAre("a", "b"));
  slots_.end(1);
  EXPECT_THAT(add({"c"}), ElementsAre(1));
}

TEST_F(Slots, FillOnePageEachAndALargeItemHasALargerOne) {
  std::vector<std::string> items(100, std::string(100, 'x'));
  items.insert(items.begin() + 50, std::string(20'000, 'y'));
  add(items);
  EXPECT_THAT(*left(), ElementsAreArray(items));
  for (const auto size : testkit::numbers(*db_, kSizes)) EXPECT_TRUE(size == 4040 || size > 20'000);
}

TEST_F(Slots, ThatAreNotInUseCanBeCleared) {
  add({"a"});
  add({"b"});
  slots_.end(0);
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) { return slots_.clear_unused(db); }));
  EXPECT_THAT(numbers(), ElementsAre(1));
  EXPECT_THAT(add({"c"}), ElementsAre(0));
}

TEST_F(Slots, CanAllBeCleared) {
  add({"a"});
  add({"b"});
  ASSERT_TRUE(testkit::write(
      *db_, [&](store::Connection& db) { return BegunSlots::clear_left(db, kTable); }));
  EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(Slots, ThatIsDamagedIsNotRead) {
  const std::string too_long("1\x05\0\0\0abc", 8);
  const std::string no_length("1\0\0\0\0abc", 8);
  const std::string half_a_length("1\x05\0", 3);
  const std::string of_another_version("2\x01\0\0\0a", 6);
  for (const std::string& bytes : {too_long, no_length, half_a_length, of_another_version}) {
    put(0, bytes);
    EXPECT_EQ(code_of(left()), ErrorCode::kInternal) << bytes.size();
  }
}

// ---- rows that are begun

struct Thing {
  MessageId id;
};
void pack(const Thing& thing, std::string& out) { out.append(thing.id.blob()); }
std::optional<Thing> unpack(std::string_view packed) {
  if (packed.size() != sizeof(IdBytes)) return std::nullopt;
  return Thing{MessageId::from_blob(packed)};
}
constexpr BegunForm<Thing> kForm{kTable, pack, unpack};

class BegunThings : public Slots {
 protected:
  using Things = BegunRows<Thing>;
  Things::RowPtr made() { return std::make_shared<Thing>(ids_.next<IdKind::kMessage>()); }
  Begun<Thing> begin(const Things::RowPtr& thing, bool committed = true) {
    Begun<Thing> out;
    const auto done = testkit::write(*db_, [&](store::Connection& db) -> Result<> {
      TRY(out, things_.add(db, thing));
      CHECK_OK(things_.store_added(db));
      return committed ? Result<>{} : fail(ErrorCode::kInternal, "taken back");
    });
    EXPECT_EQ(done.has_value(), committed);
    things_.ended(committed);
    return out;
  }

  SystemClock clock_;
  IdSource ids_{clock_};
  Things things_{kForm};
};

TEST_F(BegunThings, AreFoundFromTheirCommitToTheirEnd) {
  const auto thing = made();
  EXPECT_EQ(things_.find(thing->id), nullptr);
  const auto begun = begin(thing);
  EXPECT_EQ(things_.find(thing->id), thing);
  EXPECT_THAT(things_.all([](const Thing&) { return true; }), ElementsAre(thing));
  things_.end(begun);
  EXPECT_EQ(things_.find(thing->id), nullptr);
  EXPECT_EQ(begin(made()).slot, begun.slot);
}

TEST_F(BegunThings, AreNotFoundAfterARollback) {
  const auto thing = made();
  begin(thing, false);
  EXPECT_EQ(things_.find(thing->id), nullptr);
}

TEST_F(BegunThings, AreHiddenWhenTheTableHasThemAndKeepTheirSlotUntilTheirEnd) {
  const auto thing = made();
  const auto begun = begin(thing);
  things_.forget(thing->id);
  EXPECT_EQ(things_.find(thing->id), nullptr);
  EXPECT_NE(begin(made()).slot, begun.slot);
  things_.end(begun);
  EXPECT_EQ(begin(made()).slot, begun.slot);
}

TEST_F(BegunThings, AreLeftBehindByAProcess) {
  const auto first = made();
  const auto second = made();
  begin(first);
  begin(second);
  const auto left =
      testkit::in_snapshot(*db_, [](store::Connection& db) { return Things(kForm).left(db); });
  ASSERT_THAT(left, SizeIs(2));
  EXPECT_EQ(left[0].id, first->id);
  EXPECT_EQ(left[1].id, second->id);
}

TEST_F(BegunThings, ThatCannotBeReadAreNotLeftOut) {
  add({"not a thing"});
  Result<std::vector<Thing>> left;
  ASSERT_TRUE(db_->read_now([&](store::Connection& db) { left = things_.left(db); }));
  EXPECT_EQ(code_of(left), ErrorCode::kInternal);
}

TEST_F(BegunThings, AreListedAsFarAsWanted) {
  const auto first = made();
  begin(first);
  begin(made());
  EXPECT_THAT(things_.all([&](const Thing& thing) { return thing.id == first->id; }), SizeIs(1));
}

}  // namespace
}  // namespace flowsell::outbox
