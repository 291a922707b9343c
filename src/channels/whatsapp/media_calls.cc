#include "media_calls.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "answers.h"
#include "core/encoding.h"
#include "fields.h"
#include "http/multipart.h"
#include "media_rules.h"

namespace flowsell::whatsapp {
namespace {

using channel::FileRequest;
using channel::MediaDraft;
using channel::MediaFacts;
using channel::MediaPurpose;
using channel::MediaRule;
using channel::SenderRoute;

/// Where Meta keeps what people and businesses send; anything else is not told a token.
constexpr std::array<std::string_view, 4> kHosts = {".fbsbx.com", ".facebook.com", ".fbcdn.net",
                                                    ".whatsapp.net"};
/// Clients that it does not know are refused now and then.
constexpr std::string_view kUserAgent = "curl/8.10.1";

Result<std::string> text_of(const http::Exchange& answered, std::string_view name) {
  TRY(const auto document, read_object(answered));
  std::string text = scalar_in(document.root().get_object(), name);
  if (text.empty()) return unreadable();
  return text;
}

http::OutRequest request_for(http::Method method, const SenderRoute& route, std::string_view path) {
  http::OutRequest request;
  request.method = method;
  request.url = route.at(path);
  request.version = route.version;
  return request;
}

std::string part(const std::string& boundary, std::string_view name, std::string_view value) {
  return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + std::string(name) +
         "\"\r\n\r\n" + std::string(value) + "\r\n";
}

class Calls final : public channel::MediaCalls {
 public:
  const MediaRule* rule_of(std::string_view mime_type, MediaPurpose purpose) const override {
    return media_rule(mime_type, purpose);
  }
  std::size_t bytes_max(const MediaRule& rule, std::string_view head) const override {
    return media_bytes_max(rule, head);
  }
  std::string types_of(MediaPurpose purpose) const override { return media_types(purpose); }

  FileRequest compile_upload(const MediaDraft& draft, const SenderRoute& route) const override {
    FileRequest out;
    out.request = request_for(http::Method::kPost, route, "/" + route.address + "/media");
    out.request.headers.push_back(
        {"Content-Type", "multipart/form-data; boundary=" + draft.boundary});
    out.before = part(draft.boundary, "messaging_product", "whatsapp") +
                 part(draft.boundary, "type", draft.mime_type) + "--" + draft.boundary +
                 "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" +
                 http::multipart_quoted(draft.filename) + "\"\r\nContent-Type: " + draft.mime_type +
                 "\r\n\r\n";
    out.after = "\r\n--" + draft.boundary + "--\r\n";
    return out;
  }

  Result<std::string> read_uploaded(const http::Exchange& answered) const override {
    return text_of(answered, "id");
  }

  http::OutRequest compile_look_up(std::string_view provider_id,
                                   const SenderRoute& route) const override {
    return request_for(http::Method::kGet, route, path_of(provider_id, route));
  }

  Result<MediaFacts> read_look_up(const http::Exchange& answered) const override {
    TRY(const auto document, read_object(answered));
    const json::Object& root = document.root().get_object();
    MediaFacts facts;
    auto url = http::Url::parse(text_in(root, "url"));
    if (!url) return unreadable();
    facts.url = *std::move(url);
    facts.mime_type = text_in(root, "mime_type");
    facts.sha256 = digest_of(text_in(root, "sha256"));
    const std::string size = scalar_in(root, "file_size");
    std::uint64_t bytes = 0;
    if (std::from_chars(size.data(), size.data() + size.size(), bytes).ec == std::errc{} &&
        !size.empty())
      facts.size = bytes;
    return facts;
  }

  http::OutRequest compile_download(const http::Url& url) const override {
    http::OutRequest request;
    request.method = http::Method::kGet;
    request.url = url;
    request.headers.push_back({"User-Agent", std::string(kUserAgent)});
    return request;
  }

  bool is_providers_own(const http::Url& url, const SenderRoute& route) const override {
    if (url.origin() == route.api_base.origin()) return true;
    if (!url.tls) return false;
    const std::string host = "." + url.host;
    return std::ranges::any_of(kHosts,
                               [&host](std::string_view end) { return host.ends_with(end); });
  }

  http::OutRequest compile_delete(std::string_view provider_id,
                                  const SenderRoute& route) const override {
    return request_for(http::Method::kDelete, route, path_of(provider_id, route));
  }

  http::OutRequest compile_session(const MediaDraft& draft, std::uint64_t size,
                                   const SenderRoute& route) const override {
    // "app" is the one that the token is of.
    return request_for(http::Method::kPost, route,
                       "/app/uploads?file_name=" + percent_encode(draft.filename) +
                           "&file_length=" + std::to_string(size) +
                           "&file_type=" + percent_encode(draft.mime_type));
  }

  Result<std::string> read_session(const http::Exchange& answered) const override {
    auto id = text_of(answered, "id");
    if (id && !id->starts_with("upload:")) return unreadable();
    return id;
  }

  http::OutRequest compile_session_bytes(std::string_view session, std::uint64_t offset,
                                         const SenderRoute& route) const override {
    auto request = request_for(http::Method::kPost, route, "/" + std::string(session));
    request.headers.push_back({"file_offset", std::to_string(offset)});
    request.headers.push_back({"Content-Type", "application/octet-stream"});
    return request;
  }

  http::OutRequest compile_session_look_up(std::string_view session,
                                           const SenderRoute& route) const override {
    return request_for(http::Method::kGet, route, "/" + std::string(session));
  }

  Result<std::uint64_t> read_session_offset(const http::Exchange& answered) const override {
    TRY(const std::string text, text_of(answered, "file_offset"));
    std::uint64_t offset = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), offset).ec != std::errc{})
      return unreadable();
    return offset;
  }

  Result<std::string> read_handle(const http::Exchange& answered) const override {
    return text_of(answered, "h");
  }

 private:
  /// Named with the number, so that Meta itself refuses what is another's.
  static std::string path_of(std::string_view provider_id, const SenderRoute& route) {
    return "/" + percent_encode(provider_id) + "?phone_number_id=" + route.address;
  }
};

}  // namespace

std::string digest_of(std::string_view text) {
  constexpr std::size_t kBytes = 32;
  auto bytes = hex_decode(text);
  if (!bytes || bytes->size() != kBytes) bytes = base64_decode(text);
  return bytes && bytes->size() == kBytes ? *std::move(bytes) : std::string();
}

const channel::MediaCalls& media_calls() {
  static const Calls calls;
  return calls;
}

}  // namespace flowsell::whatsapp
