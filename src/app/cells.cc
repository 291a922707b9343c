#include "cells.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <map>

#include "cluster/schema.h"
#include "core/random.h"
#include "identity/api_keys.h"
#include "migrations.h"
#include "peer_door.h"
#include "routes.h"
#include "store/copy.h"
#include "store/postgres.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

/// How long a call waits for its cell, while that changes hands.
constexpr auto kHoldMax = 8s;
/// The same of a call that another replica has passed on.
constexpr auto kForwardedHoldMax = 1s;
constexpr auto kHoldStep = 50ms;
/// How long an owner may take to end that has lost its right to a cell.
constexpr auto kOwnerEndMax = 10s;
constexpr auto kGraveTime = 5s;
/// Of a database's cells' writers so many have a transaction open at once, or one in each replica
/// where there are more of those. The others' operations gather meanwhile.
constexpr std::size_t kTurns = 2;
constexpr auto kKeyCheckInterval = 1h;
constexpr auto kStoppingInterval = 100ms;

Error no_such_key() { return {ErrorCode::kInvalidApiKey, "no such key, or it was revoked"}; }

bool was_forwarded(const http::Request& request) {
  return !request.header(cluster::kForwarded).empty();
}

/// Until when a call is held back whose cell nobody has.
SteadyClock::time_point hold_end_of(const http::Request& request) {
  const std::chrono::milliseconds held = was_forwarded(request) ? kForwardedHoldMax : kHoldMax;
  return SteadyClock::now() + held;
}

Awaitable<void> pause() {
  net::steady_timer timer(co_await net::this_coro::executor, kHoldStep);
  co_await timer.async_wait(use_result);
}

}  // namespace

Cells::Cells(Process& process, std::unique_ptr<store::Database> shared,
             std::function<void()> when_gone)
    : process_(process),
      when_gone_(std::move(when_gone)),
      peers_(process.pool, process.keys.peers, process.clock),
      turns_(std::make_shared<store::Turns>(kTurns)),
      forwarded_(process.metrics.counter("connect_requests_forwarded_total",
                                         "Requests passed on to another replica.")),
      shared_(std::move(shared)) {}

Cells::~Cells() {
  must_end_ = true;
  wake();
  if (members_.joinable()) members_.join();
  for (const auto& place : places_) {
    if (place->worker.joinable()) place->worker.join();
  }
}

// --- start and stop ---

Result<> Cells::use_shared() {
  TRY(schema_, cluster::schema_of(*shared_));
  directory_ = std::make_unique<cluster::Directory>(*shared_);
  TRY(people_, People::make(process_, *shared_, base_url_, /*signs=*/true));
  people_->start(*this);
  return {};
}

Result<> Cells::start(const std::string& address, std::string base_url) {
  base_url_ = std::move(base_url);
  CHECK_OK(use_shared());
  CHECK_OK(check_keys());
  cluster::MembershipOptions options;
  options.address = address;
  options.cells = process_.settings.cluster.cells;
  TRY(membership_, cluster::Membership::join(*shared_, std::move(options), process_.clock.now()));
  const std::size_t count = membership_->view()->cells.size();
  for (std::size_t i = 0; i < count; ++i) places_.push_back(std::make_unique<Place>());
  has_joined_ = true;
  CHECK_OK(take_share());
  members_ = std::thread([this] { run(); });
  std::unique_lock lock(wake_mutex_);
  wake_.wait(lock, [this] { return failure_ || !is_at_work(); });
  if (failure_) return std::unexpected(*failure_);
  return {};
}

Result<std::vector<SandboxWorkspace>> Cells::open_sandbox(const EarlierKeys& earlier) {
  std::vector<std::pair<std::size_t, SandboxWorkspace>> all;
  const std::size_t count = process_.settings.sandbox.workspaces;
  for (std::size_t number = 0; number < places_.size(); ++number) {
    Cell* const cell = places_[number]->open;
    if (cell == nullptr) continue;
    std::vector<std::size_t> numbers;
    for (std::size_t i = number; i < count; i += places_.size()) numbers.push_back(i);
    const SandboxRooms rooms{cell->workspaces(), cell->api_keys(), cell->senders(), cell->members(),
                             people_->accounts()};
    TRY(auto opened, app::open_sandbox(earlier, rooms, numbers, /*has_the_first=*/all.empty()));
    CHECK_OK(publish(number, *cell));
    for (std::size_t i = 0; i < opened.size(); ++i)
      all.emplace_back(numbers[i], std::move(opened[i]));
  }
  std::ranges::sort(all, {}, &std::pair<std::size_t, SandboxWorkspace>::first);
  std::vector<SandboxWorkspace> workspaces;
  workspaces.reserve(all.size());
  for (auto& [number, workspace] : all) workspaces.push_back(std::move(workspace));
  CHECK_OK(put_operator(earlier, people_->accounts(), people_->operators(), workspaces));
  return workspaces;
}

