#pragma once

#include <string>
#include <string_view>

#include "graph/management.h"
#include "json/json.h"

namespace flowsell::sim {

/// Calls under /_sim about what the management side plays: clock, tokens, codes, accounts, numbers,
/// flows, templates, media. Thread-safe.
class PlatformControl {
 public:
  PlatformControl(World& world, Management& management) : world_(world), management_(management) {}

  /// POST /_sim/<name>. Fails with kInvalidRequest or kNotFound.
  using Call = Task<std::string> (PlatformControl::*)(const json::Value& body);
  /// The call of that name; nullptr when there is none.
  static Call find(std::string_view name);

 private:
  Task<std::string> clock(const json::Value& body);
  Task<std::string> tokens(const json::Value& body);
  Task<std::string> revoke(const json::Value& body);
  Task<std::string> codes(const json::Value& body);
  Task<std::string> apps(const json::Value& body);
  Task<std::string> businesses(const json::Value& body);
  Task<std::string> accounts(const json::Value& body);
  Task<std::string> phones(const json::Value& body);
  Task<std::string> flows(const json::Value& body);
  Task<std::string> templates(const json::Value& body);

  World& world_;
  Management& management_;
};

}  // namespace flowsell::sim
