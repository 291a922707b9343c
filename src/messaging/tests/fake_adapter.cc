#include "fake_adapter.h"

#include "json/json.h"
#include "json/writer.h"

namespace flowsell::messaging {
namespace {

using channel::Interpretation;
using channel::RetryClass;

std::string text_at(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(std::string_view(value->get_string()))
                                                : std::string();
}

RetryClass retry_class(const std::string& name) {
  if (name == "backoff") return RetryClass::kBackoff;
  if (name == "wait") return RetryClass::kWait;
  if (name == "token") return RetryClass::kToken;
  return name == "fix" ? RetryClass::kFix : RetryClass::kNo;
}

Interpretation read_error(const json::Object& error) {
  Interpretation out;
  out.kind = Interpretation::Kind::kError;
  out.error.provider = "fake";
  out.error.code = error.at("code").to_number<std::int64_t>();
  out.error.reason = "refused";
  out.error.fix = "Do as it says.";
  out.error.trace_id = "trace-1";
  out.error.text = text_at(error, "text");
  out.retry = retry_class(text_at(error, "retry"));
  out.scope = text_at(error, "scope") == "sender" ? channel::RetryScope::kSender
                                                  : channel::RetryScope::kLane;
  return out;
}

channel::Update read_update(const json::Object& object, Time now) {
  const std::string address = text_at(object, "address");
  if (const auto status = channel::parse_status(text_at(object, "status"))) {
    channel::StatusUpdate update;
    update.address = address;
    update.message = MessageId::parse(text_at(object, "message")).value_or(MessageId());
    update.provider_message_id = text_at(object, "id");
    update.status = *status;
    update.at = now;
    return update;
  }
  if (object.contains("from")) {
    channel::InboundMessage update;
    update.address = address;
    update.provider_message_id = text_at(object, "id");
    update.from = text_at(object, "from");
    update.kind = "text";
    update.at = from_unix_ms(1'795'000'000'000);
    update.fields_json =
        Content("\"text\":{\"body\":" + json::quoted(text_at(object, "text")) + "}");
    return update;
  }
  return channel::UnknownUpdate{address, "order", text_at(object, "id"), now};
}

Result<http::OutRequest> request_to(const channel::SenderRoute& route, std::string body) {
  http::OutRequest request;
  request.url = route.at("/" + route.address + "/messages");
  request.body = std::move(body);
  return request;
}

}  // namespace

Result<> FakeAdapter::check(const channel::OutboundMessage& message) const {
  const auto* text = std::get_if<channel::Text>(&message.body);
  if (text == nullptr || text->body.size() <= 20) return {};
  return fail_field("/text/body", "too_long", "the text may have 20 bytes", "Shorten it.");
}

Result<http::OutRequest> FakeAdapter::compile(const channel::OutboundMessage& message,
                                              const channel::CompileContext& context,
                                              const channel::SenderRoute& route) const {
  const auto* text = std::get_if<channel::Text>(&message.body);
  json::Writer out;
  out.begin_object().key("to").string(message.to.view());
  out.key("text").string(text == nullptr ? std::string_view() : text->body.reveal());
  out.key("ref").string(context.id.str()).key("context").string(context.context_provider_id);
  out.key("target").string(context.target_provider_id).end_object();
  return request_to(route, std::move(out).take());
}

Result<http::OutRequest> FakeAdapter::compile_read(std::string_view provider_message_id,
                                                   bool typing,
                                                   const channel::SenderRoute& route) const {
  json::Writer out;
  out.begin_object()
      .key("read")
      .string(provider_message_id)
      .key("typing")
      .boolean(typing)
      .end_object();
  return request_to(route, std::move(out).take());
}

void FakeAdapter::authorize(http::OutRequest& request, const Secret& token) const {
  request.headers.push_back({"Authorization", "Bearer " + std::string(token.reveal())});
}

Interpretation FakeAdapter::interpret(const http::Exchange& answered) const {
  const auto document = json::parse(answered.body);
  if (!document || !document->root().is_object()) return {};
  const auto& object = document->root().get_object();
  if (const auto* error = object.if_contains("error")) return read_error(error->as_object());
  Interpretation out;
  out.provider_message_id = text_at(object, "id");
  if (!out.provider_message_id.empty()) out.kind = Interpretation::Kind::kAccepted;
  return out;
}

bool FakeAdapter::verify(std::string_view, std::string_view signature,
                         const Secret& app_secret) const {
  return signature == "signed with " + std::string(app_secret.reveal());
}

Result<std::vector<channel::Update>> FakeAdapter::parse(std::string_view raw_body, Time now) const {
  TRY(const auto document, json::parse(raw_body));
  std::vector<channel::Update> updates;
  for (const json::Value& each : document.root().as_object().at("updates").as_array()) {
    updates.push_back(read_update(each.as_object(), now));
  }
  return updates;
}

Content FakeAdapter::original(const channel::Source& source, std::string_view callback_data) const {
  json::Writer out;
  out.begin_object().key("said").value(*source.element);
  out.key("data").string(callback_data).end_object();
  return Content(std::move(out).take());
}

Content FakeAdapter::original(const channel::OwnFailure& failure) const {
  json::Writer out;
  out.begin_object().key("failed").string(failure.message);
  out.key("code").integer(failure.code).end_object();
  return Content(std::move(out).take());
}

}  // namespace flowsell::messaging
