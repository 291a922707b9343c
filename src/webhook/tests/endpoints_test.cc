#include "webhook/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <set>

#include "audit/audit_log.h"
#include "webhook_world.h"

namespace flowsell::webhook {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

constexpr const char* kUrl = "https://hooks.example.com/in";

class EndpointsTest : public testing::Test {
 protected:
  Result<Endpoints::Created> create(Endpoints::Draft draft,
                                    std::optional<metering::IdempotentCall> call = {}) {
    return testkit::run(world_.pool,
                        world_.endpoints.create(world_.by(), std::move(draft), std::move(call)));
  }
  Result<Endpoints::Created> change(const EndpointId& id, Endpoints::Change change,
                                    std::optional<metering::IdempotentCall> call = {}) {
    return testkit::run(
        world_.pool, world_.endpoints.change(world_.by(), id, std::move(change), std::move(call)));
  }
  Result<> remove(const EndpointId& id) {
    return testkit::run(world_.pool, world_.endpoints.remove(world_.by(), id));
  }
  metering::IdempotentCall key(std::string_view body = "{}", std::string_view text = "k") {
    return world_.idempotency.begin(world_.caller.workspace, world_.caller.mode, "POST",
                                    "/v1/webhook_endpoints", text, body, world_.clock.now());
  }
  EndpointPtr made() { return create({kUrl, {}, {}})->endpoint; }
  std::vector<EndpointPtr> subscribed(EventType type = EventType::kMessageSent) {
    return world_.endpoints.subscribed(world_.caller.workspace, world_.caller.mode, type);
  }
  /// What a process that starts now reads.
  EndpointPtr after_restart(const EndpointId& id) {
    Endpoints restarted(*world_.db, world_.workspaces, *world_.guard, world_.client,
                        world_.idempotency, world_.ids, world_.clock);
    EXPECT_TRUE(restarted.load());
    return restarted.find(id);
  }

  /// What is on the workspace's record, oldest first.
  std::vector<audit::Event> acts() {
    auto page = testkit::in_snapshot(*world_.db, [this](store::Connection& connection) {
      audit::Query query;
      query.scope = world_.caller.workspace.blob();
      query.limit = 1000;
      return audit::list(connection, query);
    });
    std::ranges::reverse(page.rows);
    return page.rows;
  }

  WebhookWorld world_;
};

TEST_F(EndpointsTest, CreatedEndpointIsFound) {
  const auto endpoint = made();
  EXPECT_EQ(world_.endpoints.find(world_.caller, endpoint->id), endpoint);
}

TEST_F(EndpointsTest, CreatedEndpointWantsEverythingWhereNothingWasAsked) {
  EXPECT_THAT(made()->events, ElementsAre("*"));
}

TEST_F(EndpointsTest, EachEndpointHasASecretOfItsOwn) {
  EXPECT_NE(made()->secret.reveal(), made()->secret.reveal());
}

TEST_F(EndpointsTest, SecretIsInNoFile) {
  const auto endpoint = made();
  EXPECT_FALSE(world_.folder.holds(endpoint->secret.reveal().substr(6)));
}

TEST_F(EndpointsTest, OneOfTheProvidersFormatIsToldInItsWordsOnly) {
  const auto graph = create({kUrl, {"message.*"}, {}, Format::kGraph})->endpoint;
  const auto standard = made();
  EXPECT_THAT(subscribed(), ElementsAre(standard));
  const auto originals = [this](EventType type) {
    return world_.endpoints.subscribed_to_originals(world_.caller.workspace, world_.caller.mode,
                                                    type);
  };
  EXPECT_THAT(originals(EventType::kMessageSent), ElementsAre(graph));
  EXPECT_THAT(originals(EventType::kAccountUpdated), IsEmpty());
  EXPECT_THAT(subscribed(EventType::kProviderWebhook), IsEmpty());
}

TEST_F(EndpointsTest, FormatIsKeptAndCanBeChanged) {
  const auto graph = create({kUrl, {}, {}, Format::kGraph})->endpoint;
  EXPECT_EQ(after_restart(graph->id)->format, Format::kGraph);
  EXPECT_TRUE(world_.endpoints.has_graph(world_.caller.workspace, world_.caller.mode));
  Endpoints::Change wanted;
  wanted.format = Format::kStandard;
  ASSERT_TRUE(change(graph->id, wanted));
  EXPECT_EQ(after_restart(graph->id)->format, Format::kStandard);
  EXPECT_FALSE(world_.endpoints.has_graph(world_.caller.workspace, world_.caller.mode));
  EXPECT_EQ(acts().back().after, R"({"format":"standard"})");
}

/// A receiver that was written for Meta's webhooks: answers as it is told to.
class AskedEndpoint : public EndpointsTest {
 protected:
  static constexpr std::string_view kToken = "my token&x";