void Cells::stop(std::chrono::milliseconds grace) {
  stop_at_ = SteadyClock::now() + grace;
  is_stopping_ = true;
  if (!members_.joinable()) return;
  wake();
  std::unique_lock lock(wake_mutex_);
  wake_.wait(lock, [this] { return has_left_.load(); });
}

void Cells::end() {
  must_end_ = true;
  wake();
  if (members_.joinable()) members_.join();
  if (people_) people_->stop();
  if (shared_) shared_->stop();
}

Result<> Cells::check_keys() {
  const Time now = process_.clock.now();
  CHECK_OK(cluster::check_keys(*shared_, process_.keys.shared(now)));
  keys_checked_at_ = now;
  return {};
}

// --- the thread of members ---

void Cells::run() {
  bool is_known = true;
  while (!must_end_) {
    auto looked = look();
    if (!looked && looked.error().code == ErrorCode::kConflict && !is_dead_.exchange(true)) {
      log::error("this replica must be restarted", {{"why", looked.error().detail}});
      when_gone_();
    }
    if (!looked && is_known) log::warn("the other replicas can't be seen", {});
    is_known = looked.has_value();
    if (is_stopping_) leave_when_closed();
    wait(is_stopping_ ? cluster::boot_time() + kStoppingInterval : membership_->next_beat());
  }
}

/// Closes what is open, and leaves when all is.
void Cells::leave_when_closed() {
  if (has_left_) return;
  bool all_closed = true;
  for (const auto& place : places_) {
    if (place->state == State::kOpen) begin_closing(*place);
    const State state = place->state;
    all_closed = all_closed && (state == State::kElsewhere || state == State::kClosed);
  }
  if (!all_closed) return;
  if (!is_dead_) {
    give_closed();
    if (!membership_->leave()) log::warn("the other replicas will miss this one's beat", {});
  }
  has_left_ = true;
  wake();
}

Result<> Cells::look() {
  // Calls are still passed on.
  if (has_left_) return membership_->look();
  if (is_dead_) return {};  // it only closes, and ends
  CHECK_OK(membership_->beat());
  std::erase_if(graves_, [now = cluster::boot_time()](const auto& grave) {
    return now - grave.second > kGraveTime;
  });
  if (process_.clock.now() - keys_checked_at_ > kKeyCheckInterval) CHECK_OK(check_keys());
  give_closed();
  share_turns();
  if (is_stopping_) return {};
  CHECK_OK(take_share());
  for (const std::size_t number : membership_->view()->to_give(membership_->me())) {
    Place& place = *places_[number];
    if (place.state == State::kOpen) begin_closing(place);
  }
  return {};
}

Result<> Cells::take_share() {
  for (const std::size_t number : membership_->view()->to_take(membership_->me())) {
    if (places_[number]->state != State::kElsewhere) continue;
    TRY(const bool taken, membership_->take(number));
    if (taken) begin_opening(number);
  }
  return {};
}

void Cells::share_turns() {
  const std::size_t cells = places_.size();
  const std::size_t share = (kTurns * open_count() + cells / 2) / cells;
  turns_->set_count(std::max<std::size_t>(share, 1));
}

void Cells::give_closed() {
  for (std::size_t number = 0; number < places_.size(); ++number) {
    Place& place = *places_[number];
    if (place.state != State::kClosed) continue;
    if (place.worker.joinable()) place.worker.join();
    if (!membership_->give(number)) continue;  // it is tried again
    // At the end calls may be open that were not waited for.
    if (!is_stopping_) bury(place);
    place.state = State::kElsewhere;
  }
}

void Cells::bury(Place& place) {
  if (!place.cell) return;
  graves_.emplace_back(std::move(place.cell), cluster::boot_time());
}

void Cells::begin_opening(std::size_t number) {
  Place& place = *places_[number];
  place.state = State::kOpening;
  place.worker = std::thread([this, number] { open(number); });
}

