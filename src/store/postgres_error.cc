#include "postgres_error.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace flowsell::store {
namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> heads) {
  for (const std::string_view head : heads) {
    if (text.starts_with(head)) return true;
  }
  return false;
}

bool is_the_servers_fault(std::string_view sqlstate) {
  if (sqlstate == "08P01") return false;  // we spoke the protocol wrongly
  if (sqlstate == "22012") return true;   // how postgres.cc notices that it was superseded
  // Connections, resources, an operator's intervention, I/O, damaged data; a standby that takes no
  // writes; races and locks.
  return sqlstate.empty() || starts_with_any(sqlstate, {"08", "28", "3D", "53", "57", "58", "XX001",
                                                        "XX002", "25006", "25P03", "40", "55P03"});
}

/// Messages of these classes name tables and columns, or say why the server does not answer.
bool holds_no_values(std::string_view sqlstate) {
  return starts_with_any(sqlstate, {"08", "23", "25", "28", "3D", "40", "42", "53", "55", "57"});
}

}  // namespace

Error postgres_error(std::string_view sqlstate, std::string_view message) {
  while (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  Error error{ErrorCode::kInternal, {}};
  if (sqlstate.empty()) {
    error.detail = "PostgreSQL: the connection was lost";
  } else if (holds_no_values(sqlstate)) {
    error.detail = fmt::format("PostgreSQL: {} (code {})", message, sqlstate);
  } else {
    error.detail = fmt::format("PostgreSQL: code {}", sqlstate);
  }
  if (is_the_servers_fault(sqlstate)) {
    error.code = ErrorCode::kStoreUnavailable;
    error.retry_after = std::chrono::seconds(1);
  }
  return error;
}

bool is_lost_race(std::string_view sqlstate) { return sqlstate == "40001" || sqlstate == "40P01"; }

}  // namespace flowsell::store
