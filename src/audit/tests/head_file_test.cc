#include "audit/head_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "core/encoding.h"
#include "testkit/database.h"

namespace flowsell::audit {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;
using Why = BadLine::Why;

constexpr Time kNow = from_unix_ms(1'795'000'000'000);

HeadKey a_key(std::uint8_t digit = 1) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(digit);
  return HeadKey(crypto::Key(seed));
}

Head a_head(char scope, std::int64_t seq, std::string_view content = "") {
  return {std::string(16, scope), seq, crypto::sha256(std::string(content) + std::to_string(seq))};
}

class HeadFileTest : public testing::Test {
 protected:
  std::unique_ptr<HeadFile> open() {
    auto opened = HeadFile::open(path_, key_);
    EXPECT_TRUE(opened) << opened.error().detail;
    return opened ? *std::move(opened) : nullptr;
  }
  /// Opens, writes, closes.
  void write(const std::vector<Head>& heads) {
    const auto file = open();
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(heads, kNow));
  }
  HeadsRead read() {
    const PublicKey key = key_.public_key();
    const auto read = read_heads(path_, {&key, 1});
    EXPECT_TRUE(read) << read.error().detail;
    return read.value_or(HeadsRead());
  }
  std::vector<Head> newest() {
    std::vector<Head> heads;
    for (const SignedHead& each : read().newest) heads.push_back(each.head);
    return heads;
  }
  std::string text() {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_write);
  }
  std::vector<std::string> lines() {
    std::vector<std::string> out;
    std::ifstream in(path_, std::ios::binary);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  void put_lines(const std::vector<std::string>& all) {
    std::string joined;
    for (const std::string& line : all) joined += line + "\n";
    put(joined);
  }
  static std::vector<std::string> bad_lines(const HeadsRead& read) {
    std::vector<std::string> out;
    for (const BadLine& bad : read.bad)
      out.push_back(std::to_string(bad.line) + ": " + std::string(describe(bad.why)));
    return out;
  }
  static std::string bad_line(std::size_t line, Why why) {
    return std::to_string(line) + ": " + std::string(describe(why));
  }

  testkit::TempFolder folder_;
  fs::path path_ = folder_ / "audit-heads.jsonl";
  HeadKey key_ = a_key();
};

TEST_F(HeadFileTest, IsMadePrivateAndEmpty) {
  ASSERT_TRUE(open());
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(text(), "");
  EXPECT_THAT(read().newest, IsEmpty());
}

TEST_F(HeadFileTest, WhatWasWrittenIsReadBack) {
  const auto file = open();
  EXPECT_EQ(file->write(std::vector{a_head('b', 1), a_head('a', 7)}, kNow), 2U);
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 7), a_head('b', 1)));
  EXPECT_EQ(read().newest.front().at, kNow);
  EXPECT_EQ(file->read()->lines, 2U);
  EXPECT_EQ(file->newest(std::string(16, 'a')), a_head('a', 7));
  EXPECT_EQ(file->newest(std::string(16, 'c')), std::nullopt);
}

TEST_F(HeadFileTest, OnlyNewerOnesAreWritten) {
  const auto file = open();
  ASSERT_TRUE(file->write(std::vector{a_head('a', 5)}, kNow));
  EXPECT_EQ(file->write(std::vector{a_head('a', 5), a_head('a', 4), a_head('a', 5, "other")}, kNow),
            0U);
  EXPECT_EQ(file->write(std::vector{a_head('a', 6), a_head('a', 6), a_head('a', 5)}, kNow), 1U);
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 6)));
  EXPECT_EQ(read().lines, 2U);
}

TEST_F(HeadFileTest, KnowsAfterARestartWhatItHas) {
  write({a_head('a', 5)});
  const auto file = open();
  EXPECT_EQ(file->newest(std::string(16, 'a')), a_head('a', 5));
  EXPECT_EQ(file->write(std::vector{a_head('a', 5)}, kNow), 0U);
}

TEST_F(HeadFileTest, WhatIsNoHeadIsNotSigned) {
  const auto file = open();
  EXPECT_EQ(code_of(file->write(std::vector{a_head('a', 1), a_head('a', 0)}, kNow)),
            ErrorCode::kInternal);
  EXPECT_EQ(code_of(file->write(std::vector{Head{"short", 1}}, kNow)), ErrorCode::kInternal);
  EXPECT_EQ(text(), "");
}

