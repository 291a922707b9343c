#include "telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "core/sensitive.h"
#include "json/json.h"
#include "log_line.h"

namespace flowsell::log {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Time kTime = from_unix_ms(1'700'000'000'123);

static_assert(!std::is_constructible_v<Field, std::string_view, Secret>,
              "a secret can't be logged");
static_assert(!std::is_constructible_v<Field, std::string_view, Content>,
              "content can't be logged");

std::string json_line(std::string_view what, std::initializer_list<Field> fields = {}) {
  return format_line(Format::kJson, kTime, Level::kInfo, what, fields);
}
std::string console_line(std::initializer_list<Field> fields) {
  return format_line(Format::kConsole, kTime, Level::kInfo, "started", fields);
}

TEST(JsonLine, HasTimeLevelMessageAndFieldsInOrder) {
  EXPECT_EQ(
      json_line("listening", {{"port", 8080}, {"host", "localhost"}}),
      R"({"time":"2023-11-14T22:13:20.123Z","level":"info","message":"listening","port":8080,"host":"localhost"})");
}

TEST(JsonLine, StaysOneValidDocumentWhateverTheFieldsHold) {
  std::string every_byte;
  for (int byte = 1; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
  const std::string line = json_line("x", {{"text", every_byte}});
  EXPECT_TRUE(json::parse(line)) << line;
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(JsonLine, KeepsValidUtf8) {
  EXPECT_THAT(json_line("x", {{"mask", "+91\u2022"}}), HasSubstr("\"+91\u2022\""));
}

TEST(JsonLine, WritesTheSmallestNumber) {
  EXPECT_THAT(json_line("x", {{"n", std::numeric_limits<std::int64_t>::min()}}),
              HasSubstr(R"("n":-9223372036854775808)"));
}

TEST(JsonLine, NamesEveryLevel) {
  const auto line = [](Level level) { return format_line(Format::kJson, kTime, level, "x", {}); };
  EXPECT_THAT(line(Level::kDebug), HasSubstr(R"("level":"debug")"));
  EXPECT_THAT(line(Level::kInfo), HasSubstr(R"("level":"info")"));
  EXPECT_THAT(line(Level::kWarn), HasSubstr(R"("level":"warn")"));
  EXPECT_THAT(line(Level::kError), HasSubstr(R"("level":"error")"));
}

TEST(ConsoleLine, QuotesOnlyWhereAReaderNeedsIt) {
  EXPECT_EQ(
      console_line({{"port", 8080}, {"path", "/v1"}, {"text", "two words"}, {"none", ""}}),
      R"(2023-11-14T22:13:20.123Z info  started port=8080 path=/v1 text="two words" none="")");
}

TEST(ConsoleLine, TextOfACallerCanNotForgeASecondLine) {
  EXPECT_EQ(console_line({{"id", "a\n2023 error forged"}}),
            R"(2023-11-14T22:13:20.123Z info  started id="a\n2023 error forged")");
}

TEST(ConsoleLine, TextOfACallerCanNotForgeAField) {
  EXPECT_THAT(console_line({{"id", "a=b"}}), HasSubstr(R"(id="a=b")"));
}

/// Restores what other tests expect: the state before configure().
class Logging : public testing::Test {
 protected:
  ~Logging() override { configure(Level::kWarn, Format::kConsole); }
  template <class Action>
  static std::string written_by(Action action) {
    testing::internal::CaptureStderr();
    action();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(Logging, BeforeConfigureWarningsAreShownAndInformationIsNot) {
  EXPECT_THAT(written_by([] { warn("careful"); }), HasSubstr("warn  careful\n"));
  EXPECT_THAT(written_by([] { info("hello"); }), IsEmpty());
}

TEST_F(Logging, LevelsBelowTheLeastAreSilent) {
  configure(Level::kError, Format::kJson);
  EXPECT_FALSE(enabled(Level::kWarn));
  EXPECT_TRUE(enabled(Level::kError));
  EXPECT_THAT(written_by([] { warn("careful"); }), IsEmpty());
  EXPECT_THAT(written_by([] { error("broken"); }), HasSubstr(R"("message":"broken"})"));
}

TEST_F(Logging, TextIsNeverTakenForAFormat) {
  configure(Level::kInfo, Format::kConsole);
  EXPECT_THAT(written_by([] { info("100 %v {}", {{"f", "%Y{0}"}}); }),
              HasSubstr("100 %v {} f=%Y{0}\n"));
}

TEST_F(Logging, LinesOfManyThreadsStayWhole) {
  configure(Level::kInfo, Format::kJson);
  const std::string text = written_by([] {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 100; ++i) info("line", {{"i", i}});
      });
    }
  });
  EXPECT_EQ(std::ranges::count(text, '\n'), 400);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    ASSERT_TRUE(json::parse(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
}

}  // namespace
}  // namespace flowsell::log
