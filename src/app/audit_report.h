#pragma once

#include <string>

#include "audit/report.h"
#include "config/settings.h"

namespace flowsell::app {

/// `connectd audit verify`: proves every audit chain of the database, or names the first broken row
/// of those that are not whole. On SQLite beside no running server; on PostgreSQL beside any, with
/// the signed heads of this data folder. Blocking.
Result<audit::Report> verify_audit(const config::Settings& settings);
/// `connectd audit verify --file`: proves an export, with nothing but the file. `public_key`: 64
/// hexadecimal digits, or empty. Fails with kInvalidRequest. Blocking.
Result<audit::Report> verify_export(const std::string& file, const std::string& public_key);

/// `connectd audit verify-certificate`: what a deletion's certificate says, and whose key signed
/// it, with nothing but the file. `public_key`: as above. Fails with kInvalidSignature where it was
/// changed, or that is not the key. Blocking.
Result<std::string> verify_certificate(const std::string& file, const std::string& public_key);

}  // namespace flowsell::app
