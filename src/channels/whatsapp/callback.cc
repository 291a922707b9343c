#include "callback.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "fields.h"
#include "inbound.h"
#include "json/writer.h"
#include "provider_error.h"
#include "repair.h"

namespace flowsell::whatsapp {
namespace {

using channel::StatusUpdate;
using channel::UnknownUpdate;
using channel::Update;
using json::Object;

constexpr std::string_view kSignaturePrefix = "sha256=";
// Meta sends 3 MB at most; the rest is room for its next idea.
constexpr json::Limits kLimits = {.bytes_max = std::size_t{4} << 20, .depth_max = 32};

constexpr std::array<std::pair<std::string_view, channel::MessageStatus>, 4> kStatuses = {{
    {"sent", channel::MessageStatus::kSent},
    {"delivered", channel::MessageStatus::kDelivered},
    {"read", channel::MessageStatus::kRead},
    {"failed", channel::MessageStatus::kFailed},
}};

std::optional<channel::MessageStatus> status_of(std::string_view name) {
  for (const auto& [known, status] : kStatuses) {
    if (known == name) return status;
  }
  return std::nullopt;
}

/// Collects the updates of one body.
class CallbackReader {
 public:
  explicit CallbackReader(Time now) : now_(now) {}

  void body(const json::Value& root) {
    const Object* object = root.if_object();
    const json::Array* entries = object == nullptr ? nullptr : array_in(*object, "entry");
    if (entries == nullptr || text_in(*object, "object") != "whatsapp_business_account") {
      return unknown(root, "", "body");
    }
    for (const json::Value& element : *entries) entry(element);
  }

  std::vector<Update> take() && { return std::move(updates_); }

 private:
  void unknown(const json::Value& what, std::string_view address, std::string_view field,
               std::string_view provider_id = {}, std::optional<Time> at = std::nullopt) {
    updates_.emplace_back(UnknownUpdate{std::string(address), std::string(field),
                                        std::string(provider_id), at.value_or(Time{}),
                                        digest_of(what)});
  }

  static crypto::Digest digest_of(const json::Value& what) {
    return crypto::sha256(json::Writer().value(what).text());
  }

  void entry(const json::Value& element) {
    const Object* fields = element.if_object();
    const json::Array* changes = fields == nullptr ? nullptr : array_in(*fields, "changes");
    if (changes == nullptr) return unknown(element, "", "entry");
    for (const json::Value& item : *changes) change(item, *fields);
  }

  void change(const json::Value& element, const Object& in_entry) {
    const Object* fields = element.if_object();
    if (fields == nullptr) return unknown(element, "", "changes");
    const std::string_view field = text_in(*fields, "field");
    const Object* value = object_in(*fields, "value");
    const Object* metadata = value == nullptr ? nullptr : object_in(*value, "metadata");
    const std::string_view address =
        metadata == nullptr ? std::string_view{} : text_in(*metadata, "phone_number_id");
    if (field == "messages" && value != nullptr && !address.empty())
      return messages(element, *value, address);
    unknown(element, address, safe_name(field), text_in(in_entry, "id"),
            read_time(in_entry, "time"));
  }

  void messages(const json::Value& change, const Object& value, std::string_view address) {
    const std::size_t before = updates_.size();
    if (const json::Array* statuses = array_in(value, "statuses")) {
      for (const json::Value& element : *statuses) status(element, address);
    }
    if (const json::Array* inbound = array_in(value, "messages")) {
      const ChangeContext context{address, array_in(value, "contacts"), now_};
      for (const json::Value& element : *inbound) message(element, context);
    }
    if (const json::Array* errors = array_in(value, "errors");
        errors != nullptr && !errors->empty()) {
      unknown(*value.if_contains("errors"), address, "messages/errors");
    }
    if (updates_.size() == before) unknown(change, address, "messages");
  }

  void message(const json::Value& element, const ChangeContext& context) {
    const Object* fields = element.if_object();
    if (fields == nullptr) return unknown(element, context.address, "messages/other");
    updates_.push_back(read_inbound(*fields, context));
    if (auto* unread = std::get_if<UnknownUpdate>(&updates_.back()))
      unread->digest = digest_of(element);
  }

  void status(const json::Value& element, std::string_view address) {
    const Object* fields = element.if_object();
    if (fields == nullptr) return unknown(element, address, "statuses/other");
    const std::string_view name = text_in(*fields, "status");
    const auto known = status_of(name);
    if (!known || text_in(*fields, "id").empty())
      return unknown(element, address, "statuses/" + std::string(safe_name(name)),
                     text_in(*fields, "id"), read_time(*fields, "timestamp"));
    StatusUpdate out;
    out.address = address;
    out.message =
        MessageId::parse(text_in(*fields, "biz_opaque_callback_data")).value_or(MessageId{});
    out.provider_message_id = text_in(*fields, "id");
    out.status = *known;
    out.at = read_time(*fields, "timestamp").value_or(now_);
    if (*known == channel::MessageStatus::kFailed) out.error = reason_of_failure(*fields);
    updates_.emplace_back(std::move(out));
  }

  static ProviderError reason_of_failure(const Object& fields) {
    static const Object kNothing;
    const Object* error = first_object_in(fields, "errors");
    const auto code = error == nullptr ? std::nullopt : integer_in(*error, "code");
    // -1 is in no table: a failure whose reason was not given is "unknown_error", not Meta's own
    // code 0.
    if (!code)
      return read_provider_error(error == nullptr ? kNothing : *error, 0, classify(-1, 0, 0));
    return read_provider_error(*error, *code,
                               classify(*code, integer_in(*error, "error_subcode").value_or(0), 0));
  }

  Time now_;
  std::vector<Update> updates_;
};

Result<json::Document> parse_leniently(std::string_view raw_body) {
  auto document = json::parse(raw_body, kLimits);
  if (document || raw_body.size() > kLimits.bytes_max) return document;
  // One person's odd text must not cost everybody else's messages in the same body.
  const std::optional<std::string> repaired = repair_escapes(raw_body);
  return repaired ? json::parse(*repaired, kLimits) : std::move(document);
}

}  // namespace

bool verify_signature(std::string_view raw_body, std::string_view signature,
                      const Secret& app_secret) {
  if (app_secret.empty()) return false;
  const std::string expected = std::string(kSignaturePrefix) +
                               hex_encode(crypto::hmac_sha256(app_secret.reveal(), {raw_body}));
  return crypto::constant_time_equal(expected, signature);
}

Result<std::vector<Update>> parse_callback(std::string_view raw_body, Time now) {
  TRY(const json::Document document, parse_leniently(raw_body));
  CallbackReader reader(now);
  reader.body(document.root());
  return std::move(reader).take();
}

}  // namespace flowsell::whatsapp
