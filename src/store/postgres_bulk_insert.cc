#include "postgres_bulk_insert.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace flowsell::store {
namespace {

void append_int32(std::string& out, std::int64_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

/// Takes `what` off the front of `text`; false when it does not begin so.
bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

/// Takes what stands before the next `end`, and `end`.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return taken;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (const auto word = take_until(list, ", ")) out.emplace_back(*word);
  out.emplace_back(list);
  return out;
}

/// "?1, ?2, ?3"
std::string parameter_list(std::size_t count) {
  std::string out;
  for (std::size_t i = 1; i <= count; ++i) out += fmt::format("{}?{}", i == 1 ? "" : ", ", i);
  return out;
}

}  // namespace

std::optional<BulkInsert> BulkInsert::of(std::string_view statement) {
  BulkInsert out;
  if (!take(statement, "INSERT INTO ")) return std::nullopt;
  const auto table = take_until(statement, " (");
  const auto columns = take_until(statement, ") VALUES (");
  const auto values = take_until(statement, ")");
  if (!table || !columns || !values) return std::nullopt;
  out.table = *table;
  out.columns = split(*columns);
  if (*values != parameter_list(out.columns.size())) return std::nullopt;
  if (statement.empty()) return out;
  if (!take(statement, " ON CONFLICT (")) return std::nullopt;
  const auto key = take_until(statement, ")");
  const bool is_update = statement.starts_with(" DO UPDATE SET ") && !statement.contains('?');
  if (!key || (statement != " DO NOTHING" && !is_update)) return std::nullopt;
  if (is_update) out.update = statement.substr(1);
  for (const std::string& column : split(*key)) {
    const auto found = std::ranges::find(out.columns, column);
    if (found == out.columns.end()) return std::nullopt;
    out.key.push_back(static_cast<std::size_t>(found - out.columns.begin()));
  }
  return out;
}

std::string BulkInsert::statement(std::span<const std::string> types) const {
  std::string arrays;
  for (std::size_t i = 0; i < columns.size(); ++i)
    arrays += fmt::format("{}${}::{}[]", i == 0 ? "" : ", ", i + 1, types[i]);
  std::string out = fmt::format("INSERT INTO {} ({}) SELECT * FROM unnest({})", table,
                                fmt::join(columns, ", "), arrays);
  if (key.empty()) return out;
  std::string names;
  for (const std::size_t column : key)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", columns[column]);
  if (!update.empty()) return out + fmt::format(" ON CONFLICT ({}) {}", names, update);
  return out + fmt::format(" ON CONFLICT ({}) DO NOTHING RETURNING {}", names, names);
}

std::string BulkInsert::key_of(std::span<const Param> row) const {
  std::string out;
  for (const std::size_t column : key) {
    append_binary(out, row[column]);
    out.push_back('\0');
  }
  return out;
}

void ColumnArrays::add(Params row) {
  if (columns_.empty()) columns_.resize(row.size());
  auto column = columns_.begin();
  for (const Param& param : row) {
    if (param.type() == Param::Type::kNull) {
      column->has_null = true;
      append_int32(column->bytes, -1);
    } else {
      const bool is_integer = param.type() == Param::Type::kInteger;
      append_int32(column->bytes, static_cast<std::int64_t>(is_integer ? sizeof(std::int64_t)
                                                                       : param.bytes().size()));
      append_binary(column->bytes, param);
    }
    ++column;
  }
  ++rows_;
}

std::string_view ColumnArrays::array(std::size_t column, unsigned int type) {
  Column& of = columns_[column];
  std::string head;
  append_int32(head, 1);  // dimensions
  append_int32(head, of.has_null ? 1 : 0);
  append_int32(head, type);
  append_int32(head, static_cast<std::int64_t>(rows_));
  append_int32(head, 1);  // the first element's number
  std::ranges::copy(head, of.bytes.begin());
  return of.bytes;
}

void append_binary(std::string& out, const Param& param) {
  if (param.type() != Param::Type::kInteger) {
    out.append(param.bytes());
    return;
  }
  const auto value = std::bit_cast<std::uint64_t>(param.integer());
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

}  // namespace flowsell::store
