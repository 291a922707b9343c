#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "audit/head_file.h"
#include "audit/report.h"
#include "store/database.h"

/// A chain outside of its database: lines that prove themselves. README.md says what is in one.
namespace flowsell::audit {

/// How much of a chain is read at once. The first event comes whatever its size.
struct ExportLimits {
  std::size_t events = 1000;
  std::size_t bytes = 4 << 20;
};

/// A part of a chain, oldest first.
struct ExportPart {
  std::string lines;      ///< one for each event (https://jsonlines.org)
  std::int64_t last = 0;  ///< the place of the last of them; without any, of the one before
  bool more = false;
};

/// The events behind the place `behind`; 0: from the first one on. A chain only grows, so parts
/// that were read at different times make one export.
Result<ExportPart> export_part(store::Connection& db, std::string_view scope, std::int64_t behind,
                               ExportLimits limits = {});

/// Proves a file of such lines, and of signed heads (lines of a HeadFile) in any order among them:
/// that each chain in it begins with its first event, that nothing in it was changed, moved, put in
/// or taken out, and with a signed head that it reaches up to there. `keys`: whose heads count.
/// Without one, a chain's end that was cut off can't be told, and the report says so. Blocking;
/// fails with kNotFound and kInternal: the file can't be read.
Result<Report> verify_export(const std::filesystem::path& file, std::span<const PublicKey> keys);

}  // namespace flowsell::audit
