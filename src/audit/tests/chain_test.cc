#include "chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/encoding.h"

namespace flowsell::audit {
namespace {

const std::string kScope("\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
const std::string kId("\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37", 16);
const std::string kCommitment(32, '\7');

EventColumns an_event() {
  return {.scope = kScope,
          .seq = 1,
          .id = kId,
          .at = 1'795'000'000'000,
          .actor_kind = 1,
          .actor_id = "usr_ada",
          .act = "api_key.created",
          .target = "key_1",
          .before = "",
          .after = R"({"name":"new"})",
          .request_id = "req_1",
          .origin_commitment = kCommitment,
          .personal_commitment = ""};
}

// Made by another program after the README: chains that exist must verify for ever.
TEST(Hash, IsThatOfTheReadme) {
  EXPECT_EQ(hex_encode(hash_of(first_hash(), an_event())),
            "85c9a844f95702a3c3ec56f085d33743403065a4283bcb4cb6ac70e84491eee1");
}

TEST(Commitment, IsThatOfTheReadme) {
  EXPECT_EQ(hex_encode(commitment_of(Part::kPersonal, std::string(32, '\11'),
                                     R"({"email":"ada@example.org"})")),
            "ac22ef5edd48f0c9d51f62de495636fa10dc9000f5ab74547f75ef0f87af3774");
}

TEST(Hash, EveryValueCounts) {
  std::vector<crypto::Digest> hashes = {hash_of(first_hash(), an_event()),
                                        hash_of(std::string(32, 'x'), an_event())};
  const auto with = [&hashes](auto change) {
    EventColumns event = an_event();
    change(event);
    hashes.push_back(hash_of(first_hash(), event));
  };
  with([](EventColumns& e) { e.scope = kId; });
  with([](EventColumns& e) { e.seq = 2; });
  with([](EventColumns& e) { e.id = kScope; });
  with([](EventColumns& e) { ++e.at; });
  with([](EventColumns& e) { e.actor_kind = 2; });
  with([](EventColumns& e) { e.actor_id = "usr_adaa"; });
  with([](EventColumns& e) { e.act = "api_key.revoked"; });
  with([](EventColumns& e) { e.target = ""; });
  with([](EventColumns& e) { e.before = "{}"; });
  with([](EventColumns& e) { e.after = "{}"; });
  with([](EventColumns& e) { e.request_id = "req_2"; });
  with([](EventColumns& e) { e.origin_commitment = ""; });
  with([](EventColumns& e) { e.personal_commitment = kCommitment; });
  // The border between two texts.
  with([](EventColumns& e) { e.actor_id = "usr_a", e.act = "daapi_key.created"; });
  std::ranges::sort(hashes);
  EXPECT_TRUE(std::ranges::adjacent_find(hashes) == hashes.end());
}

TEST(Commitment, EveryValueCounts) {
  std::vector<crypto::Digest> all = {
      commitment_of(Part::kOrigin, "salt", "data"), commitment_of(Part::kPersonal, "salt", "data"),
      commitment_of(Part::kOrigin, "sald", "data"), commitment_of(Part::kOrigin, "saltd", "ata"),
      commitment_of(Part::kOrigin, "salt", "")};
  std::ranges::sort(all);
  EXPECT_TRUE(std::ranges::adjacent_find(all) == all.end());
}

}  // namespace
}  // namespace flowsell::audit
