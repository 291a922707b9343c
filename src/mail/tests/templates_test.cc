#include "mail/templates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "sample_mail.h"
#include "testkit/database.h"
#include "testkit/temp_folder.h"

namespace flowsell::mail {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testkit::code_of;

class EveryTemplate : public testing::TestWithParam<MailKind> {
 protected:
  Templates templates_ = *Templates::load({});
  MailParams params_ = sample_params(GetParam());
  Templates::Rendered rendered() const { return *templates_.render(GetParam(), params_); }
};

TEST_P(EveryTemplate, ShowsEveryParameterInTextAndHtml) {
  const auto all = rendered();
  for (const auto& [name, value] : params_) {
    EXPECT_THAT(std::string(all.text.reveal()), HasSubstr(std::string(value.reveal()))) << name;
    EXPECT_THAT(std::string(all.html.reveal()), HasSubstr(std::string(value.reveal()))) << name;
  }
}

TEST_P(EveryTemplate, LeavesNoPlaceOpen) {
  const auto all = rendered();
  EXPECT_THAT(all.subject, Not(HasSubstr("{{")));
  EXPECT_THAT(std::string(all.text.reveal()), Not(HasSubstr("{{")));
  EXPECT_THAT(std::string(all.html.reveal()), Not(HasSubstr("{{")));
}

TEST_P(EveryTemplate, SaysWhoWrites) {
  const auto all = rendered();
  EXPECT_THAT(std::string(all.text.reveal()), HasSubstr("FlowSell Connect"));
  EXPECT_THAT(std::string(all.html.reveal()), HasSubstr("FlowSell Connect"));
}

TEST_P(EveryTemplate, LinesOfItsTextFitAScreen) {
  std::istringstream text{std::string(rendered().text.reveal())};
  for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), 120U) << line;
}

TEST_P(EveryTemplate, MissingParameterIsAnError) {
  params_.erase(params_.begin());
  EXPECT_EQ(code_of(templates_.render(GetParam(), params_)), ErrorCode::kInternal);
}

TEST_P(EveryTemplate, UnknownParameterIsAnError) {
  params_.emplace("colour", Content("red"));
  EXPECT_EQ(code_of(templates_.render(GetParam(), params_)), ErrorCode::kInternal);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryTemplate, testing::ValuesIn(all_mail_kinds()),
                         [](const auto& param_info) {
                           return std::string(mail_kind_name(param_info.param));
                         });

TEST(BuiltInTemplates, ParametersAreEscapedInHtmlOnly) {
  const auto templates = Templates::load({});
  auto params = sample_params(MailKind::kInvitation);
  params.insert_or_assign("workspace", Content("<b>A & \"B\"</b>"));
  const auto rendered = templates->render(MailKind::kInvitation, params);
  EXPECT_THAT(rendered->subject, HasSubstr("<b>A & \"B\"</b>"));
  EXPECT_THAT(std::string(rendered->text.reveal()), HasSubstr("<b>A & \"B\"</b>"));
  const std::string html(rendered->html.reveal());
  EXPECT_THAT(html, HasSubstr("<strong>&lt;b&gt;A &amp; &quot;B&quot;&lt;/b&gt;</strong>"));
  EXPECT_THAT(html, HasSubstr("<title>You are invited to &lt;b&gt;A"));
  EXPECT_THAT(html, Not(HasSubstr("<b>A")));
}

TEST(BuiltInTemplates, ProductHasTheNameThatItIsGiven) {
  const auto templates = Templates::load({.product = "Acme & Sons"});
  const auto rendered =
      templates->render(MailKind::kVerifyEmail, sample_params(MailKind::kVerifyEmail));
  EXPECT_THAT(std::string(rendered->text.reveal()), HasSubstr("\n--\nAcme & Sons\n"));
  EXPECT_THAT(std::string(rendered->html.reveal()), HasSubstr("Acme &amp; Sons"));
}

TEST(BuiltInTemplates, ProductIsOneLine) {
  EXPECT_FALSE(Templates::load({.product = "Acme\nBcc: x"}));
}

