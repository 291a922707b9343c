#pragma once

#include <string>

#include "audit/report.h"
#include "config/settings.h"

namespace flowsell::app {

/// `connectd audit verify`: proves every audit chain of the database, or names the first broken row
/// of those that are not whole. On SQLite beside no running server; on PostgreSQL beside any, with
/// the signed heads of this data folder. Blocking.
Result<audit::Report> verify_audit(const config::Settings& settings);
/// `connectd audit verify-certificate`: what a deletion's certificate says, and whose key signed
/// it. The server's database and master key are needed only to say whether it was this server's (on
/// SQLite beside no running server). Fails with kInvalidSignature where it was changed, or was
/// signed by another than this server. Blocking.
Result<std::string> verify_certificate(const config::Settings& settings, const std::string& file);

/// `connectd audit verify --file`: proves an export, with nothing but the file. `public_key`: 64
/// hexadecimal digits, or empty. Fails with kInvalidRequest. Blocking.
Result<audit::Report> verify_export(const std::string& file, const std::string& public_key);

}  // namespace flowsell::app
