#include "metering/metering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testkit/database.h"

namespace flowsell::metering {
namespace {

using namespace std::chrono_literals;
using identity::Mode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Time at(std::string_view text) { return *parse_time(text); }
const Time kNow = at("2026-11-23T12:00:00Z");

struct PeriodCase {
  const char* name;
  const char* now;
  const char* start;
  const char* end;
};
class PeriodOf : public testing::TestWithParam<PeriodCase> {};

TEST_P(PeriodOf, IsTheCalendarMonth) {
  const auto period = Period::of(at(GetParam().now));
  EXPECT_EQ(period.start, at(GetParam().start));
  EXPECT_EQ(period.end, at(GetParam().end));
}

constexpr PeriodCase kPeriodCases[] = {
    {"Middle", "2026-11-23T12:00:00Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
    {"FirstMoment", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
    {"LastMoment", "2026-11-30T23:59:59.999Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
    {"December", "2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
    {"LeapFebruary", "2028-02-29T00:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
};
INSTANTIATE_TEST_SUITE_P(Table, PeriodOf, testing::ValuesIn(kPeriodCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

class Metering : public testing::Test {
 protected:
  ~Metering() override { db_->stop(); }

  /// How many of `wanted` requests one transaction admits.
  int admit(int wanted, QuotaKey key, Time now = kNow) {
    return testkit::in_transaction(*db_, [&](store::Connection& db) -> Result<int> {
      Tally tally(db, limits_, now);
      int admitted = 0;
      for (int i = 0; i < wanted; ++i) {
        TRY(const bool yes, tally.admit(key));
        if (yes) ++admitted;
      }
      CHECK_OK(tally.finish());
      return admitted;
    });
  }
  void count(QuotaKey key, Metric metric, Time now, int times = 1) {
    ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) {
      Tally tally(db, limits_, now);
      for (int i = 0; i < times; ++i) tally.count(key, metric);
      return tally.finish();
    }));
  }
  Quota quota(QuotaKey key, Time now = kNow) {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return read_quota(db, limits_, key, now); });
  }
  std::vector<UsageDay> usage(QuotaKey key, Time from, Time to) {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return read_usage(db, key, day_of(from), day_of(to)); });
  }

  testkit::TempFolder folder_;
  ManualClock clock_{kNow};
  IdSource ids_{clock_};
  Limits limits_{10, 5};
  QuotaKey live_{ids_.next<IdKind::kWorkspace>(), Mode::kLive};
  QuotaKey test_{live_.workspace, Mode::kTest};
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
};

TEST_F(Metering, OneBatchAdmitsExactlyTheLimit) { EXPECT_EQ(admit(11, live_), 10); }

TEST_F(Metering, ManyBatchesAdmitExactlyTheLimit) {
  EXPECT_EQ(admit(6, live_), 6);
  EXPECT_EQ(admit(6, live_), 4);
  EXPECT_EQ(admit(1, live_), 0);
}

TEST_F(Metering, TestAndLiveRequestsAreCountedApart) {
  admit(10, live_);
  EXPECT_EQ(admit(6, test_), 5);
}

TEST_F(Metering, WorkspacesAreCountedApart) {
  admit(10, live_);
  EXPECT_EQ(admit(1, {ids_.next<IdKind::kWorkspace>(), Mode::kLive}), 1);
}

TEST_F(Metering, NewPeriodBeginsWithNothingUsed) {
  admit(10, live_, at("2026-11-30T23:59:59.999Z"));
  EXPECT_EQ(admit(11, live_, at("2026-12-01T00:00:00Z")), 10);
}

TEST_F(Metering, UnusedQuotaShowsItsLimitAndPeriod) {
  const auto shown = quota(live_);
  EXPECT_EQ(std::tie(shown.limit, shown.used), std::tuple(10, 0));
  EXPECT_EQ(shown.period_start, at("2026-11-01T00:00:00Z"));
  EXPECT_EQ(shown.period_end, at("2026-12-01T00:00:00Z"));
}

TEST_F(Metering, QuotaShowsWhatWasUsed) {
  admit(3, live_);
  EXPECT_EQ(quota(live_).used, 3);
  EXPECT_EQ(quota(live_).remaining(), 7);
}

TEST_F(Metering, RefusedRequestIsNotCounted) {
  admit(100, live_);
  EXPECT_EQ(quota(live_).used, 10);
}

TEST_F(Metering, RemainingIsNeverNegative) { EXPECT_EQ((Quota{5, 7, {}, {}}).remaining(), 0); }

TEST_F(Metering, RoomIsThereUntilTheLastIsAdmitted) {
  admit(9, live_);
  const auto seen =
      testkit::in_transaction(*db_, [&](store::Connection& db) -> Result<std::pair<bool, bool>> {
        Tally tally(db, limits_, kNow);
        TRY(const bool before, tally.has_room(live_));
        TRY([[maybe_unused]] const bool admitted, tally.admit(live_));
        TRY(const bool behind, tally.has_room(live_));
        return std::pair(before, behind);
      });
  EXPECT_EQ(seen, std::pair(true, false));
}

TEST_F(Metering, TallyKnowsTheQuotaBeforeItIsWritten) {
  admit(2, live_);
  const auto used =
      testkit::in_transaction(*db_, [&](store::Connection& db) -> Result<std::int64_t> {
        Tally tally(db, limits_, kNow);
        TRY([[maybe_unused]] const bool admitted, tally.admit(live_));
        TRY(const auto now, tally.quota(live_));
        return now.used;
      });
  EXPECT_EQ(used, 3);
}

TEST_F(Metering, QuotasThatWereReadTogetherAreEachTheirOwn) {
  admit(9, live_);
  admit(3, test_);
  const auto used = testkit::in_transaction(
      *db_, [&](store::Connection& db) -> Result<std::vector<std::int64_t>> {
        Tally tally(db, limits_, kNow);
        TRY([[maybe_unused]] const bool admitted, tally.admit(live_));
        CHECK_OK(tally.open({test_, live_, test_}));  // what was admitted stays
        TRY(const auto live, tally.quota(live_));
        TRY(const auto test, tally.quota(test_));
        return std::vector{live.used, test.used};
      });
  EXPECT_THAT(used, ElementsAre(10, 3));
}

/// Quotas in memory, as the one process has them that writes.
class MeteringInMemory : public Metering {
 protected:
  /// As admit(), with memory; `commit` false: the transaction is rolled back.
  int admit_in_memory(int wanted, QuotaKey key, Time now = kNow, bool commit = true) {
    int admitted = 0;
    const auto done = testkit::write(*db_, [&](store::Connection& db) -> Result<> {
      admitted = 0;
      Tally tally(db, quotas_, now);
      for (int i = 0; i < wanted; ++i) {
        TRY(const bool yes, tally.admit(key));
        if (yes) ++admitted;
      }
      CHECK_OK(tally.finish());
      return commit ? Result<>{} : fail(ErrorCode::kStoreUnavailable, "rolled back");
    });
    EXPECT_EQ(done.has_value(), commit);
    quotas_.ended(commit);
    return admitted;
  }
  Quotas quotas_{limits_};
};

const store::Sql kUseAll("UPDATE quotas SET used = quota_limit");

TEST_F(MeteringInMemory, ManyBatchesAdmitExactlyTheLimit) {
  EXPECT_EQ(admit_in_memory(6, live_), 6);
  EXPECT_EQ(admit_in_memory(6, live_), 4);
  EXPECT_EQ(admit_in_memory(1, live_), 0);
  EXPECT_EQ(quota(live_).used, 10);
}

TEST_F(MeteringInMemory, WhatWasAdmittedOnceIsNotReadAgain) {
  EXPECT_EQ(admit_in_memory(1, live_), 1);
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) { return db.write(kUseAll, {}); }));
  EXPECT_EQ(admit_in_memory(20, live_), 9);
}