class TemplateFolder : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  Result<Templates> load() const { return Templates::load({.folder = folder_.path()}); }
  std::string error() const {
    const auto templates = load();
    return templates ? "" : templates.error().detail;
  }
  testkit::TempFolder folder_;
};

TEST_F(TemplateFolder, EmptyOneLeavesAllAsItIs) { EXPECT_TRUE(load()); }

TEST_F(TemplateFolder, FileStandsForTheBuiltInOne) {
  write("account_deleted.txt", "Subject: Gone, {{when}}\r\n\r\nBye from {{product}}.\r\n");
  const auto templates = load();
  ASSERT_TRUE(templates);
  const auto rendered = templates->render(MailKind::kAccountDeleted, {{"when", Content("today")}});
  EXPECT_EQ(rendered->subject, "Gone, today");
  EXPECT_THAT(std::string(rendered->text.reveal()), HasSubstr("Bye from FlowSell Connect.\n"));
  EXPECT_THAT(std::string(rendered->html.reveal()), HasSubstr("account was deleted on today"));
}

TEST_F(TemplateFolder, LayoutStandsForTheBuiltInOne) {
  write("layout.txt", "{{subject}}: {{body}}");
  const auto rendered = load()->render(MailKind::kAccountDeleted, {{"when", Content("today")}});
  EXPECT_THAT(std::string(rendered->text.reveal()), StartsWith("Your account was deleted: Your"));
}

TEST_F(TemplateFolder, OtherFilesAreLeftAlone) {
  write("README.md", "{{nothing}}");
  EXPECT_TRUE(load());
}

TEST_F(TemplateFolder, MissingOneIsAnError) {
  EXPECT_EQ(code_of(Templates::load({.folder = folder_ / "none"})), ErrorCode::kInvalidRequest);
}

struct FaultCase {
  const char* name;
  const char* file;
  std::string text;
  const char* what;
};
class TemplateFaults : public TemplateFolder, public testing::WithParamInterface<FaultCase> {};

TEST_P(TemplateFaults, IsNamedWithItsFile) {
  write(GetParam().file, GetParam().text);
  EXPECT_THAT(error(), HasSubstr(GetParam().file));
  EXPECT_THAT(error(), HasSubstr(GetParam().what));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, TemplateFaults,
    testing::Values(
        FaultCase{"UnknownPlace", "verify_email.html", "<p>{{link}}\n{{color}}</p>",
                  "line 2: there is no 'color'"},
        FaultCase{"PlaceOfAnotherKind", "account_deleted.txt",
                  "Subject: x\n\n{{when}}\n{{workspace}}\n", "line 4: there is no 'workspace'"},
        FaultCase{"NotClosed", "account_deleted.html", "{{when", "line 1: '{{' is not closed"},
        FaultCase{"NoSubject", "account_deleted.txt", "Gone.\n", "line 1 is not 'Subject: ...'"},
        FaultCase{"EmptySubject", "account_deleted.txt", "Subject: \n\nGone.\n", "no fit subject"},
        FaultCase{"NoEmptyLine", "account_deleted.txt", "Subject: x\nGone.\n\nx",
                  "no empty line follows"},
        FaultCase{"LinkInSubject", "verify_email.txt", "Subject: {{link}}\n\n{{link}}\n",
                  "line 1: there is no 'link'"},
        FaultCase{"TextWithoutLink", "verify_email.txt", "Subject: x\n\nConfirm.\n",
                  "does not show 'link'"},
        FaultCase{"HtmlWithoutLink", "verify_email.html", "<p>Confirm.</p>",
                  "does not show 'link'"},
        FaultCase{"LayoutWithoutBody", "layout.html", "<p>Hello</p>", "no place for the body"},
        FaultCase{"ParameterInLayout", "layout.txt", "{{body}}{{link}}", "there is no 'link'"},
        FaultCase{"NoUtf8", "account_deleted.html", "\xFF", "is no UTF-8"},
        FaultCase{"TooLong", "account_deleted.html", std::string(65 * 1024, 'x'),
                  "longer than 64 KiB"},
        FaultCase{"UnknownName", "verify_mail.txt", "Subject: x\n\n{{link}}\n",
                  "no mail has a template of this name"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::mail
