#pragma once

#include <string>

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

  /// Success means that every update is stored. Fails with the store's codes.
  Task<> store(ProviderWebhook webhook);

 private:
  connections::SenderPtr sender_of(const channel::Update& update, identity::Mode mode) const;

  const channel::Adapter& adapter_;
  connections::Senders& senders_;
  messaging::ProviderUpdates& updates_;
  metrics::Counter& unroutable_;
};

}  // namespace flowsell::ingest
