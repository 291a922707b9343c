#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "core/id.h"
#include "core/time.h"
#include "crypto/rotating_keys.h"
#include "mail/letter.h"
#include "mail/transport.h"
#include "store/database.h"
#include "telemetry/metrics.h"

namespace flowsell::mail {

struct ClaimedMail;

struct PostmanOptions {
  /// How often to look for what other processes have left or queued; at least a second.
  std::chrono::milliseconds poll{2000};
  /// How long a claim holds: four times the transport's time-out, and much more than replicas'
  /// clocks may differ. A mail that a dead process had claimed waits for its end.
  std::chrono::milliseconds lease{240'000};
  /// After a failure that is not about the letter nothing is sent for so long.
  std::chrono::milliseconds pause{5000};
  std::chrono::days keep{30};  ///< how long the rows of settled mails stay
};

/// Sends what is queued, in a thread of its own, one mail after the other. As many processes as
/// share the database may have one: a mail is claimed before it is sent.
///
/// At least once: where a process dies, or the database does not answer, between a server's yes and
/// the row that says so, the mail is sent again when the claim is over, under the same Message-ID.
class Postman {
 public:
  /// All of these outlive it.
  Postman(store::Database& db, const crypto::RotatingKeys& spool, const Composer& composer,
          Transport& transport, const Clock& clock, metrics::Registry& metrics,
          PostmanOptions options = {});
  ~Postman();  ///< stop(), if it was not called
  Postman(const Postman&) = delete;
  Postman& operator=(const Postman&) = delete;

  void start();
  /// Lets the attempt that is under way end, and interrupts it after `grace`: then it is made again
  /// by the next who looks. Blocking; before Database::stop().
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(5));
  /// Something was committed: it is sent now, and not when the table is next looked at.
  /// Thread-safe.
  void wake();

  /// Sends all that is due, on the caller's thread, or as much as goes before a failure that is not
  /// about the letter. Says how many attempts were made. For tools and tests, instead of start().
  Result<std::size_t> send_due();

 private:
  struct Verdict;
  void run();
  /// Does what there is to do; how long to wait then.
  std::chrono::milliseconds work();
  std::chrono::milliseconds pause_left() const;
  Result<bool> deliver_next();
  Verdict attempt(const ClaimedMail& mail, SteadyTime begun);
  Verdict judge(const ClaimedMail& mail, const Outcome& outcome);
  void record(const ClaimedMail& mail, const Verdict& verdict);
  void forget_old_ones();
  /// False: it is to stop.
  bool wait(std::chrono::milliseconds span);

  store::Database& db_;
  const crypto::RotatingKeys& spool_;
  const Composer& composer_;
  Transport& transport_;
  const Clock& clock_;
  const PostmanOptions options_;
  const IdBytes me_;  ///< whose the claims are
  metrics::Counter& sent_;
  metrics::Counter& failed_;
  metrics::Counter& expired_;
  metrics::Counter& attempts_failed_;

  /// Whether the last attempt reached who takes letters, whatever became of its own.
  std::atomic<bool> works_{true};

  // Of the thread that sends.
  SteadyTime not_before_{};
  std::optional<SteadyTime> forgot_at_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;
  bool is_stopping_ = false;
  bool has_ended_ = false;
  std::thread thread_;
};

}  // namespace flowsell::mail
