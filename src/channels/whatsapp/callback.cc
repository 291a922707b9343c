#include "callback.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "change_fields.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "field_copy.h"
#include "fields.h"
#include "inbound.h"
#include "json/writer.h"
#include "person.h"
#include "provider_error.h"
#include "repair.h"

namespace flowsell::whatsapp {
namespace {

using channel::StatusUpdate;
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

/// A status that is no step of the way that messages go.
constexpr std::array<std::pair<std::string_view, channel::MessageMark::Kind>, 2> kMarks = {{
    {"played", channel::MessageMark::Kind::kPlayed},
    {"deleted", channel::MessageMark::Kind::kDeleted},
}};

template <class T, std::size_t N>
std::optional<T> find_name(const std::array<std::pair<std::string_view, T>, N>& names,
                           std::string_view name) {
  for (const auto& [known, value] : names) {
    if (known == name) return value;
  }
  return std::nullopt;
}

constexpr std::array kPricingFields = {
    Copied{"category", "category", As::kName}, Copied{"type", "type", As::kName},
    Copied{"pricing_model", "model", As::kName}, Copied{"billable", "billable", As::kFlag}};
constexpr std::array kConversationFields = {
    Copied{"id", "id", As::kId}, Copied{"expiration_timestamp", "expires_at", As::kTime}};
constexpr std::array kOriginFields = {Copied{"type", "origin", As::kName}};
constexpr PersonFields kParticipant = {"recipient_participant_id", "recipient_participant_user_id",
                                       "recipient_participant_parent_user_id"};

/// What a status says beside its step: what it costs, and of which conversation it is.
std::string fields_of_status(const Object& status) {
  const Object* pricing = object_in(status, "pricing");
  const Object* conversation = object_in(status, "conversation");
  if (pricing == nullptr && conversation == nullptr) return {};
  json::Writer out = object_writer();
  copy_object(out, "pricing", pricing, kPricingFields);
  if (conversation != nullptr) {
    out.key("conversation").begin_object();
    copy_fields(out, *conversation, kConversationFields);
    if (const Object* origin = object_in(*conversation, "origin"))
      copy_fields(out, *origin, kOriginFields);
    out.end_object();
  }
  return inside_of(std::move(out));
}

/// Of a group's status: which of its members it is about.
Content member_of_status(const Object& status) {
  if (text_in(status, "recipient_type") != "group") return {};
  const Person member = read_person(status, kParticipant, nullptr);
  if (member.name().empty()) return {};
  json::Writer out = object_writer();
  out.key("participant").begin_object().optional_string("number", member.number);
  write_person(out, member);
  out.end_object();
  return Content(inside_of(std::move(out)));
}

/// Reads one body.
class CallbackReader {
 public:
  CallbackReader(std::shared_ptr<const json::Document> body, Time now)
      : body_(std::move(body)), now_(now) {}

  void read() {
    const json::Value& root = body_->root();
    const Object* object = root.if_object();
    const json::Array* entries = object == nullptr ? nullptr : array_in(*object, "entry");
    if (entries == nullptr || text_in(*object, "object") != "whatsapp_business_account") {
      return sink_.unknown(root, "", "body");
    }
    for (const json::Value& element : *entries) entry(element);
  }

  std::vector<Update> take() && { return std::move(sink_).take(); }

 private:
  void entry(const json::Value& element) {
    const Object* fields = element.if_object();
    const json::Array* changes = fields == nullptr ? nullptr : array_in(*fields, "changes");
    if (changes == nullptr) return sink_.unknown(element, "", "entry");
    for (const json::Value& item : *changes) change(item, *fields);
  }

  void change(const json::Value& element, const Object& in_entry) {
    const Object* fields = element.if_object();
    if (fields == nullptr) return sink_.unknown(element, "", "changes");
    change_ = {.body = body_, .entry = &in_entry, .change = fields};
    sink_.at(change_);
    const std::string_view field = safe_name(text_in(*fields, "field"));
    const Object* value = object_in(*fields, "value");
    const std::string address = address_of(value);
    const std::string account = account_of(value, in_entry);
    const ChangeContext context{field,
                                address,
                                account,
                                value == nullptr ? nullptr : array_in(*value, "contacts"),
                                read_time(in_entry, "time"),
                                now_};
    if (field == "messages" && value != nullptr && !address.empty())
      return messages(element, *value, context);
    if (value != nullptr && read_change({*value, element, context}, sink_)) return;
    sink_.unknown(element, address, field, account, context.at);
  }

