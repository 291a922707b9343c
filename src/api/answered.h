#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/message.h"
#include "telemetry/metrics.h"

namespace flowsell::api {

inline constexpr std::array<std::string_view, 6> kStatusClasses = {"0xx", "1xx", "2xx",
                                                                   "3xx", "4xx", "5xx"};

/// What every answer has, and how requests are counted and logged.
class Answered {
 public:
  explicit Answered(metrics::Registry& metrics);

  /// Before the first request.
  void add_route(const std::string& pattern);
  /// `pattern`: of its route; empty: it has none.
  void finish(const http::Request& request, http::Response& response, std::string_view pattern,
              const std::string& id, std::chrono::steady_clock::duration took);

 private:
  /// Requests of one route, by class of status.
  using Counters = std::array<metrics::Counter*, kStatusClasses.size()>;
  Counters count(const std::string& pattern);
  void note(const http::Request& request, const http::Response& response, std::string_view pattern,
            const std::string& id, std::chrono::steady_clock::duration took) const;

  metrics::Registry& metrics_;
  std::unordered_map<std::string, Counters> routes_;
  Counters unmatched_;
  metrics::Histogram& request_time_;
};

}  // namespace flowsell::api
