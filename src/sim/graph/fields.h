#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace flowsell::sim {

/// A node as GET shows it: the fields that the call's `fields` asks for
/// ("name,owner_business_info{id}"), or the kind's usual ones, and always its id. Fails with
/// "(#100) Tried accessing nonexisting field ..." .
Checked<json::Object> show(Graph& graph, const Call& call, const Node& node);
/// The answer to GET of a node.
Checked<Reply> get_node(Graph& graph, const Call& call, Node& node);
/// The same for those who may manage the account.
Checked<Reply> get_managed_node(Graph& graph, const Call& call, Node& node);

/// One row of a list and the id that its cursor is made of.
struct Row {
  std::string id;
  json::Object shown;
};
/// The nodes of that kind which `belongs` takes, as show() gives them, oldest first.
Checked<std::vector<Row>> rows_of(Graph& graph, const Call& call, NodeKind kind,
                                  const std::function<bool(const Node&)>& belongs);
/// A page of the rows, by the call's limit (25 where it has none), after and before: data and
/// paging with cursors.
json::Object page_of(const Call& call, std::vector<Row> rows);

}  // namespace flowsell::sim
