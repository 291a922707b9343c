#include "smtp_imposter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include "core/encoding.h"
#include "testkit/io.h"

namespace flowsell::mail {
namespace {

int listen_on_free_port(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, generic, size) != 0 || ::listen(listener, 8) != 0 ||
      ::getsockname(listener, generic, &size) != 0)
    throw std::runtime_error("the imposter can't listen");
  port = ntohs(address.sin_port);
  return listener;
}

template <class F>
void write_pem(const std::string& path, F write) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) throw std::runtime_error("no file for a certificate");
  write(file);
  std::fclose(file);
}

bool begins_with(std::string_view line, std::string_view head) {
  return equals_ignoring_case(line.substr(0, head.size()), head);
}

std::string between_brackets(std::string_view line) {
  const auto open = line.find('<');
  const auto close = line.find('>');
  return std::string(line.substr(open, close - open + 1));
}

}  // namespace

TestCertificate::TestCertificate(const std::string& subject_alt_name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509* const x509 = certificate.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key.get());
  X509_NAME* const name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> alt(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject_alt_name.c_str()),
      &X509_EXTENSION_free);
  X509_add_ext(x509, alt.get(), -1);
  X509_sign(x509, key.get(), EVP_sha256());
  write_pem(certificate_file(), [x509](std::FILE* file) { PEM_write_X509(file, x509); });
  write_pem(key_file(), [&key](std::FILE* file) {
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

struct SmtpImposter::SslContext {
  explicit SslContext(const TestCertificate& certificate) {
    if (SSL_CTX_use_certificate_file(ssl.get(), certificate.certificate_file().c_str(),
                                     SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(ssl.get(), certificate.key_file().c_str(), SSL_FILETYPE_PEM) !=
            1)
      throw std::runtime_error("the imposter can't use its certificate");
  }
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> ssl{SSL_CTX_new(TLS_server_method()),
                                                        &SSL_CTX_free};
};

/// The other end of one connection.
class SmtpImposter::Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  bool is_tls() const noexcept { return ssl_ != nullptr; }
  bool start_tls(SslContext& context) {
    ssl_.reset(SSL_new(context.ssl.get()));
    SSL_set_fd(ssl_.get(), socket_);
    return SSL_accept(ssl_.get()) == 1;
  }
  bool write(std::string text) {
    text += "\r\n";
    const int size = static_cast<int>(text.size());
    if (ssl_) return SSL_write(ssl_.get(), text.data(), size) == size;
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == size;
  }
  /// Without its end. False: there will be none.
  bool read_line(std::string& line) {
    while (true) {
      const auto end = buffer_.find("\r\n");
      if (end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return true;
      }
      if (!read_more()) return false;
    }
  }
  void wait_for_end() {
    while (read_more()) buffer_.clear();
  }

 private:
  bool read_more() {
    std::array<char, 4096> bytes{};
    const int size = static_cast<int>(bytes.size());
    const auto got = ssl_ ? SSL_read(ssl_.get(), bytes.data(), size)
                          : static_cast<int>(::recv(socket_, bytes.data(), bytes.size(), 0));
    if (got <= 0) return false;
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }
  int socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
  std::string buffer_;
};

SmtpImposter::SmtpImposter(Tls tls, const TestCertificate* certificate) : tls_(tls) {
  std::signal(SIGPIPE, SIG_IGN);  // as connectd does
  if (certificate != nullptr) context_ = std::make_unique<SslContext>(*certificate);
  listener_ = listen_on_free_port(port_);
  thread_ = std::thread([this] { run(); });
}

SmtpImposter::~SmtpImposter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    if (connection_ >= 0) ::shutdown(connection_, SHUT_RDWR);
  }
  thread_.join();
  ::close(listener_);
}

void SmtpImposter::answer(At at, std::string_view reply) {
  const std::lock_guard lock(mutex_);
  answers_.insert_or_assign(at, std::string(reply));
}

void SmtpImposter::answer_as_usual() {
  const std::lock_guard lock(mutex_);
  answers_.clear();
}