  /// Answers the challenge, whatever the token.
  Awaitable<http::Response> answer(http::Request& request) {
    const std::string query(request.query);
    const auto begin = query.find("hub.challenge=") + 14;
    const std::lock_guard lock(mutex_);
    asked_.push_back(query);
    http::Response response;
    response.status = status_;
    response.body = query.substr(begin, query.find('&', begin) - begin) + behind_;
    co_return response;
  }
  static http::Response broken(const Error& /*error*/) { return {.status = 400}; }
  void SetUp() override {
    pool_.start();
    ASSERT_TRUE(server_.start());
  }
  void TearDown() override {
    server_.stop(1s);
    pool_.stop();
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  void answers(int status, std::string behind = {}) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    behind_ = std::move(behind);
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + "/in?mine=1";
  }
  Result<Endpoints::Created> create_asked() {
    return create({url(), {}, {}, Format::kGraph, Secret(std::string(kToken))});
  }
  static std::string fault_of(const Result<Endpoints::Created>& created) {
    return created ? "" : created.error().fields.at(0).pointer + created.error().fields.at(0).code;
  }

  std::mutex mutex_;
  int status_ = 200;
  std::string behind_;  ///< the challenge
  std::vector<std::string> asked_;
  runtime::IoPool pool_{1};
  http::Server server_{
      pool_, {}, [this](http::Request& request) { return answer(request); }, broken};
};

TEST_F(AskedEndpoint, IsMadeWhereItKnowsTheToken) {
  const auto made = create_asked();
  ASSERT_TRUE(made) << made.error().detail;
  const auto queries = asked();
  ASSERT_THAT(queries, SizeIs(1));
  EXPECT_TRUE(queries[0].starts_with("mine=1&hub.mode=subscribe&hub.challenge="));
  EXPECT_TRUE(queries[0].ends_with("&hub.verify_token=my%20token%26x"));
  EXPECT_EQ(after_restart(made->endpoint->id)->verify_token.reveal(), kToken);
  EXPECT_FALSE(world_.folder.holds(kToken));
}

TEST_F(AskedEndpoint, IsNotMadeWhereItDoesNotAnswerWithTheChallenge) {
  answers(200, "0");
  EXPECT_EQ(fault_of(create_asked()), "/urlchallenge_failed");
  answers(403);
  EXPECT_EQ(fault_of(create_asked()), "/urlchallenge_failed");
  const auto away = create({"http://127.0.0.1:9/x", {}, {}, Format::kGraph, Secret("t")});
  EXPECT_EQ(fault_of(away), "/urlchallenge_failed");
  EXPECT_THAT(acts(), IsEmpty());
}

TEST_F(AskedEndpoint, IsAskedAgainBeforeItIsElsewhere) {
  const auto id = create_asked()->endpoint->id;
  Endpoints::Change other;
  other.description = "x";
  ASSERT_TRUE(change(id, other));
  EXPECT_THAT(asked(), SizeIs(1));
  Endpoints::Change moved;
  moved.url = url() + "&b=2";
  answers(404);
  EXPECT_EQ(fault_of(change(id, moved)), "/urlchallenge_failed");
  EXPECT_EQ(after_restart(id)->url.str(), url());
  answers(200);
  ASSERT_TRUE(change(id, moved));
  EXPECT_THAT(asked(), SizeIs(3));
}

TEST_F(AskedEndpoint, HasItsTokenUntilItIsTakenAway) {
  const auto id = create_asked()->endpoint->id;
  Endpoints::Change changed;
  changed.verify_token = Secret("another");
  ASSERT_TRUE(change(id, changed));
  EXPECT_EQ(after_restart(id)->verify_token.reveal(), "another");
  EXPECT_EQ(acts().back().after, R"({"verify_token":"set"})");
  changed.verify_token = Secret();
  ASSERT_TRUE(change(id, changed));
  EXPECT_TRUE(after_restart(id)->verify_token.empty());
  EXPECT_TRUE(world_.endpoints.find(id)->verify_token.empty());
  EXPECT_EQ(acts().back().after, R"({"verify_token":"none"})");
  EXPECT_THAT(asked(), SizeIs(2));
}

TEST_F(AskedEndpoint, LosesItsTokenWithTheFormat) {
  const auto id = create_asked()->endpoint->id;
  Endpoints::Change standard;
  standard.format = Format::kStandard;
  ASSERT_TRUE(change(id, standard));
  EXPECT_TRUE(after_restart(id)->verify_token.empty());
}

TEST_F(AskedEndpoint, IsOfTheProvidersFormat) {
  EXPECT_EQ(fault_of(create({url(), {}, {}, Format::kStandard, Secret("t")})),
            "/verify_tokennot_supported");
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(EndpointsTest, PrivateAddressIsNotAsked) {
  EXPECT_EQ(code_of(create({"https://10.0.0.1/in", {}, {}, Format::kGraph, Secret("t")})),
            ErrorCode::kInvalidRequest);
}

TEST_F(EndpointsTest, EndpointIsTheSameAfterARestart) {
  const auto before = create({kUrl, {"message.*", "provider.unknown"}, "shop"})->endpoint;
  const auto read = after_restart(before->id);
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(read->url.str(), kUrl);
  EXPECT_EQ(read->events, before->events);
  EXPECT_EQ(read->description, "shop");
  EXPECT_EQ(read->secret.reveal(), before->secret.reveal());
  EXPECT_EQ(read->created_at, before->created_at);
}

TEST_F(EndpointsTest, TextThatIsNoUrlIsRefusedAtItsField) {
  const auto created = create({"hooks.example.com", {}, {}});
  ASSERT_EQ(code_of(created), ErrorCode::kInvalidRequest);
  EXPECT_EQ(created.error().fields.at(0).pointer, "/url");
}

TEST_F(EndpointsTest, PrivateAddressIsRefusedAtItsField) {
  const auto created = create({"https://10.0.0.1/in", {}, {}});
  ASSERT_EQ(code_of(created), ErrorCode::kInvalidRequest);
  EXPECT_EQ(created.error().fields.at(0).pointer, "/url");
}

TEST_F(EndpointsTest, PlainHttpToAPublicHostIsRefused) {
  EXPECT_EQ(code_of(create({"http://hooks.example.com/in", {}, {}})), ErrorCode::kInvalidRequest);
}

TEST_F(EndpointsTest, EveryWrongPatternIsToldAtItsPlace) {
  const auto created = create({kUrl, {"message.lost", "*", "x"}, {}});
  ASSERT_EQ(code_of(created), ErrorCode::kInvalidRequest);
  ASSERT_THAT(created.error().fields, SizeIs(2));
  EXPECT_EQ(created.error().fields[0].pointer, "/events/0");
  EXPECT_EQ(created.error().fields[1].pointer, "/events/2");
}

TEST_F(EndpointsTest, FiftyAreAllowedAndNotOneMore) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(create({kUrl, {}, {}}));
  EXPECT_EQ(code_of(create({kUrl, {}, {}})), ErrorCode::kConflict);
}

TEST_F(EndpointsTest, FiftyAreAllowedAndNotOneMoreWhenAllComeAtOnce) {
  std::vector<std::future<Result<Endpoints::Created>>> calls;
  for (std::size_t i = 0; i < 60; ++i) {
    calls.push_back(net::co_spawn(world_.pool.context(i % 2),
                                  world_.endpoints.create(world_.by(), {kUrl, {}, {}}, {}),
                                  net::use_future));
  }
  const auto made = std::ranges::count_if(calls, [](auto& call) { return bool(call.get()); });
  EXPECT_EQ(made, 50);
  EXPECT_THAT(subscribed(), SizeIs(50));
}

TEST_F(EndpointsTest, ReplayIsAnsweredWhenThereIsNoRoomForMore) {
  const auto first = create({kUrl, {}, {}}, key());
  for (int i = 0; i < 49; ++i) ASSERT_TRUE(create({kUrl, {}, {}}));
  const auto replay = create({kUrl, {}, {}}, key());
  ASSERT_TRUE(replay);
  EXPECT_EQ(replay->endpoint->id, first->endpoint->id);
}

TEST_F(EndpointsTest, RefusalForWantOfRoomKeepsNoKey) {
  const auto one = made()->id;
  for (int i = 0; i < 49; ++i) ASSERT_TRUE(create({kUrl, {}, {}}));
  ASSERT_EQ(code_of(create({kUrl, {}, {}}, key())), ErrorCode::kConflict);
  ASSERT_TRUE(remove(one));
  const auto again = create({kUrl, {}, {}}, key());
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->replayed);
}

