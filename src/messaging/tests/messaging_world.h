#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "fake_adapter.h"
#include "media/library.h"
#include "messaging/accept.h"
#include "messaging/provider_updates.h"
#include "messaging/read_receipts.h"
#include "messaging/schema.h"
#include "messaging/send_handler.h"
#include "webhook_world.h"

namespace flowsell::messaging {

constexpr const char* kAna = "+919876543210";
constexpr const char* kBela = "+14155550123";

struct MessagingOptions {
  std::size_t concurrency = 256;
  std::chrono::seconds timeout{10};
  metering::Limits limits{1000, 1000};
  std::vector<testkit::Migrations> more_tables = {};
  std::string api_base = {};  ///< empty: the provider of the world
  bool with_sender = true;
};

/// A sender of the FakeAdapter's channel.
connections::Senders::Draft draft_of_sender(const identity::Caller& caller,
                                            const std::string& address, const std::string& number);

/// Every part of both journeys, wired as the server wires them: one workspace, one sender, and a
/// provider of the test's.
class MessagingWorld : public webhook::WebhookWorld {
 public:
  explicit MessagingWorld(MessagingOptions options = {});
  ~MessagingWorld();

  connections::SenderPtr add_sender(const std::string& address, const std::string& number);
  static std::string text_json(const std::string& to, const std::string& text);
  Result<Accepted> send_json(const std::string& body, std::optional<std::string> key = {});
  Result<Accepted> send(const std::string& to = kAna, const std::string& text = "Hello",
                        std::optional<std::string> key = {}) {
    return send_json(text_json(to, text), std::move(key));
  }
  /// Sends, and waits until the first attempt has ended. The message's row then.
  MessageRow send_and_settle(const std::string& to = kAna);
  metering::IdempotentCall call(const std::string& key, std::string_view body);

  MessageRow row(const MessageId& id);
  /// True as soon as the message has the status.
  bool becomes(const MessageId& id, MessageStatus status);
  std::vector<std::string> event_types();
  /// Today's counts.
  std::array<std::int64_t, metering::kMetricCount> usage();
  Result<> apply(std::vector<channel::Update> updates) {
    return testkit::run(pool, updates_in.apply(sender, std::move(updates)));
  }
  channel::StatusUpdate status_of(const MessageId& id, MessageStatus status) const;

  testkit::HttpImposter provider;
  FakeAdapter adapter;
  metering::SendKeys send_keys;
  crypto::Key contact_key = crypto::Key::random();
  MessagingOptions options;
  metering::Quotas quotas{options.limits};
  connections::Senders senders;
  connections::ProviderCalls provider_calls;
  connections::LeasedKeys leased_keys;
  templates::Templates templates;
  BegunMessages begun;
  MessageReader messages;
  Waiters waiters;
  SendHandler send_handler;
  Accept accept;
  numbers::SenderStates states;
  ProviderUpdates updates_in;
  media::Library library;
  ReadReceipts read_receipts;
  connections::SenderPtr sender;
};

}  // namespace flowsell::messaging
