#include "store/copy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "store/change.h"

namespace flowsell::store {
namespace {

constexpr std::size_t kRowsAtOnce = 500;

constexpr std::array kMigrations = {Migration{6, "copies", R"sql(
CREATE TABLE copies (
  id INTEGER NOT NULL PRIMARY KEY,
  begun_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
)sql"}};
// One at a time: its number is always 1.
constexpr Sql kBegin(
    "INSERT INTO copies (id, begun_at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET finished_at = "
    "NULL");
constexpr Sql kFinish("UPDATE copies SET finished_at = ?1");
constexpr Sql kUnfinished("SELECT 1 FROM copies WHERE finished_at IS NULL");

struct NoteOp final : WriteOp {
  NoteOp(const Sql& s, Time t);
  const Sql& statement;
  Time now;
};
Result<> apply_notes(Connection& db, std::span<WriteOp* const> ops) {
  for (WriteOp* each : ops) {
    const auto& op = as<NoteOp>(each);
    CHECK_OK(db.write(op.statement, {op.now}));
  }
  return {};
}
constexpr WriteKind kNoteKind{"copy_note", 1, apply_notes};
NoteOp::NoteOp(const Sql& s, Time t) : WriteOp(kNoteKind), statement(s), now(t) {}

constexpr Sql kTables(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE "
    "'\\' AND name NOT IN ('schema_migrations', 'copies') ORDER BY name");
constexpr Sql kColumns("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid");

/// A statement that is made at run time. Drivers know one by its address, so it stays for good.
const Sql& lasting(const std::string& text) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Sql>> kept;
  const std::lock_guard lock(mutex);
  const auto [place, is_new] = kept.try_emplace(text);
  if (is_new) place->second = std::make_unique<Sql>(place->first);
  return *place->second;
}

struct Column {
  std::string name;
  Param::Type type = Param::Type::kText;
  std::int64_t place_in_key = 0;  ///< from 1; 0: it is not of the primary key
};

struct Value {
  bool is_null = false;
  std::int64_t integer = 0;
  std::string bytes;
  friend bool operator==(const Value&, const Value&) = default;
};
using Values = std::vector<Value>;

Param param_of(const Value& value, Param::Type type) {
  if (value.is_null) return nullptr;
  if (type == Param::Type::kInteger) return value.integer;
  return type == Param::Type::kBlob ? Param::blob(value.bytes) : Param(value.bytes);
}

Result<Param::Type> type_named(std::string_view name) {
  if (name == "BLOB") return Param::Type::kBlob;
  if (name == "TEXT") return Param::Type::kText;
  if (name == "INTEGER") return Param::Type::kInteger;
  return fail(ErrorCode::kInternal, "a column is of a type that can't be copied");
}

/// A table's columns and the statements that walk it in the order of its primary key.
class Table {
 public:
  /// `wanted`: which of the source's rows are copied; empty: all.
  Table(std::string name, std::vector<Column> columns, std::string wanted)
      : name_(std::move(name)), columns_(std::move(columns)), wanted_(std::move(wanted)) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].place_in_key > 0) key_.push_back(i);
    }
    std::ranges::sort(key_, {}, [this](std::size_t i) { return columns_[i].place_in_key; });
    make_statements();
  }

  const std::string& name() const noexcept { return name_; }
  bool has_key() const noexcept { return !key_.empty(); }
  std::size_t width() const noexcept { return columns_.size(); }

  /// The rows behind `last`, kRowsAtOnce at most; from the first on without it.
  Result<std::vector<Values>> rows_behind(Connection& db, const std::optional<Values>& last) const {
    return query(db, last ? *next_ : *first_, last);
  }
  /// Of them those that are to be copied.
  Result<std::vector<Values>> wanted_behind(Connection& db,
                                            const std::optional<Values>& last) const {
    return query(db, last ? *next_wanted_ : *first_wanted_, last);
  }
  Result<std::vector<Values>> last_row(Connection& db) const {
    return query(db, *last_, std::nullopt);
  }

  Result<> insert(Connection& db, const std::vector<Values>& rows) const {
    std::vector<Param> params;
    params.reserve(rows.size() * width());
    for (const Values& row : rows) {
      for (std::size_t i = 0; i < width(); ++i)
        params.push_back(param_of(row[i], columns_[i].type));
    }
    TRY(const auto inserted, db.run_each(*insert_, params, width()));
    return {};
  }

 private:
  void make_statements() {
    std::vector<std::string> names, keys, backwards, places, parameters;
    for (const Column& column : columns_) {
      names.push_back(column.name);
      parameters.push_back(fmt::format("?{}", names.size()));
    }
    for (const std::size_t i : key_) {
      keys.push_back(columns_[i].name);
      backwards.push_back(columns_[i].name + " DESC");
      places.push_back(fmt::format("?{}", keys.size()));
    }
    const std::string columns = fmt::format("{}", fmt::join(names, ", "));
    const std::string key = fmt::format("{}", fmt::join(keys, ", "));
    const auto select = [&](std::string_view where, std::string_view order, std::size_t limit) {
      return &lasting(fmt::format("SELECT {} FROM {}{} ORDER BY {} LIMIT {}", columns, name_, where,
                                  order, limit));
    };
    const std::string behind = fmt::format("({}) > ({})", key, fmt::join(places, ", "));
    first_ = select("", key, kRowsAtOnce);
    next_ = select(" WHERE " + behind, key, kRowsAtOnce);
    first_wanted_ = wanted_.empty() ? first_ : select(" WHERE " + wanted_, key, kRowsAtOnce);
    next_wanted_ = wanted_.empty() ? next_
                                   : select(fmt::format(" WHERE ({}) AND {}", wanted_, behind), key,
                                            kRowsAtOnce);
    last_ = select("", fmt::format("{}", fmt::join(backwards, ", ")), 1);
    insert_ = &lasting(fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO NOTHING",
                                   name_, columns, fmt::join(parameters, ", "), key));
  }

  Result<std::vector<Values>> query(Connection& db, const Sql& sql,
                                    const std::optional<Values>& last) const {
    std::vector<Param> params;
    for (const std::size_t i : key_) {
      if (last) params.push_back(param_of((*last)[i], columns_[i].type));
    }
    std::vector<Values> rows;
    CHECK_OK(db.query(sql, std::span<const Param>(params), [&](const Row& row) {
      Values values(width());
      for (std::size_t i = 0; i < width(); ++i) {
        const int at = static_cast<int>(i);
        values[i].is_null = row.is_null(at);
        if (values[i].is_null) continue;
        if (columns_[i].type == Param::Type::kInteger) {
          values[i].integer = row.integer(at);
        } else {
          values[i].bytes = row.text(at);
        }
      }
      rows.push_back(std::move(values));
    }));
    return rows;
  }

  std::string name_;
  std::vector<Column> columns_;
  std::string wanted_;
  std::vector<std::size_t> key_;  ///< the columns of the primary key, in its order
  const Sql *first_ = nullptr, *next_ = nullptr, *last_ = nullptr, *insert_ = nullptr;
  const Sql *first_wanted_ = nullptr, *next_wanted_ = nullptr;
};

