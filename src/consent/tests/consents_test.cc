#include "consent/consents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/audit_log.h"
#include "consent/schema.h"
#include "identity/workspaces.h"
#include "metering/metering.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::consent {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testkit::code_of;

class ConsentsTest : public testing::Test {
 protected:
  ConsentsTest() { pool_.start(); }
  ~ConsentsTest() override {
    pool_.stop();
    db_->stop();
  }
  template <class T>
  T run(Awaitable<T> work) {
    return testkit::run(pool_, std::move(work));
  }
  team::By by() {
    team::By out;
    out.caller.workspace = workspace_;
    out.caller.user = user_;
    return out;
  }
  static Contact contact(std::uint8_t number) {
    Contact out;
    out.hash.fill(number);
    out.masked = "+91••••••321" + std::to_string(number);
    return out;
  }
  Consents::Draft draft(std::uint8_t number, std::string purpose = "marketing") {
    return {contact(number), std::move(purpose), "checkout form", clock_.now() - 1h};
  }
  Result<Consents::Recorded> record(Consents::Draft wanted) {
    return run(consents_.record(by(), std::move(wanted), std::nullopt));
  }
  metering::IdempotentCall call(const std::string& body) {
    return idempotency_.begin(workspace_, identity::Mode::kTest, "POST", "/v1/consents", "once",
                              body, clock_.now());
  }
  bool has(std::uint8_t number, std::string_view purpose = "marketing") {
    return testkit::in_snapshot(*db_, [&](store::Connection& db) {
      return has_consent(db, workspace_, contact(number).hash, purpose);
    });
  }
  std::vector<ConsentId> list(Query query = {}) {
    query.workspace = workspace_;
    const auto page = run(consents_.list(query));
    std::vector<ConsentId> ids;
    for (const Consent& each : page->rows) ids.push_back(each.id);
    return ids;
  }
  std::vector<audit::Event> acts() {
    audit::Query query;
    query.scope = workspace_.blob();
    return testkit::in_snapshot(*db_, [&](store::Connection& db) { return audit::list(db, query); })
        .rows;
  }

  testkit::TempFolder folder_;
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  runtime::IoPool pool_{1};
  std::unique_ptr<store::Database> db_ = testkit::open_database(
      folder_, {identity::migrations(), metering::migrations(), audit::migrations(), migrations()});
  std::unique_ptr<crypto::RotatingKeys> fingerprint_ =
      *crypto::RotatingKeys::open({.folder = folder_.path() / "keys",
                                   .name = "fingerprint",
                                   .period = std::chrono::hours(24),
                                   .life = std::chrono::hours(96)},
                                  clock_.now());
  metering::Idempotency idempotency_{*fingerprint_};
  WorkspaceId workspace_ = ids_.next<IdKind::kWorkspace>();
  UserId user_ = ids_.next<IdKind::kUser>();
  Consents consents_{*db_, idempotency_, ids_, clock_};
};

TEST_F(ConsentsTest, WhoHasAgreedHasAndNobodyElse) {
  const auto recorded = record(draft(1));
  ASSERT_TRUE(recorded && recorded->is_new);
  EXPECT_TRUE(has(1));
  EXPECT_FALSE(has(2));
  EXPECT_FALSE(has(1, "utility"));
}

TEST_F(ConsentsTest, ConsentIsOfItsWorkspaceOnly) {
  const auto made = record(draft(1));
  workspace_ = ids_.next<IdKind::kWorkspace>();
  EXPECT_FALSE(has(1));
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_EQ(code_of(run(consents_.find(workspace_, made->consent.id))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(run(consents_.withdraw(by(), made->consent.id))), ErrorCode::kNotFound);
}

TEST_F(ConsentsTest, WhatIsRecordedIsFoundAgain) {
  const auto made = record(draft(1));
  const auto found = run(consents_.find(workspace_, made->consent.id));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->contact.masked, "+91••••••3211");
  EXPECT_EQ(found->contact.hash, contact(1).hash);
  EXPECT_EQ(found->purpose, "marketing");
  EXPECT_EQ(found->source, "checkout form");
  EXPECT_EQ(found->obtained_at, clock_.now() - 1h);
  EXPECT_EQ(found->recorded_by, user_.str());
  EXPECT_EQ(found->withdrawn_at, std::nullopt);
}

