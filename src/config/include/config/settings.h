#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/ip_range.h"
#include "core/sensitive.h"

namespace flowsell::config {

/// An IP address and a port to listen on. Port 0: a free one.
struct ListenAddress {
  std::string address;  ///< "127.0.0.1", "::1": no brackets
  std::uint16_t port = 0;

  /// "127.0.0.1:8080", "[::1]:8080"
  std::string str() const;
  bool is_loopback() const noexcept;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kConsole, kJson };
/// Whether operators must have one. kAuto: yes, but not in the sandbox.
enum class SecondFactor : std::uint8_t { kAuto, kRequired, kOff };

/// Every setting of connectd with its default. The table in table.cc describes each once: name,
/// flag, environment variable, allowed values, help. docs/configuration.md is that table.
struct Settings {
  struct Server {
    ListenAddress listen{"127.0.0.1", 8080};
    std::size_t threads = 0;               ///< 0: one a core
    std::string tls_certificate;           ///< PEM file; empty: no TLS
    std::string tls_key;                   ///< PEM file
    std::vector<IpRange> trusted_proxies;  ///< whose X-Forwarded-For is believed
    std::string public_url;  ///< what people's browsers call this server; empty: as it listens
    std::size_t body_bytes_max = 1 << 20;
    std::size_t head_bytes_max = 16 * 1024;
    std::chrono::seconds idle{75};
    std::chrono::seconds drain{25};  ///< how long SIGTERM waits for running requests
  } server;
  struct Data {
    std::string dir = "./data";
    std::chrono::days retention{0};  ///< of messages, events, deliveries; 0: for ever
  } data;
  struct Database {
    Secret url;  ///< empty: SQLite in data.dir. Secret, because it may hold a password.
  } database;
  struct Cluster {
    std::size_t cells = 8;  ///< of a PostgreSQL database that is new
    std::string address;    ///< where other replicas reach this one; empty: server.listen
    std::string name;       ///< this replica's, at a load balancer that is told; empty: it is not
  } cluster;
  struct Accounts {
    std::chrono::seconds session_idle{12 * 3600};
    std::chrono::seconds session_life{14 * 24 * 3600};
    std::uint64_t password_passes = 2;
    std::size_t password_mib = 64;
    std::string passkey_rp_id;                     ///< empty: the host of server.public_url
    std::chrono::hours second_factor_removal{24};  ///< how long a removal by operators waits
  } accounts;
  struct Audit {
    std::string heads_file;  ///< empty: audit-heads.jsonl in data.dir
    std::chrono::days personal{365};
  } audit;
  struct Privacy {
    std::chrono::hours grace{72};
    std::chrono::days due{30};
    bool review = false;
    bool postgres_rewrite = false;
  } privacy;
  struct Sso {
    std::string google_client_id;  ///< empty: nobody signs in with Google
    Secret google_client_secret;
    std::string microsoft_client_id;  ///< empty: nobody signs in with Microsoft
    Secret microsoft_client_secret;
    std::vector<std::string> microsoft_tenants;  ///< empty: all organizations'
    ListenAddress dns_server{"", 0};             ///< no address: the system's resolver
  } sso;
  struct Operators {
    SecondFactor second_factor = SecondFactor::kAuto;
  } operators;
  struct Terms {
    std::string version;  ///< that must be accepted; empty: none
    std::string provider_policies_version = "2026-11";
  } terms;
  struct Mail {
    std::string smtp_url;  ///< empty: none leaves; in the sandbox they go to a folder
    std::string user;
    Secret password;
    std::string ca_file;  ///< PEM; empty: the system's authorities
    std::string from = "no-reply@connect.invalid";
    std::string from_name = "FlowSell Connect";
    std::string templates;  ///< a folder of texts that stand for the built-in ones
  } mail;
  struct Sandbox {
    bool enabled = false;
    ListenAddress simulator_listen{"127.0.0.1", 0};
    std::string simulator_url;  ///< empty: the simulator runs in this process
    std::int64_t test_quota = 10'000'000;
    std::size_t workspaces = 1;
  } sandbox;
  struct Log {
    LogLevel level = LogLevel::kInfo;
    LogFormat format = LogFormat::kConsole;
  } log;
  struct Limits {
    std::int64_t requests_per_second_per_key = 1000;  ///< 0: off
    std::int64_t requests_per_second_per_user = 50;   ///< with a session; 0: off
    /// Of those that need no account and take what opens something; 0: off.
    std::int64_t open_requests_per_minute = 60;
  } limits;
  struct Quota {
    std::int64_t live_monthly =
        1000;  ///< accepted messages a workspace and calendar month, live mode
  } quota;
  struct Outbox {
    std::int64_t sender_messages_per_second = 80;  ///< 0: no pace
    bool pair_limit = true;
    std::size_t concurrency_per_sender = 256;
    std::size_t concurrency_per_endpoint = 32;
    std::chrono::seconds provider_timeout{30};
  } outbox;
  struct Webhook {
    std::chrono::seconds timeout{15};
    /// The delay before each attempt, the first one included: its length is the number of attempts.
    std::vector<std::chrono::seconds> retry_schedule;
    std::vector<std::string>
        allowed_targets;  ///< "host:port" that may be private, see http/egress_guard.h
    Webhook();
  } webhook;
  struct ContentRules {
    std::chrono::hours retention{24};
  } content;
  struct WhatsApp {
    std::string api_base = "https://graph.facebook.com/v25.0";
    bool http2 = true;
    std::string app_id;  ///< empty: not known; in the sandbox the simulator's own
    Secret app_secret;
    bool app_secret_proof = true;
    Secret verify_token;
    std::string override_callback;
    std::string rate_card_file;  ///< empty: no estimates
    std::string login_config;
    std::string sdk_url = "https://connect.facebook.net/en_US/sdk.js";
  } whatsapp;
  struct Store {
    std::size_t readers = 2;
    std::size_t batch_max = 512;  ///< operations a transaction
  } store;
  struct Security {
    Secret master_key;               ///< 64 hexadecimal digits; empty: a file in data.dir
    std::string master_key_command;  ///< prints the digits; with it the one above is empty
    // While another one takes its place: see docs/operations/master-key.md.
    Secret master_key_next;
    std::string master_key_next_command;
  } security;
  struct Debug {
    std::string failpoint;         ///< see core/failpoint.h; only with sandbox.enabled
    std::string google_issuer;     ///< another place for the preset; only with sandbox.enabled
    std::string microsoft_issuer;  ///< the same
  } debug;
};

/// What the command line asks for.
enum class Command : std::uint8_t {
  kServe,               ///< connectd
  kInit,                ///< connectd init
  kBackup,              ///< connectd backup --to
  kRestore,             ///< connectd restore --from
  kMigrateStore,        ///< connectd migrate-store
  kShowConfig,          ///< connectd config
  kShowConfigMarkdown,  ///< connectd config --markdown
  kVerifyAudit,         ///< connectd audit verify [--file]
  kVerifyCertificate,   ///< connectd audit verify-certificate --from
  kRotateMasterKey,     ///< connectd rotate-master-key
  kShowPermissions,     ///< connectd permissions
  kShowVersion,         ///< connectd version
  kShowHelp,            ///< connectd --help, in any position
};

/// Settings and where each value came from.
struct LoadedSettings {
  Command command = Command::kServe;
  Settings settings;
  Secret to;         ///< kBackup: a file or a folder; kMigrateStore: a database, may be empty
  std::string from;  ///< kRestore: a file; kMigrateStore: a database, may be empty
  std::string file;  ///< kVerifyAudit: an export; empty: the database
  std::string
      public_key;     ///< kVerifyAudit, kVerifyCertificate: whose signatures count; may be empty
  std::string email;  ///< kInit: of the first operator; may be empty
  /// By setting name; only what is not a default: "flag --listen", "environment CONNECT_LISTEN",
  /// "file connect.toml".
  std::map<std::string, std::string, std::less<>> sources;
};

using Environment = std::map<std::string, std::string>;
/// This process's variables.
Environment process_environment();

/// Reads flags, CONNECT_* variables and the TOML file (--config, else CONNECT_CONFIG); a flag beats
/// a variable, a variable the file, the file the default. `args` is without the program's name. An
/// empty variable counts as not set. Fails with kInvalidRequest and one FieldError for every fault:
/// its pointer is the source ("--listen", "CONNECT_LISTEN", "connect.toml: server.listen"), its
/// detail never a secret's value. `detail` holds them all, a line each. The commands
/// kShowVersion, kShowPermissions and kShowConfigMarkdown do not read values, and kShowHelp leaves
/// out what it can't read: they never fail on one.
Result<LoadedSettings> load(const std::vector<std::string>& args, const Environment& environment);

/// What `connectd --help` prints: what each setting is for, its default, and its value and source
/// where that is another.
std::string help_text(const LoadedSettings& loaded);
/// What `connectd config` prints: every setting, its value and source. Secrets are "set" or "not
/// set".
std::string show(const LoadedSettings& loaded);
/// What `connectd config --markdown` prints: docs/configuration.md.
std::string markdown();

}  // namespace flowsell::config
