#include "time_zone.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace flowsell::team {
namespace {

constexpr std::string_view kFolder = "/usr/share/zoneinfo/";
constexpr std::string_view kMagic = "TZif";
constexpr std::size_t kNameMax = 64;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '+' || c == '/';
}

/// Files of the folder that are no zones of IANA's.
bool is_other_file(std::string_view name) {
  return name.starts_with("posix") || name.starts_with("right/") || name == "localtime";
}

}  // namespace

bool is_time_zone(std::string_view name) {
  if (name == "UTC") return true;
  const bool is_name = !name.empty() && name.size() <= kNameMax && name.front() != '/' &&
                       std::ranges::all_of(name, is_name_character);
  if (!is_name || is_other_file(name)) return false;
  const std::filesystem::path file(std::string(kFolder).append(name));
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return false;
  std::ifstream in(file, std::ios::binary);
  std::array<char, kMagic.size()> head{};
  in.read(head.data(), head.size());
  return in && std::string_view(head.data(), head.size()) == kMagic;
}

}  // namespace flowsell::team
