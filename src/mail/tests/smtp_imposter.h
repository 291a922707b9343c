#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "testkit/temp_folder.h"

namespace flowsell::mail {

/// A certificate of its own making for 127.0.0.1, or another name, as files.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& subject_alt_name = "IP:127.0.0.1");
  std::string certificate_file() const { return folder_ / "certificate.pem"; }
  std::string key_file() const { return folder_ / "key.pem"; }

 private:
  testkit::TempFolder folder_;
};

/// An SMTP server on a free port of 127.0.0.1 that answers as it is told and remembers what it was
/// given. One conversation at a time. Thread-safe.
class SmtpImposter {
 public:
  enum class At : std::uint8_t {
    kGreeting,
    kHello,
    kTls,
    kLogin,
    kSender,
    kRecipient,
    kData,
    kLetter,
    kGoodbye
  };
  enum class Tls : std::uint8_t { kNone, kOffered, kFromTheStart };
  struct Seen {
    std::string from, to;  ///< with their brackets
    std::string login;     ///< what AUTH PLAIN said; '\0' is '|'
    std::string data;      ///< as it came, dots unstuffed
    std::string raw_data;  ///< with the last line's dot
    bool is_over_tls = false;
  };
  /// What to say to hang up, and to say nothing until the client does.
  static constexpr std::string_view kHangUp = "hang up";
  static constexpr std::string_view kSilence = "silence";

  explicit SmtpImposter(Tls tls = Tls::kNone, const TestCertificate* certificate = nullptr);
  ~SmtpImposter();
  SmtpImposter(const SmtpImposter&) = delete;
  SmtpImposter& operator=(const SmtpImposter&) = delete;

  /// From now on, instead of yes.
  void answer(At at, std::string_view reply);
  void answer_as_usual();
  void offer_login() { offers_login_ = true; }

  std::vector<Seen> seen() const;
  std::vector<std::string> commands() const;
  /// False: it has not been silent within the tests' patience.
  bool wait_for_silence() const;
  std::uint16_t port() const noexcept { return port_; }
  /// "127.0.0.1:40001"
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  class Peer;
  struct SslContext;
  void run();
  void converse(Peer& peer);
  bool take_command(Peer& peer, Seen& letter);
  bool take_login(Peer& peer, Seen& letter, std::string_view line);
  bool take_data(Peer& peer, Seen& letter);
  /// False: the conversation is over.
  bool reply(Peer& peer, At at, std::string_view usual);

  const Tls tls_;
  std::unique_ptr<SslContext> context_;
  std::atomic<bool> offers_login_{false};
  int listener_ = -1;
  std::uint16_t port_ = 0;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<At, std::string> answers_;
  std::vector<Seen> seen_;
  std::vector<std::string> commands_;
  bool was_silent_ = false;
  int connection_ = -1;
  bool is_stopping_ = false;
  std::thread thread_;
};

/// A port of 127.0.0.1 at which nobody listens.
std::uint16_t unused_port();

}  // namespace flowsell::mail
