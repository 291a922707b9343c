#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace flowsell::sim {

/// What a visitor of the signup page did.
struct SignupWish {
  std::string scenario;
  std::string app_id;
  std::string name;
  std::string display_phone_number;
  std::string redirect_uri;
};

/// What the page then says to its opener.
struct SignupOutcome {
  std::string code;  ///< empty: there is none
  json::Object message;
  bool code_first = false;
};

bool is_scenario(std::string_view name) noexcept;
/// Makes account, number and code as the scenario wants them, and tells the app of its new partner.
SignupOutcome play(Graph& graph, const SignupWish& wish);

}  // namespace flowsell::sim
