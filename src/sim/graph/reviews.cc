#include "graph/reviews.h"

#include <algorithm>
#include <array>

namespace flowsell::sim {
namespace {

constexpr std::int64_t kHourMs = 3600LL * 1000;

struct Reason {
  std::string_view name;  ///< what follows "reject_" in the template's name
  std::string_view reason;
};
constexpr auto kReasons = std::to_array<Reason>({{"abusive", "ABUSIVE_CONTENT"},
                                                 {"category", "INCORRECT_CATEGORY"},
                                                 {"promotional", "PROMOTIONAL"},
                                                 {"scam", "SCAM"},
                                                 {"tag", "TAG_CONTENT_MISMATCH"},
                                                 {"format", "INVALID_FORMAT"}});

std::string with_hyphen(std::string_view language) {
  std::string text(language);
  std::ranges::replace(text, '_', '-');
  return text;
}

json::Object names_of(const Node& of_template) {
  return {{"message_template_id", std::strtoll(of_template.id.c_str(), nullptr, 10)},
          {"message_template_name", of_template.text("name")},
          {"message_template_language", with_hyphen(of_template.text("language"))}};
}

/// "reject_scam_1" → SCAM; empty: it is approved.
std::string_view rejection_of(std::string_view name) {
  constexpr std::string_view kReject = "reject_";
  if (!name.starts_with(kReject)) return {};
  for (const auto& reason : kReasons) {
    if (name.substr(kReject.size()).starts_with(reason.name)) return reason.reason;
  }
  return "INVALID_FORMAT";
}

void decide_template(Graph& graph, Node& of_template) {
  const std::string name(of_template.text("name"));
  of_template.fields.erase("_review_due");
  const auto reason = rejection_of(name);
  if (reason.empty()) {
    set_template_status(graph, of_template, "APPROVED", "APPROVED");
    if (name.starts_with("recategorise_")) recategorise(graph, of_template, "MARKETING");
    return;
  }
  json::Object more;
  if (reason == "INVALID_FORMAT") {
    more["rejection_info"] = {{"reason", "The template's format is not valid."},
                              {"recommendation", "Correct the template and submit it again."}};
    of_template.fields["rejection_info"] = more["rejection_info"];
  }
  set_template_status(graph, of_template, "REJECTED", "REJECTED", reason, more);
}

void decide_name(Graph& graph, Node& phone) {
  std::string name(phone.text("new_display_name"));
  const bool is_change = !name.empty();
  if (!is_change) name = phone.text("verified_name");
  const bool declined = name.starts_with("reject");
  const std::string_view status = declined ? "DECLINED" : "APPROVED";
  phone.fields.erase("_review_due");
  phone.fields[is_change ? "new_name_status" : "name_status"] = status;
  if (is_change && !declined) {
    phone.fields["verified_name"] = name;
    phone.fields["name_status"] = status;
    phone.fields.erase("new_display_name");
  }
  graph.registry.touch(phone);
  json::Object value = {{"display_phone_number", phone.text("_digits")},
                        {"decision", declined ? "REJECTED" : "APPROVED"},
                        {"requested_verified_name", name}};
  value["rejection_reason"] = declined ? json::Value("NAME_FORMAT_UNACCEPTABLE") : json::Value();
  graph.tell(phone.text("_account"), "phone_number_name_update", value);
}

/// Keeps the earliest.
class Next {
 public:
  void add(std::int64_t at_ms) {
    if (at_ms != 0 && (earliest_ == 0 || at_ms < earliest_)) earliest_ = at_ms;
  }
  std::optional<Time> get() const {
    return earliest_ == 0 ? std::nullopt : std::optional(from_unix_ms(earliest_));
  }

