#include "channel/updates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace flowsell::channel {
namespace {

using enum MessageStatus;

constexpr std::array kAll = {kAccepted, kSending,   kUnknown, kSent,
                             kFailed,   kDelivered, kRead,    kReceived};

// Row: from; column: to; both in the order of kAll.
constexpr bool kMayFollow[8][8] = {
    // accepted sending unknown sent   failed delivered read  received
    {false, true, true, true, true, true, true, false},        // accepted
    {false, false, true, true, true, true, true, false},       // sending
    {false, false, false, true, true, true, true, false},      // unknown
    {false, false, false, false, true, true, true, false},     // sent
    {false, false, false, false, false, true, true, false},    // failed
    {false, false, false, false, false, false, true, false},   // delivered
    {false, false, false, false, false, false, false, false},  // read
    {false, false, false, false, false, false, false, false},  // received
};

TEST(MayFollow, IsTheTable) {
  for (std::size_t from = 0; from < kAll.size(); ++from) {
    for (std::size_t to = 0; to < kAll.size(); ++to) {
      EXPECT_EQ(may_follow(kAll[from], kAll[to]), kMayFollow[from][to])
          << status_name(kAll[from]) << " -> " << status_name(kAll[to]);
    }
  }
}

TEST(MayFollow, AnyOrderOfProofsEndsInTheSameStatus) {
  std::array proofs = {kSent, kFailed, kDelivered, kRead};
  std::ranges::sort(proofs);
  do {
    MessageStatus at = kUnknown;
    for (const MessageStatus proof : proofs) at = may_follow(at, proof) ? proof : at;
    EXPECT_EQ(at, kRead);
  } while (std::ranges::next_permutation(proofs).found);
}

TEST(StatusName, IsReadBackToTheSameStatus) {
  for (const MessageStatus status : kAll) EXPECT_EQ(parse_status(status_name(status)), status);
}

TEST(StatusName, HasTheNamesOfTheApi) {
  constexpr std::array<std::string_view, 8> kNames = {
      "accepted", "sending", "unknown", "sent", "failed", "delivered", "read", "received"};
  for (std::size_t i = 0; i < kAll.size(); ++i) EXPECT_EQ(status_name(kAll[i]), kNames[i]);
}

TEST(ParseStatus, RefusesAnotherCase) { EXPECT_FALSE(parse_status("Sent").has_value()); }

TEST(ParseStatus, RefusesTheEmptyName) { EXPECT_FALSE(parse_status("").has_value()); }

}  // namespace
}  // namespace flowsell::channel
