#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/id.h"

namespace flowsell {

/// Ids between which a page's rows lie.
template <class IdType>
struct IdRange {
  IdType above;  ///< lower ones are not in it, nor is this one
  IdType below;

  /// Of a page that is older than `after` and newer than `before`, as far as they are given.
  static IdRange of(const std::optional<IdType>& after, const std::optional<IdType>& before) {
    IdBytes highest;
    highest.fill(0xFF);
    return {before.value_or(IdType()), after.value_or(IdType(highest))};
  }
  bool holds(const IdType& id) const { return above < id && id < below; }
};

/// A part of a list that is ordered by id, newest first: read downwards (from newer to older) or
/// upwards.
template <class Row, class IdType>
struct Page {
  std::vector<Row> rows;       ///< newest first, whichever way they were read
  bool upwards = false;        ///< the way they were read
  bool has_more = false;       ///< in that direction
  std::optional<IdType> next;  ///< where to go on in that direction: behind the last row, or behind
                               ///< where a long search stopped

  /// Puts rows that a search can't have found, or may have, into what it found, in its order. Of
  /// those beyond the last row that it looked at (`end`) others may be missing: they come with the
  /// next page. Before cut().
  template <class Rows, class IdOf>
  void add(const Rows& more, IdOf id_of, const std::optional<IdType>& end) {
    const auto is_before = [this](const IdType& a, const IdType& b) {
      return upwards ? a < b : b < a;
    };
    for (const Row& row : more) {
      const IdType& id = std::invoke(id_of, row);
      if (end && is_before(*end, id)) continue;
      const auto place = std::ranges::lower_bound(rows, id, is_before, id_of);
      if (place != rows.end() && std::invoke(id_of, *place) == id) continue;
      rows.insert(place, row);
    }
  }

  /// Makes a page of the rows of a search, which stand in its order, and are more than `limit`
  /// where there are more. `id_of`: a row's id.
  template <class IdOf>
  void cut(std::size_t limit, IdOf id_of) {
    has_more = rows.size() > limit;
    if (has_more) rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(limit), rows.end());
    if (!rows.empty()) next = std::invoke(id_of, rows.back());
    if (upwards) std::ranges::reverse(rows);
  }
};

/// How many rows one page looks at, whatever its filters. Where so many hold too few that match,
/// the page is short, and the search goes on behind the last of them.
constexpr std::int64_t kPageScanMax = 20'000;

}  // namespace flowsell
