#include "core/sensitive.h"

#include <gtest/gtest.h>

#include <concepts>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

namespace flowsell {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

static_assert(Streamable<std::string>, "the concept finds what can be printed");
static_assert(!Streamable<Secret> && !Streamable<Content>, "can't be printed");
static_assert(!std::convertible_to<Secret, std::string> &&
              !std::convertible_to<Secret, std::string_view>);
static_assert(!std::convertible_to<std::string, Secret>, "only by name");
static_assert(!std::equality_comparable<Secret>, "comparing takes a time that tells");
static_assert(!std::constructible_from<Secret, Content> &&
              !std::constructible_from<Content, Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> &&
              std::is_nothrow_move_assignable_v<Secret>);

const std::string kShort = "123456";  // a one-time code: within the string's own small buffer
const std::string kLong = "a token too long for any small buffer";

TEST(Sensitive, RevealsWhatItHolds) {
  EXPECT_EQ(Secret(kShort).reveal(), kShort);
  EXPECT_EQ(Secret(kLong).size(), kLong.size());
  EXPECT_TRUE(Secret().empty());
}

TEST(Sensitive, CopyHoldsTheSame) {
  const Secret first(kLong);
  Secret second(kShort);
  second = first;
  EXPECT_EQ(second.reveal(), kLong);
  EXPECT_EQ(first.reveal(), kLong);
}

TEST(Sensitive, MoveLeavesNothing) {
  Secret first(kShort);
  const Secret second(std::move(first));
  EXPECT_EQ(second.reveal(), kShort);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Sensitive, AssignmentToItselfKeepsTheText) {
  Secret secret(kShort);
  Secret& same = secret;
  secret = same;
  EXPECT_EQ(secret.reveal(), kShort);
  secret = std::move(same);
  EXPECT_EQ(secret.reveal(), kShort);
}

/// The bytes of an object, whether it still holds a value or not.
std::string bytes_at(const void* object, std::size_t size) {
  return {static_cast<const char*>(object), size};
}

TEST(Sensitive, ShortTextIsWipedFromTheMovedFromObject) {
  Secret first(kShort);
  const Secret second(std::move(first));
  EXPECT_EQ(bytes_at(&first, sizeof first).find(kShort.substr(1)), std::string::npos);
}

TEST(Sensitive, ShortTextIsWipedWhenItGoes) {
  alignas(Secret) std::array<char, sizeof(Secret)> memory{};
  auto* secret = std::construct_at(reinterpret_cast<Secret*>(memory.data()), kShort);
  ASSERT_NE(bytes_at(memory.data(), memory.size()).find(kShort), std::string::npos);
  std::destroy_at(secret);
  EXPECT_EQ(bytes_at(memory.data(), memory.size()).find(kShort.substr(1)), std::string::npos);
}

}  // namespace
}  // namespace flowsell
