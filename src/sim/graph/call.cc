#include "graph/call.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/encoding.h"
#include "json/writer.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

/// The value of `name="..."` in a header.
std::string_view quoted_of(std::string_view header, std::string_view name) {
  const auto at = header.find(fmt::format("{}=\"", name));
  if (at == header.npos) return {};
  header.remove_prefix(at + name.size() + 2);
  return header.substr(0, header.find('"'));
}

/// The value of a header of a part, its name in any case.
std::string_view header_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const auto colon = line.find(':');
    if (colon == line.npos || !equals_ignoring_case(line.substr(0, colon), name)) continue;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

std::string_view boundary_of(std::string_view content_type) {
  constexpr std::string_view kName = "boundary=";
  const auto at = content_type.find(kName);
  if (at == content_type.npos) return {};
  auto value = content_type.substr(at + kName.size());
  value = value.substr(0, value.find(';'));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  return value;
}

bool starts_with_any_case(std::string_view text, std::string_view head) {
  return text.size() >= head.size() && equals_ignoring_case(text.substr(0, head.size()), head);
}

std::unexpected<GraphError> unreadable() {
  return refuse_parameter("The request body could not be read");
}

}  // namespace

Checked<Params> Params::read(const http::Request& request) {
  Params params;
  params.read_pairs(request.query);
  const auto type = request.header("content-type");
  if (request.body.empty()) return params;
  if (starts_with_any_case(type, "multipart/form-data")) {
    const auto boundary = boundary_of(type);
    if (boundary.empty()) return unreadable();
    params.read_multipart(request.body, boundary);
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
  const auto line = fmt::format("--{}", boundary);
  auto at = body.find(line);
  while (at != body.npos) {
    auto rest = body.substr(at + line.size());
    if (!rest.starts_with("\r\n")) return;  // "--": the last one
    rest.remove_prefix(2);
    const auto head_end = rest.find("\r\n\r\n");
    if (head_end == rest.npos) return;
    const auto head = rest.substr(0, head_end);
    const auto content = rest.substr(head_end + 4);
    const auto end = content.find(fmt::format("\r\n{}", line));
    if (end == content.npos) return;
    const auto disposition = header_of(head, "content-disposition");
    const auto name = quoted_of(disposition, " name");
    // A file comes as a stream (intake.h).
    if (disposition.find("filename=") == disposition.npos) set(name, content.substr(0, end));
    at = body.find(line, static_cast<std::size_t>(content.data() - body.data()) + end);
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
