// Looks run beside each other: what one of them meets keeps no other back.
#include "numbers/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging_world.h"
#include "whatsapp/adapter.h"

namespace flowsell::numbers {
namespace {

using namespace std::chrono_literals;
using messaging::MessagingWorld;
using testing::HasSubstr;
using testing::Not;

class DoctorTest : public testing::Test {
 protected:
  DoctorTest() {
    world_.adapter.managed = whatsapp_->sender_calls();
    world_.adapter.accounts = whatsapp_->account_calls();
  }

  std::map<std::string, Finding> diagnose(Doctor::Options options) {
    const Doctor doctor(*world_.db, world_.senders, world_.states, world_.provider_calls,
                        world_.client, world_.clock, std::move(options));
    const auto connection = world_.senders.connections().find(world_.sender->connection);
    const auto findings = testkit::run(world_.pool, doctor.diagnose(connection));
    EXPECT_TRUE(findings);
    std::map<std::string, Finding> by_check;
    if (!findings) return by_check;
    for (const auto& each : *findings) by_check[each.check] = each;
    return by_check;
  }
  Doctor::Options options() {
    Doctor::Options out;
    out.app = [](identity::Mode) {
      return ProviderApp{{"670", Secret("app-secret")}, Secret("verify-token")};
    };
    out.callback = [this] { return callback_.url("/hooks/whatsapp"); };
    out.look_time_max = 1s;
    return out;
  }

  std::unique_ptr<channel::Adapter> whatsapp_ = whatsapp::make_adapter();
  testkit::HttpImposter callback_;
  MessagingWorld world_;
};

TEST_F(DoctorTest, SilentProviderLeavesWhatNeedsNoneOfIt) {
  world_.provider.hold();
  ASSERT_TRUE(world_.apply({}));
  const auto found = diagnose(options());
  world_.provider.release();
  EXPECT_EQ(found.at("token_valid").verdict, Verdict::kSkipped);
  EXPECT_EQ(found.at("quality").verdict, Verdict::kSkipped);
  EXPECT_EQ(found.at("webhook_recent").verdict, Verdict::kPass);
  EXPECT_EQ(found.at("webhook_round_trip").verdict, Verdict::kFail);
}

TEST_F(DoctorTest, AnotherServersAnswerIsNoneToTheChallenge) {
  callback_.otherwise({.status = 200, .body = "hello"});
  const auto found = diagnose(options()).at("webhook_round_trip");
  EXPECT_EQ(found.verdict, Verdict::kFail);
  EXPECT_THAT(found.evidence, HasSubstr("another server answered there"));
  EXPECT_THAT(callback_.wait_for(1).at(0).target, HasSubstr("hub.verify_token=verify-token"));
}

TEST_F(DoctorTest, NothingThatIsFoundHoldsASecret) {
  callback_.otherwise({.status = 500, .body = "verify-token"});
  for (const auto& [check, found] : diagnose(options())) {
    for (const auto* secret : {"app-secret", "verify-token"}) {
      EXPECT_THAT(found.evidence, Not(HasSubstr(secret))) << check;
      EXPECT_THAT(found.fix, Not(HasSubstr(secret))) << check;
    }
  }
}

TEST_F(DoctorTest, TokenIsLookedAtByTheApp) {
  diagnose(options());
  const auto seen = world_.provider.wait_for(5);
  const auto look = std::ranges::find_if(
      seen, [](const auto& each) { return each.target.contains("/debug_token"); });
  ASSERT_NE(look, seen.end());
  EXPECT_THAT(look->headers.at("authorization"), HasSubstr("670|app-secret"));
}

TEST_F(DoctorTest, AddressThatCanNotBeCalledIsToldAsThat) {
  auto asked = options();
  asked.callback = [] { return std::string("ftp://nowhere"); };
  EXPECT_THAT(diagnose(std::move(asked)).at("webhook_round_trip").evidence,
              HasSubstr("no address that can be called"));
}

}  // namespace
}  // namespace flowsell::numbers
