#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "graph_error.h"
#include "json/json.h"
#include "json/writer.h"

namespace flowsell::sim {

/// What a fault rule is about.
enum class FaultScope : std::uint8_t {
  kMessages,  ///< a send that passed every check
  kReads,     ///< a mark-as-read that passed every check
  kWebhooks,  ///< a webhook POST, before its first attempt
};
inline constexpr std::size_t kFaultScopes = 3;

/// What goes wrong. README.md of this folder says how it looks from outside.
struct FaultAction {
  enum class Drop : std::uint8_t { kNo, kBefore, kAfter };

  // messages and reads
  int error = kNoError;
  bool error_later = false;
  int http_status = 0;
  bool graph_body = false;  ///< `http_status` with an error body of Meta's shape
  std::string body;
  std::string content_type;
  bool rate_limit = false;
  std::chrono::seconds retry_after{0};
  std::chrono::milliseconds latency{0};
  Drop drop = Drop::kNo;
  bool truncate = false;
  bool garbage = false;

  // webhooks
  bool lost = false;
  bool duplicate = false;
  bool reorder = false;
  bool bad_signature = false;
  std::chrono::milliseconds late{0};
  std::optional<std::string> raw;
};

/// Rules by which things go wrong on demand. Thread-safe; any() costs one relaxed load.
class Faults {
 public:
  /// Adds one rule or an array of them, all or none, and writes them with their ids. Fails with
  /// kInvalidRequest.
  Result<std::string> add(const json::Value& rules);
  std::string list() const;
  void clear();

  bool any(FaultScope scope) const noexcept {
    return counts_[static_cast<std::size_t>(scope)].load(std::memory_order_relaxed) != 0;
  }
  /// The action of the first rule that applies now; it counts as hit. `reorders` picks the rules
  /// that change the order of a message's statuses, which are asked when the message is taken.
  std::optional<FaultAction> hit(FaultScope scope, std::string_view person, bool reorders = false);

 private:
  struct Rule {
    enum class When : std::uint8_t { kNext, kEvery, kAlways };
    std::uint64_t id = 0;
    FaultScope scope = FaultScope::kMessages;
    When when = When::kAlways;
    std::uint64_t n = 0;
    std::string to;  ///< digits, or a user id; empty: everybody
    FaultAction action;
    std::string text;  ///< as it was given
    std::uint64_t seen = 0;
    std::uint64_t hits = 0;

    bool applies_now();
  };
  static std::optional<Rule> read(const json::Value& value, std::string pointer,
                                  std::vector<FieldError>& faults);
  static void write(json::Writer& out, const Rule& rule);

  mutable std::mutex mutex_;
  std::vector<Rule> rules_;
  std::uint64_t next_id_ = 1;
  std::array<std::atomic<std::uint32_t>, kFaultScopes> counts_{};
};

/// "+49 151..." and "49151..." as the digits that people are known by; a user id as it is.
std::string person_of(std::string_view text);

}  // namespace flowsell::sim
