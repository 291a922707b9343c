#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/body.h"
#include "http/request_reader.h"
#include "pace.h"
#include "runtime/deadline_watch.h"
#include "shard.h"
#include "wire.h"

namespace flowsell::http {

class Http2Server;

/// One client's connection: reads requests, runs the handler, writes answers, in order; or lets an
/// Http2Server do so, where the client begins as HTTP/2 does. Lives on its shard's thread.
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
  class Body;
  enum class Version : std::uint8_t { kNone, kHttp1, kHttp2 };

  Awaitable<bool> shake_hands();
  Awaitable<Version> hear_version();
  Awaitable<void> serve_http2();
  Awaitable<void> exchange_all();
  Awaitable<bool> read_more();
  Awaitable<bool> answer();
  bool write_answer(const Response& response, bool body_is_open);
  Task<std::string_view> next_piece();
  Awaitable<error_code> read_body();
  bool drop_arrived();
  Awaitable<bool> send_stream(BodySource& stream, std::optional<std::uint64_t> length,
                              bool is_chunked);
  Awaitable<bool> send_piece(std::string_view bytes, Pace& pace);
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
  std::shared_ptr<Http2Server> http2_;  ///< once it is one of HTTP/2
  runtime::Deadline deadline_;
  std::string out_;
  RequestReader::Phase timed_phase_ = RequestReader::Phase::kIdle;
  bool deadline_set_ = false;
  bool timed_out_ = false;
  bool waits_idle_ = false;  ///< reads, and no byte of a request has come
  bool said_continue_ = false;
  std::optional<Pace> body_pace_;  ///< of a streamed body
};

}  // namespace flowsell::http
