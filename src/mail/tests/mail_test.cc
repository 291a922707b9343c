#include "mail/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_mail.h"
#include "testkit/database.h"

namespace flowsell::mail {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testkit::code_of;

TEST(MailKinds, NamesAreReadBack) {
  for (const MailKind kind : all_mail_kinds()) EXPECT_EQ(mail_kind_of(mail_kind_name(kind)), kind);
}

TEST(MailKinds, AnotherNameIsNone) { EXPECT_EQ(mail_kind_of("newsletter"), std::nullopt); }

TEST(MailIdText, IsItsKindAndBase32) {
  EXPECT_EQ(mail_id_text(MailId{}), "mail_00000000000000000000000000");
}

class CheckEveryKind : public testing::TestWithParam<MailKind> {};

TEST_P(CheckEveryKind, ItsOwnParametersAreTaken) { EXPECT_TRUE(check(sample_mail(GetParam()))); }

TEST_P(CheckEveryKind, EachMissingParameterIsRefused) {
  for (const Parameter& each : parameters_of(GetParam())) {
    Mail mail = sample_mail(GetParam());
    mail.params.erase(mail.params.find(each.name));
    EXPECT_EQ(code_of(check(mail)), ErrorCode::kInternal) << each.name;
  }
}

TEST_P(CheckEveryKind, AnotherParameterIsRefused) {
  Mail mail = sample_mail(GetParam());
  mail.params.emplace("colour", Content("red"));
  EXPECT_EQ(code_of(check(mail)), ErrorCode::kInternal);
}

INSTANTIATE_TEST_SUITE_P(Kinds, CheckEveryKind, testing::ValuesIn(all_mail_kinds()),
                         [](const auto& param_info) {
                           return std::string(mail_kind_name(param_info.param));
                         });

struct ValueCase {
  const char* name;
  const char* param;
  std::string value;
  bool ok;
};
class ValueTable : public testing::TestWithParam<ValueCase> {};

TEST_P(ValueTable, IsTakenOrRefusedByName) {
  Mail mail = sample_mail(MailKind::kResetPassword);
  mail.params.insert_or_assign(GetParam().param, Content(GetParam().value));
  const auto checked = check(mail);
  EXPECT_EQ(checked.has_value(), GetParam().ok);
  if (checked) return;
  EXPECT_EQ(checked.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(checked.error().fields.at(0).pointer, std::string("params/") + GetParam().param);
  EXPECT_TRUE(GetParam().value.empty() ||
              !checked.error().detail.contains(GetParam().value.substr(0, 8)));
}

INSTANTIATE_TEST_SUITE_P(
    Values, ValueTable,
    testing::Values(ValueCase{"Text", "where", "Pune, India", true},
                    ValueCase{"NoText", "where", "", false},
                    ValueCase{"LongestText", "where", std::string(500, 'x'), true},
                    ValueCase{"TextTooLong", "where", std::string(501, 'x'), false},
                    ValueCase{"LineBreak", "where", "marker-a\r\nBcc: bob@example.com", false},
                    ValueCase{"LineFeed", "where", "marker-a\nb", false},
                    ValueCase{"NoUtf8", "where", "marker-a\xFF", false},
                    ValueCase{"Link", "link", "https://app.example.com/reset?token=a%2Fb#c", true},
                    ValueCase{"LocalLink", "link", "http://127.0.0.1:8080/reset", true},
                    ValueCase{"Script", "link", "javascript:alert(1)", false},
                    ValueCase{"NoScheme", "link", "//marker.example.com/reset", false},
                    ValueCase{"LinkWithQuote", "link", "https://a.example/\"onclick=x", false},
                    ValueCase{"LinkWithTag", "link", "https://a.example/<b>", false},
                    ValueCase{"LinkWithSpace", "link", "https://a.example/a b", false},
                    ValueCase{"LinkWithLineBreak", "link", "https://a.example/a\r\nb", false},
                    ValueCase{"LinkNotAscii", "link", "https://a.example/\xC3\xA4", false},
                    ValueCase{"LongestLink", "link", "https://" + std::string(1992, 'x'), true},
                    ValueCase{"LinkTooLong", "link", "https://" + std::string(1993, 'x'), false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(CheckMail, WrongAddressIsRefusedAndNotRepeated) {
  Mail mail = sample_mail(MailKind::kVerifyEmail);
  mail.to = Content("marker\r\nBcc: bob@example.com");
  const auto checked = check(mail);
  ASSERT_EQ(code_of(checked), ErrorCode::kInvalidRequest);
  EXPECT_THAT(checked.error().detail, Not(HasSubstr("marker")));
}

TEST(CheckMail, LifeIsSome) {
  Mail mail = sample_mail(MailKind::kVerifyEmail);
  mail.life = 168h;
  EXPECT_TRUE(check(mail));
  mail.life = 0s;
  EXPECT_EQ(code_of(check(mail)), ErrorCode::kInternal);
}

}  // namespace
}  // namespace flowsell::mail
