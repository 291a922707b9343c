// What Meta's sign-up window tells the page, as any browser may send it: whatever it is, what is
// read of it is ids and words, and nothing else.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "channel/signup.h"
#include "whatsapp/adapter.h"

namespace {

bool is_id(std::string_view text) {
  return text.size() <= 32 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_word(std::string_view text) {
  return text.size() <= 80 && std::ranges::none_of(text, [](char c) {
           return c == '<' || c == '"' || c == ' ' || static_cast<unsigned char>(c) < 0x21;
         });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto adapter = flowsell::whatsapp::make_adapter();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = adapter->signup_calls()->read_message(text);
  if (!message) return 0;
  const bool is_sound = is_id(message->account) && is_id(message->address) &&
                        is_word(message->step) && is_word(message->error_code);
  if (!is_sound) std::abort();
  return 0;
}
