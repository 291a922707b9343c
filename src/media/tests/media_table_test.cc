#include <gtest/gtest.h>

#include <set>

#include "media/media.h"
#include "media/schema.h"
#include "testkit/database.h"

namespace flowsell::media {
namespace {

using namespace std::chrono_literals;
using channel::MediaPurpose;

class MediaTable : public testing::Test {
 protected:
  ~MediaTable() override { db_->stop(); }

  Media a_file(std::string provider_id = "100") {
    Media media;
    media.id = ids_.next<IdKind::kMedia>();
    media.workspace = workspace_;
    media.sender = sender_;
    media.provider_id = std::move(provider_id);
    media.filename = "a.png";
    media.mime_type = "image/png";
    media.sniffed_type = "image/png";
    media.size = 7;
    media.sha256 = crypto::sha256("a file");
    media.expires_at = clock_.now() + kUploadLife;
    return media;
  }
  void put(const Media& media) {
    ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) { return insert(db, media); }));
  }
  std::optional<Media> get(const Media& media) {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return find(db, media.workspace, media.id); });
  }
  std::optional<Media> same(const Media& like, Time until) {
    return testkit::in_snapshot(*db_,
                                [&](store::Connection& db) { return find_same(db, like, until); });
  }
  std::vector<MediaId> listed(Query query) {
    query.workspace = workspace_;
    const auto page =
        testkit::in_snapshot(*db_, [&](store::Connection& db) { return list(db, query); });
    std::vector<MediaId> ids;
    for (const Media& each : page.rows) ids.push_back(each.id);
    return ids;
  }

  testkit::TempFolder folder_;
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  const WorkspaceId workspace_ = ids_.next<IdKind::kWorkspace>();
  const SenderId sender_ = ids_.next<IdKind::kSender>();
};

TEST_F(MediaTable, KeepsWhatIsKnownOfAFile) {
  Media media = a_file();
  media.purpose = MediaPurpose::kTemplateHeader;
  media.handle = "4::aW1h";
  media.source_url = "https://a.example/x.png";
  put(media);
  const auto found = get(media);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sender, media.sender);
  EXPECT_EQ(found->purpose, media.purpose);
  EXPECT_EQ(found->provider_id, "100");
  EXPECT_EQ(found->handle, media.handle);
  EXPECT_EQ(found->filename, media.filename);
  EXPECT_EQ(found->mime_type, media.mime_type);
  EXPECT_EQ(found->sniffed_type, media.sniffed_type);
  EXPECT_EQ(found->size, media.size);
  EXPECT_EQ(found->sha256, media.sha256);
  EXPECT_EQ(found->source_url, media.source_url);
  EXPECT_EQ(found->expires_at, media.expires_at);
  EXPECT_FALSE(found->contact || found->used_at || found->deleted_at);
}

TEST_F(MediaTable, AnotherWorkspaceHasNone) {
  Media media = a_file();
  put(media);
  media.workspace = ids_.next<IdKind::kWorkspace>();
  EXPECT_FALSE(get(media));
  EXPECT_FALSE(same(media, clock_.now()));
}

TEST_F(MediaTable, FindsTheSameBytesAsLongAsTheyLive) {
  const Media media = a_file();
  put(media);
  EXPECT_TRUE(same(media, clock_.now() + 29 * 24h));
  EXPECT_FALSE(same(media, clock_.now() + 30 * 24h));
  Media other = media;
  other.mime_type = "image/jpeg";
  EXPECT_FALSE(same(other, clock_.now()));
  other = media;
  other.sha256 = crypto::sha256("another");
  EXPECT_FALSE(same(other, clock_.now()));
  other = media;
  other.sender = ids_.next<IdKind::kSender>();
  EXPECT_FALSE(same(other, clock_.now()));
}

TEST_F(MediaTable, WhatIsDeletedIsNotUsedAgain) {
  const Media media = a_file();
  const Media twin = a_file();
  put(media);
  put(twin);
  const auto shared = [&] {
    return testkit::in_snapshot(*db_, [&](store::Connection& db) { return is_shared(db, media); });
  };
  EXPECT_TRUE(shared());
  for (const Media& each : {twin, media}) {
    ASSERT_TRUE(testkit::write(
        *db_, [&](store::Connection& db) { return mark_deleted(db, each, clock_.now()); }));
    EXPECT_FALSE(shared());
  }
  EXPECT_EQ(get(media)->status(clock_.now()), Status::kDeleted);
  EXPECT_FALSE(same(media, clock_.now()));
}

TEST_F(MediaTable, AProvidersIdNamesWhatIsThereBeforeWhatWasDeleted) {
  const Media older = a_file();
  const Media younger = a_file();
  put(older);
  put(younger);
  const auto named = [&] {
    return testkit::in_snapshot(*db_,
                                [&](store::Connection& db) {
                                  return find_by_provider_id(db, workspace_, older.mode, "100");
                                })
        ->id;
  };
  EXPECT_EQ(named(), younger.id);
  ASSERT_TRUE(testkit::write(
      *db_, [&](store::Connection& db) { return mark_deleted(db, younger, clock_.now()); }));
  EXPECT_EQ(named(), older.id);
}

TEST_F(MediaTable, ARenewalIsOfAllThatShareTheUpload) {
  Media media = a_file();
  const Media twin = a_file();
  const Media other = a_file("200");
  for (const Media& each : {media, twin, other}) put(each);
  const Time end = clock_.now() + 50 * 24h;
  ASSERT_TRUE(testkit::write(
      *db_, [&](store::Connection& db) { return replace_upload(db, media, "300", end); }));
  EXPECT_EQ(get(twin)->provider_id, "300");
  EXPECT_EQ(get(twin)->expires_at, end);
  EXPECT_EQ(get(other)->provider_id, "200");
}

