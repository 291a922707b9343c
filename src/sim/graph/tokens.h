#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace flowsell::sim {

/// What a token or code is to allow.
struct Consent {
  std::string app_id;
  std::vector<std::string> scopes;
  std::vector<std::string> accounts;    ///< WABA ids that the scopes are for; empty: all
  std::int64_t expires_in_seconds = 0;  ///< of the token; 0: never
  std::string redirect_uri;             ///< of a code: what its exchange must name
};

/// Whom the start's token belongs to.
inline constexpr std::string_view kSystemUserId = "122100000000000001";

/// The scopes that Embedded Signup asks for.
std::vector<std::string> usual_scopes();
/// A new token, as "EAA...".
std::string make_token(Graph& graph, const Consent& consent);
/// A new code of 30 seconds, good once. `age_seconds`: so old it is already.
std::string make_code(Graph& graph, const Consent& consent, std::int64_t age_seconds = 0);

}  // namespace flowsell::sim
