#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/sensitive.h"
#include "core/time.h"
#include "graph_error.h"
#include "text_map.h"

namespace flowsell::sim {

/// What a token may do.
enum class Scope : std::uint8_t { kManagement, kMessaging, kBusiness };
inline constexpr std::size_t kScopes = 3;
/// "whatsapp_business_management", "whatsapp_business_messaging", "business_management".
std::string_view scope_name(Scope scope) noexcept;

/// What a call goes by.
struct TokenFacts {
  enum class Kind : std::uint8_t {
    kMaster,  ///< the one the simulator was started with, or any where it has none: may do all
    kApp,     ///< "APP|SECRET"
    kUser,    ///< a user's, a system user's, or one of Embedded Signup
  };
  Kind kind = Kind::kMaster;
  std::string app_id;
  std::int64_t expires_ms = 0;  ///< 0: never
  bool is_revoked = false;
  struct Grant {
    bool given = false;
    std::vector<std::string> targets;  ///< account or business ids; empty: all
  };
  Grant grants[kScopes];

  /// May act on that account, or business.
  bool allows(Scope scope, std::string_view target) const noexcept;
  /// Has the scope for something.
  bool has(Scope scope) const noexcept {
    return kind != Kind::kUser || grants[static_cast<std::size_t>(scope)].given;
  }
};

/// Tokens as a call presents them. Thread-safe; a call by the master token takes no lock.
class TokenTable {
 public:
  /// `master` empty: any text that is no known token, and not "expired", is as good as one.
  TokenTable(const Secret& master, std::string app_id);

  void put(std::string_view token, TokenFacts facts);
  void remove(std::string_view token);
  /// Fails with 190 and Meta's subcode: 463 expired, 467 invalid.
  Checked<std::shared_ptr<const TokenFacts>> find(std::string_view token, Time now) const;

 private:
  Secret master_;
  std::shared_ptr<const TokenFacts> of_master_;
  std::atomic<bool> any_{false};
  mutable std::shared_mutex mutex_;
  TextMap<std::shared_ptr<const TokenFacts>> table_;
};

/// The token of an Authorization header ("Bearer T", "OAuth T"); empty when it has none.
std::string_view token_of_header(std::string_view authorization) noexcept;
/// 190 as Meta says it.
std::unexpected<GraphError> refuse_token(int subcode, std::string message);
std::unexpected<GraphError> refuse_no_token();

}  // namespace flowsell::sim
