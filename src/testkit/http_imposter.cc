#include "testkit/http_imposter.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cctype>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "testkit/io.h"

namespace flowsell::testkit {
namespace {

using namespace std::chrono_literals;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

http::Response broken(const Error&) {
  http::Response response;
  response.status = 400;
  return response;
}

}  // namespace

HttpImposter::HttpImposter() : gate_(pool_.context(0), SteadyTime::max()) {
  server_ = std::make_unique<http::Server>(
      pool_, http::ServerOptions{}, [this](http::Request& request) { return answer(request); },
      broken);
  pool_.start();
  if (!server_->start()) throw std::runtime_error("the imposter can't listen");
}

HttpImposter::~HttpImposter() {
  release();
  server_->stop(100ms);
  pool_.stop();
}

void HttpImposter::otherwise(http::Response response) {
  const std::lock_guard lock(mutex_);
  otherwise_ = std::move(response);
}

void HttpImposter::then(http::Response response) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(response));
}

void HttpImposter::then(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  then(std::move(response));
}

void HttpImposter::hold() {
  const std::lock_guard lock(mutex_);
  holding_ = true;
}

void HttpImposter::release() {
  {
    const std::lock_guard lock(mutex_);
    holding_ = false;
  }
  net::post(pool_.context(0), [this] { gate_.cancel(); });
}

bool HttpImposter::is_holding() const {
  const std::lock_guard lock(mutex_);
  return holding_;
}

http::Response HttpImposter::next_answer() {
  if (script_.empty()) return otherwise_;
  http::Response next = std::move(script_.front());
  script_.pop_front();
  return next;
}

Awaitable<http::Response> HttpImposter::answer(http::Request& request) {
  Seen seen{std::string(request.target), {}, std::string(request.body)};
  for (const auto& field : request.fields) seen.headers.emplace(lower(field.name), field.value);
  http::Response response;
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(std::move(seen));
    response = next_answer();
  }
  changed_.notify_all();
  // The look and the wait are one step: the gate's end is posted to this thread.
  if (is_holding()) co_await gate_.async_wait(use_result);
  co_return response;
}

std::vector<HttpImposter::Seen> HttpImposter::wait_for(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return seen_.size() >= count; });
  return seen_;
}

std::size_t HttpImposter::seen_count() const {
  const std::lock_guard lock(mutex_);
  return seen_.size();
}

std::string HttpImposter::address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
std::string HttpImposter::url(const std::string& target) const {
  return "http://" + address() + target;
}

}  // namespace flowsell::testkit
