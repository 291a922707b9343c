#include <charconv>

#include "cells.h"
#include "identity/api_keys.h"
#include "peer_door.h"

/// What deletions need of cells.
namespace flowsell::app {

recovery::Removals* Cells::removals() {
  return has_joined_ && people_ ? &people_->removals() : nullptr;
}

privacy::Desk* Cells::privacy_desk() {
  return has_joined_ && people_ ? &people_->privacy_desk() : nullptr;
}

const privacy::Runner* Cells::deletions() const {
  return has_joined_ && people_ ? &people_->deletions() : nullptr;
}

std::size_t Cells::cell_count() const { return has_joined_ ? places_.size() : 0; }

std::optional<privacy::Door> Cells::enter_cell(std::size_t number) {
  if (!has_joined_ || !membership_->holds_lease()) return std::nullopt;
  Place& place = *places_[number];
  Cell* const cell = place.enter();
  if (cell == nullptr) return std::nullopt;
  privacy::CellRooms rooms = cell->privacy_rooms();
  rooms.is_leaving = [&place] { return place.state == State::kClosing; };
  return std::optional<privacy::Door>(std::in_place, rooms, &place.calls);
}

Task<api::Home> Cells::find_cell(std::string cell, const http::Request& request) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc{} || number >= places_.size()) co_return std::unexpected(no_home());
  co_return co_await home_of(number, request);
}

Task<std::optional<std::size_t>> Cells::cell_of(WorkspaceId workspace) {
  co_return co_await directory_->find(api::workspace_name(workspace));
}

Task<> Cells::withdraw_names(const privacy::CellRooms& rooms, WorkspaceId workspace) {
  CO_TRY(const auto cell, co_await cell_of(workspace));
  if (!cell) co_return Result<>{};
  std::vector<std::string> names;
  CO_TRY(const auto keys, co_await rooms.db.read([workspace](store::Connection& db) {
    return identity::list_keys(db, workspace);
  }));
  names.reserve(keys.size());
  for (const identity::ApiKey& key : keys) names.push_back(key.prefix);
  co_return co_await directory_->withdraw(*cell, std::move(names));
}

}  // namespace flowsell::app
