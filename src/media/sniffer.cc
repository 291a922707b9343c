#include "sniffer.h"

#include <magic.h>

#include <algorithm>
#include <utility>

namespace flowsell::media {
namespace {

constexpr std::size_t kThreads = 2;
/// As many as the files that may be on their way at once.
constexpr std::size_t kWaitingMax = 512;

}  // namespace

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

Sniffer::Sniffer() : workers_(kThreads, kWaitingMax) {}
Sniffer::~Sniffer() { workers_.stop(); }

Task<std::string> Sniffer::type_of(std::string head) {
  co_return co_await workers_.run([this, &head] { return look(head); });
}

Result<std::string> Sniffer::look(std::string_view head) {
  auto table = take_table();
  const char* const type = table->look(head.substr(0, kSniffedBytes));
  if (type == nullptr) return fail(ErrorCode::kInternal, "types of files can't be told");
  std::string out(type);
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(table));
  return out;
}

/// As many as there are threads, in the end. One that failed is not used again.
std::unique_ptr<Sniffer::Table> Sniffer::take_table() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto table = std::move(free_.back());
      free_.pop_back();
      return table;
    }
  }
  return std::make_unique<Table>();
}

bool is_one_of(std::string_view type, std::span<const std::string_view> patterns) {
  return std::ranges::any_of(patterns, [type](std::string_view pattern) {
    if (!pattern.ends_with('*')) return type == pattern;
    return type.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

}  // namespace flowsell::media
