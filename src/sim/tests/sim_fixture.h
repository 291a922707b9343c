#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "json/json.h"
#include "runtime/io_pool.h"
#include "sim/whatsapp_simulator.h"

namespace flowsell::sim::test {

inline constexpr std::string_view kToken = "test-token";
inline constexpr std::string_view kAppSecret = "test-app-secret";
inline constexpr std::string_view kVerifyToken = "a token & more";
inline constexpr std::string_view kMessages = "/v25.0/106540352242922/messages";

/// What came back on one connection, as bytes.
struct RawAnswer {
  int status = 0;  ///< 0: nothing readable came
  std::string head;
  std::string body;
  bool whole = false;  ///< as many bytes as Content-Length says

  /// The value of a header in any case; empty when absent.
  std::string header(std::string_view name) const;
  /// The parsed body; a null value when it is no JSON.
  boost::json::value json() const;
};

/// One request on a connection of its own, read until the server closes. Gives up after 10 seconds.
RawAnswer call(std::uint16_t port, std::string_view method, std::string_view path,
               std::string_view body, std::string_view token = kToken);

/// The same with a whole request as bytes.
RawAnswer exchange_raw(std::uint16_t port, const std::string& request);

/// Where the simulator's webhooks arrive. A GET with the verify token kVerifyToken is given its
/// challenge back.
class WebhookSink {
 public:
  struct Post {
    std::string body;
    std::string signature;
    std::string content_type;
  };
  WebhookSink();
  ~WebhookSink();
  std::string url() const;
  /// The next POSTs are answered with these; 200 when none is left.
  void answer_with(std::vector<int> statuses);
  /// Waits until `count` POSTs came; fewer after 10 seconds.
  std::vector<Post> wait_for(std::size_t count);
  /// The statuses of all POSTs until `count` of them came, in order.
  std::vector<boost::json::object> wait_for_statuses(std::size_t count);

 private:
  Awaitable<http::Response> take(http::Request& request);
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Post> posts_;
  std::deque<int> answers_;
  runtime::IoPool pool_;
  http::Server server_;
};

/// Every status in a webhook body.
std::vector<boost::json::object> statuses_of(std::string_view body);
std::string text_of(const boost::json::value& value, std::string_view pointer);

/// A running simulator with all delays 0, and a place for its webhooks.
class Simulator : public testing::Test {
 protected:
  void SetUp() override { start(default_options()); }
  SimulatorOptions default_options() const;
  void start(SimulatorOptions options);

  RawAnswer post(std::string_view body) const {
    return call(sim_->port(), "POST", kMessages, body);
  }
  RawAnswer send_text(std::string_view to = "+491510000001") const;
  RawAnswer control(std::string_view method, std::string_view path,
                    std::string_view body = "") const {
    return call(sim_->port(), method, path, body);
  }
  std::int64_t stat(std::string_view name) const;
  static int code_of(const RawAnswer& answer);

  WebhookSink sink_;
  std::unique_ptr<WhatsAppSimulator> sim_;
};

/// The same with webhooks on.
class SimulatorWithWebhooks : public Simulator {
 protected:
  void SetUp() override;
};

}  // namespace flowsell::sim::test
