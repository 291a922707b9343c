#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "http/body.h"
#include "http/message.h"
#include "http2_transport.h"
#include "runtime/deadline_watch.h"
#include "shard.h"
#include "wire.h"

namespace flowsell::http {

/// The server's end of one HTTP/2 connection: each request runs by itself, in any order. Lives on
/// its shard's thread; does not hold the wire.
class Http2Server final : public Http2Events, public std::enable_shared_from_this<Http2Server> {
 public:
  Http2Server(std::shared_ptr<Shard> shard, Wire& wire, std::string remote_address);
  ~Http2Server() override;

  /// Until the connection has ended and no handler runs any more. `first` has come already.
  Awaitable<void> serve(std::string_view first);
  void drain();  ///< takes no more requests
  void cut() { transport_.close(); }

  Http2Stream* begin(std::int32_t id) override;
  void on_field(Http2Stream& stream, std::string_view name, std::string_view value) override;
  void on_head_end(Http2Stream& stream, bool ends) override;
  void on_data(Http2Stream& stream, std::string_view bytes) override;
  void on_end(Http2Stream& stream) override;
  void on_piece_written(Http2Stream& stream) override;
  void on_all_written(Http2Stream& stream) override;
  void on_closed(Http2Stream& stream, std::uint32_t error) override;

 private:
  struct Incoming;
  class Body;
  class Running;

  static Awaitable<void> run(std::shared_ptr<Http2Server> self, std::shared_ptr<Incoming> incoming);
  Awaitable<Response> handle(Request& request);
  void answer(Incoming& incoming, Response response);
  void begin(Incoming& incoming);
  void begin_stream(Incoming& incoming);
  void too_slow(std::int32_t id);
  Task<std::string_view> next_piece(Incoming& incoming);
  Awaitable<void> wait(Incoming& incoming);
  Awaitable<void> send_stream(std::shared_ptr<Incoming> incoming);
  void expect(Incoming& incoming, std::string_view value);
  void refuse(Incoming& incoming, ErrorCode code, std::string_view why);
  void widen_next();
  void release(Incoming& incoming);
  void watch_idleness();

  const std::shared_ptr<Shard> shard_;
  const std::string remote_address_;
  Http2Transport transport_;
  std::map<std::int32_t, std::shared_ptr<Incoming>> incoming_;  ///< in order of their begin
  std::size_t wide_ = 0;
  std::size_t running_ = 0;  ///< handlers, also of streams that were reset
  net::steady_timer all_ended_;
  runtime::Deadline idle_;
  std::vector<nghttp2_nv> fields_;  ///< scratch
};

}  // namespace flowsell::http
