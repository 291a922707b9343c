#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/id.h"

namespace flowsell::identity {

/// Test keys reach the simulator only, live keys the provider. Numbers are stored.
enum class Mode : std::uint8_t { kTest = 0, kLive = 1 };
std::string_view mode_name(Mode mode) noexcept;

enum class Scope : std::uint8_t {
  kMessagesSend = 1,
  kMessagesRead = 2,
  kWebhooksManage = 4,
  kUsageRead = 8,
};
std::string_view scope_name(Scope scope) noexcept;

/// A set of scopes; stored as names with a space between.
class Scopes {
 public:
  Scopes() = default;
  static Scopes all() { return Scopes(15); }
  /// nullopt when a name is unknown.
  static std::optional<Scopes> parse(std::string_view names);
  std::string str() const;
  bool has(Scope scope) const noexcept { return (bits_ & static_cast<std::uint8_t>(scope)) != 0; }
  void add(Scope scope) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ | static_cast<std::uint8_t>(scope));
  }

 private:
  explicit Scopes(std::uint8_t bits) : bits_(bits) {}
  std::uint8_t bits_ = 0;
};

/// Who calls: what an API key stands for.
struct Caller {
  WorkspaceId workspace;
  ApiKeyId key;
  Mode mode = Mode::kTest;
  Scopes scopes;
};

}  // namespace flowsell::identity
