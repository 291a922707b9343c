#include "graph/call.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/encoding.h"
#include "http/multipart.h"
#include "json/writer.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

bool starts_with_any_case(std::string_view text, std::string_view head) {
  return text.size() >= head.size() && equals_ignoring_case(text.substr(0, head.size()), head);
}

std::unexpected<GraphError> unreadable() {
  return refuse_parameter("The request body could not be read");
}

}  // namespace

Params Params::of_query(std::string_view query) {
  Params params;
  params.read_pairs(query);
  return params;
}

Checked<Params> Params::read(const http::Request& request) {
  Params params = of_query(request.query);
  const auto type = request.header("content-type");
  if (request.body.empty()) return params;
  if (starts_with_any_case(type, "multipart/form-data")) {
    const auto boundary = http::multipart_boundary(type);
    if (!boundary) return unreadable();
    params.read_multipart(request.body, *boundary);
  } else if (starts_with_any_case(type, "application/x-www-form-urlencoded")) {
    if (!is_valid_utf8(request.body)) return unreadable();
    params.read_pairs(request.body);
  } else if (starts_with_any_case(type, "application/json") || type.empty()) {
    CHECK_OK(params.read_json(request.body));
  }
  return params;
}

void Params::read_pairs(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = percent_decode(pair.substr(0, equals), true);
    const auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || name->empty() || !is_valid_utf8(*name) || !is_valid_utf8(*value))
      continue;
    values_[*name] = *value;
  }
}

Checked<> Params::read_json(std::string_view body) {
  const auto document = json::parse(body);
  if (!document) return refuse_parameter("The request body is not valid JSON");
  const auto* object = document->root().if_object();
  if (!object) return unreadable();
  for (const auto& [name, value] : *object) values_[name] = value;
  return {};
}

void Params::read_multipart(std::string_view body, std::string_view boundary) {
  using Step = http::MultipartReader::Step;
  http::MultipartReader reader(boundary);
  reader.put(body);
  std::string value;
  while (true) {
    const auto step = reader.next();
    if (step == Step::kPart) {
      value.clear();
    } else if (step == Step::kData) {
      value.append(reader.data());
    } else if (step == Step::kPartEnd) {
      // A file comes as a stream (intake.h).
      if (!reader.part().filename) set(reader.part().name, value);
    } else {
      return;
    }
  }
}

void Params::set(std::string_view name, std::string_view value) {
  if (is_valid_utf8(name) && is_valid_utf8(value)) values_[name] = value;
}

void Params::add(Params came) {
  for (auto& [name, value] : came.values_) values_[name] = std::move(value);
  if (came.file_) file_ = std::move(came.file_);
}

std::string Params::text(std::string_view name) const {
  const auto* value = find(name);
  if (!value || value->is_null()) return {};
  if (value->is_string()) return std::string(view_of(value->get_string()));
  if (value->is_bool()) return value->get_bool() ? "true" : "false";
  return std::move(json::Writer().value(*value)).take();
}

Checked<std::string> Params::required(std::string_view name) const {
  auto value = text(name);
  if (value.empty()) return refuse_absent(name);
  return value;
}

std::optional<bool> Params::flag(std::string_view name) const {
  const auto value = text(name);
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return std::nullopt;
}

std::optional<std::int64_t> Params::integer(std::string_view name) const {
  return parse_number<std::int64_t>(text(name));
}

json::Value Params::structure(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return {};
  if (value->is_object() || value->is_array()) return *value;
  const auto* text = value->if_string();
  if (!text) return {};
  const auto document = json::parse(view_of(*text));
  if (!document) return {};
  const auto& root = document->root();
  if (!root.is_object() && !root.is_array()) return {};
  return json::Value(root, boost::json::storage_ptr());
}

std::string_view Call::method_name() const {
  switch (request->method) {
    case http::Method::kPost:
      return "post";
    case http::Method::kDelete:
      return "delete";
    default:
      return "get";
  }
}

std::string Call::origin() const { return fmt::format("http://{}", request->header("host")); }

Reply success() { return {.body = R"({"success":true})"}; }

Reply reply_with(const json::Object& body) {
  return {.body = std::move(json::Writer().value(json::Value(body))).take()};
}

Reply reply_with_data(json::Value data) {
  json::Object body;
  body["data"] = std::move(data);
  return reply_with(body);
}

Checked<> check_override(const Node* account, const Node& app, std::string_view url) {
  constexpr std::size_t kUrlMax = 200;
  if (!account || !account->object("_subscribed_apps").contains(app.id)) {
    return refuse_parameter(
        "Before override the current callback uri, your app must be subscribed to receive "
        "messages for WhatsApp Business Account");
  }
  if (url.size() > kUrlMax)
    return refuse_parameter("Param override_callback_uri must be at most 200 characters long");
  return {};
}

Checked<> must_be_whatsapp(const Call& call) {
  if (call.params.text("messaging_product") == "whatsapp") return {};
  return refuse_absent("messaging_product");
}

}  // namespace flowsell::sim
