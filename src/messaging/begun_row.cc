#include "begun_row.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/encoding.h"

namespace flowsell::messaging {
namespace {

// A message's bytes: the length of the rest (32 bits; 0 is the end), then its fields in one order.
// Numbers are as the machine has them: the bytes are read by the machine that wrote them, after a
// crash.

template <class T>
void append(std::string& out, T value) {
  static_assert(std::is_integral_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& out, std::string_view text) {
  append(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

/// Reads fields one by one; what is beyond the end is empty, and makes the whole unsound.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

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
  std::string text() { return std::string(take(number<std::uint32_t>())); }
  template <class Id>
  Id id() {
    return Id::from_blob(take(sizeof(IdBytes)));
  }
  bool is_sound() const noexcept { return is_sound_; }
  std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
  bool is_sound_ = true;
};

}  // namespace

void pack_begun(const MessageRow& row, std::string& out) {
  const std::size_t start = out.size();
  append(out, std::uint32_t{0});
  out.append(row.workspace.blob()).append(row.id.blob()).append(row.sender.blob());
  out.append(as_text(row.contact_hash));
  append(out, static_cast<std::uint8_t>(row.mode));
  append(out, to_unix_ms(row.created_at));
  for (const std::string* text : {&row.kind, &row.contact, &row.client_ref, &row.metadata_json})
    append_text(out, *text);
  const auto size = static_cast<std::uint32_t>(out.size() - start - sizeof(std::uint32_t));
  std::memcpy(out.data() + start, &size, sizeof size);
}

std::optional<MessageRow> unpack_begun(std::string_view& packed) {
  Fields all(packed);
  const auto size = all.number<std::uint32_t>();
  if (size == 0) return std::nullopt;
  Fields fields(all.take(size));
  MessageRow row;
  row.workspace = fields.id<WorkspaceId>();
  row.id = fields.id<MessageId>();
  row.sender = fields.id<SenderId>();
  const auto hash = fields.take(row.contact_hash.size());
  if (!hash.empty()) std::memcpy(row.contact_hash.data(), hash.data(), hash.size());
  row.mode = static_cast<identity::Mode>(fields.number<std::uint8_t>());
  row.created_at = from_unix_ms(fields.number<std::int64_t>());
  for (std::string* text : {&row.kind, &row.contact, &row.client_ref, &row.metadata_json})
    *text = fields.text();
  if (!all.is_sound() || !fields.is_sound() || !fields.rest().empty()) return std::nullopt;
  row.status = MessageStatus::kSending;
  row.sending_at = row.created_at;
  packed = all.rest();
  return row;
}

}  // namespace flowsell::messaging
