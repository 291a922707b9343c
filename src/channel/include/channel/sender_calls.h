#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "channel/sender_state.h"
#include "core/error.h"
#include "core/sensitive.h"
#include "core/time.h"
#include "http/client.h"

namespace flowsell::channel {

struct SenderRoute;

struct SenderPage {
  std::vector<SenderState> senders;
  std::string next;  ///< the cursor of the page that follows; empty: none
};

/// What people see of a business. Of a change: nullopt stays as it is.
struct SenderProfile {
  std::optional<std::string> about, address, description, email, vertical;
  std::optional<std::vector<std::string>> websites;
  std::string picture_url;                    ///< read only
  std::optional<std::string> picture_handle;  ///< of a change: of an upload
};

/// What became of one person of a call that blocks, or ends that.
struct BlockResult {
  std::string asked;  ///< as it was sent in
  std::string user;   ///< E.164 or the provider's user id; empty: the provider knows nobody
  std::optional<ProviderError> error;
};

/// One page of a list that a provider keeps, and its cursors.
template <class Row>
struct ProviderPage {
  std::vector<Row> rows;
  std::string after;   ///< empty: nothing follows
  std::string before;  ///< empty: nothing comes before
};
/// Which page is asked for.
struct ProviderPaging {
  std::int64_t limit = 20;
  std::string after, before;
};

/// A short link, and the picture of it, that opens a conversation.
struct QrCode {
  std::string code;
  std::string message;  ///< that stands in the conversation then
  std::string url;
  std::string image_url;  ///< empty: none was made
};
enum class QrImage : std::uint8_t { kNone, kPng, kSvg };

struct SenderCommand {
  std::string name, description;
};
/// What a conversation offers by itself. Of a change: nullopt stays as it is.
struct SenderAutomation {
  std::optional<bool> welcome;  ///< the provider tells of a person who opens a conversation
  std::optional<std::vector<SenderCommand>> commands;
  std::optional<std::vector<std::string>> prompts;  ///< ice breakers
};

enum class CodeMethod : std::uint8_t { kSms, kVoice };

// --- what a look at an account finds ---

/// What the provider says of a token.
struct TokenView {
  bool is_valid = false;
  std::string app;
  std::vector<std::string> scopes;
  struct Grant {
    std::string scope;
    std::vector<std::string> accounts;  ///< empty: all
  };
  std::vector<Grant> grants;
  std::optional<Time> expires_at;  ///< nullopt: never
};

/// Where the provider's webhooks about a sender go: the last that is there.
struct Callbacks {
  std::string of_app, of_account, of_sender;

  const std::string& used() const noexcept {
    return !of_sender.empty() ? of_sender : !of_account.empty() ? of_account : of_app;
  }
};

struct HealthFault {
  std::int64_t code = 0;
  std::string description, solution;
};
struct HealthEntity {
  std::string type;     ///< "phone_number", "waba", "business", "app"
  std::string verdict;  ///< "available", "limited", "blocked"
  std::vector<HealthFault> faults;
};

struct AccountView {
  std::string name, review_status;
  std::vector<HealthEntity> health;
};
struct SenderFacts {
  Callbacks callbacks;
  std::vector<HealthEntity> health;
};

/// A template in one language, as the provider has it.
struct TemplateFacts {
  std::string name, language, status, category, quality;
};

/// How a channel's senders and their accounts are looked at and managed: requests from values, and
/// values from answers that were a success. A route's address is the sender's, or the account's
/// where a call is about that. No I/O, no clock, no state. Readers fail with kProviderUnreachable:
/// the answer is none of the provider's API. Checks fail with kInvalidRequest, each fault with its
/// pointer into our API's body.
class SenderCalls {
 public:
  virtual ~SenderCalls() = default;

  virtual Result<http::OutRequest> list_senders(const std::string& after,
                                                const SenderRoute& account) const = 0;
  virtual Result<SenderPage> read_senders(const http::Exchange& answered) const = 0;
  virtual Result<http::OutRequest> get_sender(const SenderRoute& sender) const = 0;
  virtual Result<SenderState> read_sender(const http::Exchange& answered) const = 0;

