#pragma once

#include <optional>
#include <utility>

#include "accounts/accounts.h"
#include "api/services.h"
#include "http/message.h"
#include "ingest/ingest.h"
#include "operators/openings.h"
#include "operators/operators.h"
#include "passkeys/passkeys.h"
#include "privacy/desk.h"
#include "recovery/removals.h"
#include "runtime/task.h"
#include "runtime/work_count.h"
#include "sso/single_sign_on.h"

namespace flowsell::api {

/// Where a call is answered: here, by `services`, which stay as long as it lives; or it was
/// answered already.
class Home {
 public:
  /// `users` counts those that use the services, this one included.
  Home(const Services& services, runtime::WorkCount* users) : services_(&services), users_(users) {}
  explicit Home(http::Response answer) : answer_(std::move(answer)) {}
  Home(Home&& other) noexcept
      : services_(other.services_),
        users_(std::exchange(other.users_, nullptr)),
        answer_(std::move(other.answer_)) {}
  Home& operator=(Home&&) = delete;
  ~Home() {
    if (users_ != nullptr) users_->end();
  }

  /// nullptr: it was answered.
  const Services* services() const noexcept { return services_; }
  http::Response take_answer() { return *std::move(answer_); }

 private:
  const Services* services_ = nullptr;
  runtime::WorkCount* users_ = nullptr;
  std::optional<http::Response> answer_;
};

/// What the directory calls a workspace.
inline std::string workspace_name(const WorkspaceId& workspace) { return workspace.str(); }

/// Who the installation's operators are, and what they have opened.
struct Staff {
  operators::Operators& operators;
  operators::Openings& openings;
};

/// An error as an answer.
http::Response problem_of(const Error& error);

/// Finds the home of calls. Thread-safe.
class Homes {
 public:
  virtual ~Homes() = default;
  /// The home of the workspace whose key the Authorization header holds, where that needs no
  /// waiting.
  virtual std::optional<Home> find_now(const http::Request& request) = 0;
  /// The same with waiting. Fails with the error to answer.
  virtual Task<Home> find(const http::Request& request) = 0;

  /// The home of the workspace that has a name in the directory: workspace_name(), or what names
  /// a key. Fails with kNotFound.
  virtual Task<Home> find_named(std::string name, const http::Request& request) = 0;
  /// All cells, for calls that may be about several; of a call that another replica has passed on,
  /// the one that it is about.
  virtual Task<std::vector<std::string>> cells(const http::Request& /*request*/) {
    co_return std::vector<std::string>{"0"};
  }
  /// One of them.
  virtual Task<Home> find_cell(std::string cell, const http::Request& request) {
    co_return co_await find_named(std::move(cell), request);
  }
  /// Where a new workspace goes.
  virtual Task<Home> find_new(const http::Request& request) = 0;
  /// nullptr: not ready yet.
  virtual accounts::Accounts* accounts() = 0;
  /// Where people ask for what is held about them. nullptr: not ready yet.
  virtual privacy::Desk* privacy_desk() { return nullptr; }
  /// Lost second factors. The same.
  virtual recovery::Removals* removals() { return nullptr; }
  /// The same.
  virtual sso::SingleSignOn* sso() = 0;
  /// The same.
  virtual passkeys::Passkeys* passkeys() = 0;
  /// Never nullptr where accounts() is not.
  virtual Staff* staff() = 0;

  /// A provider's webhook. Success means that every update is stored; fails as ProviderDoor::open()
  /// and Ingest::store().
  virtual Task<> take_webhook(const http::Request& request) = 0;

  /// nullopt: takes requests; else why not.
  virtual std::optional<ErrorCode> unready() const = 0;
};

}  // namespace flowsell::api
