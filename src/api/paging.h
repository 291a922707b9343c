#pragma once

#include <algorithm>
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

/// What a list request says when the whole list is in memory.
template <class IdType>
struct ListRequest {
  std::size_t limit = 0;
  std::optional<IdType> after;   ///< older than it
  std::optional<IdType> before;  ///< newer than it
  static Result<ListRequest> parse(std::string_view query) {
    TRY(auto in, QueryReader::parse(query));
    ListRequest request{in.limit(), in.id<IdType>("after"), in.id<IdType>("before")};
    CHECK_OK(in.finish());
    return request;
  }
};

/// Cuts `all` (pointers to things with an id) down to the page that was asked for, newest first;
/// true when more follow.
template <class Pointers, class IdType>
bool cut_to_page(Pointers& all, const ListRequest<IdType>& page) {
  std::ranges::sort(all, std::greater<>{}, [](const auto& each) { return each->id; });
  std::erase_if(all, [&page](const auto& each) {
    return (page.after && each->id >= *page.after) || (page.before && each->id <= *page.before);
  });
  if (all.size() <= page.limit) return false;
  const auto surplus = static_cast<std::ptrdiff_t>(all.size() - page.limit);
  // Towards newer ones the page is the part next to `before`, and nothing is said of what is older.
  const bool upwards = page.before && !page.after;
  upwards ? all.erase(all.begin(), all.begin() + surplus)
          : all.erase(all.end() - surplus, all.end());
  return !upwards;
}

/// A page: {"object":"list","data":[...],"has_more","next"} and a Link header. `items` are JSON
/// values already. `next` is the id to go on after.
http::Response list_response(const http::Request& request, const std::vector<std::string>& items,
                             bool has_more, const std::string& next);

}  // namespace flowsell::api
