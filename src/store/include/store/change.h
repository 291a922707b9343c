#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::store {

/// An operation that a function makes: for changes that come one at a time, where an operation's
/// type of its own would say nothing more. Kinds of it have apply_each<Change> as their apply.
class Change final : public WriteOp {
 public:
  using Body = std::function<Result<>(Connection&)>;
  Change(const WriteKind& change_kind, Body body) : WriteOp(change_kind), body_(std::move(body)) {}
  Result<> apply(Connection& db) { return body_(db); }

 private:
  Body body_;
};

/// Commits what `body(Connection&)` writes, and gives what it returned. It must not fail for its
/// caller's data (WriteKind::apply): a refusal is a value. It may run more than once: what it
/// returned last counts.
template <class F>
Task<typename std::invoke_result_t<F&, Connection&>::value_type> change(Database& db,
                                                                        const WriteKind& kind,
                                                                        F body) {
  using Value = typename std::invoke_result_t<F&, Connection&>::value_type;
  if constexpr (std::is_void_v<Value>) {
    Change op(kind, std::move(body));
    co_return co_await db.commit(op);
  } else {
    std::optional<Value> value;
    Change op(kind, [&value, &body](Connection& connection) -> Result<> {
      TRY(value, body(connection));
      return {};
    });
    CO_CHECK_OK(co_await db.commit(op));
    co_return *std::move(value);
  }
}

/// The same, blocking; for start-up and tools.
template <class F>
std::invoke_result_t<F&, Connection&> change_now(Database& db, const WriteKind& kind, F body) {
  using Value = typename std::invoke_result_t<F&, Connection&>::value_type;
  if constexpr (std::is_void_v<Value>) {
    Change op(kind, std::move(body));
    return db.commit_now(op);
  } else {
    std::optional<Value> value;
    Change op(kind, [&value, &body](Connection& connection) -> Result<> {
      TRY(value, body(connection));
      return {};
    });
    CHECK_OK(db.commit_now(op));
    return *std::move(value);
  }
}

/// What `look(Connection&)` gives of a snapshot. Blocking: for start-up and tools.
template <class F>
std::invoke_result_t<F&, Connection&> read_now(Database& db, F look) {
  std::optional<std::invoke_result_t<F&, Connection&>> found;
  CHECK_OK(db.read_now([&](Connection& connection) { found.emplace(look(connection)); }));
  return *std::move(found);
}

}  // namespace flowsell::store