 private:
  std::int64_t earliest_ = 0;
};

/// Of a template: what happens to it next, and when.
std::int64_t due_of(const Node& node) {
  for (const std::string_view name : {"_review_due", "_paused_until", "_archived_until"}) {
    if (const auto at = node.number(name); at != 0) return at;
  }
  return 0;
}

void do_due(Graph& graph, Node& node, std::vector<std::string>& gone) {
  if (node.number("_review_due") != 0) return decide_template(graph, node);
  if (node.number("_paused_until") != 0) {
    node.fields.erase("_paused_until");
    return set_template_status(
        graph, node, "APPROVED", "APPROVED", "NONE",
        {{"other_info", {{"title", "UNPAUSE"}, {"description", "The pause has ended."}}}});
  }
  set_template_status(graph, node, "DELETED", "DELETED");
  gone.push_back(node.id);
}

}  // namespace

void set_template_status(Graph& graph, Node& of_template, std::string_view status,
                         std::string_view event, std::string_view reason,
                         const json::Object& more) {
  of_template.fields["status"] = status;
  of_template.fields["rejected_reason"] = reason;
  graph.registry.touch(of_template);
  auto value = names_of(of_template);
  value["event"] = event;
  value["message_template_category"] = of_template.text("category");
  value["reason"] = reason;
  for (const auto& [name, given] : more) value[name] = given;
  graph.tell(of_template.text("_account"), "message_template_status_update", value);
}

void recategorise(Graph& graph, Node& of_template, std::string_view category) {
  auto value = names_of(of_template);
  value["previous_category"] = of_template.text("category");
  value["new_category"] = category;
  of_template.fields["previous_category"] = std::string(of_template.text("category"));
  of_template.fields["category"] = category;
  graph.registry.touch(of_template);
  graph.tell(of_template.text("_account"), "template_category_update", value);
}

void set_template_quality(Graph& graph, Node& of_template, std::string_view score) {
  auto value = names_of(of_template);
  value["previous_quality_score"] = text_in(of_template.object("quality_score"), "score");
  value["new_quality_score"] = score;
  of_template.fields["quality_score"] = {{"score", score}, {"date", graph.now_seconds()}};
  graph.registry.touch(of_template);
  graph.tell(of_template.text("_account"), "message_template_quality_update", value);
}

std::int64_t pause_ms_of(const Node& of_template) {
  return (of_template.number("_pauses") == 1 ? 3 : 6) * kHourMs;
}

void pause_template(Graph& graph, Node& of_template) {
  const auto pauses = of_template.number("_pauses") + 1;
  of_template.fields["_pauses"] = pauses;
  set_template_quality(graph, of_template, "RED");
  if (pauses > 2) {
    set_template_status(
        graph, of_template, "DISABLED", "DISABLED", "NONE",
        {{"other_info", {{"title", "DISABLED"}, {"description", "It was paused twice before."}}}});
    return;
  }
  of_template.fields["_paused_until"] = to_unix_ms(graph.now()) + pause_ms_of(of_template);
  set_template_status(graph, of_template, "PAUSED", "PAUSED", "NONE",
                      {{"other_info",
                        {{"title", pauses == 1 ? "FIRST_PAUSE" : "SECOND_PAUSE"},
                         {"description", "Paused because of low quality."}}}});
}

std::optional<Time> run_reviews(Graph& graph) {
  const auto now_ms = to_unix_ms(graph.now());
  Next next;
  std::vector<std::string> gone;
  graph.registry.each(NodeKind::kTemplate, [&](Node& node) {
    const auto at = due_of(node);
    if (at != 0 && at <= now_ms) {
      do_due(graph, node, gone);
      next.add(due_of(node) > now_ms ? due_of(node) : 0);
    } else {
      next.add(at);
    }
    return true;
  });
  for (const auto& id : gone) graph.registry.remove(NodeKind::kTemplate, id);
  graph.registry.each(NodeKind::kPhone, [&](Node& phone) {
    const auto at = phone.number("_review_due");
    if (at != 0 && at <= now_ms) {
      decide_name(graph, phone);
    } else {
      next.add(at);
    }
    return true;
  });
  return next.get();
}

}  // namespace flowsell::sim
