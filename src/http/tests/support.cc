#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <stdexcept>

#include "core/encoding.h"
#include "runtime/spawn.h"

namespace flowsell::http::testing_support {

namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int open_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

const sockaddr* as_sockaddr(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

std::pair<int, std::uint16_t> bind_free_port() {
  const int fd = open_socket();
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(fd, as_sockaddr(address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  return {fd, ntohs(address.sin_port)};
}

std::string header_of(std::string_view head, std::string_view name) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos && at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string_view line = head.substr(at + 2, end - at - 2);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) {
      return std::string(line.substr(std::min(colon + 2, line.size())));
    }
    at = end;
  }
  return {};
}

std::size_t length_of(std::string_view head) {
  const std::string text = header_of(head, "content-length");
  return text.empty() ? 0 : std::stoul(text);
}

}  // namespace

std::string RawAnswer::header(std::string_view name) const { return header_of(head, name); }

Peer::Peer(int fd) : fd_(fd) {
  const timeval patience{5, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

Peer::Peer(Peer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

Peer::~Peer() { close(); }

Peer Peer::connect(std::uint16_t port) {
  const int fd = open_socket();
  const sockaddr_in address = loopback(port);
  if (::connect(fd, as_sockaddr(address), sizeof address) != 0) {
    throw std::runtime_error("can't connect");
  }
  return Peer(fd);
}

void Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // what was answered is still to be read
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool Peer::fill() {
  std::array<char, 16 * 1024> bytes;
  const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string Peer::take(std::size_t bytes) {
  while (buffer_.size() < bytes && fill()) {
  }
  const std::string taken = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return taken;
}

std::string Peer::read_head() {
  std::size_t end = std::string::npos;
  while ((end = buffer_.find(kHeadEnd)) == std::string::npos) {
    if (!fill()) return {};
  }
  return take(end + kHeadEnd.size());
}

RawAnswer Peer::read_answer(bool has_body) {
  RawAnswer answer;
  answer.head = read_head();
  if (answer.head.size() < 12) return answer;
  answer.status = std::atoi(answer.head.c_str() + 9);
  if (has_body) answer.body = take(length_of(answer.head));
  return answer;
}

std::string Peer::read_request() {
  std::string head = read_head();
  const std::size_t length = length_of(head);
  return head + take(length);
}

std::string Peer::read_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

bool Peer::wait_readable(std::chrono::milliseconds span) {
  pollfd waiting{fd_, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(span.count())) > 0;
}

bool Peer::is_closed() {
  if (!buffer_.empty()) return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, 0) == 0;
}

void Peer::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

TestServer::TestServer(Server::RequestHandler handler, ServerOptions options) {
  auto errors = [](const Error& error) {
    Response response;
    response.status = error_info(error.code).http_status;
    response.body = error.detail;
    return response;
  };
  server = std::make_unique<Server>(pool, std::move(options), std::move(handler), errors);
  if (auto started = server->start(); !started) throw std::runtime_error(started.error().detail);
  pool.start();
}

TestServer::~TestServer() {
  server->stop(0ms);
  server.reset();
  pool.stop();
}

ScriptedServer::ScriptedServer(std::vector<std::function<void(Peer)>> scripts) {
  std::tie(fd_, port_) = bind_free_port();
  ::listen(fd_, 64);
  thread_ = std::thread([fd = fd_, scripts = std::move(scripts)] {
    for (const auto& script : scripts) {
      const int accepted = ::accept(fd, nullptr, nullptr);
      if (accepted < 0) return;
      script(Peer(accepted));
    }
  });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(fd_, SHUT_RDWR);
  thread_.join();
  ::close(fd_);
}

std::uint16_t closed_port() {
  const auto [fd, port] = bind_free_port();
  ::close(fd);
  return port;
}

TestClient::TestClient(ClientOptions options, EgressOptions egress) {
  auto guard = std::make_shared<EgressGuard>(std::move(egress));
  client = std::make_unique<Client>(pool, std::move(guard), std::move(options));
  pool.start();
}

TestClient::~TestClient() {
  pool.stop();
  client.reset();
}

Exchange TestClient::send(OutRequest request, std::chrono::milliseconds span,
                          std::function<bool()> before_first_byte) {
  auto call = client->send(std::move(request), std::chrono::steady_clock::now() + span,
                           std::move(before_first_byte));
  return net::co_spawn(pool.context(0), std::move(call), net::use_future).get();
}

std::vector<Exchange> TestClient::send_all(std::vector<OutRequest> requests,
                                           std::chrono::milliseconds span) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + span;
  std::vector<std::future<Exchange>> futures;
  for (OutRequest& request : requests) {
    futures.push_back(net::co_spawn(pool.context(0), client->send(std::move(request), deadline),
                                    net::use_future));
  }
  std::vector<Exchange> ended;
  for (auto& future : futures) ended.push_back(future.get());
  return ended;
}

OutRequest get(std::uint16_t port, std::string target) {
  OutRequest request;
  request.method = Method::kGet;
  request.url.host = "127.0.0.1";
  request.url.port = port;
  request.url.target = std::move(target);
  return request;
}

OutRequest post(std::uint16_t port, std::string body) {
  OutRequest request = get(port);
  request.method = Method::kPost;
  request.body = std::move(body);
  return request;
}

OutRequest post_http2(std::uint16_t port, std::string body, std::string target) {
  OutRequest request = post(port, std::move(body));
  request.url.target = std::move(target);
  request.version = Version::kHttp2;
  return request;
}

Awaitable<Response> Crowd::handle(Request& /*request*/) {
  most = std::max(most.load(), ++now);
  net::steady_timer timer(co_await net::this_coro::executor, 5ms);
  co_await timer.async_wait(use_result);
  --now;
  ++ended;
  co_return Response{};
}

Awaitable<Response> echo(Request& request) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::string(method_name(request.method)) + " " + std::string(request.path) + " " +
                  std::string(request.body);
  co_return response;
}

TestCertificate::TestCertificate(const std::string& subject_alt_name) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* const alt =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject_alt_name.c_str());
  X509_add_ext(certificate, alt, -1);
  X509_sign(certificate, key, EVP_sha256());

  std::string folder = (std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "/tmp");
  folder += "/flowsell-tls-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
  certificate_file = folder + "/certificate.pem";
  key_file = folder + "/key.pem";
  std::FILE* file = std::fopen(certificate_file.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_EXTENSION_free(alt);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TestCertificate::~TestCertificate() {
  ::unlink(certificate_file.c_str());
  ::unlink(key_file.c_str());
  ::rmdir(certificate_file.substr(0, certificate_file.rfind('/')).c_str());
}

}  // namespace flowsell::http::testing_support
