#include "templates/book.h"

#include <gtest/gtest.h>

namespace flowsell::templates {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow = from_unix_ms(1'800'000'000'000);

class BookTest : public testing::Test {
 protected:
  static ConnectionId connection(std::uint8_t n) {
    IdBytes bytes{};
    bytes[15] = n;
    return ConnectionId(bytes);
  }
  static JudgedPtr approved() {
    return std::make_shared<const Judged>(Judged{Judged::Verdict::kThere, "approved", "utility"});
  }
  void put(const TemplateKey& key) { book_.put(key, approved(), kNow + 1min, book_.generation()); }

  Book book_{3};
};

TEST_F(BookTest, KnowsATemplateByConnectionNameAndLanguage) {
  put({connection(1), "order", "de"});
  EXPECT_NE(book_.find({connection(1), "order", "de"}, kNow), nullptr);
  EXPECT_EQ(book_.find({connection(2), "order", "de"}, kNow), nullptr);
  EXPECT_EQ(book_.find({connection(1), "order", "en"}, kNow), nullptr);
  EXPECT_EQ(book_.find({connection(1), "orderd", "e"}, kNow), nullptr);
}

TEST_F(BookTest, LetsGoOfWhatIsTooOld) {
  put({connection(1), "order", "de"});
  EXPECT_EQ(book_.find({connection(1), "order", "de"}, kNow + 1min), nullptr);
}

TEST_F(BookTest, KnowsAllOfAConnectionAtOnce) {
  book_.put_all(connection(1), approved(), kNow + 1min, book_.generation());
  EXPECT_NE(book_.find({connection(1), "any", "de"}, kNow), nullptr);
  EXPECT_EQ(book_.find({connection(2), "any", "de"}, kNow), nullptr);
}

TEST_F(BookTest, ForgetsAConnectionAndNoOther) {
  put({connection(1), "order", "de"});
  put({connection(2), "order", "de"});
  book_.forget(connection(1));
  EXPECT_EQ(book_.find({connection(1), "order", "de"}, kNow), nullptr);
  EXPECT_NE(book_.find({connection(2), "order", "de"}, kNow), nullptr);
}

TEST_F(BookTest, DoesNotKeepWhatWasReadBeforeAChange) {
  const auto generation = book_.generation();
  book_.forget(connection(1));
  book_.put({connection(1), "order", "de"}, approved(), kNow + 1min, generation);
  EXPECT_EQ(book_.find({connection(1), "order", "de"}, kNow), nullptr);
}

TEST_F(BookTest, IsBounded) {
  for (const char* name : {"a", "b", "c", "d"}) put({connection(1), name, "de"});
  EXPECT_EQ(book_.find({connection(1), "a", "de"}, kNow), nullptr);
  EXPECT_NE(book_.find({connection(1), "d", "de"}, kNow), nullptr);
}

}  // namespace
}  // namespace flowsell::templates
