#include "templates/book.h"

#include <mutex>
#include <utility>

namespace flowsell::templates {
namespace {

std::string key_of(const ConnectionId& connection) { return std::string(connection.blob()); }

}  // namespace

std::string key_of(const TemplateKey& key) {
  std::string text;
  text.reserve(key.connection.blob().size() + key.name.size() + 1 + key.language.size());
  text.append(key.connection.blob()).append(key.name).append(1, '\0').append(key.language);
  return text;
}

JudgedPtr Book::find(const TemplateKey& key, Time now) const {
  const std::string text = key_of(key);
  const std::shared_lock lock(mutex_);
  auto found = entries_.find(text);
  if (found == entries_.end()) found = entries_.find(key_of(key.connection));
  if (found == entries_.end() || found->second.until <= now) return nullptr;
  return found->second.known;
}

std::uint64_t Book::generation() const {
  const std::shared_lock lock(mutex_);
  return generation_;
}

void Book::put(const TemplateKey& key, JudgedPtr known, Time until, std::uint64_t generation) {
  insert(key_of(key), std::move(known), until, generation);
}

void Book::put_all(const ConnectionId& connection, JudgedPtr known, Time until,
                   std::uint64_t generation) {
  insert(key_of(connection), std::move(known), until, generation);
}

void Book::insert(std::string key, JudgedPtr known, Time until, std::uint64_t generation) {
  const std::unique_lock lock(mutex_);
  if (generation != generation_) return;
  if (entries_.size() >= entries_max_) entries_.clear();
  entries_[std::move(key)] = {std::move(known), until};
}

void Book::forget(const ConnectionId& connection) {
  const std::unique_lock lock(mutex_);
  ++generation_;
  std::erase_if(entries_,
                [&](const auto& each) { return each.first.starts_with(connection.blob()); });
}

}  // namespace flowsell::templates
