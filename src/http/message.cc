#include "http/message.h"

#include "core/encoding.h"

namespace flowsell::http {

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

std::string_view Request::header(std::string_view name) const noexcept {
  for (const Field& field : fields) {
    if (field.name.size() == name.size() && equals_ignoring_case(field.name, name)) {
      return field.value;
    }
  }
  return {};
}

}  // namespace flowsell::http
