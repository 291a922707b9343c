#include "mail/mail_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <fstream>

#include "sample_mail.h"
#include "testkit/database.h"
#include "testkit/temp_folder.h"

namespace flowsell::mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

class MailFolderTest : public testing::Test {
 protected:
  Letter letter(std::uint8_t number) const {
    MailId id{};
    id.back() = number;
    return *composer_.compose(sample_mail(MailKind::kVerifyEmail, id));
  }
  static std::string id_text(std::uint8_t number) {
    MailId id{};
    id.back() = number;
    return mail_id_text(id);
  }
  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

  testkit::TempFolder folder_;
  std::filesystem::path path_ = folder_ / "data/mails";
  Composer composer_ = sample_composer();
  std::unique_ptr<MailFolder> mails_ = *MailFolder::open(path_, 3);
};

TEST_F(MailFolderTest, IsMadeForItsOwnerOnly) { EXPECT_EQ(mode_of(path_), 0700U); }

TEST_F(MailFolderTest, IsEmptyAtFirst) { EXPECT_THAT(*mails_->list(), IsEmpty()); }

TEST_F(MailFolderTest, LetterIsAFileThatOnlyItsOwnerReads) {
  EXPECT_EQ(mails_->send(letter(1)).end, Outcome::End::kSent);
  EXPECT_EQ(mode_of(path_ / (id_text(1) + ".eml")), 0600U);
  EXPECT_EQ(files(), 1U);
}

TEST_F(MailFolderTest, LetterIsReadBack) {
  mails_->send(letter(1));
  const auto data = mails_->read(id_text(1));
  ASSERT_TRUE(data);
  EXPECT_EQ(data->reveal(), letter(1).data.reveal());
}

TEST_F(MailFolderTest, NewestIsFirst) {
  for (const std::uint8_t number : std::array<std::uint8_t, 3>{2, 1, 3})
    mails_->send(letter(number));
  EXPECT_THAT(*mails_->list(), ElementsAre(id_text(3), id_text(2), id_text(1)));
}

TEST_F(MailFolderTest, SentTwiceItIsThereOnce) {
  mails_->send(letter(1));
  mails_->send(letter(1));
  EXPECT_THAT(*mails_->list(), SizeIs(1));
}

TEST_F(MailFolderTest, OnlyTheNewestStay) {
  for (std::uint8_t number = 1; number <= 5; ++number) mails_->send(letter(number));
  EXPECT_THAT(*mails_->list(), ElementsAre(id_text(5), id_text(4), id_text(3)));
  EXPECT_EQ(files(), 3U);
}

TEST_F(MailFolderTest, OtherFilesAreNeitherListedNorRemoved) {
  std::ofstream(path_ / "notes.eml") << "mine";
  for (std::uint8_t number = 1; number <= 5; ++number) mails_->send(letter(number));
  EXPECT_THAT(*mails_->list(), SizeIs(3));
  EXPECT_TRUE(std::filesystem::exists(path_ / "notes.eml"));
}

TEST_F(MailFolderTest, WhatIsNoIdIsNotFound) {
  std::ofstream(path_ / "notes.eml") << "mine";
  for (const std::string& id :
       {std::string("notes"), std::string("../mails/notes"), std::string(), id_text(1),
        "../mails/" + id_text(1), id_text(1) + ".eml", std::string("mail_\0", 6)})
    EXPECT_EQ(code_of(mails_->read(id)), ErrorCode::kNotFound) << id;
}

TEST_F(MailFolderTest, FolderThatIsGoneMeansLater) {
  std::filesystem::remove_all(path_);
  const Outcome outcome = mails_->send(letter(1));
  EXPECT_EQ(outcome.end, Outcome::End::kTryLater);
  EXPECT_TRUE(outcome.is_for_all);
}

TEST_F(MailFolderTest, FileInItsPlaceIsAnError) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_FALSE(MailFolder::open(folder_ / "file"));
}

}  // namespace
}  // namespace flowsell::mail
