#include "rows.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/encoding.h"
#include "core/id.h"
#include "core/time.h"
#include "json/writer.h"

namespace flowsell::privacy {
namespace {

/// Its text stays where it is.
struct Statement {
  explicit Statement(std::string t) : text(std::move(t)), sql(text) {}
  const std::string text;
  const store::Sql sql;
};

void write_id(json::Writer& out, std::string_view prefix, std::string_view blob) {
  IdBytes bytes{};
  if (blob.size() != bytes.size()) {
    out.null();
    return;
  }
  std::copy(blob.begin(), blob.end(), bytes.begin());
  std::string text(prefix);
  base32_append(bytes, text);
  out.string(text);
}

void write_value(json::Writer& out, const ColumnForm& column, const store::Row& row, int at) {
  if (row.is_null(at)) {
    out.null();
  } else if (column.sign == '@') {
    out.string(format_time(row.time(at)));
  } else if (column.sign == '#') {
    out.integer(row.integer(at));
  } else if (column.sign == '%') {
    write_id(out, column.prefix, row.text(at));
  } else {
    out.string(row.text(at));
  }
}

}  // namespace

std::vector<ColumnForm> columns_of(const HeldTable& table) {
  constexpr std::string_view kSigns = "@#%!~";
  std::vector<ColumnForm> columns;
  std::string_view rest = table.columns;
  while (!rest.empty()) {
    const auto space = rest.find(' ');
    std::string_view word = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    ColumnForm column;
    if (kSigns.contains(word.front())) {
      column.sign = word.front();
      word.remove_prefix(1);
    }
    const auto colon = word.find(':');
    column.name = word.substr(0, colon);
    if (colon != std::string_view::npos) column.prefix = word.substr(colon + 1);
    columns.push_back(column);
  }
  return columns;
}

const store::Sql& statement(std::string text) {
  static std::mutex mutex;
  static std::unordered_map<std::string, std::unique_ptr<Statement>> known;
  const std::lock_guard lock(mutex);
  auto& found = known[text];
  if (!found) found = std::make_unique<Statement>(std::move(text));
  return found->sql;
}

namespace {

/// What is shown of a table.
struct Shown {
  std::vector<ColumnForm> columns;
  std::string names;

  explicit Shown(const HeldTable& table) {
    for (const ColumnForm& each : columns_of(table)) {
      if (!each.is_exported()) continue;
      names.append(names.empty() ? "" : ", ").append(each.name);
      columns.push_back(each);
    }
  }
  void append(const HeldTable& table, const store::Row& row, std::string& out) const {
    json::Writer line;
    line.begin_object().key("type").string(table.name).key("data").begin_object();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      line.key(columns[i].name);
      write_value(line, columns[i], row, static_cast<int>(i));
    }
    line.end_object().end_object();
    out.append(line.text()).append("\n");
  }
};

}  // namespace

Result<> append_rows(store::Connection& db, const HeldTable& table, std::string_view column,
                     const store::Param& value, std::string& out, const WorkspaceId* of) {
  const Shown shown(table);
  std::string text = "SELECT " + shown.names + " FROM " + std::string(table.name) + " WHERE " +
                     std::string(column) + " = ?1";
  if (of != nullptr) text.append(" AND ").append(table.workspace_column).append(" = ?2");
  const store::Sql& sql = statement(text.append(" ORDER BY 1"));
  const auto append = [&](const store::Row& row) { shown.append(table, row, out); };
  return of == nullptr ? db.query(sql, {value}, append) : db.query(sql, {value, *of}, append);
}

Result<RowsSeen> append_rows_by_id(store::Connection& db, const HeldTable& table,
                                   const WorkspaceId& workspace, const RowPage& page,
                                   std::string& out) {
  const Shown shown(table);
  const auto id_at = static_cast<int>(shown.columns.size());
  const store::Sql& sql =
      statement("SELECT " + shown.names + ", id FROM " + std::string(table.name) +
                " WHERE workspace_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
  RowsSeen seen;
  const std::string_view behind = as_text(page.behind);
  CHECK_OK(db.query(sql, {workspace, store::Param::blob(behind), page.limit},
                    [&](const store::Row& row) {
                      shown.append(table, row, out);
                      std::ranges::copy(row.text(id_at), seen.last.begin());
                      ++seen.count;
                    }));
  return seen;
}

Result<> delete_rows(store::Connection& db, const HeldTable& table, std::string_view column,
                     const store::Param& value) {
  return db.write(statement("DELETE FROM " + std::string(table.name) + " WHERE " +
                            std::string(column) + " = ?1"),
                  {value});
}

Result<bool> delete_some(store::Connection& db, const HeldTable& table,
                         const store::Param& workspace) {
  const std::string name(table.name);
  TRY(const auto deleted,
      db.run(
          statement("DELETE FROM " + name + " WHERE workspace_id = ?1 AND id IN (SELECT id FROM " +
                    name + " WHERE workspace_id = ?1 ORDER BY id LIMIT 2000)"),
          {workspace}));
  return deleted > 0;
}

}  // namespace flowsell::privacy
