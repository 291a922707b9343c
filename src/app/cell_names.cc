#include "cells.h"
#include "routes.h"

/// What the directory knows of cells: by which names others find what is in one.
namespace flowsell::app {

connections::NameBook Cells::name_book(std::size_t number) {
  connections::NameBook book;
  book.claim = [this, number](connections::ProviderNames names) -> Task<bool> {
    return directory_->claim(number, routes_of(names));
  };
  book.withdraw = [this, number](connections::ProviderNames names) -> Task<> {
    return directory_->withdraw(number, routes_of(names));
  };
  book.release = [this, number](connections::ProviderNames names) -> Task<> {
    return release_names(number, std::move(names));
  };
  return book;
}

/// Of cells that are open here: what is in another replica's stays until it is disconnected there.
Task<> Cells::release_names(std::size_t number, connections::ProviderNames names) {
  std::map<std::size_t, std::vector<std::string>> by_cell;
  for (const std::string& address : names.addresses) {
    CO_TRY(const auto cell, co_await directory_->find(address_route(names.mode, address)));
    if (cell && *cell != number) by_cell[*cell].push_back(address);
  }
  for (auto& [cell, addresses] : by_cell) {
    const auto home = enter(cell);
    if (!home) continue;
    connections::Connector& there = home->services()->connector;
    CO_CHECK_OK(co_await there.release(std::string(process_.adapter->name()), names.mode,
                                       std::move(addresses), {}));
  }
  co_return Result<>{};
}

Result<> Cells::publish(std::size_t number, Cell& cell) {
  TRY(auto names, cell.api_keys().names());
  TRY(const auto workspaces, cell.workspaces().list());
  for (const WorkspaceId& workspace : workspaces) names.push_back(api::workspace_name(workspace));
  for (const auto& sender : cell.senders().all())
    names.push_back(address_route(sender->mode, sender->address));
  for (const auto& each : cell.senders().connections().all())
    names.push_back(account_route(each->mode, each->account));
  return directory_->publish(number, std::move(names));
}

}  // namespace flowsell::app
