#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <sstream>

#include "check.h"
#include "config/settings.h"
#include "table.h"

namespace flowsell::config {
namespace {

/// A value's text and where it came from, before it is understood.
struct Given {
  std::string text;
  std::string source;   ///< "flag --listen"
  std::string pointer;  ///< "--listen"
};

/// Everything that was given, by setting name, and everything that was wrong on the way.
struct Reading {
  std::map<std::string, Given, std::less<>> given;
  std::vector<FieldError> faults;

  void fault(std::string pointer, std::string code, std::string detail, std::string fix) {
    faults.push_back({std::move(pointer), std::move(code), std::move(detail), std::move(fix)});
  }
};

struct CommandLine {
  std::string command;
  std::string object;  ///< a second word: what the command is about
  std::string config_file;
  std::string to;
  std::string from;
  std::string file;
  std::string public_key;
  std::string email;
  bool help = false;
  bool markdown = false;
};

// --- flags
// -----------------------------------------------------------------------------------------------------------

// Not settings: what one command is asked to do, once.
constexpr std::string_view kToFlag = "--to";
constexpr std::string_view kFromFlag = "--from";
constexpr std::string_view kFileFlag = "--file";
constexpr std::string_view kPublicKeyFlag = "--public-key";
constexpr std::string_view kEmailFlag = "--email";

/// What CLI11 writes into: one text for every flag of the table.
using FlagTexts = std::map<std::string, std::string, std::less<>>;

void declare_flags(CLI::App& app, CommandLine& line, FlagTexts& texts) {
  app.set_help_flag();
  app.allow_extras();
  app.add_option("command", line.command);
  app.add_option("object", line.object);
  app.add_flag("-h,--help", line.help);
  app.add_flag("--markdown", line.markdown);
  app.add_option(std::string(kToFlag), line.to);
  app.add_option(std::string(kFromFlag), line.from);
  app.add_option(std::string(kFileFlag), line.file);
  app.add_option(std::string(kPublicKeyFlag), line.public_key);
  app.add_option(std::string(kEmailFlag), line.email);
  app.add_option(std::string(kConfigFlag), line.config_file);
  for (const Setting& setting : table()) {
    if (setting.flag.empty()) continue;
    std::string& text = texts[setting.name];
    if (setting.kind == Kind::kSwitch) {
      app.add_flag(setting.flag, text);
    } else {
      app.add_option(setting.flag, text);
    }
  }
}

std::string fix_of_unknown_flag(std::string_view flag) {
  for (const Setting& setting : table()) {
    if (!setting.flag.empty()) continue;
    const std::string refused = "--" + setting.name;
    if (std::ranges::equal(flag, refused, [](char a, char b) {
          return a == b || (a == '-' && (b == '.' || b == '_'));
        })) {
      return "Secrets have no flag, as others can read it: use " + setting.environment +
             " or the file.";
    }
  }
  return "See connectd --help.";
}

/// Names flags without their values: one may be a secret that was given the wrong way.
void report_unknown_arguments(const std::vector<std::string>& extras, Reading& reading) {
  bool has_flags = false;
  for (const std::string& extra : extras) {
    if (!extra.starts_with('-')) continue;
    has_flags = true;
    const std::string flag = extra.substr(0, extra.find('='));
    reading.fault(flag, "unknown_flag", "there is no such flag", fix_of_unknown_flag(flag));
  }
  if (!has_flags && !extras.empty()) {
    reading.fault("command", "unknown_argument", "there are more arguments than one command",
                  "See connectd --help.");
  }
}

CommandLine read_flags(const std::vector<std::string>& args, Reading& reading) {
  CLI::App app;
  CommandLine line;
  FlagTexts texts;
  declare_flags(app, line, texts);
  try {
    // CLI11 takes its arguments last one first.
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::Error& error) {
    reading.fault("command line", "invalid", error.what(), "See connectd --help.");
    return line;
  }
  report_unknown_arguments(app.remaining(), reading);
  for (const Setting& setting : table()) {
    if (setting.flag.empty() || app.count(setting.flag) == 0) continue;
    reading.given[setting.name] = {texts[setting.name], "flag " + setting.flag, setting.flag};
  }
  return line;
}

// --- environment
// -----------------------------------------------------------------------------------------------------

/// Variables of our prefix that are not ours to judge: connect-sim's, and what Kubernetes and
/// container links set in every process beside a service called "connect".
bool belongs_to_others(std::string_view variable) {
  return variable == "CONNECT_SIM" || variable.starts_with("CONNECT_SIM_") ||
         variable.starts_with("CONNECT_SERVICE_") || variable == "CONNECT_PORT" ||
         variable.starts_with("CONNECT_PORT_");
}

void read_environment(const Environment& environment, Reading& reading) {
  std::map<std::string_view, const Setting*> by_variable;
  for (const Setting& setting : table()) by_variable[setting.environment] = &setting;
  for (const auto& [variable, text] : environment) {
    if (!variable.starts_with(kVariablePrefix) || variable == kConfigVariable ||
        belongs_to_others(variable)) {
      continue;
    }
    const auto found = by_variable.find(variable);
    if (found == by_variable.end()) {
      reading.fault(variable, "unknown_variable", "there is no such setting",
                    "connectd config --markdown lists them.");
    } else if (!text.empty()) {
      // A flag was read before and stays.
      reading.given.try_emplace(found->second->name,
                                Given{text, "environment " + variable, variable});
    }
  }
}

// --- file
// ------------------------------------------------------------------------------------------------------------

std::optional<std::string> scalar_text(const toml::node& node, Kind kind) {
  const bool is_number = kind == Kind::kNumber || kind == Kind::kNumberList;
  if (is_number && node.is_integer()) return std::to_string(node.as_integer()->get());
  if (kind == Kind::kSwitch && node.is_boolean())
    return node.as_boolean()->get() ? "true" : "false";
  if (!is_number && kind != Kind::kSwitch && node.is_string()) return node.as_string()->get();
  return std::nullopt;
}

/// The node as the text that Setting::apply() reads; nullopt when it is of another TOML type.
std::optional<std::string> node_text(const toml::node& node, Kind kind) {
  if (kind != Kind::kTextList && kind != Kind::kNumberList) return scalar_text(node, kind);
  if (!node.is_array()) return std::nullopt;
  std::string joined;
  for (const toml::node& item : *node.as_array()) {
    const auto text = scalar_text(item, kind);
    if (!text) return std::nullopt;
    if (!joined.empty()) joined += ',';
    joined += *text;
  }
  return joined;
}

std::string_view toml_type_of(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "a string in quotes";
    case Kind::kNumber:
      return "a whole number without quotes";
    case Kind::kSwitch:
      return "true or false without quotes";
    case Kind::kTextList:
      return "an array of strings";
    case Kind::kNumberList:
      return "an array of whole numbers";
  }
  return "";
}

void read_node(const std::string& file, const std::string& name, const toml::node& node,
               Reading& reading) {
  const std::string pointer = file + ": " + name;
  const auto setting = std::ranges::find(table(), name, &Setting::name);
  if (setting == table().end()) {
    reading.fault(pointer, "unknown_key", "there is no such setting",
                  "connectd config --markdown lists them.");
    return;
  }
  auto text = node_text(node, setting->kind);
  if (!text) {
    reading.fault(pointer, "wrong_type", "expected " + std::string(toml_type_of(setting->kind)),
                  "Correct the value in the file.");
    return;
  }
  reading.given.try_emplace(name, Given{std::move(*text), "file " + file, pointer});
}

void read_tables(const std::string& file, const toml::table& root, Reading& reading) {
  for (const auto& [group, node] : root) {
    const std::string group_name(group.str());
    if (!node.is_table()) {
      read_node(file, group_name, node, reading);
      continue;
    }
    for (const auto& [key, value] : *node.as_table()) {
      read_node(file, group_name + "." + std::string(key.str()), value, reading);
    }
  }
}

void read_file(const std::string& file, const std::string& named_by, Reading& reading) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream || text.fail()) {
    reading.fault(named_by, "unreadable_file", "can't read the file " + file,
                  "Correct the path, or the file's permissions.");
    return;
  }
  try {
    const toml::table root = toml::parse(text.str(), file);
    read_tables(file, root, reading);
  } catch (const toml::parse_error& error) {
    // Not error.description(): it may quote the line, and the line may hold a secret.
    reading.fault(file, "invalid_toml",
                  "is not valid TOML at line " + std::to_string(error.source().begin.line),
                  "Correct that line.");
  }
}

