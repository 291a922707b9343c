#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/id.h"
#include "core/page.h"
#include "http/message.h"
#include "identity/caller.h"

namespace flowsell::api {

/// The query of a list request: every parameter is asked for, what remains is a fault.
class QueryReader {
 public:
  /// Fails with kInvalidRequest: a broken percent escape, or a parameter twice.
  static Result<QueryReader> parse(std::string_view query);

  std::optional<std::string> text(std::string_view name);
  /// 1 to 100, 20 by default.
  std::size_t limit();
  /// A number in these bounds; `otherwise` when it was not sent.
  std::int64_t number(std::string_view name, std::int64_t min, std::int64_t max,
                      std::int64_t otherwise);
  std::optional<Time> time(std::string_view name);
  /// The days since 1970 that "from" and "to" name ("2026-11-23"): the last 30 by default, at most
  /// `max`.
  struct Days {
    std::int64_t from, to;
  };
  Days days(std::int64_t today, std::int64_t max);
  template <class IdType>
  std::optional<IdType> id(std::string_view name) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    auto parsed = IdType::parse(*value);
    if (parsed) return *parsed;
    fault(name, "invalid_id", parsed.error().detail, "Use an id as the API returned it.");
    return std::nullopt;
  }
  /// Those that have not been asked for yet, decoded.
  const std::map<std::string, std::string, std::less<>>& all() const noexcept { return values_; }
  void fault(std::string_view name, std::string code, std::string detail, std::string fix);
  /// All faults, unknown parameters among them.
  Result<> finish();

 private:
  std::int64_t day(std::string_view name, std::int64_t otherwise);

  std::map<std::string, std::string, std::less<>> values_;
  std::vector<FieldError> faults_;
};

/// Which page of a list is asked for.
template <class IdType>
struct ListRequest {
  std::size_t limit = 0;
  std::optional<IdType> after;   ///< older than it
  std::optional<IdType> before;  ///< newer than it
  static ListRequest read(QueryReader& in) {
    ListRequest request{in.limit(), in.id<IdType>("after"), in.id<IdType>("before")};
    if (request.after && request.before) {
      in.fault("before", "conflict", "after and before don't go together",
               "Send the one that names the page's end you know.");
    }
    return request;
  }
  /// Of a list that has no filters.
  static Result<ListRequest> parse(std::string_view query) {
    TRY(auto in, QueryReader::parse(query));
    const ListRequest request = read(in);
    CHECK_OK(in.finish());
    return request;
  }
};

/// Reads which page is asked for into a room's list query.
template <class Query>
void read_page(QueryReader& in, Query& query) {
  using IdType = decltype(Query::after)::value_type;
  const auto page = ListRequest<IdType>::read(in);
  query.limit = page.limit;
  query.after = page.after;
  query.before = page.before;
}

/// The beginning of a room's list query: what every one of them says, whose rows and which page.
/// The route adds its filters.
template <class Query>
Query list_query(QueryReader& in, const identity::Caller& caller) {
  Query query;
  query.workspace = caller.workspace;
  query.mode = caller.mode;
  read_page(in, query);
  return query;
}

/// The page that was asked for of a list that is in memory as a whole: pointers to things with an
/// id.
template <class Pointer, class IdType>
Page<Pointer, IdType> page_of(std::vector<Pointer> all, const ListRequest<IdType>& asked) {
  const auto id_of = [](const Pointer& each) { return each->id; };
  std::erase_if(all, [&asked](const Pointer& each) {
    return (asked.after && each->id >= *asked.after) || (asked.before && each->id <= *asked.before);
  });
  Page<Pointer, IdType> page;
  page.upwards = asked.before && !asked.after;
  page.rows = std::move(all);
  if (page.upwards) {
    std::ranges::sort(page.rows, std::less<>{}, id_of);
  } else {
    std::ranges::sort(page.rows, std::greater<>{}, id_of);
  }
  page.cut(asked.limit, id_of);
  return page;
}

/// The same of the things themselves: the page points at them.
template <class Row, class IdType>
Page<const Row*, IdType> page_of_rows(const std::vector<Row>& all,
                                      const ListRequest<IdType>& asked) {
  std::vector<const Row*> rows;
  rows.reserve(all.size());
  for (const Row& each : all) rows.push_back(&each);
  return page_of(std::move(rows), asked);
}

/// Where a list goes on: by `after`, or by `before` where it was read upwards.
struct NextPage {
  std::string_view parameter;
  std::string id;
};

/// A list: {"object":"list","data":[...],"has_more","next"} and a Link header. `items` are JSON
/// values already.
http::Response list_response(const http::Request& request, const std::vector<std::string>& items,
                             const std::optional<NextPage>& next = std::nullopt);

/// The same of all `rows`, each written as JSON by `render`: a list without pages.
template <class Rows, class Render>
http::Response whole_list(const http::Request& request, const Rows& rows, Render render) {
  std::vector<std::string> items;
  items.reserve(rows.size());
  for (const auto& row : rows) items.push_back(render(row));
  return list_response(request, items);
}

/// The same of a page whose rows `render` writes as JSON.
template <class Row, class IdType, class Render>
http::Response list_response(const http::Request& request, const Page<Row, IdType>& page,
                             Render render) {
  std::vector<std::string> items;
  items.reserve(page.rows.size());
  for (const Row& row : page.rows) items.push_back(render(row));
  if (!page.has_more) return list_response(request, items);
  return list_response(request, items,
                       NextPage{page.upwards ? "before" : "after", page.next->str()});
}

}  // namespace flowsell::api
