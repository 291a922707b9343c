#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace flowsell::metrics {

/// A number that only grows. Adding is one relaxed atomic on a line of its own.
class alignas(64) Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Durations in fixed buckets from 100 microseconds to 60 seconds.
class alignas(64) Histogram {
 public:
  static constexpr std::array<double, 14> kBounds = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10, 60};
  void observe(std::chrono::nanoseconds span) noexcept;

 private:
  friend class Registry;
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> sum_ns_{0};
};

/// All metrics of one process, shown in Prometheus' text format (version 0.0.4). Names:
/// connect_..., units last
/// (_seconds, _bytes, _total). `labels` is the inside of the braces, ready: status="sent". Metrics
/// live as long as it. Asking again for the same name and labels gives the same counter or
/// histogram. Thread-safe.
class Registry {
 public:
  Counter& counter(std::string name, std::string help, std::string labels = {});
  Histogram& histogram(std::string name, std::string help, std::string labels = {});
  /// Read when shown, on the thread that calls render(): it must not call the registry back.
  void gauge(std::string name, std::string help, std::function<double()> read,
             std::string labels = {});
  std::string render() const;

 private:
  struct Entry {
    std::string name, help, labels;
    Counter* counter = nullptr;
    Histogram* histogram = nullptr;
    std::function<double()> gauge;
  };
  Entry* find(std::string_view name, std::string_view labels);
  void insert(Entry entry);
  static std::string_view type_of(const Entry& entry);
  static void append_entry(const Entry& entry, std::string& out);
  static void append_histogram(const Entry& entry, std::string& out);

  mutable std::mutex mutex_;
  std::deque<Counter> counters_;
  std::deque<Histogram> histograms_;
  std::vector<Entry> entries_;
};

}  // namespace flowsell::metrics
