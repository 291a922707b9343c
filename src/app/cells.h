#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/home.h"
#include "cell.h"
#include "cluster/directory.h"
#include "cluster/membership.h"
#include "cluster/peers.h"
#include "people.h"
#include "process.h"
#include "sandbox.h"
#include "store/postgres.h"

namespace flowsell::app {

/// The homes of workspaces on PostgreSQL: cells, each in a schema of its own, which replicas share
/// among them. This replica opens those that it has, gives some away when others come, takes those
/// of the dead, and passes on what belongs to another's.
class Cells final : public api::Homes, public privacy::Doors {
 public:
  /// `shared`: the database that all replicas have, with its tables. `when_gone`: this process can
  /// only end, and be started again.
  Cells(Process& process, std::unique_ptr<store::Database> shared, std::function<void()> when_gone);
  ~Cells() override;

  /// Joins, and opens the cells that are this replica's share. The pool runs. Blocking.
  /// `address`: where other replicas reach this one; `base_url`: where everybody does.
  Result<> start(const std::string& address, std::string base_url);
  /// What the cells that are open here have of a sandbox's workspaces. Blocking; after start().
  Result<std::vector<SandboxWorkspace>> open_sandbox(const EarlierKeys& earlier);
  /// Gives all cells away; what they have under way ends first, or `grace` does. Calls are still
  /// passed on to others, until end(). Blocking.
  void stop(std::chrono::milliseconds grace);
  void end();

  std::optional<api::Home> find_now(const http::Request& request) override;
  Task<api::Home> find(const http::Request& request) override;
  Task<api::Home> find_named(std::string name, const http::Request& request) override;
  Task<std::vector<std::string>> cells(const http::Request& request) override;
  Task<api::Home> find_cell(std::string cell, const http::Request& request) override;
  Task<api::Home> find_new(const http::Request& request) override;
  accounts::Accounts* accounts() override;
  privacy::Desk* privacy_desk() override;
  recovery::Removals* removals() override;
  std::size_t cell_count() const override;
  std::optional<privacy::Door> enter_cell(std::size_t number) override;
  Task<std::optional<std::size_t>> cell_of(WorkspaceId workspace) override;
  Task<> withdraw_names(const privacy::CellRooms& rooms, WorkspaceId workspace) override;
  sso::SingleSignOn* sso() override { return has_joined_ && people_ ? &people_->sso() : nullptr; }
  passkeys::Passkeys* passkeys() override {
    return has_joined_ && people_ ? &people_->passkeys() : nullptr;
  }
  api::Staff* staff() override { return has_joined_ && people_ ? &people_->staff() : nullptr; }
  Task<> take_webhook(const http::Request& request) override;
  std::optional<ErrorCode> unready() const override;

  /// The names of this replica and of all, itself included, after start().
  std::string name() const { return std::to_string(membership_->me()); }
  std::vector<std::string> names() const;
  /// Whether that is the name of this replica among the others.
  bool is_me(std::string_view name) const;
  /// Over all cells that are open here.
  double sum(const std::function<double(const Cell&)>& of_one) const;
  std::size_t open_count() const;
  /// nullptr: not ready yet.
  const privacy::Runner* deletions() const;

 private:
  enum class State : std::uint8_t {
    kElsewhere,
    kOpening,
    kOpen,
    kClosing,
    kClosed,  ///< or could not be opened: to be given away
  };

  /// One cell, seen from here.
  struct Place {
    std::atomic<State> state{State::kElsewhere};
    std::atomic<Cell*> open{nullptr};  ///< takes calls
    runtime::WorkCount calls;
    std::unique_ptr<Cell> cell;
    std::thread worker;  ///< opens or closes it
    Cell* enter();
  };

  // On the thread of members.
  void run();
  Result<> look();
  Result<> take_share();
  void share_turns();
  void give_closed();
  void begin_opening(std::size_t number);
  void begin_closing(Place& place);
  void leave_when_closed();
  void bury(Place& place);
  void wait(SteadyTime until);

  // On a worker.
  void open(std::size_t number);
  Result<std::unique_ptr<Cell>> opened(std::size_t number);
  void close(Place& place);

  void wake();
  Result<> use_shared();
  Result<> check_keys();
  Result<> publish(std::size_t number, Cell& cell);
  connections::NameBook name_book(std::size_t number);
  Task<> release_names(std::size_t number, connections::ProviderNames names);
  bool is_at_work() const;

  Task<> wait_until_joined();
  std::optional<api::Home> enter(std::size_t cell);
  std::optional<cluster::Replica> owner_elsewhere(std::size_t cell) const;
  bool is_alone() const;
  Result<> check_can_wait() const;
  bool is_owner(std::size_t cell, cluster::ReplicaId replica) const;
  Task<api::Home> home_of(std::size_t cell, const http::Request& request);
  using Parts = std::map<std::size_t, ingest::ProviderWebhook>;  ///< by cell
  Task<Parts> parts_of(ingest::ProviderWebhook webhook);
  Task<> store_here(Parts& parts);
  Awaitable<void> store_elsewhere(Parts& parts, const http::Request& request);

  Process& process_;
  const std::function<void()> when_gone_;
  cluster::Peers peers_;
  const std::shared_ptr<store::Turns> turns_;
  metrics::Counter& forwarded_;
  std::unique_ptr<store::Database> shared_;
  std::string schema_;  ///< of shared_: the cells' are named after it
  std::string base_url_;
  std::unique_ptr<People> people_;
  std::unique_ptr<cluster::Directory> directory_;
  std::unique_ptr<cluster::Membership> membership_;
  std::vector<std::unique_ptr<Place>> places_;
  Time keys_checked_at_{};
  std::atomic<bool> has_joined_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<SteadyTime> stop_at_{SteadyTime::max()};
  std::atomic<bool> has_left_{false};  ///< no member any more, and no cell is open
  std::atomic<bool> is_dead_{false};   ///< taken for it
  std::atomic<bool> must_end_{false};
  /// Cells that were closed: what still runs of them for a moment finds them there.
  std::vector<std::pair<std::unique_ptr<Cell>, SteadyTime>> graves_;

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool is_woken_ = false;
  std::optional<Error> failure_;  ///< of the first cell that could not be opened
  std::thread members_;
};

}  // namespace flowsell::app
