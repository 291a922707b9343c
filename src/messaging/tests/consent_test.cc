// What a workspace that requires consent for marketing lets through.
#include <gtest/gtest.h>

#include "audit/audit_log.h"
#include "consent/consents.h"
#include "consent/schema.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using testkit::code_of;

class ConsentOfRecipients : public testing::Test {
 protected:
  void require(bool required) {
    identity::StoredWorkspace stored;
    stored.revision = ++revision_;
    stored.settings.consent_required_for_marketing = required;
    world_.workspaces.settings().put(world_.caller.workspace, stored);
  }
  static std::string template_to(const std::string& to, const std::string& more) {
    return R"({"to":")" + to +
           R"(","type":"template","template":{"name":"sale","language":{"code":"en"}})" + more +
           "}";
  }
  static std::string text_to(const std::string& to, const std::string& more) {
    return R"({"to":")" + to + R"(","type":"text","text":{"body":"Hi"})" + more + "}";
  }
  std::optional<ErrorCode> send(const std::string& body) { return code_of(world_.send_json(body)); }
  ConsentId agree(const std::string& number) {
    team::By by;
    by.caller = world_.caller;
    consent::Consents::Draft draft{{world_.accept.hash_of(world_.caller.workspace, number), "+"},
                                   "marketing",
                                   "a form",
                                   world_.clock.now()};
    return testkit::run(world_.pool, consents_.record(by, std::move(draft), std::nullopt))
        ->consent.id;
  }
  void withdraw(const ConsentId& id) {
    team::By by;
    by.caller = world_.caller;
    ASSERT_TRUE(testkit::run(world_.pool, consents_.withdraw(by, id)));
  }

  MessagingWorld world_{{.more_tables = {consent::migrations()}}};
  consent::Consents consents_{*world_.db, world_.idempotency, world_.ids, world_.clock};
  std::int64_t revision_ = 0;
};

constexpr const char* kMarketing = R"(,"purpose":"marketing")";

TEST_F(ConsentOfRecipients, NothingIsAskedUnlessTheWorkspaceDoes) {
  EXPECT_EQ(send(template_to(kAna, "")), std::nullopt);
  EXPECT_EQ(send(template_to(kAna, kMarketing)), std::nullopt);
}

TEST_F(ConsentOfRecipients, MarketingGoesToWhoHasAgreedOnly) {
  require(true);
  EXPECT_EQ(send(template_to(kAna, kMarketing)), ErrorCode::kConsentRequired);
  EXPECT_EQ(send(text_to(kAna, kMarketing)), ErrorCode::kConsentRequired);
  const auto id = agree(kAna);
  EXPECT_EQ(send(template_to(kAna, kMarketing)), std::nullopt);
  EXPECT_EQ(send(template_to(kBela, kMarketing)), ErrorCode::kConsentRequired);
  withdraw(id);
  EXPECT_EQ(send(template_to(kAna, kMarketing)), ErrorCode::kConsentRequired);
}

TEST_F(ConsentOfRecipients, TemplateMustSayWhatItIs) {
  require(true);
  const auto sent = world_.send_json(template_to(kAna, ""));
  ASSERT_EQ(code_of(sent), ErrorCode::kInvalidRequest);
  EXPECT_EQ(sent.error().fields.front().pointer, "/purpose");
  EXPECT_EQ(send(template_to(kAna, R"(,"purpose":"utility")")), std::nullopt);
  EXPECT_EQ(send(template_to(kAna, R"(,"purpose":"authentication")")), std::nullopt);
}

TEST_F(ConsentOfRecipients, AnswersInAConversationNeedNone) {
  require(true);
  EXPECT_EQ(send(text_to(kAna, "")), std::nullopt);
}

TEST_F(ConsentOfRecipients, RefusedSendCountsNothingAndReachesNobody) {
  require(true);
  ASSERT_EQ(send(template_to(kAna, kMarketing)), ErrorCode::kConsentRequired);
  EXPECT_EQ(world_.usage().at(static_cast<std::size_t>(metering::Metric::kAccepted)), 0);
  EXPECT_EQ(world_.provider.seen_count(), 0U);
}

}  // namespace
}  // namespace flowsell::messaging