TEST_F(EndpointsTest, LimitIsOfEachModeByItself) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(create({kUrl, {}, {}}));
  world_.caller.mode = identity::Mode::kLive;
  EXPECT_TRUE(create({kUrl, {}, {}}));
}

TEST_F(EndpointsTest, SameCallMakesOneEndpoint) {
  const auto first = create({kUrl, {}, {}}, key());
  const auto second = create({kUrl, {}, {}}, key());
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->replayed);
  EXPECT_EQ(second->endpoint->id, first->endpoint->id);
  EXPECT_THAT(subscribed(), SizeIs(1));
}

TEST_F(EndpointsTest, SameCallManyTimesAtOnceMakesOneEndpoint) {
  for (int round = 0; round < 10; ++round) {
    const auto call = key(std::to_string(round), "key " + std::to_string(round));
    std::vector<std::future<Result<Endpoints::Created>>> calls;
    for (std::size_t i = 0; i < 4; ++i) {
      calls.push_back(net::co_spawn(world_.pool.context(i % 2),
                                    world_.endpoints.create(world_.by(), {kUrl, {}, {}}, call),
                                    net::use_future));
    }
    std::set<EndpointId> ids;
    int firsts = 0;
    for (auto& each : calls) {
      const auto created = each.get();
      ASSERT_TRUE(created);
      ids.insert(created->endpoint->id);
      if (!created->replayed) ++firsts;
    }
    EXPECT_THAT(ids, SizeIs(1));
    EXPECT_EQ(firsts, 1);
  }
}

