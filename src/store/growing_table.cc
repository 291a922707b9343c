#include "store/growing_table.h"

#include <fmt/format.h>

#include <array>

namespace flowsell::store {
namespace {

// Of one step on SQLite.
constexpr std::int64_t kRowsAtOnce = 500;
constexpr int kWorkspacesAtOnce = 200;

/// Rows that one transaction takes out of the default partition: about a second's work.
constexpr std::int64_t kAdoptedMax = 50'000;

// A partition is made apart and then attached: that lets others read and write the table meanwhile,
// which CREATE TABLE ... PARTITION OF does not. What waits in the default partition comes along, as
// ATTACH would refuse otherwise. DROP takes the table for itself, for the rest of a transaction of
// milliseconds. (DETACH ... CONCURRENTLY would not need to, but works neither in a transaction nor
// beside a default partition.) Both wait for those who read the table for 100 ms at most, as
// whoever comes meanwhile waits behind them; then nothing has happened, and they are tried again
// later.
constexpr std::string_view kFunctions = R"sql(
CREATE FUNCTION id_at(at TIMESTAMP) RETURNS BYTEA LANGUAGE sql IMMUTABLE AS $$
  SELECT decode(lpad(to_hex((extract(epoch FROM at) * 1000)::BIGINT), 12, '0') || repeat('0', 20),
                'hex')
$$;

CREATE FUNCTION time_of_id(id BYTEA) RETURNS TIMESTAMP LANGUAGE sql IMMUTABLE AS $$
  SELECT to_timestamp(('x' || encode(substring(id FROM 1 FOR 6), 'hex'))::BIT(48)::BIGINT / 1000.0)
         AT TIME ZONE 'UTC'
$$;

CREATE FUNCTION make_partition(parent TEXT, part TEXT, key TEXT, low TEXT, high TEXT)
RETURNS VOID LANGUAGE plpgsql SET lock_timeout = '100ms' AS $$
BEGIN
  IF to_regclass(format('%I.%I', current_schema(), part)) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING STORAGE)', part, parent);
  EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) '
                 'INSERT INTO %I SELECT * FROM moved',
                 parent || '_default', key, low, key, high, part);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                 parent, part, low, high);
EXCEPTION WHEN lock_not_available THEN
  RETURN;
END $$;

CREATE FUNCTION make_months(parent TEXT, first TIMESTAMP, last TIMESTAMP)
RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE month TIMESTAMP := date_trunc('month', first);
BEGIN
  WHILE month <= last LOOP
    PERFORM make_partition(parent, parent || to_char(month, '_YYYY_MM'), 'id',
                           id_at(month)::TEXT, id_at(month + INTERVAL '1 month')::TEXT);
    month := month + INTERVAL '1 month';
  END LOOP;
END $$;

CREATE FUNCTION adopt_rows(parent TEXT, last TIMESTAMP, rows_max BIGINT)
RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
  month RECORD;
  waiting BIGINT := 0;
BEGIN
  FOR month IN EXECUTE format(
    'SELECT date_trunc(''month'', time_of_id(id)) AS begins, count(*) AS n FROM %I '
    'WHERE id >= %L AND id < %L GROUP BY 1 ORDER BY 1',
    parent || '_default', id_at('2020-01-01'),
    id_at(date_trunc('month', last) + INTERVAL '1 month'))
  LOOP
    IF month.n <= rows_max THEN
      PERFORM make_months(parent, month.begins, month.begins);
    ELSE
      waiting := waiting + month.n;
    END IF;
  END LOOP;
  RETURN waiting;
END $$;

CREATE FUNCTION drop_partition(part TEXT) RETURNS BIGINT LANGUAGE plpgsql
SET lock_timeout = '100ms' AS $$
BEGIN
  EXECUTE format('DROP TABLE %I', part);
  RETURN 1;
EXCEPTION WHEN lock_not_available THEN
  RETURN -1;
END $$;

CREATE FUNCTION partitions_of(parent TEXT) RETURNS TABLE(part TEXT) LANGUAGE sql STABLE AS $$
  SELECT relname::TEXT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
  WHERE inhparent = to_regclass(format('%I.%I', current_schema(), parent))
    AND relname <> parent || '_default' ORDER BY 1
