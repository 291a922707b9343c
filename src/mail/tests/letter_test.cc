#include "mail/letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sample_mail.h"
#include "testkit/database.h"

namespace flowsell::mail {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testkit::code_of;

std::string data_of(const Result<Letter>& letter) { return std::string(letter->data.reveal()); }

class LetterTest : public testing::Test {
 protected:
  Composer composer_ = sample_composer();
};

TEST_F(LetterTest, HasTheHeadersOfAMachinesMail) {
  const Mail mail = sample_mail(MailKind::kVerifyEmail);
  const auto letter = composer_.compose(mail);
  ASSERT_TRUE(letter);
  EXPECT_THAT(data_of(letter),
              StartsWith("From: \"FlowSell Connect\" <noreply@connect.example>\r\n"
                         "To: ann-marker-7f3a@example.com\r\n"
                         "Subject: Confirm your email address\r\n"
                         "Date: Fri, 27 Nov 2026 01:05:51 +0000\r\n"
                         "Message-ID: <mail_00000000000000000000000000@connect.example>\r\n"
                         "MIME-Version: 1.0\r\n"
                         "Auto-Submitted: auto-generated\r\n"
                         "Content-Type: multipart/alternative; "));
}

TEST_F(LetterTest, EnvelopeHasBothAddresses) {
  const auto letter = composer_.compose(sample_mail(MailKind::kVerifyEmail));
  EXPECT_EQ(letter->from, "noreply@connect.example");
  EXPECT_EQ(letter->to.reveal(), "ann-marker-7f3a@example.com");
}

TEST_F(LetterTest, SameMailGivesTheSameBytes) {
  const Mail mail = sample_mail(MailKind::kInvitation);
  EXPECT_EQ(data_of(composer_.compose(mail)), data_of(composer_.compose(mail)));
}

TEST_F(LetterTest, MessageIdIsTheMails) {
  MailId id{};
  id.back() = 1;
  const auto read =
      read_letter(composer_.compose(sample_mail(MailKind::kVerifyEmail, id))->data.reveal());
  EXPECT_EQ(read->message_id, "<mail_00000000000000000000000001@connect.example>");
}

class LetterOfEveryKind : public testing::TestWithParam<MailKind> {};

TEST_P(LetterOfEveryKind, IsReadBackAsItWasRendered) {
  const Mail mail = sample_mail(GetParam());
  const auto rendered = Templates::load({})->render(mail.kind, mail.params);
  const auto letter = sample_composer().compose(mail);
  ASSERT_TRUE(letter);
  const auto read = read_letter(letter->data.reveal());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->to, mail.to.reveal());
  EXPECT_EQ(read->subject, rendered->subject);
  EXPECT_EQ(read->text, rendered->text.reveal());
  EXPECT_EQ(read->html, rendered->html.reveal());
}

TEST_P(LetterOfEveryKind, LinesAreShortAsciiAndEndWithCrlf) {
  const std::string data = data_of(sample_composer().compose(sample_mail(GetParam())));
  EXPECT_EQ(std::ranges::count(data, '\r'), std::ranges::count(data, '\n'));
  EXPECT_TRUE(std::ranges::all_of(data, [](char c) { return static_cast<signed char>(c) > 0; }));
  for (std::size_t begin = 0; begin < data.size();) {
    const auto end = data.find("\r\n", begin);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - begin, 100U) << data.substr(begin, end - begin);
    begin = end + 2;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LetterOfEveryKind, testing::ValuesIn(all_mail_kinds()),
                         [](const auto& param_info) {
                           return std::string(mail_kind_name(param_info.param));
                         });

TEST_F(LetterTest, NamesOfOtherScriptsAreReadBack) {
  const std::string workspace =
      "\xE0\xA4\x85\xE0\xA4\xA8 Z\xC3\xBC"
      "ge =?x?= ";
  Mail mail = sample_mail(MailKind::kInvitation);
  mail.params.insert_or_assign("workspace", Content(workspace));
  const auto composer = Composer::make(*Templates::load({}), {"a@b.example",
                                                              "Z\xC3\xBC"
                                                              "ge"});
  const auto read = read_letter(composer->compose(mail)->data.reveal());
  EXPECT_EQ(read->subject, "You are invited to " + workspace + " on FlowSell Connect");
  EXPECT_EQ(read->from,
            "Z\xC3\xBC"
            "ge <a@b.example>");
  EXPECT_THAT(read->text, HasSubstr(workspace));
}

TEST_F(LetterTest, SenderMayHaveNoName) {
  const auto composer = Composer::make(*Templates::load({}), {"a@b.example", ""});
  const auto letter = composer->compose(sample_mail(MailKind::kVerifyEmail));
  EXPECT_THAT(data_of(letter), StartsWith("From: a@b.example\r\n"));
}

TEST_F(LetterTest, SenderWithALineBreakIsRefused) {
  EXPECT_EQ(code_of(Composer::make(*Templates::load({}), {"a@b.example", "A\r\nBcc: x"})),
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(code_of(Composer::make(*Templates::load({}), {"a@b.example\r\nBcc: x", "A"})),
            ErrorCode::kInvalidRequest);
}

TEST_F(LetterTest, MailThatWasNotCheckedIsNotComposed) {
  Mail mail = sample_mail(MailKind::kInvitation);
  mail.params.insert_or_assign("workspace", Content("a\r\nBcc: bob@example.com"));
  EXPECT_EQ(code_of(composer_.compose(mail)), ErrorCode::kInvalidRequest);
}

TEST(ReadLetter, OtherBytesAreAnError) {
  for (const char* data : {"", "x", "Subject: x\r\n\r\ny", "\r\n\r\n",
                           "Content-Type: multipart/alternative; boundary=\"a\"\r\n\r\n--a\r\n"})
    EXPECT_EQ(code_of(read_letter(data)), ErrorCode::kInternal) << data;
}

}  // namespace
}  // namespace flowsell::mail
