#include "cluster/schema.h"

#include <array>

namespace flowsell::cluster {
namespace {

constexpr std::array kMigrations = {store::Migration{1, "replicas and cells", R"sql(
CREATE TABLE cluster (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  cells INTEGER NOT NULL
) STRICT;
CREATE TABLE replicas (
  id INTEGER NOT NULL PRIMARY KEY,
  address TEXT NOT NULL,
  beat INTEGER NOT NULL,
  joined_at INTEGER NOT NULL
) STRICT;
CREATE TABLE cells (
  id INTEGER NOT NULL PRIMARY KEY,
  replica INTEGER
) STRICT;
CREATE TABLE routes (
  name TEXT NOT NULL PRIMARY KEY,
  cell INTEGER NOT NULL
) STRICT;
CREATE INDEX routes_cell ON routes (cell);
CREATE TABLE key_checks (
  name TEXT NOT NULL PRIMARY KEY,
  period INTEGER NOT NULL,
  value BLOB NOT NULL
) STRICT;
)sql"},
                                    // Whoever a provider's token speaks for is asked for in
                                    // every cell now.
                                    store::Migration{.number = 90,
                                                     .name = "no names of people",
                                                     .sql = R"sql(
DELETE FROM routes WHERE name LIKE 'whatsapp-user:%';
)sql",
                                                     .expands = true}};

const store::Sql kDivide("INSERT INTO cluster (id, cells) VALUES (1, ?1) ON CONFLICT DO NOTHING");
const store::Sql kAddCell("INSERT INTO cells (id) VALUES (?1) ON CONFLICT DO NOTHING");
const store::Sql kCount("SELECT cells FROM cluster");
const store::Sql kSchema("SELECT ''", "SELECT current_schema()");

struct DivideOp final : store::WriteOp {
  explicit DivideOp(std::size_t c);
  Result<> apply(store::Connection& db) const {
    TRY(const auto is_new, db.run(kDivide, {static_cast<std::int64_t>(cells)}));
    for (std::size_t cell = 0; is_new == 1 && cell < cells; ++cell)
      CHECK_OK(db.write(kAddCell, {static_cast<std::int64_t>(cell)}));
    return {};
  }
  std::size_t cells;
};
constexpr store::WriteKind kDivideKind{"divide", 1, store::apply_each<DivideOp>};
DivideOp::DivideOp(std::size_t c) : WriteOp(kDivideKind), cells(c) {}

}  // namespace

Result<> divide(store::Database& shared, std::size_t cells) {
  DivideOp op(cells);
  return shared.commit_now(op);
}

Result<std::size_t> count_cells(store::Database& shared) {
  std::size_t cells = 0;
  Result<> read;
  CHECK_OK(shared.read_now([&](store::Connection& db) {
    read = db.query(kCount, {}, [&cells](const store::Row& row) {
      cells = static_cast<std::size_t>(row.integer(0));
    });
  }));
  CHECK_OK(std::move(read));
  if (cells == 0) return fail(ErrorCode::kNotFound, "the database has no cells yet");
  return cells;
}

Result<std::string> schema_of(store::Database& shared) {
  std::string schema;
  Result<> read;
  CHECK_OK(shared.read_now([&](store::Connection& db) {
    read = db.query(kSchema, {}, [&schema](const store::Row& row) { schema = row.text(0); });
  }));
  CHECK_OK(std::move(read));
  return schema;
}

std::span<const store::Migration> migrations() { return kMigrations; }

std::string cell_schema(std::string_view schema, std::size_t cell) {
  return std::string(schema) + "_cell_" + std::to_string(cell);
}

}  // namespace flowsell::cluster
