#include <algorithm>
#include <array>
#include <cstring>

#include "core/encoding.h"
#include "media/media.h"
#include "store/page.h"

namespace flowsell::media {
namespace {

using channel::MediaPurpose;
using store::Param;
using store::Sql;

constexpr std::size_t kDropMax = 500;

#define MEDIA_COLUMNS                                                                       \
  "id, sender_id, mode, direction, purpose, provider_id, handle, filename, mime_type, "     \
  "sniffed_type, size, sha256, source_url, contact_hash, expires_at, used_at, deleted_at, " \
  "workspace_id, first_provider_id"
const Sql kInsert(
    "INSERT INTO media (" MEDIA_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
    "?19) ON CONFLICT DO NOTHING");
const Sql kFind("SELECT " MEDIA_COLUMNS " FROM media WHERE workspace_id = ?1 AND id = ?2");
const Sql kFindByProvider("SELECT " MEDIA_COLUMNS
                          " FROM media WHERE workspace_id = ?1 AND "
                          "(provider_id = ?2 OR first_provider_id = ?2) AND mode = ?3 "
                          "ORDER BY deleted_at IS NOT NULL, id DESC LIMIT 1");
const Sql kFindSame("SELECT " MEDIA_COLUMNS
                    " FROM media WHERE workspace_id = ?1 AND sender_id = ?2 AND sha256 = ?3 AND "
                    "mime_type = ?4 AND direction = 0 AND purpose = 0 AND deleted_at IS NULL AND "
                    "expires_at > ?5 ORDER BY expires_at DESC LIMIT 1");
const Sql kShared(
    "SELECT 1 FROM media WHERE workspace_id = ?1 AND provider_id = ?2 AND id <> ?3 AND "
    "deleted_at IS NULL LIMIT 1");
const Sql kMarkDeleted(
    "UPDATE media SET deleted_at = ?3 WHERE workspace_id = ?1 AND id = ?2 AND deleted_at IS NULL");
const Sql kTouch("UPDATE media SET used_at = ?3 WHERE workspace_id = ?1 AND id = ?2");
const Sql kReplace(
    "UPDATE media SET provider_id = ?4, expires_at = ?5, "
    "first_provider_id = coalesce(first_provider_id, provider_id) "
    "WHERE workspace_id = ?1 AND sender_id = ?2 AND provider_id = ?3 AND direction = 0 AND "
    "deleted_at IS NULL");
const Sql kDue(
    "SELECT " MEDIA_COLUMNS
    " FROM media WHERE (expires_at, id) > (?3, ?5) AND expires_at < ?1 AND used_at >= ?2 "
    "AND direction = 0 AND purpose = 0 AND deleted_at IS NULL ORDER BY expires_at, id "
    "LIMIT ?4");
const Sql kDrop(
    "DELETE FROM media WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM media WHERE "
    "expires_at < ?1 LIMIT ?2)");
const Sql kDropOfContact("DELETE FROM media WHERE workspace_id = ?1 AND contact_hash = ?2");
// The inner query bounds the work of a page whose filters match little.
#define MEDIA_PAGE(order)                                                                         \
  "SELECT " MEDIA_COLUMNS                                                                         \
  " FROM (SELECT * FROM media WHERE workspace_id = ?1 AND id < ?2 AND id > ?3 ORDER BY id " order \
  " LIMIT ?7) AS scanned WHERE mode = ?4 AND (sender_id = ?5 OR ?5 IS NULL) AND "                 \
  "(direction = ?8 OR ?8 IS NULL) ORDER BY id " order " LIMIT ?6"
const Sql kPageDown(MEDIA_PAGE("DESC"));
const Sql kPageUp(MEDIA_PAGE("ASC"));
#undef MEDIA_PAGE
const Sql kScanEndDown(FLOWSELL_SCAN_END("media", "DESC"));
const Sql kScanEndUp(FLOWSELL_SCAN_END("media", "ASC"));
constexpr store::ScanEnd kScanEnd{kScanEndDown, kScanEndUp};

template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> bytes_of(std::string_view blob) {
  if (blob.size() != N) return std::nullopt;
  std::array<std::uint8_t, N> out{};
  std::memcpy(out.data(), blob.data(), N);
  return out;
}

template <class Bytes>
Param blob_of(const std::optional<Bytes>& bytes) {
  return bytes ? Param::blob(as_text(*bytes)) : Param(nullptr);
}

Media media_of(const store::Row& row) {
  Media media;
  media.id = row.id<MediaId>(0);
  media.sender = row.id<SenderId>(1);
  media.mode = static_cast<identity::Mode>(row.integer(2));
  media.direction = static_cast<Direction>(row.integer(3));
  media.purpose = static_cast<MediaPurpose>(row.integer(4));
  media.provider_id = row.text(5);
  media.handle = row.text(6);
  media.filename = row.text(7);
  media.mime_type = row.text(8);
  media.sniffed_type = row.text(9);
  if (!row.is_null(10)) media.size = static_cast<std::uint64_t>(row.integer(10));
  media.sha256 = bytes_of<32>(row.text(11));
  media.source_url = row.text(12);
  media.contact = bytes_of<16>(row.text(13));
  media.expires_at = row.optional_time(14);
  media.used_at = row.optional_time(15);
  media.deleted_at = row.optional_time(16);
  media.workspace = row.id<WorkspaceId>(17);
  if (!row.is_null(18)) media.first_provider_id = row.text(18);
  return media;
}

Result<std::optional<Media>> find_one(store::Connection& db, const Sql& sql, store::Params params) {
  std::optional<Media> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = media_of(row); }));
  return found;
}

}  // namespace

