#include "paging.h"

#include <charconv>
#include <chrono>

#include "core/encoding.h"
#include "json/reader.h"
#include "json/writer.h"

namespace flowsell::api {
namespace {

constexpr std::int64_t kLimitDefault = 20;
constexpr std::int64_t kLimitMax = 100;

/// The request's target, with its place in the list replaced.
std::string target_of(const http::Request& request, const NextPage& next) {
  std::string out(request.path);
  out += '?';
  std::string_view query = request.query;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    if (!part.starts_with("after=") && !part.starts_with("before=") && !part.empty())
      out.append(part).append("&");
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  return out.append(next.parameter).append("=").append(next.id);
}

}  // namespace

Result<QueryReader> QueryReader::parse(std::string_view query) {
  QueryReader reader;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto name = percent_decode(part.substr(0, equals), true);
    auto value =
        percent_decode(equals == std::string_view::npos ? "" : part.substr(equals + 1), true);
    if (!name || !value || !is_valid_utf8(*name) || !is_valid_utf8(*value)) {
      return fail_field("?", "invalid_format", "the query has a broken escape",
                        "Percent-encode it in UTF-8.");
    }
    if (value->find('\0') != std::string::npos) {
      return fail_field("?", "invalid_format", "the query holds U+0000", "Leave it out.");
    }
    if (!reader.values_.emplace(*name, *std::move(value)).second) {
      return fail_field("?" + *name, "duplicate", "the parameter comes twice", "Send it once.");
    }
  }
  return reader;
}

std::optional<std::string> QueryReader::text(std::string_view name) {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  std::string value = std::move(found->second);
  values_.erase(found);
  return value;
}

std::size_t QueryReader::limit() {
  return static_cast<std::size_t>(number("limit", 1, kLimitMax, kLimitDefault));
}

std::int64_t QueryReader::number(std::string_view name, std::int64_t min, std::int64_t max,
                                 std::int64_t otherwise) {
  const auto value = text(name);
  if (!value) return otherwise;
  std::int64_t number = 0;
  const char* const all = value->data() + value->size();
  const auto [end, error] = std::from_chars(value->data(), all, number);
  if (error == std::errc{} && end == all && number >= min && number <= max) return number;
  const std::string bounds = "a number from " + std::to_string(min) + " to " + std::to_string(max);
  fault(name, "out_of_range", std::string(name) + " must be " + bounds, "Send " + bounds + ".");
  return otherwise;
}

std::optional<Time> QueryReader::time(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto parsed = parse_time(*value);
  if (!parsed)
    fault(name, "invalid_format", "not a time in RFC 3339 form",
          "Send, for example, 2026-01-31T12:00:00Z.");
  return parsed;
}

std::int64_t QueryReader::day(std::string_view name, std::int64_t otherwise) {
  const auto value = text(name);
  if (!value) return otherwise;
  const auto parsed = parse_time(*value + "T00:00:00Z");
  if (parsed) return std::chrono::floor<std::chrono::days>(*parsed).time_since_epoch().count();
  fault(name, "invalid_format", "not a date", "Send, for example, 2026-01-31.");
  return otherwise;
}

QueryReader::Days QueryReader::days(std::int64_t today, std::int64_t max) {
  const std::int64_t to = day("to", today);
  const std::int64_t from = day("from", to - 29);
  if (from > to || to - from >= max) {
    fault("from", "out_of_range", "the span must have 1 to " + std::to_string(max) + " days",
          "Ask for a year at most.");
  }
  return {from, to};
}

void QueryReader::fault(std::string_view name, std::string code, std::string detail,
                        std::string fix) {
  faults_.push_back({"?" + std::string(name), std::move(code), std::move(detail), std::move(fix)});
}

Result<> QueryReader::finish() {
  for (const auto& [name, value] : values_) {
    faults_.push_back(
        {"?" + name, "unknown_parameter", "the list has no such parameter", "Leave it out."});
  }
  values_.clear();
  return json::as_result(std::move(faults_));
}

http::Response list_response(const http::Request& request, const std::vector<std::string>& items,
                             const std::optional<NextPage>& next) {
  json::Writer out;
  out.begin_object().key("object").string("list").key("data").begin_array();
  for (const std::string& item : items) out.raw(item);
  out.end_array().key("has_more").boolean(next.has_value()).key("next");
  next ? out.string(next->id) : out.null();
  out.end_object();
  http::Response response;
  response.body = std::move(out).take();
  if (next)
    response.headers.push_back({"Link", "<" + target_of(request, *next) + ">; rel=\"next\""});
  return response;
}

}  // namespace flowsell::api
