#include "graph/template_making.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "graph/library.h"
#include "graph/reviews.h"
#include "graph/template_rules.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kNameMax = 512;
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::size_t kEditsMax = 10;       ///< of an approved one in 30 days
constexpr std::size_t kCreationsMax = 100;  ///< in an hour

/// "de", "en_US", "zh_HK", "fil".
bool is_language(std::string_view code) {
  const auto low = code.substr(0, code.find('_'));
  const auto high = low.size() == code.size() ? std::string_view() : code.substr(low.size() + 1);
  const bool low_fits = (low.size() == 2 || low.size() == 3) &&
                        std::ranges::all_of(low, [](char c) { return c >= 'a' && c <= 'z'; });
  const bool high_fits =
      low.size() == code.size() ||
      (high.size() == 2 && std::ranges::all_of(high, [](char c) { return c >= 'A' && c <= 'Z'; }));
  return low_fits && high_fits;
}

struct Life {
  std::string_view category;
  std::int64_t min;
  std::int64_t max;
};
constexpr auto kLives = std::to_array<Life>(
    {{"AUTHENTICATION", 30, 900}, {"UTILITY", 30, 43'200}, {"MARKETING", 43'200, 2'592'000}});

Checked<> check_category(std::string_view category) {
  if (std::ranges::find(kLives, category, &Life::category) != kLives.end()) return {};
  return refuse_parameter(fmt::format(
      "Param category must be one of {{AUTHENTICATION, MARKETING, UTILITY}} - got \"{}\".",
      category));
}

Checked<> check_life(std::string_view category, std::int64_t seconds) {
  const auto* life = std::ranges::find(kLives, category, &Life::category);
  if (seconds == -1 || (seconds >= life->min && seconds <= life->max)) return {};
  return refuse_parameter(
      fmt::format("Param message_send_ttl_seconds must be from {} to {}", life->min, life->max));
}

Checked<> check_head(const json::Object& definition) {
  const auto name = text_in(definition, "name");
  if (name.empty()) return refuse_absent("name");
  if (!is_name(name) || name.size() > kNameMax) {
    return refuse_parameter(
        "Param name must be at most 512 lower-case letters, digits and underscores.");
  }
  const auto language = text_in(definition, "language");
  if (language.empty()) return refuse_absent("language");
  if (!is_language(language)) {
    return refuse_parameter(fmt::format(
        "Param language must be one of the supported languages - got \"{}\".", language));
  }
  const auto category = text_in(definition, "category");
  if (category.empty()) return refuse_absent("category");
  return check_category(category);
}

Checked<> check_room(Graph& graph, Node& account, std::string_view name,
                     std::string_view language) {
  if (find_template(graph, account, name, language)) {
    return refuse_for_people(
        2388024, "Content in This Language Already Exists",
        fmt::format("There is already {} content for this template. You can create a new template "
                    "and try again.",
                    language));
  }
  const auto reserved =
      number_in(account.object("_deleted_names"), fmt::format("{}/{}", name, language));
  if (reserved > to_unix_ms(graph.now())) {
    return refuse_for_people(2388023, "Message template language is being deleted",
                             "New content can't be added while the existing content is being "
                             "deleted. Try again in 4 weeks or use another name.");
  }
  std::int64_t count = 0;
  graph.registry.each(NodeKind::kTemplate, [&](Node& one) {
    if (one.text("_account") == account.id) ++count;
    return true;
  });
  if (count < template_limit_of(graph, account)) return {};
  return refuse_for_people(2388019, "Message template limit exceeded",
                           "The account has as many message templates as it can have.");
}

/// Not more than 100 in an hour.
Checked<> count_creation(Graph& graph, Node& account) {
  const auto now_ms = to_unix_ms(graph.now());
  auto recent = times_after(account.array("_creations"), now_ms - kDayMs / 24);
  if (recent.size() >= kCreationsMax) return refuse(80007, "");
  recent.emplace_back(now_ms);
  account.fields["_creations"] = std::move(recent);
  graph.registry.touch(account);
  return {};
}

std::string format_of(const json::Object& definition) {
  auto format = upper_case(text_in(definition, "parameter_format"));
  return format.empty() ? "POSITIONAL" : format;
}

json::Value structure_of(const json::Object& definition, std::string_view name) {
  const auto* value = definition.if_contains(name);
  if (!value) return {};
  if (!value->is_string()) return *value;
  const auto document = json::parse(view_of(value->get_string()));
  return document ? json::Value(document->root(), boost::json::storage_ptr()) : json::Value();
}

void begin_review(Graph& graph, Node& of_template) {
  of_template.fields["status"] = "PENDING";
  of_template.fields["rejected_reason"] = "NONE";
  if (of_template.text("name").starts_with("stay_pending_")) return;
  of_template.fields["_review_due"] = to_unix_ms(graph.now()) + graph.review_after_ms;
}

}  // namespace

