#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "http/request_reader.h"
#include "runtime/deadline_watch.h"
#include "shard.h"
#include "wire.h"

namespace flowsell::http {

/// One client's connection: reads requests, runs the handler, writes answers, in order. Lives on
/// its shard's thread.
class Connection {
 public:
  Connection(std::shared_ptr<Shard> shard, Socket socket, std::string remote_address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Owns the connection until its end.
  static Awaitable<void> serve(std::unique_ptr<Connection> self);

  void drain();  ///< closes it when it is idle
  void cut();    ///< closes it, whatever it does

  std::size_t place = 0;  ///< in the shard's table

 private:
  Awaitable<bool> shake_hands();
  Awaitable<void> exchange_all();
  Awaitable<bool> read_more();
  Awaitable<bool> answer();
  bool write_answer(const Response& response);
  Awaitable<Response> handle();
  Awaitable<void> refuse(Error error);
  Awaitable<bool> send(std::string_view bytes);
  Awaitable<void> linger();
  void set_read_deadline();
  bool is_draining() const noexcept;

  std::shared_ptr<Shard> shard_;
  Wire wire_;
  std::string remote_address_;
  RequestReader reader_;
  runtime::Deadline deadline_;
  std::string out_;
  RequestReader::Phase timed_phase_ = RequestReader::Phase::kIdle;
  bool deadline_set_ = false;
  bool timed_out_ = false;
  bool waits_idle_ = false;  ///< reads, and no byte of a request has come
  bool said_continue_ = false;
};

}  // namespace flowsell::http
