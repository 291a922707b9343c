#include "postgres_dialect.h"

#include <array>
#include <cctype>
#include <utility>

namespace flowsell::store {
namespace {

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// What a word of SQLite's schemas is in PostgreSQL's.
std::string_view word_of_postgres(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kWords = {{
      {"BLOB", "BYTEA"},
      {"INTEGER", "BIGINT"},
  }};
  for (const auto& [sqlite, postgres] : kWords) {
    if (word == sqlite) return postgres;
  }
  return word;
}

void erase_all(std::string& text, std::string_view what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.erase(at, what.size());
}

}  // namespace

std::string to_postgres(std::string_view statement) {
  std::string out(statement);
  bool quoted = false;
  for (char& c : out) {
    if (c == '\'') quoted = !quoted;
    if (c == '?' && !quoted) c = '$';
  }
  return out;
}

std::string postgres_statements_of(const Migration& migration) {
  if (!migration.postgres.empty()) return std::string(migration.postgres);
  std::string out;
  for (std::size_t i = 0; i < migration.sql.size();) {
    std::size_t end = i;
    while (end < migration.sql.size() && is_word_char(migration.sql[end])) ++end;
    if (end == i) {
      out += migration.sql[i++];
      continue;
    }
    out += word_of_postgres(migration.sql.substr(i, end - i));
    i = end;
  }
  for (const std::string_view what : {" STRICT, WITHOUT ROWID", " STRICT"}) erase_all(out, what);
  return out;
}

std::string quoted_identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace flowsell::store
