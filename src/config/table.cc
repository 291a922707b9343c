#include "table.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "setting_kinds.h"
#include "values.h"

namespace flowsell::config {
namespace {

constexpr std::int64_t kCountMax = 1'000'000'000'000;
constexpr std::int64_t kWeekSeconds = 7 * 24 * 3600;
constexpr std::size_t kScheduleItemsMax = 32;

/// A choice's texts, in the order of its enum.
constexpr std::array<std::string_view, 4> kLogLevels = {"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kLogFormats = {"console", "json"};
constexpr std::array<std::string_view, 3> kSecondFactors = {"auto", "required", "off"};

Result<> read_schedule(Settings& s, std::string_view value) {
  const auto items = split_list(value);
  if (items.empty() || items.size() > kScheduleItemsMax) {
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("expected a list of 1 to {} numbers", kScheduleItemsMax));
  }
  std::vector<std::chrono::seconds> schedule;
  schedule.reserve(items.size());
  for (const std::string& item : items) {
    TRY(const std::int64_t delay, parse_number(item, {0, kWeekSeconds}));
    schedule.emplace_back(delay);
  }
  s.webhook.retry_schedule = std::move(schedule);
  return {};
}

std::string show_schedule(const Settings& s) {
  std::vector<std::int64_t> delays;
  delays.reserve(s.webhook.retry_schedule.size());
  for (const auto delay : s.webhook.retry_schedule) delays.push_back(delay.count());
  return fmt::format("{}", fmt::join(delays, ","));
}

Result<> read_targets(Settings& s, std::string_view value) {
  std::vector<std::string> targets;
  for (const std::string& item : split_list(value)) {
    TRY(std::string target, parse_target(item));
    targets.push_back(std::move(target));
  }
  s.webhook.allowed_targets = std::move(targets);
  return {};
}

Result<> read_proxies(Settings& s, std::string_view text) {
  std::vector<IpRange> ranges;
  for (const std::string& item : split_list(text)) {
    const auto range = IpRange::parse(item);
    if (!range)
      return fail(ErrorCode::kInvalidRequest, "expected addresses and ranges, as 10.0.0.0/8");
    ranges.push_back(*range);
  }
  s.server.trusted_proxies = std::move(ranges);
  return {};
}

std::string show_proxies(const Settings& s) {
  std::string out;
  for (const IpRange& range : s.server.trusted_proxies)
    out += (out.empty() ? "" : ",") + range.str();
  return out;
}

Result<std::string> not_empty(std::string_view value) {
  if (value.empty()) return fail(ErrorCode::kInvalidRequest, "expected a text that is not empty");
  return std::string(value);
}

Result<std::string> required_base_url(std::string_view value) {
  if (value.empty()) return fail(ErrorCode::kInvalidRequest, "expected an http or https URL");
  return parse_base_url(value);
}

void add_server(std::vector<Setting>& t) {
  t.push_back(address("server.listen", "listen", "Address of the API; port 0 takes a free one.",
                      [](auto& s) -> auto& { return s.server.listen; }));
  t.push_back(number("server.threads", "threads", {0, 256},
                     "Threads that serve requests; 0 is one a core.",
                     [](auto& s) -> auto& { return s.server.threads; }));
  t.push_back(text("server.tls_certificate", "tls-certificate", "file",
                   "PEM file with the certificate chain; empty means no TLS.",
                   [](auto& s) -> auto& { return s.server.tls_certificate; }));
  t.push_back(text("server.tls_key", "tls-key", "file",
                   "PEM file with the certificate's private key.",
                   [](auto& s) -> auto& { return s.server.tls_key; }));
  Setting proxies = describe("server.trusted_proxies", "trusted-proxies", Kind::kTextList,
                             "list of addresses and ranges",
                             "Proxies before this server, whose X-Forwarded-For is believed.");
  proxies.apply = &read_proxies;
  proxies.show = &show_proxies;
  t.push_back(std::move(proxies));
  t.push_back(text(
      "server.public_url", "public-url", "URL",
      "What people's browsers call this server: links in mails begin with it. Empty: "
      "the address that it listens on.",
      [](auto& s) -> auto& { return s.server.public_url; }, &parse_base_url));
  t.push_back(number("server.body_bytes_max", "body-bytes-max", {1024, 64 << 20},
                     "Largest request body; a larger one is answered with 413.",
                     [](auto& s) -> auto& { return s.server.body_bytes_max; }));
  t.push_back(number("server.head_bytes_max", "head-bytes-max", {1024, 1 << 20},
                     "Largest request line and header fields together; more is answered with 431.",
                     [](auto& s) -> auto& { return s.server.head_bytes_max; }));
  t.push_back(number("server.idle_seconds", "idle-seconds", {1, 3600},
                     "How long an idle client connection is kept.",
                     [](auto& s) -> auto& { return s.server.idle; }));
  t.push_back(number("server.drain_seconds", "drain-seconds", {0, 600},
                     "How long SIGTERM waits for running requests before it cuts them.",
                     [](auto& s) -> auto& { return s.server.drain; }));
}

void add_storage(std::vector<Setting>& t) {
  t.push_back(text(
      "data.dir", "data-dir", "directory", "Where the database and the key files live.",
      [](auto& s) -> auto& { return s.data.dir; }, &not_empty));
  t.push_back(
      number("data.retention_days", "data-retention-days", {0, 36'500},
             "How long messages, events and deliveries are kept, 10 days at least; 0 is for "
             "ever. On PostgreSQL up to a month longer.",
             [](auto& s) -> auto& { return s.data.retention; }));
  t.push_back(
      secret("database.url", "database", "URL",
             "A PostgreSQL database, in libpq's words (postgres://user@host/name?sslmode=...); "
             "empty: SQLite in data.dir. Never shown.",
             [](auto& s) -> auto& { return s.database.url; }));
  t.push_back(number("cluster.cells", "cells", {1, 256},
                     "Into how many cells a new PostgreSQL database is divided: the most replicas "
                     "that it can ever keep busy. A database that exists keeps its number.",
                     [](auto& s) -> auto& { return s.cluster.cells; }));
  t.push_back(text(
      "cluster.address", "cluster-address", "URL",
      "Where the other replicas of a PostgreSQL database reach this one; empty: the address of "
      "server.listen, or the host's name where that is every address.",
      [](auto& s) -> auto& { return s.cluster.address; }, &parse_base_url));
  t.push_back(text(
      "cluster.name", "cluster-name", "name",
      "This replica's name at a load balancer. Answers then have it in Connect-Served-By, also "
      "where "
      "another replica has passed the request on: so a balancer learns where a key's workspace "
      "is. Empty: they don't.",
      [](auto& s) -> auto& { return s.cluster.name; }, &parse_server_name));
  t.push_back(number("store.readers", "store-readers", {1, 64},
                     "Connections that only read, of each database or cell of one.",
                     [](auto& s) -> auto& { return s.store.readers; }));
  t.push_back(number("store.batch_max", "store-batch-max", {1, 4096},
                     "Most operations that share one transaction.",
                     [](auto& s) -> auto& { return s.store.batch_max; }));
  t.push_back(secret(
      "security.master_key", "", "64 hexadecimal digits",
      "Key that all others are sealed under; empty uses (and first makes) a file in data.dir.",
      [](auto& s) -> auto& { return s.security.master_key; }, &parse_key));
  t.push_back(text(
      "security.master_key_command", "master-key-command", "shell command",
      "Command that prints the master key's 64 digits, from a key management service; runs once at "
      "the start.",
      [](auto& s) -> auto& { return s.security.master_key_command; }));
  t.push_back(secret(
      "security.master_key_next", "", "64 hexadecimal digits",
      "Key that is to take the master key's place (docs/operations/master-key.md). Without a "
      "setting for the master key: the file master.key.next in data.dir.",
      [](auto& s) -> auto& { return s.security.master_key_next; }, &parse_key));
  t.push_back(text("security.master_key_next_command", "master-key-next-command", "shell command",
                   "Command that prints the same.",
                   [](auto& s) -> auto& { return s.security.master_key_next_command; }));
  t.push_back(number("content.retention_hours", "content-retention-hours", {0, 72},
                     "How long the content of an event that is not yet delivered is kept, sealed.",
                     [](auto& s) -> auto& { return s.content.retention; }));
}

void add_accounts(std::vector<Setting>& t) {
  t.push_back(number("accounts.session_idle_seconds", "", {300, 30 * 24 * 3600},
                     "A session that is not used for so long is over.",
                     [](auto& s) -> auto& { return s.accounts.session_idle; }));
  t.push_back(number("accounts.session_life_seconds", "", {300, 90 * 24 * 3600},
                     "So long after signing in a session is over, whatever its use.",
                     [](auto& s) -> auto& { return s.accounts.session_life; }));
  t.push_back(number("accounts.password_passes", "", {1, 20},
                     "Argon2id: passes over the memory. Passwords are hashed anew when their users "
                     "sign in.",
                     [](auto& s) -> auto& { return s.accounts.password_passes; }));
  t.push_back(number("accounts.password_mib", "", {8, 1024},
                     "Argon2id: memory of one password's hash, in MiB. Two are computed at once.",
                     [](auto& s) -> auto& { return s.accounts.password_mib; }));
  t.push_back(text("accounts.passkey_rp_id", "", "domain name",
                   "What passkeys are bound to: the host of server.public_url, or a domain above "
                   "it that is yours, so that they stay good when the host changes. Empty: that "
                   "host. Another one later makes all passkeys useless.",
                   [](auto& s) -> auto& { return s.accounts.passkey_rp_id; }));
  t.push_back(number("accounts.second_factor_removal_hours", "", {0, 720},
                     "How long a lost second factor stays after an operator asked for its removal: "
                     "so long its user can stop it. 0 in the sandbox only.",
                     [](auto& s) -> auto& { return s.accounts.second_factor_removal; }));
}

void add_privacy(std::vector<Setting>& t) {
  t.push_back(text("audit.heads_file", "", "file",
                   "Where the ends of the audit log's chains are signed. Best on another disk or "
                   "machine than the database, where who can write the one can't write the other. "
                   "Empty: audit-heads.jsonl in data.dir.",
                   [](auto& s) -> auto& { return s.audit.heads_file; }));
  t.push_back(number("audit.personal_days", "", {30, 3'650},
                     "How long the records of people, operators and the system say from where and "
                     "about whom; the events stay.",
                     [](auto& s) -> auto& { return s.audit.personal; }));
  t.push_back(number("privacy.deletion_grace_hours", "", {0, 720},
                     "How long a deletion that was asked for can be taken back before it runs.",
                     [](auto& s) -> auto& { return s.privacy.grace; }));
  t.push_back(number("privacy.due_days", "", {1, 90},
                     "When a data request should have ended; later ones are counted as overdue.",
                     [](auto& s) -> auto& { return s.privacy.due; }));
  t.push_back(on_off("privacy.review", "", "Deletions wait until an operator has approved them.",
                     [](auto& s) -> auto& { return s.privacy.review; }));
  t.push_back(on_off("privacy.postgres_rewrite", "",
                     "Behind a deletion PostgreSQL's tables are written anew, so that no file of "
                     "them has what was deleted. Each table waits while it is written.",
                     [](auto& s) -> auto& { return s.privacy.postgres_rewrite; }));
}

Result<> read_tenants(Settings& s, std::string_view value) {
  s.sso.microsoft_tenants = split_list(value);
  return {};
}

Result<> read_dns_server(Settings& s, std::string_view value) {
  if (value.empty()) {
    s.sso.dns_server = {"", 0};
    return {};
  }
  TRY(s.sso.dns_server, parse_listen_address(value));
  if (s.sso.dns_server.address.contains(':') || s.sso.dns_server.port == 0)
    return fail(ErrorCode::kInvalidRequest, "expected an IPv4 address and a port, as 127.0.0.1:53");
  return {};
}

void add_sso(std::vector<Setting>& t) {
  t.push_back(text("sso.google_client_id", "", "text",
                   "Client id at Google; empty: nobody signs in with Google.",
                   [](auto& s) -> auto& { return s.sso.google_client_id; }));
  t.push_back(secret("sso.google_client_secret", "", "text", "The secret that belongs to it.",
                     [](auto& s) -> auto& { return s.sso.google_client_secret; }));
  t.push_back(text("sso.microsoft_client_id", "", "text",
                   "Application id at Microsoft; empty: nobody signs in with Microsoft.",
                   [](auto& s) -> auto& { return s.sso.microsoft_client_id; }));
  t.push_back(secret("sso.microsoft_client_secret", "", "text", "The secret that belongs to it.",
                     [](auto& s) -> auto& { return s.sso.microsoft_client_secret; }));
  Setting tenants = describe("sso.microsoft_tenants", "", Kind::kTextList, "list of tenant ids",
                             "Microsoft's tenants whose people may sign in; empty: all.");
  tenants.apply = &read_tenants;
  tenants.show = [](const Settings& s) {
    return fmt::format("{}", fmt::join(s.sso.microsoft_tenants, ","));
  };
  t.push_back(std::move(tenants));
  Setting dns = describe("sso.dns_server", "", Kind::kText, "IPv4:port",
                         "Server that is asked for the records that prove domains; empty: the "
                         "system's resolver.");
  dns.apply = &read_dns_server;
  dns.show = [](const Settings& s) {
    return s.sso.dns_server.address.empty() ? std::string() : s.sso.dns_server.str();
  };
  t.push_back(std::move(dns));
}

void add_operators(std::vector<Setting>& t) {
  t.push_back(choice("operators.second_factor", "", kSecondFactors,
                     "Whether operators must confirm their sessions by a second factor; auto: yes, "
                     "but not in the sandbox.",
                     [](auto& s) -> auto& { return s.operators.second_factor; }));
}

void add_terms(std::vector<Setting>& t) {
  t.push_back(
      text("terms.version", "", "text",
           "Version of your terms that people accept: a sign-up must name it, and who makes "
           "a live API key must have accepted it. Empty: a sign-up may name any.",
           [](auto& s) -> auto& { return s.terms.version; }));
  t.push_back(
      text("terms.provider_policies_version", "", "text",
           "Version of the providers' policies (WhatsApp Business and its messaging policy) "
           "that an owner must have accepted before the workspace's first live API key. "
           "Empty: nothing is asked.",
           [](auto& s) -> auto& { return s.terms.provider_policies_version; }));
}

void add_mail(std::vector<Setting>& t) {
  t.push_back(text("mail.smtp_url", "", "smtp://host:587 or smtps://host:465",
                   "Server that takes mails for delivery. smtp:// needs STARTTLS, except to this "
                   "machine. Empty: none leaves; in the sandbox they go to data.dir/mails.",
                   [](auto& s) -> auto& { return s.mail.smtp_url; }));
  t.push_back(text("mail.user", "", "text", "Name to log in with there; empty: without.",
                   [](auto& s) -> auto& { return s.mail.user; }));
  t.push_back(secret("mail.password", "", "text", "Password to log in with there.",
                     [](auto& s) -> auto& { return s.mail.password; }));
  t.push_back(text("mail.ca_file", "", "PEM file",
                   "Certificate authorities of that server; empty: the system's. With "
                   "some, smtp:// needs STARTTLS to this machine too.",
                   [](auto& s) -> auto& { return s.mail.ca_file; }));
  t.push_back(text("mail.from", "", "address", "Address that mails come from.",
                   [](auto& s) -> auto& { return s.mail.from; }));
  t.push_back(text("mail.from_name", "", "text", "Name that mails come from.",
                   [](auto& s) -> auto& { return s.mail.from_name; }));
  t.push_back(text("mail.templates", "", "folder",
                   "Texts of mails: each NAME.txt and NAME.html in it stands for the built-in one.",
                   [](auto& s) -> auto& { return s.mail.templates; }));
}

void add_sandbox(std::vector<Setting>& t) {
  t.push_back(on_off("sandbox.enabled", "sandbox",
                     "Offline mode: test keys, a simulated WhatsApp, loopback addresses only.",
                     [](auto& s) -> auto& { return s.sandbox.enabled; }));
  t.push_back(address("sandbox.simulator_listen", "simulator-listen",
                      "Address of the simulator inside this process.",
                      [](auto& s) -> auto& { return s.sandbox.simulator_listen; }));
  t.push_back(text(
      "sandbox.simulator_url", "simulator-url", "URL",
      "A simulator in another process to use instead; empty runs it inside.",
      [](auto& s) -> auto& { return s.sandbox.simulator_url; }, &parse_base_url));
  t.push_back(number("sandbox.test_quota", "test-quota", {0, kCountMax},
                     "Messages that a test workspace may send in a month.",
                     [](auto& s) -> auto& { return s.sandbox.test_quota; }));
  t.push_back(number("sandbox.workspaces", "sandbox-workspaces", {1, 10'000},
                     "Workspaces that the sandbox has, each with a key and a sender of its own.",
                     [](auto& s) -> auto& { return s.sandbox.workspaces; }));
}

void add_limits(std::vector<Setting>& t) {
  t.push_back(number("limits.requests_per_second_per_key", "requests-per-second-per-key",
                     {0, 1'000'000},
                     "Requests that one API key may make in a second; 0 is no limit.",
                     [](auto& s) -> auto& { return s.limits.requests_per_second_per_key; }));
  t.push_back(number("limits.requests_per_second_per_user", "requests-per-second-per-user",
                     {0, 1'000'000},
                     "Requests that one user may make in a second with his sessions, at each "
                     "server; 0 is no limit.",
                     [](auto& s) -> auto& { return s.limits.requests_per_second_per_user; }));
  t.push_back(number("limits.open_requests_per_minute", "open-requests-per-minute", {0, 1'000'000},
                     "Requests without an account that one network may make in a minute, at each "
                     "server, where a mail's token or a leaked key is sent in; 0 is no limit.",
                     [](auto& s) -> auto& { return s.limits.open_requests_per_minute; }));
  t.push_back(number("quota.live_monthly", "live-monthly-quota", {0, kCountMax},
                     "Messages that a live workspace may send in a calendar month (UTC).",
                     [](auto& s) -> auto& { return s.quota.live_monthly; }));
}

void add_outbox(std::vector<Setting>& t) {
  t.push_back(number("outbox.sender_messages_per_second", "sender-messages-per-second",
                     {0, 100'000}, "Pace of one sender; 0: none. 80: what the provider lets it.",
                     [](auto& s) -> auto& { return s.outbox.sender_messages_per_second; }));
  t.push_back(on_off("outbox.pair_limit", "pair-limit",
                     "Keep WhatsApp's limit of messages from one sender to one recipient.",
                     [](auto& s) -> auto& { return s.outbox.pair_limit; }));
  t.push_back(number("outbox.concurrency_per_sender", "concurrency-per-sender", {1, 10'000},
                     "Provider calls of one sender in flight at once.",
                     [](auto& s) -> auto& { return s.outbox.concurrency_per_sender; }));
  t.push_back(number("outbox.concurrency_per_endpoint", "concurrency-per-endpoint", {1, 1000},
                     "Deliveries to one webhook endpoint in flight at once.",
                     [](auto& s) -> auto& { return s.outbox.concurrency_per_endpoint; }));
  t.push_back(number("outbox.provider_timeout_seconds", "provider-timeout-seconds", {1, 120},
                     "How long one provider call may take; after it the outcome is unknown.",
                     [](auto& s) -> auto& { return s.outbox.provider_timeout; }));
}

void add_webhook(std::vector<Setting>& t) {
  t.push_back(number("webhook.timeout_seconds", "webhook-timeout-seconds", {1, 60},
                     "How long one delivery to an endpoint may take.",
                     [](auto& s) -> auto& { return s.webhook.timeout; }));
  Setting schedule = describe(
      "webhook.retry_schedule_seconds", "webhook-retry-schedule-seconds", Kind::kNumberList,
      fmt::format("1 to {} numbers, each 0 to {}", kScheduleItemsMax, kWeekSeconds),
      "Delay before each delivery attempt; the first is made at once, whatever its number.");
  schedule.apply = &read_schedule;
  schedule.show = &show_schedule;
  t.push_back(std::move(schedule));
  Setting targets = describe("webhook.allowed_targets", "webhook-allowed-targets", Kind::kTextList,
                             "list of host:port",
                             "Private or loopback targets that endpoints may have all the same.");
  targets.apply = &read_targets;
  targets.show = [](const Settings& s) {
    return fmt::format("{}", fmt::join(s.webhook.allowed_targets, ","));
  };
  t.push_back(std::move(targets));
}

void add_whatsapp(std::vector<Setting>& t) {
  t.push_back(text(
      "whatsapp.api_base", "whatsapp-api-base", "URL",
      "WhatsApp Cloud API with its version; https, or http to a loopback address.",
      [](auto& s) -> auto& { return s.whatsapp.api_base; }, &required_base_url));
  t.push_back(on_off("whatsapp.http2", "whatsapp-http2",
                     "HTTP/2 where WhatsApp offers it, and to the simulator.",
                     [](auto& s) -> auto& { return s.whatsapp.http2; }));
  t.push_back(text("whatsapp.app_id", "whatsapp-app-id", "text",
                   "Id of the Meta app that connects accounts; in a sandbox the simulator's.",
                   [](auto& s) -> auto& { return s.whatsapp.app_id; }));
  t.push_back(text("whatsapp.rate_card_file", "whatsapp-rate-card-file", "file",
                   "What messages cost, for estimates (docs/whatsapp/limits.md); empty: none.",
                   [](auto& s) -> auto& { return s.whatsapp.rate_card_file; }));
  t.push_back(secret("whatsapp.app_secret", "", "text",
                     "Secret of the Meta app, which signs its webhooks.",
                     [](auto& s) -> auto& { return s.whatsapp.app_secret; }));
  t.push_back(on_off("whatsapp.app_secret_proof", "whatsapp-app-secret-proof",
                     "Calls to Meta carry appsecret_proof, which an app can require.",
                     [](auto& s) -> auto& { return s.whatsapp.app_secret_proof; }));
  t.push_back(secret("whatsapp.verify_token", "", "text",
                     "Token that Meta repeats when it verifies the webhook address.",
                     [](auto& s) -> auto& { return s.whatsapp.verify_token; }));
  t.push_back(text("whatsapp.override_callback", "whatsapp-override-callback", "URL",
                   "Where webhooks of new connections go, if not to the app's own address.",
                   [](auto& s) -> auto& { return s.whatsapp.override_callback; }));
  t.push_back(text("whatsapp.login_config", "whatsapp-login-config", "text",
                   "Id of the Facebook Login configuration of Embedded Signup (config_id).",
                   [](auto& s) -> auto& { return s.whatsapp.login_config; }));
  t.push_back(text(
      "whatsapp.sdk_url", "whatsapp-sdk-url", "URL", "Meta's SDK, which onboarding pages load.",
      [](auto& s) -> auto& { return s.whatsapp.sdk_url; }, &required_base_url));
}

void add_diagnosis(std::vector<Setting>& t) {
  t.push_back(choice("log.level", "log-level", kLogLevels, "Least important lines written.",
                     [](auto& s) -> auto& { return s.log.level; }));
  t.push_back(choice("log.format", "log-format", kLogFormats, "Lines for people or for machines.",
                     [](auto& s) -> auto& { return s.log.format; }));
  Setting failpoint = text("debug.failpoint", "failpoint", "name, name:pass",
                           "Kills the process at a named point (docs/failpoints.md); sandbox only.",
                           [](auto& s) -> auto& { return s.debug.failpoint; });
  failpoint.hidden = true;
  t.push_back(std::move(failpoint));
  Setting google = text("debug.google_issuer", "", "URL", "Where Google is; sandbox only.",
                        [](auto& s) -> auto& { return s.debug.google_issuer; });
  google.hidden = true;
  t.push_back(std::move(google));
  Setting microsoft = text("debug.microsoft_issuer", "", "URL", "Where Microsoft is; sandbox only.",
                           [](auto& s) -> auto& { return s.debug.microsoft_issuer; });
  microsoft.hidden = true;
  t.push_back(std::move(microsoft));
}

std::vector<Setting> build_table() {
  std::vector<Setting> all;
  add_server(all);
  add_storage(all);
  add_accounts(all);
  add_privacy(all);
  add_sso(all);
  add_operators(all);
  add_terms(all);
  add_mail(all);
  add_sandbox(all);
  add_limits(all);
  add_outbox(all);
  add_webhook(all);
  add_whatsapp(all);
  add_diagnosis(all);
  return all;
}

}  // namespace

const std::vector<Setting>& table() {
  static const std::vector<Setting> all = build_table();
  return all;
}

}  // namespace flowsell::config
