#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace flowsell::privacy {

/// Where a table lies: among those that replicas share, in cells, or in both.
enum class Place : std::uint8_t { kShared, kCell, kBoth };

/// What a deletion does to the rows that are its subject's.
enum class Fate : std::uint8_t {
  kNone,    ///< there are none
  kKeys,    ///< deleted in the step of keys
  kRows,    ///< deleted with the other rows
  kStays,   ///< `why` says why
  kByHand,  ///< erased by code of its own, which `why` names
};

/// A table of the schema, and what becomes of it. Every table stands in the inventory: a new one
/// without a decision fails a test, and so does a new column of one that is exported.
struct HeldTable {
  std::string_view name;
  Place place = Place::kCell;
  std::string_view user_column = {};       ///< whose row it is: a user's id
  std::string_view workspace_column = {};  ///< the same of a workspace
  Fate of_account = Fate::kNone;
  Fate of_workspace = Fate::kNone;
  /// All columns where rows are exported, of a person's or of a workspace's, with a space between.
  /// Before the name: '@' a time, '#' a number, '%' an id with its prefix behind ':', '!' a secret
  /// or its hash and '~' what is of no use outside: these two are left out.
  std::string_view columns = {};
  std::string_view why = {};
};
std::span<const HeldTable> inventory() noexcept;

}  // namespace flowsell::privacy
