#include <gtest/gtest.h>

#include <algorithm>

#include "config/settings.h"
#include "support.h"
#include "table.h"

namespace flowsell::config {
namespace {

using namespace std::chrono_literals;
using testing::Test;

TEST(Load, NothingGivenIsTheDefaults) {
  const auto loaded = load({}, {});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->command, Command::kServe);
  EXPECT_EQ(loaded->settings.server.listen.str(), "127.0.0.1:8080");
  EXPECT_EQ(loaded->settings.webhook.retry_schedule.size(), 10U);
  EXPECT_TRUE(loaded->sources.empty());
}

TEST(Load, EveryDefaultIsAValueThatItsSettingAccepts) {
  const Settings defaults;
  for (const Setting& setting : table()) {
    Settings read;
    if (setting.secret) continue;
    EXPECT_TRUE(setting.apply(read, setting.show(defaults))) << setting.name;
    EXPECT_EQ(setting.show(read), setting.show(defaults)) << setting.name;
  }
}

TEST(Load, EveryNameFlagAndVariableIsUnique) {
  std::vector<std::string> all;
  for (const Setting& setting : table()) {
    all.push_back(setting.name);
    all.push_back(setting.environment);
    if (!setting.flag.empty()) all.push_back(setting.flag);
  }
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST(Load, BackupAndRestoreNameTheirFile) {
  const auto backup = load({"backup", "--data-dir", "d", "--to", "b.db"}, {});
  ASSERT_TRUE(backup);
  EXPECT_EQ(backup->command, Command::kBackup);
  EXPECT_EQ(backup->to.reveal(), "b.db");
  EXPECT_EQ(backup->settings.data.dir, "d");
  const auto restore = load({"restore", "--from", "b.db"}, {});
  ASSERT_TRUE(restore);
  EXPECT_EQ(restore->command, Command::kRestore);
  EXPECT_EQ(restore->from, "b.db");
}

TEST(Load, BackupAndRestoreWithoutTheirFileOrWithAnothersAreRefused) {
  EXPECT_EQ(only_fault(load({"backup"}, {})), "--to required");
  EXPECT_EQ(only_fault(load({"restore"}, {})), "--from required");
  EXPECT_EQ(only_fault(load({"backup", "--to", "b", "--from", "a"}, {})), "--from unknown_flag");
  EXPECT_EQ(only_fault(load({"--to", "b"}, {})), "--to unknown_flag");
}

class Precedence : public Test {
 protected:
  ConfigFile file_{"[server]\nthreads = 3\n"};
  Environment environment_{{"CONNECT_THREADS", "4"}, {"CONNECT_CONFIG", file_.path()}};

  std::pair<std::size_t, std::string> threads(std::vector<std::string> args,
                                              const Environment& env) {
    const auto loaded = load(args, env);
    if (!loaded) return {0, loaded.error().detail};
    const auto source = loaded->sources.find("server.threads");
    return {loaded->settings.server.threads,
            source == loaded->sources.end() ? "default" : source->second};
  }
};

TEST_F(Precedence, FileBeatsDefault) {
  EXPECT_EQ(threads({"--config", file_.path()}, {}),
            std::pair(std::size_t{3}, "file " + file_.path()));
}

TEST_F(Precedence, EnvironmentBeatsFile) {
  EXPECT_EQ(threads({}, environment_),
            std::pair(std::size_t{4}, std::string("environment CONNECT_THREADS")));
}

TEST_F(Precedence, FlagBeatsEnvironment) {
  EXPECT_EQ(threads({"--threads", "5"}, environment_),
            std::pair(std::size_t{5}, std::string("flag --threads")));
}

TEST_F(Precedence, ConfigFlagBeatsConfigVariable) {
  const ConfigFile other("[server]\nthreads = 6\n");
  EXPECT_EQ(threads({"--config", other.path()}, {{"CONNECT_CONFIG", file_.path()}}),
            std::pair(std::size_t{6}, "file " + other.path()));
}

TEST_F(Precedence, EmptyVariableCountsAsNotSet) {
  EXPECT_EQ(threads({}, {{"CONNECT_THREADS", ""}}),
            std::pair(std::size_t{0}, std::string("default")));
}

TEST(Load, SandboxIsASwitchThatCanBeTurnedOffAgain) {
  const Environment on{{"CONNECT_SANDBOX", "true"}};
  EXPECT_TRUE(load({"--sandbox"}, {}).value().settings.sandbox.enabled);
  EXPECT_TRUE(load({}, on).value().settings.sandbox.enabled);
  EXPECT_FALSE(load({"--sandbox=false"}, on).value().settings.sandbox.enabled);
}

TEST(Load, ReadsEveryTypeFromTheFile) {
  const ConfigFile file(R"(
[log]
level = "warn"
format = "json"
[outbox]
pair_limit = false
[webhook]
retry_schedule_seconds = [0, 60]
allowed_targets = ["localhost:9000", "10.0.0.7:80"]
[content]
retention_hours = 0
[whatsapp]
app_secret = "hunter2"
)");
  const auto loaded = load({"--config", file.path()}, {});
  ASSERT_TRUE(loaded) << loaded.error().detail;
  const Settings& s = loaded->settings;
  EXPECT_EQ(s.log.level, LogLevel::kWarn);
  EXPECT_EQ(s.log.format, LogFormat::kJson);
  EXPECT_FALSE(s.outbox.pair_limit);
  EXPECT_EQ(s.webhook.retry_schedule, (std::vector<std::chrono::seconds>{0s, 60s}));
  EXPECT_EQ(s.webhook.allowed_targets, (std::vector<std::string>{"localhost:9000", "10.0.0.7:80"}));
  EXPECT_EQ(s.content.retention, 0h);
  EXPECT_EQ(s.whatsapp.app_secret.reveal(), "hunter2");
}

TEST(Load, ReadsListsFromFlagsWithCommas) {
  const auto loaded = load({"--webhook-retry-schedule-seconds", "0,5,10"}, {});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.webhook.retry_schedule,
            (std::vector<std::chrono::seconds>{0s, 5s, 10s}));
}

TEST(Load, KnowsItsCommands) {
  EXPECT_EQ(load({"config"}, {}).value().command, Command::kShowConfig);
  EXPECT_EQ(load({"config", "--markdown"}, {}).value().command, Command::kShowConfigMarkdown);
  EXPECT_EQ(load({"audit", "verify"}, {}).value().command, Command::kVerifyAudit);
  EXPECT_EQ(load({"audit", "verify-certificate", "--from", "x"}, {}).value().command,
            Command::kVerifyCertificate);
  EXPECT_FALSE(load({"audit", "verify-certificate"}, {}));
  EXPECT_FALSE(load({"audit"}, {}));
  EXPECT_FALSE(load({"audit", "everything"}, {}));
  EXPECT_EQ(load({"permissions"}, {}).value().command, Command::kShowPermissions);
  EXPECT_EQ(load({"version"}, {}).value().command, Command::kShowVersion);
  EXPECT_EQ(load({"--help"}, {}).value().command, Command::kShowHelp);
  EXPECT_EQ(load({"config", "-h"}, {}).value().command, Command::kShowHelp);
}

TEST(Load, RotationIsACommand) {
  EXPECT_EQ(load({"rotate-master-key"}, {}).value().command, Command::kRotateMasterKey);
  EXPECT_FALSE(load({"rotate-master-key", "now"}, {}));
}

TEST(Load, ExportIsVerifiedFromAFile) {
  const auto loaded = load({"audit", "verify", "--file", "a.jsonl", "--public-key", "aa"}, {});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->file, "a.jsonl");
  EXPECT_EQ(loaded->public_key, "aa");
  EXPECT_EQ(only_fault(load({"audit", "verify", "--public-key", "aa"}, {})),
            "--public-key unknown_flag");
  EXPECT_EQ(only_fault(load({"--file", "a.jsonl"}, {})), "--file unknown_flag");
}

