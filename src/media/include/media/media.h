#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "channel/media_calls.h"
#include "core/id.h"
#include "core/page.h"
#include "core/time.h"
#include "crypto/hash.h"
#include "identity/caller.h"
#include "store/database.h"

namespace flowsell::media {

/// How long a provider keeps what a business uploads, and what a customer sent:
/// reference/whatsapp.md 5.
inline constexpr std::chrono::hours kUploadLife{30 * 24};
inline constexpr std::chrono::hours kReceivedLife{7 * 24};
/// With less of it left an upload is not used for the same bytes again.
inline constexpr std::chrono::hours kLifeToReuse{24};

enum class Direction : std::uint8_t { kUploaded, kReceived };
enum class Status : std::uint8_t { kAvailable, kExpired, kDeleted };
std::string_view direction_name(Direction direction) noexcept;
std::string_view purpose_name(channel::MediaPurpose purpose) noexcept;
std::optional<channel::MediaPurpose> parse_purpose(std::string_view name) noexcept;
std::string_view status_name(Status status) noexcept;

/// A file that a provider has for a sender of ours. Its bytes are never here.
struct Media {
  MediaId id;
  WorkspaceId workspace;
  SenderId sender;
  identity::Mode mode = identity::Mode::kTest;
  Direction direction = Direction::kUploaded;
  channel::MediaPurpose purpose = channel::MediaPurpose::kMessage;
  std::string provider_id;  ///< of a message's file: several may share one
  /// What the provider called it before it was uploaded anew: a client may hold that.
  std::optional<std::string> first_provider_id;
  std::string handle;        ///< of what is no message's: what the provider calls it
  std::string filename;      ///< empty: none, and always of what was received
  std::string mime_type;     ///< as declared
  std::string sniffed_type;  ///< as its first bytes say; empty: not looked at
  std::optional<std::uint64_t> size;
  std::optional<crypto::Digest> sha256;
  std::string source_url;  ///< where it was fetched, without its query; empty: nowhere
  std::optional<std::array<std::uint8_t, 16>> contact;  ///< whose it is, of what was received
  std::optional<Time> expires_at;
  std::optional<Time> used_at;
  std::optional<Time> deleted_at;

  Status status(Time now) const noexcept;
};

/// A page of a workspace's media, newest first.
struct Query {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  std::optional<SenderId> sender;
  std::optional<Direction> direction;
  std::optional<MediaId> after;   ///< older than it
  std::optional<MediaId> before;  ///< newer than it
  std::size_t limit = 20;
};
using MediaPage = Page<Media, MediaId>;

/// Whether a text may stand in a head: it has no control characters.
bool is_printable(std::string_view text) noexcept;
/// "type/name; parameters", at most 128 bytes that may stand in a head.
bool is_mime_type(std::string_view text) noexcept;
/// At most 240 bytes of UTF-8 that may stand in a head.
bool is_filename(std::string_view text);

// In the caller's transaction or snapshot.

/// Not where there is one of that id.
Result<> insert(store::Connection& db, const Media& media);
Result<std::optional<Media>> find(store::Connection& db, const WorkspaceId& workspace,
                                  const MediaId& id);
/// The youngest of the workspace's that has that id at the provider, or had it first, before those
/// that were deleted.
Result<std::optional<Media>> find_by_provider_id(store::Connection& db,
                                                 const WorkspaceId& workspace, identity::Mode mode,
                                                 std::string_view provider_id);
/// The same bytes of the same type for the same sender, which the provider keeps until `until` or
/// longer.
Result<std::optional<Media>> find_same(store::Connection& db, const Media& like, Time until);
Result<MediaPage> list(store::Connection& db, const Query& query);
/// Whether another one names what the provider has.
Result<bool> is_shared(store::Connection& db, const Media& media);
Result<> mark_deleted(store::Connection& db, const Media& media, Time now);
Result<> touch(store::Connection& db, const Media& media, Time now);
/// All that share an upload have another now, and are found by the first one's id too.
Result<> replace_upload(store::Connection& db, const Media& media, std::string_view provider_id,
                        Time expires_at);
/// Uploads for messages whose life ends before `until`, and which were used since `used_since`; at
/// most `limit` of those behind `after`.
struct Due {
  Time until{};
  Time used_since{};
  /// Where to begin: what ended before it is too late, or was looked at already.
  Time after{};
  MediaId after_id = {};
  std::size_t limit = 100;
};
Result<std::vector<Media>> due_for_renewal(store::Connection& db, const Due& due);
/// Forgets some of those whose life ended before `until`: how many.
Result<std::int64_t> drop_ended(store::Connection& db, Time until);
/// What a person sent is forgotten: how many rows.
Result<std::int64_t> drop_of_contact(store::Connection& db, const WorkspaceId& workspace,
                                     const std::array<std::uint8_t, 16>& contact);

/// The row of a file that came with a message. The same file gives the same id.
Media received(const WorkspaceId& workspace, const SenderId& sender, identity::Mode mode,
               const channel::InboundMedia& file, Time at);

}  // namespace flowsell::media
