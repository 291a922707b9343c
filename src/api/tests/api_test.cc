// The door as a whole: what every answer has, and in which order a request is refused.
#include "api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"
#include "onboarding/connector_steps.h"
#include "people_world.h"

namespace flowsell::api {
namespace {

using namespace std::chrono_literals;
using http::Method;
using messaging::kAna;
using messaging::MessagingWorld;
using testing::HasSubstr;
using testing::StartsWith;

struct Asked {
  Method method = Method::kGet;
  std::string path;
  std::string query = {};
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool with_key = true;
};

/// One home, for everybody.
class OneHome final : public Homes {
 public:
  OneHome(const Services& services, ingest::ProviderDoor& door, ingest::Ingest& ingest,
          PeopleWorld& people)
      : services_(services), door_(door), ingest_(ingest), people_(people) {}
  std::optional<Home> find_now(const http::Request& /*request*/) override {
    return Home(services_, nullptr);
  }
  Task<Home> find(const http::Request& /*request*/) override { co_return Home(services_, nullptr); }
  Task<Home> find_named(std::string /*name*/, const http::Request& /*request*/) override {
    co_return Home(services_, nullptr);
  }
  Task<Home> find_new(const http::Request& /*request*/) override {
    co_return Home(services_, nullptr);
  }
  accounts::Accounts* accounts() override { return &people_.accounts; }
  sso::SingleSignOn* sso() override { return &people_.sso; }
  passkeys::Passkeys* passkeys() override { return &people_.passkeys; }
  Staff* staff() override { return &staff_; }
  Task<> take_webhook(const http::Request& request) override {
    CO_TRY(auto webhook, door_.open(request));
    co_return co_await ingest_.store(std::move(webhook));
  }
  std::optional<ErrorCode> unready() const override {
    return is_ready ? std::nullopt : std::optional(ErrorCode::kShuttingDown);
  }
  bool is_ready = true;

 private:
  const Services services_;
  ingest::ProviderDoor& door_;
  ingest::Ingest& ingest_;
  PeopleWorld& people_;
  Staff staff_{people_.operators, people_.openings};
};

class ApiTest : public testing::Test {
 protected:
  Services services(metering::RateLimit& rate_limit) {
    return {*world_.db,
            world_.clock,
            api_keys_,
            rate_limit,
            world_.idempotency,
            world_.options.limits,
            1000,
            world_.senders,
            world_.provider_calls,
            world_.leased_keys,
            connection_changes_,
            connector_,
            connection_desk_,
            token_watch_,
            world_.library,
            onboarding_,
            onboarding_door_,
            world_.templates,
            world_.accept,
            world_.messages,
            world_.read_receipts,
            world_.waiters,
            world_.endpoints,
            world_.begun_deliveries,
            *world_.spool,
            world_.workspaces,
            people_.members,
            people_.key_desk,
            people_.settings_desk,
            people_.support_sessions,
            people_.policies,
            people_.consents,
            [](std::string /*name*/) -> Task<> { co_return Result<>{}; },
            world_.states,
            sender_desk_,
            doctor_,
            preflight_};
  }
  http::Response ask(const Asked& asked) {
    http::Request request;
    request.method = asked.method;
    request.path = asked.path;
    request.query = asked.query;
    request.body = asked.body;
    if (asked.with_key) request.fields.push_back({"Authorization", key_});
    for (const auto& [name, value] : asked.headers) request.fields.push_back({name, value});
    return testkit::run(world_.pool, api_.handle(request));
  }
  http::Response send(std::vector<std::pair<std::string, std::string>> headers = {}) {
    return ask({.method = Method::kPost,
                .path = "/v1/messages",
                .body = MessagingWorld::text_json(kAna, "Hello"),
                .headers = std::move(headers)});
  }
  std::string new_key(identity::Scopes scopes, identity::Mode mode = identity::Mode::kTest) {
    return "Bearer " +
           std::string(api_keys_.create(world_.caller.workspace, mode, "k", scopes)->key.reveal());
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& each : response.headers) {
      if (each.name == name) return each.value;
    }
    return "";
  }
  static std::string text_of(const http::Response& response, std::string_view field) {
    const auto document = json::parse(response.body);
    if (!document) return "";
    const auto* value = document->root().as_object().if_contains(field);
    return value != nullptr && value->is_string()
               ? std::string(std::string_view(value->get_string()))
               : "";
  }

