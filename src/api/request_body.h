#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/sensitive.h"
#include "http/message.h"
#include "json/json.h"
#include "json/reader.h"

namespace flowsell::api {

/// The request's JSON document. Fails with kUnsupportedMediaType (another Content-Type) or
/// kInvalidJson.
Result<json::Document> json_body(const http::Request& request);

/// A text without control characters, line ends among them.
bool is_one_line(std::string_view text) noexcept;

/// What `read` makes of the request's object. Fails as json_body(), and with kInvalidRequest: all
/// faults that `read` has found, and the fields that it has not asked for.
template <class Read>
Result<std::invoke_result_t<Read&, json::ObjectReader&>> read_body(const http::Request& request,
                                                                   Read read) {
  TRY(const auto document, json_body(request));
  std::vector<FieldError> faults;
  json::ObjectReader in(document.root(), "", faults);
  auto value = read(in);
  in.finish();
  CHECK_OK(json::as_result(std::move(faults)));
  return value;
}

/// For `read`: a field that must be there; where it is not, read_body() fails.
inline std::string text_in(json::ObjectReader& in, std::string_view name, json::StringRule rule) {
  return std::string(in.required_string(name, rule).value_or(""));
}
/// The same of a secret.
inline Secret secret_in(json::ObjectReader& in, std::string_view name, json::StringRule rule) {
  return Secret(text_in(in, name, rule));
}
/// The same of one that may be missing: empty then.
inline Secret optional_secret_in(json::ObjectReader& in, std::string_view name,
                                 json::StringRule rule) {
  return Secret(std::string(in.string(name, rule).value_or("")));
}

/// The one field of a body that has one.
inline Result<std::string> only_field(const http::Request& request, std::string_view name,
                                      json::StringRule rule) {
  return read_body(request,
                   [name, rule](json::ObjectReader& in) { return text_in(in, name, rule); });
}
/// The same of a secret.
inline Result<Secret> only_secret(const http::Request& request, std::string_view name,
                                  json::StringRule rule) {
  return read_body(request,
                   [name, rule](json::ObjectReader& in) { return secret_in(in, name, rule); });
}

}  // namespace flowsell::api
