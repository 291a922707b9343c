#include "peer_door.h"

#include <chrono>
#include <string>

#include "api/home.h"
#include "cluster/peers.h"

namespace flowsell::app {

Error no_home() {
  Error error{ErrorCode::kStoreUnavailable, "no server has the workspace's part of the database"};
  error.retry_after = std::chrono::seconds(1);
  return error;
}

http::Response misdirected() {
  http::Response response = api::problem_of(no_home());
  response.headers.push_back({std::string(cluster::kMisdirected), "1"});
  return response;
}

Awaitable<http::Response> PeerDoor::handle(http::Request& request) const {
  // No coroutine: what comes from a client pays nothing.
  if (request.header(cluster::kReplica).empty()) return handler_(request);
  return answer_peer(request);
}

Awaitable<http::Response> PeerDoor::answer_peer(http::Request& request) const {
  const std::string meant_for(request.header(cluster::kReplica));
  if (!is_me_(meant_for)) co_return misdirected();
  http::Response response = co_await handler_(request);
  response.headers.push_back({std::string(cluster::kReplica), meant_for});
  co_return response;
}

}  // namespace flowsell::app
