#include "http/message.h"

#include <algorithm>
#include <array>

#include "core/encoding.h"

namespace flowsell::http {

namespace {

std::string_view origin_form(std::string_view target) {
  if (target.starts_with('/')) return target;
  const std::size_t authority = target.find("://");
  if (authority == std::string_view::npos) return target;
  const std::size_t path = target.find('/', authority + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::string_view method_name(Method method) noexcept {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return "OTHER";
}

Method method_of(std::string_view name) noexcept {
  constexpr std::array kMethods = {Method::kGet,   Method::kHead,   Method::kPost,   Method::kPut,
                                   Method::kPatch, Method::kDelete, Method::kOptions};
  for (const Method method : kMethods) {
    if (method_name(method) == name) return method;
  }
  return Method::kOther;
}

std::string_view Request::header(std::string_view name) const noexcept {
  for (const Field& field : fields) {
    if (field.name.size() == name.size() && equals_ignoring_case(field.name, name)) {
      return field.value;
    }
  }
  return {};
}

void Request::set_target(std::string_view text) noexcept {
  target = text;
  const std::string_view origin = origin_form(text);
  const std::size_t mark = std::min(origin.find('?'), origin.size());
  path = origin.substr(0, mark);
  query = mark < origin.size() ? origin.substr(mark + 1) : std::string_view();
}

}  // namespace flowsell::http
