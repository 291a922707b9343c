#include <fmt/format.h>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

/// A second place for webhooks, beside the app's.
class Subscription : public Graph {
 protected:
  std::string path() const { return fmt::format("{}/subscribed_apps", kAccount); }
  WebhookSink other_;
};

TEST_F(Subscription, IsThereAtTheStart) {
  EXPECT_EQ(at(get(path()), "/data/0/whatsapp_business_api_data/id"), kApp);
}

TEST_F(Subscription, EndsAndTheAppHearsNothing) {
  EXPECT_EQ(remove(path()).body, R"({"success":true})");
  EXPECT_EQ(at(get(path()), "/data"), "[]");
  say_hello();
  EXPECT_EQ(at(control("GET", "/_sim/stats"), "/webhooks_waiting"), "0");
}

TEST_F(Subscription, MustBeThereBeforeAnOverride) {
  remove(path());
  const auto answer = post_to(path(), override_to(other_));
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(at(answer, "/error/message").starts_with("(#100) Before override"));
}

TEST_F(Subscription, SendsTheAccountsWebhooksToItsOverride) {
  EXPECT_EQ(post_to(path(), override_to(other_)).status, 200);
  say_hello();
  EXPECT_EQ(other_.wait_for(1).size(), 1U);
  EXPECT_EQ(at(get(path()), "/data/0/override_callback_uri"), other_.url());
}

TEST_F(Subscription, TakesAFormAsWellAsJson) {
  const auto answer =
      call_with(sim_->port(), "POST", fmt::format("/v25.0/{}", path()),
                fmt::format("override_callback_uri={}&verify_token=a+token+%26+more", other_.url()),
                {{"Authorization", fmt::format("Bearer {}", kToken)},
                 {"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(at(get(path()), "/data/0/override_callback_uri"), other_.url());
}

TEST_F(Subscription, RefusesAnOverrideThatIsNotVerified) {
  const auto answer = post_to(path(), override_to(other_, "wrong"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(code_of(answer), 2200);
  EXPECT_EQ(at(get(path()), "/data/0/override_callback_uri"), "(absent)");
}

TEST_F(Subscription, TakesAnOverrideBackByABodyWithoutOne) {
  post_to(path(), override_to(other_));
  post_to(path());
  say_hello();
  EXPECT_EQ(sink_.wait_for(1).size(), 1U);
}

TEST_F(Subscription, PrefersTheNumbersOverride) {
  WebhookSink nearest;
  post_to(path(), override_to(other_));
  const auto answer =
      post_to(kPhone, fmt::format(R"({{"webhook_configuration":{}}})", override_to(nearest)));
  EXPECT_EQ(answer.status, 200) << answer.body;
  say_hello();
  EXPECT_EQ(nearest.wait_for(1).size(), 1U);
  const auto shown = get(fmt::format("{}?fields=webhook_configuration", kPhone));
  EXPECT_EQ(at(shown, "/webhook_configuration/phone_number"), nearest.url());
  EXPECT_EQ(at(shown, "/webhook_configuration/whatsapp_business_account"), other_.url());
  EXPECT_EQ(at(shown, "/webhook_configuration/application"), sink_.url());
}

TEST_F(Subscription, OfAnAppIsVerifiedAndLimitedToItsFields) {
  const auto answer = post_to(
      fmt::format("{}/subscriptions", kApp),
      fmt::format(
          R"({{"object":"whatsapp_business_account","callback_url":"{}","verify_token":"{}",)"
          R"("fields":"security"}})",
          other_.url(), kVerifyToken),
      kAppToken);
  EXPECT_EQ(answer.body, R"({"success":true})");
  say_hello();
  post_to(kPhone, R"({"pin":"654321"})");
  const auto posts = other_.wait_for(1);
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_NE(posts[0].body.find("PIN_CHANGED"), std::string::npos);
  EXPECT_EQ(at(get(fmt::format("{}/subscriptions", kApp), kAppToken), "/data/0/fields/0/name"),
            "security");
}

TEST_F(Subscription, OfAnAppNeedsItsToken) {
  const auto user = token("{}");
  EXPECT_EQ(code_of(get(fmt::format("{}/subscriptions", kApp), user)), 15);
}

TEST_F(Subscription, OfAnotherAppIsSignedWithItsSecret) {
  const auto app = at(control("POST", "/_sim/apps", R"({"secret":"other-secret"})"), "/id");
  const auto its_token = app + "|other-secret";
  post_to(app + "/subscriptions",
          fmt::format(
              R"({{"object":"whatsapp_business_account","callback_url":"{}","verify_token":"{}",)"
              R"("fields":"messages"}})",
              other_.url(), kVerifyToken),
          its_token);
  EXPECT_EQ(post_to(path(), "{}", its_token).status, 200);
  say_hello();
  const auto posts = other_.wait_for(1);
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_EQ(posts[0].signature,
            "sha256=" + hex_encode(crypto::hmac_sha256("other-secret", {posts[0].body})));
  EXPECT_EQ(sink_.wait_for(1).size(), 1U);
}

}  // namespace
}  // namespace flowsell::sim::test
