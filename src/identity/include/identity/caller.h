#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"

namespace flowsell::identity {

/// Test keys reach the simulator only, live keys the provider. Numbers are stored.
enum class Mode : std::uint8_t { kTest = 0, kLive = 1 };
std::string_view mode_name(Mode mode) noexcept;
std::optional<Mode> mode_named(std::string_view name) noexcept;

/// What a caller may do. What each is for, who has it by his role, and whether a key may have it
/// stands in one table: permissions.h.
enum class Scope : std::uint32_t {
  kMessagesSend = 1 << 0,
  kMessagesRead = 1 << 1,
  kWebhooksManage = 1 << 2,
  kUsageRead = 1 << 3,
  kAuditRead = 1 << 4,
  kKeysManage = 1 << 5,
  kMembersRead = 1 << 6,
  kMembersManage = 1 << 7,
  kWorkspaceManage = 1 << 8,
  kPrivacyManage = 1 << 9,
  kSsoManage = 1 << 10,
  kConsentsRead = 1 << 11,
  kConsentsManage = 1 << 12,
  kConnectionsRead = 1 << 13,
  kConnectionsManage = 1 << 14,
  kTemplatesRead = 1 << 15,
  kTemplatesManage = 1 << 16,
};
std::string_view scope_name(Scope scope) noexcept;

/// A set of scopes; stored as names with a space between.
class Scopes {
 public:
  constexpr Scopes() = default;
  constexpr Scopes(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  /// All that an API key may have.
  static Scopes of_keys();
  /// nullopt when a name is unknown.
  static std::optional<Scopes> parse(std::string_view names);
  std::string str() const;
  constexpr bool has(Scope scope) const noexcept {
    return (bits_ & static_cast<std::uint32_t>(scope)) != 0;
  }
  constexpr bool has_all(Scopes others) const noexcept {
    return (bits_ & others.bits_) == others.bits_;
  }
  constexpr void add(Scope scope) noexcept { bits_ |= static_cast<std::uint32_t>(scope); }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr Scopes operator|(Scopes a, Scopes b) noexcept {
    return Scopes(a.bits_ | b.bits_);
  }
  /// Those that both have.
  friend constexpr Scopes operator&(Scopes a, Scopes b) noexcept {
    return Scopes(a.bits_ & b.bits_);
  }
  friend constexpr bool operator==(Scopes, Scopes) = default;

 private:
  constexpr explicit Scopes(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

/// Who calls: what an API key stands for, or a member of a workspace who has signed in.
struct Caller {
  WorkspaceId workspace;
  ApiKeyId key;  ///< none: a member
  Mode mode = Mode::kTest;
  Scopes scopes;
  UserId user = {};  ///< none: a key
  /// What a key may send from; nullptr: all of its mode. Lives as long as the request.
  const std::vector<SenderId>* senders = nullptr;
  /// Of an operator: the session that lets him in. None: a key, or a member.
  SupportSessionId support = {};

  bool may_send_from(const SenderId& sender) const noexcept;
};

}  // namespace flowsell::identity