TEST_F(MeteringInMemory, WhatMemoryDoesNotKnowIsRead) {
  admit(7, live_);
  EXPECT_EQ(admit_in_memory(10, live_), 3);
}

TEST_F(MeteringInMemory, TransactionThatWasRolledBackAdmittedNothing) {
  EXPECT_EQ(admit_in_memory(4, live_), 4);
  EXPECT_EQ(admit_in_memory(6, live_, kNow, /*commit=*/false), 6);
  EXPECT_EQ(admit_in_memory(10, live_), 6);
  EXPECT_EQ(quota(live_).used, 10);
}

TEST_F(MeteringInMemory, NewPeriodBeginsWithNothingUsed) {
  EXPECT_EQ(admit_in_memory(10, live_, at("2026-11-30T23:59:59.999Z")), 10);
  EXPECT_EQ(admit_in_memory(11, live_, at("2026-12-01T00:00:00Z")), 10);
}

TEST_F(MeteringInMemory, QuotasAreCountedApart) {
  EXPECT_EQ(admit_in_memory(10, live_), 10);
  EXPECT_EQ(admit_in_memory(6, test_), 5);
  EXPECT_EQ(admit_in_memory(1, live_), 0);
}

TEST_F(Metering, UsageIsCountedByDayAndMetric) {
  count(live_, Metric::kSent, kNow, 2);
  count(live_, Metric::kSent, kNow + 1h);
  count(live_, Metric::kRead, kNow);
  const auto days = usage(live_, kNow, kNow);
  ASSERT_THAT(days, SizeIs(1));
  EXPECT_EQ(days[0].date, "2026-11-23");
  EXPECT_THAT(days[0].counts, ElementsAre(0, 3, 0, 1, 0, 0, 0));
}

TEST_F(Metering, UsageDaysAscendAndLeaveOutWhatIsEmpty) {
  count(live_, Metric::kSent, kNow);
  count(live_, Metric::kSent, kNow - 48h);
  const auto days = usage(live_, kNow - 72h, kNow);
  ASSERT_THAT(days, SizeIs(2));
  EXPECT_EQ(days[0].date, "2026-11-21");
  EXPECT_EQ(days[1].date, "2026-11-23");
}

TEST_F(Metering, UsageOfOtherDaysIsNotShown) {
  count(live_, Metric::kSent, kNow - 24h);
  count(live_, Metric::kSent, kNow + 24h);
  EXPECT_THAT(usage(live_, kNow, kNow), IsEmpty());
}

TEST_F(Metering, UsageOfTestAndLiveIsKeptApart) {
  count(test_, Metric::kSent, kNow);
  EXPECT_THAT(usage(live_, kNow, kNow), IsEmpty());
}

}  // namespace
}  // namespace flowsell::metering
