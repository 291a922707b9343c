#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace flowsell::metrics {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class RegistryTest : public testing::Test {
 protected:
  Registry registry_;
};

TEST_F(RegistryTest, EmptyRegistryShowsNothing) { EXPECT_EQ(registry_.render(), ""); }

TEST_F(RegistryTest, CounterIsShownWithItsHelpAndType) {
  registry_.counter("connect_sends_total", "Messages sent.").add(3);
  EXPECT_EQ(registry_.render(),
            "# HELP connect_sends_total Messages sent.\n"
            "# TYPE connect_sends_total counter\n"
            "connect_sends_total 3\n");
}

TEST_F(RegistryTest, LinesOfOneNameStandTogetherUnderOneHead) {
  registry_.counter("connect_a_total", "A.", "status=\"sent\"").add();
  registry_.counter("connect_b_total", "B.");
  registry_.counter("connect_a_total", "A.", "status=\"failed\"").add(2);
  EXPECT_EQ(registry_.render(),
            "# HELP connect_a_total A.\n"
            "# TYPE connect_a_total counter\n"
            "connect_a_total{status=\"sent\"} 1\n"
            "connect_a_total{status=\"failed\"} 2\n"
            "# HELP connect_b_total B.\n"
            "# TYPE connect_b_total counter\n"
            "connect_b_total 0\n");
}

TEST_F(RegistryTest, SameNameAndLabelsAreTheSameMetric) {
  EXPECT_EQ(&registry_.counter("a", "A.", "x=\"1\""), &registry_.counter("a", "A.", "x=\"1\""));
  EXPECT_NE(&registry_.counter("a", "A.", "x=\"1\""), &registry_.counter("a", "A.", "x=\"2\""));
  EXPECT_EQ(&registry_.histogram("h", "H."), &registry_.histogram("h", "H."));
}

TEST_F(RegistryTest, ReferencesSurviveLaterMetrics) {
  Counter& first = registry_.counter("first_total", "F.");
  for (int i = 0; i < 1000; ++i) registry_.counter("c" + std::to_string(i), "C.");
  first.add(7);
  EXPECT_THAT(registry_.render(), HasSubstr("first_total 7\n"));
}

TEST_F(RegistryTest, GaugeIsReadWhenShown) {
  double value = 1;
  registry_.gauge("connect_queue", "Waiting.", [&] { return value; }, "lane=\"1\"");
  value = 2.5;
  EXPECT_EQ(registry_.render(),
            "# HELP connect_queue Waiting.\n"
            "# TYPE connect_queue gauge\n"
            "connect_queue{lane=\"1\"} 2.5\n");
}

TEST_F(RegistryTest, GaugeThatIsNotFiniteIsWrittenAsPrometheusReadsIt) {
  registry_.gauge("a", "A.", [] { return std::numeric_limits<double>::quiet_NaN(); });
  registry_.gauge("b", "B.", [] { return std::numeric_limits<double>::infinity(); });
  registry_.gauge("c", "C.", [] { return -std::numeric_limits<double>::infinity(); });
  EXPECT_THAT(registry_.render(), HasSubstr("\na NaN\n"));
  EXPECT_THAT(registry_.render(), HasSubstr("\nb +Inf\n"));
  EXPECT_THAT(registry_.render(), HasSubstr("\nc -Inf\n"));
}

TEST_F(RegistryTest, HelpStaysOneLine) {
  registry_.counter("a", "one\ntwo \\ three");
  EXPECT_THAT(registry_.render(), HasSubstr("# HELP a one\\ntwo \\\\ three\n"));
}

TEST_F(RegistryTest, HistogramBucketsAreCumulative) {
  Histogram& histogram = registry_.histogram("connect_send_seconds", "Time.", "kind=\"text\"");
  histogram.observe(50us);
  histogram.observe(2ms);
  histogram.observe(2min);
  EXPECT_EQ(registry_.render(),
            "# HELP connect_send_seconds Time.\n"
            "# TYPE connect_send_seconds histogram\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.0001\"} 1\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.00025\"} 1\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.0005\"} 1\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.001\"} 1\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.0025\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.005\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.01\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.025\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.05\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.1\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"0.25\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"1\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"10\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"60\"} 2\n"
            "connect_send_seconds_bucket{kind=\"text\",le=\"+Inf\"} 3\n"
            "connect_send_seconds_sum{kind=\"text\"} 120.00205\n"
            "connect_send_seconds_count{kind=\"text\"} 3\n");
}

TEST_F(RegistryTest, BoundBelongsToItsBucket) {
  Histogram& histogram = registry_.histogram("h", "H.");
  histogram.observe(1ms);
  histogram.observe(1ms + 1ns);
  EXPECT_THAT(registry_.render(),
              HasSubstr("h_bucket{le=\"0.001\"} 1\nh_bucket{le=\"0.0025\"} 2\n"));
}

TEST_F(RegistryTest, NegativeSpanCountsAsZero) {
  registry_.histogram("h", "H.").observe(-1s);
  EXPECT_THAT(registry_.render(), HasSubstr("h_bucket{le=\"0.0001\"} 1\n"));
  EXPECT_THAT(registry_.render(), HasSubstr("h_sum 0\n"));
}

}  // namespace
}  // namespace flowsell::metrics
