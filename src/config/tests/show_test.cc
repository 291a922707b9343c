#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/settings.h"
#include "support.h"
#include "table.h"

namespace flowsell::config {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST(HelpText, ListsEverySettingThatIsNotHidden) {
  const std::string help = help_text({});
  for (const Setting& setting : table()) {
    EXPECT_EQ(help.find(setting.environment) != std::string::npos, !setting.hidden) << setting.name;
    if (!setting.flag.empty() && !setting.hidden) EXPECT_THAT(help, HasSubstr(setting.flag));
  }
}

TEST(HelpText, SaysWhatIsSetAndWhereAndOfASecretOnlyThatItIs) {
  const auto loaded = load(
      {"--help", "--threads", "7"},
      {{"CONNECT_LISTEN", "127.0.0.1:1"}, {"CONNECT_SECURITY_MASTER_KEY", std::string(64, 'e')}});
  ASSERT_TRUE(loaded);
  const std::string help = help_text(*loaded);
  EXPECT_THAT(help, HasSubstr("Default: 0. Now: 7 (flag --threads)."));
  EXPECT_THAT(help, HasSubstr("Now: 127.0.0.1:1 (environment CONNECT_LISTEN)."));
  EXPECT_THAT(help, HasSubstr("Now: set (environment CONNECT_SECURITY_MASTER_KEY)."));
  EXPECT_THAT(help, Not(HasSubstr("eeee")));
}

TEST(HelpText, IsShownThoughAValueIsWrong) {
  const auto loaded = load({"--help"}, {{"CONNECT_LISTEN", "nowhere"}, {"CONNECT_NO_SUCH", "1"}});
  ASSERT_TRUE(loaded);
  EXPECT_THAT(help_text(*loaded), Not(HasSubstr("nowhere")));
}

TEST(Show, ListsEverySettingWithItsValueAndSource) {
  const auto loaded = load({"config", "--threads", "7"}, {{"CONNECT_LISTEN", "127.0.0.1:1"}});
  ASSERT_TRUE(loaded);
  const std::string shown = show(*loaded);
  for (const Setting& setting : table()) EXPECT_THAT(shown, HasSubstr(setting.name + " "));
  EXPECT_THAT(shown, ContainsRegex("server.threads +7 +flag --threads"));
  EXPECT_THAT(shown, ContainsRegex("server.listen +127.0.0.1:1 +environment CONNECT_LISTEN"));
  EXPECT_THAT(shown, ContainsRegex("server.idle_seconds +75 +default"));
}

TEST(Show, SaysOfASecretOnlyWhetherItIsSet) {
  const auto loaded = load({"config"}, {{"CONNECT_WHATSAPP_APP_SECRET", "hunter2"},
                                        {"CONNECT_DATABASE", "postgres://a:hunter2@b/c"},
                                        {"CONNECT_SECURITY_MASTER_KEY", std::string(64, 'e')}});
  ASSERT_TRUE(loaded);
  const std::string shown = show(*loaded);
  EXPECT_THAT(shown, Not(HasSubstr("hunter2")));
  EXPECT_THAT(shown, Not(HasSubstr("eeee")));
  EXPECT_THAT(shown, ContainsRegex("whatsapp.app_secret +set +environment"));
  EXPECT_THAT(shown, ContainsRegex("whatsapp.verify_token +not set +default"));
}

TEST(Markdown, IsTheDocumentInDocs) {
  std::ifstream file(FLOWSELL_SOURCE_DIR "/docs/configuration.md", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), markdown()) << "run: connectd config --markdown >docs/configuration.md";
}

}  // namespace
}  // namespace flowsell::config
