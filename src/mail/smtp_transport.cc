#include "mail/smtp_transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include "smtp_conversation.h"
#include "smtp_url.h"

namespace flowsell::mail {
namespace {

/// One transfer of curl's. Where an option can't be set it must not begin: it might be the one that
/// asks for TLS.
class Easy {
 public:
  Easy() : easy_(curl_easy_init(), &curl_easy_cleanup), is_ready_(easy_ != nullptr) {}
  /// curl copies texts.
  template <class Value>
  void set(CURLoption option, Value value) {
    is_ready_ = is_ready_ && curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  }
  CURLcode perform() { return is_ready_ ? curl_easy_perform(easy_.get()) : CURLE_FAILED_INIT; }

 private:
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
  bool is_ready_;
};
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// What curl's callbacks are given.
struct Attempt {
  const std::atomic<bool>& is_interrupted;
  std::string_view unread;  ///< of the letter
  SmtpConversation conversation;
};

std::size_t read_letter_bytes(char* buffer, std::size_t size, std::size_t count, void* data) {
  auto& attempt = *static_cast<Attempt*>(data);
  const std::size_t taken = std::min(size * count, attempt.unread.size());
  std::memcpy(buffer, attempt.unread.data(), taken);
  attempt.unread.remove_prefix(taken);
  return taken;
}

/// What curl would log is what tells who said what. It is looked at, and goes nowhere.
int follow(CURL* /*easy*/, curl_infotype type, char* text, std::size_t size, void* data) {
  auto& conversation = static_cast<Attempt*>(data)->conversation;
  switch (type) {
    case CURLINFO_HEADER_OUT:
      conversation.said({text, size});
      break;
    case CURLINFO_HEADER_IN:
      conversation.heard({text, size});
      break;
    case CURLINFO_DATA_OUT:
      conversation.sent_data();
      break;
    default:
      break;
  }
  return 0;
}

int end_when_interrupted(void* data, curl_off_t /*down_total*/, curl_off_t /*down*/,
                         curl_off_t /*up_total*/, curl_off_t /*up*/) {
  return static_cast<Attempt*>(data)->is_interrupted ? 1 : 0;
}

std::string_view reason_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "host_unknown";
    case CURLE_COULDNT_CONNECT:
      return "unreachable";
    case CURLE_OPERATION_TIMEDOUT:
      return "timed_out";
    case CURLE_USE_SSL_FAILED:
      return "tls_not_offered";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return "tls_failed";
    case CURLE_LOGIN_DENIED:
      return "login_refused";
    case CURLE_ABORTED_BY_CALLBACK:
      return "interrupted";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_WEIRD_SERVER_REPLY:
      return "connection_lost";
    default:
      return "not_possible";  // libcurl can't do what is asked of it, or has no memory
  }
}

class SmtpTransport final : public Transport {
 public:
  SmtpTransport(SmtpOptions options, SmtpUrl url)
      : options_(std::move(options)), url_(std::move(url)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  }

  Outcome send(const Letter& letter) override {
    Easy easy;
    const std::string recipient = "<" + std::string(letter.to.reveal()) + ">";
    const List recipients(curl_slist_append(nullptr, recipient.c_str()), &curl_slist_free_all);
    if (recipients == nullptr) return {.reason = "out_of_memory"};
    Attempt attempt{is_interrupted_, letter.data.reveal(), {}};
    set_server(easy);
    set_letter(easy, letter, recipients.get(), attempt);
    const CURLcode code = easy.perform();
    if (code == CURLE_OK) return {.end = Outcome::End::kSent};
    if (attempt.conversation.is_refused()) return attempt.conversation.refusal();
    Outcome outcome = attempt.conversation.failure(reason_of(code));
    if (code == CURLE_ABORTED_BY_CALLBACK) outcome.end = Outcome::End::kInterrupted;
    return outcome;
  }

  void interrupt() noexcept override { is_interrupted_ = true; }

 private:
  void set_server(Easy& easy) const {
    const bool needs_tls = url_.is_tls || options_.tls == SmtpTls::kAlways || !url_.is_loopback();
    easy.set(CURLOPT_URL, url_.str().c_str());
    easy.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    easy.set(CURLOPT_PROXY, "");  // else the environment's variables would name one
    easy.set(CURLOPT_USE_SSL, needs_tls ? long{CURLUSESSL_ALL} : long{CURLUSESSL_NONE});
    easy.set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    easy.set(CURLOPT_SSL_VERIFYPEER, 1L);
    easy.set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options_.ca_file.empty()) easy.set(CURLOPT_CAINFO, options_.ca_file.c_str());
    if (!options_.user.empty()) {
      easy.set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
      easy.set(CURLOPT_USERNAME, options_.user.c_str());
      // Of a std::string: a zero stands behind it, and no copy stays that is not wiped.
      easy.set(CURLOPT_PASSWORD, options_.password.reveal().data());
    }
    easy.set(CURLOPT_NOSIGNAL, 1L);
    easy.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    easy.set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(options_.timeout);
    easy.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(seconds.count()));
    // What waits in an idle connection may be the server's goodbye.
    easy.set(CURLOPT_FORBID_REUSE, 1L);
  }

  static void set_letter(Easy& easy, const Letter& letter, curl_slist* recipients,
                         Attempt& attempt) {
    easy.set(CURLOPT_MAIL_FROM, ("<" + letter.from + ">").c_str());
    easy.set(CURLOPT_MAIL_RCPT, recipients);
    easy.set(CURLOPT_UPLOAD, 1L);
    easy.set(CURLOPT_READFUNCTION, &read_letter_bytes);
    easy.set(CURLOPT_READDATA, &attempt);
    easy.set(CURLOPT_VERBOSE, 1L);
    easy.set(CURLOPT_DEBUGFUNCTION, &follow);
    easy.set(CURLOPT_DEBUGDATA, &attempt);
    easy.set(CURLOPT_NOPROGRESS, 0L);
    easy.set(CURLOPT_XFERINFOFUNCTION, &end_when_interrupted);
    easy.set(CURLOPT_XFERINFODATA, &attempt);
  }

  const SmtpOptions options_;
  const SmtpUrl url_;
  std::atomic<bool> is_interrupted_{false};
};

}  // namespace

Result<std::unique_ptr<Transport>> smtp_transport(SmtpOptions options) {
  TRY(SmtpUrl url, SmtpUrl::parse(options.url));
  // To libcurl none is no end.
  if (options.timeout.count() <= 0 || options.connect_timeout.count() <= 0)
    return fail(ErrorCode::kInvalidRequest, "mail: a time-out is none");
  return std::make_unique<SmtpTransport>(std::move(options), std::move(url));
}

}  // namespace flowsell::mail
