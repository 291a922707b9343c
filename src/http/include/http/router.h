#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "runtime/task.h"

namespace flowsell::http {

/// Answers one request. Must not throw. The request outlives the coroutine.
using Handler = std::function<Awaitable<Response>(const Request&)>;

/// Finds the handler of a method and path. Filled before the server starts, read-only afterwards.
class Router {
 public:
  /// `pattern` is segments of literals and "{}": "/v1/messages/{}". HEAD is answered by the GET
  /// handler.
  /// `streams`: the answer may be a stream.
  void add(Method method, std::string pattern, Handler handler, bool streams = false);

  struct Match {
    const Handler* handler = nullptr;  ///< nullptr: no such path, or not by this method
    std::string_view pattern;  ///< the route's own text, for metrics; empty when no path matched
    std::string allow;         ///< the path's methods, when only the method did not match
    std::vector<std::string> params;
    bool streams = false;
  };
  Match find(Method method, std::string_view path) const;

 private:
  struct Route {
    Method method;
    std::string pattern;
    std::vector<std::string> segments;
    Handler handler;
    bool streams;
  };
  std::vector<Route> routes_;
};

}  // namespace flowsell::http