TEST_F(EndpointsTest, ReplayThatOvertakesTheFirstCallsPublishingIsAnswered) {
  const auto first = create({kUrl, {"message.sent"}, "shop"}, key());
  // It knows of no endpoint, as this one did right after the commit.
  Endpoints unaware(*world_.db, world_.workspaces, *world_.guard, world_.client, world_.idempotency,
                    world_.ids, world_.clock);
  const auto replay = testkit::run(
      world_.pool, unaware.create(world_.by(), {kUrl, {"message.sent"}, "shop"}, key()));
  ASSERT_TRUE(replay);
  EXPECT_TRUE(replay->replayed);
  EXPECT_EQ(replay->endpoint->id, first->endpoint->id);
  EXPECT_EQ(replay->endpoint->url.str(), kUrl);
  EXPECT_EQ(replay->endpoint->description, "shop");
}

TEST_F(EndpointsTest, FirstCallIsNoReplay) {
  EXPECT_FALSE(create({kUrl, {}, {}}, key())->replayed);
}

TEST_F(EndpointsTest, SameKeyWithAnotherBodyIsRefused) {
  ASSERT_TRUE(create({kUrl, {}, {}}, key("{}")));
  EXPECT_EQ(code_of(create({kUrl, {}, {}}, key("[]"))), ErrorCode::kIdempotencyKeyReused);
}

TEST_F(EndpointsTest, ReplayOfADeletedEndpointsCallIsNotFound) {
  const auto first = create({kUrl, {}, {}}, key());
  ASSERT_TRUE(remove(first->endpoint->id));
  EXPECT_EQ(code_of(create({kUrl, {}, {}}, key())), ErrorCode::kNotFound);
}

TEST_F(EndpointsTest, ChangeKeepsWhatItDoesNotName) {
  const auto before = create({kUrl, {"message.sent"}, "shop"})->endpoint;
  const auto changed = change(before->id, {.description = "store"});
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->endpoint->url.str(), kUrl);
  EXPECT_THAT(changed->endpoint->events, ElementsAre("message.sent"));
  EXPECT_EQ(changed->endpoint->description, "store");
  EXPECT_EQ(changed->endpoint->secret.reveal(), before->secret.reveal());
}

