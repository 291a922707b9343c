#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include <array>
#include <utility>

#include "runtime/workers.h"
#include "sso/txt_lookup.h"

namespace flowsell::sso {
namespace {

constexpr std::size_t kThreads = 2;
constexpr std::size_t kWaitingMax = 100;
constexpr int kSecondsEach = 2;
constexpr int kTries = 2;
constexpr std::size_t kRecordsMax = 100;

Error not_answered() {
  return {ErrorCode::kProviderUnreachable, "the domain name system did not answer"};
}

/// One thread's resolver state, made for one look-up.
class Resolver {
 public:
  explicit Resolver(const std::optional<DnsServer>& server) {
    is_ready_ = ::res_ninit(&state_) == 0;
    if (!is_ready_) return;
    state_.retrans = kSecondsEach;
    state_.retry = kTries;
    if (!server) return;
    sockaddr_in& place = state_.nsaddr_list[0];
    place = {};
    place.sin_family = AF_INET;
    place.sin_port = htons(server->port);
    is_ready_ = ::inet_pton(AF_INET, server->address.c_str(), &place.sin_addr) == 1;
    state_.nscount = 1;
  }
  ~Resolver() { ::res_nclose(&state_); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// nullopt: not answered.
  std::optional<std::vector<std::uint8_t>> ask(const std::string& name) {
    if (!is_ready_) return std::nullopt;
    std::vector<std::uint8_t> answer(NS_MAXMSG);
    const int length = ::res_nquery(&state_, name.c_str(), ns_c_in, ns_t_txt, answer.data(),
                                    static_cast<int>(answer.size()));
    if (length >= 0) {
      answer.resize(std::min(static_cast<std::size_t>(length), answer.size()));
      return answer;
    }
    const bool has_none = state_.res_h_errno == HOST_NOT_FOUND || state_.res_h_errno == NO_DATA;
    return has_none ? std::optional<std::vector<std::uint8_t>>(std::in_place) : std::nullopt;
  }

 private:
  struct __res_state state_{};
  bool is_ready_ = false;
};

/// A record's text is cut into strings of up to 255 bytes, each with its length before it
/// (RFC 1035, 3.3.14).
std::string joined(const std::uint8_t* data, std::size_t length) {
  std::string text;
  std::size_t at = 0;
  while (at < length) {
    const std::size_t part = std::min<std::size_t>(data[at], length - at - 1);
    text.append(reinterpret_cast<const char*>(data) + at + 1, part);
    at += 1 + part;
  }
  return text;
}

Result<std::vector<std::string>> texts_in(const std::vector<std::uint8_t>& answer) {
  std::vector<std::string> texts;
  if (answer.empty()) return texts;
  ns_msg message;
  if (::ns_initparse(answer.data(), static_cast<int>(answer.size()), &message) != 0)
    return std::unexpected(not_answered());
  const int count = ns_msg_count(message, ns_s_an);
  for (int i = 0; i < count && texts.size() < kRecordsMax; ++i) {
    ns_rr record;
    if (::ns_parserr(&message, ns_s_an, i, &record) != 0) return std::unexpected(not_answered());
    if (ns_rr_type(record) == ns_t_txt)
      texts.push_back(joined(ns_rr_rdata(record), ns_rr_rdlen(record)));
  }
  return texts;
}

class DnsLookup final : public TxtLookup {
 public:
  explicit DnsLookup(std::optional<DnsServer> server) : server_(std::move(server)) {}

  Task<std::vector<std::string>> find(std::string name) override {
    auto work = [this, &name]() -> Result<std::vector<std::string>> {
      const auto answer = Resolver(server_).ask(name);
      if (!answer) return std::unexpected(not_answered());
      return texts_in(*answer);
    };
    co_return co_await workers_.run(std::move(work));
  }
  void stop() override { workers_.stop(); }

 private:
  const std::optional<DnsServer> server_;
  runtime::Workers workers_{kThreads, kWaitingMax};
};

}  // namespace

std::unique_ptr<TxtLookup> dns_lookup(std::optional<DnsServer> server) {
  return std::make_unique<DnsLookup>(std::move(server));
}

}  // namespace flowsell::sso
