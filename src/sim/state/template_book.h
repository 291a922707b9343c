#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "graph_error.h"
#include "json/json.h"
#include "state/node.h"
#include "text_map.h"

namespace flowsell::sim {

/// What a template message is sent as.
struct SentTemplate {
  std::string category;
  std::vector<std::string> flows;  ///< behind its buttons
};

/// Templates as a send needs them, apart from the registry so that a send takes no lock of the
/// management side. Thread-safe.
class TemplateBook {
 public:
  void put(const Node& of_template);
  void remove(std::string_view template_id);
  /// Whether that account has templates.
  bool manages(std::string_view account_id) const;

  /// Checks the "template" object of a message that passed every check of its own shape: does it
  /// exist in that language, may it be sent, does it get what its variables need.
  Checked<SentTemplate> check_send(std::string_view account_id, const json::Object& sent,
                                   bool to_user_id) const;

 private:
  using Shared = std::shared_ptr<const Node>;
  Shared find(std::string_view account_id, std::string_view name, std::string_view language,
              bool& name_exists) const;

  mutable std::shared_mutex mutex_;
  TextMap<std::vector<Shared>> by_account_;
};

}  // namespace flowsell::sim
