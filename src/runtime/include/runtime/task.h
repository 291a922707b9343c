#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/error.h"

namespace flowsell {

namespace net = boost::asio;

template <class T = void>
using Awaitable = net::awaitable<T>;
/// What a coroutine that can fail returns. It never throws.
template <class T = void>
using Task = net::awaitable<Result<T>>;

/// Boost 1.81 has no default completion token for awaitables: every asynchronous call names this.
inline constexpr auto use_result = net::as_tuple(net::use_awaitable);

}  // namespace flowsell
