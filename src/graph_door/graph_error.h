#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "http/message.h"

namespace flowsell::graph_door {

/// What is asked for: a refusal for its rate has Meta's code of that kind.
enum class Asked : std::uint8_t { kMessage, kManagement };

/// An error as Meta tells it.
struct GraphError {
  int status = 400;
  std::int64_t code = 100;
  std::int64_t subcode = 0;
  std::string_view type = "OAuthException";
  std::string message;        ///< behind "(#code) "
  std::string details;        ///< what is wrong and what to do; in error_data
  std::string reason;         ///< our own stable code of it; in error_data
  std::string message_id;     ///< "msg_...", where one stands for what was asked
  bool is_transient = false;  ///< the same request may be made again: nothing was done
  std::optional<std::chrono::seconds> retry_after = {};
  std::string trace_id = {};  ///< the provider's; empty: ours
};

/// What became of a send is not known: it must not look as if nothing was sent. Meta has no such
/// code, so a client's table gives it no meaning, above all not "try again".
inline constexpr std::int64_t kUnknownOutcome = 990504;

/// One of ours.
GraphError error_of(const Error& error, Asked asked);
/// One that Meta's code stands for: its type and HTTP status are as there.
GraphError error_of_code(std::int64_t code, std::int64_t subcode);
/// What becomes of a call that is made again when it is not known whether it was carried out.
enum class Again : std::uint8_t {
  kHarmless,  ///< it only looks, or says the same once more
  kUnknown,   ///< it may be done twice
};
/// The provider's answer is none of its API: a page of something before it, as a rule. Of it only
/// the status is told, and that something was, or was not, done.
GraphError error_of_no_words(int status, Again again);
/// There is no such node, or it is not this caller's, or it has no such edge or method.
GraphError no_object(std::string_view method, std::string_view node);
/// A path that is none of the Graph's.
GraphError no_path(std::string_view path);
/// A parameter that this door does not pass on.
GraphError refused_parameter(std::string_view name, std::string_view why);

/// `trace_id`: ours.
http::Response render(const GraphError& error, std::string_view trace_id);

}  // namespace flowsell::graph_door
