#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/error.h"

namespace flowsell::config {

/// How a value is written in TOML.
enum class Kind : std::uint8_t { kText, kNumber, kSwitch, kTextList, kNumberList };

/// One setting, described once. Everything else (flags, variables, file keys, help, documentation)
/// is read from here.
struct Setting {
  std::string name;  ///< "server.listen": table and key in the file
  std::string flag;  ///< "--listen"; empty: no flag, as a command line can be read by every user of
                     ///< a machine
  std::string environment;  ///< "CONNECT_LISTEN"
  Kind kind = Kind::kText;
  std::string values;  ///< what is allowed, for people: "0 to 256"
  std::string help;    ///< one sentence
  bool secret = false;
  bool hidden = false;  ///< not in --help: for tests of the server itself
  /// Reads the value's text (a list: items with commas between) into the settings. Its error never
  /// repeats the text.
  std::function<Result<>(Settings&, std::string_view)> apply;
  /// The value's text, as apply() reads it; of a secret "set" or "not set".
  std::function<std::string(const Settings&)> show;
};

/// All settings, in the order they are shown.
const std::vector<Setting>& table();

/// The variable and flag that name the configuration file itself.
inline constexpr std::string_view kConfigVariable = "CONNECT_CONFIG";
inline constexpr std::string_view kConfigFlag = "--config";
inline constexpr std::string_view kVariablePrefix = "CONNECT_";

}  // namespace flowsell::config
