#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "channel/account_calls.h"
#include "channel/adapter.h"

namespace flowsell::connections {

/// A channel that sends nothing and whose accounts can be connected. Requests go to
/// {api_base}/inspect, /{account}, /{account}/numbers, /{account}/subscribe, /{account}/callback,
/// /{account}/unsubscribe, /{address}/register, /{address}/history, /extend; their credential is
/// the header "By". Answers are small JSON objects with the names of the facts; an error is
/// {"error":{"code","subcode","reason"}}. Code 190 is about the token.
class FakeChannel final : public channel::Adapter, public channel::AccountCalls {
 public:
  std::string_view name() const noexcept override { return "fake"; }
  Result<> check(const channel::OutboundMessage&) const override { return {}; }
  Result<http::OutRequest> compile(const channel::OutboundMessage&, const channel::CompileContext&,
                                   const channel::SenderRoute&) const override {
    return fail(ErrorCode::kInternal, "it sends nothing");
  }
  Result<http::OutRequest> compile_read(std::string_view, bool,
                                        const channel::SenderRoute&) const override {
    return fail(ErrorCode::kInternal, "it sends nothing");
  }
  void authorize(http::OutRequest& request, const Secret& token) const override;
  channel::Interpretation interpret(const http::Exchange& answered) const override;
  std::string_view fix_of(std::int64_t, std::int64_t) const noexcept override { return "Fix it."; }
  bool verify(std::string_view, std::string_view, const Secret&) const override { return false; }
  Result<std::vector<channel::Update>> parse(std::string_view, Time) const override {
    return std::vector<channel::Update>();
  }
  const channel::AccountCalls* account_calls() const noexcept override { return this; }

  Secret app_token(const channel::ConnectApp& app) const override;
  http::OutRequest exchange_code(const channel::ConnectApp&, const Secret&, std::string_view,
                                 const channel::SenderRoute& route) const override;
  http::OutRequest extend_token(const channel::ConnectApp&, const Secret& token,
                                const channel::SenderRoute& route) const override;
  Result<channel::IssuedToken> read_issued(const http::Exchange& answer) const override;
  http::OutRequest inspect_token(const Secret& token,
                                 const channel::SenderRoute& route) const override;
  Result<channel::TokenFacts> read_token(const http::Exchange& answer) const override;
  http::OutRequest get_account(std::string_view account,
                               const channel::SenderRoute& route) const override;
  Result<channel::AccountFacts> read_account(const http::Exchange& answer) const override;
  http::OutRequest list_addresses(std::string_view account, std::string_view after,
                                  const channel::SenderRoute& route) const override;
  Result<AddressPage> read_addresses(const http::Exchange& answer) const override;
  http::OutRequest subscribe(std::string_view account, const channel::OverrideCallback& callback,
                             const channel::SenderRoute& route) const override;
  http::OutRequest unsubscribe(std::string_view account,
                               const channel::SenderRoute& route) const override;
  http::OutRequest register_address(std::string_view address, const Secret& pin,
                                    const channel::SenderRoute& route) const override;
  std::vector<http::OutRequest> request_history(std::string_view address,
                                                const channel::SenderRoute& route) const override;
  Result<channel::SignedRequest> read_signed_request(std::string_view,
                                                     const Secret&) const override {
    return fail(ErrorCode::kInvalidSignature, "it signs nothing");
  }
  std::string_view token_trouble(std::int64_t code, std::int64_t subcode) const noexcept override;
};

}  // namespace flowsell::connections
