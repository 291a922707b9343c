#include "testkit/temp_folder.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace flowsell::testkit {

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "flowsell-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool TempFolder::holds(std::string_view bytes) const {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.find(bytes) != std::string::npos) return true;
  }
  return false;
}

}  // namespace flowsell::testkit
