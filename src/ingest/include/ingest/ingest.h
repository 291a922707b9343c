#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/adapter.h"
#include "connections/senders.h"
#include "core/sensitive.h"
#include "http/message.h"
#include "messaging/provider_updates.h"
#include "runtime/task.h"
#include "telemetry/metrics.h"

namespace flowsell::ingest {

/// The secrets of one app at the provider, and which senders its webhooks may speak of.
struct ProviderApp {
  identity::Mode mode = identity::Mode::kTest;
  Secret app_secret;    ///< signs webhooks; empty: this mode takes none
  Secret verify_token;  ///< of the subscription's challenge
};

/// What a webhook says, and of which mode's senders.
struct ProviderWebhook {
  identity::Mode mode = identity::Mode::kTest;
  std::vector<channel::Update> updates;
};

/// Where a provider's webhooks come in: verified on the raw bytes, and translated. Thread-safe.
class ProviderDoor {
 public:
  ProviderDoor(const channel::Adapter& adapter, std::string signature_header,
               std::vector<ProviderApp> apps, const Clock& clock, metrics::Registry& metrics);

  /// GET: the provider asks whether the address is ours. The challenge, or kInvalidSignature.
  Result<std::string> answer_challenge(std::string_view mode, std::string_view token,
                                       std::string_view challenge) const;
  /// POST. Fails with kInvalidSignature or kInvalidJson.
  Result<ProviderWebhook> open(const http::Request& request);

  /// Of whom a signed callback about a person is, and which mode's app they know.
  struct Person {
    identity::Mode mode = identity::Mode::kTest;
    std::string user_id;  ///< the provider's
    Time asked_at;        ///< what they have allowed since is not meant
  };
  /// How far from now a signed callback may have been made.
  static constexpr std::chrono::hours kSignedLife{24};
  /// Fails with kInvalidSignature, also where it is of another time.
  Result<Person> read_signed_request(std::string_view signed_request) const;
  /// A code by which a person may ask what became of a request, made of nothing but its time.
  std::string confirmation(identity::Mode mode) const;
  /// When the request was made that such a code is of; nullopt: it is none of ours.
  std::optional<Time> confirmed_at(std::string_view code) const;

 private:
  const ProviderApp* signer_of(const http::Request& request) const;

  const channel::Adapter& adapter_;
  std::string signature_header_;
  std::vector<ProviderApp> apps_;
  const Clock& clock_;
  metrics::Counter& taken_;
  metrics::Counter& refused_;
};

/// Whom an update is about.
struct Subject {
  std::string_view address;  ///< the sender's, as the provider names it
  std::string_view account;  ///< where it is about the account as a whole, and has no address
};
Subject subject_of(const channel::Update& update);

/// Stores the updates of webhooks. What fails before the last commit is answered 503, and the
/// provider sends it all again, which is harmless. Thread-safe.
class Ingest {
 public:
  /// Updates of one commit: large bodies go in pieces, so that sends between them don't wait.
  static constexpr std::size_t kChunk = 100;

  Ingest(const channel::Adapter& adapter, connections::Senders& senders,
         messaging::ProviderUpdates& updates, metrics::Registry& metrics);

  /// Told first of what became of an account, whatever its senders.
  using AccountListener = std::function<Task<>(connections::ConnectionPtr, channel::AccountChange)>;
  void set_account_listener(AccountListener listener) { on_account_ = std::move(listener); }

  /// Success means that every update is stored. Fails with the store's codes.
  Task<> store(ProviderWebhook webhook);

 private:
  Task<> tell_accounts(const ProviderWebhook& webhook);
  connections::SenderPtr sender_of(const channel::Update& update, identity::Mode mode) const;

  const channel::Adapter& adapter_;
  connections::Senders& senders_;
  messaging::ProviderUpdates& updates_;
  metrics::Counter& unroutable_;
  AccountListener on_account_;
};

}  // namespace flowsell::ingest
