#pragma once

#include <string>
#include <utility>

#include "http/message.h"
#include "media/library.h"

namespace flowsell::api {

/// What a file's bytes are known by: they never change.
inline std::string etag_of(const media::Media& media) { return "\"" + media.id.str() + "\""; }

/// The part of a file that is asked for; empty: all, also where a client has another file's parts.
inline std::string range_of(const http::Request& request, const media::Media& media) {
  const auto condition = request.header("If-Range");
  const bool is_met = condition.empty() || condition == etag_of(media);
  return is_met ? std::string(request.header("Range")) : std::string();
}

/// A file as an answer, in pieces. It comes from anybody, and a browser must not run it here.
inline http::Response file_answer(media::Contents contents, std::string content_type,
                                  std::string disposition) {
  http::Response response;
  response.status = contents.status;
  response.content_type = std::move(content_type);
  response.headers.push_back({"Content-Disposition", std::move(disposition)});
  response.headers.push_back({"ETag", etag_of(contents.media)});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  response.headers.push_back({"Content-Security-Policy", "sandbox; default-src 'none'"});
  if (!contents.content_range.empty())
    response.headers.push_back({"Content-Range", std::move(contents.content_range)});
  response.stream = std::move(contents.body);
  response.stream_length = contents.length;
  return response;
}

}  // namespace flowsell::api
