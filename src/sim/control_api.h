#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "control/platform_control.h"
#include "core/error.h"
#include "http/message.h"
#include "json/json.h"
#include "signup/signup.h"
#include "webhook_sender.h"
#include "world.h"

namespace flowsell::sim {

/// The other side of the stage, under /_sim: what was taken, what customers do, what breaks.
/// README.md of this folder has every call. Thread-safe.
class ControlApi {
 public:
  ControlApi(World& world, WebhookSender& webhooks, Management& management, Signup& signup);
  /// `request` must live until the end. On a thread of the simulator's pool.
  Awaitable<http::Response> answer(const http::Request& request);

 private:
  Task<std::string> handle(const http::Request& request);
  Result<std::string> post(std::string_view name, const json::Value& body);
  Result<std::string> messages(std::string_view query) const;
  std::string stats() const;
  std::string settings() const;
  Task<std::string> change_settings(const json::Value& body);
  Result<std::string> send_inbound(const json::Value& body);
  Result<std::string> send_webhook(const json::Value& body);
  Result<std::string> send_status(const json::Value& body);
  std::string reset();
  /// The number named in the field "phone_number_id"; the first where there is none.
  Result<std::uint16_t> number_of(std::string_view phone_number_id) const;

  World& world_;
  WebhookSender& webhooks_;
  Management& management_;
  Signup& signup_;
  PlatformControl platform_;
  std::atomic<std::uint64_t> inbound_serial_;
};

}  // namespace flowsell::sim
