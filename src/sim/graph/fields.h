#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace flowsell::sim {

/// A node as GET shows it: the fields that the call's `fields` asks for, or the kind's usual ones,
/// and always its id. Fails with "(#100) Tried accessing nonexisting field ..." .
Checked<json::Object> show(Graph& graph, const Call& call, const Node& node);
/// The same by a text of fields: "id,name,owner_business_info{id}".
Checked<json::Object> show(Graph& graph, const Call& call, const Node& node,
                           std::string_view fields);

/// One row of a list and the id that its cursor is made of.
struct Row {
  std::string id;
  json::Object shown;
};
/// A page of the rows, by the call's limit, after and before: data and paging with cursors.
/// `limit` where the call has none.
json::Object page_of(const Call& call, std::vector<Row> rows, std::size_t limit = 25);

}  // namespace flowsell::sim
