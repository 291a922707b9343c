// The door for messages: strict JSON, the unified message, WhatsApp's limits, WhatsApp's request.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/json.h"
#include "whatsapp/adapter.h"

namespace {

using namespace flowsell;

bool same(const channel::OutboundMessage& a, const channel::OutboundMessage& b) {
  return a.from == b.from && a.to.view() == b.to.view() && a.body.index() == b.body.index() &&
         a.context == b.context && a.metadata_json == b.metadata_json &&
         a.client_ref == b.client_ref && a.ttl == b.ttl && a.media.size() == b.media.size();
}

bool same(const Result<channel::OutboundMessage>& a, const Result<channel::OutboundMessage>& b) {
  if (a.has_value() != b.has_value()) return false;
  return a ? same(*a, *b) : a.error().fields == b.error().fields;
}

/// What passed check() compiles, twice to the same bytes, and those are JSON.
void require_sound_request(const channel::Adapter& adapter,
                           const channel::OutboundMessage& message) {
  static const channel::SenderRoute kRoute{
      .address = "106540352242922",
      .api_base = http::Url::parse("https://graph.facebook.com/v25.0").value()};
  channel::CompileContext context;
  context.context_provider_id = message.context;
  context.target_provider_id = "wamid.TARGET";
  for (const channel::MediaReference& media : message.media)
    context.media.emplace_back(media.id, "1037543291543636");
  const auto request = adapter.compile(message, context, kRoute);
  if (!request || !json::parse(request->body, {.bytes_max = std::size_t{4} << 20})) std::abort();
  if (adapter.compile(message, context, kRoute)->body != request->body) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto adapter = whatsapp::make_adapter();
  const auto document = json::parse({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  const auto message = channel::parse_message(document->root());
  if (!same(message, channel::parse_message(document->root()))) std::abort();
  if (!message) {
    if (message.error().fields.empty()) std::abort();  // a refusal names its field
    return 0;
  }
  if (!message->metadata_json.empty() && !json::parse(message->metadata_json)) std::abort();
  if (adapter->check(*message)) require_sound_request(*adapter, *message);
  return 0;
}
