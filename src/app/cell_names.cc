#include "cells.h"
#include "routes.h"

/// What the directory knows of cells: by which names others find what is in one.
namespace flowsell::app {

connections::NameBook Cells::name_book(std::size_t number) {
  connections::NameBook book;
  book.claim = [this, number](connections::ProviderNames names) -> Task<bool> {
    return claim_names(number, std::move(names));
  };
  book.withdraw = [this, number](connections::ProviderNames names) -> Task<> {
    return directory_->withdraw(number, routes_of(names));
  };
  return book;
}

Result<> Cells::publish(std::size_t number, Cell& cell) {
  TRY(auto names, cell.api_keys().names());
  TRY(const auto workspaces, cell.workspaces().list());
  for (const WorkspaceId& workspace : workspaces) names.push_back(api::workspace_name(workspace));
  for (const auto& sender : cell.senders().all())
    names.push_back(address_route(sender->mode, sender->address));
  for (const auto& each : cell.senders().connections().all()) {
    names.push_back(account_route(each->mode, each->account));
    if (!each->token_user.empty())
      names.push_back(api::token_user_name(each->mode, each->token_user, std::to_string(number)));
  }
  return directory_->publish(number, std::move(names));
}

Task<bool> Cells::claim_names(std::size_t number, connections::ProviderNames names) {
  CO_TRY(const bool is_ours, co_await directory_->claim(number, routes_of(names)));
  if (is_ours && !names.token_user.empty())
    CO_CHECK_OK(co_await directory_->publish_one(
        number, api::token_user_name(names.mode, names.token_user, std::to_string(number))));
  co_return is_ours;
}

}  // namespace flowsell::app
