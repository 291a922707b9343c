#include "peer_door.h"

#include <chrono>
#include <ranges>
#include <string>

#include "api/home.h"
#include "cluster/peers.h"
#include "core/encoding.h"

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

std::string_view client_address(std::string_view peer, std::string_view forwarded_for,
                                std::span<const IpRange> trusted) {
  if (!is_in(trusted, peer)) return peer;
  std::string_view client = peer;
  while (!forwarded_for.empty() && is_in(trusted, client)) {
    const auto comma = forwarded_for.rfind(',');
    std::string_view last = forwarded_for.substr(comma == std::string_view::npos ? 0 : comma + 1);
    while (last.starts_with(' ')) last.remove_prefix(1);
    while (last.ends_with(' ')) last.remove_suffix(1);
    if (!IpRange::parse(last)) break;
    client = last;
    forwarded_for = forwarded_for.substr(0, comma == std::string_view::npos ? 0 : comma);
  }
  return client;
}

/// A proxy may add its field behind one of the caller's: the last is read first.
void PeerDoor::take_address(http::Request& request) const {
  for (const auto& field : request.fields | std::views::reverse) {
    if (!equals_ignoring_case(field.name, "X-Forwarded-For")) continue;
    request.remote_address = client_address(request.remote_address, field.value, trusted_);
  }
}

Awaitable<http::Response> PeerDoor::handle(http::Request& request) const {
  // No coroutine: what comes from a client pays nothing.
  if (!request.header(cluster::kReplica).empty()) return answer_peer(request);
  // Who is no replica has no say in where he is answered.
  if (!request.header(cluster::kForwarded).empty())
    std::erase_if(request.fields, [](const http::Request::Field& field) {
      return equals_ignoring_case(field.name, cluster::kForwarded);
    });
  if (!trusted_.empty()) take_address(request);
  return handler_(request);
}

Awaitable<http::Response> PeerDoor::answer_peer(http::Request& request) const {
  const std::string meant_for(request.header(cluster::kReplica));
  const auto client = client_of_(request);
  // A caller who writes as a replica does is told what a replica would be: nothing was done.
  if (!client || !is_me_(meant_for)) co_return misdirected();
  request.remote_address = *client;
  request.is_proven = true;
  http::Response response = co_await handler_(request);
  response.headers.push_back({std::string(cluster::kReplica), meant_for});
  co_return response;
}

}  // namespace flowsell::app
