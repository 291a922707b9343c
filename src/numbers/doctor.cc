#include "numbers/doctor.h"

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

#include "core/encoding.h"
#include "core/random.h"
#include "crypto/hash.h"
#include "numbers/sender_desk.h"
#include "runtime/spawn.h"
#include "team/policies.h"

namespace flowsell::numbers {
namespace {

using connections::ConnectionPtr;

constexpr std::size_t kSendersMax = 50;  ///< of each a look more; an account has a few dozen
constexpr std::size_t kNumberPages = 5;
constexpr std::size_t kChallengeBytes = 16;

std::string random_challenge() {
  std::array<std::uint8_t, kChallengeBytes> bytes{};
  fill_random(bytes);
  return hex_encode(bytes);
}

Error not_looked() { return {ErrorCode::kInternal, "it was not looked at"}; }

}  // namespace

/// One diagnosis: its looks run beside each other on one thread, and each writes a place of its
/// own.
class Doctor::Visit : public std::enable_shared_from_this<Doctor::Visit> {
 public:
  Visit(const Doctor& doctor, const channel::SenderCalls& provider, ConnectionPtr connection)
      : doctor_(doctor), provider_(provider), connection_(std::move(connection)) {}

  Task<std::vector<Finding>> run();

 private:
  void prepare();
  void start(const net::any_io_executor& executor, Awaitable<void> work);
  Awaitable<void> counted(Awaitable<void> work);

  Task<http::Exchange> ask(Result<http::OutRequest> request);
  Task<http::Exchange> ask_as_app();
  Awaitable<void> look_at_token();
  Awaitable<void> look_at_subscriptions();
  Awaitable<void> look_at_account();
  Awaitable<void> look_at_numbers();
  Task<std::vector<channel::SenderState>> numbers();
  Awaitable<void> look_at_sender(std::size_t at);
  Awaitable<void> make_round_trip();
  Task<> challenge();
  Awaitable<void> look_at_policies();

  channel::SenderRoute account() const {
    return doctor_.calls_.route(*connection_, connection_->account);
  }

