#pragma once

#include <cstdint>
#include <string>

namespace flowsell::store {

/// An empty schema of one test alone on the PostgreSQL that script/test has started, gone with it.
class PostgresSchema {
 public:
  /// False where no server was started: FLOWSELL_TEST_POSTGRES, a connection string, is not set.
  static bool is_available();
  static std::uint16_t port();
  /// Of another database of that server.
  static std::string conninfo_of(const std::string& database);
  /// Runs one statement outside of any schema. Throws when it fails.
  static void run_on_server(const std::string& statement);

  /// Throws when it can't be made.
  PostgresSchema();
  ~PostgresSchema();
  PostgresSchema(const PostgresSchema&) = delete;
  PostgresSchema& operator=(const PostgresSchema&) = delete;

  /// Of a session whose tables lie in this schema.
  const std::string& conninfo() const noexcept { return conninfo_; }
  const std::string& name() const noexcept { return name_; }
  /// Runs statements in it, in a session of their own. Throws when they fail.
  void run(const std::string& statements) const;

 private:
  std::string name_;
  std::string conninfo_;
};

}  // namespace flowsell::store
