#include <algorithm>

#include "store/database.h"

namespace flowsell::store {

std::vector<Migration> merge_migrations(const std::vector<std::span<const Migration>>& rooms) {
  std::vector<Migration> all;
  for (const auto room : rooms) all.insert(all.end(), room.begin(), room.end());
  std::ranges::sort(all, {}, &Migration::number);
  return all;
}

}  // namespace flowsell::store
