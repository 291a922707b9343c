// What a provider tells of flows stops their sends: over restarts, and not longer than it holds.
#include "flow_table.h"
#include "templates_world.h"

namespace flowsell::templates {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kBook =
    R"({"data":[{"id":"1001","name":"order","language":"en_US","category":"UTILITY",)"
    R"("status":"APPROVED","components":[{"type":"BODY","text":"Book a table"},)"
    R"({"type":"BUTTONS","buttons":[{"type":"FLOW","text":"Book","flow_id":77}]}]}],)"
    R"("summary":{"message_template_count":1}})";

class FlowsTest : public TemplatesWorld {
 protected:
  /// As after a restart: nothing in memory.
  std::unique_ptr<Templates> fresh() {
    return std::make_unique<Templates>(*db_, senders_.connections(), calls_, keys_, ids_, clock_);
  }
  void change(const testkit::TestOp::Body& body) {
    testkit::TestOp op(body);
    const auto done = db_->commit_now(op);
    ASSERT_TRUE(done) << done.error().detail;
  }
  void tell(std::string status, std::chrono::seconds later = 0s) {
    const channel::FlowNews news{"77", std::move(status)};
    change([&](store::Connection& db) {
      return Templates::record_flow(db, *sender_, news, clock_.now() + later);
    });
    templates_->forget(sender_->connection);
  }
  static channel::OutboundMessage flow_message(std::string_view name) {
    const auto document = json::parse(
        std::string(R"({"to":"+4915155500001","type":"interactive","interactive":{"type":"flow",)"
                    R"("body":{"text":"Book"},"action":{"name":"flow","parameters":{)")
            .append(name)
            .append(R"(,"flow_cta":"Book"}}}})"));
    auto message = channel::parse_message(document.value().root());
    EXPECT_TRUE(message) << message.error().fields.front().pointer;
    return std::move(message).value();
  }
  Result<Templates::Allowed> check(const channel::OutboundMessage& message) {
    return testkit::run(pool_, templates_->check_send(sender_, message));
  }
  static std::string fault_of(const Result<Templates::Allowed>& checked) {
    if (checked || checked.error().fields.empty()) return {};
    const FieldError& fault = checked.error().fields.front();
    EXPECT_FALSE(fault.fix.empty());
    return fault.pointer + " " + fault.code;
  }
  ThrottledFlow throttled() const { return {workspace_, sender_->connection, "77", "/x"}; }
  std::optional<Time> full_until(Time now) {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return flow_full_until(db, throttled(), now); });
  }

  connections::SenderPtr sender_ = add(identity::Mode::kTest, "111");
  std::unique_ptr<Templates> templates_ = fresh();
};

constexpr std::string_view kBlocked = R"({"id":"77","status":"BLOCKED"})";
constexpr std::string_view kById = R"("flow_id":"77")";
constexpr std::string_view kAtId = "/interactive/action/parameters/flow_id flow_blocked";

TEST_F(FlowsTest, OneOfWhichNothingWasToldIsSentAndAskedForNowhere) {
  EXPECT_TRUE(check(flow_message(kById)));
  EXPECT_EQ(provider_.seen_count(), 0U);
}

TEST_F(FlowsTest, ABlockedOneIsRefusedAlsoAfterARestart) {
  provider_.otherwise({.body = std::string(kBlocked)});
  tell("blocked");
  EXPECT_EQ(fault_of(check(flow_message(kById))), kAtId);
  templates_ = fresh();
  EXPECT_EQ(fault_of(check(flow_message(kById))), kAtId);
  EXPECT_TRUE(check(flow_message(R"("flow_id":"78")")));
  EXPECT_TRUE(check(flow_message(R"("flow_name":"book")")));
}

TEST_F(FlowsTest, ADeprecatedOneIsRefused) {
  provider_.otherwise({.body = R"({"id":"77","status":"DEPRECATED"})"});
  tell("deprecated");
  EXPECT_EQ(fault_of(check(flow_message(kById))),
            "/interactive/action/parameters/flow_id flow_deprecated");
}

TEST_F(FlowsTest, ATemplateWithItsButtonIsRefused) {
  provider_.then({.body = std::string(kBook)});
  provider_.otherwise({.body = std::string(kBlocked)});
  EXPECT_EQ(check(message_of(""))->category, "utility");
  tell("blocked");
  provider_.then({.body = std::string(kBlocked)});
  EXPECT_EQ(fault_of(check(message_of(""))), "/template/name flow_blocked");
}

TEST_F(FlowsTest, TheProviderIsAskedBeforeOneIsRefused) {
  provider_.otherwise({.body = std::string(kBlocked)});
  tell("blocked");
  EXPECT_EQ(fault_of(check(flow_message(kById))), kAtId);
  EXPECT_EQ(fault_of(check(flow_message(kById))), kAtId);
  ASSERT_EQ(provider_.seen_count(), 1U);
  EXPECT_NE(provider_.wait_for(1).front().target.find("/v25.0/77?fields=id"), std::string::npos);
  // The webhook that told of its end was lost.
  provider_.otherwise({.body = R"({"id":"77","status":"PUBLISHED"})"});
  clock_.skip(61s);
  EXPECT_TRUE(check(flow_message(kById)));
  templates_ = fresh();
  EXPECT_TRUE(check(flow_message(kById)));
  EXPECT_EQ(provider_.seen_count(), 2U);
}

TEST_F(FlowsTest, WhereItCanNotBeAskedWhatItToldCounts) {
  provider_.otherwise({.status = 500});
  tell("blocked");
  EXPECT_EQ(fault_of(check(flow_message(kById))), kAtId);
}

TEST_F(FlowsTest, WhatComesLateChangesNothing) {
  tell("published");
  tell("blocked", -10s);
  EXPECT_TRUE(check(flow_message(kById)));
}

TEST_F(FlowsTest, AThrottledOneIsCounted) {
  tell("throttled");
  const auto allowed = check(flow_message(kById));
  ASSERT_TRUE(allowed && allowed->throttled);
  EXPECT_EQ(allowed->throttled->provider_id, "77");
  EXPECT_EQ(allowed->throttled->pointer, "/interactive/action/parameters/flow_id");
}

TEST_F(FlowsTest, TenOfAnHourHaveRoom) {
  const Time first = clock_.now();
  for (std::size_t i = 0; i < kFlowSendsMax; ++i) {
    EXPECT_FALSE(full_until(first + std::chrono::minutes(i)));
    change([&](store::Connection& db) {
      return count_flow_send(db, throttled(), ids_.next<IdKind::kMessage>(),
                             first + std::chrono::minutes(i));
    });
  }
  const auto until = full_until(first + 30min);
  ASSERT_TRUE(until);
  EXPECT_EQ(to_unix_ms(*until), to_unix_ms(first + 1h));
  const Error error = flow_throttled(throttled(), *until, first + 30min);
  EXPECT_EQ(error.retry_after, 30min);
  EXPECT_EQ(error.fields.front().code, "flow_throttled");
  EXPECT_FALSE(full_until(first + 1h));
}

TEST_F(FlowsTest, ALetGoConnectionKnowsNoneAnyMore) {
  tell("blocked");
  change([&](store::Connection& db) -> Result<> {
    CHECK_OK(count_flow_send(db, throttled(), ids_.next<IdKind::kMessage>(), clock_.now()));
    return forget_flows(db, workspace_, sender_->connection);
  });
  templates_->forget(sender_->connection);
  EXPECT_TRUE(check(flow_message(kById)));
  EXPECT_EQ(provider_.seen_count(), 0U);
}

}  // namespace
}  // namespace flowsell::templates
