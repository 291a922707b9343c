#include "answer_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace flowsell::http {
namespace {

using Step = AnswerReader::Step;

constexpr std::size_t kBodyBytesMax = 64 * 1024;

struct Read {
  Step step = Step::kNeedMore;
  int status = 0;
  std::string body;
  bool reusable = false;
};

Read read(std::string_view bytes, std::size_t piece, bool then_closed = false) {
  AnswerReader reader(kBodyBytesMax);
  reader.begin(false);
  Read result;
  while (!bytes.empty() && result.step == Step::kNeedMore) {
    const auto room = reader.space();
    const std::size_t count = std::min({piece, bytes.size(), room.size()});
    std::memcpy(room.data(), bytes.data(), count);
    reader.received(count);
    bytes.remove_prefix(count);
    result.step = reader.next();
  }
  if (result.step == Step::kNeedMore && then_closed) result.step = reader.closed();
  result.status = reader.status();
  result.reusable = reader.reusable();
  result.body = reader.take_body();
  return result;
}

struct AnswerCase {
  const char* name;
  std::string bytes;
  Step step;
  std::string body = {};
  bool reusable = false;
};

class AnswerReaderTable : public testing::TestWithParam<std::tuple<AnswerCase, std::size_t>> {};

TEST_P(AnswerReaderTable, InPieces) {
  const auto& [expected, piece] = GetParam();
  const Read got = read(expected.bytes, piece);
  EXPECT_EQ(got.step, expected.step);
  if (expected.step == Step::kAnswer) {
    EXPECT_EQ(got.body, expected.body);
  }
  EXPECT_EQ(got.reusable, expected.reusable);
}

const AnswerCase kCases[] = {
    {"Counted", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Step::kAnswer, "abc", true},
    {"Empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Step::kAnswer, "", true},
    {"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", Step::kAnswer, "", true},
    {"NoReason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", Step::kAnswer, "", true},
    {"Chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
     Step::kAnswer, "ab", true},
    {"LastChunkOnly", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     Step::kAnswer, "", true},
    {"AfterContinue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
     Step::kAnswer, "a", true},
    {"Closing", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", Step::kAnswer,
     "a", false},
    {"Http10", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", Step::kAnswer, "a", false},
    {"UntilClose", "HTTP/1.1 200 OK\r\n\r\nabc", Step::kNeedMore},
    {"LargestBody",
     "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + std::string(kBodyBytesMax, 'x'),
     Step::kAnswer, std::string(kBodyBytesMax, 'x'), true},
    {"BodyTooLarge", "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", Step::kFailed},
    {"UnboundedTooLarge", "HTTP/1.1 200 OK\r\n\r\n" + std::string(kBodyBytesMax + 1, 'x'),
     Step::kFailed},
    {"HeadTooLarge", "HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'h'), Step::kFailed},
    {"SwitchingProtocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n", Step::kFailed},
    {"BothLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     Step::kFailed},
    {"BrokenChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Step::kFailed},
    {"NotHttp", "220 hello\r\n\r\n", Step::kFailed},
};
INSTANTIATE_TEST_SUITE_P(Table, AnswerReaderTable,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::Values(std::size_t{1}, std::size_t{1} << 20U)),
                         [](const auto& param_info) {
                           return std::string(std::get<0>(param_info.param).name) +
                                  (std::get<1>(param_info.param) == 1 ? "ByteByByte" : "Whole");
                         });

TEST(AnswerReaderClosed, EndsABodyWithoutALength) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\nabc", 64, true).body, "abc");
}
TEST(AnswerReaderClosed, CutsOffACountedBody) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 64, true).step,
            Step::kNeedMore);
}
TEST(AnswerReaderClosed, CutsOffAHead) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nConte", 64, true).step, Step::kNeedMore);
}
TEST(AnswerReaderBehind, BytesBehindTheAnswerForbidReuse) {
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", 64).reusable);
}

}  // namespace
}  // namespace flowsell::http
