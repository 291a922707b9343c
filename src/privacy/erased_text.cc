#include "erased_text.h"

#include <algorithm>
#include <array>
#include <span>

#include "json/json.h"
#include "json/writer.h"

namespace flowsell::privacy {
namespace {

constexpr std::array<std::string_view, 5> kNumbers = {"to", "from", "from_masked", "to_masked",
                                                      "contact_masked"};
constexpr std::array<std::string_view, 4> kReferences = {"provider_message_id", "client_ref",
                                                         "provider_event_id", "call_id"};
/// Of an error: what the provider calls the exchange. Ids of its messages may be in it.
constexpr std::string_view kProvider = "provider";
constexpr std::string_view kTrace = "trace_id";

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

void write_error(json::Writer& out, const json::Object& error) {
  out.begin_object();
  for (const auto& [key, value] : error) {
    const std::string_view name(key);
    out.any_key(name);
    const json::Object* provider = name == kProvider ? value.if_object() : nullptr;
    if (provider == nullptr) {
      out.value(value);
      continue;
    }
    out.begin_object();
    for (const auto& [part_key, inner] : *provider) {
      const std::string_view part(part_key);
      if (part != kTrace) out.any_key(part).value(inner);
    }
    out.end_object();
  }
  out.end_object();
}

}  // namespace

std::string erased_body(std::string_view body) {
  const auto document = json::parse("{" + std::string(body) + "}", {});
  const json::Object* fields = document ? document->root().if_object() : nullptr;
  if (fields == nullptr) return {};
  json::Writer out;
  out.begin_object();
  for (const auto& [key, value] : *fields) {
    const std::string_view name(key);
    out.any_key(name);
    const json::Object* error = name == "error" ? value.if_object() : nullptr;
    if (is_one_of(name, kNumbers)) {
      out.string("");
    } else if (is_one_of(name, kReferences)) {
      out.null();
    } else if (name == "metadata") {
      out.begin_object().end_object();
    } else if (error != nullptr) {
      write_error(out, *error);
    } else {
      out.value(value);
    }
  }
  out.end_object();
  const std::string whole = std::move(out).take();
  return whole.substr(1, whole.size() - 2);
}

}  // namespace flowsell::privacy
