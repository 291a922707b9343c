#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "http/message.h"
#include "http/server.h"
#include "runtime/task.h"

namespace flowsell::app {

/// No server that can be reached has the workspace's cell.
Error no_home();

/// The answer to a request that was passed on to where its cell is not: nothing was done.
http::Response misdirected();

/// Lets what another replica has passed on reach `handler` only where it is meant for this process,
/// as `is_me` says of the name in the request, and signs the answer with that name. An address can
/// have passed to another server by the time that it is used.
class PeerDoor {
 public:
  PeerDoor(http::Server::RequestHandler handler, std::function<bool(std::string_view)> is_me)
      : handler_(std::move(handler)), is_me_(std::move(is_me)) {}
  Awaitable<http::Response> handle(http::Request& request) const;

 private:
  Awaitable<http::Response> answer_peer(http::Request& request) const;

  const http::Server::RequestHandler handler_;
  const std::function<bool(std::string_view)> is_me_;
};

}  // namespace flowsell::app