$$;

CREATE FUNCTION drop_month_before(parent TEXT, below BYTEA)
RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE oldest TEXT := (SELECT min(part) FROM partitions_of(parent));
BEGIN
  IF id_at(to_date(right(oldest, 7), 'YYYY_MM') + INTERVAL '1 month') <= below THEN
    RETURN drop_partition(oldest);
  END IF;
  RETURN 0;
END $$;

CREATE FUNCTION make_days(parent TEXT, first BIGINT, last BIGINT)
RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  FOR day IN first .. last LOOP
    PERFORM make_partition(parent, parent || '_' || day, 'day', day::TEXT, (day + 1)::TEXT);
  END LOOP;
END $$;

CREATE FUNCTION drop_day_before(parent TEXT, day BIGINT)
RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE oldest BIGINT := (SELECT min(substring(part FROM '\d+$')::BIGINT)
                          FROM partitions_of(parent));
BEGIN
  IF oldest < day THEN
    RETURN drop_partition(parent || '_' || oldest);
  END IF;
  RETURN 0;
END $$;
)sql";

constexpr std::array kMigrations = {Migration{7, "partitions", "", kFunctions}};

constexpr std::array kAdoption = {Migration{90, "partitions of what was there before", "", R"sql(
DO $$
DECLARE parent TEXT;
BEGIN
  FOREACH parent IN ARRAY ARRAY['messages', 'events', 'deliveries'] LOOP
    PERFORM adopt_rows(parent, now() AT TIME ZONE 'UTC', 9223372036854775807);
  END LOOP;
END $$;
)sql"}};

// What SQLite answers to these says nothing: it has no partitions.
constexpr Sql kMakeMonths("SELECT 1 WHERE ?1 || ?2 || ?3 IS NULL",
                          "SELECT 1 FROM make_months(?1, to_timestamp(?2::bigint / 1000.0) AT TIME "
                          "ZONE 'UTC', to_timestamp(?3::bigint / 1000.0) AT TIME ZONE 'UTC')");
constexpr Sql kAdopt("SELECT 0 WHERE ?1 || ?2 || ?3 IS NULL",
                     "SELECT adopt_rows(?1, to_timestamp(?2::bigint / 1000.0) AT TIME ZONE 'UTC', "
                     "?3)");
constexpr Sql kDropMonth("SELECT 0 WHERE ?1 || ?2 IS NULL", "SELECT drop_month_before(?1, ?2)");
constexpr Sql kMakeDays("SELECT 1 WHERE ?1 || ?2 || ?3 IS NULL",
                        "SELECT 1 FROM make_days(?1, ?2, ?3)");
constexpr Sql kDropDay("SELECT 0 WHERE ?1 || ?2 IS NULL", "SELECT drop_day_before(?1, ?2)");

Param blob_of(const IdBytes& id) {
  return Param::blob({reinterpret_cast<const char*>(id.data()), id.size()});
}

/// The number that a function of the server's returned; nullopt on SQLite.
Result<std::optional<std::int64_t>> call(Connection& db, const Sql& function, Params params) {
  std::optional<std::int64_t> number;
  CHECK_OK(db.query(function, params, [&number](const Row& row) { number = row.integer(0); }));
  return number;
}

}  // namespace

std::span<const Migration> partition_migrations() { return kMigrations; }
std::span<const Migration> adoption_migrations() { return kAdoption; }

GrowingTable::GrowingTable(std::string_view name)
    : name_(name),
      next_text_(fmt::format("SELECT workspace_id, id FROM {} WHERE workspace_id > ?1 ORDER BY "
                             "workspace_id, id LIMIT 1",
                             name)),
      bound_text_(fmt::format("SELECT id FROM {} WHERE workspace_id = ?1 AND id < ?2 ORDER BY id "
                              "LIMIT 1 OFFSET ?3",
                              name)),
      delete_text_(fmt::format("DELETE FROM {} WHERE workspace_id = ?1 AND id < ?2", name)),
      delete_stray_text_(fmt::format("DELETE FROM {}_default WHERE ctid = ANY (ARRAY (SELECT ctid "
                                     "FROM {}_default WHERE id < ?1 LIMIT ?2))",
                                     name, name)),
      span_text_(fmt::format("SELECT MIN(id), MAX(id) FROM {}", name)),
      next_(next_text_),
      bound_(bound_text_),
      delete_(delete_text_),
      delete_stray_(delete_stray_text_),
      span_(span_text_) {}

