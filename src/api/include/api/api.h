#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/home.h"
#include "audit/head_file.h"
#include "http/message.h"
#include "runtime/task.h"
#include "telemetry/metrics.h"

namespace flowsell::mail {
class MailFolder;
}

namespace flowsell::api {

/// What is in force, and must be accepted. Empty: nothing of that kind.
struct TermsVersions {
  std::string terms;
  std::string provider_policies;
};

/// How much may be asked here. 0: no limit.
struct RequestLimits {
  std::int64_t per_second_per_user = 0;
  /// Of requests without an account, where a mail's token or a leaked key is sent in.
  std::int64_t per_minute_per_network = 0;
};

/// The door for customers: routes, authentication, rate limits, and the shape of every answer.
/// Thread-safe.
class Api {
 public:
  /// What the whole process has. All outlive it.
  struct Process {
    const Clock& clock;
    IdSource& ids;
    metrics::Registry& metrics;
    const ingest::ProviderDoor& whatsapp;
    Homes& homes;
    /// What a load balancer calls this process: told with each answer to a key of its workspaces.
    /// Empty: it is not.
    std::string name_at_balancer = {};
    /// Of members who name none in Connect-Mode.
    identity::Mode default_mode = identity::Mode::kLive;
    std::chrono::seconds session_life{14 * 24 * 3600};
    /// Where the ends of audit chains are signed, for those that are taken out. nullptr: nowhere.
    const audit::HeadFile* audit_heads = nullptr;
    /// Where a sandbox's mails lie: everybody may read them. nullptr: they leave.
    const mail::MailFolder* sandbox_mails = nullptr;
    /// Of operators: a session without one is refused.
    bool needs_second_factor = true;
    TermsVersions terms = {};
    RequestLimits limits = {};
    /// Where people and providers reach this server: known once it listens.
    std::function<std::string()> public_url = [] { return std::string(); };
  };
  explicit Api(Process process);
  ~Api();

  /// For http::Server.
  Awaitable<http::Response> handle(http::Request& request);
  /// Whether such a request's body is a stream: http::ServerOptions::streams.
  bool streams(http::Method method, std::string_view target) const;
  /// What never became a request.
  http::Response refuse(const Error& error) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::api