struct CopyOp final : WriteOp {
  CopyOp(const Table& t, const std::vector<Values>& r) : WriteOp(kKind), table(t), rows(r) {}
  const Table& table;
  const std::vector<Values>& rows;

  static Result<> apply(Connection& db, std::span<WriteOp* const> ops) {
    for (WriteOp* each : ops) CHECK_OK(as<CopyOp>(each).table.insert(db, as<CopyOp>(each).rows));
    return {};
  }
  static const WriteKind kKind;
};
constexpr WriteKind CopyOp::kKind{"copy", 1, &CopyOp::apply};

Result<std::vector<std::string>> table_names(Connection& db) {
  std::vector<std::string> names;
  CHECK_OK(db.query(kTables, {}, [&names](const Row& row) { names.emplace_back(row.text(0)); }));
  return names;
}

Result<Table> table_of(Connection& db, const std::string& name, const std::string& wanted) {
  std::vector<Column> columns;
  Result<> known;
  CHECK_OK(db.query(kColumns, {name}, [&](const Row& row) {
    const auto type = type_named(row.text(1));
    if (!type && known) known = std::unexpected(type.error());
    columns.push_back(
        {std::string(row.text(0)), type.value_or(Param::Type::kText), row.integer(2)});
  }));
  CHECK_OK(std::move(known));
  Table table(name, std::move(columns), wanted);
  if (!table.has_key()) return fail(ErrorCode::kInternal, "a table has no primary key: " + name);
  return table;
}

