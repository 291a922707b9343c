#include "oidc/callback.h"

#include <array>
#include <utility>

#include "core/encoding.h"

namespace flowsell::oidc {
namespace {

constexpr std::size_t kQueryBytesMax = 8 * 1024;

std::string* field_of(Callback& callback, std::string_view name) {
  const std::array<std::pair<std::string_view, std::string*>, 4> fields = {{
      {"code", &callback.code},
      {"state", &callback.state},
      {"iss", &callback.iss},
      {"error", &callback.error},
  }};
  for (const auto& [known, field] : fields) {
    if (known == name) return field;
  }
  return nullptr;
}

}  // namespace

Result<Callback> parse_callback(std::string_view query) {
  if (query.size() > kQueryBytesMax) return fail(Fault::kCallbackInvalid, "too long");
  Callback callback;
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const auto name = percent_decode(take_until(value, '='), true);
    if (!name) return fail(Fault::kCallbackInvalid, "percent-encoding");
    std::string* const field = field_of(callback, *name);
    if (field == nullptr) continue;
    auto text = percent_decode(value, true);
    if (!text) return fail(Fault::kCallbackInvalid, "percent-encoding");
    if (!field->empty()) return fail(Fault::kCallbackInvalid, "a parameter comes twice");
    *field = *std::move(text);
  }
  return callback;
}

}  // namespace flowsell::oidc