TEST(Load, FlagsMayStandOnBothSidesOfTheCommand) {
  EXPECT_EQ(load({"config", "--threads", "2"}, {}).value().settings.server.threads, 2U);
  EXPECT_EQ(load({"--threads", "2", "config"}, {}).value().settings.server.threads, 2U);
}

TEST(Load, VersionAndHelpAreShownEvenWhenAValueIsBad) {
  EXPECT_TRUE(load({"version"}, {{"CONNECT_THREADS", "x"}}));
  EXPECT_TRUE(load({"--help"}, {{"CONNECT_NONSENSE", "x"}}));
}

TEST(Load, VariablesOfOthersAreLeftAlone) {
  EXPECT_TRUE(load({}, {{"PATH", "/bin"},
                        {"CONNECTD", "x"},
                        {"CONNECT_SIM", "x"},
                        {"CONNECT_SERVICE_HOST", "10.0.0.1"},
                        {"CONNECT_PORT", "tcp://10.0.0.1:80"},
                        {"CONNECT_PORT_80_TCP", "tcp://10.0.0.1:80"}}));
}

// --- faults: each names its source ---

TEST(LoadFaults, UnknownFlag) {
  EXPECT_EQ(only_fault(load({"--nonsense", "1"}, {})), "--nonsense unknown_flag");
}

TEST(LoadFaults, UnknownCommand) {
  EXPECT_EQ(only_fault(load({"serv"}, {})), "command unknown_command");
}

TEST(LoadFaults, SecondCommand) {
  EXPECT_EQ(only_fault(load({"config", "version"}, {})), "command unknown_argument");
}

TEST(LoadFaults, MarkdownBelongsToConfig) {
  EXPECT_EQ(only_fault(load({"--markdown"}, {})), "command unknown_command");
}

TEST(LoadFaults, FlagWithoutItsValue) {
  EXPECT_EQ(only_fault(load({"--threads"}, {})), "command line invalid");
}

TEST(LoadFaults, FlagGivenTwice) {
  EXPECT_EQ(only_fault(load({"--threads", "1", "--threads", "2"}, {})), "command line invalid");
}

