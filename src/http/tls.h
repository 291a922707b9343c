#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::http {

/// What all TLS sessions of one side share: versions (1.2 and 1.3), certificates, trust.
/// Thread-safe once made.
class TlsContext {
 public:
  /// Fails with kInternal when a file can't be read or the key does not fit the certificate. Speaks
  /// HTTP/1.1, and with `http2` that with who prefers it.
  static Result<TlsContext> for_server(const std::string& certificate_file,
                                       const std::string& key_file, bool http2);
  /// Trusts `ca_file`, or the system's authorities when it is empty.
  static Result<TlsContext> for_client(const std::string& ca_file);
  /// A client's with no authority at all: every handshake fails.
  static TlsContext trusting_nobody();

  SSL_CTX* get() const noexcept { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  std::unique_ptr<SSL_CTX, Free> context_;
};

/// One TLS connection without its socket: bytes from the peer go in by feed(), bytes for the peer
/// come out by take_output(). So the caller knows exactly which of them reached the kernel.
class TlsSession {
 public:
  enum class Status : std::uint8_t { kOk, kNeedInput, kClosed, kFailed };

  static std::unique_ptr<TlsSession> accept(const TlsContext& context);
  /// Verifies that the certificate is valid for `host`, a name or an address. Offers HTTP/1.1, and
  /// HTTP/2 before it where `offers_http2`.
  static std::unique_ptr<TlsSession> connect(const TlsContext& context, const std::string& host,
                                             bool offers_http2);

  /// kOk when done. After every call, whatever it returned, take_output() may have something.
  Status handshake();
  void feed(std::string_view bytes);
  /// Decrypts into `out`; `bytes` says how much.
  Status read(std::span<char> out, std::size_t& bytes);
  /// False when the session is broken.
  bool write(std::string_view bytes);
  /// Queues close_notify.
  void close();
  /// Appends what is to be sent.
  void take_output(std::string& out);
  /// Both sides agreed on HTTP/2 (RFC 7301). After the handshake.
  bool chose_http2() const noexcept;
  /// Nothing is left of what was fed.
  bool is_drained() const noexcept;

 private:
  struct Free {
    void operator()(SSL* session) const noexcept { SSL_free(session); }
  };
  explicit TlsSession(const TlsContext& context);
  Status status_of(int result) const noexcept;

  std::unique_ptr<SSL, Free> session_;
  BIO* input_;  ///< both owned by the session
  BIO* output_;
};

}  // namespace flowsell::http