  virtual Result<http::OutRequest> register_sender(const Secret& pin, std::string_view region,
                                                   const SenderRoute& sender) const = 0;
  virtual Result<http::OutRequest> deregister_sender(const SenderRoute& sender) const = 0;
  virtual Result<http::OutRequest> set_pin(const Secret& pin, const SenderRoute& sender) const = 0;
  virtual Result<http::OutRequest> request_code(CodeMethod method, std::string_view language,
                                                const SenderRoute& sender) const = 0;
  virtual Result<http::OutRequest> verify_code(const Secret& code,
                                               const SenderRoute& sender) const = 0;
  virtual Result<http::OutRequest> request_name(std::string_view name,
                                                const SenderRoute& sender) const = 0;

  virtual Result<http::OutRequest> get_profile(const SenderRoute& sender) const = 0;
  virtual Result<SenderProfile> read_profile(const http::Exchange& answered) const = 0;
  virtual Result<> check_profile(const SenderProfile& change) const = 0;
  virtual Result<http::OutRequest> set_profile(const SenderProfile& change,
                                               const SenderRoute& sender) const = 0;

  virtual Result<http::OutRequest> list_blocked(const ProviderPaging& page,
                                                const SenderRoute& sender) const = 0;
  virtual Result<ProviderPage<std::string>> read_blocked(const http::Exchange& answered) const = 0;
  enum class Blocking : std::uint8_t { kBlock, kUnblock };
  virtual Result<http::OutRequest> block(Blocking what, std::span<const std::string> people,
                                         const SenderRoute& sender) const = 0;
  virtual Result<std::vector<BlockResult>> read_blocking(const http::Exchange& answered) const = 0;

  virtual Result<http::OutRequest> list_qr_codes(const ProviderPaging& page,
                                                 const SenderRoute& sender) const = 0;
  virtual Result<ProviderPage<QrCode>> read_qr_codes(const http::Exchange& answered) const = 0;
  virtual Result<http::OutRequest> get_qr_code(std::string_view code,
                                               const SenderRoute& sender) const = 0;
  /// A new one where `code` is empty.
  virtual Result<http::OutRequest> put_qr_code(std::string_view code, std::string_view message,
                                               QrImage image, const SenderRoute& sender) const = 0;
  virtual Result<QrCode> read_qr_code(const http::Exchange& answered) const = 0;
  virtual Result<http::OutRequest> delete_qr_code(std::string_view code,
                                                  const SenderRoute& sender) const = 0;

  virtual Result<http::OutRequest> get_automation(const SenderRoute& sender) const = 0;
  virtual Result<SenderAutomation> read_automation(const http::Exchange& answered) const = 0;
  virtual Result<> check_automation(const SenderAutomation& change) const = 0;
  virtual Result<http::OutRequest> set_automation(const SenderAutomation& change,
                                                  const SenderRoute& sender) const = 0;

  /// Of AccountCalls::inspect_token().
  virtual Result<TokenView> read_token(const http::Exchange& answered) const = 0;
  /// Scopes that a token must have, each for the account.
  virtual std::span<const std::string_view> needed_scopes() const noexcept = 0;

  virtual Result<http::OutRequest> list_subscriptions(const SenderRoute& account) const = 0;
  /// Which apps hear of the account.
  virtual Result<std::vector<std::string>> read_subscriptions(
      const http::Exchange& answered) const = 0;
  virtual Result<http::OutRequest> look_at_account(const SenderRoute& account) const = 0;
  virtual Result<AccountView> read_account(const http::Exchange& answered) const = 0;
  virtual Result<http::OutRequest> look_at_sender(const SenderRoute& sender) const = 0;
  virtual Result<SenderFacts> read_sender_facts(const http::Exchange& answered) const = 0;

  /// A first page of those whose name holds `name`.
  virtual Result<http::OutRequest> find_templates(std::string_view name,
                                                  const SenderRoute& account) const = 0;
  virtual Result<std::vector<TemplateFacts>> read_templates(
      const http::Exchange& answered) const = 0;

  /// The callback's address with a challenge that only the server behind it can answer.
  virtual std::string challenge_of(std::string_view callback, const Secret& verify_token,
                                   std::string_view challenge) const = 0;
};

}  // namespace flowsell::channel
