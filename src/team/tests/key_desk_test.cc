#include "team/key_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "team_world.h"

namespace flowsell::team {
namespace {

using namespace std::chrono_literals;
using identity::Mode;
using identity::Role;
using identity::Scope;
using identity::Scopes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testkit::code_of;

class KeyDeskTest : public testing::Test {
 protected:
  By owner() { return world_.by(world_.owner, Role::kOwner); }
  KeyDesk::Draft draft(Scopes scopes = {Scope::kMessagesSend}) {
    return {"a key", Mode::kTest, scopes, {}};
  }
  Result<KeyDesk::Made> create(KeyDesk::Draft wanted) {
    return world_.run(world_.desk.create(owner(), std::move(wanted), std::nullopt));
  }
  std::optional<ErrorCode> use(const Secret& key) {
    const std::string header = "Bearer " + std::string(key.reveal());
    const auto cached = world_.api_keys.find_cached(header);
    if (cached)
      return cached->is_over(world_.clock.now()) ? std::optional(ErrorCode::kInvalidApiKey)
                                                 : std::nullopt;
    const auto known = world_.run(world_.api_keys.authenticate(header));
    if (!known) return known.error().code;
    return (*known)->is_over(world_.clock.now()) ? std::optional(ErrorCode::kInvalidApiKey)
                                                 : std::nullopt;
  }
  metering::IdempotentCall call(const std::string& body) {
    return world_.idempotency.begin(world_.workspace, Mode::kTest, "POST", "/v1/api_keys", "once",
                                    body, world_.clock.now());
  }
  TeamWorld world_;
};

TEST_F(KeyDeskTest, KeyThatWasMadeWorks) {
  const auto made = create(draft());
  ASSERT_TRUE(made && made->text);
  EXPECT_EQ(use(*made->text), std::nullopt);
  EXPECT_EQ(made->key.created_by, world_.owner.str());
  EXPECT_THAT(world_.act_names(), ElementsAre("api_key.created"));
}

TEST_F(KeyDeskTest, RecordOfAKeyHasNoSecret) {
  const auto made = create(draft());
  const auto event = world_.acts().front();
  EXPECT_THAT(event.after, HasSubstr(made->key.prefix));
  EXPECT_THAT(event.after, Not(HasSubstr(std::string(made->text->reveal()))));
}

TEST_F(KeyDeskTest, MemberGivesNoMoreThanHeHas) {
  const By developer = world_.by(world_.user(), Role::kDeveloper);
  EXPECT_EQ(
      code_of(world_.run(world_.desk.create(developer, draft({Scope::kAuditRead}), std::nullopt))),
      ErrorCode::kInsufficientScope);
  EXPECT_TRUE(world_.run(world_.desk.create(developer, draft(), std::nullopt)));
  const auto of_owner = create(draft({Scope::kAuditRead}));
  EXPECT_EQ(code_of(world_.run(world_.desk.rotate(developer, of_owner->key.id, 0s, std::nullopt))),
            ErrorCode::kInsufficientScope);
}

TEST_F(KeyDeskTest, RevokedKeyIsRefusedAtOnce) {
  const auto made = create(draft());
  ASSERT_EQ(use(*made->text), std::nullopt) << "it is in memory now";
  ASSERT_TRUE(world_.run(world_.desk.revoke(owner(), made->key.id)));
  EXPECT_EQ(use(*made->text), ErrorCode::kInvalidApiKey);
  EXPECT_TRUE(world_.run(world_.desk.revoke(owner(), made->key.id))) << "again changes nothing";
  EXPECT_THAT(world_.act_names(), ElementsAre("api_key.created", "api_key.revoked"));
}

TEST_F(KeyDeskTest, ForeignWorkspacesKeyIsNotFound) {
  const auto made = create(draft());
  By stranger = owner();
  stranger.caller.workspace = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_of(world_.run(world_.desk.revoke(stranger, made->key.id))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(world_.run(world_.desk.rotate(stranger, made->key.id, 0s, std::nullopt))),
            ErrorCode::kNotFound);
  EXPECT_EQ(use(*made->text), std::nullopt);
}

TEST_F(KeyDeskTest, RotatedKeyGoesOnForItsOverlap) {
  const auto old = create(draft());
  ASSERT_EQ(use(*old->text), std::nullopt);
  const auto fresh = world_.run(world_.desk.rotate(owner(), old->key.id, 1h, std::nullopt));
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->key.scopes, old->key.scopes);
  EXPECT_EQ(use(*old->text), std::nullopt);
  EXPECT_EQ(use(*fresh->text), std::nullopt);
  world_.clock.advance(1h);
  EXPECT_EQ(use(*old->text), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(use(*fresh->text), std::nullopt);
}

TEST_F(KeyDeskTest, KeyIsRotatedOnce) {
  const auto old = create(draft());
  ASSERT_TRUE(world_.run(world_.desk.rotate(owner(), old->key.id, 1h, std::nullopt)));
  EXPECT_EQ(code_of(world_.run(world_.desk.rotate(owner(), old->key.id, 1h, std::nullopt))),
            ErrorCode::kConflict);
}

TEST_F(KeyDeskTest, RevokedKeyIsNotRotated) {
  const auto old = create(draft());
  ASSERT_TRUE(world_.run(world_.desk.revoke(owner(), old->key.id)));
  EXPECT_EQ(code_of(world_.run(world_.desk.rotate(owner(), old->key.id, 1h, std::nullopt))),
            ErrorCode::kConflict);
}

TEST_F(KeyDeskTest, ReplayNamesTheKeyAndShowsItNotAgain) {
  const auto first = world_.run(world_.desk.create(owner(), draft(), call("body")));
  const auto again = world_.run(world_.desk.create(owner(), draft(), call("body")));
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(first->text);
  EXPECT_FALSE(again->text);
  EXPECT_EQ(again->key.id, first->key.id);
  EXPECT_THAT(*world_.run(world_.desk.list(world_.workspace)), SizeIs(1));
  EXPECT_EQ(code_of(world_.run(world_.desk.create(owner(), draft(), call("another")))),
            ErrorCode::kIdempotencyKeyReused);
}

TEST_F(KeyDeskTest, RefusalKeepsNoIdempotencyKey) {
  const auto old = create(draft());
  ASSERT_TRUE(world_.run(world_.desk.revoke(owner(), old->key.id)));
  EXPECT_EQ(code_of(world_.run(world_.desk.rotate(owner(), old->key.id, 1h, call("body")))),
            ErrorCode::kConflict);
  EXPECT_TRUE(world_.run(world_.desk.create(owner(), draft(), call("another"))));
}

TEST_F(KeyDeskTest, WhoHasAKeyMayEndIt) {
  const auto made = create(draft());
  ASSERT_EQ(use(*made->text), std::nullopt);
  const auto revoked = world_.run(world_.desk.revoke_leaked(*made->text, {}));
  ASSERT_TRUE(revoked && *revoked);
  EXPECT_EQ((*revoked)->id, made->key.id);
  EXPECT_EQ(use(*made->text), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(*world_.run(world_.desk.revoke_leaked(*made->text, {})), std::nullopt);
}

TEST_F(KeyDeskTest, NameAloneEndsNothing) {
  const auto made = create(draft());
  std::string wrong(made->text->reveal().substr(0, 17));
  wrong += std::string(32, 'a');
  wrong += crypto::base62(crypto::crc32(wrong), 6);
  EXPECT_EQ(*world_.run(world_.desk.revoke_leaked(Secret(wrong), {})), std::nullopt);
  EXPECT_EQ(*world_.run(world_.desk.revoke_leaked(Secret("no key"), {})), std::nullopt);
  EXPECT_EQ(use(*made->text), std::nullopt);
}

TEST_F(KeyDeskTest, WorkspaceHasAnEndOfKeys) {
  for (std::size_t i = 0; i < KeyDesk::kPerWorkspaceMax; ++i) ASSERT_TRUE(create(draft()));
  EXPECT_EQ(code_of(create(draft())), ErrorCode::kConflict);
}

TEST_F(KeyDeskTest, FullWorkspaceRotatesAllTheSame) {
  ApiKeyId current;
  for (std::size_t i = 0; i < KeyDesk::kPerWorkspaceMax; ++i) current = create(draft())->key.id;
  const auto rotate = [&](std::chrono::seconds overlap) -> std::optional<ErrorCode> {
    const auto made = world_.run(world_.desk.rotate(owner(), current, overlap, std::nullopt));
    if (!made) return made.error().code;
    current = made->key.id;
    return std::nullopt;
  };
  EXPECT_EQ(rotate(0s), std::nullopt);
  // What goes on beside its successor is bounded too.
  for (std::size_t i = 0; i < KeyDesk::kPerWorkspaceMax; ++i) ASSERT_EQ(rotate(1h), std::nullopt);
  EXPECT_EQ(rotate(1h), ErrorCode::kConflict);
  world_.clock.advance(1h);
  EXPECT_EQ(rotate(1h), std::nullopt);
}

TEST_F(KeyDeskTest, OfDeadKeysTheNewestStay) {
  std::vector<ApiKeyId> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(create(draft())->key.id);
    ASSERT_TRUE(world_.run(world_.desk.revoke(owner(), all.back())));
  }
  const auto living = create(draft());
  ASSERT_TRUE(testkit::write(*world_.db, [this](store::Connection& db) {
    return identity::drop_most_dead_keys(db, world_.workspace, 2, world_.clock.now());
  }));
  const auto kept = world_.run(world_.desk.list(world_.workspace));
  std::vector<ApiKeyId> ids;
  for (const auto& key : *kept) ids.push_back(key.id);
  EXPECT_THAT(ids, ElementsAre(living->key.id, all[3], all[2]));
}

TEST_F(KeyDeskTest, DeadKeysGoInTheEnd) {
  const auto revoked = create(draft());
  ASSERT_TRUE(world_.run(world_.desk.revoke(owner(), revoked->key.id)));
  KeyDesk::Draft brief = draft();
  brief.rules.expires_at = world_.clock.now() + 1h;
  ASSERT_TRUE(create(std::move(brief)));
  const auto living = create(draft());
  const Time later = world_.clock.now() + 2h;
  const auto dropped = testkit::in_transaction(
      *world_.db, [later](store::Connection& db) { return identity::drop_dead_keys(db, later); });
  EXPECT_EQ(dropped, 2);
  const auto kept = world_.run(world_.desk.list(world_.workspace));
  ASSERT_THAT(*kept, SizeIs(1));
  EXPECT_EQ(kept->front().id, living->key.id);
}

TEST_F(KeyDeskTest, RecordsSayWhatAKeyWasBefore) {
  const auto made = create(draft());
  ASSERT_TRUE(world_.run(world_.desk.rotate(owner(), made->key.id, 0s, std::nullopt)));
  EXPECT_THAT(world_.acts().at(1).before, HasSubstr(made->key.prefix));
  const auto other = create(draft());
  ASSERT_TRUE(world_.run(world_.desk.revoke(owner(), other->key.id)));
  EXPECT_THAT(world_.acts().back().before, HasSubstr(other->key.prefix));
}

}  // namespace
}  // namespace flowsell::team
