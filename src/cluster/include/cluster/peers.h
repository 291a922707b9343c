#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "cluster/view.h"
#include "core/time.h"
#include "crypto/seal.h"
#include "http/client.h"
#include "http/message.h"
#include "runtime/io_pool.h"
#include "runtime/task.h"

namespace flowsell::cluster {

/// The header of a request that another replica has passed on: the cells, with commas between, that
/// it takes the receiver to have. It is answered there or not at all.
inline constexpr std::string_view kForwarded = "Connect-Forwarded";

/// The header of the same request: the replica that it is meant for; and of its answer: who gives
/// it. An address may be another's by the time it is used.
inline constexpr std::string_view kReplica = "Connect-Replica";

/// The header of a request that was passed on: the address that it came from, the minute, and what
/// only who has the replicas' key can compute of both and the target.
inline constexpr std::string_view kClient = "Connect-Client";

/// The address in that header. nullopt: there is none, or it is not a replica's, or is of another
/// time or request.
std::optional<std::string_view> client_of(const http::Request& request, const crypto::Key& key,
                                          Time now);

/// The header of an answer to a request that was passed on to where its cell is not.
inline constexpr std::string_view kMisdirected = "Connect-Misdirected";

/// What became of a request that was passed on.
struct Forwarded {
  enum class End : std::uint8_t {
    kAnswered,
    kUnsent,  ///< no byte reached the other one
    kLost,    ///< it may have been carried out; so may what somebody else seems to have answered
  };
  End end = End::kUnsent;
  http::Response response;      ///< of kAnswered
  bool is_misdirected = false;  ///< of kAnswered: the other one does not have the cell
  bool is_used_up = false;      ///< the request's stream: it can't be passed on again
};

/// The other replicas, as servers. Thread-safe.
class Peers {
 public:
  /// `key`: of all replicas, for kClient.
  Peers(runtime::IoPool& pool, const crypto::Key& key, const Clock& clock);
  ~Peers();  ///< after the pool has stopped

  /// Passes a request on to the replica `to`, which has `cells`, and its answer back: where it may
  /// be a stream, as one. Call on a
  /// thread of the pool. While it waits it asks, some times a second, whether the other one is
  /// still there: `is_gone` true ends the waiting.
  Awaitable<Forwarded> forward(Replica to, std::string cells, const http::Request& request,
                               std::function<bool()> is_gone);

 private:
  Awaitable<Forwarded> stream(Replica to, http::OutRequest passed, const http::Request& request);
  std::optional<http::Url> url_of(const std::string& address);

  std::mutex mutex_;
  std::unordered_map<std::string, http::Url> urls_;  ///< as addresses were parsed
  const crypto::Key key_;
  const Clock& clock_;
  http::Client client_;
};

/// Whether the request may be sent again when it is not known what became of it.
bool may_repeat(const http::Request& request) noexcept;

}  // namespace flowsell::cluster
