#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/time.h"
#include "http/client.h"
#include "runtime/io_pool.h"
#include "webhook_json.h"
#include "world.h"

namespace flowsell::sim {

struct WebhookTarget;

/// Where one app hears of one number.
struct WebhookRoute {
  std::uint32_t app = 0;  ///< which; 0 is the app that the simulator was started with
  const WebhookTarget* target = nullptr;
  std::vector<std::string> fields;  ///< that it subscribed to; empty: all
};

/// Sends webhooks when they are due: one queue, one timer. What is due together goes in one POST; a
/// POST that is not answered with 200 is tried again with growing delay. A message's next status is
/// due only after the POST of the one before has ended, so statuses arrive in order of time.
class WebhookSender {
 public:
  WebhookSender(runtime::IoPool& pool, World& world);
  ~WebhookSender();

  /// Where webhooks go from now on, but for numbers with routes; empty: nowhere. Fails with
  /// kInvalidRequest. Thread-safe.
  Result<> set_url(std::string_view url);
  /// The same, as Meta does it: only where a GET with this token gives the challenge back. Fails
  /// with kInvalidRequest too where it does not. Call on a thread of the pool.
  Task<> set_verified_url(std::string url, std::string verify_token);
  /// Where webhooks of numbers without routes go: nullptr for nowhere. Thread-safe.
  void set_default(const WebhookTarget* target, std::vector<std::string> fields);
  /// Whether a GET of the URL with this token gives the challenge back. Call on a thread of the
  /// pool.
  Task<> check_challenge(std::string url, std::string verify_token);
  /// A place to name in routes, its webhooks signed with that secret. Fails with kInvalidRequest.
  /// Thread-safe.
  Result<const WebhookTarget*> target_of(std::string_view url, std::string_view secret);
  /// Where this number's webhooks go from now on. Thread-safe.
  void set_routes(std::uint16_t number, std::vector<WebhookRoute> routes);
  /// The clock was moved: what is due by now goes. Thread-safe.
  void clock_moved();

  /// Thread-safe. Does nothing while there is no URL.
  void add(std::shared_ptr<Journey> journey);
  /// Tells a field at once: its value as Journey::change_json. `person`: whom it is about. The
  /// same.
  void tell(std::uint16_t number, std::string_view field, std::string change_json,
            std::string_view person = {});
  /// Forgets everything that waits. Thread-safe.
  void clear();
  /// Updates and POSTs that wait, and POSTs in flight.
  std::size_t waiting() const;

 private:
  using Target = WebhookTarget;
  struct Due {
    SteadyTime at;
    std::uint64_t order = 0;
    std::shared_ptr<const Journey> journey;
    std::size_t step = 0;
    std::uint32_t app = 0;
  };
  struct Post {
    const Target* target = nullptr;
    std::uint32_t app = 0;
    std::vector<Update> updates;
    std::string body;  ///< empty: not written yet
    std::uint64_t generation = 0;
    std::uint32_t attempts = 0;
    bool is_late = false;  ///< a fault held it up already
    std::size_t update_count = 0;
    SteadyTime begin;
  };
  struct DuePost {
    SteadyTime at;
    std::uint64_t order = 0;
    std::unique_ptr<Post> post;
  };

  std::span<const WebhookRoute> routes_of(std::uint16_t number) const;
  const WebhookRoute* route_of(const Due& due) const;
  bool has_routes() const { return default_.target != nullptr || !routes_.empty(); }
  std::size_t posts_max() const noexcept;
  std::size_t updates_max() const noexcept;
  SteadyTime rounded(SteadyTime due) const;
  void push_due(std::shared_ptr<const Journey> journey, std::size_t step, std::uint32_t app);
  void push_post(SteadyTime at, std::unique_ptr<Post> post);
  std::unique_ptr<Post> take_post(SteadyTime now);
  std::unique_ptr<Post> gather(SteadyTime now);
  SteadyTime next_due() const;
  void wake_at(SteadyTime at);
  void arm();
  void pump();
  void start(std::unique_ptr<Post> post);

  Awaitable<void> deliver(std::unique_ptr<Post> post);
  Awaitable<bool> attempt(Post* post, std::string body, bool good_signature);
  bool put_off(std::unique_ptr<Post>& post, std::chrono::milliseconds late);
  void finish(std::unique_ptr<Post> post, bool taken);
  void advance(Post& post);

  runtime::IoPool& pool_;
  World& world_;
  boost::asio::steady_timer timer_;  ///< on the first context, as pump() is
  std::size_t next_context_ = 0;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Target>>
      targets_;  ///< kept to the end: a POST may still use an older one
  WebhookRoute default_;
  std::unordered_map<std::uint16_t, std::vector<WebhookRoute>> routes_;  ///< but for default_
  std::vector<Due> dues_;                                                ///< heap, earliest first
  std::vector<DuePost> posts_;                                           ///< heap, earliest first
  std::size_t in_flight_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t generation_ = 0;
  SteadyTime armed_at_ = SteadyTime::max();
};

}  // namespace flowsell::sim
