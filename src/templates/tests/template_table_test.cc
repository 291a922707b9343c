#include "template_table.h"

#include <gtest/gtest.h>

#include <thread>

#include "identity/workspaces.h"
#include "templates/schema.h"
#include "testkit/database.h"

namespace flowsell::templates {
namespace {

using namespace std::chrono_literals;

constexpr Time kThen = from_unix_ms(1'800'000'000'000);

class TemplateTable : public testing::Test {
 protected:
  ~TemplateTable() override { db_->stop(); }

  static channel::ProviderTemplate provider(std::string id = "1001",
                                            std::string status = "approved",
                                            std::string components = "[1]") {
    channel::ProviderTemplate out;
    out.provider_id = std::move(id);
    out.name = "order";
    out.language = "en_US";
    out.category = "utility";
    out.status = std::move(status);
    out.components_json = std::move(components);
    return out;
  }
  Stored see(const channel::ProviderTemplate& given, Time at = kThen, std::string_view by = {},
             bool is_whole = true) {
    Stored stored;
    change([&](store::Connection& db) -> Result<> {
      TRY(stored, store_seen(db, account_, {given, at, by, is_whole},
                             ids_.next<IdKind::kTemplate>(), clock_.now()));
      return {};
    });
    return stored;
  }
  void tell(channel::TemplateNews news, Time at = kThen) {
    if (news.provider_id.empty()) news.provider_id = "1001";
    news.name = "order";
    news.language = "en_US";
    change([&](store::Connection& db) {
      return store_news(db, account_, news, at, ids_.next<IdKind::kTemplate>(), clock_.now());
    });
  }
  void change(const testkit::TestOp::Body& body) {
    testkit::TestOp op(body);
    const auto done = db_->commit_now(op);
    ASSERT_TRUE(done) << done.error().detail;
  }
  std::optional<Template> row() {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return find_by_name(db, account_, "order", "en_US"); });
  }
  std::vector<Version> versions(const TemplateId& id) {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return list_versions(db, account_.workspace, id); });
  }

  testkit::TempFolder folder_;
  SystemClock clock_;
  IdSource ids_{clock_};
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  Account account_{ids_.next<IdKind::kWorkspace>(), ids_.next<IdKind::kConnection>(),
                   identity::Mode::kTest};
};

TEST_F(TemplateTable, KeepsWhatTheProviderSays) {
  const auto stored = see(provider());
  EXPECT_EQ(stored.change, Change::kAdded);
  const auto found = row();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, stored.id);
  EXPECT_EQ(found->provider.status, "approved");
  EXPECT_FALSE(found->is_stale());
  EXPECT_EQ(see(provider()).change, Change::kNone);
}

TEST_F(TemplateTable, AnotherDesignIsAnotherVersion) {
  const auto id = see(provider()).id;
  EXPECT_EQ(see(provider("1001", "approved", "[2]"), kThen + 1s, "key_1").change, Change::kChanged);
  EXPECT_EQ(see(provider("1001", "rejected", "[2]"), kThen + 2s).change, Change::kChanged);
  const auto all = versions(id);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].components_json, "[2]");
  EXPECT_EQ(all[0].status, "rejected");
  EXPECT_EQ(all[0].made_by, "key_1");
  EXPECT_EQ(all[1].components_json, "[1]");
  EXPECT_EQ(all[1].status, "approved");
  EXPECT_EQ(row()->version, 2);
}

TEST_F(TemplateTable, WhatTheProviderMakesOfADraftIsNoNewVersion) {
  const auto id = see(provider("1001", "pending"), kThen, "usr_1", false).id;
  EXPECT_TRUE(row()->is_stale());
  see(provider("1001", "pending", "[2]"), kThen + 1s);
  const auto all = versions(id);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].components_json, "[2]");
  EXPECT_EQ(all[0].made_by, "usr_1");
  EXPECT_FALSE(row()->is_stale());
}

TEST_F(TemplateTable, ATemplateOfTheSameNameTakesThePlaceOfADeletedOne) {
  const auto old = see(provider()).id;
  const auto fresh = see(provider("1002", "pending"), kThen + 1s).id;
  EXPECT_NE(old, fresh);
  EXPECT_EQ(row()->id, fresh);
}

TEST_F(TemplateTable, ComesBackWhereItWasOnlyOutOfSight) {
  const auto id = see(provider()).id;
  change([&](store::Connection& db) { return mark_deleted(db, account_.workspace, id, kThen); });
  EXPECT_FALSE(row());
  EXPECT_EQ(see(provider()).id, id);
  EXPECT_EQ(row()->provider.status, "approved");
}

TEST_F(TemplateTable, WhatVanishedIsDeletedAndWhatWasSeenIsNot) {
  see(provider());
  const Time began = clock_.now() + 1s;
  std::vector<SeenChange> gone;
  change([&](store::Connection& db) -> Result<> {
    TRY(gone, mark_vanished(db, account_, began, began));
    return {};
  });
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone.front().was.status, "approved");
  EXPECT_EQ(gone.front().is.status, "deleted");
  EXPECT_FALSE(row());
  see(provider());
  change([&](store::Connection& db) -> Result<> {
    TRY(gone, mark_vanished(db, account_, kThen - 24h * 3650, began));
    return {};
  });
  EXPECT_TRUE(gone.empty());
}

TEST_F(TemplateTable, AWebhookChangesStatusCategoryAndQuality) {
  const auto id = see(provider("1001", "pending")).id;
  tell({.status = "rejected", .rejected_reason = "scam", .category = "marketing"}, kThen + 1s);
  tell({.quality = "red"}, kThen + 2s);
  const auto found = row();
  EXPECT_EQ(found->provider.status, "rejected");
  EXPECT_EQ(found->provider.rejected_reason, "scam");
  EXPECT_EQ(found->provider.category, "marketing");
  EXPECT_EQ(found->provider.quality, "red");
  EXPECT_EQ(versions(id).front().status, "rejected");
  EXPECT_FALSE(found->is_stale());
}

