#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/adapter.h"
#include "core/error.h"
#include "core/sensitive.h"
#include "core/time.h"
#include "http/client.h"

namespace flowsell::channel {

/// The app at the provider by which accounts are connected. Without an id the installation has
/// none.
struct ConnectApp {
  std::string id;
  Secret secret;
  bool is_there() const noexcept { return !id.empty() && !secret.empty(); }
};

/// What the provider says of a token.
struct TokenFacts {
  bool is_valid = false;
  /// Why it is not: "token_expired", "token_revoked", ...; empty where it is valid.
  std::string_view trouble;
  std::string app_id;                 ///< the app that it was made for
  std::string user_id;                ///< whom it speaks for
  std::optional<Time> expires_at;     ///< nullopt: it has no end
  bool may_manage = false;            ///< accounts, numbers, templates
  bool may_send = false;              ///< messages
  std::vector<std::string> accounts;  ///< those it is limited to; empty: the provider names none
};

struct AccountFacts {
  std::string account;
  std::string name;
  std::string owner_business_id;
  std::string owner_business_name;
  std::string currency;   ///< "INR"; empty: not told
  std::string time_zone;  ///< the provider's own number or name of it; empty: not told
};

/// A number of an account.
struct AddressFacts {
  std::string address;         ///< WhatsApp: phone-number id
  std::string display_number;  ///< E.164 with '+'
  std::string name;
  bool is_registered = false;  ///< messages can be sent from it
  bool is_on_app = false;      ///< its owner goes on using the provider's own app with it
};

/// Another address for the webhooks of an account than the app's own.
struct OverrideCallback {
  std::string url;  ///< empty: none
  Secret verify_token;
};

/// A token that the provider gave for a code or for another token.
struct IssuedToken {
  Secret token;
  std::optional<std::chrono::seconds> life;  ///< nullopt: not told
};

/// What a provider says, signed, of a person who has connected accounts.
struct SignedRequest {
  std::string user_id;
  Time issued_at;
};

/// The calls by which a provider's accounts are connected and let go of, as requests and answers.
/// Pure. Requests lack their credential: Adapter::authorize() adds the connection's token, or
/// app_token() to those that are the app's own. `route` is of no sender.
class AccountCalls {
 public:
  virtual ~AccountCalls() = default;

  /// The app's own credential.
  virtual Secret app_token(const ConnectApp& app) const = 0;

  /// A code of the provider's sign-in for a token. `redirect_uri`: what the sign-in went back to;
  /// empty: it was a pop-up. Needs no credential: it holds the app's secret.
  virtual http::OutRequest exchange_code(const ConnectApp& app, const Secret& code,
                                         std::string_view redirect_uri,
                                         const SenderRoute& route) const = 0;
  /// A token that ends for one that ends later. The same.
  virtual http::OutRequest extend_token(const ConnectApp& app, const Secret& token,
                                        const SenderRoute& route) const = 0;
  /// Fails with kProviderUnreachable: it can't be read.
  virtual Result<IssuedToken> read_issued(const http::Exchange& answer) const = 0;

  /// What is the token worth? By the app's own credential.
  virtual http::OutRequest inspect_token(const Secret& token, const SenderRoute& route) const = 0;
  virtual Result<TokenFacts> read_token(const http::Exchange& answer) const = 0;

  virtual http::OutRequest get_account(std::string_view account,
                                       const SenderRoute& route) const = 0;
  virtual Result<AccountFacts> read_account(const http::Exchange& answer) const = 0;

  /// A page of its numbers; `after`: what next() of the page before gave.
  virtual http::OutRequest list_addresses(std::string_view account, std::string_view after,
                                          const SenderRoute& route) const = 0;
  struct AddressPage {
    std::vector<AddressFacts> addresses;
    std::string next;  ///< empty: it was the last one
  };
  virtual Result<AddressPage> read_addresses(const http::Exchange& answer) const = 0;

  /// The app hears of the account from now on. With an override it is heard there: only of an app
  /// that is subscribed already.
  virtual http::OutRequest subscribe(std::string_view account, const OverrideCallback& callback,
                                     const SenderRoute& route) const = 0;
  virtual http::OutRequest unsubscribe(std::string_view account,
                                       const SenderRoute& route) const = 0;

  /// Messages can be sent from the number, whose PIN this is or becomes.
  virtual http::OutRequest register_address(std::string_view address, const Secret& pin,
                                            const SenderRoute& route) const = 0;
  /// Contacts and history of a number whose owner goes on using the provider's own app: one request
  /// each, once, in the first day.
  virtual std::vector<http::OutRequest> request_history(std::string_view address,
                                                        const SenderRoute& route) const = 0;

  /// The person whom a signed callback of the provider's is about: who took our app away, or wants
  /// what is held about them deleted. Fails with kInvalidSignature; constant time.
  virtual Result<SignedRequest> read_signed_request(std::string_view signed_request,
                                                    const Secret& app_secret) const = 0;

  /// What a refused token means, by the provider's numbers: "token_expired", "token_revoked", ....
  /// Empty: the token was not what was refused.
  virtual std::string_view token_trouble(std::int64_t code,
                                         std::int64_t subcode) const noexcept = 0;
};

}  // namespace flowsell::channel
