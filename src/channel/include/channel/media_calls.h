#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "channel/adapter.h"
#include "core/error.h"
#include "core/sensitive.h"
#include "http/client.h"

namespace flowsell::channel {

/// What a file is uploaded for.
enum class MediaPurpose : std::uint8_t {
  kMessage,         ///< to be sent in messages
  kTemplateHeader,  ///< a sample at the head of a template
  kProfilePicture,  ///< of a sender's profile
};

/// What a channel takes of one type of file.
struct MediaRule {
  std::string_view mime_type;
  std::string_view kind;  ///< "image"
  std::size_t bytes_max;
  /// What a file of that type may look like, by libmagic's names; each may end in '*'.
  std::span<const std::string_view> looks_like;
};

/// A file's description on its way to a provider.
struct MediaDraft {
  std::string mime_type;
  std::string filename;
  std::string boundary;  ///< a random text that is in no file
};

/// A request whose body is a file between two texts.
struct FileRequest {
  http::OutRequest request;  ///< without its body
  std::string before;
  std::string after;
};

/// What a provider says of a file that it has.
struct MediaFacts {
  http::Url url;  ///< of its bytes, for some minutes
  std::string mime_type;
  std::string sha256;  ///< 32 bytes; empty: not told
  std::optional<std::uint64_t> size;
};

/// The part of a channel that moves files: requests and answers, values to values. Requests are
/// without their credential.
class MediaCalls {
 public:
  virtual ~MediaCalls() = default;

  /// nullptr: it takes no such files. Parameters ("; codecs=opus") count for nothing.
  virtual const MediaRule* rule_of(std::string_view mime_type, MediaPurpose purpose) const = 0;
  /// How large a file of the rule may be whose first bytes are these: less than the rule's, as a
  /// rule.
  virtual std::size_t bytes_max(const MediaRule& rule, std::string_view head) const = 0;
  /// The types that it takes, for people: "image/jpeg, image/png".
  virtual std::string types_of(MediaPurpose purpose) const = 0;

  virtual FileRequest compile_upload(const MediaDraft& draft, const SenderRoute& route) const = 0;
  /// The provider's id of what was uploaded. The read_...() fail with kProviderUnreachable where an
  /// answer can't be read.
  virtual Result<std::string> read_uploaded(const http::Exchange& answered) const = 0;

  virtual http::OutRequest compile_look_up(std::string_view provider_id,
                                           const SenderRoute& route) const = 0;
  virtual Result<MediaFacts> read_look_up(const http::Exchange& answered) const = 0;
  /// Of the bytes, at the address that a look-up gave, or that it redirects to. The credential goes
  /// along only where the address is the provider's own.
  virtual http::OutRequest compile_download(const http::Url& url) const = 0;
  virtual bool is_providers_own(const http::Url& url, const SenderRoute& route) const = 0;

  virtual http::OutRequest compile_delete(std::string_view provider_id,
                                          const SenderRoute& route) const = 0;

  // What is no message goes up in a session, which can be taken up again where it was cut.
  virtual http::OutRequest compile_session(const MediaDraft& draft, std::uint64_t size,
                                           const SenderRoute& route) const = 0;
  virtual Result<std::string> read_session(const http::Exchange& answered) const = 0;
  /// The request for the bytes from `offset` on. Its credential and the look-up's are
  /// Adapter::authorize_upload()'s.
  virtual http::OutRequest compile_session_bytes(std::string_view session, std::uint64_t offset,
                                                 const SenderRoute& route) const = 0;
  virtual http::OutRequest compile_session_look_up(std::string_view session,
                                                   const SenderRoute& route) const = 0;
  virtual Result<std::uint64_t> read_session_offset(const http::Exchange& answered) const = 0;
  virtual Result<std::string> read_handle(const http::Exchange& answered) const = 0;
};

}  // namespace flowsell::channel
