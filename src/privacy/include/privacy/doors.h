#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include "connections/senders.h"
#include "identity/api_keys.h"
#include "identity/workspaces.h"
#include "messaging/begun_messages.h"
#include "numbers/sender_states.h"
#include "runtime/task.h"
#include "runtime/work_count.h"
#include "store/database.h"
#include "templates/templates.h"
#include "webhook/begun_deliveries.h"
#include "webhook/endpoints.h"

namespace flowsell::privacy {

/// What a deletion needs of a cell: its database, and what is in memory of it.
struct CellRooms {
  store::Database& db;
  identity::Workspaces& workspaces;
  identity::ApiKeys& api_keys;
  connections::Senders& senders;
  numbers::SenderStates& sender_states;
  templates::Templates& templates;
  webhook::Endpoints& endpoints;
  messaging::BegunMessages& begun_messages;
  webhook::BegunDeliveries& begun_deliveries;
  /// Before a workspace ends: what it has connected is disconnected. False: not all is yet.
  std::function<Task<bool>(WorkspaceId)> part;
  /// Whether it is about to be closed here: then a step goes on where it is opened next.
  std::function<bool()> is_leaving = {};

  bool should_stop() const { return is_leaving && is_leaving(); }
};

/// A cell that is open in this process, and stays so while this lives.
class Door {
 public:
  /// `users` counts those that are in, this one included.
  Door(const CellRooms& rooms, runtime::WorkCount* users) : rooms_(rooms), users_(users) {}
  Door(Door&& other) noexcept
      : rooms_(std::move(other.rooms_)), users_(std::exchange(other.users_, nullptr)) {}
  Door& operator=(Door&&) = delete;
  ~Door() {
    if (users_ != nullptr) users_->end();
  }
  const CellRooms& rooms() const noexcept { return rooms_; }

 private:
  CellRooms rooms_;
  runtime::WorkCount* users_;
};

/// The way to cells. Thread-safe.
class Doors {
 public:
  virtual ~Doors() = default;
  /// How many cells there are, here and elsewhere; 0: not known yet.
  virtual std::size_t cell_count() const = 0;
  /// nullopt: it is not open in this process.
  virtual std::optional<Door> enter_cell(std::size_t number) = 0;
  /// nullopt: there is no such workspace.
  virtual Task<std::optional<std::size_t>> cell_of(WorkspaceId workspace) = 0;
  /// Before a workspace's rows go: takes the names of its keys out of what tells all
  /// processes where they are.
  virtual Task<> withdraw_names(const CellRooms& rooms, WorkspaceId workspace) = 0;
};

}  // namespace flowsell::privacy
