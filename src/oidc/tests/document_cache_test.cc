#include "document_cache.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include "test_key.h"
#include "testkit/io.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;
using testing_support::fault_in;
using Copy = DocumentCache::Copy;
using Document = DocumentCache::Document;

constexpr CacheLimits kLimits = {3, 100, 10s};

/// Fetches that end when the test says so.
class Publisher {
 public:
  explicit Publisher(runtime::IoPool& pool) : gate_(pool.context(0), SteadyTime::max()) {}

  DocumentCache::Fetch fetch(std::string text) {
    return [this, text = std::move(text)] { return answer(text); };
  }
  DocumentCache::Fetch failure() {
    return [this]() { return refuse(); };
  }
  void hold() { holding_ = true; }
  void release() {
    holding_ = false;
    net::post(gate_.get_executor(), [this] { gate_.cancel(); });
  }
  int calls() const { return calls_; }

 private:
  Task<Document> answer(std::string text) {
    ++calls_;
    if (holding_) co_await gate_.async_wait(use_result);
    co_return Document{std::move(text), 300s};
  }
  Task<Document> refuse() {
    ++calls_;
    if (holding_) co_await gate_.async_wait(use_result);
    co_return fail(Fault::kUnreachable);
  }
  net::steady_timer gate_;
  std::atomic<bool> holding_ = false;
  std::atomic<int> calls_ = 0;
};

class Documents : public testing::Test {
 protected:
  Documents() { pool.start(); }
  ~Documents() override { pool.stop(); }
  Documents(const Documents&) = delete;
  Documents& operator=(const Documents&) = delete;

  Result<Copy> get(std::string key, DocumentCache::Fetch fetch) {
    return testkit::run(pool, cache.get(std::move(key), std::move(fetch)));
  }
  Result<Copy> renew(std::string key, std::uint64_t seen, DocumentCache::Fetch fetch) {
    return testkit::run(pool, cache.renew(std::move(key), seen, std::move(fetch)));
  }
  /// Begins on thread `i` and comes back when it has done all that it can without waiting.
  std::future<Result<Copy>> begin(std::size_t i, std::string key, DocumentCache::Fetch fetch) {
    auto& context = pool.context(i);
    auto done =
        net::co_spawn(context, cache.get(std::move(key), std::move(fetch)), net::use_future);
    net::post(context, net::use_future([] {})).get();
    return done;
  }

  ManualClock clock{from_unix_ms(1'800'000'000'000)};
  runtime::IoPool pool{2};
  Publisher publisher{pool};
  DocumentCache cache{clock, kLimits};
};

TEST_F(Documents, AreFetchedOnceWhileFresh) {
  EXPECT_EQ(*get("a", publisher.fetch("1"))->text, "1");
  clock.advance(299s);
  EXPECT_EQ(*get("a", publisher.fetch("2"))->text, "1");
  clock.advance(1s);
  EXPECT_EQ(*get("a", publisher.fetch("2"))->text, "2");
  EXPECT_EQ(publisher.calls(), 2);
}

TEST_F(Documents, EachKeyHasItsOwn) {
  EXPECT_EQ(*get("a", publisher.fetch("1"))->text, "1");
  EXPECT_EQ(*get("b", publisher.fetch("2"))->text, "2");
}

TEST_F(Documents, CallersOfAllThreadsShareOneFetch) {
  publisher.hold();
  auto first = begin(0, "a", publisher.fetch("1"));
  auto second = begin(1, "a", publisher.fetch("2"));
  auto third = begin(0, "a", publisher.fetch("3"));
  publisher.release();
  for (auto* each : {&first, &second, &third}) EXPECT_EQ(*each->get()->text, "1");
  EXPECT_EQ(publisher.calls(), 1);
}

TEST_F(Documents, AFailureIsSharedToo) {
  publisher.hold();
  auto first = begin(0, "a", publisher.failure());
  auto second = begin(1, "a", publisher.failure());
  publisher.release();
  EXPECT_EQ(fault_in(first.get()), Fault::kUnreachable);
  EXPECT_EQ(fault_in(second.get()), Fault::kUnreachable);
  EXPECT_EQ(publisher.calls(), 1);
}

TEST_F(Documents, AFailureIsRememberedForFiveSeconds) {
  EXPECT_EQ(fault_in(get("a", publisher.failure())), Fault::kUnreachable);
  clock.advance(4999ms);
  EXPECT_EQ(fault_in(get("a", publisher.fetch("1"))), Fault::kUnreachable);
  clock.advance(1ms);
  EXPECT_TRUE(get("a", publisher.fetch("1")));
  EXPECT_EQ(publisher.calls(), 2);
}

