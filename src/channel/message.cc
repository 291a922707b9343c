#include "channel/message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/encoding.h"
#include "json/reader.h"
#include "json/writer.h"
#include "parse_body.h"
#include "parts.h"

namespace flowsell::channel {
namespace {

using json::ObjectReader;

constexpr std::size_t kUserIdLengthMax = 140;
constexpr std::size_t kMetadataKeysMax = 50;
constexpr std::size_t kMetadataKeyLengthMax = 40;
constexpr std::size_t kMetadataValueLengthMax = 512;
constexpr std::size_t kClientRefLengthMax = 100;
constexpr std::size_t kAddressLengthMax = 200;
constexpr std::size_t kGroupIdLengthMax = 150;
constexpr std::size_t kKeyHashLengthMax = 200;
constexpr std::int64_t kTtlSecondsMax = 86'400;
// A parent user id names the enterprise that several portfolios share.
constexpr std::string_view kParentMark = "ENT.";

constexpr std::array kKinds = {
    Kind{"text", parse_text},         Kind{"image", parse_image},
    Kind{"video", parse_video},       Kind{"audio", parse_audio},
    Kind{"document", parse_document}, Kind{"sticker", parse_sticker},
    Kind{"location", parse_location}, Kind{"contacts", parse_contacts},
    Kind{"reaction", parse_reaction}, Kind{"interactive", parse_interactive},
    Kind{"template", parse_template},
};
static_assert(kKinds.size() == std::variant_size_v<Body>);

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) {
  return is_capital(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// The part of a user id that identifies, behind the country and the parent mark; empty when `text`
/// is no user id.
std::string_view user_id_tail(std::string_view text) {
  if (text.size() < 4 || text.size() > kUserIdLengthMax) return {};
  if (!is_capital(text[0]) || !is_capital(text[1]) || text[2] != '.') return {};
  std::string_view tail = text.substr(3);
  if (tail.starts_with(kParentMark)) tail.remove_prefix(kParentMark.size());
  return std::ranges::all_of(tail, is_alphanumeric) ? tail : std::string_view{};
}

/// `head`, dots, and the last four characters of `tail`; of a short one fewer.
std::string masked_tail(std::string head, std::string_view tail) {
  head += "\u2022\u2022\u2022\u2022";
  return head += tail.substr(tail.size() - std::min<std::size_t>(4, tail.size() / 2));
}

std::string mask_user_id(std::string_view id) {
  const std::string_view tail = user_id_tail(id);
  return masked_tail(std::string(id.substr(0, id.size() - tail.size())), tail);
}

bool is_group_character(char c) {
  return is_alphanumeric(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
}

std::string read_from(ObjectReader& in) {
  const auto text = in.string("from", {.min = 1, .max = kAddressLengthMax});
  if (!text) return {};
  const bool valid = text->starts_with('+') ? PhoneNumber::parse(*text).has_value()
                                            : SenderId::parse(*text).has_value();
  if (!valid) {
    in.fault("from", "invalid_format",
             "must be a sender id (\"snd_\" and 26 characters) or a number as +E.164",
             "Use an id or a number that GET /v1/senders lists.");
  }
  return std::string(*text);
}

/// Whether "recipient_type" says that `to` is a group.
bool read_is_group(ObjectReader& in) {
  if (in.find("recipient_type") == nullptr) return false;
  return read_choice(in, "recipient_type",
                     std::array<std::string_view, 2>{"individual", "group"}) == 1;
}

std::optional<Recipient> read_to(ObjectReader& in) {
  const bool is_group = read_is_group(in);
  const auto text = in.required_string("to", {.min = 1, .max = kAddressLengthMax});
  if (!text) return std::nullopt;
  Result<Recipient> to = is_group ? Recipient::parse_group(*text) : Recipient::parse(*text);
  if (to) return *std::move(to);
  in.fault("to", "invalid_format", std::move(to.error().detail),
           is_group ? "Send the group's id as WhatsApp gave it."
                    : "Send the number as +, country code and number without spaces, or a user id "
                      "as a webhook gave it.");
  return std::nullopt;
}

std::string names_of_kinds() {
  std::string names;
  for (const Kind& kind : kKinds) {
    if (!names.empty()) names += ", ";
    names += kind.name;
  }
  return names;
}

/// The kind that "type" names. Marks the objects of all candidates as known, so that a missing or
/// unknown type is one fault and not two.
const Kind* read_kind(ObjectReader& in) {
  const auto type = in.required_string("type");
  if (!type) {
    for (const Kind& kind : kKinds) in.find(kind.name);
    return nullptr;
  }
  const auto* kind = std::ranges::find(kKinds, *type, &Kind::name);
  if (kind != kKinds.end()) return kind;
  in.find(*type);
  in.fault("type", "unsupported_type", "is none of the supported types: " + names_of_kinds(),
           "Send one of " + names_of_kinds() + ".");
  return nullptr;
}

std::optional<Body> read_body(ObjectReader& in, std::vector<MediaReference>& media) {
  const Kind* kind = read_kind(in);
  if (kind == nullptr) return std::nullopt;
  const json::Value* value = in.require(kind->name);
  if (value == nullptr) return std::nullopt;
  Findings findings{in.faults(), media};
  return kind->parse(*value, in.pointer_of(kind->name), findings);
}

std::string read_context(ObjectReader& in) {
  const json::Value* value = in.find("context");
  if (value == nullptr) return {};
  ObjectReader object(*value, in.pointer_of("context"), in.faults());
  std::string message;
  if (object.is_object()) message = read_message_reference(object, "message_id");
  object.finish();
  return message;
}

/// The caller chose the keys: they may stand in a pointer, but in no sentence of ours.
void read_metadata_entry(ObjectReader& in, std::string_view key, const json::Value& value,
                         json::Writer& out) {
  const auto* text = value.if_string();
  if (key.empty() || count_code_points(key) > kMetadataKeyLengthMax) {
    in.fault("", "invalid_key", "has a key that is empty or longer than 40 characters",
             "Use keys of 1 to 40 characters.");
  } else if (text == nullptr) {
    in.fault(key, "wrong_type", "a metadata value must be a string",
             "Send a string in double quotes.");
  } else if (count_code_points(*text) > kMetadataValueLengthMax) {
    in.fault(key, "too_long", "a metadata value has at most 512 characters", "Shorten the value.");
  } else {
    out.any_key(key).string(*text);
  }
}

std::string read_metadata(ObjectReader& in) {
  const json::Value* value = in.find("metadata");
  if (value == nullptr) return {};
  ObjectReader object(*value, in.pointer_of("metadata"), in.faults());
  if (!object.is_object()) return {};
  const json::Object& fields = value->get_object();
  if (fields.size() > kMetadataKeysMax) {
    in.fault("metadata", "too_many", "has more than 50 keys", "Keep at most 50 keys.");
    return {};
  }
  json::Writer out;
  out.begin_object();
  for (const auto& [key, value_of_key] : fields)
    read_metadata_entry(object, key, value_of_key, out);
  out.end_object();
  return fields.empty() ? std::string{} : std::move(out).take();
}

std::optional<std::chrono::seconds> read_ttl(ObjectReader& in) {
  const auto seconds = in.integer("ttl_seconds", 1, kTtlSecondsMax);
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

Purpose read_purpose(ObjectReader& in) {
  const auto name = in.string("purpose");
  if (!name) return Purpose::kUnstated;
  if (*name == "marketing") return Purpose::kMarketing;
  if (*name == "utility") return Purpose::kUtility;
  if (*name == "authentication") return Purpose::kAuthentication;
  in.fault("purpose", "invalid_value", "there is no such purpose",
           "Send marketing, utility or authentication.");
  return Purpose::kUnstated;
}

ProductPolicy read_product_policy(ObjectReader& in) {
  if (in.find("product_policy") == nullptr) return ProductPolicy::kUnstated;
  const auto policy = read_choice(in, "product_policy",
                                  std::array<std::string_view, 2>{"CLOUD_API_FALLBACK", "STRICT"});
  if (!policy) return ProductPolicy::kUnstated;
  return *policy == 0 ? ProductPolicy::kFallback : ProductPolicy::kStrict;
}

}  // namespace

std::span<const Kind> kinds() noexcept { return kKinds; }

std::string_view kind_name(const Body& body) noexcept { return kKinds[body.index()].name; }

Result<Recipient> Recipient::parse(std::string_view text) {
  if (text.starts_with('+')) {
    TRY(PhoneNumber phone, PhoneNumber::parse(text));
    return Recipient(std::move(phone));
  }
  if (user_id_tail(text).empty()) {
    return fail(ErrorCode::kInvalidRequest,
                "must be a phone number in E.164 form ('+' first) or a user id (two capital "
                "letters, '.', letters and "
                "digits; at most 140 characters)");
  }
  return Recipient(ProviderUserId{std::string(text)});
}

Result<Recipient> Recipient::parse_group(std::string_view text) {
  const bool valid = !text.empty() && text.size() <= kGroupIdLengthMax &&
                     std::ranges::all_of(text, is_group_character);
  if (valid) return Recipient(GroupId{std::string(text)});
  return fail(ErrorCode::kInvalidRequest,
              "must be a group's id (letters, digits and + / = - _; at most 150 characters)");
}

std::string_view Recipient::view() const noexcept {
  if (const PhoneNumber* number = phone()) return number->view();
  if (const GroupId* of_group = group()) return of_group->value;
  return user()->value;
}

std::string Recipient::masked() const {
  if (const PhoneNumber* number = phone()) return number->masked();
  if (const GroupId* of_group = group()) return masked_tail("group ", of_group->value);
  return mask_user_id(user()->value);
}

Result<OutboundMessage> parse_message(const json::Value& body) {
  std::vector<FieldError> faults;
  ObjectReader in(body, "", faults);
  std::string from = read_from(in);
  std::optional<Recipient> to = read_to(in);
  std::vector<MediaReference> media;
  std::optional<Body> content = read_body(in, media);
  std::string context = read_context(in);
  std::string metadata = read_metadata(in);
  std::string client_ref(in.string("client_ref", {.max = kClientRefLengthMax}).value_or(""));
  const auto ttl = read_ttl(in);
  Purpose purpose = read_purpose(in);
  const ProductPolicy policy = read_product_policy(in);
  const auto sharing = in.boolean("message_activity_sharing");
  std::string key_hash(
      in.string("recipient_identity_key_hash", {.min = 1, .max = kKeyHashLengthMax}).value_or(""));
  in.finish();
  CHECK_OK(json::as_result(std::move(faults)));
  if (!to || !content)
    return fail(ErrorCode::kInternal, "a field was not read and no fault was recorded");
  const bool goes_optimised = policy != ProductPolicy::kUnstated || sharing;
  if (goes_optimised && purpose == Purpose::kUnstated) purpose = Purpose::kMarketing;
  return OutboundMessage{std::move(from),
                         *std::move(to),
                         *std::move(content),
                         std::move(context),
                         std::move(metadata),
                         std::move(client_ref),
                         ttl,
                         purpose,
                         policy,
                         sharing,
                         std::move(key_hash),
                         std::move(media)};
}

}  // namespace flowsell::channel
