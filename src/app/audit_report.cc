#include "audit_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "audit/export.h"
#include "audit_signing.h"
#include "cluster/schema.h"
#include "core/encoding.h"
#include "keys.h"
#include "privacy/certificate.h"
#include "store/postgres.h"
#include "store/sqlite.h"

namespace flowsell::app {
namespace {

using DatabasePtr = std::unique_ptr<store::Database>;

struct Opened {
  std::vector<DatabasePtr> databases;
  std::vector<audit::ReportSource> sources;

  void add(std::string name, DatabasePtr db) {
    sources.push_back({std::move(name), *db});
    databases.push_back(std::move(db));
  }
  void stop() {
    for (const DatabasePtr& db : databases) db->stop();
  }
};

Result<Opened> open_sqlite(const config::Settings& settings) {
  const auto file = std::filesystem::path(settings.data.dir) / "connect.db";
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return fail(ErrorCode::kNotFound, file.string() + " is not there");
  Opened opened;
  TRY(auto db, store::open_sqlite({.path = file.string(), .readers = 1}));
  opened.add("", std::move(db));
  return opened;
}

Result<Opened> open_postgres(const config::Settings& settings) {
  store::PostgresOptions options;
  options.conninfo = settings.database.url;
  options.readers = 1;
  options.is_shared = true;  // reads beside whoever owns it
  Opened opened;
  TRY(auto shared, store::open_postgres(options));
  TRY(const auto schema, cluster::schema_of(*shared));
  TRY(const std::size_t cells, cluster::count_cells(*shared));
  opened.add("accounts", std::move(shared));
  for (std::size_t n = 0; n < cells; ++n) {
    options.schema = cluster::cell_schema(schema, n);
    TRY(auto cell, store::open_postgres(options));
    opened.add("cell " + std::to_string(n), std::move(cell));
  }
  return opened;
}

constexpr std::string_view kCertificate = R"(the certificate {} is sound
it says that the deletion of {} was done at {}
it was signed by the key {}
{}
)";
constexpr std::uintmax_t kCertificateBytesMax = 65'536;

Result<audit::PublicKey> read_public_key(const std::string& digits) {
  const auto bytes = hex_decode(digits);
  audit::PublicKey key{};
  if (!bytes || bytes->size() != key.size()) {
    return fail(ErrorCode::kInvalidRequest,
                "--public-key: expected the 64 hexadecimal digits that connectd audit verify "
                "prints");
  }
  std::ranges::copy(as_bytes(*bytes), key.begin());
  return key;
}

Result<std::string> content_of(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  std::ifstream in(file, std::ios::binary);
  if (error || !in) return fail(ErrorCode::kNotFound, file + " can't be read");
  if (size > kCertificateBytesMax) return fail(ErrorCode::kInvalidRequest, file + " is too large");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

Result<audit::Report> verify_audit(const config::Settings& settings) {
  TRY(auto opened, settings.database.url.empty() ? open_sqlite(settings) : open_postgres(settings));
  // The first one has what all share.
  const auto roots = read_roots(settings, *opened.databases.front());
  Result<audit::Report> report;
  if (roots) {
    report = audit::verify_report(opened.sources, audit_head_file(settings), head_keys(*roots));
  } else {
    report = std::unexpected(roots.error());
  }
  opened.stop();
  return report;
}

Result<audit::Report> verify_export(const std::string& file, const std::string& public_key) {
  std::vector<audit::PublicKey> keys;
  if (!public_key.empty()) {
    TRY(const auto key, read_public_key(public_key));
    keys.push_back(key);
  }
  return audit::verify_export(file, keys);
}

Result<std::string> verify_certificate(const std::string& file, const std::string& public_key) {
  TRY(const std::string text, content_of(file));
  TRY(const auto verified, privacy::verify_certificate(text));
  if (!public_key.empty()) {
    TRY(const auto key, read_public_key(public_key));
    if (key != verified.signed_by)
      return fail(ErrorCode::kInvalidSignature, "the certificate was signed by another key");
  }
  return fmt::format(kCertificate, verified.id, verified.subject, format_time(verified.finished_at),
                     hex_encode(verified.signed_by),
                     public_key.empty()
                         ? "compare it with the key that connectd audit verify prints"
                         : "which is the one that was named");
}

}  // namespace flowsell::app
