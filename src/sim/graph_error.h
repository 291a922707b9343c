#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "json/writer.h"

namespace flowsell::sim {

/// 0 is an error of Meta's.
inline constexpr int kNoError = -1;

/// Why the simulated Graph API refuses a request, in Meta's own numbers.
struct GraphError {
  int code = 100;
  std::string details;          ///< error_data.details; empty: the code's usual words
  int subcode = 0;              ///< 0: none
  std::string message = {};     ///< empty: "(#code) title" of the table
  std::string user_title = {};  ///< of management calls: what Meta shows to people
  std::string user_msg = {};
  int http_status = 0;         ///< 0: the code's usual one
  bool is_graphs_own = false;  ///< says nothing in the messaging product's error_data
};

/// What a check gives: the value, or Meta's refusal.
template <class T = void>
using Checked = std::expected<T, GraphError>;

inline std::unexpected<GraphError> refuse(int code, std::string details) {
  return std::unexpected(GraphError{code, std::move(details)});
}

/// "(#100) <rule>", told as error_data too: how sends refuse a field.
std::unexpected<GraphError> refuse_field(std::string rule);
/// An error of the Graph itself, with its whole message.
std::unexpected<GraphError> refuse_as_graph(int code, std::string message);
/// "(#100) <rule>": the Graph's own way to refuse a parameter.
std::unexpected<GraphError> refuse_parameter(std::string_view rule);
/// "(#100) The parameter <name> is required."
std::unexpected<GraphError> refuse_absent(std::string_view name);
/// 100/33: no such object, or none that the token may see.
std::unexpected<GraphError> refuse_object(std::string_view method, std::string_view object);
/// 100 with a subcode and words for people, as management calls refuse.
std::unexpected<GraphError> refuse_for_people(int subcode, std::string_view title,
                                              std::string message);

/// One row of Meta's error table (reference: Cloud API error codes).
struct ErrorRow {
  int code;
  int http_status;
  bool comes_later;  ///< told by a failed status, not in the answer
  std::string_view title;
  std::string_view details;
};

/// nullptr when the simulator's table has no such code.
const ErrorRow* find_error_row(int code) noexcept;
/// The HTTP status that goes with the error's code; 400 where the table has none.
int http_status_of(const GraphError& error) noexcept;
/// The body of a refused request.
std::string error_body(const GraphError& error, std::string_view trace_id);
/// One element of a failed status' "errors".
void write_status_error(json::Writer& out, int code);

}  // namespace flowsell::sim
