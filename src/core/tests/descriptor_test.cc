#include "core/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>

namespace flowsell {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    in = Descriptor(ends[1]);
    out = Descriptor(ends[0]);
  }
  Descriptor in, out;
};

TEST(Descriptor, ClosesWithItsScope) {
  int fd = -1;
  {
    const Pipe pipe;
    fd = pipe.in.get();
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(Descriptor, OneThatIsMovedHasOneOwner) {
  Pipe pipe;
  const int fd = pipe.in.get();
  {
    const Descriptor taken(std::move(pipe.in));
    EXPECT_EQ(taken.get(), fd);
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(Descriptor, AnErrorIsNotOpen) { EXPECT_FALSE(Descriptor(-1).is_open()); }

TEST(WriteAll, WritesWhatDoesNotFitAtOnce) {
  Pipe pipe;
  const std::string sent(std::size_t{1} << 20, 'x');  // more than a pipe holds
  std::string got;
  std::thread reader([&] {
    std::array<char, 4096> piece{};
    while (got.size() < sent.size()) {
      const ssize_t n = ::read(pipe.out.get(), piece.data(), piece.size());
      if (n <= 0) return;
      got.append(piece.data(), static_cast<std::size_t>(n));
    }
  });
  EXPECT_TRUE(write_all(pipe.in.get(), sent));
  reader.join();
  EXPECT_EQ(got, sent);
}

TEST(WriteAll, SaysWhenItCanNot) { EXPECT_FALSE(write_all(-1, "x")); }

}  // namespace
}  // namespace flowsell
