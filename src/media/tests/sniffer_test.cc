#include "sniffer.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <vector>

#include "runtime/io_pool.h"
#include "runtime/spawn.h"
#include "testkit/io.h"

namespace flowsell::media {
namespace {

using namespace std::string_literals;

TEST(Sniffer, KnowsWhatChannelsTake) {
  runtime::IoPool pool(1);
  Sniffer sniffer;
  const std::array files = {
      std::pair("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0"s, "image/png"),
      std::pair("\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"s, "image/jpeg"),
      std::pair("%PDF-1.7\n1 0 obj\n"s, "application/pdf"),
      std::pair("RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0"s, "image/webp"),
      std::pair("OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\x13OpusHead\1\1"s, "audio/ogg"),
      std::pair("\xFF\xFB\x90\x64"s + std::string(400, '\0'), "audio/mpeg"),
      std::pair("#!AMR\n"s, "audio/amr"),
      std::pair("\0\0\0\x18"
                "ftypmp42\0\0\0\0mp42isom"s,
                "video/mp4"),
      std::pair("\0\0\0\x14"
                "ftyp3gp4\0\0\0\0"
                "3gp4"s,
                "video/3gpp"),
      std::pair("hello, this is a text\n"s, "text/plain"),
      std::pair("\x7F"
                "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3E\0\1\0\0\0"s,
                "application/x-sharedlib"),
      std::pair("<html><body>hello</body></html>"s, "text/html"),
  };
  pool.start();
  for (const auto& [bytes, type] : files)
    EXPECT_EQ(testkit::run(pool, sniffer.type_of(bytes)).value_or(""), type);
  pool.stop();
}

/// Counts how often its thread had time for it.
Awaitable<void> tick(const bool& has_ended, int& ticks) {
  while (!has_ended) {
    ++ticks;
    co_await net::post(co_await net::this_coro::executor, use_result);
  }
}

/// What takes libmagic longest: how often the thread had time for others meanwhile.
Awaitable<int> ticks_while_looking(Sniffer& sniffer) {
  bool has_ended = false;
  int ticks = 0;
  const auto executor = co_await net::this_coro::executor;
  runtime::spawn_logged(executor, tick(has_ended, ticks), "ticks");
  co_await net::post(executor, use_result);
  const int before = ticks;
  const auto type = co_await sniffer.type_of(std::string(kSniffedBytes, '\n'));
  const int after = ticks;
  has_ended = true;
  co_await net::post(executor, use_result);
  EXPECT_EQ(type.value_or(""), "text/plain");
  co_return after - before;
}

TEST(Sniffer, LeavesItsCallersThreadToOthers) {
  runtime::IoPool pool(1);
  Sniffer sniffer;
  pool.start();
  EXPECT_GT(testkit::run(pool, ticks_while_looking(sniffer)), 0);
  pool.stop();
}

TEST(Sniffer, LooksAtSomeAtOnce) {
  runtime::IoPool pool(4);
  Sniffer sniffer;
  pool.start();
  std::vector<std::future<Result<std::string>>> all;
  for (std::size_t i = 0; i < 64; ++i) {
    all.push_back(net::co_spawn(pool.context(i % 4), sniffer.type_of("%PDF-1.7\n1 0 obj\n"),
                                net::use_future));
  }
  for (auto& each : all) EXPECT_EQ(each.get().value_or(""), "application/pdf");
  pool.stop();
}

TEST(Sniffer, PatternsMayEndOpen) {
  constexpr std::array<std::string_view, 2> kPatterns = {"text/*", "image/png"};
  EXPECT_TRUE(is_one_of("text/csv", kPatterns));
  EXPECT_TRUE(is_one_of("image/png", kPatterns));
  EXPECT_FALSE(is_one_of("image/pngx", kPatterns));
  EXPECT_FALSE(is_one_of("tex", kPatterns));
}

}  // namespace
}  // namespace flowsell::media
