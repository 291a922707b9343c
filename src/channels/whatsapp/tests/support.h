#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "channel/message.h"
#include "http/client.h"
#include "json/json.h"
#include "json/writer.h"

namespace flowsell::whatsapp {

inline std::string repeated(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

/// A request body of POST /v1/messages: `object` under `type`, then `more` fields.
inline std::string request(const std::string& type, const std::string& object,
                           const std::string& more = "") {
  return R"({"to":"+4915155500001","type":")" + type + R"(",")" + type + R"(":)" + object + more +
         "}";
}

/// Must be a request that parse_message takes.
inline channel::OutboundMessage message_of(const std::string& body) {
  const auto document = json::parse(body);
  auto message = channel::parse_message(document.value().root());
  if (!message)
    ADD_FAILURE() << message.error().fields.at(0).pointer << ": " << message.error().detail;
  return std::move(message).value();
}

/// The same JSON written in one way, its keys sorted.
inline std::string canonical(const std::string& text) {
  const auto document = json::parse(text);
  if (!document) return "not JSON: " + document.error().detail;
  std::string out;
  const auto write = [&out](const auto& self, const json::Value& value) -> void {
    if (const auto* object = value.if_object()) {
      std::vector<std::string> keys;
      for (const auto& member : *object) keys.emplace_back(member.key());
      std::ranges::sort(keys);
      out += '{';
      for (const std::string& key : keys) {
        out += json::quoted(key) + ':';
        self(self, object->at(key));
        out += ',';
      }
      out += '}';
    } else if (const auto* array = value.if_array()) {
      out += '[';
      for (const json::Value& element : *array) {
        self(self, element);
        out += ',';
      }
      out += ']';
    } else {
      json::Writer writer;
      writer.value(value);
      out += writer.text();
    }
  };
  write(write, document->root());
  return out;
}

/// The provider's answer to a call.
inline http::Exchange answered(std::string body, int status = 200) {
  http::Exchange exchange;
  exchange.end = http::ExchangeEnd::kAnswered;
  exchange.byte_sent = true;
  exchange.status = status;
  exchange.body = std::move(body);
  return exchange;
}

/// A file, byte for byte.
inline std::string text_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) ADD_FAILURE() << "no file " << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A file of tests/fixtures.
inline std::string fixture(const std::string& name) {
  return text_of_file(std::string(FIXTURES) + "/" + name);
}

}  // namespace flowsell::whatsapp
