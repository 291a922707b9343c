#include "check.h"

#include <gtest/gtest.h>

#include "support.h"

namespace flowsell::config {
namespace {

TEST(Check, TlsNeedsBothFiles) {
  EXPECT_EQ(only_fault(load({"--tls-certificate", "a.pem"}, {})), "server.tls_key required");
  EXPECT_EQ(only_fault(load({"--tls-key", "a.pem"}, {})), "server.tls_certificate required");
  EXPECT_TRUE(load({"--tls-certificate", "a.pem", "--tls-key", "b.pem"}, {}));
}

TEST(Check, NextMasterKeyGoesWithOneOfTheSettings) {
  const std::string key(64, 'a');
  const Environment next = {{"CONNECT_SECURITY_MASTER_KEY_NEXT", key}};
  EXPECT_EQ(only_fault(load({}, next)), "CONNECT_SECURITY_MASTER_KEY_NEXT conflict");
  EXPECT_EQ(only_fault(load({"--master-key-next-command", "true"}, {})),
            "--master-key-next-command conflict");
  EXPECT_TRUE(load({"--master-key-command", "true"}, next));
  EXPECT_EQ(
      only_fault(load({"--master-key-command", "true", "--master-key-next-command", "true"}, next)),
      "--master-key-next-command conflict");
}

TEST(Check, SandboxListensOnLoopbackOnly) {
  EXPECT_EQ(only_fault(load({"--sandbox", "--listen", "0.0.0.0:8080"}, {})),
            "--listen not_loopback");
  EXPECT_EQ(only_fault(load({"--sandbox", "--simulator-listen", "[::]:0"}, {})),
            "--simulator-listen not_loopback");
  EXPECT_TRUE(load({"--sandbox", "--listen", "[::1]:8080"}, {}));
}

TEST(Check, WithoutSandboxAnyAddressIsFine) { EXPECT_TRUE(load({"--listen", "0.0.0.0:8080"}, {})); }

TEST(Check, SimulatorUrlNeedsTheSandbox) {
  EXPECT_EQ(only_fault(load({"--simulator-url", "http://127.0.0.1:9"}, {})),
            "--simulator-url sandbox_only");
  EXPECT_TRUE(load({"--sandbox", "--simulator-url", "http://127.0.0.1:9"}, {}));
}

TEST(Check, FailpointNeedsTheSandbox) {
  EXPECT_EQ(only_fault(load({"--failpoint", "commit.before"}, {})), "--failpoint sandbox_only");
  EXPECT_TRUE(load({"--sandbox", "--failpoint", "commit.before:2"}, {}));
}

TEST(Check, ApiBaseInClearIsForLoopbackOnly) {
  EXPECT_EQ(only_fault(load({}, {{"CONNECT_WHATSAPP_API_BASE", "http://graph.example"}})),
            "CONNECT_WHATSAPP_API_BASE not_https");
  EXPECT_TRUE(load({"--whatsapp-api-base", "http://127.0.0.1:9/v25.0"}, {}));
}

TEST(Check, MasterKeyComesFromOnePlace) {
  EXPECT_EQ(only_fault(load({"--master-key-command", "kms decrypt"},
                            {{"CONNECT_SECURITY_MASTER_KEY", std::string(64, 'a')}})),
            "--master-key-command conflict");
}

TEST(Check, RetentionOutlastsWhatMayStillCome) {
  EXPECT_EQ(only_fault(load({"--data-retention-days", "9"}, {})),
            "--data-retention-days too_short");
  EXPECT_TRUE(load({"--data-retention-days", "10"}, {}));
  EXPECT_TRUE(load({"--data-retention-days", "0"}, {}));
}

TEST(Check, PasskeysBelongToTheHostOrADomainAboveIt) {
  Settings settings;
  settings.server.public_url = "https://connect.shop.example:8443";
  for (const char* id : {"", "connect.shop.example", "shop.example"}) {
    settings.accounts.passkey_rp_id = id;
    EXPECT_TRUE(check(settings).empty()) << id;
  }
  for (const char* id : {"example", "op.example", "other.example", "more.connect.shop.example"}) {
    settings.accounts.passkey_rp_id = id;
    ASSERT_EQ(check(settings).size(), 1U) << id;
    EXPECT_EQ(check(settings).front().pointer, "accounts.passkey_rp_id");
  }
  settings.server.public_url.clear();
  settings.accounts.passkey_rp_id = "shop.example";
  EXPECT_EQ(check(settings).size(), 1U) << "there is no host";
}

TEST(Check, DefaultsBreakNoRule) { EXPECT_TRUE(check(Settings{}).empty()); }

}  // namespace
}  // namespace flowsell::config
