#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// Meta's side: POST /v{N}.{M}/{phone-number-id}/messages or /marketing_messages, and
/// GET /v{N}.{M}/{phone-number-id}.
/// Checks go in Meta's order: token, object, parameters, limits; then the message is taken.
/// Thread-safe.
class GraphApi {
 public:
  GraphApi(World& world, WebhookSender& webhooks);
  TimedResponse answer(const http::Request& request);

 private:
  /// "/v25.0/1065/messages" in its parts.
  struct Place {
    std::string_view version;
    std::string_view object;
    std::string_view edge;  ///< empty: the object itself
  };
  static Place place_of(std::string_view path);

  Checked<TimedResponse> handle(const http::Request& request, const Place& place);
  Checked<> check_token(const http::Request& request) const;
  Checked<std::uint16_t> find_object(const Place& place) const;
  Checked<TimedResponse> post_message(const http::Request& request, const Place& place,
                                      std::uint16_t number);
  Checked<TimedResponse> mark_as_read(const SendRequest& send, const Place& place,
                                      std::uint16_t number);
  Checked<TimedResponse> take(const SendRequest& send, const Place& place, std::uint16_t number,
                              RecipientRole role);
  Checked<TimedResponse> take_with_fault(const SendRequest& send, const Place& place,
                                         std::uint16_t number, const RecipientRole& role,
                                         const FaultAction& fault);
  std::optional<TimedResponse> failing_answer(const FaultAction& fault, const Place& place,
                                              std::uint16_t number) const;
  http::Response rate_limited(const FaultAction& fault, const Place& place,
                              std::uint16_t number) const;
  void schedule_statuses(const SendRequest& send, std::uint16_t number, std::string wamid,
                         const RecipientRole& role);
  TimedResponse show_number(const Place& place, std::uint16_t number) const;

  http::Response respond(int status, std::string body, const Place& place, std::uint16_t number,
                         std::string trace_id) const;
  http::Response respond_error(const GraphError& error, const Place& place,
                               std::uint16_t number) const;

  World& world_;
  WebhookSender& webhooks_;
  std::vector<std::string> sender_countries_;  ///< calling code of each number
  std::vector<std::string> usage_headers_;     ///< X-Business-Use-Case-Usage of each number
};

}  // namespace flowsell::sim
