#include "faults.h"

#include <fmt/format.h>

#include "json/reader.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

constexpr std::int64_t kTimesMax = 1'000'000'000;
constexpr std::int64_t kDelayMsMax = 3'600'000;
constexpr std::size_t kBodyMax = 1 << 20;

std::optional<FaultScope> parse_scope(std::string_view name) {
  if (name == "messages") return FaultScope::kMessages;
  if (name == "reads") return FaultScope::kReads;
  if (name == "webhooks") return FaultScope::kWebhooks;
  return std::nullopt;
}

bool flag(json::ObjectReader& in, std::string_view name) {
  return in.boolean(name).value_or(false);
}

std::chrono::milliseconds delay(json::ObjectReader& in, std::string_view name) {
  return std::chrono::milliseconds(in.integer(name, 0, kDelayMsMax).value_or(0));
}

void read_drop(json::ObjectReader& in, FaultAction& action) {
  const auto drop = in.string("drop");
  if (!drop) return;
  if (*drop == "before") {
    action.drop = FaultAction::Drop::kBefore;
  } else if (*drop == "after") {
    action.drop = FaultAction::Drop::kAfter;
  } else {
    in.fault("drop", "invalid_value", "is neither before nor after",
             "Use \"before\" or \"after\".");
  }
}

FaultAction read_send_action(json::ObjectReader& in) {
  FaultAction action;
  action.error = static_cast<int>(in.integer("error", 0, 9'999'999).value_or(kNoError));
  action.error_later = flag(in, "async");
  action.http_status = static_cast<int>(in.integer("http", 200, 599).value_or(0));
  action.graph_body = flag(in, "meta");
  action.body = in.string("body", {.max = kBodyMax}).value_or("");
  action.content_type =
      in.string("content_type", {.max = 100}).value_or("text/html; charset=utf-8");
  action.rate_limit = flag(in, "rate_limit");
  action.retry_after = std::chrono::seconds(in.integer("retry_after", 0, 86'400).value_or(0));
  action.latency = delay(in, "latency_ms");
  read_drop(in, action);
  action.truncate = flag(in, "truncate");
  action.garbage = flag(in, "garbage");
  return action;
}

FaultAction read_webhook_action(json::ObjectReader& in) {
  FaultAction action;
  action.lost = flag(in, "drop");
  action.duplicate = flag(in, "duplicate");
  action.reorder = flag(in, "reorder");
  action.bad_signature = flag(in, "bad_signature");
  action.late = delay(in, "late_ms");
  if (const auto raw = in.string("raw", {.max = kBodyMax})) action.raw = std::string(*raw);
  return action;
}

}  // namespace

std::string person_of(std::string_view text) {
  const bool is_user_id = text.size() > 2 && text[2] == '.';
  if (is_user_id) return std::string(text);
  return digits_in(text);
}

bool Faults::Rule::applies_now() {
  ++seen;
  const bool now = when == When::kAlways || (when == When::kNext && hits < n) ||
                   (when == When::kEvery && seen % n == 0);
  if (now) ++hits;
  return now;
}

std::optional<Faults::Rule> Faults::read(const json::Value& value, std::string pointer,
                                         std::vector<FieldError>& faults) {
  const auto faults_before = faults.size();
  json::ObjectReader in(value, std::move(pointer), faults);
  Rule rule;
  const auto scope = parse_scope(in.string("scope").value_or("messages"));
  if (!scope) in.fault("scope", "invalid_value", "is no scope", "Use messages, reads or webhooks.");
  rule.scope = scope.value_or(FaultScope::kMessages);
  if (const auto* when = in.find("when")) {
    json::ObjectReader when_in(*when, in.pointer_of("when"), faults);
    if (const auto next = when_in.integer("next", 1, kTimesMax)) {
      rule.when = Rule::When::kNext;
      rule.n = static_cast<std::uint64_t>(*next);
    } else if (const auto every = when_in.integer("every", 1, kTimesMax)) {
      rule.when = Rule::When::kEvery;
      rule.n = static_cast<std::uint64_t>(*every);
    }
    when_in.boolean("always");
    when_in.finish();
  }
  rule.to = person_of(in.string("to", {.max = 160}).value_or(""));
  if (const auto* action = in.require("action")) {
    json::ObjectReader action_in(*action, in.pointer_of("action"), faults);
    rule.action = rule.scope == FaultScope::kWebhooks ? read_webhook_action(action_in)
                                                      : read_send_action(action_in);
    action_in.finish();
  }
  in.finish();
  if (faults.size() != faults_before) return std::nullopt;
  rule.text = std::move(json::Writer().value(value)).take();
  return rule;
}

Result<std::string> Faults::add(const json::Value& value) {
  std::vector<FieldError> faults;
  std::vector<Rule> rules;
  const auto read_one = [&](const json::Value& rule, std::string pointer) {
    if (auto good = read(rule, std::move(pointer), faults)) rules.push_back(*std::move(good));
  };
  if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) read_one((*array)[i], fmt::format("/{}", i));
  } else {
    read_one(value, "");
  }
  CHECK_OK(json::as_result(std::move(faults)));

  json::Writer out;
  out.begin_object().key("faults").begin_array();
  const std::lock_guard lock(mutex_);
  for (auto& rule : rules) {
    rule.id = next_id_++;
    write(out, rule);
    counts_[static_cast<std::size_t>(rule.scope)].fetch_add(1, std::memory_order_relaxed);
    rules_.push_back(std::move(rule));
  }
  out.end_array().end_object();
  return std::move(out).take();
}

void Faults::write(json::Writer& out, const Rule& rule) {
  out.begin_object().key("id").integer(static_cast<std::int64_t>(rule.id));
  out.key("hits").integer(static_cast<std::int64_t>(rule.hits));
  out.key("seen").integer(static_cast<std::int64_t>(rule.seen));
  out.key("rule").raw(rule.text).end_object();
}

std::string Faults::list() const {
  json::Writer out;
  out.begin_object().key("faults").begin_array();
  const std::lock_guard lock(mutex_);
  for (const auto& rule : rules_) write(out, rule);
  out.end_array().end_object();
  return std::move(out).take();
}

void Faults::clear() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
  for (auto& count : counts_) count.store(0, std::memory_order_relaxed);
}

std::optional<FaultAction> Faults::hit(FaultScope scope, std::string_view person, bool reorders) {
  const std::lock_guard lock(mutex_);
  for (auto& rule : rules_) {
    const bool meant = rule.scope == scope && rule.action.reorder == reorders &&
                       (rule.to.empty() || rule.to == person);
    if (meant && rule.applies_now()) return rule.action;
  }
  return std::nullopt;
}

}  // namespace flowsell::sim