TEST(LoadFaults, BadFlagValue) {
  EXPECT_EQ(only_fault(load({"--threads", "257"}, {})), "--threads invalid_value");
  EXPECT_EQ(only_fault(load({"--sandbox=maybe"}, {})), "--sandbox invalid_value");
  EXPECT_EQ(only_fault(load({"--log-level", "loud"}, {})), "--log-level invalid_value");
}

TEST(LoadFaults, UnknownVariable) {
  EXPECT_EQ(only_fault(load({}, {{"CONNECT_LISTNE", "x"}})), "CONNECT_LISTNE unknown_variable");
}

TEST(LoadFaults, BadVariableValue) {
  EXPECT_EQ(only_fault(load({}, {{"CONNECT_LISTEN", "8080"}})), "CONNECT_LISTEN invalid_value");
}

TEST(LoadFaults, MissingFile) {
  EXPECT_EQ(only_fault(load({"--config", "/nonexistent/x.toml"}, {})), "--config unreadable_file");
  EXPECT_EQ(only_fault(load({}, {{"CONNECT_CONFIG", "/nonexistent/x.toml"}})),
            "CONNECT_CONFIG unreadable_file");
}

TEST(LoadFaults, FileThatIsADirectory) {
  EXPECT_EQ(only_fault(load({"--config", "/"}, {})), "--config unreadable_file");
}

TEST(LoadFaults, BrokenFileNamesItsLine) {
  const ConfigFile file("[server]\nthreads = = 1\n");
  const auto loaded = load({"--config", file.path()}, {});
  EXPECT_EQ(only_fault(loaded), file.path() + " invalid_toml");
  EXPECT_NE(loaded.error().detail.find("line 2"), std::string::npos) << loaded.error().detail;
}

TEST(LoadFaults, UnknownKeyInTheFile) {
  const ConfigFile file("[server]\nthraeds = 1\n");
  EXPECT_EQ(only_fault(load({"--config", file.path()}, {})),
            file.path() + ": server.thraeds unknown_key");
}

TEST(LoadFaults, UnknownKeyAtTheTopOfTheFile) {
  const ConfigFile file("threads = 1\n");
  EXPECT_EQ(only_fault(load({"--config", file.path()}, {})), file.path() + ": threads unknown_key");
}

TEST(LoadFaults, NumberInQuotesInTheFile) {
  const ConfigFile file("[server]\nthreads = \"1\"\n");
  EXPECT_EQ(only_fault(load({"--config", file.path()}, {})),
            file.path() + ": server.threads wrong_type");
}

TEST(LoadFaults, ScalarWhereTheFileNeedsAnArray) {
  const ConfigFile file("[webhook]\nretry_schedule_seconds = 5\n");
  EXPECT_EQ(only_fault(load({"--config", file.path()}, {})),
            file.path() + ": webhook.retry_schedule_seconds wrong_type");
}

TEST(LoadFaults, EmptyScheduleInTheFile) {
  const ConfigFile file("[webhook]\nretry_schedule_seconds = []\n");
  EXPECT_EQ(only_fault(load({"--config", file.path()}, {})),
            file.path() + ": webhook.retry_schedule_seconds invalid_value");
}

TEST(LoadFaults, AllAreReportedAtOnce) {
  const auto loaded =
      load({"--threads", "x"}, {{"CONNECT_LISTEN", "x"}, {"CONNECT_NONSENSE", "x"}});
  EXPECT_EQ(faults_of(loaded).size(), 3U);
}

TEST(LoadFaults, ValueInTheFileIsNotJudgedWhenAFlagReplacesIt) {
  const ConfigFile file("[server]\nthreads = 9999\n");
  EXPECT_TRUE(load({"--config", file.path(), "--threads", "1"}, {}));
}

TEST(LoadFaults, SecretAsAFlagIsRefusedWithoutRepeatingIt) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"--whatsapp-app-secret", "hunter2"},
        {"--whatsapp-app-secret=hunter2"}}) {
    const auto loaded = load(args, {});
    EXPECT_EQ(only_fault(loaded), "--whatsapp-app-secret unknown_flag");
    EXPECT_EQ(loaded.error().detail.find("hunter2"), std::string::npos);
    EXPECT_NE(loaded.error().detail.find("CONNECT_WHATSAPP_APP_SECRET"), std::string::npos);
  }
}

TEST(LoadFaults, BadSecretIsNotRepeated) {
  const auto loaded = load({}, {{"CONNECT_SECURITY_MASTER_KEY", "hunter2"}});
  EXPECT_EQ(only_fault(loaded), "CONNECT_SECURITY_MASTER_KEY invalid_value");
  EXPECT_EQ(loaded.error().detail.find("hunter2"), std::string::npos);
}

TEST(LoadFaults, BrokenLineWithASecretIsNotRepeated) {
  const ConfigFile file("[whatsapp]\napp_secret = \"hunter2\n");
  EXPECT_EQ(load({"--config", file.path()}, {}).error().detail.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace flowsell::config
