#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/sql.h"

namespace flowsell::store {

/// An INSERT of one row that PostgreSQL can be given many rows for at once, as one array a column:
///     INSERT INTO t (a, b) VALUES (?1, ?2) [ON CONFLICT (a) DO NOTHING]
///     INSERT INTO t (a, b) VALUES (?1, ?2) ON CONFLICT (a) DO UPDATE SET ...
struct BulkInsert {
  std::string table = {};
  std::vector<std::string> columns = {};
  std::vector<std::size_t> key = {};  ///< of ON CONFLICT: places in `columns`; empty: there is none
  std::string update = {};  ///< "DO UPDATE SET ..."; then no two rows may have the same key

  /// nullopt: the statement is not of this form.
  static std::optional<BulkInsert> of(std::string_view statement);

  /// The statement for many rows. `types`: each column's, "bytea", "bigint" or "text". It returns
  /// the key of each row that was inserted, where there is one and nothing is updated.
  std::string statement(std::span<const std::string> types) const;

  /// The key of a row as one text.
  std::string key_of(std::span<const Param> row) const;
};

/// Rows of parameters, kept column by column as PostgreSQL wants them: an array's binary form (its
/// array_recv(): dimensions, flags, element type, then each element's length and bytes).
class ColumnArrays {
 public:
  void add(Params row);
  /// The array of one column, of elements of `type` (an OID). Valid until the next call.
  std::string_view array(std::size_t column, unsigned int type);

 private:
  struct Column {
    std::string bytes = std::string(kHeadBytes, '\0');  ///< the head is filled in at the end
    bool has_null = false;
  };
  static constexpr std::size_t kHeadBytes = 20;
  std::vector<Column> columns_;
  std::size_t rows_ = 0;
};

/// A parameter's bytes as PostgreSQL sends them back: eight bytes for an integer, the highest
/// first.
void append_binary(std::string& out, const Param& param);

}  // namespace flowsell::store