TEST_F(EndpointsTest, ChangesInTheSameMomentBothHold) {
  const auto id = made()->id;
  std::promise<void> blocked, go_on;
  auto holding = std::async(std::launch::async, [&] {
    return testkit::write(*world_.db, [&](store::Connection&) -> Result<> {
      blocked.set_value();
      go_on.get_future().wait();
      return {};
    });
  });
  blocked.get_future().wait();
  Endpoints::Change description, events;
  description.description = "of the one";
  events.events = {"message.read"};
  auto one = net::co_spawn(world_.pool.context(0),
                           world_.endpoints.change(world_.by(), id, std::move(description), {}),
                           net::use_future);
  auto other = net::co_spawn(world_.pool.context(world_.pool.size() - 1),
                             world_.endpoints.change(world_.by(), id, std::move(events), {}),
                             net::use_future);
  EXPECT_TRUE(testkit::eventually([&] { return world_.db->stats().waiting == 3; }));
  go_on.set_value();
  ASSERT_TRUE(holding.get() && one.get() && other.get());
  for (const auto& endpoint : {world_.endpoints.find(id), after_restart(id)}) {
    EXPECT_EQ(endpoint->description, "of the one");
    EXPECT_THAT(endpoint->events, ElementsAre("message.read"));
    EXPECT_EQ(endpoint->url.str(), kUrl);
  }
}

TEST_F(EndpointsTest, ChangeIsDurable) {
  const auto id = made()->id;
  ASSERT_TRUE(change(id, {.url = "https://other.example.com/", .enabled = false}));
  EXPECT_EQ(after_restart(id)->url.str(), "https://other.example.com/");
  EXPECT_FALSE(after_restart(id)->enabled);
}

TEST_F(EndpointsTest, ChangeToARefusedUrlChangesNothing) {
  const auto id = made()->id;
  EXPECT_EQ(code_of(change(id, {.url = "https://127.0.0.300/"})), ErrorCode::kInvalidRequest);
  EXPECT_EQ(world_.endpoints.find(id)->url.str(), kUrl);
}

TEST_F(EndpointsTest, ChangeOfNobodysEndpointIsNotFound) {
  EXPECT_EQ(code_of(change(world_.ids.next<IdKind::kEndpoint>(), {})), ErrorCode::kNotFound);
}

TEST_F(EndpointsTest, EndpointOfTheOtherModeIsNotFound) {
  const auto id = made()->id;
  world_.caller.mode = identity::Mode::kLive;
  EXPECT_EQ(world_.endpoints.find(world_.caller, id), nullptr);
  EXPECT_EQ(code_of(remove(id)), ErrorCode::kNotFound);
}

TEST_F(EndpointsTest, EndpointOfAnotherWorkspaceIsNotFound) {
  const auto id = made()->id;
  world_.caller.workspace = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_of(remove(id)), ErrorCode::kNotFound);
}

TEST_F(EndpointsTest, RemovedEndpointIsGoneForGood) {
  const auto id = made()->id;
  ASSERT_TRUE(remove(id));
  EXPECT_EQ(world_.endpoints.find(id), nullptr);
  EXPECT_EQ(after_restart(id), nullptr);
}

TEST_F(EndpointsTest, RemovedTwiceIsNotFound) {
  const auto id = made()->id;
  ASSERT_TRUE(remove(id));
  EXPECT_EQ(code_of(remove(id)), ErrorCode::kNotFound);
}

TEST_F(EndpointsTest, ChangeWhileItIsRemovedDoesNotBringItBack) {
  for (int i = 0; i < 20; ++i) {
    const auto id = made()->id;
    auto removed = net::co_spawn(world_.pool.context(0), world_.endpoints.remove(world_.by(), id),
                                 net::use_future);
    auto changed = net::co_spawn(
        world_.pool.context(1),
        world_.endpoints.change(world_.by(), id, {.description = "late"}, std::nullopt),
        net::use_future);
    ASSERT_TRUE(removed.get());
    changed.wait();
    ASSERT_EQ(world_.endpoints.find(id), nullptr);
    ASSERT_EQ(after_restart(id), nullptr);
  }
}