void read_config_file(const CommandLine& line, const Environment& environment, Reading& reading) {
  if (!line.config_file.empty())
    return read_file(line.config_file, std::string(kConfigFlag), reading);
  const auto variable = environment.find(std::string(kConfigVariable));
  if (variable != environment.end() && !variable->second.empty()) {
    read_file(variable->second, std::string(kConfigVariable), reading);
  }
}

// --- all together
// ----------------------------------------------------------------------------------------------------

Error as_error(std::vector<FieldError> faults) {
  Error error{ErrorCode::kInvalidRequest, ""};
  for (const FieldError& fault : faults) {
    if (!error.detail.empty()) error.detail += '\n';
    error.detail += fault.pointer + ": " + fault.detail + ". " + fault.fix;
  }
  error.fields = std::move(faults);
  return error;
}

std::optional<Command> command_of(const CommandLine& line) {
  if (line.help) return Command::kShowHelp;
  if (line.command == "audit" && line.object == "verify" && !line.markdown)
    return Command::kVerifyAudit;
  if (line.command == "audit" && line.object == "verify-certificate" && !line.markdown)
    return Command::kVerifyCertificate;
  if (!line.object.empty()) return std::nullopt;
  if (line.command == "version") return Command::kShowVersion;
  if (line.command == "permissions" && !line.markdown) return Command::kShowPermissions;
  if (line.command == "init" && !line.markdown) return Command::kInit;
  if (line.command == "backup" && !line.markdown) return Command::kBackup;
  if (line.command == "restore" && !line.markdown) return Command::kRestore;
  if (line.command == "rotate-master-key" && !line.markdown) return Command::kRotateMasterKey;
  if (line.command == "migrate-store" && !line.markdown) return Command::kMigrateStore;
  if (line.command == "config")
    return line.markdown ? Command::kShowConfigMarkdown : Command::kShowConfig;
  if (line.command.empty() && !line.markdown) return Command::kServe;
  return std::nullopt;
}

