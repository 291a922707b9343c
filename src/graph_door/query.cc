#include "query.h"

#include <algorithm>
#include <array>

#include "core/encoding.h"

namespace flowsell::graph_door {
namespace {

struct Refusal {
  std::string_view name;
  std::string_view why;
};
constexpr std::string_view kToken =
    "Send the API key in the header Authorization: Bearer fsk_...; a key in an address stands in "
    "logs. Tokens of the provider are this server's.";
constexpr std::string_view kCallback =
    "The provider's webhooks come to this server: make an endpoint with POST "
    "/v1/webhook_endpoints and format graph.";
constexpr std::string_view kOtherCall =
    "A request is one call, by its own method, about the object in its path.";
constexpr auto kRefused = std::to_array<Refusal>({
    {"access_token", kToken},
    {"appsecret_proof", kToken},
    {"appsecret_time", kToken},
    {"batch", kOtherCall},
    {"callback_url", kCallback},
    {"id", kOtherCall},
    {"ids", kOtherCall},
    {"input_token", kToken},
    {"method", kOtherCall},
    {"override_callback_uri", kCallback},
    {"verify_token", kCallback},
    {"webhook_configuration", kCallback},
});
constexpr std::string_view kName = "A parameter's name is letters, digits, '_' and '-'.";
constexpr std::string_view kExpansion =
    "Name plain fields with commas between: a field that reads on into other objects is not "
    "passed on.";

constexpr auto kProofs = std::to_array<std::string_view>({"appsecret_proof", "appsecret_time"});

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_';
}

/// "fields[0]" and "fields[]" are of "fields".
std::string_view base_of(std::string_view name) { return name.substr(0, name.find('[')); }

/// Braces, or what they are short for: "owner.fields(id)".
bool reads_on(std::string_view fields) {
  constexpr std::string_view kNested = ".fields";
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return fields.find_first_of("{}") != std::string_view::npos ||
         !std::ranges::search(fields, kNested, {}, lower).empty();
}

}  // namespace

std::optional<Parameters> parse_parameters(std::string_view text) {
  Parameters out;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    auto name = percent_decode(part.substr(0, equals), true);
    auto value = percent_decode(part.substr(std::min(equals + 1, part.size())), true);
    if (!name || !value) return std::nullopt;
    if (std::ranges::find(kProofs, *name) != kProofs.end()) continue;
    out.emplace_back(*std::move(name), *std::move(value));
  }
  return out;
}

std::string parameters_text(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out.append(percent_encode(name)).append("=").append(percent_encode(value));
  }
  return out;
}

/// What the provider might read as another name than it is, is none: it may strip a space before
/// it, or take a dot for '_'.
std::string_view refusal_of_name(std::string_view name) {
  const std::string_view base = base_of(name);
  if (base.empty() || !std::ranges::all_of(base, is_name_character)) return kName;
  const auto* refused = std::ranges::find_if(
      kRefused, [base](const Refusal& each) { return equals_ignoring_case(each.name, base); });
  return refused == kRefused.end() ? std::string_view() : refused->why;
}

std::optional<GraphError> check_parameter(std::string_view name, std::string_view value) {
  if (const auto why = refusal_of_name(name); !why.empty()) return refused_parameter(name, why);
  if (equals_ignoring_case(base_of(name), "fields") && reads_on(value))
    return refused_parameter(name, kExpansion);
  return std::nullopt;
}

std::optional<GraphError> check_parameters(const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (auto refused = check_parameter(name, value)) return refused;
  }
  return std::nullopt;
}

}  // namespace flowsell::graph_door