std::vector<SmtpImposter::Seen> SmtpImposter::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::vector<std::string> SmtpImposter::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

bool SmtpImposter::wait_for_silence() const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, testkit::kPatience, [this] { return was_silent_; });
}

void SmtpImposter::run() {
  while (true) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_ || connection < 0) {
        if (connection >= 0) ::close(connection);
        return;
      }
      connection_ = connection;
    }
    {
      Peer peer(connection);
      converse(peer);
    }
    const std::lock_guard lock(mutex_);
    connection_ = -1;
    ::close(connection);
  }
}

void SmtpImposter::converse(Peer& peer) {
  if (tls_ == Tls::kFromTheStart && !peer.start_tls(*context_)) return;
  if (!reply(peer, At::kGreeting, "220 imposter")) return;
  Seen letter;
  while (take_command(peer, letter)) {
  }
}

bool SmtpImposter::reply(Peer& peer, At at, std::string_view usual) {
  std::string text(usual);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = answers_.find(at); found != answers_.end()) text = found->second;
    if (text == kSilence) was_silent_ = true;
  }
  if (text == kHangUp) return false;
  if (text != kSilence) return peer.write(text) && text != "221 bye";
  changed_.notify_all();
  peer.wait_for_end();
  return false;
}

bool SmtpImposter::take_command(Peer& peer, Seen& letter) {
  std::string line;
  if (!peer.read_line(line)) return false;
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(line);
  }
  if (begins_with(line, "EHLO")) {
    std::string usual = "250-imposter\r\n";
    if (tls_ == Tls::kOffered && !peer.is_tls()) usual += "250-STARTTLS\r\n";
    if (offers_login_) usual += "250-AUTH PLAIN CRAM-MD5\r\n";
    return reply(peer, At::kHello, usual + "250 8BITMIME");
  }
  if (begins_with(line, "HELO")) return reply(peer, At::kHello, "250 imposter");
  if (begins_with(line, "STARTTLS"))
    return reply(peer, At::kTls, "220 go on") && peer.start_tls(*context_);
  if (begins_with(line, "AUTH")) return take_login(peer, letter, line);
  if (begins_with(line, "MAIL FROM:")) {
    letter.from = between_brackets(line);
    return reply(peer, At::kSender, "250 2.1.0 ok");
  }
  if (begins_with(line, "RCPT TO:")) {
    letter.to = between_brackets(line);
    return reply(peer, At::kRecipient, "250 2.1.5 ok");
  }
  if (begins_with(line, "DATA")) return take_data(peer, letter);
  if (begins_with(line, "QUIT")) return reply(peer, At::kGoodbye, "221 bye");
  return peer.write("502 5.5.1 what?");
}

bool SmtpImposter::take_login(Peer& peer, Seen& letter, std::string_view line) {
  std::string words(line.substr(line.rfind(' ') + 1));
  if (words == "PLAIN" && (!peer.write("334 ") || !peer.read_line(words))) return false;
  letter.login = base64_decode(words).value_or("unreadable");
  std::ranges::replace(letter.login, '\0', '|');
  return reply(peer, At::kLogin, "235 2.7.0 welcome");
}

bool SmtpImposter::take_data(Peer& peer, Seen& letter) {
  if (!reply(peer, At::kData, "354 go on")) return false;
  {
    const std::lock_guard lock(mutex_);
    if (answers_.contains(At::kData)) return true;  // it was refused
  }
  std::string line;
  while (peer.read_line(line)) {
    letter.raw_data += line + "\r\n";
    if (line == ".") {
      letter.is_over_tls = peer.is_tls();
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(letter);
      }
      letter = {};
      return reply(peer, At::kLetter, "250 2.0.0 taken");
    }
    letter.data += (line.starts_with('.') ? line.substr(1) : line) + "\r\n";
  }
  return false;
}

std::uint16_t unused_port() {
  std::uint16_t port = 0;
  ::close(listen_on_free_port(port));
  return port;
}

}  // namespace flowsell::mail
