#include "core/id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace flowsell {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Time kNow = from_unix_ms(1'700'000'000'123);

class IdTest : public testing::Test {
 protected:
  ManualClock clock_{kNow};
  IdSource source_{clock_};
};

TEST_F(IdTest, TextIsReadBackAsTheSameId) {
  const auto id = source_.next<IdKind::kMessage>();
  const auto back = MessageId::parse(id.str());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, id);
}

TEST_F(IdTest, BlobIsReadBackAsTheSameId) {
  const auto id = source_.next<IdKind::kMessage>();
  EXPECT_EQ(MessageId::from_blob(id.blob()), id);
}

TEST_F(IdTest, BlobOfAnotherSizeIsNone) {
  EXPECT_TRUE(MessageId::from_blob(std::string(15, 'x')).is_none());
  EXPECT_TRUE(MessageId::from_blob(std::string(17, 'x')).is_none());
}

TEST_F(IdTest, DefaultIsNoneAndAMadeOneIsNot) {
  EXPECT_TRUE(MessageId().is_none());
  EXPECT_FALSE(source_.next<IdKind::kMessage>().is_none());
}

TEST_F(IdTest, WrongPrefixIsRefusedAndTheRightOneNamed) {
  const auto parsed = MessageId::parse(source_.next<IdKind::kEvent>().str());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidId);
  EXPECT_THAT(parsed.error().detail, HasSubstr("'msg_'"));
}

TEST_F(IdTest, TextsThatAreNoIdAreRefused) {
  const std::string good = source_.next<IdKind::kMessage>().str();
  for (const std::string& text :
       {std::string(), std::string("msg_"), good.substr(0, good.size() - 1), good + "0",
        good.substr(4), " " + good, "MSG_" + good.substr(4), "msg_8" + good.substr(5)}) {
    EXPECT_FALSE(MessageId::parse(text)) << text;
  }
}

TEST_F(IdTest, EveryKindHasAPrefixOfItsOwn) {
  EXPECT_EQ(WorkspaceId().str(), "ws_" + std::string(26, '0'));
  EXPECT_EQ(id_prefix(IdKind::kApiKey), "key_");
  EXPECT_EQ(id_prefix(IdKind::kConnection), "con_");
  EXPECT_EQ(id_prefix(IdKind::kSender), "snd_");
  EXPECT_EQ(id_prefix(IdKind::kMessage), "msg_");
  EXPECT_EQ(id_prefix(IdKind::kEvent), "evt_");
  EXPECT_EQ(id_prefix(IdKind::kEndpoint), "whe_");
  EXPECT_EQ(id_prefix(IdKind::kDelivery), "dlv_");
  EXPECT_EQ(id_prefix(IdKind::kRequest), "req_");
}

TEST_F(IdTest, IsAUuidOfVersionSeven) {
  const IdBytes bytes = source_.next_bytes();
  EXPECT_EQ(bytes[6] >> 4, 7);
  EXPECT_EQ(bytes[8] >> 6, 2);
}

TEST_F(IdTest, TimeIsThatOfTheClock) { EXPECT_EQ(source_.next<IdKind::kMessage>().time(), kNow); }

TEST_F(IdTest, OrderOfTextIsOrderOfCreation) {
  const auto first = source_.next<IdKind::kMessage>();
  clock_.advance(1ms);
  const auto second = source_.next<IdKind::kMessage>();
  EXPECT_LT(first, second);
  EXPECT_LT(first.str(), second.str());
}

TEST_F(IdTest, IdsOfOneMillisecondGrowBeyondTheCountersEnd) {
  IdBytes last = source_.next_bytes();
  for (int i = 0; i < 10'000; ++i) {
    const IdBytes next = source_.next_bytes();
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST_F(IdTest, IdsGrowWhenTheClockGoesBack) {
  const IdBytes before = source_.next_bytes();
  clock_.advance(-1h);
  EXPECT_LT(before, source_.next_bytes());
}

TEST_F(IdTest, EveryThreadSeesItsIdsGrowAndNoneComesTwice) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5000;
  std::vector<std::vector<MessageId>> made(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < kEach; ++i) mine.push_back(source_.next<IdKind::kMessage>());
      });
    }
  }
  std::unordered_set<MessageId> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), kThreads * kEach);
}

TEST(DerivedId, SameFactGivesTheSameIdAndAnotherDoesNot) {
  const std::array<std::uint8_t, 10> fact = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  std::array<std::uint8_t, 10> other = fact;
  other[9] = 11;
  EXPECT_EQ(derived_id_bytes(kNow, fact), derived_id_bytes(kNow, fact));
  EXPECT_NE(derived_id_bytes(kNow, fact), derived_id_bytes(kNow, other));
  EXPECT_NE(derived_id_bytes(kNow, fact), derived_id_bytes(kNow + 1ms, fact));
}

TEST(DerivedId, CarriesItsTimeAndIsAUuidOfVersionSeven) {
  std::array<std::uint8_t, 10> fact;
  fact.fill(0xFF);
  const IdBytes bytes = derived_id_bytes(kNow, fact);
  EXPECT_EQ(EventId(bytes).time(), kNow);
  EXPECT_EQ(bytes[6] >> 4, 7);
  EXPECT_EQ(bytes[8] >> 6, 2);
}

}  // namespace
}  // namespace flowsell
