#include "postgres_schema.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace flowsell::store {
namespace {

std::string server() {
  const char* conninfo = std::getenv("FLOWSELL_TEST_POSTGRES");
  return conninfo != nullptr ? conninfo : "";
}

void run_on(const std::string& conninfo, const std::string& statements) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(conninfo.c_str()),
                                                                PQfinish);
  PQsetNoticeReceiver(connection.get(), [](void*, const PGresult*) {}, nullptr);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexec(connection.get(), statements.c_str()), PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(PQerrorMessage(connection.get()));
}

}  // namespace

bool PostgresSchema::is_available() { return !server().empty(); }

std::uint16_t PostgresSchema::port() {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(server().c_str(), nullptr), PQconninfoFree);
  for (const auto* each = options.get(); each != nullptr && each->keyword != nullptr; ++each) {
    if (std::string_view(each->keyword) == "port" && each->val != nullptr)
      return static_cast<std::uint16_t>(std::stoi(each->val));
  }
  throw std::runtime_error("FLOWSELL_TEST_POSTGRES names no port");
}

std::string PostgresSchema::conninfo_of(const std::string& database) {
  return server() + " dbname=" + database;
}

void PostgresSchema::run_on_server(const std::string& statement) { run_on(server(), statement); }

PostgresSchema::PostgresSchema() {
  static std::atomic<int> made{0};
  name_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++made);
  conninfo_ = server() + " options=-csearch_path=" + name_;
  run_on(server(), "CREATE SCHEMA " + name_);
}

PostgresSchema::~PostgresSchema() {
  try {
    run_on(server(), "DROP SCHEMA " + name_ + " CASCADE");
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the whole server goes soon
  }
}

void PostgresSchema::run(const std::string& statements) const { run_on(conninfo_, statements); }

}  // namespace flowsell::store
