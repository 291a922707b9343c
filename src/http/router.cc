#include "http/router.h"

#include <algorithm>
#include <utility>

#include "core/encoding.h"

namespace flowsell::http {

namespace {

constexpr std::string_view kHole = "{}";

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  std::size_t from = 1;  // behind the leading slash
  while (from <= path.size()) {
    const std::size_t to = std::min(path.find('/', from), path.size());
    segments.emplace_back(path.substr(from, to - from));
    from = to + 1;
  }
  return segments;
}

std::ptrdiff_t holes(const std::vector<std::string>& segments) {
  return std::count(segments.begin(), segments.end(), kHole);
}

/// Walks path and pattern together; what the holes matched goes to `params` when it is given.
bool matches(const std::vector<std::string>& segments, std::string_view path,
             std::vector<std::string_view>* params) {
  for (const std::string& segment : segments) {
    if (path.empty() || path.front() != '/') return false;
    path.remove_prefix(1);
    const std::size_t length = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, length);
    if (segment != kHole) {
      if (part != segment) return false;
    } else if (part.empty()) {
      return false;
    } else if (params != nullptr) {
      params->push_back(part);
    }
    path.remove_prefix(length);
  }
  return path.empty();
}

bool serves(Method route, Method asked) {
  return route == asked || (route == Method::kGet && asked == Method::kHead);
}

void add_allowed(std::string& allow, Method method) {
  const auto append = [&allow](std::string_view name) {
    if (!allow.empty()) allow += ", ";
    allow += name;
  };
  append(method_name(method));
  if (method == Method::kGet) append(method_name(Method::kHead));
}

/// False when a segment is not valid percent-encoding.
bool decode_params(const std::vector<std::string_view>& raw, std::vector<std::string>& params) {
  for (const std::string_view part : raw) {
    std::optional<std::string> decoded = percent_decode(part, false);
    if (!decoded) return false;
    params.push_back(*std::move(decoded));
  }
  return true;
}

}  // namespace

void Router::add(Method method, std::string pattern, Handler handler, bool streams) {
  Route route{method, std::move(pattern), {}, std::move(handler), streams};
  route.segments = split(route.pattern);
  // Literal paths first: "/v1/messages/search" is not an id of "/v1/messages/{}".
  const auto place = std::find_if(routes_.begin(), routes_.end(), [&](const Route& other) {
    return holes(other.segments) > holes(route.segments);
  });
  routes_.insert(place, std::move(route));
}

Router::Match Router::find(Method method, std::string_view path) const {
  Match match;
  const std::string* seen = nullptr;
  for (const Route& route : routes_) {
    // The pattern that matched first is the path's; other routes count only under the same pattern.
    if (seen != nullptr ? route.pattern != *seen : !matches(route.segments, path, nullptr)) {
      continue;
    }
    if (seen == nullptr) {
      seen = &route.pattern;
      match.pattern = route.pattern;
    }
    if (!serves(route.method, method)) {
      add_allowed(match.allow, route.method);
      continue;
    }
    std::vector<std::string_view> raw;
    matches(route.segments, path, &raw);
    match.allow.clear();
    if (!decode_params(raw, match.params)) return Match{};
    match.handler = &route.handler;
    match.streams = route.streams;
    return match;
  }
  return match;
}

}  // namespace flowsell::http