  static std::string address_of(const Object* value) {
    const Object* metadata = value == nullptr ? nullptr : object_in(*value, "metadata");
    return metadata == nullptr ? std::string() : scalar_in(*metadata, "phone_number_id");
  }

  /// What is told to a partner has the partner's own id in the entry, and the account's inside.
  static std::string account_of(const Object* value, const Object& in_entry) {
    const Object* info = value == nullptr ? nullptr : object_in(*value, "waba_info");
    std::string account = info == nullptr ? std::string() : scalar_in(*info, "waba_id");
    return account.empty() ? scalar_in(in_entry, "id") : account;
  }

  void messages(const json::Value& change, const Object& value, const ChangeContext& context) {
    const std::size_t before = sink_.size();
    if (const json::Array* statuses = array_in(value, "statuses")) {
      for (const json::Value& element : *statuses) {
        at("statuses", element);
        status(element, context.address);
      }
    }
    if (const json::Array* inbound = array_in(value, "messages")) {
      for (const json::Value& element : *inbound) {
        at("messages", element);
        read_inbound(element, context, sink_);
      }
    }
    if (const json::Array* errors = array_in(value, "errors")) {
      // Of the number as a whole.
      for (const json::Value& element : *errors) {
        at("errors", element);
        read_error(element, context, channel::NoticeKind::kSenderError, sink_);
      }
    }
    if (sink_.size() == before) sink_.unknown(change, context.address, "messages");
  }

  void at(std::string_view list, const json::Value& element) {
    channel::Source source = change_;
    source.list = list;
    source.element = &element;
    sink_.at(std::move(source));
  }

  void status(const json::Value& element, std::string_view address) {
    const Object* fields = element.if_object();
    if (fields == nullptr) return sink_.unknown(element, address, "statuses/other");
    const std::string_view name = text_in(*fields, "status");
    const auto step = find_name(kStatuses, name);
    const auto mark = find_name(kMarks, name);
    std::string id = scalar_in(*fields, "id");
    if (id.empty() || (!step && !mark))
      return sink_.unknown(element, address, "statuses/" + std::string(safe_name(name)), id,
                           read_time(*fields, "timestamp"));
    StatusUpdate out;
    out.address = address;
    out.message =
        MessageId::parse(text_in(*fields, "biz_opaque_callback_data")).value_or(MessageId{});
    out.provider_message_id = std::move(id);
    out.at = read_time(*fields, "timestamp").value_or(now_);
    if (mark) return add_mark(out, *mark);
    out.status = *step;
    if (*step == channel::MessageStatus::kFailed) out.error = reason_of_failure(*fields);
    out.fields_json = fields_of_status(*fields);
    out.content_json = member_of_status(*fields);
    sink_.add(std::move(out));
  }

  /// Who has heard a voice note has seen it: its reading may not have been told.
  void add_mark(StatusUpdate& step, channel::MessageMark::Kind kind) {
    channel::MessageMark mark{kind, step.address, step.message, step.provider_message_id, step.at};
    if (kind == channel::MessageMark::Kind::kPlayed && !step.message.is_none()) {
      step.status = channel::MessageStatus::kRead;
      sink_.add(std::move(step));
    }
    sink_.add(std::move(mark));
  }

  static ProviderError reason_of_failure(const Object& fields) {
    static const Object kNothing;
    const Object* error = first_object_in(fields, "errors");
    return read_webhook_error(error == nullptr ? kNothing : *error);
  }

  std::shared_ptr<const json::Document> body_;
  channel::Source change_;  ///< that is being read
  Time now_;
  UpdateSink sink_;
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
  TRY(json::Document document, parse_leniently(raw_body));
  CallbackReader reader(std::make_shared<const json::Document>(std::move(document)), now);
  reader.read();
  return std::move(reader).take();
}

}  // namespace flowsell::whatsapp
