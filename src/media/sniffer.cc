#include "sniffer.h"

#include <magic.h>

#include <algorithm>

namespace flowsell::media {

class Sniffer::Table {
 public:
  Table() : cookie_(::magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS)) {
    is_loaded_ = cookie_ != nullptr && ::magic_load(cookie_, nullptr) == 0;
  }
  ~Table() {
    if (cookie_ != nullptr) ::magic_close(cookie_);
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const char* look(std::string_view head) {
    return is_loaded_ ? ::magic_buffer(cookie_, head.data(), head.size()) : nullptr;
  }

 private:
  magic_t cookie_;
  bool is_loaded_;
};

Sniffer::Sniffer() = default;
Sniffer::~Sniffer() = default;

Result<std::string> Sniffer::type_of(std::string_view head) {
  const std::lock_guard lock(mutex_);
  if (table_ == nullptr) table_ = std::make_unique<Table>();
  const char* const type = table_->look(head.substr(0, kSniffedBytes));
  if (type == nullptr) return fail(ErrorCode::kInternal, "types of files can't be told");
  return std::string(type);
}

bool is_one_of(std::string_view type, std::span<const std::string_view> patterns) {
  return std::ranges::any_of(patterns, [type](std::string_view pattern) {
    if (!pattern.ends_with('*')) return type == pattern;
    return type.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

}  // namespace flowsell::media
