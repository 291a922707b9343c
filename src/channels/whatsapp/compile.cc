#include "compile.h"

#include <algorithm>
#include <string>
#include <utility>

#include "json/writer.h"
#include "write_body.h"

namespace flowsell::whatsapp {
namespace {

using json::Writer;

constexpr std::string_view kMessages = "/messages";

/// Sent by the Marketing Messages API, which has the same requests at another address.
bool goes_by_marketing(const channel::OutboundMessage& message) {
  return message.product_policy != channel::ProductPolicy::kUnstated ||
         message.message_activity_sharing.has_value();
}

void write_recipient(Writer& out, const channel::Recipient& to) {
  out.key("recipient_type").string(to.group() != nullptr ? "group" : "individual");
  // Always with '+': without it WhatsApp puts the sender's own country code in front.
  out.key(to.user() != nullptr ? "recipient" : "to").string(to.view());
}

void write_marketing_fields(Writer& out, const channel::OutboundMessage& message) {
  if (message.product_policy == channel::ProductPolicy::kFallback)
    out.key("product_policy").string("CLOUD_API_FALLBACK");
  if (message.product_policy == channel::ProductPolicy::kStrict)
    out.key("product_policy").string("STRICT");
  if (message.message_activity_sharing)
    out.key("message_activity_sharing").boolean(*message.message_activity_sharing);
}

std::string message_json(const channel::OutboundMessage& message,
                         const channel::CompileContext& context) {
  const std::string_view kind = channel::kind_name(message.body);
  Writer out;
  out.begin_object();
  out.key("messaging_product").string("whatsapp");
  write_recipient(out, message.to);
  if (!context.context_provider_id.empty()) {
    out.key("context")
        .begin_object()
        .key("message_id")
        .string(context.context_provider_id)
        .end_object();
  }
  out.key("type").string(kind);
  out.key(kind);
  std::visit(BodyWriter(out, context), message.body);
  write_marketing_fields(out, message);
  out.optional_string("recipient_identity_key_hash", message.recipient_identity_key_hash);
  // Comes back with every status of the message: the proof of a send whose answer was lost
  // (DESIGN 4.8).
  out.key("biz_opaque_callback_data").string(context.id.str());
  out.end_object();
  return std::move(out).take();
}

bool is_path_segment_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}

Result<http::OutRequest> post_to(std::string_view edge, const channel::SenderRoute& route,
                                 std::string body) {
  // An address with '/' or '?' would reach another part of Meta's API with the sender's token.
  if (route.address.empty() || !std::ranges::all_of(route.address, is_path_segment_character)) {
    return fail(ErrorCode::kInternal,
                "the sender's phone-number id has a character that can't be in one");
  }
  http::OutRequest request;
  request.method = http::Method::kPost;
  request.url = route.at("/" + route.address + std::string(edge));
  request.version = route.version;
  request.headers.reserve(2);  // this one and Authorization
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  return request;
}

}  // namespace

Result<http::OutRequest> compile_message(const channel::OutboundMessage& message,
                                         const channel::CompileContext& context,
                                         const channel::SenderRoute& route) {
  if (std::holds_alternative<channel::Reaction>(message.body) &&
      context.target_provider_id.empty()) {
    return fail_field("/reaction/message_id", "not_allowed", "the message has no id at WhatsApp",
                      "React to a message that WhatsApp has accepted.");
  }
  for (const channel::MediaReference& media : message.media) {
    if (context.provider_media_id(media.id).empty())
      return fail_field(media.pointer, "not_allowed", "the file has no id at WhatsApp",
                        "Use a file that WhatsApp has.");
  }
  return post_to(goes_by_marketing(message) ? "/marketing_messages" : kMessages, route,
                 message_json(message, context));
}

Result<http::OutRequest> compile_read_receipt(std::string_view provider_message_id, bool typing,
                                              const channel::SenderRoute& route) {
  Writer out;
  out.begin_object();
  out.key("messaging_product").string("whatsapp");
  out.key("status").string("read");
  out.key("message_id").string(provider_message_id);
  if (typing) out.key("typing_indicator").begin_object().key("type").string("text").end_object();
  out.end_object();
  return post_to(kMessages, route, std::move(out).take());
}

}  // namespace flowsell::whatsapp