Result<> GrowingTable::make_partitions(Connection& db, Time from, Time until) const {
  TRY([[maybe_unused]] const auto made, call(db, kMakeMonths, {name_, from, until}));
  return {};
}

Result<std::int64_t> GrowingTable::adopt_rows(Connection& db, Time until) const {
  TRY(const auto left, call(db, kAdopt, {name_, until, kAdoptedMax}));
  return left.value_or(0);
}

Result<GrowingTable::Trimmed> GrowingTable::trim(Connection& db, const IdBytes& below,
                                                 const WorkspaceId& behind) const {
  Trimmed out{.behind = behind};
  TRY(const auto dropped, call(db, kDropMonth, {name_, blob_of(below)}));
  if (dropped) {
    TRY(out.rows, db.run(delete_stray_, {blob_of(below), kRowsAtOnce}));
    out.partitions = *dropped > 0 ? 1 : 0;
    out.waits = *dropped < 0;
    out.more = *dropped > 0 || out.rows == kRowsAtOnce;
    return out;
  }
  for (int i = 0; i < kWorkspacesAtOnce && out.rows < kRowsAtOnce; ++i) {
    TRY(out.more, trim_workspace(db, below, out, kRowsAtOnce - out.rows));
    if (!out.more) break;
  }
  return out;
}

/// Of the first workspace behind out.behind. False: there is none.
Result<bool> GrowingTable::trim_workspace(Connection& db, const IdBytes& below, Trimmed& out,
                                          std::int64_t rows_max) const {
  std::optional<WorkspaceId> workspace;
  MessageId oldest;
  CHECK_OK(db.query(next_, {out.behind}, [&](const Row& row) {
    workspace = row.id<WorkspaceId>(0);
    oldest = row.id<MessageId>(1);
  }));
  if (!workspace) return false;
  Trimmed deleted;
  if (oldest.bytes() < below) {
    TRY(deleted, delete_some(db, *workspace, below, rows_max));
    out.rows += deleted.rows;
    if (deleted.rows > 0) out.of.emplace_back(*workspace, deleted.rows);
  }
  if (!deleted.more) out.behind = *workspace;
  return true;
}

Result<GrowingTable::Trimmed> GrowingTable::delete_some(Connection& db,
                                                        const WorkspaceId& workspace,
                                                        const IdBytes& below,
                                                        std::int64_t rows_max) const {
  Trimmed out{.behind = workspace};
  IdBytes end = below;
  CHECK_OK(db.query(bound_, {workspace, blob_of(below), rows_max}, [&](const Row& row) {
    end = row.id<MessageId>(0).bytes();
    out.more = true;
  }));
  TRY(out.rows, db.run(delete_, {workspace, blob_of(end)}));
  return out;
}

Result<GrowingTable::Trimmed> GrowingTable::trim_of(Connection& db, const WorkspaceId& workspace,
                                                    const IdBytes& below) const {
  return delete_some(db, workspace, below, kRowsAtOnce);
}

Result<std::optional<GrowingTable::Span>> GrowingTable::span(Connection& db) const {
  std::optional<Span> out;
  CHECK_OK(db.query(span_, {}, [&out](const Row& row) {
    if (!row.is_null(0)) out = {row.id<MessageId>(0).time(), row.id<MessageId>(1).time()};
  }));
  return out;
}

DailyTable::DailyTable(std::string_view name) : name_(name) {}

Result<> DailyTable::make_partitions(Connection& db, std::int64_t first_day,
                                     std::int64_t last_day) const {
  TRY([[maybe_unused]] const auto made, call(db, kMakeDays, {name_, first_day, last_day}));
  return {};
}

Result<bool> DailyTable::drop_partition(Connection& db, std::int64_t day) const {
  TRY(const auto dropped, call(db, kDropDay, {name_, day}));
  return dropped.value_or(0) > 0;
}

}  // namespace flowsell::store
