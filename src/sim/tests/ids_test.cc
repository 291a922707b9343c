#include "ids.h"

#include <gtest/gtest.h>

#include "core/encoding.h"
#include "message_log.h"

namespace flowsell::sim {
namespace {

TEST(Scramble, IsUndoneByUnscramble) {
  for (const std::uint64_t n :
       {0ULL, 1ULL, 2ULL, 0x8000000000000000ULL, 0xFFFFFFFFFFFFFFFFULL, 123456789ULL}) {
    EXPECT_EQ(unscramble(scramble(n)), n);
  }
}

TEST(Wamid, HasTheBytesThatMetaUses) {
  const auto record =
      base64_decode(make_wamid("491510000001", WamidKind::kOutbound, 0x1234).substr(6));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->substr(0, 19),
            std::string("\x1C\x18\x0C", 3) + "491510000001" + std::string("\x15\x02\x00\x11", 4));
}

TEST(Wamid, GivesItsSerialBack) {
  EXPECT_EQ(wamid_serial(make_wamid("491510000001", WamidKind::kInbound, 77)), 77U);
}

TEST(Wamid, OfAnotherShapeHasNoSerial) {
  EXPECT_EQ(wamid_serial("wamid.AAAA"), std::nullopt);
  EXPECT_EQ(wamid_serial("msg_1"), std::nullopt);
}

TEST(TraceId, StartsWithAAndHas23Characters) {
  const auto id = make_trace_id();
  EXPECT_EQ(id.size(), 23U);
  EXPECT_EQ(id.front(), 'A');
}

TEST(UserId, StartsWithTheCountry) { EXPECT_TRUE(user_id_of("491510000001").starts_with("DE.")); }

TEST(UserId, IsTheSameEachTime) { EXPECT_EQ(user_id_of("15550001111"), user_id_of("15550001111")); }

TakenMessage a_message(std::string_view callback_data) {
  return {.to = "+491510000001", .person = "491510000001", .callback_data = callback_data};
}

std::size_t count_of(const MessageLog& log) {
  std::size_t count = 0;
  log.each(0, [&](auto, auto, const auto&) { return ++count != 0; });
  return count;
}

TEST(MessageLog, FindsAMessageByItsId) {
  MessageLog log(10);
  log.add(a_message("a"));
  const auto id = log.add(a_message("b"));
  std::string found;
  EXPECT_TRUE(log.with(id, [&](const TakenMessage& message) { found = message.callback_data; }));
  EXPECT_EQ(found, "b");
}

TEST(MessageLog, DoesNotKnowAnIdOfBeforeTheReset) {
  MessageLog log(10);
  const auto id = log.add(a_message("a"));
  log.clear();
  log.add(a_message("b"));
  EXPECT_FALSE(log.with(id, [](const TakenMessage&) {}));
}

TEST(MessageLog, DoesNotKnowTheIdOfAnotherLog) {
  MessageLog log(10);
  MessageLog other(10);
  log.add(a_message("a"));
  EXPECT_FALSE(log.with(other.add(a_message("a")), [](const TakenMessage&) {}));
}

TEST(MessageLog, KeepsAtLeastItsLimit) {
  MessageLog log(5000);
  for (int i = 0; i < 20'000; ++i) log.add(a_message("a"));
  EXPECT_GE(count_of(log), 5000U);
}

TEST(MessageLog, DropsTheOldestOverItsLimit) {
  MessageLog log(5000);
  for (int i = 0; i < 20'000; ++i) log.add(a_message("a"));
  EXPECT_LE(count_of(log), 5000U + 2 * 4096U);
}

TEST(MessageLog, CountsWhatItDropped) {
  MessageLog log(1);
  for (int i = 0; i < 20'000; ++i) log.add(a_message("a"));
  EXPECT_EQ(log.taken(), 20'000U);
}

}  // namespace
}  // namespace flowsell::sim
