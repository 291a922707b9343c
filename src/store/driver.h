#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/database.h"

namespace flowsell::store {

/// What the room needs of a driver's one writing connection. Used by one thread at a time, but for
/// takes_writes().
class Writer {
 public:
  virtual ~Writer() = default;
  virtual Connection& connection() = 0;
  virtual Result<> begin() = 0;
  virtual Result<> commit() = 0;
  /// Ends the open transaction without effect; harmless when none is open.
  virtual void rollback() noexcept = 0;
  /// The smallest durable write there is: success proves that the store takes writes.
  virtual Result<> probe() = 0;
  /// Called when operations wait, before the batch is made of all that do: a writer that is one of
  /// several may wait here until another has ended its transaction. The turn ends with the batch;
  /// ending it twice is harmless.
  virtual void take_turn() {}
  virtual void end_turn() noexcept {}
  /// A transaction costs much, on a machine that others share, however little is in it.
  virtual bool is_dear() const noexcept { return false; }
  /// Called between two batches, after the callers of the first were told: upkeep that may take
  /// milliseconds.
  virtual void between_batches() {}

  /// False while there is no use in trying: operations are refused at once, until a probe()
  /// succeeds. May be called from every thread.
  virtual bool takes_writes() const noexcept { return true; }
  /// After commit() failed: true when it can't be said yet whether the transaction is durable.
  virtual bool is_undecided() const noexcept { return false; }
  /// Tries to find out: success when it is durable. Still undecided afterwards: try again later.
  virtual Result<> decide() { return fail(ErrorCode::kInternal, "nothing to decide"); }
  /// After a failure: true when the transaction was only in another one's way, and the same again
  /// may succeed.
  virtual bool may_succeed_again() const noexcept { return false; }

  /// To a server and back, so far. May be called from every thread.
  virtual std::uint64_t round_trips() const noexcept { return 0; }

  /// See Database::scrub(). No transaction is open, unless it is done beside the writer.
  virtual Result<> scrub(std::span<const std::string_view> tables) = 0;
  /// On another connection: then it may be called from every thread, at any time.
  virtual bool scrubs_beside() const noexcept { return false; }

  /// Runs statements of the engine's own language that are not kept prepared.
  virtual Result<> execute(const std::string& statements) = 0;
  /// A migration's statements in the engine's own language.
  virtual std::string statements_of(const Migration& migration) const = 0;
  /// Keeps other processes from migrating, until unlock_schema().
  virtual Result<> lock_schema() { return {}; }
  virtual void unlock_schema() noexcept {}
};

/// One connection that only reads. Used by one thread at a time.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Connection& connection() = 0;
  /// What follows sees one state of the database, until end().
  virtual Result<> begin() = 0;
  virtual Result<> end() = 0;
};

}  // namespace flowsell::store
