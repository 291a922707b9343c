// The room against a provider of the test's: what is asked of it, and what becomes of its answers.
#include "templates_world.h"

namespace flowsell::templates {
namespace {

using namespace std::chrono_literals;
using testkit::code_of;

constexpr std::string_view kPlain =
    R"({"id":"1001","name":"order","language":"en_US","category":"UTILITY",)"
    R"("status":"APPROVED","components":[{"type":"BODY","text":"Hello from the shop"}]})";

std::string page_of(std::string_view elements, int total) {
  return std::string(R"({"data":[)")
      .append(elements)
      .append(R"(],"summary":{"message_template_count":)")
      .append(std::to_string(total))
      .append("}}");
}

class TemplatesTest : public TemplatesWorld {
 protected:
  team::By by() {
    team::By out;
    out.caller.workspace = workspace_;
    out.caller.user = ids_.next<IdKind::kUser>();
    return out;
  }
  template <class T>
  T run(Awaitable<T> work) {
    return testkit::run(pool_, std::move(work));
  }
  Result<std::string> check(const connections::SenderPtr& sender,
                            std::string_view components = "") {
    const auto message = message_of(components);
    auto allowed = run(templates_.check_send(sender, message));
    if (!allowed) return std::unexpected(allowed.error());
    return allowed->category;
  }
  template <class T>
  static std::string fault_of(const Result<T>& checked) {
    return checked || checked.error().fields.empty() ? "" : checked.error().fields.front().code;
  }
  connections::ConnectionPtr connection() { return senders_.connections().find(test_->connection); }
  static channel::TemplateDraft draft() {
    channel::TemplateDraft out;
    out.name = "order";
    out.language = "en_US";
    out.category = "utility";
    out.components_json = R"([{"type":"body","text":"Hello from the shop"}])";
    return out;
  }
  std::vector<std::string> acts() {
    audit::Query query;
    query.scope = workspace_.blob();
    std::vector<std::string> out;
    for (const auto& each : testkit::in_snapshot(*db_, [&](store::Connection& db) {
                              return audit::list(db, query);
                            }).rows)
      out.push_back(each.name);
    return out;
  }

