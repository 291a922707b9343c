#include "postgres_dialect.h"

#include <gtest/gtest.h>

namespace flowsell::store {
namespace {

TEST(PostgresDialect, ParametersAreDollars) {
  EXPECT_EQ(to_postgres("SELECT a FROM t WHERE b = ?1 AND c = ?12"),
            "SELECT a FROM t WHERE b = $1 AND c = $12");
}

TEST(PostgresDialect, QuotedTextStaysAsItIs) {
  EXPECT_EQ(to_postgres("SELECT 'what?' || ?1 || 'it''s?'"), "SELECT 'what?' || $1 || 'it''s?'");
}

TEST(PostgresDialect, TypesOfAMigrationAreThoseOfPostgres) {
  const Migration migration{1, "",
                            "CREATE TABLE t (a BLOB NOT NULL, b INTEGER PRIMARY KEY, c TEXT);"};
  EXPECT_EQ(postgres_statements_of(migration),
            "CREATE TABLE t (a BYTEA NOT NULL, b BIGINT PRIMARY KEY, c TEXT);");
}

TEST(PostgresDialect, WordsThatHoldATypesNameStay) {
  const Migration migration{1, "", "CREATE TABLE t (BLOB_count INTEGER, INTEGERS TEXT);"};
  EXPECT_EQ(postgres_statements_of(migration),
            "CREATE TABLE t (BLOB_count BIGINT, INTEGERS TEXT);");
}

TEST(PostgresDialect, TableOptionsOfSqliteGo) {
  const Migration migration{
      1, "", "CREATE TABLE a (b TEXT) STRICT;CREATE TABLE c (d TEXT) STRICT, WITHOUT ROWID;"};
  EXPECT_EQ(postgres_statements_of(migration), "CREATE TABLE a (b TEXT);CREATE TABLE c (d TEXT);");
}

TEST(PostgresDialect, MigrationsOwnTextForPostgresIsTaken) {
  const Migration migration{1, "", "CREATE TABLE t (a BLOB);",
                            "CREATE TABLE t (a BYTEA COMPRESSION lz4);"};
  EXPECT_EQ(postgres_statements_of(migration), "CREATE TABLE t (a BYTEA COMPRESSION lz4);");
}

}  // namespace
}  // namespace flowsell::store
