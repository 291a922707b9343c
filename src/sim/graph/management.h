#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>

#include "graph/graph.h"
#include "graph/seed.h"
#include "runtime/io_pool.h"

namespace flowsell::sim {

/// The management side: every call of the Graph but sends, and what time does to accounts,
/// numbers and templates. Thread-safe.
class Management {
 public:
  Management(World& world, WebhookSender& webhooks, runtime::IoPool& pool);
  /// Reads the state of before. Call once, before the first call.
  Result<> start();
  /// After the server has stopped: no call runs any more.
  void stop();

  /// Whether GET of that path is a download of media.
  static bool is_download(std::string_view path);
  /// `request` must live until the end. On a thread of the pool.
  Awaitable<http::Response> answer(const http::Request& request);
  /// The same of one with a file, which is read as it comes.
  Awaitable<http::Response> answer_upload(const http::Request& request);
  http::Response answer_download(const http::Request& request);

  /// Runs `work` on the state, as a call does: what it changed is settled and kept.
  Task<> change(std::function<Result<>(Graph&)> work);
  /// The callback of the app that the simulator was started with, where that is known only later.
  void set_webhook_url(const std::string& url);
  /// Moves the virtual clock.
  Task<> advance(std::chrono::milliseconds by);

  /// Whether a template message may be sent, as what.
  Checked<SentTemplate> check_template(std::string_view account_id, const json::Object& sent,
                                       bool to_user_id) const {
    return templates_.check_send(account_id, sent, to_user_id);
  }

 private:
  Checked<Call> read(const http::Request& request) const;
  Awaitable<http::Response> answer_read(const http::Request& request, Checked<Call> read_call);
  http::Response refusal(const GraphError& error, const http::Request& request) const;
  Checked<Reply> handle(Call& call);
  Checked<Reply> dispatch(Call& call);
  Checked<> count_call(Call& call);
  std::vector<NodeRow> settle();
  void adopt_app();
  void restore_numbers();
  void look_again_at(std::optional<Time> at);
  void arm();
  Awaitable<void> look_again();

  World& world_;
  WebhookSender& webhooks_;
  runtime::IoPool& pool_;
  Registry registry_;
  MediaFiles media_;
  TemplateBook templates_;
  Graph graph_;
  std::optional<Seed> seed_;
  boost::asio::steady_timer timer_;  ///< on the first context
  std::int64_t next_look_ms_ = 0;    ///< with the registry's lock; 0: none is needed
};

}  // namespace flowsell::sim