  Templates templates_{*db_, senders_.connections(), calls_, keys_, ids_, clock_};
  connections::SenderPtr test_ = add(identity::Mode::kTest, "111");
  connections::SenderPtr live_ = add(identity::Mode::kLive, "222");
};

TEST_F(TemplatesTest, TheFirstSendAsksAndLaterOnesDoNot) {
  provider_.otherwise({.body = page_of(kPlain, 1)});
  EXPECT_EQ(check(test_).value_or("-"), "utility");
  EXPECT_TRUE(check(test_));
  EXPECT_EQ(fault_of(check(test_, kHeader)), "wrong_count");
  ASSERT_EQ(provider_.seen_count(), 1U);
  const auto seen = provider_.wait_for(1).front();
  EXPECT_NE(seen.target.find("/v25.0/9111/message_templates?"), std::string::npos) << seen.target;
  EXPECT_NE(seen.target.find("name=order"), std::string::npos);
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer token");
}

TEST_F(TemplatesTest, ASimulatorWithoutTemplatesTakesEveryName) {
  provider_.otherwise({.body = page_of("", 0)});
  EXPECT_TRUE(check(test_, kHeader));
  EXPECT_TRUE(check(test_));
  EXPECT_EQ(provider_.seen_count(), 1U);
}

TEST_F(TemplatesTest, ARealAccountWithoutTemplatesTakesNone) {
  provider_.otherwise({.body = page_of("", 0)});
  EXPECT_EQ(fault_of(check(live_)), "template_not_found");
}

TEST_F(TemplatesTest, WhatIsMissingIsAskedForAgainAfterAWhile) {
  provider_.then(200, page_of("", 3));
  EXPECT_EQ(fault_of(check(test_)), "template_not_found");
  EXPECT_EQ(fault_of(check(test_)), "template_not_found");
  EXPECT_EQ(provider_.seen_count(), 1U);
  clock_.skip(61s);
  provider_.then(200, page_of(kPlain, 4));
  EXPECT_TRUE(check(test_));
}

TEST_F(TemplatesTest, WhereTheProviderCannotBeAskedItDecidesItself) {
  provider_.then(500, "down");
  EXPECT_TRUE(check(test_));
  EXPECT_TRUE(check(test_)) << "and is not asked at once again";
  EXPECT_EQ(provider_.seen_count(), 1U);
  clock_.skip(11s);
  provider_.then(200, page_of("", 3));
  EXPECT_EQ(fault_of(check(test_)), "template_not_found");
}

TEST_F(TemplatesTest, ATemplateThatIsNotApprovedIsRefusedByItsStatus) {
  for (const auto& [status, code] :
       {std::pair("PAUSED", "template_paused"), std::pair("DISABLED", "template_disabled"),
        std::pair("REJECTED", "template_not_approved"),
        std::pair("PENDING", "template_not_approved")}) {
    std::string text(kPlain);
    text.replace(text.find("APPROVED"), 8, status);
    provider_.then(200, page_of(text, 1));
    EXPECT_EQ(fault_of(check(test_)), code);
    clock_.skip(61s);
  }
}

TEST_F(TemplatesTest, AWebhookIsInForceAtOnce) {
  provider_.otherwise({.body = page_of(kPlain, 1)});
  EXPECT_TRUE(check(test_));
  std::string paused(kPlain);
  paused.replace(paused.find("APPROVED"), 8, "PAUSED");
  provider_.otherwise({.body = page_of(paused, 1)});
  testkit::TestOp op([&](store::Connection& db) {
    channel::TemplateNews news;
    news.provider_id = "1001";
    news.status = "paused";
    return templates_.record(db, *test_, news, clock_.now() + 2s, true);
  });
  ASSERT_TRUE(db_->commit_now(op));
  templates_.forget(test_->connection);
  EXPECT_EQ(fault_of(check(test_)), "template_paused");
}

TEST_F(TemplatesTest, ManySendsAtOnceAskOnce) {
  provider_.otherwise({.body = page_of(kPlain, 1)});
  provider_.hold();
  const auto message = message_of("");
  std::vector<std::future<Result<Templates::Allowed>>> checks;
  for (std::size_t i = 0; i < 8; ++i) {
    checks.push_back(net::co_spawn(pool_.context(i % 2), templates_.check_send(test_, message),
                                   net::use_future));
  }
  ASSERT_EQ(provider_.wait_for(1).size(), 1U);
  provider_.release();
  for (auto& each : checks) EXPECT_TRUE(each.get());
  EXPECT_EQ(provider_.seen_count(), 1U);
}

TEST_F(TemplatesTest, AWebhookThatIsNewerThanAnAnswerCounts) {
  provider_.otherwise({.body = page_of(kPlain, 1)});
  EXPECT_TRUE(check(test_));
  clock_.skip(std::chrono::hours(24));
  templates_.forget(test_->connection);
  testkit::TestOp pending([&](store::Connection& db) {
    return templates_.record(db, *test_, {.provider_id = "1001", .status = "pending"}, clock_.now(),
                             true);
  });
  ASSERT_TRUE(db_->commit_now(pending));
  provider_.hold();
  const auto message = message_of("");
  auto checked =
      net::co_spawn(pool_.context(0), templates_.check_send(test_, message), net::use_future);
  ASSERT_EQ(provider_.wait_for(2).size(), 2U);
  testkit::TestOp paused([&](store::Connection& db) {
    return templates_.record(db, *test_, {.provider_id = "1001", .status = "paused"},
                             clock_.now() + 2s, true);
  });
  ASSERT_TRUE(db_->commit_now(paused));
  provider_.release();
  EXPECT_EQ(fault_of(checked.get()), "template_paused");
}

TEST_F(TemplatesTest, OneTimeCodesGoToNumbersOnly) {
  provider_.otherwise(
      {.body = page_of(
           R"({"id":"1","name":"order","language":"en_US","category":"AUTHENTICATION",)"
           R"("status":"APPROVED","components":[{"type":"BODY","text":"*{{1}}* is your code."}]})",
           1)});
  auto message = message_of(R"({"type":"body","parameters":[{"type":"text","text":"123"}]})");
  EXPECT_TRUE(run(templates_.check_send(test_, message)));
  message.to = channel::Recipient::parse("US.13491208655302741918").value();
  EXPECT_EQ(fault_of(run(templates_.check_send(test_, message))), "needs_phone");
}

TEST_F(TemplatesTest, TheWayOfMarketingIsForMarketing) {
  provider_.otherwise({.body = page_of(kPlain, 1)});
  auto message = message_of("");
  message.product_policy = channel::ProductPolicy::kStrict;
  EXPECT_EQ(fault_of(run(templates_.check_send(test_, message))), "not_allowed");
}

// --- management

TEST_F(TemplatesTest, ATemplateIsMadeOnceAndReadBack) {
  provider_.then(200, R"({"id":"1001","status":"PENDING","category":"UTILITY"})");
  provider_.then(200, std::string(kPlain));
  const auto key = idempotency_.begin(workspace_, identity::Mode::kTest, "POST", "/v1/templates",
                                      "once", "body", clock_.now());
  const auto made = run(templates_.create(by(), connection(), draft(), std::nullopt, key));
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->row.provider.status, "approved");
  EXPECT_FALSE(made->is_replay);
  const auto again = run(templates_.create(by(), connection(), draft(), std::nullopt, key));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->is_replay);
  EXPECT_EQ(again->row.id, made->row.id);
  EXPECT_EQ(provider_.seen_count(), 2U);
  EXPECT_EQ(acts(), std::vector<std::string>{"template.created"});
  EXPECT_NE(provider_.wait_for(1).front().body.find(R"("type":"BODY")"), std::string::npos);
}

