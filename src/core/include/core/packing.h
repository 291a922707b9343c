#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/id.h"

/// Values one behind the other as bytes, for rows that this machine writes and reads again after a
/// crash: numbers are as the machine has them.
namespace flowsell {

template <class T>
void pack_number(std::string& out, T value) {
  static_assert(std::is_integral_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// A text and its length.
inline void pack_text(std::string& out, std::string_view text) {
  pack_number(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

/// Reads them in the same order. What is beyond the end is empty, and makes the whole unsound.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t size) {
    if (rest_.size() < size) {
      is_sound_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class T>
  T number() {
    T value{};
    const auto bytes = take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view text() { return take(number<std::uint32_t>()); }
  template <class IdType>
  IdType id() {
    return IdType::from_blob(take(sizeof(IdBytes)));
  }
  /// True when all that was read was there, and nothing is left.
  bool is_whole() const noexcept { return is_sound_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_sound_ = true;
};

}  // namespace flowsell
