#include "onboarding/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace flowsell::onboarding {
namespace {

using testing::HasSubstr;
using testing::Not;

const Time kNow = from_unix_ms(1'795'000'000'000);

SignupPlace place_of_meta() {
  SignupPlace place;
  place.app = {"670", Secret(std::string("the-app-secret"))};
  place.login_config = "42";
  place.sdk_url = "https://connect.facebook.net/en_US/sdk.js";
  place.dialog_url = "https://www.facebook.com/v25.0/dialog/oauth";
  place.api_version = "v25.0";
  return place;
}

SignupPlace place_of_simulator() {
  SignupPlace place = place_of_meta();
  place.sdk_url = "http://127.0.0.1:8099/en_US/sdk.js";
  place.message_origin = "http://127.0.0.1:8099";
  return place;
}

Session a_session() {
  Session session;
  session.mode = identity::Mode::kLive;
  session.state = State::kOpened;
  session.expires_at = kNow + std::chrono::hours(1);
  session.consent = Consent::kHeld;
  session.sealed_grant = "sealed-token";
  return session;
}

TEST(Page, HasNoSecretOfOurs) {
  const auto page = connect_page(a_session(), place_of_meta(), "Acme", "/connect/x", "token");
  EXPECT_THAT(page.html, Not(HasSubstr("the-app-secret")));
  EXPECT_THAT(page.html, Not(HasSubstr("sealed-token")));
  EXPECT_THAT(page.html, HasSubstr("\"app_id\":\"670\""));
  EXPECT_THAT(page.html, HasSubstr("\"config_id\":\"42\""));
}

TEST(Page, ANameCantBecomeMarkup) {
  const auto page = connect_page(a_session(), place_of_meta(), "<script>alert(1)</script>@CONFIG@",
                                 "/connect/x", "</script><b>");
  EXPECT_THAT(page.html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page.html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;@CONFIG@"));
  EXPECT_THAT(page.html, Not(HasSubstr("</script><b>")));
}

TEST(Page, EveryMarkIsFilledIn) {
  const auto page = connect_page(a_session(), place_of_meta(), "Acme", "/connect/x", "token");
  for (const char* mark :
       {"@NONCE@", "@STYLE@", "@SCRIPT@", "@CONFIG@", "@WORKSPACE@", "@BASE@", "@TEST_NOTE@"})
    EXPECT_THAT(page.html, Not(HasSubstr(mark)));
}

TEST(Page, PolicyAllowsOnlyTheScriptOfMetaAndItsOwn) {
  const auto page = connect_page(a_session(), place_of_meta(), "Acme", "/connect/x", "token");
  EXPECT_THAT(page.policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page.policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(page.policy, HasSubstr("https://connect.facebook.net; connect-src 'self'"));
  EXPECT_THAT(page.policy, Not(HasSubstr("unsafe")));
  const auto of_test =
      connect_page(a_session(), place_of_simulator(), "Acme", "/connect/x", "token");
  EXPECT_THAT(of_test.policy, HasSubstr("http://127.0.0.1:8099"));
  EXPECT_THAT(of_test.policy, Not(HasSubstr("facebook")));
}

TEST(Page, EachHasANonceOfItsOwn) {
  const auto one = connect_page(a_session(), place_of_meta(), "Acme", "/connect/x", "token");
  const auto other = connect_page(a_session(), place_of_meta(), "Acme", "/connect/x", "token");
  EXPECT_NE(one.policy, other.policy);
}

TEST(Page, AMessageHasNoScript) {
  const auto page = message_page("A <title>", "Words.", "Fix.");
  EXPECT_THAT(page.html, HasSubstr("A &lt;title&gt;"));
  EXPECT_THAT(page.html, Not(HasSubstr("<script")));
  EXPECT_THAT(page.policy, Not(HasSubstr("script-src")));
}

TEST(PageStatus, SaysWhatFailedAndWhatLeadsOn) {
  Session session = a_session();
  session.state = State::kFailed;
  session.failure = Failure::kNumberElsewhere;
  session.provider_code = 2388012;
  const auto text = page_status(session, {}, kNow);
  EXPECT_THAT(text, HasSubstr("\"code\":\"number_elsewhere\""));
  EXPECT_THAT(text, HasSubstr("\"next\":\"connect\""));
  EXPECT_THAT(text, HasSubstr("2388012"));
  EXPECT_THAT(text, Not(HasSubstr("sealed-token")));
}

TEST(PageStatus, WithoutAConsentOneSignsUpAgain) {
  Session session = a_session();
  session.consent = Consent::kNone;
  session.state = State::kFailed;
  session.failure = Failure::kProviderUnreachable;
  EXPECT_THAT(page_status(session, {}, kNow), HasSubstr("\"next\":\"sign_up\""));
}

TEST(PageStatus, LeadsBackOnlyWhereAllIsDone) {
  Session session = a_session();
  session.return_url = "https://app.example/done?x=1";
  EXPECT_THAT(page_status(session, {}, kNow), HasSubstr("\"return_url\":null"));
  session.state = State::kDone;
  EXPECT_THAT(page_status(session, {}, kNow),
              HasSubstr("https://app.example/done?x=1&onboarding_session=" + session.id.str() +
                        "&state=done"));
}

TEST(PageStatus, TimeEndsASessionBeforeAnybodyNotesIt) {
  Session session = a_session();
  EXPECT_THAT(page_status(session, {}, session.expires_at), HasSubstr("\"state\":\"expired\""));
}

}  // namespace
}  // namespace flowsell::onboarding
