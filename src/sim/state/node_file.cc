#include "state/node_file.h"

#include <array>
#include <filesystem>

#include "store/sqlite.h"

namespace flowsell::sim {
namespace {

constexpr std::array<store::Migration, 1> kMigrations = {{
    {1, "nodes of the simulated Graph",
     "CREATE TABLE sim_nodes (kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
     "body TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;"},
}};

constexpr store::Sql kAll("SELECT kind, id, version, body FROM sim_nodes WHERE body <> ''");
// Two calls may have changed one node at a time; whichever is written last, the later one stands.
constexpr store::Sql kPut(
    "INSERT INTO sim_nodes (kind, id, version, body) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, body = excluded.body "
    "WHERE excluded.version > sim_nodes.version");

struct WriteNodes final : store::WriteOp {
  static const store::WriteKind kKind;
  explicit WriteNodes(std::vector<NodeRow> nodes) : WriteOp(kKind), rows(std::move(nodes)) {}
  Result<> apply(store::Connection& db) {
    for (const auto& row : rows)
      CHECK_OK(db.write(kPut, {row.kind, row.id, row.version, row.body}));
    return {};
  }
  std::vector<NodeRow> rows;
};
const store::WriteKind WriteNodes::kKind{"sim_nodes", 1, &store::apply_each<WriteNodes>};

}  // namespace

Result<std::unique_ptr<NodeFile>> NodeFile::open(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kInternal, "the simulator's folder can't be made");
  store::SqliteOptions options{.path = folder + "/simulator.db", .readers = 1};
  TRY(auto database, store::open_sqlite(options));
  CHECK_OK(database->migrate(kMigrations));
  return std::unique_ptr<NodeFile>(new NodeFile(std::move(database)));
}

Result<> NodeFile::each(const std::function<void(const NodeRow&)>& visit) {
  Result<> read;
  CHECK_OK(database_->read_now([&](store::Connection& db) {
    read = db.query(kAll, {}, [&](const store::Row& row) {
      visit({std::string(row.text(0)), std::string(row.text(1)), row.integer(2),
             std::string(row.text(3))});
    });
  }));
  return read;
}

Task<> NodeFile::write(std::vector<NodeRow> rows) {
  WriteNodes op(std::move(rows));
  auto committed = database_->commit(op);
  co_return co_await std::move(committed);
}

void NodeFile::close() { database_->stop(); }

}  // namespace flowsell::sim