TEST_F(TemplateTable, AWebhookThatCameLateChangesNothingAndIsLookedInto) {
  see(provider("1001", "approved"), kThen + 10s);
  tell({.status = "pending"}, kThen);
  EXPECT_EQ(row()->provider.status, "approved");
  EXPECT_TRUE(row()->is_stale());
}

TEST_F(TemplateTable, WhatTellsNothingNewIsNoUpdate) {
  see(provider());
  const Time updated = row()->updated_at;
  while (clock_.now() == updated) std::this_thread::yield();
  tell({.status = "approved"}, kThen);
  see(provider(), kThen + 1s);
  EXPECT_FALSE(row()->is_stale());
  EXPECT_EQ(row()->updated_at, updated);
  tell({.status = "paused"}, kThen + 2s);
  EXPECT_GT(row()->updated_at, updated);
}

TEST_F(TemplateTable, AnAnswerThatAWebhookOvertookKeepsTheWebhooksStatus) {
  see(provider("1001", "pending"), kThen);
  tell({.status = "approved"}, kThen + 5s);
  see(provider("1001", "pending"), kThen + 1s);
  EXPECT_EQ(row()->provider.status, "approved");
}

TEST_F(TemplateTable, AWebhookOfAnUnknownTemplateMakesARowThatIsToBeRead) {
  tell({.status = "approved"});
  ASSERT_TRUE(row());
  EXPECT_TRUE(row()->is_stale());
  EXPECT_TRUE(row()->provider.components_json.empty());
  const auto id = see(provider(), kThen + 1s).id;
  EXPECT_EQ(row()->id, id);
  EXPECT_FALSE(row()->is_stale());
  ASSERT_EQ(versions(id).size(), 1U);
  EXPECT_EQ(versions(id).front().components_json, "[1]");
}

TEST_F(TemplateTable, AWebhookOfNewComponentsAsksForThem) {
  const auto id = see(provider()).id;
  tell({.is_partial = true}, kThen + 1s);
  EXPECT_TRUE(row()->is_stale());
  see(provider("1001", "approved", "[2]"), kThen + 2s);
  EXPECT_FALSE(row()->is_stale());
  EXPECT_EQ(versions(id).size(), 2U);
}

TEST_F(TemplateTable, AWebhookThatComesAgainAndSaysSomethingElseIsLookedInto) {
  see(provider());
  const auto again = [&](std::string status) {
    channel::TemplateNews news;
    news.provider_id = "1001";
    news.status = std::move(status);
    change([&](store::Connection& db) { return doubt_news(db, account_, news); });
    return row()->is_stale();
  };
  EXPECT_FALSE(again("approved"));
  EXPECT_FALSE(again(""));
  EXPECT_TRUE(again("paused"));
  EXPECT_EQ(row()->provider.status, "approved");
}

TEST_F(TemplateTable, ADeletedTemplateIsGone) {
  see(provider());
  tell({.status = "deleted"}, kThen + 1s);
  EXPECT_FALSE(row());
  tell({.provider_id = "1009", .status = "deleted"}, kThen + 1s);
  EXPECT_FALSE(row());
}

TEST_F(TemplateTable, ADeletedTemplateIsNotRevivedByWhatIsToldOfIt) {
  const auto id = see(provider()).id;
  tell({.status = "deleted"}, kThen + 1s);
  tell({.status = "approved"}, kThen + 2s);
  EXPECT_FALSE(row());
  const auto found = testkit::in_snapshot(
      *db_, [&](store::Connection& db) { return find_template(db, account_.workspace, id); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->provider.status, "deleted");
  EXPECT_TRUE(found->deleted_at);
  // What the provider itself describes is there.
  see(provider(), kThen + 3s);
  EXPECT_EQ(row()->provider.status, "approved");
}

TEST_F(TemplateTable, SaysWhatHasBecomeOfARow) {
  see(provider());
  auto next = provider("1001", "paused", "[2]");
  next.quality = "red";
  const auto change = see(next, kThen + 1s).seen;
  ASSERT_TRUE(change);
  EXPECT_EQ(change->was.status, "approved");
  EXPECT_EQ(change->is.status, "paused");
  EXPECT_EQ(change->is.quality, "red");
  EXPECT_TRUE(change->is_new_design);
  EXPECT_FALSE(see(next, kThen + 2s).seen);
}

TEST_F(TemplateTable, APageHasWhatTheFiltersSay) {
  auto other = provider("1002");
  other.language = "de";
  other.status = "paused";
  see(provider());
  see(other);
  const auto list = [&](Query query) {
    query.workspace = account_.workspace;
    return testkit::in_snapshot(*db_,
                                [&](store::Connection& db) { return list_templates(db, query); })
        .rows.size();
  };
  EXPECT_EQ(list({}), 2U);
  EXPECT_EQ(list({.language = "de"}), 1U);
  EXPECT_EQ(list({.status = "paused"}), 1U);
  EXPECT_EQ(list({.name = "nothing"}), 0U);
  EXPECT_EQ(list({.category = "utility"}), 2U);
  EXPECT_EQ(list({.connection = account_.connection}), 2U);
  EXPECT_EQ(list({.connection = ids_.next<IdKind::kConnection>()}), 0U);
  EXPECT_EQ(list({.mode = identity::Mode::kLive}), 0U);
}

}  // namespace
}  // namespace flowsell::templates