Node* find_template(Graph& graph, const Node& account, std::string_view name,
                    std::string_view language) {
  Node* found = nullptr;
  graph.registry.each(NodeKind::kTemplate, [&](Node& one) {
    const bool is_it = one.text("_account") == account.id && one.text("name") == name &&
                       one.text("language") == language;
    if (is_it) found = &one;
    return !is_it;
  });
  return found;
}

std::string_view body_text_of(const Node& of_template) {
  for (const auto& one : of_template.array("components")) {
    const auto* component = one.if_object();
    if (component && text_in(*component, "type") == "BODY") return text_in(*component, "text");
  }
  return {};
}

std::int64_t template_limit_of(Graph& graph, const Node& account) {
  return graph.is_verified(account) ? 6'000 : 250;
}

Checked<Node*> make_template(Graph& graph, Node& account, const json::Object& definition) {
  CHECK_OK(check_head(definition));
  const auto category = text_in(definition, "category");
  const auto format = format_of(definition);
  if (format != "POSITIONAL" && format != "NAMED")
    return refuse_parameter("Param parameter_format must be one of {NAMED, POSITIONAL}");
  auto components = structure_of(definition, "components");
  const auto library_name = text_in(definition, "library_template_name");
  if (!library_name.empty()) {
    TRY(components, components_from_library(library_name, definition));
  }
  if (!components.is_array()) return refuse_absent("components");
  CHECK_OK(check_components(components.get_array(), category, format == "NAMED"));
  const auto name = text_in(definition, "name");
  const auto language = text_in(definition, "language");
  CHECK_OK(check_room(graph, account, name, language));
  CHECK_OK(count_creation(graph, account));

  auto id = graph.registry.new_id();
  json::Object fields = {{"id", id},
                         {"name", name},
                         {"language", language},
                         {"category", category},
                         {"parameter_format", format},
                         {"_account", account.id}};
  fields["components"] = kept_components(components.get_array(), category);
  fields["quality_score"] = {{"score", "UNKNOWN"}, {"date", graph.now_seconds()}};
  if (!library_name.empty()) fields["library_template_name"] = library_name;
  if (const auto life = number_in(definition, "message_send_ttl_seconds"); life != 0) {
    CHECK_OK(check_life(category, life));
    fields["message_send_ttl_seconds"] = life;
  }
  const auto sub_category = text_in(definition, "sub_category");
  if (!sub_category.empty()) fields["sub_category"] = sub_category;
  auto& made = graph.registry.add(NodeKind::kTemplate, std::move(id), std::move(fields));
  begin_review(graph, made);
  if (graph.review_after_ms == 0) run_reviews(graph);
  return &made;
}

Checked<> replace_components(Graph& graph, Node& of_template, const json::Value& components) {
  const auto category = of_template.text("category");
  if (!components.is_array()) return refuse_absent("components");
  CHECK_OK(check_components(components.get_array(), category,
                            of_template.text("parameter_format") == "NAMED"));
  of_template.fields["components"] = kept_components(components.get_array(), category);
  graph.registry.touch(of_template);
  return {};
}

Checked<> edit_template(Graph& graph, Node& of_template, const Params& params) {
  constexpr auto kEditable = std::to_array<std::string_view>({"APPROVED", "REJECTED", "PAUSED"});
  const auto status = of_template.text("status");
  if (std::ranges::find(kEditable, status) == kEditable.end()) {
    return refuse_for_people(2593003, "Message template can't be edited",
                             "Only approved, rejected and paused templates can be edited.");
  }
  const auto now_ms = to_unix_ms(graph.now());
  auto edits = times_after(of_template.array("_edits"), now_ms - 30 * kDayMs);
  const bool today = !edits.empty() && edits.back().get_int64() > now_ms - kDayMs;
  if (status == "APPROVED" && (today || edits.size() >= kEditsMax)) {
    return refuse_for_people(2593004, "Message template can't be edited now",
                             "An approved template can be edited once in 24 hours, and 10 times in "
                             "30 days.");
  }
  const auto category = params.text("category");
  if (!category.empty()) {
    CHECK_OK(check_category(category));
    if (status == "APPROVED" && category != of_template.text("category"))
      return refuse_parameter("The category of an approved template can't be changed");
    of_template.fields["category"] = category;
  }
  if (const auto life = params.integer("message_send_ttl_seconds")) {
    CHECK_OK(check_life(of_template.text("category"), *life));
    of_template.fields["message_send_ttl_seconds"] = *life;
    graph.registry.touch(of_template);
  }
  if (!params.has("components") && category.empty()) return {};
  if (params.has("components"))
    CHECK_OK(replace_components(graph, of_template, params.structure("components")));
  edits.emplace_back(now_ms);
  of_template.fields["_edits"] = std::move(edits);
  graph.registry.touch(of_template);
  begin_review(graph, of_template);
  if (graph.review_after_ms == 0) run_reviews(graph);
  return {};
}

}  // namespace flowsell::sim