void Cells::begin_closing(Place& place) {
  if (place.worker.joinable()) place.worker.join();  // it has opened it
  place.state = State::kClosing;
  place.worker = std::thread([this, &place] { close(place); });
}

bool Cells::is_at_work() const {
  return std::ranges::any_of(places_,
                             [](const auto& place) { return place->state == State::kOpening; });
}

void Cells::wake() {
  const std::lock_guard lock(wake_mutex_);
  is_woken_ = true;
  wake_.notify_all();
}

void Cells::wait(SteadyTime until) {
  std::unique_lock lock(wake_mutex_);
  const auto span = until - cluster::boot_time();
  wake_.wait_for(lock, span, [this] { return is_woken_; });
  is_woken_ = false;
}

// --- a worker ---

void Cells::open(std::size_t number) {
  Place& place = *places_[number];
  auto cell = opened(number);
  if (cell) {
    place.cell = *std::move(cell);
    place.cell->start();
    place.open = place.cell.get();
    place.state = State::kOpen;
    log::info("a cell is open", {{"cell", std::uint64_t{number}}});
  } else {
    log::error("a cell could not be opened",
               {{"cell", std::uint64_t{number}}, {"why", cell.error().detail}});
    const std::lock_guard lock(wake_mutex_);
    if (!failure_) failure_ = cell.error();
    place.state = State::kClosed;
  }
  wake();
}

Result<std::unique_ptr<Cell>> Cells::opened(std::size_t number) {
  store::PostgresOptions options;
  options.conninfo = process_.settings.database.url;
  options.schema = cluster::cell_schema(schema_, number);
  options.readers = process_.settings.store.readers;
  options.batch_max = process_.settings.store.batch_max;
  options.rewrites = process_.settings.privacy.postgres_rewrite;
  options.wait_for_owner = kOwnerEndMax;
  const auto holds_lease = [this] { return membership_->holds_lease(); };
  options.may_end_owner = holds_lease;
  options.turns = turns_;
  options.when_gone = when_gone_;
  TRY(auto db, store::open_postgres(options));
  CHECK_OK(db->migrate(cell_migrations()));
  CHECK_OK(store::check_copies(*db));
  auto publish_name = [this, number](std::string name) {
    return directory_->publish_one(number, std::move(name));
  };
  auto cell = std::make_unique<Cell>(process_, std::move(db), std::move(publish_name),
                                     name_book(number), holds_lease);
  CHECK_OK(cell->load());
  CHECK_OK(cell->recover());
  CHECK_OK(publish(number, *cell));
  return cell;
}

void Cells::close(Place& place) {
  // While this replica goes on, its attempts have as long as they need.
  const auto is_over = [this] { return is_stopping_ && SteadyClock::now() >= stop_at_.load(); };
  Cell& cell = *place.cell;
  cell.close();
  // It goes on taking calls until its attempts have ended: what they bring is queued.
  while (!cell.drain(100ms) && !is_over()) {
  }
  place.open = nullptr;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  cell.give_up_waiting();
  while (!place.calls.wait_idle(100ms) && !is_over()) {
  }
  while (!cell.drain(100ms) && !is_over()) {
  }
  cell.end();
  place.state = State::kClosed;
  wake();
}

// --- calls ---

/// The cell, counted as in use until calls.end(); nullptr: it is not open, and not counted.
Cell* Cells::Place::enter() {
  calls.begin();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  Cell* const entered = open;
  if (entered == nullptr) calls.end();
  return entered;
}

std::optional<api::Home> Cells::enter(std::size_t number) {
  Place& place = *places_[number];
  Cell* const cell = place.enter();
  return cell == nullptr ? std::nullopt
                         : std::optional<api::Home>(std::in_place, cell->services(), &place.calls);
}

std::optional<api::Home> Cells::find_now(const http::Request& request) {
  if (!has_joined_ || !membership_->holds_lease()) return std::nullopt;
  const auto cell = directory_->find_cached(identity::key_name(request.header("Authorization")));
  if (!cell) return std::nullopt;
  return enter(*cell);
}

/// A server that starts is reached before it has joined.
Task<> Cells::wait_until_joined() {
  const auto deadline = SteadyClock::now() + kHoldMax;
  while (!has_joined_) {
    if (SteadyClock::now() >= deadline) co_return std::unexpected(no_home());
    co_await pause();
  }
  co_return Result<>{};
}

