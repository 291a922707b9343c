#include "client_data.h"

#include <optional>
#include <utility>
#include <vector>

#include "core/encoding.h"
#include "json/json.h"
#include "json/reader.h"

namespace flowsell::passkeys {
namespace {

constexpr json::Limits kLimits{.bytes_max = 8 * 1024, .depth_max = 8};

}  // namespace

Checked<ClientData> parse_client_data(std::string_view text) {
  const auto document = json::parse(text, kLimits);
  if (!document) return std::unexpected(Fault::kMalformed);
  std::vector<FieldError> faults;
  json::ObjectReader in(document->root(), "", faults);
  ClientData data;
  data.type = in.required_string("type").value_or("");
  auto challenge = base64url_decode(in.required_string("challenge").value_or(""));
  data.origin = in.required_string("origin").value_or("");
  // Only where it is another site's page may there be a topOrigin.
  data.is_embedded = in.boolean("crossOrigin").value_or(false) || in.find("topOrigin") != nullptr;
  if (!faults.empty() || !challenge) return std::unexpected(Fault::kMalformed);
  data.challenge = *std::move(challenge);
  return data;
}

}  // namespace flowsell::passkeys
