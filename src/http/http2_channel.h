#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/client.h"
#include "http2_transport.h"
#include "out_connection.h"

namespace flowsell::http {

/// The client's end of one HTTP/2 connection: many calls at a time. On one thread.
class Http2Channel final : public Http2Events, public std::enable_shared_from_this<Http2Channel> {
 public:
  /// `owner`, which has the watch, is kept as long as the channel is.
  Http2Channel(std::shared_ptr<void> owner, std::unique_ptr<OutConnection> connection,
               net::io_context& context, runtime::DeadlineWatch& watch,
               const ClientOptions& options);
  ~Http2Channel() override;

  /// Reads and writes until the connection is at its end, and tells `is_down` then. Started once.
  /// `has_room` is told when a call has ended.
  static Awaitable<void> run(std::shared_ptr<Http2Channel> self, std::function<void()> has_room,
                             std::function<void()> is_down);

  /// Whether another call may begin here now.
  bool has_room();
  const net::ip::address& address() const noexcept { return connection_->address; }

  /// One call. False when the connection took no more before it could begin: another may be tried.
  Awaitable<bool> exchange(OutCall& call);

  void on_head(Http2Stream& stream) override;
  void on_field(Http2Stream& stream, std::string_view name, std::string_view value) override;
  void on_data(Http2Stream& stream, std::string_view bytes) override;
  void on_end(Http2Stream& stream) override;
  void on_closed(Http2Stream& stream, std::uint32_t error) override;
  void on_goodbye() override;
  void on_writable() override;
  void on_sent() override;

 private:
  struct Pending;
  struct Place;

  std::size_t calls_max() const noexcept;
  void begin_call(Pending& pending);
  bool submit(Pending& pending);
  void end(Pending& pending, ExchangeEnd how, bool byte_sent);
  void fail(Pending& pending);
  void give_up(Pending& pending);
  void look_soon();
  void look();
  void leave(Pending& pending);
  void retire();

  const std::shared_ptr<void> owner_;
  const ClientOptions& options_;
  std::unique_ptr<OutConnection> connection_;
  net::io_context& context_;
  Http2Transport transport_;
  std::function<void()> has_room_;
  std::deque<Pending*> waiting_;  ///< for the next write
  std::unordered_map<std::int32_t, Pending*> under_way_;
  runtime::Deadline idle_;
  runtime::Deadline look_;  ///< for calls that are in vain
  bool looks_ = false;
  std::uint64_t heard_ = 0;  ///< how often something came of a call
  bool has_begun_ = false;   ///< a call, in the write that is being made
  bool is_retired_ = false;
  std::vector<nghttp2_nv> fields_;  ///< scratch
};

}  // namespace flowsell::http
