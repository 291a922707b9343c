#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "channel/template_schema.h"
#include "core/id.h"
#include "core/time.h"

namespace flowsell::templates {

/// What a send of one template goes by.
struct Judged {
  enum class Verdict : std::uint8_t {
    kUnknown,  ///< the provider can't be asked now: it decides itself
    kTaken,    ///< the account has no templates, and its provider (a simulator) takes every name
    kMissing,  ///< the account has none of this name and language
    kThere,
  } verdict = Verdict::kUnknown;
  std::string status;    ///< kThere
  std::string category;  ///< the same
  /// kThere; nullptr: it can't be checked.
  std::shared_ptr<const channel::TemplateSchema> schema = nullptr;
};
using JudgedPtr = std::shared_ptr<const Judged>;

/// Which template, as a send names it.
struct TemplateKey {
  ConnectionId connection;
  std::string_view name;
  std::string_view language;
};
/// As one text: the connection, the name, '\0', the language.
std::string key_of(const TemplateKey& key);

/// What the hot path knows of templates, in memory: filled when it is asked for, emptied of a
/// connection when something of that changes, and of all when it is full. Thread-safe.
class Book {
 public:
  explicit Book(std::size_t entries_max = 20'000) : entries_max_(entries_max) {}

  /// nullptr: it has to be looked up.
  JudgedPtr find(const TemplateKey& key, Time now) const;

  /// Counts changes: what was read before one must not be put after it.
  std::uint64_t generation() const;
  /// Keeps it until `until`, unless the book has changed since `generation`.
  void put(const TemplateKey& key, JudgedPtr known, Time until, std::uint64_t generation);
  /// The same of every template of the connection.
  void put_all(const ConnectionId& connection, JudgedPtr known, Time until,
               std::uint64_t generation);
  void forget(const ConnectionId& connection);

 private:
  struct Entry {
    JudgedPtr known;
    Time until;
  };
  void insert(std::string key, JudgedPtr known, Time until, std::uint64_t generation);

  const std::size_t entries_max_;
  mutable std::shared_mutex mutex_;
  std::uint64_t generation_ = 0;
  std::unordered_map<std::string, Entry> entries_;  ///< by key_of(), or the connection alone
};

}  // namespace flowsell::templates
