#include "telemetry/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace flowsell::metrics {
namespace {

constexpr auto bounds_in_ns() {
  std::array<std::int64_t, Histogram::kBounds.size()> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    // lround() is not constexpr, and no bound is negative.
    out[i] = static_cast<std::int64_t>(Histogram::kBounds[i] * 1e9 + 0.5);  // NOLINT
  }
  return out;
}
constexpr auto kBoundsNs = bounds_in_ns();

/// Prometheus writes what is not finite as NaN, +Inf and -Inf.
std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", number);
}

/// In a HELP line a backslash and a line feed are escaped, nothing else.
std::string escaped_help(std::string_view help) {
  std::string out;
  for (const char c : help) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

void append_head(std::string_view name, std::string_view help, std::string_view type,
                 std::string& out) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, escaped_help(help),
                 name, type);
}

void append_sample(std::string_view name, std::string_view labels, std::string_view number,
                   std::string& out) {
  if (labels.empty()) {
    fmt::format_to(std::back_inserter(out), "{} {}\n", name, number);
  } else {
    fmt::format_to(std::back_inserter(out), "{}{{{}}} {}\n", name, labels, number);
  }
}

std::string with_bound(std::string_view labels, std::string_view bound) {
  return fmt::format("{}{}le=\"{}\"", labels, labels.empty() ? "" : ",", bound);
}

}  // namespace

void Histogram::observe(std::chrono::nanoseconds span) noexcept {
  const std::int64_t ns = std::max<std::int64_t>(span.count(), 0);
  const auto bucket = std::ranges::lower_bound(kBoundsNs, ns) - kBoundsNs.begin();
  buckets_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_ns_.fetch_add(static_cast<std::uint64_t>(ns), std::memory_order_relaxed);
}

void Registry::append_histogram(const Entry& entry, std::string& out) {
  const Histogram& histogram = *entry.histogram;
  const std::string bucket_name = entry.name + "_bucket";
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < histogram.buckets_.size(); ++i) {
    seen += histogram.buckets_[i].load(std::memory_order_relaxed);
    const std::string bound =
        i < Histogram::kBounds.size() ? number_text(Histogram::kBounds[i]) : "+Inf";
    append_sample(bucket_name, with_bound(entry.labels, bound), fmt::format("{}", seen), out);
  }
  const double sum_seconds =
      static_cast<double>(histogram.sum_ns_.load(std::memory_order_relaxed)) / 1e9;
  append_sample(entry.name + "_sum", entry.labels, number_text(sum_seconds), out);
  // The same number as in the last bucket, whatever is observed meanwhile: readers check that.
  append_sample(entry.name + "_count", entry.labels, fmt::format("{}", seen), out);
}

void Registry::append_entry(const Entry& entry, std::string& out) {
  if (entry.counter != nullptr) {
    append_sample(entry.name, entry.labels, fmt::format("{}", entry.counter->value()), out);
  } else if (entry.histogram != nullptr) {
    append_histogram(entry, out);
  } else {
    append_sample(entry.name, entry.labels, number_text(entry.gauge()), out);
  }
}

std::string_view Registry::type_of(const Entry& entry) {
  if (entry.counter != nullptr) return "counter";
  return entry.histogram != nullptr ? "histogram" : "gauge";
}

void Registry::insert(Entry entry) {
  // All lines of one name must stand together: after the last entry of the name, or at the end.
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(),
                                 [&](const Entry& other) { return other.name == entry.name; });
  entries_.insert(last == entries_.rend() ? entries_.end() : last.base(), std::move(entry));
}

Registry::Entry* Registry::find(std::string_view name, std::string_view labels) {
  const auto same = [&](const Entry& entry) {
    return entry.name == name && entry.labels == labels;
  };
  const auto it = std::ranges::find_if(entries_, same);
  return it == entries_.end() ? nullptr : &*it;
}

Counter& Registry::counter(std::string name, std::string help, std::string labels) {
  const std::lock_guard lock(mutex_);
  const Entry* known = find(name, labels);
  if (known != nullptr && known->counter != nullptr) return *known->counter;
  Counter& counter = counters_.emplace_back();
  insert({std::move(name), std::move(help), std::move(labels), &counter, nullptr, {}});
  return counter;
}

Histogram& Registry::histogram(std::string name, std::string help, std::string labels) {
  const std::lock_guard lock(mutex_);
  const Entry* known = find(name, labels);
  if (known != nullptr && known->histogram != nullptr) return *known->histogram;
  Histogram& histogram = histograms_.emplace_back();
  insert({std::move(name), std::move(help), std::move(labels), nullptr, &histogram, {}});
  return histogram;
}

void Registry::gauge(std::string name, std::string help, std::function<double()> read,
                     std::string labels) {
  const std::lock_guard lock(mutex_);
  insert({std::move(name), std::move(help), std::move(labels), nullptr, nullptr, std::move(read)});
}

std::string Registry::render() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  std::string_view previous;
  for (const Entry& entry : entries_) {
    if (entry.name != previous) append_head(entry.name, entry.help, type_of(entry), out);
    previous = entry.name;
    append_entry(entry, out);
  }
  return out;
}

}  // namespace flowsell::metrics