Result<> copy_rows(Database& from, Database& to, const Table& table) {
  // Where an earlier copy came to.
  TRY(auto rows, read_now(to, [&](Connection& db) { return table.last_row(db); }));
  std::optional<Values> last;
  if (!rows.empty()) last = std::move(rows.back());
  while (true) {
    TRY(rows, read_now(from, [&](Connection& db) { return table.wanted_behind(db, last); }));
    if (rows.empty()) return {};
    CopyOp copy(table, rows);
    CHECK_OK(to.commit_now(copy));
    last = std::move(rows.back());
  }
}

/// The number of rows that both have.
Result<std::int64_t> compare_rows(Database& from, Database& to, const Table& table) {
  std::int64_t count = 0;
  for (std::optional<Values> last;;) {
    TRY(auto ours, read_now(from, [&](Connection& db) { return table.wanted_behind(db, last); }));
    TRY(const auto theirs,
        read_now(to, [&](Connection& db) { return table.rows_behind(db, last); }));
    if (ours != theirs) {
      return fail(ErrorCode::kConflict,
                  fmt::format("table {} differs behind its row {}: the target is not a copy of the "
                              "source; take an empty one",
                              table.name(), count));
    }
    count += static_cast<std::int64_t>(ours.size());
    if (ours.empty()) return count;
    last = std::move(ours.back());
  }
}

}  // namespace

std::span<const Migration> copy_migrations() { return kMigrations; }

Result<> begin_copy(Database& to, Time now) {
  NoteOp begin(kBegin, now);
  return to.commit_now(begin);
}

Result<> finish_copy(Database& to, Time now) {
  NoteOp finish(kFinish, now);
  return to.commit_now(finish);
}

Result<> check_copies(Database& db) {
  bool is_unfinished = false;
  TRY(const bool asked, read_now(db, [&](Connection& connection) -> Result<bool> {
        CHECK_OK(connection.query(kUnfinished, {}, [&](const Row&) { is_unfinished = true; }));
        return true;
      }));
  if (asked && !is_unfinished) return {};
  return fail(ErrorCode::kConflict,
              "this database is the target of a connectd migrate-store that has not ended: call it "
              "again");
}

Result<std::vector<CopiedTable>> copy_tables(
    Database& from, Database& to, const RowsOf& wanted,
    const std::function<void(const CopiedTable&)>& progress) {
  TRY(const auto names, read_now(from, table_names));
  std::vector<CopiedTable> copied;
  for (const std::string& name : names) {
    const auto rows_wanted = wanted(name);
    if (!rows_wanted) continue;
    TRY(const Table table,
        read_now(from, [&](Connection& db) { return table_of(db, name, *rows_wanted); }));
    CHECK_OK(copy_rows(from, to, table));
    TRY(const auto rows, compare_rows(from, to, table));
    copied.push_back({name, rows});
    progress(copied.back());
  }
  return copied;
}

}  // namespace flowsell::store