TEST_F(TemplatesTest, AFaultyDraftNeverReachesTheProvider) {
  auto wrong = draft();
  wrong.components_json = R"([{"type":"BODY","text":"{{1}} is first"}])";
  const auto made = run(templates_.create(by(), connection(), wrong, std::nullopt, std::nullopt));
  ASSERT_EQ(code_of(made), ErrorCode::kInvalidRequest);
  EXPECT_EQ(made.error().fields.size(), 2U);  // at the start; no example
  EXPECT_EQ(provider_.seen_count(), 0U);
}

TEST_F(TemplatesTest, ARefusalOfTheProviderFreesTheKey) {
  const auto key = idempotency_.begin(workspace_, identity::Mode::kTest, "POST", "/v1/templates",
                                      "once", "body", clock_.now());
  provider_.then(
      400,
      R"({"error":{"message":"no","type":"OAuthException","code":100,"error_subcode":2388024}})");
  EXPECT_EQ(code_of(run(templates_.create(by(), connection(), draft(), std::nullopt, key))),
            ErrorCode::kProviderRejected);
  EXPECT_TRUE(acts().empty());
  provider_.then(200, R"({"id":"1001","status":"PENDING"})");
  provider_.then(200, std::string(kPlain));
  EXPECT_TRUE(run(templates_.create(by(), connection(), draft(), std::nullopt, key)));
}

TEST_F(TemplatesTest, ASyncReadsAllPagesAndDeletesWhatVanished) {
  std::string second(kPlain);
  second.replace(second.find("1001"), 4, "1002").replace(second.find("en_US"), 5, "pt_BR");
  provider_.then(200, std::string(R"({"data":[)")
                          .append(kPlain)
                          .append(R"(],"paging":{"cursors":{"after":"MQ"},"next":"https://x"}})"));
  provider_.then(200, page_of(second, 2));
  const auto first = run(templates_.sync(by(), connection()));
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->templates, 2);
  EXPECT_EQ(first->added, 2);
  EXPECT_NE(provider_.wait_for(2).back().target.find("after=MQ"), std::string::npos);
  clock_.skip(1s);
  provider_.then(200, page_of(second, 1));
  const auto again = run(templates_.sync(by(), connection()));
  EXPECT_EQ(again->deleted, 1);
  EXPECT_EQ(again->changed, 0);
}

TEST_F(TemplatesTest, ASyncThatBreaksDeletesNothing) {
  provider_.then(200, page_of(kPlain, 1));
  ASSERT_TRUE(run(templates_.sync(by(), connection())));
  clock_.skip(1s);
  provider_.then(200, R"({"data":[{"name":"unreadable"}]})");
  EXPECT_EQ(run(templates_.sync(by(), connection()))->deleted, 0);
  provider_.then(500, "down");
  EXPECT_FALSE(run(templates_.sync(by(), connection())));
  EXPECT_TRUE(check(test_));
}

TEST_F(TemplatesTest, IsFoundByItsWorkspaceAndModeOnly) {
  provider_.then(200, page_of(kPlain, 1));
  ASSERT_TRUE(run(templates_.sync(by(), connection())));
  Query query;
  query.workspace = workspace_;
  const auto id = run(templates_.list(query))->rows.at(0).id;
  auto who = by().caller;
  EXPECT_TRUE(run(templates_.find(who, id)));
  who.mode = identity::Mode::kLive;
  EXPECT_EQ(code_of(run(templates_.find(who, id))), ErrorCode::kNotFound);
  who.mode = identity::Mode::kTest;
  who.workspace = ids_.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_of(run(templates_.find(who, id))), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace flowsell::templates
