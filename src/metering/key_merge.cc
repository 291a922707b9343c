#include "key_merge.h"

#include <algorithm>
#include <map>
#include <utility>

namespace flowsell::metering {
namespace {

/// So many runs of one level become one of the next: few runs to look into, and each entry is
/// written once a level.
constexpr std::size_t kMergeWidth = 8;
/// 8192 keys a run at first, four million at this level: a merge of more would take hours to pay
/// off, and its filter's row many megabytes.
constexpr int kLevelMax = 3;

std::size_t keys_of(const std::vector<const KeyRun*>& runs) {
  std::int64_t keys = 0;
  for (const KeyRun* run : runs) keys += run->keys;
  return static_cast<std::size_t>(keys);
}

int level_above(const std::vector<const KeyRun*>& runs) {
  return 1 + std::ranges::max(runs, {}, &KeyRun::level)->level;
}

}  // namespace

KeyMerge::KeyMerge(std::int64_t number, const std::vector<const KeyRun*>& sources)
    : out_(number, level_above(sources), sources.front()->day, keys_of(sources)) {
  for (const KeyRun* source : sources) sources_.emplace_back(*source);
}

Result<KeyRunReader*> KeyMerge::smallest(store::Connection& db) {
  KeyRunReader* smallest = nullptr;
  const KeyEntry* least = nullptr;
  for (KeyRunReader& source : sources_) {
    TRY(const KeyEntry* entry, source.peek(db));
    if (entry == nullptr || (least != nullptr && *least <= *entry)) continue;
    least = entry;
    smallest = &source;
  }
  return smallest;
}

Result<KeyRunPtr> KeyMerge::step(store::Connection& db, std::size_t entries_max) {
  for (std::size_t i = 0; i < entries_max; ++i) {
    TRY(KeyRunReader * source, smallest(db));
    if (source == nullptr) return out_.finish(db);
    TRY(const KeyEntry* entry, source->peek(db));
    CHECK_OK(out_.add(db, *entry));
    source->pop();
  }
  return nullptr;
}

bool KeyMerge::reads(const KeyRun& run) const noexcept {
  return std::ranges::any_of(sources_,
                             [&run](const KeyRunReader& source) { return &source.run() == &run; });
}

std::vector<const KeyRun*> runs_to_merge(const std::vector<KeyRunPtr>& runs, std::int64_t today) {
  std::map<std::pair<std::int64_t, int>, std::vector<const KeyRun*>> groups;  // newest day first
  for (const KeyRunPtr& run : runs) {
    if (run->level >= kLevelMax) continue;
    // A day that is over gets no more keys: its runs are merged whatever their levels.
    const int level = run->day < today ? 0 : run->level;
    groups[{-run->day, level}].push_back(run.get());
  }
  for (auto& [key, group] : groups) {
    if (group.size() < kMergeWidth) continue;
    group.resize(kMergeWidth);
    return std::move(group);
  }
  return {};
}

}  // namespace flowsell::metering