TEST_F(Documents, AreRenewedOnceAMinute) {
  const auto first = get("a", publisher.fetch("1"));
  const auto second = renew("a", first->version, publisher.fetch("2"));
  EXPECT_EQ(*second->text, "2");
  EXPECT_EQ(*renew("a", second->version, publisher.fetch("3"))->text, "2");
  clock.advance(59'999ms);
  EXPECT_EQ(*renew("a", second->version, publisher.fetch("3"))->text, "2");
  clock.advance(1ms);
  EXPECT_EQ(*renew("a", second->version, publisher.fetch("3"))->text, "3");
}

TEST_F(Documents, ANewerOneThanWasSeenNeedsNoRenewal) {
  const auto first = get("a", publisher.fetch("1"));
  EXPECT_TRUE(renew("a", first->version, publisher.fetch("2")));
  clock.advance(61s);
  EXPECT_EQ(*renew("a", first->version, publisher.fetch("3"))->text, "2");
  EXPECT_EQ(publisher.calls(), 2);
}

TEST_F(Documents, OneKeysRenewalIsNotAnothers) {
  const auto a = get("a", publisher.fetch("1"));
  const auto b = get("b", publisher.fetch("1"));
  EXPECT_TRUE(renew("a", a->version, publisher.fetch("2")));
  EXPECT_EQ(*renew("b", b->version, publisher.fetch("2"))->text, "2");
}

TEST_F(Documents, AFailedRenewalLeavesTheOldOne) {
  const auto first = get("a", publisher.fetch("1"));
  EXPECT_EQ(fault_in(renew("a", first->version, publisher.failure())), Fault::kUnreachable);
  EXPECT_EQ(*get("a", publisher.fetch("2"))->text, "1");
  EXPECT_EQ(*renew("a", first->version, publisher.fetch("2"))->text, "1");
}

TEST_F(Documents, TheLeastRecentlyUsedIsForgotten) {
  for (const char* key : {"a", "b", "c", "a", "d"}) EXPECT_TRUE(get(key, publisher.fetch(key)));
  EXPECT_EQ(publisher.calls(), 4);
  EXPECT_TRUE(get("a", publisher.fetch("a")));
  EXPECT_EQ(publisher.calls(), 4);
  EXPECT_TRUE(get("b", publisher.fetch("b")));
  EXPECT_EQ(publisher.calls(), 5);
}

TEST_F(Documents, TogetherTheyHaveALimitOfBytes) {
  EXPECT_TRUE(get("a", publisher.fetch(std::string(60, 'a'))));
  EXPECT_TRUE(get("b", publisher.fetch(std::string(60, 'b'))));
  EXPECT_EQ(get("b", publisher.fetch("2"))->text->size(), 60U);
  EXPECT_EQ(*get("a", publisher.fetch("2"))->text, "2");
}

TEST_F(Documents, WhatIsReplacedNoLongerCounts) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(get("a", publisher.fetch(std::string(60, 'a'))));
    clock.advance(301s);
  }
  EXPECT_TRUE(get("a", publisher.fetch(std::string(60, 'a'))));
  EXPECT_TRUE(get("b", publisher.fetch(std::string(40, 'b'))));
  EXPECT_EQ(get("a", publisher.fetch("2"))->text->size(), 60U);
}

TEST_F(Documents, TooManyFetchesAtOnceAreRefused) {
  publisher.hold();
  std::vector<std::future<Result<Copy>>> running;
  for (const char* key : {"a", "b", "c"}) running.push_back(begin(0, key, publisher.fetch(key)));
  EXPECT_EQ(fault_in(get("d", publisher.fetch("d"))), Fault::kBusy);
  publisher.release();
  for (auto& each : running) EXPECT_TRUE(each.get());
  EXPECT_TRUE(get("d", publisher.fetch("d")));
}

TEST_F(Documents, AFetchThatNeverEndsBlocksNobodyForLonger) {
  DocumentCache hasty(clock, {3, 100, 20ms});
  publisher.hold();
  EXPECT_EQ(fault_in(testkit::run(pool, hasty.get("a", publisher.fetch("1")))), Fault::kTimeout);
  const auto again = [&] {
    return testkit::run(pool,
                        hasty.get("a", []() -> Task<Document> { co_return Document{"2", 300s}; }));
  };
  EXPECT_TRUE(testkit::eventually([&] { return again().has_value(); }));
  publisher.release();
}

}  // namespace
}  // namespace flowsell::oidc
