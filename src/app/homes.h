#pragma once

#include <atomic>

#include "api/home.h"
#include "cell.h"
#include "people.h"

namespace flowsell::app {

/// The home of every workspace is one cell: a server on SQLite.
class OneCell final : public api::Homes, public privacy::Doors {
 public:
  OneCell(Process& process, Cell& cell, People& people)
      : process_(process), cell_(cell), people_(people) {}

  std::optional<api::Home> find_now(const http::Request& /*request*/) override {
    return api::Home(cell_.services(), nullptr);
  }
  Task<api::Home> find(const http::Request& /*request*/) override {
    co_return api::Home(cell_.services(), nullptr);
  }
  Task<api::Home> find_named(std::string /*name*/, const http::Request& /*request*/) override {
    co_return api::Home(cell_.services(), nullptr);
  }
  Task<api::Home> find_new(const http::Request& /*request*/) override {
    co_return api::Home(cell_.services(), nullptr);
  }
  accounts::Accounts* accounts() override { return &people_.accounts(); }
  privacy::Desk* privacy_desk() override { return &people_.privacy_desk(); }
  recovery::Removals* removals() override { return &people_.removals(); }
  std::size_t cell_count() const override { return 1; }
  std::optional<privacy::Door> enter_cell(std::size_t /*number*/) override {
    return privacy::Door(cell_.privacy_rooms(), nullptr);
  }
  Task<std::optional<std::size_t>> cell_of(WorkspaceId /*workspace*/) override { co_return 0; }
  Task<> withdraw_names(const privacy::CellRooms& /*rooms*/, WorkspaceId /*workspace*/) override {
    co_return Result<>{};
  }
  sso::SingleSignOn* sso() override { return &people_.sso(); }
  passkeys::Passkeys* passkeys() override { return &people_.passkeys(); }
  api::Staff* staff() override { return &people_.staff(); }
  Task<> take_webhook(const http::Request& request) override {
    CO_TRY(auto webhook, process_.whatsapp.open(request));
    co_return co_await cell_.ingest().store(std::move(webhook));
  }
  std::optional<ErrorCode> unready() const override {
    if (!is_open_) return ErrorCode::kShuttingDown;
    if (!cell_.database().healthy()) return ErrorCode::kStoreUnavailable;
    return std::nullopt;
  }
  void set_open(bool open) noexcept { is_open_ = open; }

 private:
  Process& process_;
  Cell& cell_;
  People& people_;
  std::atomic<bool> is_open_{false};
};

}  // namespace flowsell::app