  MessagingWorld world_{messaging::MessagingOptions{.more_tables = people_tables()}};
  identity::ApiKeys api_keys_{*world_.db, world_.ids, world_.clock};
  PeopleWorld people_{world_, api_keys_};
  metering::RateLimit rate_limit_{1000};
  connections::ConnectionChanges connection_changes_{
      *world_.db, world_.senders, world_.events, world_.idempotency, world_.ids, world_.clock};
  connections::Connector connector_{connection_changes_,
                                    world_.provider_calls,
                                    world_.workspaces,
                                    people_.policies,
                                    {},
                                    [](std::string_view) { return nullptr; },
                                    world_.ids,
                                    {}};
  connections::ConnectionDesk connection_desk_{connection_changes_, world_.provider_calls, {}};
  connections::TokenWatch token_watch_{world_.pool, connection_changes_, connector_,
                                       world_.workspaces};
  numbers::SenderDesk sender_desk_{*world_.db,
                                   world_.senders,
                                   world_.states,
                                   world_.provider_calls,
                                   world_.leased_keys,
                                   world_.ids,
                                   world_.clock,
                                   [](connections::SenderPtr /*sender*/) -> Task<> { co_return Result<>{}; }};
  numbers::Doctor doctor_{
      *world_.db, world_.senders, world_.states, world_.provider_calls, world_.client, world_.clock,
      {}};
  preflight::Preflight preflight_{*world_.db,    world_.senders,
                                  world_.states, world_.provider_calls,
                                  world_.accept, world_.workspaces.settings(),
                                  world_.clock,  {}};
  onboarding::Sessions onboarding_{
      {*world_.db, world_.events, world_.idempotency, world_.ids, world_.clock}};
  onboarding::ConnectorSteps account_steps_{connector_, connection_changes_, world_.adapter};
  onboarding::SignupPlaces signup_places_;
  onboarding::Door onboarding_door_{
      {*world_.db, world_.events, world_.workspaces, world_.provider_calls, account_steps_,
       world_.ids, world_.clock},
      signup_places_};
  ingest::ProviderDoor door_{world_.adapter, "X-Signature", {}, world_.clock, world_.metrics};
  ingest::Ingest ingest_{world_.adapter, world_.senders, world_.updates_in, world_.metrics};
  OneHome home_{services(rate_limit_), door_, ingest_, people_};
  Api api_{{world_.clock, world_.ids, world_.metrics, door_, home_}};
  std::string key_ = new_key(identity::Scopes::of_keys());
};

TEST_F(ApiTest, SendIsAcceptedWithItsPlace) {
  const auto response = send();
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(text_of(response, "status"), "accepted");
  EXPECT_EQ(header(response, "Location"), "/v1/messages/" + text_of(response, "id"));
}

TEST_F(ApiTest, SendTellsTheQuota) {
  EXPECT_THAT(header(send(), "RateLimit"), HasSubstr("\"quota\";r=999"));
}

TEST_F(ApiTest, EveryAnswerHasARequestIdAndAVersion) {
  const auto response = ask({.path = "/healthz", .with_key = false});
  EXPECT_THAT(header(response, "Request-Id"), StartsWith("req_"));
  EXPECT_FALSE(header(response, "FlowSell-Version").empty());
}

TEST_F(ApiTest, ProblemNamesTheRequest) {
  const auto response = ask({.path = "/v1/nothing"});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(text_of(response, "instance"), header(response, "Request-Id"));
}

TEST_F(ApiTest, WrongMethodNamesTheRightOnes) {
  const auto response = ask({.method = Method::kDelete, .path = "/v1/messages"});
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(header(response, "Allow"), HasSubstr("POST"));
}

TEST_F(ApiTest, NoKeyIsRefused) {
  const auto response = ask({.path = "/v1/messages", .with_key = false});
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(text_of(response, "code"), "missing_api_key");
}

TEST_F(ApiTest, KeyWithoutTheScopeIsRefused) {
  key_ = new_key(*identity::Scopes::parse("messages:read"));
  EXPECT_EQ(send().status, 403);
}

TEST_F(ApiTest, BodyAtTheLimitIsReadAndOneByteMoreIsNot) {
  const auto padded = [](std::size_t size) {
    std::string body = MessagingWorld::text_json(kAna, "Hello");
    return body + std::string(size - body.size(), ' ');
  };
  EXPECT_EQ(ask({.method = Method::kPost, .path = "/v1/messages", .body = padded(1000)}).status,
            202);
  EXPECT_EQ(ask({.method = Method::kPost, .path = "/v1/messages", .body = padded(1001)}).status,
            413);
}

TEST_F(ApiTest, FaultsOfTheBodyAreTold) {
  const auto response =
      ask({.method = Method::kPost, .path = "/v1/messages", .body = R"({"to":"x"})"});
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr(R"("pointer":"/to")"));
}

