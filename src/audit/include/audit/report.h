#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "audit/head_file.h"
#include "store/database.h"

namespace flowsell::audit {

/// A database that has chains.
struct ReportSource {
  std::string name;  ///< "cell 3"; empty where there is but one
  store::Database& db;
};

struct Report {
  std::string text;       ///< a line for each chain, what is wrong with the file of heads, the sum
  bool is_whole = false;  ///< every chain is, and the heads are there and are all valid
};

/// What `connectd audit verify` prints. `sources` are all databases whose heads are in the file: a
/// signed chain that is in none of them is broken. Blocking; each chain is read in a snapshot of
/// its own. Fails as the databases do, and with kInternal when the file can't be read.
Result<Report> verify_report(std::span<const ReportSource> sources,
                             const std::filesystem::path& head_file,
                             std::span<const PublicKey> keys);

}  // namespace flowsell::audit
