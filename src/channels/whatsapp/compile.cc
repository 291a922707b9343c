#include "compile.h"

#include <algorithm>
#include <string>
#include <utility>

#include "json/writer.h"

namespace flowsell::whatsapp {
namespace {

using json::Writer;

void write_link_and_caption(Writer& out, const Content& link, const Content& caption) {
  out.key("link").string(link.reveal());
  out.optional_string("caption", caption.reveal());
}

void write_text_object(Writer& out, std::string_view key, const Content& text) {
  out.key(key).begin_object().key("text").string(text.reveal()).end_object();
}

void write_button(Writer& out, const channel::Button& button) {
  out.begin_object().key("type").string("reply").key("reply").begin_object();
  out.key("id").string(button.id).key("title").string(button.title.reveal());
  out.end_object().end_object();
}

void write_component(Writer& out, std::string_view type,
                     const std::vector<channel::TemplateParameter>& parameters) {
  if (parameters.empty()) return;
  out.begin_object().key("type").string(type).key("parameters").begin_array();
  for (const channel::TemplateParameter& parameter : parameters) {
    out.begin_object().key("type").string("text");
    out.optional_string("parameter_name", parameter.name);
    out.key("text").string(parameter.text.reveal()).end_object();
  }
  out.end_array().end_object();
}

/// Writes the inside of the object under the message's type.
class BodyWriter {
 public:
  BodyWriter(Writer& out, std::string_view target) : out_(out), target_(target) {}

  void operator()(const channel::Text& text) {
    out_.key("body").string(text.body.reveal());
    if (text.preview_url) out_.key("preview_url").boolean(true);
  }
  void operator()(const channel::Image& image) {
    write_link_and_caption(out_, image.link, image.caption);
  }
  void operator()(const channel::Document& document) {
    write_link_and_caption(out_, document.link, document.caption);
    out_.optional_string("filename", document.filename.reveal());
  }
  void operator()(const channel::Reaction& reaction) {
    // The empty string is written: it removes the reaction.
    out_.key("message_id").string(target_).key("emoji").string(reaction.emoji.reveal());
  }
  void operator()(const channel::InteractiveButtons& interactive) {
    out_.key("type").string("button");
    if (!interactive.header.empty()) {
      out_.key("header").begin_object().key("type").string("text");
      out_.key("text").string(interactive.header.reveal()).end_object();
    }
    write_text_object(out_, "body", interactive.body);
    if (!interactive.footer.empty()) write_text_object(out_, "footer", interactive.footer);
    out_.key("action").begin_object().key("buttons").begin_array();
    for (const channel::Button& button : interactive.buttons) write_button(out_, button);
    out_.end_array().end_object();
  }
  void operator()(const channel::Template& message) {
    out_.key("name").string(message.name);
    out_.key("language").begin_object().key("code").string(message.language).end_object();
    if (message.header.empty() && message.body.empty()) return;
    out_.key("components").begin_array();
    write_component(out_, "header", message.header);
    write_component(out_, "body", message.body);
    out_.end_array();
  }

 private:
  Writer& out_;
  std::string_view target_;
};

void write_recipient(Writer& out, const channel::Recipient& to) {
  // Always with '+': without it WhatsApp puts the sender's own country code in front.
  out.key(to.phone() != nullptr ? "to" : "recipient").string(to.view());
}

std::string message_json(const channel::OutboundMessage& message,
                         const channel::CompileContext& context) {
  const std::string_view kind = channel::kind_name(message.body);
  Writer out;
  out.begin_object();
  out.key("messaging_product").string("whatsapp");
  out.key("recipient_type").string("individual");
  write_recipient(out, message.to);
  if (!context.context_provider_id.empty()) {
    out.key("context")
        .begin_object()
        .key("message_id")
        .string(context.context_provider_id)
        .end_object();
  }
  out.key("type").string(kind);
  out.key(kind).begin_object();
  std::visit(BodyWriter(out, context.target_provider_id), message.body);
  out.end_object();
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

Result<http::OutRequest> post_to_messages(const channel::SenderRoute& route, std::string body) {
  // An address with '/' or '?' would reach another part of Meta's API with the sender's token.
  if (route.address.empty() || !std::ranges::all_of(route.address, is_path_segment_character)) {
    return fail(ErrorCode::kInternal,
                "the sender's phone-number id has a character that can't be in one");
  }
  http::OutRequest request;
  request.method = http::Method::kPost;
  request.url = route.at("/" + route.address + "/messages");
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
  return post_to_messages(route, message_json(message, context));
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
  return post_to_messages(route, std::move(out).take());
}

}  // namespace flowsell::whatsapp