TEST_F(ApiTest, SameCallIsReplayedWithTheSameAnswer) {
  const auto first = send({{"Idempotency-Key", "key-1"}});
  ASSERT_TRUE(world_.idle());
  const auto second = send({{"Idempotency-Key", "key-1"}});
  EXPECT_EQ(second.status, 202);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(header(first, "Idempotent-Replayed"), "");
  EXPECT_EQ(header(second, "Idempotent-Replayed"), "true");
}

TEST_F(ApiTest, VersionThatItSpeaksIsTakenAndAnyOtherRefused) {
  const auto version = header(send(), "FlowSell-Version");
  EXPECT_EQ(send({{"FlowSell-Version", version}}).status, 202);
  const auto response = send({{"FlowSell-Version", "2020-01-01"}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(text_of(response, "code"), "unsupported_version");
  EXPECT_EQ(header(response, "FlowSell-Version"), version);
}

TEST_F(ApiTest, SendTellsWhereItsTimeWent) {
  const auto parts = [](const http::Response& response) {
    std::vector<std::string> names;
    for (const auto& each : response.headers) {
      if (each.name == "Server-Timing") names.push_back(each.value.substr(0, each.value.find(';')));
    }
    return names;
  };
  // Without a wait the total is all but the time of the database.
  EXPECT_THAT(parts(send()), testing::ElementsAre("total"));
  EXPECT_THAT(parts(send({{"Prefer", "wait=10"}})),
              testing::ElementsAre("db", "provider", "total"));
}

TEST_F(ApiTest, BrokenIdempotencyKeyIsRefused) {
  const auto response = send({{"Idempotency-Key", "\"\""}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(text_of(response, "code"), "invalid_idempotency_key");
}

TEST_F(ApiTest, WaitingSendShowsWhatTheProviderSaid) {
  const auto response = send({{"Prefer", "wait=10"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_of(response, "status"), "sent");
  EXPECT_EQ(text_of(response, "provider_message_id"), "pm.1");
  EXPECT_EQ(header(response, "Preference-Applied"), "wait=10");
}

TEST_F(ApiTest, WaitingSendShowsTheProvidersWords) {
  world_.provider.then(400, R"({"error":{"code":131047,"retry":"no","text":"its own words"}})");
  const auto response = send({{"Prefer", "wait=10"}});
  EXPECT_EQ(text_of(response, "status"), "failed");
  EXPECT_THAT(response.body, HasSubstr(R"("detail":"its own words","fix":"Do as it says.")"));
}

TEST_F(ApiTest, WaitThatIsOverShowsTheAcceptedMessage) {
  world_.provider.hold();
  const auto response = send({{"Prefer", "wait=0"}});
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(text_of(response, "status"), "accepted");
  world_.provider.release();
}

TEST_F(ApiTest, WaitingReplayOfASettledMessageShowsIt) {
  ASSERT_EQ(send({{"Idempotency-Key", "key-1"}}).status, 202);
  ASSERT_TRUE(world_.idle());
  const auto response = send({{"Idempotency-Key", "key-1"}, {"Prefer", "wait=10"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_of(response, "status"), "sent");
}

TEST_F(ApiTest, MessageIsShownToItsModeOnly) {
  const auto path = "/v1/messages/" + text_of(send(), "id");
  EXPECT_EQ(ask({.path = path}).status, 200);
  key_ = new_key(identity::Scopes::of_keys(), identity::Mode::kLive);
  EXPECT_EQ(ask({.path = path}).status, 404);
}

TEST_F(ApiTest, IdOfAnotherKindIsABadRequest) {
  const auto response = ask({.path = "/v1/messages/" + world_.sender->id.str()});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(text_of(response, "code"), "invalid_id");
}

TEST_F(ApiTest, UnknownParameterOfAListIsABadRequest) {
  EXPECT_EQ(ask({.path = "/v1/messages", .query = "colour=red"}).status, 400);
}

TEST_F(ApiTest, ListPagesByItsNext) {
  send();
  send();
  const auto first = ask({.path = "/v1/messages", .query = "limit=1"});
  const auto second =
      ask({.path = "/v1/messages", .query = "limit=1&after=" + text_of(first, "next")});
  EXPECT_THAT(first.body, HasSubstr(R"("has_more":true)"));
  EXPECT_THAT(second.body, HasSubstr(R"("has_more":false)"));
}

TEST_F(ApiTest, ListPagesUpwardsByItsNext) {
  const auto oldest = text_of(send(), "id");
  send();
  send();
  const auto first = ask({.path = "/v1/messages", .query = "limit=1&before=" + oldest});
  const auto second =
      ask({.path = "/v1/messages", .query = "limit=1&before=" + text_of(first, "next")});
  EXPECT_THAT(header(first, "Link"), HasSubstr("&before=" + text_of(first, "next")));
  EXPECT_THAT(first.body, HasSubstr(R"("has_more":true)"));
  EXPECT_THAT(second.body, HasSubstr(R"("has_more":false,"next":null)"));
}

TEST_F(ApiTest, SecretOfAnEndpointIsShownOnce) {
  const Asked create{.method = Method::kPost,
                     .path = "/v1/webhook_endpoints",
                     .body = R"({"url":"https://hooks.example.com/"})",
                     .headers = {{"Idempotency-Key", "key-1"}}};
  const auto first = ask(create);
  const auto replay = ask(create);
  EXPECT_EQ(first.status, 201);
  EXPECT_THAT(text_of(first, "secret"), StartsWith("whsec_"));
  EXPECT_EQ(header(replay, "Idempotent-Replayed"), "true");
  EXPECT_EQ(text_of(replay, "secret"), "");
  EXPECT_NE(text_of(replay, "fix"), "");
  EXPECT_EQ(text_of(ask({.path = "/v1/webhook_endpoints/" + text_of(first, "id")}), "secret"), "");
}

TEST_F(ApiTest, StoppingServerIsAliveAndNotReady) {
  home_.is_ready = false;
  EXPECT_EQ(ask({.path = "/healthz", .with_key = false}).status, 200);
  EXPECT_EQ(ask({.path = "/readyz", .with_key = false}).status, 503);
}

TEST_F(ApiTest, RunningServerIsReady) {
  EXPECT_EQ(ask({.path = "/readyz", .with_key = false}).status, 200);
}

TEST_F(ApiTest, TypeOfAProblemLeadsToItsExplanation) {
  const auto problem = ask({.path = "/v1/nothing"});
  const auto page = ask({.path = text_of(problem, "type"), .with_key = false});
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("not_found"));
}

TEST_F(ApiTest, UnsignedProviderWebhookIsRefused) {
  EXPECT_EQ(
      ask({.method = Method::kPost, .path = "/hooks/whatsapp", .body = "{}", .with_key = false})
          .status,
      401);
}

/// A workspace that takes single sign-on only.
class SsoOnly : public ApiTest {
 protected:
  static constexpr const char* kPassword = "violet harbour seventeen";
  SsoOnly() {
    const auto stored = testkit::run(
        world_.pool, people_.settings_desk.change(by_owner(), [](identity::StoredWorkspace& w) {
          w.settings.sso_required = true;
        }));
    EXPECT_TRUE(stored);
  }
  team::By by_owner() {
    team::By by;
    by.caller.workspace = workspace_;
    by.caller.user = owner_;
    by.role = identity::Role::kOwner;
    return by;
  }
  UserId user(const std::string& email) {
    return people_.accounts.put_user(email, "Somebody", Secret(kPassword))->id;
  }
  UserId owner() {
    const UserId made = user("owner@acme.example");
    EXPECT_TRUE(people_.members.put_owner(workspace_, made));
    return made;
  }
  UserId member(identity::Role role) {
    const UserId made = user("member@acme.example");
    EXPECT_TRUE(
        testkit::run(world_.pool, people_.members.join(workspace_, made, role, "idp_1", {})));
    return made;
  }
  Secret by_password(const std::string& email) {
    return testkit::run(world_.pool, people_.accounts.sign_in({email, Secret(kPassword)}, {}))
        ->token;
  }
  Secret by_provider(const UserId& who, const WorkspaceId& of) {
    auto holds = [](store::Connection&) -> Result<bool> { return true; };
    return (*testkit::run(world_.pool,
                          people_.accounts.sign_in_vouched({who, {"idp_1", of}, holds}, {})))
        ->token;
  }
  void confirm_all_by_second_factor() {
    static const store::Sql kConfirm("UPDATE sessions SET has_second_factor = 1");
    ASSERT_TRUE(
        testkit::write(*world_.db, [](store::Connection& db) { return db.write(kConfirm, {}); }));
  }
  std::string code_with(const Secret& session) {
    const auto response =
        ask({.path = "/v1/members",
             .headers = {{"Cookie", "__Host-connect_session=" + std::string(session.reveal())},
                         {"Connect-Workspace", workspace_.str()}},
             .with_key = false});
    return response.status == 200 ? "" : text_of(response, "code");
  }

  const WorkspaceId workspace_ = world_.caller.workspace;
  const UserId owner_ = owner();
};

TEST_F(SsoOnly, ItsProvidersSessionIsLetInAndOneByPasswordIsNot) {
  const UserId admin = member(identity::Role::kAdmin);
  EXPECT_EQ(code_with(by_provider(admin, workspace_)), "");
  EXPECT_EQ(code_with(by_password("member@acme.example")), "sso_required");
  EXPECT_EQ(code_with(by_password("owner@acme.example")), "sso_required");
}

TEST_F(SsoOnly, EverybodysProviderIsNotTheWorkspaces) {
  EXPECT_EQ(code_with(by_provider(owner_, WorkspaceId())), "sso_required");
}

TEST_F(SsoOnly, AnotherWorkspacesProviderIsNotEither) {
  const auto another = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_with(by_provider(owner_, another)), "session_not_for_workspace");
}

TEST_F(SsoOnly, OwnersWayInIsASecondFactorAndNobodyElses) {
  member(identity::Role::kAdmin);
  const Secret of_owner = by_password("owner@acme.example");
  const Secret of_admin = by_password("member@acme.example");
  confirm_all_by_second_factor();
  EXPECT_EQ(code_with(of_owner), "");
  EXPECT_EQ(code_with(of_admin), "sso_required");
}

TEST_F(SsoOnly, KeysGoOnWorking) { EXPECT_EQ(ask({.path = "/v1/messages"}).status, 200); }

TEST_F(ApiTest, WhoWouldBeOutAtOnceDoesNotRequireSingleSignOn) {
  const UserId owner =
      people_.accounts.put_user("o@acme.example", "O", Secret("violet harbour seventeen"))->id;
  ASSERT_TRUE(people_.members.put_owner(world_.caller.workspace, owner));
  const auto signed_in = testkit::run(
      world_.pool,
      people_.accounts.sign_in({"o@acme.example", Secret("violet harbour seventeen")}, {}));
  const auto change = [&](const char* body) {
    return ask({.method = Method::kPatch,
                .path = "/v1/workspaces/" + world_.caller.workspace.str(),
                .body = body,
                .headers = {{"Cookie",
                             "__Host-connect_session=" + std::string(signed_in->token.reveal())}},
                .with_key = false})
        .status;
  };
  EXPECT_EQ(change(R"({"sso_required":true})"), 409);
  EXPECT_EQ(change(R"({"sso_required":false})"), 200);
}

class LimitedApi : public ApiTest {
 protected:
  LimitedApi()
      : limited_(1),
        limited_home_(services(limited_), door_, ingest_, people_),
        strict_({world_.clock, world_.ids, world_.metrics, door_, limited_home_}) {}
  http::Response list() {
    http::Request request;
    request.path = "/v1/messages";
    request.fields.push_back({"Authorization", key_});
    return testkit::run(world_.pool, strict_.handle(request));
  }
  metering::RateLimit limited_;
  OneHome limited_home_;
  Api strict_;
};

TEST_F(LimitedApi, RequestBeyondTheRateIsRefusedAndSaysWhenToComeBack) {
  ASSERT_EQ(list().status, 200);
  const auto refused = list();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  EXPECT_EQ(header(refused, "RateLimit"), "\"key\";r=0;t=1");
}

}  // namespace
}  // namespace flowsell::api
