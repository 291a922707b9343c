#include "team/settings_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "team_world.h"

namespace flowsell::team {
namespace {

using namespace std::chrono_literals;
using identity::Role;
using identity::StoredWorkspace;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

class SettingsDeskTest : public testing::Test {
 protected:
  By owner() { return world_.by(world_.owner, Role::kOwner); }
  Result<StoredWorkspace> change(SettingsDesk::Edit edit) {
    return world_.run(desk_.change(owner(), std::move(edit)));
  }
  /// The pointer of the field that a change is refused for.
  std::string fault_of(SettingsDesk::Edit edit) {
    const auto changed = change(std::move(edit));
    return changed || changed.error().fields.empty() ? "" : changed.error().fields.front().pointer;
  }
  identity::SettingsPtr in_force() { return workspaces_.settings().of(workspace_); }

  TeamWorld world_;
  crypto::KeyRing ring_ = *crypto::KeyRing::from_hex(Secret(std::string(64, 'a')));
  identity::Workspaces workspaces_{*world_.db, ring_, world_.ids, world_.clock};
  SettingsDesk desk_{*world_.db,
                     workspaces_,
                     {.records = std::chrono::days(90), .content = 24h},
                     world_.ids,
                     world_.clock};
  WorkspaceId workspace_ = world_.workspace = *workspaces_.create("Acme");
};

TEST_F(SettingsDeskTest, ChangeIsInForceAndFoundAgain) {
  ASSERT_TRUE(change([](StoredWorkspace& w) { w.settings.time_zone = "Asia/Kolkata"; }));
  EXPECT_EQ(in_force()->time_zone, "Asia/Kolkata");
  EXPECT_EQ(world_.run(desk_.find(workspace_))->settings.time_zone, "Asia/Kolkata");
}

TEST_F(SettingsDeskTest, RecordSaysWhatChangedAndNothingElse) {
  ASSERT_TRUE(change([](StoredWorkspace& w) { w.settings.sso_required = true; }));
  const auto event = world_.acts().back();
  EXPECT_EQ(event.name, "workspace.changed");
  EXPECT_EQ(event.before, R"({"sso_required":false})");
  EXPECT_EQ(event.after, R"({"sso_required":true})");
  EXPECT_EQ(event.actor.id, world_.owner.str());
}

TEST_F(SettingsDeskTest, NamesAreInThePartOfTheRecordThatCanBeErased) {
  ASSERT_TRUE(change([](StoredWorkspace& w) { w.name = "Asha's"; }));
  const auto event = world_.acts().back();
  EXPECT_THAT(event.personal, HasSubstr(R"("name_after":"Asha's")"));
  EXPECT_EQ(event.before + event.after, "");
}

TEST_F(SettingsDeskTest, ChangeOfNothingIsNoneAndOnNoRecord) {
  ASSERT_TRUE(change([](StoredWorkspace& w) { w.settings.time_zone = "UTC"; }));
  EXPECT_THAT(world_.acts(), IsEmpty());
}

TEST_F(SettingsDeskTest, TwoChangesBothHold) {
  ASSERT_TRUE(change([](StoredWorkspace& w) { w.settings.sso_required = true; }));
  ASSERT_TRUE(change([](StoredWorkspace& w) { w.settings.records_days = 30; }));
  EXPECT_TRUE(in_force()->sso_required);
  EXPECT_EQ(in_force()->records_days, 30);
  EXPECT_THAT(world_.acts(), SizeIs(2));
}

TEST_F(SettingsDeskTest, RefusedChangeLeavesEverythingAsItWas) {
  EXPECT_EQ(fault_of([](StoredWorkspace& w) {
              w.settings.sso_required = true;
              w.settings.time_zone = "Mars/Olympus";
            }),
            "/time_zone");
  EXPECT_FALSE(in_force()->sso_required);
  EXPECT_EQ(world_.run(desk_.find(workspace_))->revision, 0);
  EXPECT_THAT(world_.acts(), IsEmpty());
}

TEST_F(SettingsDeskTest, TimeZoneIsOneOfTheSystems) {
  for (const char* name : {"", "Mars/Olympus", "../../../etc/passwd", "/etc/passwd", "tzdata.zi",
                           "posix/UTC", "right/UTC", "Europe", "europe berlin", "localtime"}) {
    EXPECT_EQ(fault_of([name](StoredWorkspace& w) { w.settings.time_zone = name; }), "/time_zone")
        << name;
  }
  for (const char* name : {"Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "UTC"}) {
    EXPECT_TRUE(change([name](StoredWorkspace& w) { w.settings.time_zone = name; })) << name;
  }
}

TEST_F(SettingsDeskTest, WindowsAreWithinTheServers) {
  constexpr const char* kDays = "/retention/records_days";
  constexpr const char* kHours = "/retention/content_hours";
  for (const std::int64_t days : {9, 91}) {
    EXPECT_EQ(fault_of([days](StoredWorkspace& w) { w.settings.records_days = days; }), kDays);
  }
  for (const std::int64_t hours : {-1, 25}) {
    EXPECT_EQ(fault_of([hours](StoredWorkspace& w) { w.settings.content_hours = hours; }), kHours);
  }
  for (const std::int64_t days : {10, 90}) {
    EXPECT_TRUE(change([days](StoredWorkspace& w) { w.settings.records_days = days; })) << days;
  }
  for (const std::int64_t hours : {0, 24}) {
    EXPECT_TRUE(change([hours](StoredWorkspace& w) { w.settings.content_hours = hours; })) << hours;
  }
}

TEST_F(SettingsDeskTest, ListThatLacksItsMakersAddressIsRefused) {
  const auto to = [](const char* range) {
    return [range](StoredWorkspace& w) { w.settings.ip_allow_list = {*IpRange::parse(range)}; };
  };
  ASSERT_EQ(owner().origin.address, "203.0.113.9");
  EXPECT_EQ(fault_of(to("198.51.100.0/24")), "/ip_allow_list");
  EXPECT_TRUE(workspaces_.settings().takes(workspace_, "192.0.2.1"));
  EXPECT_TRUE(change(to("203.0.113.0/24")));
  EXPECT_FALSE(workspaces_.settings().takes(workspace_, "192.0.2.1"));
}

TEST_F(SettingsDeskTest, WhatTheServerNoLongerAllowsHoldsUpNoOtherChange) {
  SettingsDesk generous(*world_.db, workspaces_, {.records = std::chrono::days(0), .content = 24h},
                        world_.ids, world_.clock);
  ASSERT_TRUE(world_.run(
      generous.change(owner(), [](StoredWorkspace& w) { w.settings.records_days = 400; })));
  EXPECT_TRUE(change([](StoredWorkspace& w) { w.settings.sso_required = true; }));
}

TEST_F(SettingsDeskTest, ForeignWorkspaceIsNotFound) {
  world_.workspace = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_of(change([](StoredWorkspace& w) { w.settings.sso_required = true; })),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of(world_.run(desk_.find(world_.workspace))), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace flowsell::team