bool reads_values(Command command) {
  return command != Command::kShowVersion && command != Command::kShowConfigMarkdown &&
         command != Command::kShowPermissions;
}

/// A command's own flag: given where it is needed, and nowhere else.
void check_flag(std::string_view flag, const std::string& file, bool is_needed, Reading& reading) {
  if (is_needed && file.empty()) {
    reading.fault(std::string(flag), "required", "this command needs it",
                  "Name a file; see connectd --help.");
  } else if (!is_needed && !file.empty()) {
    reading.fault(std::string(flag), "unknown_flag", "this command has no such flag",
                  "See connectd --help.");
  }
}

void read_files(const CommandLine& line, LoadedSettings& loaded, Reading& reading) {
  if (loaded.command == Command::kShowHelp) return;
  if (loaded.command != Command::kMigrateStore) {  // whose two have defaults
    check_flag(kToFlag, line.to, loaded.command == Command::kBackup, reading);
    const bool reads_a_file =
        loaded.command == Command::kRestore || loaded.command == Command::kVerifyCertificate;
    check_flag(kFromFlag, line.from, reads_a_file, reading);
  }
  if (loaded.command != Command::kVerifyAudit) check_flag(kFileFlag, line.file, false, reading);
  if (line.file.empty() && loaded.command != Command::kVerifyCertificate)
    check_flag(kPublicKeyFlag, line.public_key, false, reading);
  if (loaded.command != Command::kInit)  // where it may be left out
    check_flag(kEmailFlag, line.email, /*is_needed=*/false, reading);
  loaded.email = line.email;
  loaded.to = Secret(line.to);
  loaded.from = line.from;
  loaded.file = line.file;
  loaded.public_key = line.public_key;
}

void apply_all(Reading& reading, LoadedSettings& loaded) {
  for (const Setting& setting : table()) {
    const auto found = reading.given.find(setting.name);
    if (found == reading.given.end()) continue;
    const Given& given = found->second;
    if (auto applied = setting.apply(loaded.settings, given.text); !applied) {
      reading.fault(given.pointer, "invalid_value", applied.error().detail, "Correct the value.");
    } else {
      loaded.sources[setting.name] = given.source;
    }
  }
}

/// A rule between settings names a setting; people look for the place where they wrote it.
void check_all(Reading& reading, const Settings& settings) {
  for (FieldError& fault : check(settings)) {
    const auto found = reading.given.find(fault.pointer);
    if (found != reading.given.end()) fault.pointer = found->second.pointer;
    reading.faults.push_back(std::move(fault));
  }
}

}  // namespace

Result<LoadedSettings> load(const std::vector<std::string>& args, const Environment& environment) {
  Reading reading;
  const CommandLine line = read_flags(args, reading);
  LoadedSettings loaded;
  if (const auto command = command_of(line)) {
    loaded.command = *command;
    if (reading.faults.empty()) read_files(line, loaded, reading);
  } else if (reading.faults.empty() && !line.object.empty() && line.command != "audit") {
    reading.fault("command", "unknown_argument", "there are more arguments than one command",
                  "See connectd --help.");
  } else if (reading.faults.empty()) {
    reading.fault("command", "unknown_command",
                  "expected init, backup, restore, migrate-store, rotate-master-key, audit verify, "
                  "audit verify-certificate, config, permissions, version or nothing",
                  "See connectd --help.");
  }
  if (reading.faults.empty() && reads_values(loaded.command)) {
    read_environment(environment, reading);
    read_config_file(line, environment, reading);
    apply_all(reading, loaded);
    if (reading.faults.empty()) check_all(reading, loaded.settings);
    // Who asks for help may be about to mend just that.
    if (loaded.command == Command::kShowHelp) reading.faults.clear();
  }
  if (!reading.faults.empty()) return std::unexpected(as_error(std::move(reading.faults)));
  return loaded;
}

}  // namespace flowsell::config