TEST_F(EndpointsTest, WhatIsDoneToAnEndpointIsOnRecord) {
  world_.caller.user = world_.ids.next<IdKind::kUser>();
  const auto id =
      create({"https://hooks.example.com/secret-path?token=x", {"message.sent"}, "shop"})
          ->endpoint->id;
  ASSERT_TRUE(change(id, {.description = "store", .enabled = false}));
  ASSERT_TRUE(change(id, {.url = "https://other.example.com/secret-path"}));
  ASSERT_TRUE(remove(id));
  const auto all = acts();
  ASSERT_THAT(all, SizeIs(4));
  for (const audit::Event& each : all) {
    EXPECT_EQ(each.actor.kind, audit::ActorKind::kUser);
    EXPECT_EQ(each.actor.id, world_.caller.user.str());
    EXPECT_EQ(each.target, id.str());
    EXPECT_THAT(each.before + each.after, testing::Not(testing::HasSubstr("secret-path")));
    EXPECT_THAT(each.before + each.after, testing::Not(testing::HasSubstr("whsec_")));
  }
  EXPECT_EQ(all[0].name, "webhook_endpoint.created");
  EXPECT_EQ(all[0].after, R"({"mode":"test","url_origin":"https://hooks.example.com",)"
                          R"("events":"message.sent","description":"shop",)"
                          R"("format":"standard","status":"enabled"})");
  EXPECT_EQ(all[1].name, "webhook_endpoint.changed");
  EXPECT_EQ(all[1].before, R"({"description":"shop","status":"enabled"})");
  EXPECT_EQ(all[1].after, R"({"description":"store","status":"disabled"})");
  EXPECT_EQ(all[2].before, R"({"url_origin":"https://hooks.example.com"})");
  EXPECT_EQ(all[2].after, R"({"url_origin":"https://other.example.com"})");
  EXPECT_EQ(all[3].name, "webhook_endpoint.deleted");
  EXPECT_EQ(all[3].before, R"({"mode":"test","url_origin":"https://other.example.com",)"
                           R"("events":"message.sent","description":"store",)"
                           R"("format":"standard","status":"disabled"})");
}

TEST_F(EndpointsTest, WhatChangesNothingIsOnNoRecord) {
  const auto first = create({kUrl, {}, {}}, key());
  ASSERT_TRUE(create({kUrl, {}, {}}, key())) << "a replay";
  ASSERT_TRUE(change(first->endpoint->id, {.enabled = true}));
  ASSERT_EQ(code_of(create({kUrl, {}, {}}, key("[]"))), ErrorCode::kIdempotencyKeyReused);
  EXPECT_THAT(acts(), SizeIs(1));
}

TEST_F(EndpointsTest, EndpointThatSaidThatItIsGoneIsOnTheSystemsRecord) {
  const auto id = made()->id;
  ASSERT_TRUE(testkit::run(world_.pool, world_.endpoints.disable(id)));
  const auto all = acts();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[1].name, "webhook_endpoint.changed");
  EXPECT_EQ(all[1].actor.kind, audit::ActorKind::kSystem);
  EXPECT_EQ(all[1].after, R"({"status":"disabled"})");
}

TEST_F(EndpointsTest, ListIsOldestFirst) {
  const auto first = made();
  const auto second = made();
  ASSERT_TRUE(change(first->id, {.description = "changed later"}));
  const auto all = world_.endpoints.list(world_.caller.workspace, world_.caller.mode);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0]->id, first->id);
  EXPECT_EQ(all[1]->id, second->id);
}

TEST_F(EndpointsTest, OnlyThoseThatWantAnEventAreSubscribed) {
  ASSERT_TRUE(create({kUrl, {"message.read"}, {}}));
  const auto wanting = create({kUrl, {"message.sent"}, {}})->endpoint;
  EXPECT_THAT(subscribed(), ElementsAre(wanting));
}

TEST_F(EndpointsTest, DisabledEndpointIsNotSubscribed) {
  ASSERT_TRUE(change(made()->id, {.enabled = false}));
  EXPECT_THAT(subscribed(), IsEmpty());
}

TEST_F(EndpointsTest, EnabledAgainItIsSubscribed) {
  const auto id = made()->id;
  ASSERT_TRUE(change(id, {.enabled = false}));
  ASSERT_TRUE(change(id, {.enabled = true}));
  EXPECT_THAT(subscribed(), SizeIs(1));
}

}  // namespace
}  // namespace flowsell::webhook
