#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "graph_error.h"
#include "state/token_table.h"
#include "text_map.h"

namespace flowsell::sim {

/// Apps as calls see them. Thread-safe.
class AppTable {
 public:
  void put(const std::string& id, std::string secret, bool requires_proof);
  /// `proof`: the call's appsecret_proof; empty: it has none, which an app may refuse. One that is
  /// wrong is refused everywhere. An app's own token needs none.
  Checked<> check_proof(const TokenFacts& caller, std::string_view token,
                        std::string_view proof) const;

 private:
  struct Entry {
    std::string secret;
    bool requires_proof = false;
  };
  std::shared_ptr<const Entry> find(std::string_view id) const;

  mutable std::shared_mutex mutex_;
  TextMap<std::shared_ptr<const Entry>> entries_;
};

}  // namespace flowsell::sim