TEST_F(MediaTable, TheFirstIdFindsWhatWasUploadedAnew) {
  Media media = a_file();
  put(media);
  const auto renew = [&](const std::string& provider_id) {
    ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) {
      return replace_upload(db, media, provider_id, clock_.now());
    }));
    media.provider_id = provider_id;
  };
  renew("300");
  renew("400");
  const auto found = [&](std::string_view id) {
    return testkit::in_snapshot(*db_, [&](store::Connection& db) {
      return find_by_provider_id(db, workspace_, media.mode, id);
    });
  };
  ASSERT_TRUE(found("100"));
  EXPECT_EQ(found("100")->provider_id, "400");
  EXPECT_TRUE(found("400"));
  EXPECT_FALSE(found("300"));
}

TEST_F(MediaTable, WhatWasUsedLatelyIsDueBeforeItsEnd) {
  const Media used = a_file();
  const Media unused = a_file("200");
  put(used);
  put(unused);
  ASSERT_TRUE(
      testkit::write(*db_, [&](store::Connection& db) { return touch(db, used, clock_.now()); }));
  const auto due_at = [&](Time now) {
    const Due due{.until = now + 4 * 24h, .used_since = now - 30 * 24h, .after = now};
    return testkit::in_snapshot(*db_,
                                [&](store::Connection& db) { return due_for_renewal(db, due); })
        .size();
  };
  EXPECT_EQ(due_at(clock_.now()), 0U);
  EXPECT_EQ(due_at(clock_.now() + 27 * 24h), 1U);
  EXPECT_EQ(due_at(clock_.now() + 31 * 24h), 0U);  // too late
}

TEST_F(MediaTable, DueOnesAreLookedThroughPageByPage) {
  for (int i = 0; i < 5; ++i) {
    const Media media = a_file(std::to_string(i));
    put(media);
    ASSERT_TRUE(testkit::write(
        *db_, [&](store::Connection& db) { return touch(db, media, clock_.now()); }));
  }
  const Time now = clock_.now() + 27 * 24h;
  Due due{.until = now + 4 * 24h, .used_since = now - 30 * 24h, .after = now};
  due.limit = 2;
  std::set<MediaId> seen;
  for (int pages = 0; pages < 4; ++pages) {
    const auto found =
        testkit::in_snapshot(*db_, [&](store::Connection& db) { return due_for_renewal(db, due); });
    for (const Media& each : found) {
      EXPECT_TRUE(seen.insert(each.id).second);
      due.after = each.expires_at.value();
      due.after_id = each.id;
    }
  }
  EXPECT_EQ(seen.size(), 5U);
}

TEST_F(MediaTable, WhatIsOverForLongIsForgotten) {
  const Media media = a_file();
  put(media);
  const auto drop = [&](Time until) {
    return testkit::in_transaction(*db_,
                                   [&](store::Connection& db) { return drop_ended(db, until); });
  };
  EXPECT_EQ(drop(clock_.now()), 0);
  EXPECT_EQ(drop(clock_.now() + 31 * 24h), 1);
  EXPECT_FALSE(get(media));
}

TEST_F(MediaTable, ListsByFilters) {
  const Media first = a_file();
  Media second = a_file("200");
  second.direction = Direction::kReceived;
  Media third = a_file("300");
  third.sender = ids_.next<IdKind::kSender>();
  Media live = a_file("400");
  live.mode = identity::Mode::kLive;
  for (const Media& each : {first, second, third, live}) put(each);
  EXPECT_EQ(listed({}), (std::vector{third.id, second.id, first.id}));
  Query query;
  query.direction = Direction::kReceived;
  EXPECT_EQ(listed(query), (std::vector{second.id}));
  query = {};
  query.sender = third.sender;
  EXPECT_EQ(listed(query), (std::vector{third.id}));
  query = {};
  query.limit = 1;
  query.after = third.id;
  EXPECT_EQ(listed(query), (std::vector{second.id}));
}

TEST_F(MediaTable, AReceivedFileIsFoundByTheProvidersId) {
  const channel::InboundMedia file{"777", "image/jpeg", std::string(32, 'x')};
  Media media = received(workspace_, sender_, identity::Mode::kTest, file, clock_.now());
  media.contact.emplace();
  EXPECT_EQ(media.id, received(workspace_, sender_, identity::Mode::kTest, file, clock_.now()).id);
  put(media);
  put(media);  // the webhook came again
  const auto found = [&](identity::Mode mode, std::string_view id) {
    return testkit::in_snapshot(
               *db_,
               [&](store::Connection& db) { return find_by_provider_id(db, workspace_, mode, id); })
        .has_value();
  };
  EXPECT_TRUE(found(identity::Mode::kTest, "777"));
  EXPECT_FALSE(found(identity::Mode::kLive, "777"));
  EXPECT_FALSE(found(identity::Mode::kTest, "778"));
  EXPECT_FALSE(found(identity::Mode::kTest, ""));
  EXPECT_EQ(testkit::in_transaction(*db_,
                                    [&](store::Connection& db) {
                                      return drop_of_contact(db, workspace_, *media.contact);
                                    }),
            1);
}

}  // namespace
}  // namespace flowsell::media
