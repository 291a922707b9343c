#include "identity/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/workspaces.h"
#include "testkit/database.h"

namespace flowsell::identity {
namespace {

class SettingsTest : public testing::Test {
 protected:
  ~SettingsTest() override { db_->stop(); }
  StoredWorkspace found() {
    const auto stored = testkit::in_snapshot(*db_, [this](store::Connection& connection) {
      return find_workspace(connection, workspace_);
    });
    return stored.value();
  }
  void store(const StoredWorkspace& stored) {
    ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& connection) {
      return store_workspace(connection, workspace_, stored);
    }));
  }

  testkit::TempFolder folder_;
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  crypto::KeyRing ring_ = *crypto::KeyRing::from_hex(Secret(std::string(64, 'a')));
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  Workspaces workspaces_{*db_, ring_, ids_, clock_};
  WorkspaceId workspace_ = *workspaces_.create("Acme");
};

StoredWorkspace everything(IdSource& ids) {
  StoredWorkspace stored;
  stored.name = "Acme & Söhne";
  stored.revision = 7;
  WorkspaceSettings& s = stored.settings;
  s.time_zone = "Asia/Kolkata";
  s.live_sender = ids.next<IdKind::kSender>();
  s.test_sender = ids.next<IdKind::kSender>();
  s.records_days = 30;
  s.content_hours = 0;
  s.ip_allow_list = {*IpRange::parse("203.0.113.0/24"), *IpRange::parse("2001:db8::/32")};
  s.sso_required = s.support_needs_approval = s.consent_required_for_marketing = true;
  return stored;
}

void expect_same(const WorkspaceSettings& a, const WorkspaceSettings& b) {
  EXPECT_EQ(a.time_zone, b.time_zone);
  EXPECT_EQ(a.live_sender, b.live_sender);
  EXPECT_EQ(a.test_sender, b.test_sender);
  EXPECT_EQ(a.records_days, b.records_days);
  EXPECT_EQ(a.content_hours, b.content_hours);
  EXPECT_EQ(a.ip_allow_list, b.ip_allow_list);
  EXPECT_EQ(a.sso_required, b.sso_required);
  EXPECT_EQ(a.support_needs_approval, b.support_needs_approval);
  EXPECT_EQ(a.consent_required_for_marketing, b.consent_required_for_marketing);
}

TEST_F(SettingsTest, NewWorkspaceHasTheDefaults) {
  EXPECT_EQ(found().name, "Acme");
  EXPECT_EQ(found().revision, 0);
  expect_same(found().settings, {});
}

TEST_F(SettingsTest, WhatIsStoredIsFoundAgain) {
  const auto wanted = everything(ids_);
  store(wanted);
  EXPECT_EQ(found().name, wanted.name);
  EXPECT_EQ(found().revision, wanted.revision);
  expect_same(found().settings, wanted.settings);
}

TEST_F(SettingsTest, SettingsCanBeTakenBack) {
  store(everything(ids_));
  store({"Acme", {}, 8});
  expect_same(found().settings, {});
}

TEST_F(SettingsTest, AnotherWorkspacesStayAsTheyAre) {
  const auto other = *workspaces_.create("Other");
  store(everything(ids_));
  const auto stored = testkit::in_snapshot(
      *db_, [&](store::Connection& connection) { return find_workspace(connection, other); });
  EXPECT_EQ(stored->name, "Other");
  expect_same(stored->settings, {});
}

TEST_F(SettingsTest, MemoryHasThemAfterAStart) {
  const auto wanted = everything(ids_);
  store(wanted);
  SettingsMemory memory;
  ASSERT_TRUE(memory.load(*db_));
  expect_same(*memory.of(workspace_), wanted.settings);
  EXPECT_FALSE(memory.takes(workspace_, "198.51.100.1"));
  EXPECT_TRUE(memory.takes(workspace_, "203.0.113.9"));
}

TEST_F(SettingsTest, OlderChangeDoesNotReplaceANewerOne) {
  SettingsMemory memory;
  StoredWorkspace newer;
  newer.revision = 2;
  newer.settings.time_zone = "Europe/Berlin";
  memory.put(workspace_, newer);
  memory.put(workspace_, {"Acme", {}, 1});
  EXPECT_EQ(memory.of(workspace_)->time_zone, "Europe/Berlin");
}

TEST_F(SettingsTest, ListBindsItsWorkspaceOnlyAndUntilItIsEmptied) {
  SettingsMemory memory;
  const auto other = ids_.next<IdKind::kWorkspace>();
  EXPECT_TRUE(memory.takes(workspace_, "198.51.100.1"));
  auto stored = everything(ids_);
  memory.put(workspace_, stored);
  EXPECT_FALSE(memory.takes(workspace_, "198.51.100.1"));
  EXPECT_TRUE(memory.takes(workspace_, "2001:db8::1"));
  EXPECT_TRUE(memory.takes(other, "198.51.100.1"));
  stored.settings.ip_allow_list.clear();
  ++stored.revision;
  memory.put(workspace_, stored);
  EXPECT_TRUE(memory.takes(workspace_, "198.51.100.1"));
}

TEST_F(SettingsTest, ConsentIsRequiredWhereTheWorkspaceSaysSo) {
  SettingsMemory memory;
  EXPECT_FALSE(memory.requires_consent(workspace_));
  auto stored = everything(ids_);
  memory.put(workspace_, stored);
  EXPECT_TRUE(memory.requires_consent(workspace_));
  EXPECT_FALSE(memory.requires_consent(ids_.next<IdKind::kWorkspace>()));
  stored.settings.consent_required_for_marketing = false;
  ++stored.revision;
  memory.put(workspace_, stored);
  EXPECT_FALSE(memory.requires_consent(workspace_));
}

TEST_F(SettingsTest, WindowOfContentIsTheServersOrShorter) {
  using namespace std::chrono_literals;
  SettingsMemory memory;
  EXPECT_EQ(memory.content_window(workspace_, 24h), 24h);
  auto stored = everything(ids_);
  memory.put(workspace_, stored);
  EXPECT_EQ(memory.content_window(workspace_, 24h), 0h);
  stored.settings.content_hours = 72;
  ++stored.revision;
  memory.put(workspace_, stored);
  EXPECT_EQ(memory.content_window(workspace_, 24h), 24h);
  EXPECT_EQ(memory.with_windows().size(), 1U);
}

}  // namespace
}  // namespace flowsell::identity
