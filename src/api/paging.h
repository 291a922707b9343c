#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/id.h"
#include "http/message.h"

namespace flowsell::api {

/// The query of a list request: every parameter is asked for, what remains is a fault.
class QueryReader {
 public:
  /// Fails with kInvalidRequest: a broken percent escape, or a parameter twice.
  static Result<QueryReader> parse(std::string_view query);

  std::optional<std::string> text(std::string_view name);
  /// 1 to 100, 20 by default.
  std::size_t limit();
  std::optional<Time> time(std::string_view name);
  template <class IdType>
  std::optional<IdType> id(std::string_view name) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    auto parsed = IdType::parse(*value);
    if (parsed) return *parsed;
    fault(name, "invalid_id", parsed.error().detail, "Use an id as the API returned it.");
    return std::nullopt;
  }
  void fault(std::string_view name, std::string code, std::string detail, std::string fix);
  /// All faults, unknown parameters among them.
  Result<> finish();

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<FieldError> faults_;
};

/// A page: {"object":"list","data":[...],"has_more","next"} and a Link header. `items` are JSON
/// values already. `next` is the id to go on after.
http::Response list_response(const http::Request& request, const std::vector<std::string>& items,
                             bool has_more, const std::string& next);

}  // namespace flowsell::api
