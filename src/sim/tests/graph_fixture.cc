#include "graph_fixture.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

namespace flowsell::sim::test {

RawAnswer call_with(std::uint16_t port, std::string_view method, std::string_view path,
                    std::string_view body, const std::vector<SentHeader>& headers) {
  auto request = fmt::format("{} {} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n",
                             method, path, port);
  for (const auto& header : headers)
    request += fmt::format("{}: {}\r\n", header.name, header.value);
  request += fmt::format("Content-Length: {}\r\n\r\n", body.size());
  request += body;
  return exchange_raw(port, request);
}

SimulatorOptions Graph::graph_options() const {
  auto options = default_options();
  options.webhook_url = sink_.url();
  options.review_after = std::chrono::milliseconds(0);
  return options;
}

void Graph::SetUp() { start(graph_options()); }

RawAnswer Graph::get(std::string_view path, std::string_view token) const {
  return call(sim_->port(), "GET", fmt::format("/v25.0/{}", path), "", token);
}

RawAnswer Graph::post_to(std::string_view path, std::string_view body,
                         std::string_view token) const {
  return call(sim_->port(), "POST", fmt::format("/v25.0/{}", path), body, token);
}

RawAnswer Graph::remove(std::string_view path, std::string_view token) const {
  return call(sim_->port(), "DELETE", fmt::format("/v25.0/{}", path), "", token);
}

void Graph::advance(std::int64_t seconds) const {
  const auto answer =
      control("POST", "/_sim/clock", fmt::format(R"({{"advance_seconds":{}}})", seconds));
  EXPECT_EQ(answer.status, 200) << answer.body;
}

void Graph::say_hello() const {
  control("POST", "/_sim/inbound",
          R"({"from":"+491510000001","type":"text","text":{"body":"Hi"}})");
}

RawAnswer Graph::exchange(const std::string& code, std::string_view more,
                          std::string_view secret) const {
  return call_with(sim_->port(), "GET",
                   fmt::format("/v25.0/oauth/access_token?client_id={}&client_secret={}&code={}{}",
                               kApp, secret, code, more),
                   "", {});
}

RawAnswer Graph::enrol(std::string_view phone, std::string_view pin, std::string_view token) const {
  return post_to(fmt::format("{}/register", phone),
                 fmt::format(R"({{"messaging_product":"whatsapp","pin":"{}"}})", pin), token);
}

std::string Graph::token(std::string_view wishes) const {
  return at(control("POST", "/_sim/tokens", wishes), "/access_token");
}

std::vector<boost::json::object> Graph::all_told(std::string_view field, std::size_t count) {
  std::vector<boost::json::object> found;
  // Each pass waits for one POST more than it knew, or gives up after ten seconds.
  for (std::size_t posts = 1; found.size() < count; ++posts) {
    const auto all = sink_.wait_for(posts);
    found.clear();
    for (const auto& post : all) {
      const auto document = boost::json::parse(post.body);
      for (const auto& entry : document.at("entry").as_array()) {
        for (const auto& change : entry.at("changes").as_array()) {
          if (text_of(change, "/field") == field) found.push_back(change.at("value").as_object());
        }
      }
    }
    if (all.size() < posts) break;
  }
  return found;
}

boost::json::object Graph::told(std::string_view field) {
  const auto all = all_told(field, 1);
  return all.empty() ? boost::json::object() : all.front();
}

std::string Graph::make_template(std::string_view definition) const {
  const auto answer = post_to(fmt::format("{}/message_templates", kAccount), definition);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return at(answer, "/id");
}

std::string override_to(const WebhookSink& sink, std::string_view token) {
  return fmt::format(R"({{"override_callback_uri":"{}","verify_token":"{}"}})", sink.url(), token);
}

std::string multipart(std::string_view type, std::string_view bytes) {
  return fmt::format(
      "--cut\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n"
      "--cut\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n{0}\r\n"
      "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n"
      "Content-Type: {0}\r\n\r\n{1}\r\n--cut--\r\n",
      type, bytes);
}

RawAnswer Graph::try_upload(std::string_view type, std::string_view bytes) const {
  return call_with(sim_->port(), "POST", fmt::format("/v25.0/{}/media", kPhone),
                   multipart(type, bytes),
                   {{"Authorization", fmt::format("Bearer {}", kToken)},
                    {"Content-Type", "multipart/form-data; boundary=cut"}});
}

std::string Graph::upload(std::string_view type, std::string_view bytes) const {
  const auto answer = try_upload(type, bytes);
  return answer.status == 200 ? at(answer, "/id") : answer.body;
}

std::string text_template(std::string_view name, std::string_view body) {
  return fmt::format(R"({{"name":"{}","language":"en_US","category":"UTILITY",)"
                     R"("components":[{{"type":"BODY","text":"{}"}}]}})",
                     name, body);
}

}  // namespace flowsell::sim::test