  const Doctor& doctor_;
  const channel::SenderCalls& provider_;
  const ConnectionPtr connection_;
  ProviderApp app_;
  Seen seen_{.now = {},
             .started_at = {},
             .account = {},
             .app = {},
             .needed_scopes = {},
             .callback = {},
             .token = std::unexpected(not_looked()),
             .subscriptions = std::unexpected(not_looked()),
             .facts = std::unexpected(not_looked()),
             .numbers = std::unexpected(not_looked()),
             .round_trip = std::unexpected(not_looked()),
             .policies = std::unexpected(not_looked()),
             .senders = {}};
  std::size_t open_ = 0;
  std::optional<net::steady_timer> all_done_;
};

void Doctor::Visit::prepare() {
  app_ = doctor_.options_.app(connection_->mode);
  seen_.now = doctor_.clock_.now();
  seen_.started_at = doctor_.started_at_;
  seen_.account = connection_->account;
  seen_.app = app_.app.id;
  seen_.has_app = app_.app.is_there() && connection_->adapter->account_calls() != nullptr;
  for (const auto scope : provider_.needed_scopes()) seen_.needed_scopes.emplace_back(scope);
  seen_.callback = doctor_.options_.callback();
  seen_.is_challenged = !app_.verify_token.empty();
  seen_.needs_policies =
      connection_->mode == identity::Mode::kLive && !doctor_.options_.policies_version.empty();
  for (const auto& each : doctor_.senders_.list(connection_->workspace, connection_->mode)) {
    if (each->connection != connection_->id || seen_.senders.size() == kSendersMax) continue;
    seen_.senders.push_back({each->id, each->display_number, each->address,
                             std::unexpected(not_looked()),
                             doctor_.states_.find(each->id).webhook_at});
  }
}

Awaitable<void> Doctor::Visit::counted(Awaitable<void> work) {
  const auto self = shared_from_this();
  co_await std::move(work);
  if (--open_ == 0) all_done_->cancel();
}

void Doctor::Visit::start(const net::any_io_executor& executor, Awaitable<void> work) {
  ++open_;
  runtime::spawn_logged(executor, counted(std::move(work)), "diagnosis");
}

Task<std::vector<Finding>> Doctor::Visit::run() {
  prepare();
  const auto executor = co_await net::this_coro::executor;
  all_done_.emplace(executor, net::steady_timer::time_point::max());
  // One more than there are looks: none may end the visit before the last one has begun.
  ++open_;
  if (seen_.has_app) start(executor, look_at_token());
  start(executor, look_at_subscriptions());
  start(executor, look_at_account());
  start(executor, look_at_numbers());
  for (std::size_t i = 0; i < seen_.senders.size(); ++i) start(executor, look_at_sender(i));
  if (seen_.is_challenged) start(executor, make_round_trip());
  if (seen_.needs_policies) start(executor, look_at_policies());
  --open_;
  while (open_ > 0) co_await all_done_->async_wait(use_result);
  co_return findings_of(seen_);
}

Task<http::Exchange> Doctor::Visit::ask(Result<http::OutRequest> request) {
  CO_CHECK_OK(request);
  co_return co_await doctor_.calls_.call(connection_, *std::move(request), "show it",
                                         doctor_.options_.look_time_max);
}

/// What belongs to the app is asked for by the app: that it is refused says nothing of the
/// connection's token.
Task<http::Exchange> Doctor::Visit::ask_as_app() {
  const channel::AccountCalls& accounts = *connection_->adapter->account_calls();
  connections::ProviderCalls::As as;
  as.adapter = connection_->adapter;
  as.mode = connection_->mode;
  as.token = accounts.app_token(app_.app);
  as.client = connection_->id.bytes();
  co_return co_await doctor_.calls_.call_as(std::move(as),
                                            accounts.inspect_token(connection_->token, account()),
                                            "show it", doctor_.options_.look_time_max);
}

Awaitable<void> Doctor::Visit::look_at_token() {
  const auto answered = co_await ask_as_app();
  seen_.token = answered ? provider_.read_token(*answered) : std::unexpected(answered.error());
}

Awaitable<void> Doctor::Visit::look_at_subscriptions() {
  const auto answered = co_await ask(provider_.list_subscriptions(account()));
  seen_.subscriptions =
      answered ? provider_.read_subscriptions(*answered) : std::unexpected(answered.error());
}

Awaitable<void> Doctor::Visit::look_at_account() {
  const auto answered = co_await ask(provider_.look_at_account(account()));
  seen_.facts = answered ? provider_.read_account(*answered) : std::unexpected(answered.error());
}

Task<std::vector<channel::SenderState>> Doctor::Visit::numbers() {
  std::vector<channel::SenderState> all;
  std::string after;
  for (std::size_t i = 0; i < kNumberPages; ++i) {
    CO_TRY(const auto answered, co_await ask(provider_.list_senders(after, account())));
    CO_TRY(auto page, provider_.read_senders(answered));
    for (auto& each : page.senders) all.push_back(std::move(each));
    if (page.next.empty()) break;
    after = std::move(page.next);
  }
  co_return all;
}

Awaitable<void> Doctor::Visit::look_at_numbers() { seen_.numbers = co_await numbers(); }

Awaitable<void> Doctor::Visit::look_at_sender(std::size_t at) {
  const auto route = doctor_.calls_.route(*connection_, seen_.senders[at].address);
  const auto answered = co_await ask(provider_.look_at_sender(route));
  seen_.senders[at].facts =
      answered ? provider_.read_sender_facts(*answered) : std::unexpected(answered.error());
}

Task<> Doctor::Visit::challenge() {
  const std::string random = random_challenge();
  http::OutRequest request;
  request.method = http::Method::kGet;
  auto url = http::Url::parse(provider_.challenge_of(seen_.callback, app_.verify_token, random));
  if (!url) co_return fail(ErrorCode::kInvalidRequest, "it is no address that can be called");
  request.url = *std::move(url);
  request.client = connection_->id.bytes();
  const auto answered = co_await doctor_.client_.send(
      std::move(request), doctor_.clock_.steady_now() + doctor_.options_.look_time_max);
  if (answered.end != http::ExchangeEnd::kAnswered)
    co_return fail(ErrorCode::kProviderUnreachable,
                   std::string("no answer: ").append(http::exchange_end_name(answered.end)));
  if (answered.status != 200)
    co_return fail(ErrorCode::kProviderUnreachable,
                   "it answered with status " + std::to_string(answered.status));
  if (!crypto::constant_time_equal(answered.body, random))
    co_return fail(ErrorCode::kProviderUnreachable, "another server answered there");
  co_return Result<>{};
}

Awaitable<void> Doctor::Visit::make_round_trip() { seen_.round_trip = co_await challenge(); }

Awaitable<void> Doctor::Visit::look_at_policies() {
  auto read = [workspace = connection_->workspace,
               version = doctor_.options_.policies_version](store::Connection& db) {
    return team::has_accepted_policies(db, workspace, version);
  };
  seen_.policies = co_await doctor_.db_.read(std::move(read));
}

Doctor::Doctor(store::Database& db, connections::Senders& senders, const SenderStates& states,
               connections::ProviderCalls& calls, http::Client& client, const Clock& clock,
               Options options)
    : db_(db),
      senders_(senders),
      states_(states),
      calls_(calls),
      client_(client),
      clock_(clock),
      options_(std::move(options)),
      started_at_(clock.now()) {}

Task<std::vector<Finding>> Doctor::diagnose(ConnectionPtr connection) const {
  CO_TRY(const auto* provider, sender_calls_of(*connection->adapter));
  const auto visit = std::make_shared<Visit>(*this, *provider, std::move(connection));
  co_return co_await visit->run();
}

}  // namespace flowsell::numbers
