#pragma once

#include "channel/account_calls.h"

namespace flowsell::whatsapp {

/// Meta's calls about tokens, accounts and numbers (reference/whatsapp.md, 7.1 to 7.3).
class WhatsAppAccountCalls final : public channel::AccountCalls {
 public:
  Secret app_token(const channel::ConnectApp& app) const override;
  http::OutRequest exchange_code(const channel::ConnectApp& app, const Secret& code,
                                 std::string_view redirect_uri,
                                 const channel::SenderRoute& route) const override;
  http::OutRequest extend_token(const channel::ConnectApp& app, const Secret& token,
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
  Result<channel::SignedRequest> read_signed_request(std::string_view signed_request,
                                                     const Secret& app_secret) const override;
  std::string_view token_trouble(std::int64_t code, std::int64_t subcode) const noexcept override;
};

}  // namespace flowsell::whatsapp