TEST_F(ConsentsTest, WhoHasAgreedAgreesNoSecondTime) {
  const auto first = record(draft(1));
  const auto again = record(draft(1));
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->consent.id, first->consent.id);
  EXPECT_THAT(acts(), SizeIs(1));
}

TEST_F(ConsentsTest, WithdrawnConsentIsNoneAndStaysSo) {
  const auto made = record(draft(1));
  const Time withdrawn_at = clock_.now();
  ASSERT_TRUE(run(consents_.withdraw(by(), made->consent.id)));
  EXPECT_FALSE(has(1));
  clock_.advance(1h);
  EXPECT_EQ(run(consents_.withdraw(by(), made->consent.id))->withdrawn_at, withdrawn_at);
  EXPECT_THAT(acts(), SizeIs(2));
  const auto anew = record(draft(1));
  EXPECT_TRUE(anew->is_new);
  EXPECT_NE(anew->consent.id, made->consent.id);
  EXPECT_TRUE(has(1));
}

TEST_F(ConsentsTest, ReplayBringsNoWithdrawnConsentBack) {
  const auto first = run(consents_.record(by(), draft(1), call("body")));
  ASSERT_TRUE(first);
  ASSERT_TRUE(run(consents_.withdraw(by(), first->consent.id)));
  const auto again = run(consents_.record(by(), draft(1), call("body")));
  ASSERT_TRUE(again && again->is_replay);
  EXPECT_EQ(again->consent.id, first->consent.id);
  EXPECT_TRUE(again->consent.withdrawn_at);
  EXPECT_FALSE(has(1));
  EXPECT_EQ(code_of(run(consents_.record(by(), draft(2), call("another")))),
            ErrorCode::kIdempotencyKeyReused);
  EXPECT_FALSE(has(2));
}

TEST_F(ConsentsTest, ListIsFilteredAndPaged) {
  const auto a = record(draft(1))->consent.id;
  const auto b = record(draft(2))->consent.id;
  const auto c = record(draft(1, "utility"))->consent.id;
  ASSERT_TRUE(run(consents_.withdraw(by(), b)));
  EXPECT_THAT(list(), ElementsAre(c, b, a));
  EXPECT_THAT(list({.contact = contact(1).hash}), ElementsAre(c, a));
  EXPECT_THAT(list({.contact = contact(1).hash, .purpose = "utility"}), ElementsAre(c));
  EXPECT_THAT(list({.contact = contact(1).hash, .withdrawn = true}), IsEmpty());
  EXPECT_THAT(list({.contact = contact(1).hash, .before = a}), ElementsAre(c));
  EXPECT_THAT(list({.purpose = "marketing"}), ElementsAre(b, a));
  EXPECT_THAT(list({.withdrawn = true}), ElementsAre(b));
  EXPECT_THAT(list({.withdrawn = false}), ElementsAre(c, a));
  EXPECT_THAT(list({.limit = 2}), ElementsAre(c, b));
  EXPECT_THAT(list({.after = b, .limit = 2}), ElementsAre(a));
  EXPECT_THAT(list({.before = a, .limit = 1}), ElementsAre(b));
}

TEST_F(ConsentsTest, RecordSaysWhoAndForWhatAndKeepsThePersonApart) {
  const auto made = record(draft(1));
  const auto event = acts().front();
  EXPECT_EQ(event.name, "consent.recorded");
  EXPECT_EQ(event.target, made->consent.id.str());
  EXPECT_EQ(event.actor.id, user_.str());
  EXPECT_THAT(event.after, HasSubstr(R"("purpose":"marketing")"));
  EXPECT_THAT(event.after, Not(HasSubstr("321")));
  EXPECT_THAT(event.personal, HasSubstr("+91••••••3211"));
}

}  // namespace
}  // namespace flowsell::consent
