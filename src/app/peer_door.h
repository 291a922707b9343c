#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/ip_range.h"
#include "http/message.h"
#include "http/server.h"
#include "runtime/task.h"

namespace flowsell::app {

/// No server that can be reached has the workspace's cell.
Error no_home();

/// The answer to a request that was passed on to where its cell is not: nothing was done.
http::Response misdirected();

/// Where a request comes from that came over the proxies `trusted`: the last address of
/// X-Forwarded-For that is not one of theirs. What a caller has written there himself stands before
/// it. `peer` where the peer is no such proxy, or says nothing of use.
std::string_view client_address(std::string_view peer, std::string_view forwarded_for,
                                std::span<const IpRange> trusted);

/// Lets what another replica has passed on, as it proves, reach `handler` only where it is meant
/// for this process, as `is_me` says of the name in the request, and signs the answer with that
/// name. An address can have passed to another server by the time that it is used. From others'
/// requests it takes what only a replica may say.
class PeerDoor {
 public:
  using ClientOf = std::function<std::optional<std::string_view>(const http::Request&)>;
  /// `client_of`: see cluster::client_of(). `trusted`: see client_address().
  PeerDoor(http::Server::RequestHandler handler, std::function<bool(std::string_view)> is_me,
           ClientOf client_of, std::span<const IpRange> trusted)
      : handler_(std::move(handler)),
        is_me_(std::move(is_me)),
        client_of_(std::move(client_of)),
        trusted_(trusted) {}
  Awaitable<http::Response> handle(http::Request& request) const;

 private:
  Awaitable<http::Response> answer_peer(http::Request& request) const;
  void take_address(http::Request& request) const;

  const http::Server::RequestHandler handler_;
  const std::function<bool(std::string_view)> is_me_;
  const ClientOf client_of_;
  const std::span<const IpRange> trusted_;
};

}  // namespace flowsell::app