Task<api::Home> Cells::find(const http::Request& request) {
  CO_CHECK_OK(co_await wait_until_joined());
  CO_TRY(const auto name, identity::checked_key_name(request.header("Authorization")));
  CO_TRY(const auto cell, co_await directory_->find(std::string(name)));
  if (!cell) co_return std::unexpected(no_such_key());
  co_return co_await home_of(*cell, request);
}

Task<api::Home> Cells::find_named(std::string name, const http::Request& request) {
  CO_CHECK_OK(co_await wait_until_joined());
  CO_TRY(const auto cell, co_await directory_->find(std::move(name)));
  if (!cell) co_return fail(ErrorCode::kNotFound, "there is no such workspace");
  co_return co_await home_of(*cell, request);
}

Task<std::vector<std::string>> Cells::cells(const http::Request& request) {
  CO_CHECK_OK(co_await wait_until_joined());
  std::vector<std::string> all;
  if (was_forwarded(request)) {
    all.emplace_back(request.header(cluster::kForwarded));
    co_return all;
  }
  for (std::size_t cell = 0; cell < places_.size(); ++cell) all.push_back(std::to_string(cell));
  co_return all;
}

/// A cell by chance: who asks has no say in it.
Task<api::Home> Cells::find_new(const http::Request& request) {
  CO_CHECK_OK(co_await wait_until_joined());
  if (was_forwarded(request))
    co_return co_await find_cell(std::string(request.header(cluster::kForwarded)), request);
  const std::size_t cell = random_bits() % places_.size();
  co_return co_await home_of(cell, request);
}

accounts::Accounts* Cells::accounts() {
  return has_joined_ && people_ ? &people_->accounts() : nullptr;
}

std::optional<cluster::Replica> Cells::owner_elsewhere(std::size_t cell) const {
  const auto view = membership_->view();
  const auto& owner = view->cells.at(cell);
  if (!owner || *owner == membership_->me()) return std::nullopt;
  const cluster::Replica* replica = view->find(*owner);
  return replica == nullptr ? std::nullopt : std::optional(*replica);
}

/// Nobody is there to take over.
bool Cells::is_alone() const {
  return std::ranges::all_of(membership_->view()->replicas, [this](const cluster::Replica& each) {
    return each.id == membership_->me();
  });
}

bool Cells::is_owner(std::size_t cell, cluster::ReplicaId replica) const {
  return membership_->view()->cells.at(cell) == replica;
}

/// Why a call that comes now can't be held back for its cell either.
Result<> Cells::check_can_wait() const {
  // What the others may have changed by now is not trusted.
  if (!membership_->holds_lease() && !is_stopping_) return std::unexpected(no_home());
  if (has_left_ && is_alone()) return fail(ErrorCode::kShuttingDown, "the server is stopping");
  return {};
}

Task<api::Home> Cells::home_of(std::size_t cell, const http::Request& request) {
  const bool is_forwarded = was_forwarded(request);
  const auto deadline = hold_end_of(request);
  while (true) {
    CO_CHECK_OK(check_can_wait());
    if (auto home = enter(cell)) co_return *std::move(home);
    if (const auto owner = owner_elsewhere(cell); owner && !is_forwarded) {
      forwarded_.add();
      auto forwarded =
          co_await peers_.forward(*owner, std::to_string(cell), request,
                                  [this, cell, id = owner->id] { return !is_owner(cell, id); });
      using End = cluster::Forwarded::End;
      if (forwarded.end == End::kAnswered && !forwarded.is_misdirected)
        co_return api::Home(std::move(forwarded.response));
      if (forwarded.is_used_up)
        co_return fail(
            forwarded.end == End::kLost ? ErrorCode::kOutcomeUnknown : ErrorCode::kStoreUnavailable,
            "the server that had the workspace changed while the body was sent");
      if (forwarded.end == End::kLost && !cluster::may_repeat(request))
        co_return fail(ErrorCode::kOutcomeUnknown, "the server that had the workspace was lost");
    }
    if (SteadyClock::now() >= deadline) break;
    co_await pause();
  }
  if (!is_forwarded) co_return std::unexpected(no_home());
  co_return api::Home(misdirected());
}

std::vector<std::string> Cells::names() const {
  std::vector<std::string> all;
  for (const cluster::Replica& each : membership_->view()->replicas)
    all.push_back(std::to_string(each.id));
  return all;
}

bool Cells::is_me(std::string_view name) const { return has_joined_ && name == this->name(); }

