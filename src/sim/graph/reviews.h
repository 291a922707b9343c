#pragma once

#include <optional>
#include <string_view>

#include "graph/graph.h"

namespace flowsell::sim {

/// Decides what is due by the virtual clock: new templates, display names, pauses that end,
/// archives that are deleted; tells it by webhook. Returns when it is next needed.
std::optional<Time> run_reviews(Graph& graph);

/// A template's new state: kept, and told as message_template_status_update with `event`.
/// `reason` "NONE" where there is none.
void set_template_status(Graph& graph, Node& of_template, std::string_view status,
                         std::string_view event, std::string_view reason = "NONE",
                         const json::Object& more = {});
/// UTILITY becomes MARKETING, or what is given; told as template_category_update.
void recategorise(Graph& graph, Node& of_template, std::string_view category);
/// Told as message_template_quality_update.
void set_template_quality(Graph& graph, Node& of_template, std::string_view score);
/// Three hours, then six, then for good; told with its title.
void pause_template(Graph& graph, Node& of_template);
/// How long the pause takes that it is in.
std::int64_t pause_ms_of(const Node& of_template);

}  // namespace flowsell::sim
