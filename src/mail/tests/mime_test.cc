#include "mime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "core/encoding.h"
#include "core/random.h"

namespace flowsell::mail {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(QuotedPrintable, PlainTextStaysReadable) {
  EXPECT_EQ(quoted_printable("Hello,\nyou!\n"), "Hello,\r\nyou!\r\n");
}

TEST(QuotedPrintable, EqualsSignsAndOtherBytesAreEncoded) {
  EXPECT_EQ(quoted_printable("a=\xC3\xA4\n"), "a=3D=C3=A4\r\n");
}

TEST(QuotedPrintable, BlankAtALinesEndIsEncoded) {
  EXPECT_EQ(quoted_printable("a \nb\t\n"), "a=20\r\nb=09\r\n");
}

TEST(QuotedPrintable, LastLineGetsAnEnd) { EXPECT_EQ(quoted_printable("a"), "a\r\n"); }

TEST(QuotedPrintable, LineEndsOfBothSortsAreOne) {
  EXPECT_EQ(quoted_printable("a\r\nb\n"), "a\r\nb\r\n");
}

TEST(QuotedPrintable, NoLineIsLongerThan76) {
  const std::string text(1000, '=');
  for (const std::string& line : lines_of(quoted_printable(text + std::string(300, 'x'))))
    EXPECT_LE(line.size(), 77U);  // with its \r
}

TEST(QuotedPrintable, EveryTextComesBack) {
  for (int round = 0; round < 200; ++round) {
    std::string text;
    const auto size = random_bits() % 400;
    for (std::uint64_t i = 0; i < size; ++i) {
      constexpr std::string_view kAlphabet = "ab =.\n\t\xC3\xA4\x00_";
      text += kAlphabet[random_bits() % kAlphabet.size()];
    }
    text += '\n';
    EXPECT_EQ(from_quoted_printable(quoted_printable(text)), text);
  }
}

TEST(HeaderText, ShortAsciiStays) { EXPECT_EQ(header_text("Confirm this"), "Confirm this"); }

TEST(HeaderText, OtherTextBecomesAnEncodedWord) {
  EXPECT_EQ(header_text("Gr\xC3\xBC\xC3\x9F"), "=?UTF-8?B?R3LDvMOf?=");
}

TEST(HeaderText, WhatLooksEncodedIsEncoded) {
  EXPECT_THAT(header_text("=?UTF-8?B?eA==?="), StartsWith("=?UTF-8?B?PT"));
}

TEST(HeaderText, BlankAtItsEndIsEncoded) {
  EXPECT_THAT(header_text("a "), StartsWith("=?UTF-8?B?"));
}

TEST(HeaderText, LongTextIsFoldedBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "\xE0\xA4\x85";
  const std::string encoded = header_text(text);
  for (const std::string& line : lines_of(encoded)) EXPECT_LE(line.size(), 78U);
  for (std::string word : lines_of(encoded)) {
    std::erase_if(word, [](char c) { return c == ' ' || c == '\r'; });
    EXPECT_TRUE(is_valid_utf8(from_header_text(word))) << word;
  }
  EXPECT_EQ(from_header_text(encoded), text);
}

TEST(DisplayName, IsQuoted) { EXPECT_EQ(display_name("Ann, Ltd."), "\"Ann, Ltd.\""); }

TEST(DisplayName, QuotesInItAreEscaped) { EXPECT_EQ(display_name(R"(a"b\c)"), R"("a\"b\\c")"); }

TEST(DisplayName, OtherTextBecomesAnEncodedWord) {
  EXPECT_THAT(display_name("Z\xC3\xBC"
                           "ge"),
              HasSubstr("=?UTF-8?B?"));
}

TEST(HeaderDate, IsOfRfc5322) {
  EXPECT_EQ(header_date(from_unix_ms(1'795'741'551'999)), "Fri, 27 Nov 2026 01:05:51 +0000");
  EXPECT_EQ(header_date(from_unix_ms(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
}

}  // namespace
}  // namespace flowsell::mail
