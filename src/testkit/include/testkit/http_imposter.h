#pragma once

#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/time.h"
#include "http/server.h"
#include "runtime/io_pool.h"

namespace flowsell::testkit {

/// An HTTP server on a free port of 127.0.0.1 that answers by script and remembers what it was
/// asked. Thread-safe.
class HttpImposter {
 public:
  struct Seen {
    std::string target;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
  };

  HttpImposter();
  ~HttpImposter();
  HttpImposter(const HttpImposter&) = delete;
  HttpImposter& operator=(const HttpImposter&) = delete;

  /// What requests get when the script is over. At first: 200 without a body.
  void otherwise(http::Response response);
  /// The next answer of the script.
  void then(http::Response response);
  void then(int status, std::string body = {});
  /// From now on requests are taken but not answered, until release().
  void hold();
  void release();

  /// Everything seen, as soon as it is `count` requests; what there is after ten seconds.
  std::vector<Seen> wait_for(std::size_t count);
  std::size_t seen_count() const;

  std::string url(const std::string& target = "/") const;
  std::string address() const;  ///< "127.0.0.1:40001"

 private:
  Awaitable<http::Response> answer(http::Request& request);
  http::Response next_answer();
  bool is_holding() const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  http::Response otherwise_;
  std::deque<http::Response> script_;
  std::vector<Seen> seen_;
  bool holding_ = false;
  runtime::IoPool pool_{1};
  net::steady_timer gate_;  ///< never expires; its cancellation lets those go who wait
  std::unique_ptr<http::Server> server_;
};

}  // namespace flowsell::testkit