TEST_F(HeadFileTest, FileThatIsNotThereIsToldFromOneThatCantBeRead) {
  EXPECT_EQ(code_of(read_heads(path_, {})), ErrorCode::kNotFound);
  fs::create_directory(path_);
  EXPECT_EQ(code_of(read_heads(path_, {})), ErrorCode::kInternal);
}

TEST_F(HeadFileTest, MissingFolderIsAnError) {
  const auto opened = HeadFile::open(folder_ / "no/heads.jsonl", key_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().detail, HasSubstr("heads.jsonl"));
}

TEST_F(HeadFileTest, FileOpenToOthersIsRefused) {
  ASSERT_TRUE(open());
  fs::permissions(path_, fs::perms::group_read, fs::perm_options::add);
  const auto opened = HeadFile::open(path_, key_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().detail, HasSubstr("chmod 600"));
}

TEST_F(HeadFileTest, LinkIsNotFollowed) {
  put("");
  fs::create_symlink(path_, folder_ / "link");
  EXPECT_FALSE(HeadFile::open(folder_ / "link", key_));
}

// A power cut may leave any part of the last write.
TEST_F(HeadFileTest, TornLastLineIsPassedOver) {
  write({a_head('a', 5)});
  const std::string first = text();
  write({a_head('b', 6)});
  const std::string both = text();
  for (std::size_t size = first.size() + 1; size < both.size(); ++size) {
    put(both.substr(0, size));
    const auto torn = read();
    ASSERT_TRUE(torn.is_torn) << size;
    ASSERT_THAT(torn.bad, IsEmpty()) << size;
    ASSERT_THAT(newest(), ElementsAre(a_head('a', 5))) << size;
  }
  write({a_head('b', 7)});
  EXPECT_FALSE(read().is_torn);
  EXPECT_THAT(read().bad, IsEmpty());
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 5), a_head('b', 7)));
}

TEST_F(HeadFileTest, BlocksThatThePowerCutLeftEmptyArePassedOver) {
  write({a_head('a', 5)});
  put(text() + std::string(5000, '\0') + "\"}\n" + std::string(300, '\0') + "\n");
  EXPECT_TRUE(read().is_torn);
  EXPECT_THAT(read().bad, IsEmpty());
  write({a_head('a', 6)});
  EXPECT_EQ(lines().size(), 2U);
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 6)));
}

TEST_F(HeadFileTest, ChangedLineIsFound) {
  write({a_head('a', 5), a_head('b', 6), a_head('c', 7)});
  const auto good = lines();
  struct Change {
    std::string from, to;
    Why why;
  };
  const std::string key_name = good[1].substr(good[1].find("\"key\":\"") + 7, 16);
  for (const auto& [from, to, why] :
       std::vector<Change>{{"\"seq\":6", "\"seq\":4", Why::kWrongSignature},
                           {"\"seq\":6", "\"seq\":06", Why::kUnreadable},
                           {"\"seq\":6", "\"seq\":-6", Why::kUnreadable},
                           {"\"seq\":6", "\"seq\": 6", Why::kUnreadable},
                           {"\"seq\":6,", "", Why::kUnreadable},
                           {"\"scope\":\"62", "\"scope\":\"63", Why::kWrongSignature},
                           {"\"scope\":\"62", "\"scope\":\"", Why::kUnreadable},
                           {"\"hash\":\"" + hex_encode(a_head('b', 6).hash).substr(0, 8),
                            "\"hash\":\"00000000", Why::kWrongSignature},
                           {"\"at\":\"2026", "\"at\":\"2025", Why::kWrongSignature},
                           {key_name, std::string(16, '0'), Why::kUnknownKey},
                           {"\"signature\":\"", "\"signature\":\"AAAA", Why::kWrongSignature},
                           {"{", "{\"more\":1,", Why::kUnreadable}}) {
    auto changed = good;
    const auto at = changed[1].find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed[1].replace(at, from.size(), to);
    put_lines(changed);
    EXPECT_THAT(bad_lines(read()), ElementsAre(bad_line(2, why))) << from << " to " << to;
    EXPECT_THAT(newest(), ElementsAre(a_head('a', 5), a_head('c', 7)));
  }
}

TEST_F(HeadFileTest, SignatureOfAnotherLineIsWrong) {
  write({a_head('a', 5), a_head('b', 6)});
  auto all = lines();
  const auto signature = [](const std::string& line) { return line.substr(line.find(",\"sig")); };
  all[1] = all[1].substr(0, all[1].find(",\"sig")) + signature(all[0]);
  put_lines(all);
  EXPECT_THAT(bad_lines(read()), ElementsAre(bad_line(2, Why::kWrongSignature)));
}

