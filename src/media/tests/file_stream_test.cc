#include "file_stream.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <vector>

#include "core/encoding.h"
#include "rewindable.h"

namespace flowsell::media {
namespace {

class Pieces final : public http::BodySource {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Task<std::string_view> next() override {
    if (at_ == pieces_.size()) co_return std::string_view();
    co_return std::string_view(pieces_[at_++]);
  }

 private:
  std::vector<std::string> pieces_;
  std::size_t at_ = 0;
};

template <class T>
T run(Awaitable<T> task) {
  net::io_context context;
  auto result = net::co_spawn(context, std::move(task), net::use_future);
  context.run();
  return result.get();
}

Result<std::string> all_of(http::BodySource& body) { return run(http::read_all(body, 1 << 20)); }

TEST(FileStream, GivesWhatWasLookedAtToo) {
  Pieces pieces({"ab", "cd", "ef"});
  FileStream file(pieces);
  EXPECT_EQ(*run(file.look(3)), "abcd");
  EXPECT_EQ(*all_of(file), "abcdef");
  EXPECT_EQ(file.size(), 6U);
  EXPECT_EQ(file.digest(), crypto::sha256("abcdef"));
}

TEST(EndedWell, GivesAllOfWhatEndsWell) {
  for (const std::vector<std::string>& parts :
       {std::vector<std::string>{}, {"ab"}, {"ab", "cd", "ef"}}) {
    Pieces pieces(parts);
    EndedWell body(pieces);
    std::string all;
    for (const auto& part : parts) all += part;
    EXPECT_EQ(*all_of(body), all);
  }
}

TEST(EndedWell, KeepsTheLastPieceOfWhatDoesNot) {
  Pieces pieces({"ab", "cd", "ef"});
  FileStream file(pieces);
  file.expect(6, crypto::sha256("another"));
  EndedWell body(file);
  EXPECT_EQ(*run(body.next()), "ab");
  EXPECT_EQ(*run(body.next()), "cd");
  const auto last = run(body.next());
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().fields.at(0).pointer, "/sha256");
}

TEST(FileStream, ALookMaySeeAll) {
  Pieces pieces({"ab"});
  FileStream file(pieces);
  EXPECT_EQ(*run(file.look(100)), "ab");
  EXPECT_EQ(*all_of(file), "ab");
  EXPECT_TRUE(file.has_ended());
}

TEST(FileStream, IsCutAtItsLimit) {
  for (const std::uint64_t most : {5U, 6U}) {
    Pieces pieces({"ab", "cd", "ef"});
    FileStream file(pieces);
    file.limit(most, "too large");
    const auto all = all_of(file);
    EXPECT_EQ(all.has_value(), most == 6);
    if (!all) EXPECT_EQ(all.error().code, ErrorCode::kPayloadTooLarge);
  }
}

TEST(FileStream, HasAnEndInTime) {
  for (const bool is_late : {true, false}) {
    Pieces pieces({"ab", "cd"});
    FileStream file(pieces);
    const auto now = std::chrono::steady_clock::now();
    file.end_by(is_late ? now - std::chrono::seconds(1) : now + std::chrono::hours(1));
    const auto all = all_of(file);
    EXPECT_EQ(all.has_value(), !is_late);
    if (!all) EXPECT_EQ(all.error().code, ErrorCode::kRequestTimeout);
  }
}

TEST(FileStream, IsNotAnotherThanWasSaid) {
  const auto sum = crypto::sha256("abcd");
  auto other = sum;
  other[0] ^= 1;
  const auto pointer = [](std::optional<std::uint64_t> size, std::optional<crypto::Digest> digest) {
    Pieces pieces({"ab", "cd"});
    FileStream file(pieces);
    file.expect(size, digest);
    const auto all = all_of(file);
    return all ? std::string() : all.error().fields.at(0).pointer;
  };
  EXPECT_EQ(pointer(4, sum), "");
  EXPECT_EQ(pointer(std::nullopt, std::nullopt), "");
  EXPECT_EQ(pointer(5, std::nullopt), "/size");
  EXPECT_EQ(pointer(std::nullopt, other), "/sha256");
}

TEST(Framed, HasItsTextsAroundTheBody) {
  Pieces pieces({"ab", "cd"});
  Framed framed("<", pieces, ">");
  EXPECT_EQ(*all_of(framed), "<abcd>");
}

TEST(Framed, HasNoEndWhereTheBodyHasNone) {
  Pieces pieces({"ab", "cd"});
  FileStream file(pieces);
  file.limit(3, "too large");
  Framed framed("<", file, ">");
  EXPECT_FALSE(all_of(framed));
}

TEST(Rewindable, GivesItsLastBytesAgain) {
  Pieces pieces({"ab", "cd", "ef"});
  Rewindable body(pieces);
  run(body.next());
  run(body.next());
  EXPECT_FALSE(body.rewind(5));
  EXPECT_TRUE(body.rewind(1));
  EXPECT_EQ(*all_of(body), "bcdef");
  EXPECT_TRUE(body.rewind(6));
  EXPECT_EQ(*all_of(body), "");
  EXPECT_TRUE(body.rewind(0));
  EXPECT_EQ(*all_of(body), "abcdef");
}

TEST(Rewindable, ForgetsWhatIsLongAgo) {
  Pieces pieces({std::string(200'000, 'a'), std::string(200'000, 'b')});
  Rewindable body(pieces);
  all_of(body);
  EXPECT_FALSE(body.rewind(0));
  ASSERT_TRUE(body.rewind(200'000));
  EXPECT_EQ(all_of(body)->front(), 'b');
}

}  // namespace
}  // namespace flowsell::media
