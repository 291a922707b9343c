#include "ip_ranges.h"

#include <utility>

namespace flowsell::api {

void fault_of_item(json::ObjectReader& in, std::string_view list, std::size_t at, std::string code,
                   std::string detail, std::string fix) {
  in.faults().push_back({in.pointer_of(list) + "/" + std::to_string(at), std::move(code),
                         std::move(detail), std::move(fix)});
}

std::vector<IpRange> read_ranges(json::ObjectReader& in, std::string_view list, std::size_t max) {
  std::vector<IpRange> ranges;
  const json::Array* array = in.array(list, 0, max);
  if (array == nullptr) return ranges;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const json::Value& value = (*array)[i];
    const auto range =
        value.is_string() ? IpRange::parse(std::string_view(value.get_string())) : std::nullopt;
    if (range) {
      ranges.push_back(*range);
    } else {
      fault_of_item(in, list, i, "invalid_format", "that is no address, and no range of them",
                    "Send, for example, 203.0.113.7 or 203.0.113.0/24.");
    }
  }
  return ranges;
}

identity::Scopes read_scopes(json::ObjectReader& in, std::size_t min, identity::Scopes allowed,
                             std::string_view detail, std::string_view fix) {
  identity::Scopes scopes;
  const json::Array* array = in.array("scopes", min, identity::permissions().size());
  if (array == nullptr) return scopes;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const json::Value& value = (*array)[i];
    const auto one = value.is_string()
                         ? identity::Scopes::parse(std::string_view(value.get_string()))
                         : std::nullopt;
    if (one && !one->empty() && allowed.has_all(*one)) {
      scopes = scopes | *one;
    } else {
      fault_of_item(in, "scopes", i, "invalid_value", std::string(detail), std::string(fix));
    }
  }
  return scopes;
}

}  // namespace flowsell::api