TEST_F(HeadFileTest, LinesOfAnotherKeyAreNotBelieved) {
  key_ = a_key(2);
  write({a_head('a', 9)});
  key_ = a_key(1);
  EXPECT_THAT(bad_lines(read()), ElementsAre(bad_line(1, Why::kUnknownKey)));
  EXPECT_THAT(newest(), IsEmpty());
}

TEST_F(HeadFileTest, LinesOfAFormerKeyAreSignedAnewWhenTheFileIsReplaced) {
  write({a_head('a', 9)});
  const PublicKey former = key_.public_key();
  key_ = a_key(2);
  const auto file = *HeadFile::open(path_, key_, {former});
  EXPECT_THAT(file->read()->bad, IsEmpty());
  EXPECT_EQ(file->newest(std::string(16, 'a')), a_head('a', 9));
  std::vector<Head> many;
  for (int i = 1; i <= 300; ++i) many.push_back(a_head('b', i));
  ASSERT_TRUE(file->write(many, kNow));
  EXPECT_THAT(bad_lines(read()), IsEmpty());  // which knows the new key only
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 9), a_head('b', 300)));
}

TEST_F(HeadFileTest, DoesNotGrowWithoutEnd) {
  const auto file = open();
  std::size_t lines_max = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<Head> heads;
    for (int i = 1; i <= 100; ++i) heads.push_back(a_head('a', round * 100 + i));
    heads.push_back(a_head('b', round + 1));
    ASSERT_EQ(file->write(heads, kNow), 101U);
    lines_max = std::max(lines_max, read().lines);
  }
  EXPECT_LT(lines_max, 300U);
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 1000), a_head('b', 10)));
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
  // What the last replacement has made is the file that is written to.
  ASSERT_TRUE(file->write(std::vector{a_head('c', 1)}, kNow));
  EXPECT_THAT(newest(), SizeIs(3));
}

TEST_F(HeadFileTest, KeepsBadLinesWhenItIsReplaced) {
  write({a_head('a', 5), a_head('b', 6), a_head('c', 7)});
  auto all = lines();
  all[0] = "no head";
  all[1].replace(all[1].find("\"seq\":6"), 7, "\"seq\":4");
  put_lines(all);
  const auto file = open();
  std::vector<Head> many;
  for (int i = 1; i <= 400; ++i) many.push_back(a_head('d', i));
  ASSERT_TRUE(file->write(many, kNow));
  EXPECT_THAT(lines(), SizeIs(4));
  EXPECT_THAT(bad_lines(read()),
              ElementsAre(bad_line(1, Why::kUnreadable), bad_line(2, Why::kWrongSignature)));
}

TEST_F(HeadFileTest, ContradictionIsFoundAndKept) {
  write({a_head('a', 5, "other")});
  const std::string other = text();
  fs::remove(path_);
  write({a_head('a', 5)});
  put(text() + other);
  EXPECT_THAT(bad_lines(read()), ElementsAre(bad_line(2, Why::kContradiction)));
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 5)));
  const auto file = open();
  std::vector<Head> many;
  for (int i = 1; i <= 400; ++i) many.push_back(a_head('d', i));
  ASSERT_TRUE(file->write(many, kNow));
  EXPECT_THAT(bad_lines(read()), ElementsAre(bad_line(3, Why::kContradiction)));
  EXPECT_EQ(newest().front(), a_head('a', 5));
}

TEST_F(HeadFileTest, AnotherSortOfFileIsRefused) {
  std::string novel;
  for (int i = 0; i < 3000; ++i) novel += "It was a dark and stormy night.\n";
  put(novel);
  EXPECT_EQ(code_of(HeadFile::open(path_, key_)), ErrorCode::kInternal);
  EXPECT_EQ(code_of(read_heads(path_, {})), ErrorCode::kInternal);
  EXPECT_EQ(text(), novel);
}

