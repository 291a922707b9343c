#include <fmt/format.h>

#include <algorithm>

#include "config/settings.h"
#include "table.h"

namespace flowsell::config {
namespace {

constexpr std::string_view kUsage =
    R"(connectd: a gateway between applications and messaging channels.

Usage:
  connectd [flags]             serve
  connectd init [flags] [--email ADDRESS]
                               make the master key and the first operator, whose password is asked
                               for, or is in CONNECTD_INIT_PASSWORD (docs/operations/first-start.md)
  connectd backup [flags] --to FILE_OR_FOLDER
                               copy the database beside a running server (docs/operations/backup.md)
  connectd restore [flags] --from FILE
                               put such a copy into a data folder that has no database
  connectd migrate-store [flags] [--from sqlite:FOLDER] [--to postgres://...]
                               copy a resting SQLite database to an empty PostgreSQL one; without
                               the two flags: from data.dir, to database.url
  connectd audit verify [flags]
                               prove the audit log, or name the first broken row
  connectd audit verify --file FILE [--public-key HEX]
                               the same of an export, with nothing but the file; with the key that
                               the first form prints its signed heads count too
  connectd audit verify-certificate --from FILE [--public-key HEX]
                               the same of a deletion's certificate
  connectd rotate-master-key [flags]
                               give the server of this data folder a new master key while it runs
                               (docs/operations/master-key.md)
  connectd config [flags]      show every setting, its value and where it came from
  connectd config --markdown   show the documentation of all settings
  connectd permissions         show what API keys, members and operators may do
  connectd version             show the version

A flag beats an environment variable, a variable beats the file, the file beats the default.

Flags:
  -h, --help
      Show this.
  --config FILE
      TOML file with settings. [CONNECT_CONFIG]
)";

constexpr std::string_view kMarkdownHead = R"(# Settings of connectd

This file is what `connectd config --markdown` prints; a test compares the two.

Each setting can come from a flag, an environment variable or a TOML file (`--config FILE` or `CONNECT_CONFIG`). A flag
beats a variable, a variable beats the file, the file beats the default. In the file the part before the dot is the
table: `server.listen` is `listen` under `[server]`. A list is an array in the file; elsewhere its items stand with
commas between. An empty variable counts as not set. A key, a flag or a `CONNECT_*` variable that does not exist is an
error, and so is a value out of range: the server does not start, and says which source to correct.

Secrets have no flag (`database.url` alone has one: without a password it is none), because every user of a machine can
read the command lines of all its processes.
`connectd config` shows each value with its source; of a secret it shows only whether it is set.

)";

constexpr std::string_view kMarkdownRules = R"(
Rules between settings:

- Of `security.master_key` and `security.master_key_command` one is empty; of the two for the next
  one too, and they go with one of these.
- `server.tls_certificate` and `server.tls_key` are both set or both empty.
- With `sandbox.enabled`, `server.listen` and `sandbox.simulator_listen` are loopback addresses.
- `sandbox.simulator_url` and `debug.failpoint` are accepted with `sandbox.enabled` only.
- `data.retention_days` is 0, or 10 or more.
- `whatsapp.api_base` is `https`, or `http` to a loopback address.

Variables that begin with `CONNECT_SIM_`, `CONNECT_SERVICE_` or `CONNECT_PORT` are not settings of connectd
(Kubernetes sets them beside services called `connect` and `connect-sim`) and are left alone.
)";

std::string shown_default(const Setting& setting) {
  static const Settings defaults;
  return setting.show(defaults);
}

std::string default_note(const Setting& setting) {
  if (setting.secret) return " Secret.";
  const std::string fallback = shown_default(setting);
  return fallback.empty() ? "" : " Default: " + fallback + ".";
}

/// Empty where the value is the default.
std::string value_note(const Setting& setting, const LoadedSettings& loaded) {
  const auto source = loaded.sources.find(setting.name);
  if (source == loaded.sources.end()) return "";
  return fmt::format(" Now: {} ({}).", setting.show(loaded.settings), source->second);
}

std::string help_of(const Setting& setting, const LoadedSettings& loaded) {
  std::string head = setting.flag.empty() ? setting.environment : setting.flag;
  if (!setting.flag.empty() && setting.kind != Kind::kSwitch) head += " VALUE";
  return fmt::format("  {}\n      {}{}{} [{}, {}]\n", head, setting.help, default_note(setting),
                     value_note(setting, loaded), setting.environment, setting.name);
}

std::string code_or_empty(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

std::string markdown_row(const Setting& setting) {
  const std::string fallback = setting.secret ? "" : shown_default(setting);
  return fmt::format("| `{}` | {} | `{}` | {} | {} | {}{} |\n", setting.name,
                     code_or_empty(setting.flag), setting.environment, setting.values,
                     code_or_empty(fallback), setting.help, setting.secret ? " Secret." : "");
}

}  // namespace

std::string help_text(const LoadedSettings& loaded) {
  std::string out(kUsage);
  for (const Setting& setting : table()) {
    if (!setting.hidden) out += help_of(setting, loaded);
  }
  return out;
}

std::string show(const LoadedSettings& loaded) {
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (const Setting& setting : table()) {
    name_width = std::max(name_width, setting.name.size());
    value_width = std::max(value_width, setting.show(loaded.settings).size());
  }
  std::string out;
  for (const Setting& setting : table()) {
    const auto source = loaded.sources.find(setting.name);
    out +=
        fmt::format("{:<{}}  {:<{}}  {}\n", setting.name, name_width, setting.show(loaded.settings),
                    value_width, source == loaded.sources.end() ? "default" : source->second);
  }
  return out;
}

std::string markdown() {
  std::string out(kMarkdownHead);
  out +=
      "| setting | flag | variable | values | default | what it does "
      "|\n|---|---|---|---|---|---|\n";
  for (const Setting& setting : table()) out += markdown_row(setting);
  out += kMarkdownRules;
  return out;
}

}  // namespace flowsell::config
