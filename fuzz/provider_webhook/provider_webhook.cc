// What a provider's webhook says. Bytes are verified first in the server; the parser must stand on
// its own all the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/json.h"
#include "whatsapp/adapter.h"

namespace {

using namespace flowsell;

/// The fields are put between braces into an event: they must be JSON there.
void require_fields(std::string_view fields) {
  const std::string object = "{" + std::string(fields) + "}";
  if (!json::parse(object, {.bytes_max = std::size_t{32} << 20, .depth_max = 64})) std::abort();
}

void require_sound(const channel::InboundMessage& message) {
  if (message.address.empty() || message.provider_message_id.empty() || message.from.empty())
    std::abort();
  require_fields(message.fields_json.reveal());
}

void require_sound(const channel::MessageMark& mark) {
  if (mark.address.empty() || mark.provider_message_id.empty()) std::abort();
}

void require_sound(const channel::Notice& notice) {
  // What is told of nobody's number is told of the account, which may be missing.
  if (!notice.address.empty() && !notice.account.empty()) std::abort();
  if (notice.person.empty() && notice.choice) std::abort();
  if (notice.digest == decltype(notice.digest){}) std::abort();
  require_fields(notice.fields_json);
  require_fields(notice.content_json.reveal());
}

void require_sound(const channel::StatusUpdate& status) {
  if (status.address.empty() || status.provider_message_id.empty()) std::abort();
  if (status.error.has_value() != (status.status == channel::MessageStatus::kFailed)) std::abort();
  require_fields(status.fields_json);
  require_fields(status.content_json.reveal());
}

void require_sound(const channel::UnknownUpdate& unknown) {
  if (unknown.field.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto adapter = whatsapp::make_adapter();
  static const Secret kSecret("app-secret");
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (adapter->verify(body, body, kSecret)) std::abort();  // nothing is its own signature
  const auto updates = adapter->parse(body, from_unix_ms(1'800'000'000'000));
  if (!updates) return 0;
  if (updates->size() > size) std::abort();
  for (const channel::Update& update : *updates) {
    std::visit([](const auto& one) { require_sound(one); }, update);
  }
  return 0;
}
