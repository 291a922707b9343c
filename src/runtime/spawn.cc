#include "runtime/spawn.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/core/demangle.hpp>
#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

#include "telemetry/log.h"

namespace flowsell::runtime {

namespace {

void report(std::string_view name, const std::exception_ptr& failure) {
  // The exception's type only: its text may quote what was being worked on.
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    const std::string type = boost::core::demangle(typeid(e).name());
    log::error("coroutine ended by an exception", {{"task", name}, {"type", type}});
  } catch (...) {
    log::error("coroutine ended by an exception", {{"task", name}, {"type", "unknown"}});
  }
}

}  // namespace

void spawn_logged(const net::any_io_executor& executor, Awaitable<void> work,
                  std::string_view name) {
  net::co_spawn(executor, std::move(work), [name](const std::exception_ptr& failure) {
    if (failure) report(name, failure);
  });
}

}  // namespace flowsell::runtime
