#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/id.h"
#include "core/time.h"
#include "http/body.h"
#include "http/egress_guard.h"
#include "http/message.h"
#include "http/url.h"
#include "runtime/io_pool.h"
#include "runtime/task.h"

namespace flowsell::http {

/// Which version of HTTP a request may go by.
enum class Version : std::uint8_t {
  kHttp1,
  kOffered,  ///< HTTP/2 where TLS chooses it
  kHttp2,    ///< HTTP/2, also without TLS: the server is known to speak it
};

/// A request to another server. Host, Content-Length and Connection are the client's own.
struct OutRequest {
  Method method = Method::kPost;
  Url url;
  std::vector<Header> headers;
  /// More of them, whose text lives elsewhere until the call has ended.
  std::vector<Request::Field> passed_on;
  std::string body;
  /// On whose behalf: calls share connections, and their number to one host, only with calls of the
  /// same client. So nobody waits because another's server, or another's account, is slow.
  IdBytes client{};
  Version version = Version::kHttp1;
  Reach reach = Reach::kAllowed;
  /// Asked some times a second while the call is under way, with HTTP/2 only: true ends it kBroken.
  std::function<bool()> is_in_vain;
  /// Of Client::stream(): the body in pieces, in place of `body`; the caller's, until the call has
  /// ended. Where its length is not known it goes chunked.
  BodySource* body_source = nullptr;
  std::optional<std::uint64_t> body_length = std::nullopt;
};

/// How an exchange ended, in the order of its steps.
enum class ExchangeEnd : std::uint8_t {
  kAnswered,     ///< a whole HTTP answer was read
  kRefused,      ///< by the egress guard: the address is not one we connect to
  kUnresolved,   ///< the name has no address
  kOverloaded,   ///< too many calls to this host already wait
  kUnconnected,  ///< refused, unreachable, or connect and TLS took too long
  kBroken,       ///< reset or closed while writing or reading
  kTimedOut,     ///< the deadline passed while writing or reading
  kUnreadable,   ///< what came was no HTTP, or larger than the limit
};
std::string_view exchange_end_name(ExchangeEnd end) noexcept;

/// What happened, without judgement. `byte_sent` is the fact that decides whether a caller may try
/// again: false means that not one byte of the request was handed to the kernel for the peer, or
/// that the peer says by HTTP/2's own means that it has not looked at it (RFC 9113, 8.7).
struct Exchange {
  ExchangeEnd end = ExchangeEnd::kUnconnected;
  bool byte_sent = false;
  int status = 0;  ///< 0 unless kAnswered
  std::vector<Header> headers;
  std::string body;
  std::chrono::microseconds elapsed{0};

  std::string_view header(std::string_view name) const noexcept;
};

/// How long a call with streams may take: not as a whole, but where nothing moves.
struct StreamTimes {
  std::chrono::milliseconds connect_max{10'000};  ///< to a connection, waiting for a free one too
  std::chrono::milliseconds stall_max{30'000};    ///< for each 256 KB of either body
  std::chrono::milliseconds answer_max{60'000};   ///< from the request's last byte to the head
};

/// An answer whose body is still to be read.
struct StreamedExchange {
  Exchange head;                        ///< without its body
  std::unique_ptr<BodySource> body;     ///< of kAnswered; on the call's thread only
  std::optional<std::uint64_t> length;  ///< as the head says
  /// Why the request's own body broke off, where it did: then the call did too.
  std::optional<Error> source_failure;
};

struct ClientOptions {
  /// Of one client, a thread of the pool. With HTTP/2, calls at a time on one connection.
  std::size_t connections_per_host_max = 256;
  std::size_t waiting_per_host_max = 4096;
  std::chrono::milliseconds connect_time_max{2'000};
  std::chrono::milliseconds idle_time_max{
      15'000};  ///< shorter than servers keep: a stale connection loses a send
  std::size_t answer_bytes_max = 1 << 20;
  std::string user_agent = "FlowSell-Connect/0.1";
  std::string tls_ca_file;  ///< empty: the system's
  std::chrono::milliseconds connection_age_max{
      300'000};  ///< so that a changed address is followed in the end
};

/// Pooled client of HTTP/1.1, and of HTTP/2 where a request may go by it. A connection is reused
/// only when it is sound (with HTTP/1.1: nothing to read, not closed) and only for the same scheme,
/// host, port and pinned address. It never follows a
/// redirect, never replays a request by itself and ignores proxy variables. Each thread of the pool
/// has its own connections; send() works on the calling thread's.
class Client {
 public:
  Client(runtime::IoPool& pool, std::shared_ptr<EgressGuard> guard, ClientOptions options);
  ~Client();  ///< after the pool has stopped

  /// Sends and reads the whole answer, all before `deadline`. Call on a thread of the pool.
  /// `before_first_byte` runs when a connection is ready, right before the first byte is written;
  /// when it returns false nothing is written and the exchange ends kUnconnected.
  Awaitable<Exchange> send(OutRequest request, SteadyTime deadline,
                           std::function<bool()> before_first_byte = nullptr);

  /// The same for bodies that are too large to be held: the request's goes as its source gives it,
  /// the answer's is asked for piece by piece. An answer that comes before all was sent ends the
  /// sending. By HTTP/1.1, whatever the request says: what is large has a connection to itself, and
  /// makes no small call wait.
  Awaitable<StreamedExchange> stream(OutRequest request, StreamTimes times = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::http
