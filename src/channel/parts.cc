#include "parts.h"

#include <algorithm>

#include "channel/adapter.h"
#include "core/encoding.h"
#include "core/id.h"
#include "json/writer.h"

namespace flowsell::channel {
namespace {

using json::ObjectReader;

constexpr std::size_t kReferenceLengthMax = 256;
constexpr std::string_view kOurMedia = "med_";

/// As all our ids.
bool is_media_id(std::string_view id) {
  IdBytes bytes{};
  return base32_decode(id.substr(kOurMedia.size()), bytes);
}

double read_degrees(ObjectReader& in, std::string_view name) {
  const json::Value* value = in.require(name);
  if (value == nullptr) return 0;
  if (value->is_number()) return value->to_number<double>();
  in.fault(name, "wrong_type", "must be a number", "Send degrees as a number without quotes.");
  return 0;
}

}  // namespace

bool is_our_media(std::string_view id) noexcept { return id.starts_with(kOurMedia); }

std::string_view CompileContext::provider_media_id(std::string_view media_id) const {
  if (!is_our_media(media_id)) return media_id;
  for (const auto& [ours, providers] : media)
    if (ours == media_id) return providers;
  return {};
}

std::string_view media_kind_name(MediaKind kind) noexcept {
  switch (kind) {
    case MediaKind::kImage:
      return "image";
    case MediaKind::kVideo:
      return "video";
    case MediaKind::kDocument:
      return "document";
    case MediaKind::kGif:
      return "gif";
  }
  return "";
}

Content content(std::optional<std::string_view> text) {
  return Content(std::string(text.value_or("")));
}

std::optional<std::size_t> read_choice(ObjectReader& in, std::string_view field,
                                       std::span<const std::string_view> names) {
  const auto text = in.required_string(field);
  if (!text) return std::nullopt;
  const auto found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string all;
  for (const std::string_view name : names) {
    if (!all.empty()) all += name == names.back() ? " or " : ", ";
    all.append("\"").append(name).append("\"");
  }
  in.fault(field, "unsupported_type", "must be " + all, "Send " + all + ".");
  return std::nullopt;
}

std::int64_t required_integer(ObjectReader& in, std::string_view name, std::int64_t min,
                              std::int64_t max) {
  if (in.require(name) == nullptr) return 0;
  return in.integer(name, min, max).value_or(0);
}

std::string read_message_reference(ObjectReader& in, std::string_view name) {
  const auto text = in.required_string(name, {.min = 1, .max = kReferenceLengthMax});
  if (!text) return {};
  if (text->starts_with(id_prefix(IdKind::kMessage)) && !MessageId::parse(*text)) {
    in.fault(name, "invalid_id", "starts as a message id but is none: \"msg_\" and 26 characters",
             "Use the id exactly as the API returned it.");
    return {};
  }
  return std::string(*text);
}

Media read_media(ObjectReader& in, Findings& findings) {
  const auto link = in.string("link");
  const auto id = in.string("id", {.min = 1, .max = kReferenceLengthMax});
  const bool has_link = in.find("link") != nullptr;
  const bool has_id = in.find("id") != nullptr;
  if (!has_link && !has_id && in.is_object()) {
    in.fault("link", "required", "the file is missing",
             "Add its \"link\", or the \"id\" of an uploaded file.");
  }
  if (has_link && has_id) {
    in.fault("id", "not_allowed", "is given beside \"link\"", "Send one of the two.");
  }
  if (id && is_our_media(*id)) {
    if (is_media_id(*id)) {
      findings.media.push_back({in.pointer_of("id"), std::string(*id)});
    } else {
      in.fault("id", "invalid_id", "starts as a media id but is none: \"med_\" and 26 characters",
               "Use the id exactly as the API returned it.");
    }
  }
  return {content(link), std::string(id.value_or(""))};
}

HeaderMedia read_header_media(ObjectReader& in, MediaKind kind, Findings& findings) {
  HeaderMedia out;
  out.kind = kind;
  require_object(in, media_kind_name(kind), [&](ObjectReader& object) {
    out.file = read_media(object, findings);
    if (kind == MediaKind::kDocument) out.filename = content(object.string("filename"));
  });
  return out;
}

Location read_location(ObjectReader& in) {
  Location out;
  out.latitude = read_degrees(in, "latitude");
  out.longitude = read_degrees(in, "longitude");
  out.name = content(in.string("name"));
  out.address = content(in.string("address"));
  return out;
}

Product read_product(ObjectReader& in) {
  Product out;
  out.catalog_id = in.required_string("catalog_id").value_or("");
  out.product_retailer_id = in.required_string("product_retailer_id").value_or("");
  return out;
}

std::vector<ProductSection> read_product_sections(ObjectReader& in) {
  std::vector<ProductSection> out;
  require_each(in, "sections", 0, kElementsMax, [&](ObjectReader& section) {
    ProductSection& made = out.emplace_back();
    made.title = content(section.string("title"));
    require_each(section, "product_items", 0, kElementsMax, [&](ObjectReader& product) {
      made.product_retailer_ids.emplace_back(
          product.required_string("product_retailer_id").value_or(""));
    });
  });
  return out;
}

Content json_text(const json::Value& value) {
  json::Writer out;
  out.value(value);
  return Content(std::move(out).take());
}

Content read_object_json(ObjectReader& in, std::string_view name) {
  const json::Value* value = in.find(name);
  if (value == nullptr) return {};
  const ObjectReader object(*value, in.pointer_of(name), in.faults());
  return object.is_object() ? json_text(*value) : Content();
}

Content read_texts_json(ObjectReader& in, std::string_view name) {
  const json::Value* value = in.find(name);
  if (value == nullptr) return {};
  const json::Object* object = value->if_object();
  const bool all_texts = object != nullptr && std::ranges::all_of(*object, [](const auto& member) {
                           return member.value().is_string();
                         });
  if (all_texts) return json_text(*value);
  in.fault(name, "wrong_type", "must be an object whose values are strings",
           "Send an object of strings.");
  return {};
}

}  // namespace flowsell::channel
