#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "onboarding/door.h"
#include "onboarding/schema.h"
#include "onboarding/sessions.h"
#include "team/schema.h"
#include "webhook_world.h"
#include "whatsapp/adapter.h"

namespace flowsell::onboarding {

/// Steps that end as a test says.
class FakeSteps final : public AccountSteps {
 public:
  Task<AccountOutcome> connect(AccountWanted wanted) override {
    seen.push_back(std::move(wanted));
    co_return outcome;
  }
  Task<AccountShown> show(AccountNamed /*named*/) override {
    co_return AccountShown{"Ana's Bakery", {"+15550001"}, {}};
  }
  Result<AccountOutcome> outcome = AccountOutcome{};
  std::vector<AccountWanted> seen;
};

/// Both sides of onboarding, on the adapter of WhatsApp, with a provider of the test's.
class OnboardingWorld : public webhook::WebhookWorld {
 public:
  OnboardingWorld()
      : WebhookWorld({.more_tables = {team::migrations(), onboarding::migrations()}}) {
    places.adapter = adapter.get();
    places.public_url = [] { return std::string("https://connect.example"); };
    SignupPlace place;
    place.app = {"670", Secret(std::string("s"))};
    place.dialog_url = "https://www.facebook.com/v25.0/dialog/oauth";
    places.test = place;
  }

  Sessions::Created create(Sessions::Draft draft = {}) {
    draft.workspace = caller.workspace;
    draft.mode = caller.mode;
    auto made = testkit::run(pool, sessions.create(std::move(draft), actor, {}, {}, std::nullopt));
    if (!made) throw std::runtime_error(made.error().detail);
    return *std::move(made);
  }
  Session now(const Session& session) {
    return *testkit::run(pool, sessions.find(caller, session.id));
  }
  std::vector<std::string> acts() {
    audit::Query query;
    query.scope = caller.workspace.blob();
    query.limit = 100;
    const auto page =
        testkit::in_snapshot(*db, [&](store::Connection& c) { return audit::list(c, query); });
    std::vector<std::string> names;
    for (const auto& each : page.rows)
      if (each.name.starts_with("onboarding_session.")) names.push_back(each.name.substr(19));
    return names;
  }
  /// That a code is exchanged for, and whose it is.
  void answer_with_token(const std::string& user = "10203") {
    provider.then(200, R"({"access_token":"EAA1","token_type":"bearer","expires_in":5184000})");
    provider.then(200, R"({"data":{"is_valid":true,"app_id":"670","user_id":")" + user + R"("}})");
  }
  void answer_with_error(int code, int subcode) {
    http::Response response;
    response.status = 400;
    response.body = R"({"error":{"message":"m","type":"OAuthException","code":)" +
                    std::to_string(code) + R"(,"error_subcode":)" + std::to_string(subcode) +
                    R"(,"fbtrace_id":"A1"}})";
    provider.then(std::move(response));
  }

  testkit::HttpImposter provider;
  std::unique_ptr<channel::Adapter> adapter = whatsapp::make_adapter();
  audit::Actor actor{audit::ActorKind::kUser, "usr_1"};
  connections::ProviderRoutes routes = [this] {
    connections::ProviderRoutes made;
    made.test_api_base = *http::Url::parse(provider.url("/v25.0"));
    made.live_api_base = made.test_api_base;
    return made;
  }();
  connections::ProviderCalls calls{client, clock, routes};
  SignupPlaces places;
  FakeSteps steps;
  Sessions sessions{{*db, events, idempotency, ids, clock}};
  Door door{{*db, events, workspaces, calls, steps, ids, clock}, places};
};

}  // namespace flowsell::onboarding
