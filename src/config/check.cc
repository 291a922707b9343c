#include "check.h"

#include "values.h"

namespace flowsell::config {
namespace {

void check_tls(const Settings& s, std::vector<FieldError>& faults) {
  if (s.server.tls_certificate.empty() == s.server.tls_key.empty()) return;
  const bool key_is_missing = s.server.tls_key.empty();
  faults.push_back({key_is_missing ? "server.tls_key" : "server.tls_certificate", "required",
                    "server.tls_certificate and server.tls_key belong together",
                    "Set both, or neither for plain HTTP."});
}

// Sandbox keys are printed and the simulator takes commands from anybody: none of it may be reached
// from outside.
void check_sandbox(const Settings& s, std::vector<FieldError>& faults) {
  if (!s.sandbox.enabled) return;
  if (!s.server.listen.is_loopback()) {
    faults.push_back({"server.listen", "not_loopback",
                      "sandbox.enabled allows loopback addresses only",
                      "Listen on 127.0.0.1 or [::1], or switch the sandbox off."});
  }
  if (!s.sandbox.simulator_listen.is_loopback()) {
    faults.push_back({"sandbox.simulator_listen", "not_loopback",
                      "the simulator listens on loopback only", "Use 127.0.0.1 or [::1]."});
  }
}

void check_sandbox_only(const Settings& s, std::vector<FieldError>& faults) {
  if (s.sandbox.enabled) return;
  if (!s.sandbox.simulator_url.empty()) {
    faults.push_back({"sandbox.simulator_url", "sandbox_only", "has a meaning in the sandbox only",
                      "Add --sandbox, or remove it."});
  }
  const bool moves_issuers = !s.debug.google_issuer.empty() || !s.debug.microsoft_issuer.empty();
  if (moves_issuers) {
    faults.push_back(
        {s.debug.google_issuer.empty() ? "debug.microsoft_issuer" : "debug.google_issuer",
         "sandbox_only", "is accepted in the sandbox only", "Add --sandbox, or remove it."});
  }
  if (s.accounts.second_factor_removal == std::chrono::hours(0)) {
    faults.push_back({"accounts.second_factor_removal_hours", "sandbox_only",
                      "nobody could stop a removal in time", "Set 1 or more, or add --sandbox."});
  }
  if (!s.debug.failpoint.empty()) {
    faults.push_back({"debug.failpoint", "sandbox_only", "is accepted in the sandbox only",
                      "Add --sandbox, or remove it."});
  }
}

void check_api_base(const Settings& s, std::vector<FieldError>& faults) {
  const std::string& base = s.whatsapp.api_base;
  if (base.starts_with("https://") || is_loopback_host(host_of(base))) return;
  faults.push_back({"whatsapp.api_base", "not_https",
                    "plain http would show access tokens to the network",
                    "Use https, or a loopback address for a simulator."});
}

void check_master_key(const Settings& s, std::vector<FieldError>& faults) {
  const auto& security = s.security;
  const auto fault = [&faults](std::string name, std::string what, std::string fix) {
    faults.push_back({std::move(name), "conflict", std::move(what), std::move(fix)});
  };
  const bool has_key = !security.master_key.empty();
  const bool has_next = !security.master_key_next.empty();
  const bool has_next_command = !security.master_key_next_command.empty();
  if (has_key && !security.master_key_command.empty())
    fault("security.master_key_command", "security.master_key is set too", "Leave one out.");
  if (has_next && has_next_command)
    fault("security.master_key_next_command", "security.master_key_next is set too",
          "Leave one out.");
  if ((has_next || has_next_command) && !has_key && security.master_key_command.empty())
    fault(has_next ? "security.master_key_next" : "security.master_key_next_command",
          "the master key is a file", "Use connectd rotate-master-key.");
}

// A provider repeats its webhooks for 7 days; for 8 the events that tell of unknown ones are looked
// up; a delivery is tried for days.
void check_retention(const Settings& s, std::vector<FieldError>& faults) {
  constexpr std::chrono::days kLeast{10};
  if (s.data.retention == std::chrono::days(0) || s.data.retention >= kLeast) return;
  faults.push_back({"data.retention_days", "too_short",
                    "statuses and deliveries of a message may come for more than a week",
                    "Set 10 or more, or 0 to keep all."});
}

// A browser lets a page use the passkeys of its own host and of domains above it.
void check_passkeys(const Settings& s, std::vector<FieldError>& faults) {
  const std::string& id = s.accounts.passkey_rp_id;
  if (id.empty()) return;
  const auto host = host_of(s.server.public_url);
  const bool is_above = id.contains('.') && host.ends_with("." + id);
  if (host == id || is_above) return;
  faults.push_back({"accounts.passkey_rp_id", "invalid_value",
                    "is neither the host of server.public_url nor a domain above it",
                    "Set server.public_url, and here its host, a domain above it, or nothing."});
}

}  // namespace

std::vector<FieldError> check(const Settings& settings) {
  std::vector<FieldError> faults;
  check_tls(settings, faults);
  check_sandbox(settings, faults);
  check_sandbox_only(settings, faults);
  check_api_base(settings, faults);
  check_master_key(settings, faults);
  check_retention(settings, faults);
  check_passkeys(settings, faults);
  return faults;
}

}  // namespace flowsell::config