Result<> insert(store::Connection& db, const Media& media) {
  std::optional<std::int64_t> size;
  if (media.size) size = static_cast<std::int64_t>(*media.size);
  return db.write(kInsert, {media.id, media.sender, static_cast<int>(media.mode),
                            static_cast<int>(media.direction), static_cast<int>(media.purpose),
                            media.provider_id, media.handle, media.filename, media.mime_type,
                            media.sniffed_type, size, blob_of(media.sha256), media.source_url,
                            blob_of(media.contact), media.expires_at, media.used_at,
                            media.deleted_at, media.workspace, media.first_provider_id});
}

Result<std::optional<Media>> find(store::Connection& db, const WorkspaceId& workspace,
                                  const MediaId& id) {
  return find_one(db, kFind, {workspace, id});
}

Result<std::optional<Media>> find_by_provider_id(store::Connection& db,
                                                 const WorkspaceId& workspace, identity::Mode mode,
                                                 std::string_view provider_id) {
  if (provider_id.empty()) return std::nullopt;
  return find_one(db, kFindByProvider, {workspace, provider_id, static_cast<int>(mode)});
}

Result<std::optional<Media>> find_same(store::Connection& db, const Media& like, Time until) {
  if (!like.sha256) return std::nullopt;
  return find_one(db, kFindSame,
                  {like.workspace, like.sender, blob_of(like.sha256), like.mime_type, until});
}

Result<MediaPage> list(store::Connection& db, const Query& q) {
  const auto range = IdRange<MediaId>::of(q.after, q.before);
  MediaPage page;
  page.upwards = q.before && !q.after;
  const Param sender = q.sender ? Param(*q.sender) : Param(nullptr);
  const Param direction = q.direction ? Param(static_cast<int>(*q.direction)) : Param(nullptr);
  CHECK_OK(db.query(page.upwards ? kPageUp : kPageDown,
                    {q.workspace, range.below, range.above, static_cast<int>(q.mode), sender,
                     static_cast<std::int64_t>(q.limit + 1), kPageScanMax, direction},
                    [&page](const store::Row& row) { page.rows.push_back(media_of(row)); }));
  CHECK_OK(store::end_page(db, page, q.limit, &Media::id, kScanEnd, q.workspace, range.below,
                           range.above));
  return page;
}

Result<bool> is_shared(store::Connection& db, const Media& media) {
  bool is_found = false;
  CHECK_OK(db.query(kShared, {media.workspace, media.provider_id, media.id},
                    [&is_found](const store::Row&) { is_found = true; }));
  return is_found;
}

Result<> mark_deleted(store::Connection& db, const Media& media, Time now) {
  return db.write(kMarkDeleted, {media.workspace, media.id, now});
}

Result<> touch(store::Connection& db, const Media& media, Time now) {
  return db.write(kTouch, {media.workspace, media.id, now});
}

Result<> replace_upload(store::Connection& db, const Media& media, std::string_view provider_id,
                        Time expires_at) {
  return db.write(kReplace,
                  {media.workspace, media.sender, media.provider_id, provider_id, expires_at});
}

Result<std::vector<Media>> due_for_renewal(store::Connection& db, const Due& due) {
  std::vector<Media> found;
  CHECK_OK(db.query(
      kDue,
      {due.until, due.used_since, due.after, static_cast<std::int64_t>(due.limit), due.after_id},
      [&found](const store::Row& row) { found.push_back(media_of(row)); }));
  return found;
}

Result<std::int64_t> drop_ended(store::Connection& db, Time until) {
  return db.run(kDrop, {until, static_cast<std::int64_t>(kDropMax)});
}

Result<std::int64_t> drop_of_contact(store::Connection& db, const WorkspaceId& workspace,
                                     const std::array<std::uint8_t, 16>& contact) {
  return db.run(kDropOfContact, {workspace, Param::blob(as_text(contact))});
}

}  // namespace flowsell::media
