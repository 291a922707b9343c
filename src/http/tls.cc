#include "tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <new>

namespace flowsell::http {

namespace {

/// What we speak, the best first: "h2", "http/1.1", each with its length in front (RFC 7301).
constexpr std::array<unsigned char, 12> kBoth = {2,   'h', '2', 8,   'h', 't',
                                                 't', 'p', '/', '1', '.', '1'};
constexpr std::span<const unsigned char> kHttp1 = std::span(kBoth).subspan(3);
constexpr std::string_view kHttp2Name = "h2";

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void* http2) {
  unsigned char* chosen = nullptr;
  const std::span<const unsigned char> spoken = http2 != nullptr ? std::span(kBoth) : kHttp1;
  const int result = SSL_select_next_proto(&chosen, out_size, spoken.data(),
                                           static_cast<unsigned>(spoken.size()), in, in_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

SSL_CTX* make_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS);  // an idle connection holds no record buffers
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

Result<TlsContext> TlsContext::for_server(const std::string& certificate_file,
                                          const std::string& key_file, bool http2) {
  TlsContext context(make_context(TLS_server_method()));
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    return fail(ErrorCode::kInternal, "tls: the certificate file can't be read");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return fail(ErrorCode::kInternal,
                "tls: the key file can't be read or is not the certificate's");
  }
  SSL_CTX_set_alpn_select_cb(context.get(), choose_alpn, http2 ? context.get() : nullptr);
  return context;
}

TlsContext TlsContext::trusting_nobody() {
  TlsContext context(make_context(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

Result<TlsContext> TlsContext::for_client(const std::string& ca_file) {
  TlsContext context = trusting_nobody();
  ERR_clear_error();
  const int loaded = ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context.get())
                         : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) return fail(ErrorCode::kInternal, "tls: the authorities' file can't be read");
  return context;
}

TlsSession::TlsSession(const TlsContext& context)
    : session_(SSL_new(context.get())),
      input_(BIO_new(BIO_s_mem())),
      output_(BIO_new(BIO_s_mem())) {
  if (session_ == nullptr || input_ == nullptr || output_ == nullptr) throw std::bad_alloc();
  BIO_set_mem_eof_return(input_, -1);  // empty is "not yet", not "closed"
  SSL_set_bio(session_.get(), input_, output_);
}

std::unique_ptr<TlsSession> TlsSession::accept(const TlsContext& context) {
  std::unique_ptr<TlsSession> session(new TlsSession(context));
  SSL_set_accept_state(session->session_.get());
  return session;
}

std::unique_ptr<TlsSession> TlsSession::connect(const TlsContext& context, const std::string& host,
                                                bool offers_http2) {
  std::unique_ptr<TlsSession> session(new TlsSession(context));
  SSL* const ssl = session->session_.get();
  SSL_set_connect_state(ssl);
  const std::span<const unsigned char> offered = offers_http2 ? std::span(kBoth) : kHttp1;
  SSL_set_alpn_protos(ssl, offered.data(), static_cast<unsigned>(offered.size()));
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, host.c_str());
    // The macro SSL_set_tlsext_host_name without its C cast.
    std::string name = host;
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  return session;
}

TlsSession::Status TlsSession::status_of(int result) const noexcept {
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_NONE:
      return Status::kOk;
    case SSL_ERROR_WANT_READ:
      return Status::kNeedInput;
    case SSL_ERROR_ZERO_RETURN:
      return Status::kClosed;
    default:
      return Status::kFailed;
  }
}

TlsSession::Status TlsSession::handshake() {
  ERR_clear_error();
  return status_of(SSL_do_handshake(session_.get()));
}

void TlsSession::feed(std::string_view bytes) {
  std::size_t written = 0;
  BIO_write_ex(input_, bytes.data(), bytes.size(), &written);  // a memory BIO takes all
}

TlsSession::Status TlsSession::read(std::span<char> out, std::size_t& bytes) {
  ERR_clear_error();
  bytes = 0;
  return status_of(SSL_read_ex(session_.get(), out.data(), out.size(), &bytes));
}

bool TlsSession::write(std::string_view bytes) {
  if (bytes.empty()) return true;
  ERR_clear_error();
  std::size_t written = 0;
  return SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written) == 1 &&
         written == bytes.size();
}

void TlsSession::close() {
  ERR_clear_error();
  if (SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
}

void TlsSession::take_output(std::string& out) {
  const std::size_t waiting = BIO_ctrl_pending(output_);
  if (waiting == 0) return;
  const std::size_t old = out.size();
  out.resize(old + waiting);
  std::size_t taken = 0;
  BIO_read_ex(output_, out.data() + old, waiting, &taken);
  out.resize(old + taken);
}

bool TlsSession::chose_http2() const noexcept {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(session_.get(), &name, &size);
  return size == kHttp2Name.size() && std::equal(name, name + size, kHttp2Name.begin());
}

bool TlsSession::is_drained() const noexcept {
  return BIO_ctrl_pending(input_) == 0 && SSL_has_pending(session_.get()) == 0;
}

}  // namespace flowsell::http
