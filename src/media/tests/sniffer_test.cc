#include "sniffer.h"

#include <gtest/gtest.h>

#include <array>

namespace flowsell::media {
namespace {

using namespace std::string_literals;

TEST(Sniffer, KnowsWhatChannelsTake) {
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
  for (const auto& [bytes, type] : files) EXPECT_EQ(sniffer.type_of(bytes).value_or(""), type);
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