/// As on a full disk: what is written beyond so many bytes fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uintmax_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(HeadFileTest, WriteThatFailedDoesNotCountAndLeavesNoHalfLine) {
  const auto file = open();
  ASSERT_TRUE(file->write(std::vector{a_head('a', 5)}, kNow));
  {
    const FileSizeLimit full(text().size() + 100);
    EXPECT_EQ(code_of(file->write(std::vector{a_head('a', 6)}, kNow)), ErrorCode::kInternal);
    EXPECT_EQ(file->newest(std::string(16, 'a')), a_head('a', 5));
    EXPECT_TRUE(read().is_torn);
    EXPECT_FALSE(file->write(std::vector{a_head('a', 6)}, kNow));
  }
  EXPECT_EQ(file->write(std::vector{a_head('a', 6)}, kNow), 1U);
  EXPECT_FALSE(read().is_torn);
  EXPECT_THAT(read().bad, IsEmpty());
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 6)));
}

TEST_F(HeadFileTest, ReplacementThatFailedLeavesTheFile) {
  const auto file = open();
  std::vector<Head> heads;
  for (char scope = 'A'; scope < 'A' + 50; ++scope) heads.push_back(a_head(scope, 1));
  ASSERT_TRUE(file->write(heads, kNow));
  const std::string before = text();
  put(before + "torn");
  const auto again = open();
  {
    const FileSizeLimit full(5000);
    EXPECT_FALSE(again->write(std::vector{a_head('A', 2)}, kNow));
  }
  EXPECT_EQ(text(), before + "torn");
  EXPECT_TRUE(again->write(std::vector{a_head('A', 2)}, kNow));
  EXPECT_THAT(newest(), SizeIs(50));
}

TEST_F(HeadFileTest, LeftoverOfAReplacementIsNotInTheWay) {
  put("");
  std::ofstream(path_.string() + ".new") << "half a";
  const auto file = open();
  std::vector<Head> many;
  for (int i = 1; i <= 400; ++i) many.push_back(a_head('d', i));
  ASSERT_TRUE(file->write(many, kNow));
  EXPECT_THAT(lines(), SizeIs(1));
}

TEST_F(HeadFileTest, BeginsAnewAndKeepsTheOldOne) {
  const auto file = open();
  ASSERT_TRUE(file->write(std::vector{a_head('a', 5)}, kNow));
  const std::string before = text();
  const auto aside = file->begin_anew(kNow);
  ASSERT_TRUE(aside);
  EXPECT_EQ(aside->filename(), "audit-heads.jsonl.1795000000000");
  std::ifstream in(*aside);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), before);
  EXPECT_EQ(file->newest(std::string(16, 'a')), std::nullopt);
  EXPECT_EQ(file->write(std::vector{a_head('a', 3)}, kNow), 1U);
  EXPECT_THAT(newest(), ElementsAre(a_head('a', 3)));
  // The same name is not taken twice.
  EXPECT_FALSE(file->begin_anew(kNow));
  EXPECT_EQ(file->newest(std::string(16, 'a')), a_head('a', 3));
}

TEST_F(HeadFileTest, ManyThreadsWriteAndRead) {
  const auto file = open();
  {
    std::vector<std::jthread> threads;
    for (char scope = 'a'; scope < 'e'; ++scope) {
      threads.emplace_back([&file, scope] {
        for (int i = 1; i <= 5; ++i) {
          EXPECT_EQ(file->write(std::vector{a_head(scope, i)}, kNow), 1U);
          EXPECT_EQ(file->newest(std::string(16, scope)), a_head(scope, i));
          EXPECT_TRUE(file->read()->bad.empty());
        }
      });
    }
  }
  EXPECT_EQ(read().lines, 20U);
  EXPECT_THAT(newest(), SizeIs(4));
}

std::string bytes_of_hex(std::string_view hex) { return *hex_decode(hex); }

// RFC 8032, section 7.1, test 2.
TEST(HeadKeySign, IsEd25519) {
  std::array<std::uint8_t, 32> seed{};
  std::ranges::copy(
      as_bytes(bytes_of_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")),
      seed.begin());
  const HeadKey key{crypto::Key(seed)};
  EXPECT_EQ(hex_encode(key.public_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(hex_encode(as_bytes(key.sign("\x72"))),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(HeadKeySign, KeyIsDeterminedByTheMasterKey) {
  const auto ring = [](char digit) {
    return *crypto::KeyRing::from_hex(Secret(std::string(64, digit)));
  };
  EXPECT_EQ(HeadKey::of(ring('a')).public_key(), HeadKey::of(ring('a')).public_key());
  EXPECT_NE(HeadKey::of(ring('a')).public_key(), HeadKey::of(ring('b')).public_key());
}

}  // namespace
}  // namespace flowsell::audit