std::optional<ErrorCode> Cells::unready() const {
  if (!has_joined_ || is_stopping_) return ErrorCode::kShuttingDown;
  if (!membership_->holds_lease()) return ErrorCode::kStoreUnavailable;
  for (const auto& place : places_) {
    const Cell* const cell = place->open;
    if (cell != nullptr && !cell->database().healthy()) return ErrorCode::kStoreUnavailable;
  }
  return std::nullopt;
}

// --- webhooks ---

namespace {

std::string list_of(const std::vector<std::size_t>& cells) {
  std::string out;
  for (const std::size_t cell : cells)
    out.append(out.empty() ? "" : ",").append(std::to_string(cell));
  return out;
}

bool is_listed(std::size_t cell, std::string_view list) {
  return ("," + std::string(list) + ",").contains("," + std::to_string(cell) + ",");
}

}  // namespace

Task<Cells::Parts> Cells::parts_of(ingest::ProviderWebhook webhook) {
  Parts parts;
  for (channel::Update& update : webhook.updates) {
    const auto subject = ingest::subject_of(update);
    CO_TRY(const auto cell,
           co_await directory_->find(subject.address.empty()
                                         ? account_route(webhook.mode, subject.account)
                                         : address_route(webhook.mode, subject.address)));
    // Nobody's: whoever has the first cell says so.
    auto& part = parts[cell.value_or(0)];
    part.mode = webhook.mode;
    part.updates.push_back(std::move(update));
  }
  co_return parts;
}

Task<> Cells::take_webhook(const http::Request& request) {
  CO_TRY(auto webhook, process_.whatsapp.open(request));
  CO_CHECK_OK(co_await wait_until_joined());
  CO_TRY(auto parts, co_await parts_of(std::move(webhook)));
  const bool is_forwarded = was_forwarded(request);
  if (is_forwarded) {
    // The others of it are stored elsewhere.
    const auto cells_here = request.header(cluster::kForwarded);
    std::erase_if(parts, [&](const auto& part) { return !is_listed(part.first, cells_here); });
  }
  const auto deadline = hold_end_of(request);
  while (true) {
    CO_CHECK_OK(check_can_wait());
    CO_CHECK_OK(co_await store_here(parts));
    if (!is_forwarded) co_await store_elsewhere(parts, request);
    if (parts.empty()) co_return Result<>{};
    if (SteadyClock::now() >= deadline) break;
    co_await pause();
  }
  co_return std::unexpected(no_home());
}

/// Takes out of `parts` what was stored.
Task<> Cells::store_here(Parts& parts) {
  for (auto it = parts.begin(); it != parts.end();) {
    const auto home = enter(it->first);
    if (!home) {
      ++it;
      continue;
    }
    CO_CHECK_OK(co_await places_[it->first]->cell->ingest().store(std::move(it->second)));
    it = parts.erase(it);
  }
  co_return Result<>{};
}

/// Passes the webhook on to those that have the cells of `parts`, and takes out what they have
/// stored. That some of it may be stored twice is harmless.
Awaitable<void> Cells::store_elsewhere(Parts& parts, const http::Request& request) {
  std::map<cluster::ReplicaId, std::pair<cluster::Replica, std::vector<std::size_t>>> by_owner;
  for (const auto& [cell, part] : parts) {
    const auto owner = owner_elsewhere(cell);
    if (!owner) continue;
    auto& [replica, cells] = by_owner[owner->id];
    replica = *owner;
    cells.push_back(cell);
  }
  for (const auto& [id, owner] : by_owner) {
    const auto& [replica, cells] = owner;
    forwarded_.add();
    const auto is_gone = [this, first = cells.front(), owner_id = id] {
      return !is_owner(first, owner_id);
    };
    const auto forwarded = co_await peers_.forward(replica, list_of(cells), request, is_gone);
    const bool is_stored =
        forwarded.end == cluster::Forwarded::End::kAnswered && forwarded.response.status == 200;
    if (!is_stored) continue;
    for (const std::size_t cell : cells) parts.erase(cell);
  }
}

double Cells::sum(const std::function<double(const Cell&)>& of_one) const {
  double total = 0;
  for (const auto& place : places_) {
    const Cell* const cell = place->enter();
    if (cell == nullptr) continue;
    total += of_one(*cell);
    place->calls.end();
  }
  return total;
}

std::size_t Cells::open_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      places_, [](const auto& place) { return place->open.load() != nullptr; }));
}

}  // namespace flowsell::app
