#include "sim_fixture.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/encoding.h"

namespace flowsell::sim::test {
namespace {

constexpr std::chrono::seconds kPatience{60};

std::string exchange(std::uint16_t port, const std::string& request) {
  net::io_context context;
  net::ip::tcp::socket socket(context);
  socket.connect({net::ip::address_v4::loopback(), port});
  const timeval patience{kPatience.count(), 0};
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  boost::system::error_code error;
  net::write(socket, net::buffer(request), error);
  std::string answer;
  net::read(socket, net::dynamic_buffer(answer), error);
  return answer;
}

void read_head(RawAnswer& answer) {
  if (answer.head.size() < 12) return;
  answer.status = std::stoi(answer.head.substr(9, 3));
  const auto length = answer.header("content-length");
  answer.whole = !length.empty() && std::stoul(length) == answer.body.size();
}

http::Response refuse(const Error&) { return {.status = 400}; }

}  // namespace

std::string RawAnswer::header(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const auto end = std::min(rest.find("\r\n"), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    const auto colon = line.find(": ");
    if (colon == line.npos || !equals_ignoring_case(line.substr(0, colon), name)) continue;
    return std::string(line.substr(colon + 2));
  }
  return {};
}

boost::json::value RawAnswer::json() const {
  boost::system::error_code error;
  auto value = boost::json::parse(body, error);
  return error ? boost::json::value() : value;
}

RawAnswer call(std::uint16_t port, std::string_view method, std::string_view path,
               std::string_view body, std::string_view token) {
  const auto request = fmt::format(
      "{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: "
      "application/json\r\n"
      "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
      method, path, token, body.size(), body);
  return exchange_raw(port, request);
}

RawAnswer exchange_raw(std::uint16_t port, const std::string& request) {
  const auto raw = exchange(port, request);
  RawAnswer answer;
  const auto split = raw.find("\r\n\r\n");
  if (split == raw.npos) return answer;
  answer.head = raw.substr(0, split);
  answer.body = raw.substr(split + 4);
  read_head(answer);
  return answer;
}

namespace {

http::Response answer_challenge(std::string_view query) {
  const auto value_of = [query](std::string_view name) {
    const auto at = query.find(name);
    if (at == query.npos) return std::string();
    const auto value = query.substr(at + name.size());
    return percent_decode(value.substr(0, value.find('&')), false).value_or("");
  };
  if (value_of("hub.mode=") != "subscribe" || value_of("hub.verify_token=") != kVerifyToken)
    return {.status = 403, .body = "no"};
  return {.status = 200, .body = value_of("hub.challenge=")};
}

}  // namespace

WebhookSink::WebhookSink()
    : pool_(1),
      server_(pool_, {}, [this](http::Request& request) { return take(request); }, refuse) {
  EXPECT_TRUE(server_.start());
  pool_.start();
}

WebhookSink::~WebhookSink() {
  server_.stop(std::chrono::milliseconds(100));
  pool_.stop();
}

std::string WebhookSink::url() const {
  return fmt::format("http://127.0.0.1:{}/hooks/whatsapp", server_.port());
}

void WebhookSink::answer_with(std::vector<int> statuses) {
  const std::lock_guard lock(mutex_);
  answers_.assign(statuses.begin(), statuses.end());
}

Awaitable<http::Response> WebhookSink::take(http::Request& request) {
  if (request.method == http::Method::kGet) co_return answer_challenge(request.query);
  const std::lock_guard lock(mutex_);
  posts_.push_back({std::string(request.body), std::string(request.header("x-hub-signature-256")),
                    std::string(request.header("content-type"))});
  http::Response response;
  if (!answers_.empty()) {
    response.status = answers_.front();
    answers_.pop_front();
  }
  changed_.notify_all();
  co_return response;
}

std::vector<WebhookSink::Post> WebhookSink::wait_for(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return posts_.size() >= count; });
  return posts_;
}

std::vector<boost::json::object> WebhookSink::wait_for_statuses(std::size_t count) {
  std::vector<boost::json::object> found;
  const auto collect = [&] {
    found.clear();
    for (const auto& post : posts_)
      std::ranges::copy(statuses_of(post.body), std::back_inserter(found));
    return found.size() >= count;
  };
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, collect);
  return found;
}

std::vector<boost::json::object> statuses_of(std::string_view body) {
  std::vector<boost::json::object> found;
  boost::system::error_code error;
  const auto document = boost::json::parse(body, error);
  if (error) return found;
  for (const auto& entry : document.at("entry").as_array()) {
    for (const auto& change : entry.at("changes").as_array()) {
      const auto* statuses = change.at("value").as_object().if_contains("statuses");
      if (!statuses) continue;
      for (const auto& status : statuses->as_array()) found.push_back(status.as_object());
    }
  }
  return found;
}

std::string text_of(const boost::json::value& value, std::string_view pointer) {
  boost::system::error_code error;
  const auto* found = value.find_pointer(pointer, error);
  if (!found) return "(absent)";
  if (const auto* text = found->if_string()) return std::string(text->data(), text->size());
  return boost::json::serialize(*found);
}

SimulatorOptions Simulator::default_options() const {
  SimulatorOptions options;
  options.access_token = Secret(std::string(kToken));
  options.app_secret = Secret(std::string(kAppSecret));
  options.sent_after = options.delivered_after = options.read_after = std::chrono::milliseconds(0);
  options.webhook_retry_after = std::chrono::milliseconds(1);
  return options;
}

void Simulator::start(SimulatorOptions options) {
  sim_ = std::make_unique<WhatsAppSimulator>(std::move(options));
  ASSERT_TRUE(sim_->start());
}

void SimulatorWithWebhooks::SetUp() {
  auto options = default_options();
  options.webhook_url = sink_.url();
  start(std::move(options));
}

RawAnswer Simulator::send_text(std::string_view to) const {
  return post(fmt::format(
      R"({{"messaging_product":"whatsapp","to":"{}","type":"text","text":{{"body":"Hi"}},)"
      R"("biz_opaque_callback_data":"msg_1"}})",
      to));
}

std::int64_t Simulator::stat(std::string_view name) const {
  return control("GET", "/_sim/stats").json().at(name).as_int64();
}

int Simulator::code_of(const RawAnswer& answer) {
  const auto text = text_of(answer.json(), "/error/code");
  return text == "(absent)" ? -1 : std::stoi(text);
}

}  // namespace flowsell::sim::test
