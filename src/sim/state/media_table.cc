#include "state/media_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace flowsell::sim {
namespace {

constexpr auto kTypes =
    std::to_array<std::string_view>({"image", "video", "audio", "document", "sticker"});

}  // namespace

void MediaTable::put(const std::string& id, std::string phone, std::int64_t until_seconds) {
  const std::lock_guard lock(mutex_);
  entries_[id] = {std::move(phone), until_seconds};
  is_empty_ = false;
}

void MediaTable::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found != entries_.end()) found->second.until_seconds = 0;
}

Checked<> MediaTable::check_id(std::string_view type, std::string_view id, std::string_view phone,
                               Time now) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return {};
  const Entry& entry = found->second;
  if (entry.phone == phone && entry.until_seconds > to_unix_ms(now) / 1000) return {};
  return refuse_parameter(fmt::format(
      "Param {}['id'] is not a valid whatsapp business account media attachment ID", type));
}

Checked<> MediaTable::check(const json::Value& message, std::string_view phone, Time now) const {
  if (is_empty_) return {};
  if (const auto* array = message.if_array()) {
    for (const auto& element : *array) CHECK_OK(check(element, phone, now));
  }
  const auto* object = message.if_object();
  if (object == nullptr) return {};
  for (const auto& [name, value] : *object) {
    const auto* file = value.if_object();
    const auto* id = file == nullptr ? nullptr : file->if_contains("id");
    if (id != nullptr && id->is_string() &&
        std::ranges::find(kTypes, std::string_view(name)) != kTypes.end())
      CHECK_OK(check_id(name, std::string_view(id->get_string()), phone, now));
    CHECK_OK(check(value, phone, now));
  }
  return {};
}

}  // namespace flowsell::sim
