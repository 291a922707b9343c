#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace flowsell::sim {

/// A new template of the account, waiting for its review. Fails as Meta does.
Checked<Node*> make_template(Graph& graph, Node& account, const json::Object& definition);
/// Edits category, components and life; the review begins again.
Checked<> edit_template(Graph& graph, Node& of_template, const Params& params);
/// New components for one that exists, whatever its state.
Checked<> replace_components(Graph& graph, Node& of_template, const json::Value& components);

Node* find_template(Graph& graph, const Node& account, std::string_view name,
                    std::string_view language);
std::string_view body_text_of(const Node& of_template);
/// 250, or 6000 for a verified portfolio.
std::int64_t template_limit_of(Graph& graph, const Node& account);

}  // namespace flowsell::sim
