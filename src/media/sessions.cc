// Files that are no messages': a sample of a template, a picture of a profile.
#include "file_stream.h"
#include "place.h"
#include "rewindable.h"

namespace flowsell::media {
namespace {

constexpr int kTriesMax = 4;

/// The provider may have got some of it, and waits for the rest.
bool was_cut(const Error& error) {
  return error.code == ErrorCode::kProviderTimeout || error.code == ErrorCode::kProviderUnreachable;
}

}  // namespace

/// The provider's handle of it. Where the connection is cut it goes on from the byte that the
/// provider names.
Task<std::string> Library::send_session(const Place& place, const Media& media, FileStream& file,
                                        std::optional<std::uint64_t> size) {
  if (!size) {
    co_return fail_field("/size", "required", "the provider wants the file's size before it",
                         "Send the field size, in bytes, before the file.");
  }
  const channel::MediaDraft draft{
      media.mime_type, media.filename.empty() ? "file" : media.filename, {}};
  CO_TRY(const auto begun,
         co_await parts_.calls.call(place.connection,
                                    place.calls->compile_session(draft, *size, place.route),
                                    "begin the upload"));
  CO_TRY(const std::string session, place.calls->read_session(begun));
  const connections::Connection& connection = *place.connection;
  // The provider has the file with its last byte, whatever is found of it then.
  EndedWell checked_file(file);
  Rewindable body(checked_file);
  std::uint64_t offset = 0;
  for (int tries = 1;; ++tries) {
    auto request = place.calls->compile_session_bytes(session, offset, place.route);
    connection.adapter->authorize_upload(request, connection.token);
    request.body_source = &body;
    request.body_length = *size - offset;
    auto answered =
        co_await parts_.calls.upload(place.connection, std::move(request), "store the file");
    if (answered) co_return place.calls->read_handle(*answered);
    if (!was_cut(answered.error()) || tries == kTriesMax)
      co_return std::unexpected(std::move(answered).error());
    auto look_up = place.calls->compile_session_look_up(session, place.route);
    connection.adapter->authorize_upload(look_up, connection.token);
    const auto looked_up =
        co_await parts_.calls.upload(place.connection, std::move(look_up), "go on with the upload");
    if (!looked_up) co_return std::unexpected(std::move(answered).error());
    CO_TRY(offset, place.calls->read_session_offset(*looked_up));
    if (offset > *size || !body.rewind(offset))
      co_return std::unexpected(std::move(answered).error());
  }
}

}  // namespace flowsell::media
