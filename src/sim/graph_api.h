#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/management.h"
#include "graph/path.h"
#include "graph_error.h"
#include "http/message.h"
#include "send_request.h"
#include "webhook_sender.h"
#include "world.h"

namespace flowsell::sim {

/// An answer and when it goes out.
struct TimedResponse {
  http::Response response;
  std::chrono::milliseconds latency{0};
};

/// Meta's side of sends: POST /v{N}.{M}/{phone-number-id}/messages and /marketing_messages. Checks
/// go in Meta's order: token, object, parameters, limits; then the message is taken. Thread-safe.
class GraphApi {
 public:
  /// A template that its account manages is checked by the last one.
  GraphApi(World& world, WebhookSender& webhooks, const Management& management);
  /// Whether the call is for this side; any other is for Management.
  static bool is_send(const http::Request& request);
  TimedResponse answer(const http::Request& request);

 private:
  /// What is known of a send beside what its checks read.
  struct SentAs {
    std::string_view body;
    std::string category;  ///< of a template that its account manages, "MARKETING"
  };
  Checked<TimedResponse> handle(const http::Request& request, const GraphPath& place,
                                std::size_t number);
  Checked<> check_number(const http::Request& request, const GraphPath& place,
                         std::size_t number) const;
  Checked<TimedResponse> post_message(const http::Request& request, const GraphPath& place,
                                      std::uint16_t number);
  Checked<TimedResponse> mark_as_read(const GraphPath& place, std::uint16_t number);
  Checked<TimedResponse> take(const SendRequest& send, const GraphPath& place, std::uint16_t number,
                              RecipientRole role, const SentAs& sent_as);
  Checked<TimedResponse> take_with_fault(const SendRequest& send, const GraphPath& place,
                                         std::uint16_t number, const RecipientRole& role,
                                         const FaultAction& fault, const SentAs& sent_as);
  std::optional<TimedResponse> failing_answer(const FaultAction& fault, const GraphPath& place,
                                              std::uint16_t number) const;
  http::Response rate_limited(const FaultAction& fault, const GraphPath& place,
                              std::uint16_t number) const;
  int throughput_of(std::uint16_t number) const;
  bool is_within_tier(const SendRequest& send, std::uint16_t number, Time now);
  bool is_outside_window(const SendRequest& send, std::uint16_t number, Time now) const;
  void schedule_statuses(const SendRequest& send, std::uint16_t number, std::string wamid,
                         const RecipientRole& role, const SentAs& sent_as);

  http::Response respond(std::string body, const GraphPath& place, std::size_t number) const;
  http::Response respond_error(const GraphError& error, const GraphPath& place,
                               std::size_t number) const;
  std::string usage_of_number(std::size_t number) const;

  World& world_;
  WebhookSender& webhooks_;
  const Management& management_;
  std::vector<std::string> usages_;  ///< of the numbers there were at the start
};

}  // namespace flowsell::sim
