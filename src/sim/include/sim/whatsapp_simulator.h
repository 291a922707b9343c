#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/sensitive.h"

namespace flowsell::sim {

/// One business number that the simulator plays.
struct SimNumber {
  std::string waba_id = "102290129340398";
  std::string phone_number_id = "106540352242922";
  std::string display_phone_number = "15550783881";  ///< digits
};

/// `count` numbers, each in an account of its own: the first, and those whose digits follow.
std::vector<SimNumber> consecutive_numbers(const SimNumber& first, std::size_t count);

struct SimulatorOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: a free one
  std::size_t threads = 1;
  std::vector<SimNumber> numbers;  ///< empty: one default
  Secret access_token;             ///< what Bearer must be; empty: any token that is not "expired"
  std::string app_id = "670843887433847";
  Secret app_secret;               ///< signs webhooks
  std::string business_id = "506914307656634";  ///< the portfolio that owns the accounts
  std::string webhook_url;         ///< http://127.0.0.1:8080/hooks/whatsapp; empty: no webhooks
  bool send_statuses = true;       ///< off: messages are taken and nothing more happens
  std::chrono::milliseconds sent_after{100};
  std::chrono::milliseconds delivered_after{300};
  std::chrono::milliseconds read_after{800};  ///< all three from acceptance; negative: never
  std::size_t messages_kept_max = 2'000'000;  ///< of GET /_sim/messages; the oldest make room
  bool batch_webhooks = true;  ///< what is due together goes in one POST, at most 1000 updates
  std::chrono::milliseconds webhook_retry_after{
      1'000};  ///< the first retry; doubles up to 60 s, for 7 days
  /// Where apps, tokens, accounts, numbers, templates and media outlive the process; messages do
  /// not. Empty: in memory, and media in a folder that goes at the end.
  std::string data_folder;
  std::chrono::milliseconds review_after{
      2'000};  ///< a new template or display name is decided after that, by the virtual clock
};

/// A faithful WhatsApp Cloud API on a local port: Meta's checks, answers, error bodies, ids and
/// signed webhooks; and a control API under /_sim (README.md of this room) that plays the customers
/// and breaks things on demand. Runs on threads of its own.
class WhatsAppSimulator {
 public:
  explicit WhatsAppSimulator(SimulatorOptions options);
  ~WhatsAppSimulator();
  Result<> start();
  std::uint16_t port() const noexcept;
  /// Where webhooks go, when that is only known after start.
  void set_webhook_url(const std::string& url);
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::sim
