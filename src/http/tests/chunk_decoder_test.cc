#include "chunk_decoder.h"

#include <gtest/gtest.h>

namespace flowsell::http {
namespace {

using Step = ChunkDecoder::Step;

struct Decoded {
  Step step = Step::kNeedMore;
  std::string body;
  std::size_t taken = 0;
};

/// Gives `bytes` in pieces of `piece` bytes.
Decoded decode(std::string_view bytes, std::size_t piece) {
  ChunkDecoder decoder;
  decoder.begin(100, 32);
  Decoded result;
  while (result.step == Step::kNeedMore && result.taken < bytes.size()) {
    std::size_t taken = 0;
    result.step = decoder.put(bytes.substr(result.taken, piece), taken, result.body);
    result.taken += taken;
  }
  return result;
}

struct ChunkCase {
  const char* name;
  std::string bytes;
  Step step;
  std::string body = {};
};

class ChunkDecoderTable : public testing::TestWithParam<ChunkCase> {};

TEST_P(ChunkDecoderTable, Whole) {
  const Decoded decoded = decode(GetParam().bytes, GetParam().bytes.size());
  EXPECT_EQ(decoded.step, GetParam().step);
  if (GetParam().step == Step::kDone) {
    EXPECT_EQ(decoded.body, GetParam().body);
  }
}

TEST_P(ChunkDecoderTable, ByteByByte) {
  const Decoded decoded = decode(GetParam().bytes, 1);
  EXPECT_EQ(decoded.step, GetParam().step);
  if (GetParam().step == Step::kDone) {
    EXPECT_EQ(decoded.body, GetParam().body);
  }
}

const ChunkCase kCases[] = {
    {"Empty", "0\r\n\r\n", Step::kDone},
    {"OneChunk", "3\r\nabc\r\n0\r\n\r\n", Step::kDone, "abc"},
    {"TwoChunks", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", Step::kDone, "abc"},
    {"HexInEitherCase", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", Step::kDone,
     "01234567890123456789"},
    {"LeadingZeros", "0003\r\nabc\r\n000\r\n\r\n", Step::kDone, "abc"},
    {"Extension", "3;a=\"b\"\r\nabc\r\n0;c\r\n\r\n", Step::kDone, "abc"},
    {"SpaceBeforeExtension", "3 \t;a\r\nabc\r\n0\r\n\r\n", Step::kDone, "abc"},
    {"Trailers", "0\r\nA: b\r\nC: d\r\n\r\n", Step::kDone},
    {"DataThatLooksLikeAnEnd", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", Step::kDone, "0\r\n\r\n"},
    {"ExactlyTheLimit", "64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n", Step::kDone,
     std::string(100, 'x')},
    {"OneOverTheLimit", "65\r\n", Step::kTooLarge},
    {"OneOverTheLimitInPieces", "64\r\n" + std::string(100, 'x') + "\r\n1\r\n", Step::kTooLarge},
    {"SizeThatOverflows", "FFFFFFFFFFFFFFFFF\r\n", Step::kTooLarge},
    {"Unfinished", "3\r\nabc\r\n0\r\n\r", Step::kNeedMore},
    {"NoSize", "\r\nabc\r\n0\r\n\r\n", Step::kFailed},
    {"NotHex", "g\r\n", Step::kFailed},
    {"Negative", "-1\r\n", Step::kFailed},
    {"HexPrefix", "0x3\r\nabc\r\n", Step::kFailed},
    {"SpaceBehindSize", "3 \r\nabc\r\n0\r\n\r\n", Step::kFailed},
    {"LineFeedOnly", "3\nabc\n0\n\n", Step::kFailed},
    {"ReturnOnly", "3\rabc", Step::kFailed},
    {"LineFeedInExtension", "3;a\nb\r\nabc\r\n", Step::kFailed},
    {"DataLongerThanItsSize", "1\r\nab\r\n0\r\n\r\n", Step::kFailed},
    {"DataEndsInLineFeed", "1\r\na\n0\r\n\r\n", Step::kFailed},
    {"FoldedTrailer", "0\r\nA: b\r\n c\r\n\r\n", Step::kFailed},
    {"FramingAtItsLimit", "1;" + std::string(28, 'e') + "\r\na\r\n0\r\n\r\n", Step::kDone, "a"},
    {"FramingOverItsLimit", "1;" + std::string(29, 'e') + "\r\na\r\n0\r\n\r\n", Step::kFailed},
    {"TrailersOverTheirLimit", "0\r\nA: " + std::string(40, 't') + "\r\n\r\n", Step::kFailed},
};
INSTANTIATE_TEST_SUITE_P(Table, ChunkDecoderTable, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ChunkDecoderEnd, LeavesWhatComesBehindTheBody) {
  EXPECT_EQ(decode("0\r\n\r\nGET /", 64).taken, 5U);
}

}  // namespace
}  // namespace flowsell::http
