#include "media/library.h"

#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include "audit/audit_log.h"
#include "core/encoding.h"
#include "file_stream.h"
#include "place.h"
#include "redirect.h"
#include "sniffer.h"
#include "store/change.h"
#include "team/acts.h"
#include "telemetry/log.h"

namespace flowsell::media {
namespace {

using channel::MediaPurpose;

constexpr store::WriteKind kKind{"media", 9, store::apply_each<store::Change>};

/// At once: each holds some hundred KB, and one workspace leaves room for others.
constexpr std::size_t kTransfersMax = 512;
constexpr std::size_t kTransfersOfOneMax = 128;
constexpr std::size_t kBoundaryLength = 40;

/// With a key: shorter than its lease, with the wait for an answer, so that no second call begins
/// meanwhile.
constexpr std::chrono::minutes kTimeMax{8};

Error gone() { return {ErrorCode::kNotFound, "the provider does not have the file any more"}; }
/// Whether that is what a provider said.
bool is_gone(const Error& error) { return error.provider && error.provider->code == kNoObject; }

Error no_media() { return {ErrorCode::kNotFound, "there is no such file"}; }

std::string audit_of(const Media& media) {
  return audit::json_of({{"sender_id", media.sender.str()},
                         {"purpose", purpose_name(media.purpose)},
                         {"mime_type", media.mime_type},
                         {"size", std::to_string(media.size.value_or(0))}});
}

/// An id of ours, if perhaps of another kind: no provider's.
bool looks_like_ours(std::string_view id) {
  constexpr std::size_t kAfterPrefix = 26;
  const auto end = id.find('_');
  return end != std::string_view::npos && id.size() == end + 1 + kAfterPrefix;
}

/// What is stored of an address: its query may be a secret.
std::string without_query(const http::Url& url) {
  return url.origin() + url.target.substr(0, url.target.find('?'));
}

std::string name_in(const http::Url& url) {
  const std::string path = url.target.substr(0, url.target.find('?'));
  const auto name = percent_decode(path.substr(path.rfind('/') + 1), false);
  constexpr std::size_t kNameMax = 240;
  if (!name || name->size() > kNameMax || !is_valid_utf8(*name)) return {};
  for (const char c : *name)
    if (static_cast<unsigned char>(c) < 0x20) return {};
  return *name;
}

}  // namespace

/// Files on their way.
class Library::Transfers {
 public:
  bool begin(const WorkspaceId& workspace) {
    const std::lock_guard lock(mutex_);
    const auto found = of_.find(workspace);
    if (all_ == kTransfersMax || (found != of_.end() && found->second == kTransfersOfOneMax))
      return false;
    ++all_;
    ++of_[workspace];
    return true;
  }
  void end(const WorkspaceId& workspace) {
    const std::lock_guard lock(mutex_);
    --all_;
    if (const auto found = of_.find(workspace); --found->second == 0) of_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::size_t all_ = 0;
  std::unordered_map<WorkspaceId, std::size_t> of_;
};

/// Uploads that are being deleted at their provider: no other file may come to share one.
class Library::Leaving {
 public:
  class Mark {
   public:
    Mark(Leaving& leaving, std::string id) : leaving_(leaving), id_(std::move(id)) {
      const std::lock_guard lock(leaving_.mutex_);
      leaving_.ids_.insert(id_);
    }
    ~Mark() {
      const std::lock_guard lock(leaving_.mutex_);
      leaving_.ids_.erase(leaving_.ids_.find(id_));
    }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

   private:
    Leaving& leaving_;
    const std::string id_;
  };
  bool has(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return ids_.contains(id);
  }

 private:
  std::mutex mutex_;
  std::multiset<std::string> ids_;
};

Library::Library(Parts parts)
    : parts_(parts),
      sniffer_(std::make_unique<Sniffer>()),
      transfers_(std::make_shared<Transfers>()),
      leaving_(std::make_unique<Leaving>()) {}
Library::~Library() = default;

// --- where ---

Result<Library::Place> Library::place_of(const identity::Caller& caller, const Draft& draft) const {
  std::string from = draft.from;
  if (!draft.connection.empty()) {
    TRY(const auto connection,
        parts_.senders.connections().find(caller, draft.connection, "/connection_id"));
    if (from.empty()) {
      for (const auto& sender : parts_.senders.list(caller.workspace, caller.mode))
        if (from.empty() && sender->connection == connection->id) from = sender->id.str();
    }
  }
  TRY(auto sender, parts_.senders.find(caller, from));
  if (!draft.connection.empty() && sender->connection.str() != draft.connection) {
    return fail_field("/from", "not_found", "the connection has no such sender",
                      "Name a sender of that connection, or leave connection_id out.");
  }
  return make_place(std::move(sender));
}

Result<Library::Place> Library::place_of(const Media& media) const {
  auto sender = parts_.senders.find(media.sender);
  if (!sender) return fail(ErrorCode::kConflict, "the sender that the file is of was removed");
  return make_place(std::move(sender));
}

Result<Library::Place> Library::make_place(connections::SenderPtr sender) const {
  Place place;
  place.calls = sender->adapter->media_calls();
  if (place.calls == nullptr)
    return fail(ErrorCode::kConflict, "the sender's channel takes no files");
  place.connection = parts_.senders.connections().find(sender->connection);
  if (!place.connection) return fail(ErrorCode::kConflict, "the sender's connection was removed");
  place.route = parts_.calls.route(*place.connection, sender->address);
  place.sender = std::move(sender);
  return place;
}

Result<std::shared_ptr<void>> Library::begin_transfer(const WorkspaceId& workspace) {
  if (transfers_->begin(workspace)) {
    // Shared with the count, which may have to outlive the library.
    const auto end = [kept = transfers_, workspace](void*) { kept->end(workspace); };
    return std::shared_ptr<void>(transfers_.get(), end);
  }
  Error error{ErrorCode::kOverloaded, "too many files are on their way"};
  error.retry_after = std::chrono::seconds(5);
  return std::unexpected(std::move(error));
}

// --- in ---

Task<Library::Made> Library::once(team::By by, Draft draft,
                                  std::optional<metering::IdempotentCall> call, Work work) {
  if (call) draft.end_by = std::chrono::steady_clock::now() + kTimeMax;
  CO_TRY(const Place place, place_of(by.caller, draft));
  CO_TRY(const auto slot, begin_transfer(by.caller.workspace));
  const MediaId id = parts_.ids.next<IdKind::kMedia>();
  const WorkspaceId workspace = by.caller.workspace;
  CO_TRY(const auto earlier, co_await parts_.keys.take(workspace, call, id.bytes(), id.str()));
  if (earlier) {
    CO_TRY(auto media, co_await find(by.caller, MediaId(*earlier).str()));
    co_return Made{std::move(media), true};
  }
  auto made = co_await work(std::move(draft), place, id);
  co_await parts_.keys.end(workspace, call, id.bytes(), made.has_value());
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return Made{*std::move(made), false};
}

Task<Library::Made> Library::upload(team::By by, Draft draft, http::BodySource& file,
                                    std::optional<metering::IdempotentCall> call) {
  Work work = [&](Draft timed, const Place& place, MediaId id) {
    return upload_now(by, std::move(timed), file, place, id, {});
  };
  co_return co_await once(by, std::move(draft), call, std::move(work));
}

Task<Library::Made> Library::fetch(team::By by, Draft draft, http::Url url,
                                   std::optional<metering::IdempotentCall> call) {
  Work work = [&](Draft timed, const Place& place, MediaId id) {
    return fetch_now(by, std::move(timed), url, place, id);
  };
  co_return co_await once(by, std::move(draft), call, std::move(work));
}

Task<Library::Made> Library::copy(team::By by, Draft draft, std::string of,
                                  std::optional<metering::IdempotentCall> call) {
  Work work = [&](Draft timed, const Place& place, MediaId id) {
    return copy_now(by, std::move(timed), of, place, id);
  };
  co_return co_await once(by, std::move(draft), call, std::move(work));
}

/// What the file's first bytes say of it, beside what is said of it.
Result<const channel::MediaRule*> Library::rule_for(const Place& place, const Draft& draft,
                                                    std::string_view sniffed) const {
  const bool is_declared =
      !draft.mime_type.empty() && draft.mime_type != "application/octet-stream";
  const std::string_view type = is_declared ? std::string_view(draft.mime_type) : sniffed;
  const channel::MediaRule* rule = place.calls->rule_of(type, draft.purpose);
  if (rule == nullptr) {
    return fail_field("/type", "not_supported", "files of that type are not taken here",
                      "Send one of " + place.calls->types_of(draft.purpose) + ".");
  }
  if (is_one_of(sniffed, rule->looks_like)) return rule;
  return fail_field(
      "/file", "type_mismatch",
      "its content is " + std::string(sniffed) + ", not " + std::string(rule->mime_type),
      "Send the file with the type that it has.");
}

/// A file that may be taken, as far as its first bytes tell; from here on it is cut where it is too
/// large.
Task<Media> Library::checked(const Draft& draft, FileStream& file, const Place& place, MediaId id) {
  CO_TRY(const std::string_view head, co_await file.look(kSniffedBytes));
  if (head.empty())
    co_return fail_field("/file", "required", "it is empty", "Send a file that has content.");
  CO_TRY(std::string sniffed, co_await sniffer_->type_of(std::string(head)));
  CO_TRY(const channel::MediaRule* const rule, rule_for(place, draft, sniffed));
  const std::size_t bytes_max = place.calls->bytes_max(*rule, head);
  std::string too_large = "a file of the kind " + std::string(rule->kind) + " may have " +
                          std::to_string(bytes_max) + " bytes";
  if (draft.size && *draft.size > bytes_max)
    co_return fail(ErrorCode::kPayloadTooLarge, std::move(too_large));
  file.limit(bytes_max, std::move(too_large));
  file.expect(draft.size, draft.sha256);
  Media media;
  media.id = id;
  media.workspace = place.sender->workspace;
  media.sender = place.sender->id;
  media.mode = place.sender->mode;
  media.purpose = draft.purpose;
  media.filename = draft.filename;
  // With its parameters: "audio/ogg; codecs=opus".
  media.mime_type = place.calls->rule_of(draft.mime_type, draft.purpose) == rule
                        ? draft.mime_type
                        : std::string(rule->mime_type);
  media.sniffed_type = std::move(sniffed);
  media.sha256 = draft.sha256;
  co_return media;
}

Task<Media> Library::upload_now(team::By by, Draft draft, http::BodySource& source,
                                const Place& place, MediaId id, std::string source_url) {
  FileStream file(source);
  file.end_by(draft.end_by);
  CO_TRY(Media media, co_await checked(draft, file, place, id));
  media.source_url = std::move(source_url);
  bool is_same = false;
  if (media.purpose != MediaPurpose::kMessage) {
    CO_TRY(media.handle, co_await send_session(place, media, file, draft.size));
  } else {
    if (draft.sha256 && !draft.is_alone) CO_CHECK_OK(co_await take_same(media, file, is_same));
    if (!is_same) {
      CO_TRY(media.provider_id, co_await send(place, media, file, draft.size));
    }
  }
  if (!file.has_ended())
    co_return fail(ErrorCode::kProviderUnreachable, "the provider took it before it was whole");
  media.size = file.size();
  media.sha256 = file.digest();
  if (!is_same) media.expires_at = parts_.clock.now() + kUploadLife;
  if (draft.is_alone) co_return co_await store_alone(std::move(by), std::move(media), place);
  const std::string fresh = is_same ? std::string() : media.provider_id;
  co_return co_await store(std::move(by), std::move(media), place, fresh);
}

/// Where the caller says what it is, and the provider has that: it is read and not sent.
Task<> Library::take_same(Media& media, FileStream& file, bool& is_same) {
  const Time until = parts_.clock.now() + kLifeToReuse;
  CO_TRY(const auto same, co_await parts_.db.read([&media, until](store::Connection& db) {
    return find_same(db, media, until);
  }));
  if (!same) co_return Result<>{};
  while (true) {
    CO_TRY(const std::string_view piece, co_await file.next());
    if (piece.empty()) break;
  }
  media.provider_id = same->provider_id;
  media.expires_at = same->expires_at;
  is_same = true;
  co_return Result<>{};
}

/// The provider's id of it.
Task<std::string> Library::send(const Place& place, const Media& media, FileStream& file,
                                std::optional<std::uint64_t> size) {
  auto call = place.calls->compile_upload(
      {media.mime_type, media.filename.empty() ? "file" : media.filename,
       crypto::random_base62(kBoundaryLength)},
      place.route);
  if (size) call.request.body_length = call.before.size() + *size + call.after.size();
  Framed body(std::move(call.before), file, std::move(call.after));
  call.request.body_source = &body;
  place.sender->adapter->authorize(call.request, place.connection->token);
  CO_TRY(const auto answered,
         co_await parts_.calls.upload(place.connection, std::move(call.request), "store the file"));
  co_return place.calls->read_uploaded(answered);
}

/// Where the provider has the same already, that upload is used, and the new one deleted there:
/// messages on their way may name the older.
Task<Media> Library::store(team::By by, Media media, const Place& place, std::string fresh) {
  const Time now = parts_.clock.now();
  const bool is_for_messages = media.purpose == MediaPurpose::kMessage;
  // What it shares must be there still; what it would share must live for a while.
  const bool has_fresh = !fresh.empty();
  const Time until = has_fresh ? now + kLifeToReuse : now;
  bool is_lost = false;
  Media made;
  auto body = [&](store::Connection& db) -> Result<> {
    made = media;
    if (is_for_messages) {
      TRY(const auto same, find_same(db, media, until));
      const bool is_there = same && !leaving_->has(same->provider_id);
      is_lost = !is_there && !has_fresh;
      if (is_lost) return {};
      if (is_there) {
        made.provider_id = same->provider_id;
        made.expires_at = same->expires_at;
      }
    }
    return insert_on_record(db, by, made, now);
  };
  const auto stored = co_await store::change(parts_.db, kKind, std::move(body));
  const bool is_left_over = !stored || made.provider_id != fresh;
  if (is_left_over && has_fresh) co_await drop_at_provider(place, fresh);
  CO_CHECK_OK(stored);
  if (is_lost) co_return fail(ErrorCode::kConflict, "the same file was deleted meanwhile");
  co_return made;
}

/// Its upload is its own, whoever has the same bytes.
Task<Media> Library::store_alone(team::By by, Media media, const Place& place) {
  const Time now = parts_.clock.now();
  auto body = [&](store::Connection& db) { return insert_on_record(db, by, media, now); };
  const auto stored = co_await store::change(parts_.db, kKind, std::move(body));
  if (!stored && !media.provider_id.empty()) co_await drop_at_provider(place, media.provider_id);
  CO_CHECK_OK(stored);
  co_return media;
}

Result<> Library::insert_on_record(store::Connection& db, const team::By& by, const Media& media,
                                   Time now) {
  CHECK_OK(insert(db, media));
  auto act = team::act_of(parts_.ids, now, by, "media.created", media.id.str());
  act.after = audit_of(media);
  return audit::append(db, act);
}

/// What is not used after all.
Awaitable<void> Library::drop_at_provider(const Place& place, std::string provider_id) {
  const auto gone = co_await delete_at_provider(place, std::move(provider_id));
  if (!gone) log::warn("a file that is not used stays at its provider until its life ends");
}

Task<Media> Library::fetch_now(team::By by, Draft draft, http::Url url, const Place& place,
                               MediaId id) {
  const std::string source_url = without_query(url);
  http::StreamedExchange found;
  for (int redirects = 0;; ++redirects) {
    http::OutRequest request;
    request.method = http::Method::kGet;
    request.url = url;
    request.client = by.caller.workspace.bytes();
    request.reach = http::Reach::kPublicOnly;
    found = co_await parts_.client.stream(std::move(request));
    CO_CHECK_OK(check_fetched(found.head));
    if (!is_redirect(found.head.status)) break;
    if (redirects == kRedirectsMax)
      co_return fail_field("/url", "too_many_redirects", "the address redirects too often",
                           "Send the address that the file is at.");
    auto next = redirect_of(url, found.head.header("Location"));
    if (!next)
      co_return fail_field("/url", "not_found", "the address redirects to what is no address",
                           "Send the address that the file is at.");
    url = *std::move(next);
  }
  if (found.head.status != 200)
    co_return fail_field("/url", "not_found",
                         "the address answered with status " + std::to_string(found.head.status),
                         "Open the address without signing in: it must give the file.");
  const std::string_view declared = found.head.header("Content-Type");
  const bool is_taken =
      is_mime_type(declared) && place.calls->rule_of(declared, draft.purpose) != nullptr;
  if (draft.mime_type.empty() && is_taken) draft.mime_type = declared;
  if (draft.filename.empty()) draft.filename = name_in(url);
  if (!draft.size) draft.size = found.length;
  co_return co_await upload_now(std::move(by), std::move(draft), *found.body, place, id,
                                source_url);
}

Task<Media> Library::copy_now(team::By by, Draft draft, std::string of, const Place& place,
                              MediaId id) {
  auto contents = co_await open(by.caller, std::move(of), {});
  if (!contents && contents.error().code == ErrorCode::kNotFound)
    co_return fail_field("/media_id", "not_found", "there is no such file, or it is gone",
                         "Use an id that GET /v1/media lists as available.");
  if (!contents) co_return std::unexpected(std::move(contents).error());
  // What was received has a type that somebody else has said: it goes into a head.
  if (draft.mime_type.empty() && is_mime_type(contents->media.mime_type))
    draft.mime_type = contents->media.mime_type;
  if (draft.filename.empty()) draft.filename = contents->media.filename;
  draft.size = contents->length;
  if (contents->media.direction == Direction::kUploaded) draft.sha256 = contents->media.sha256;
  co_return co_await upload_now(std::move(by), std::move(draft), *contents->body, place, id,
                                contents->media.source_url);
}

// --- what there is ---

Task<Media> Library::find(identity::Caller caller, std::string id) const {
  const bool is_ours = looks_like_ours(id);
  MediaId ours;
  if (is_ours) {
    CO_TRY(ours, MediaId::parse(id));
  }
  CO_TRY(auto media, co_await parts_.db.read([&](store::Connection& db) {
    return is_ours ? media::find(db, caller.workspace, ours)
                   : find_by_provider_id(db, caller.workspace, caller.mode, id);
  }));
  if (!media || media->mode != caller.mode) co_return std::unexpected(no_media());
  co_return *std::move(media);
}

Task<MediaPage> Library::list(Query query) const {
  co_return co_await parts_.db.read(
      [&query](store::Connection& db) { return media::list(db, query); });
}

Task<Media> Library::remove(team::By by, std::string id) {
  CO_TRY(Media media, co_await find(by.caller, std::move(id)));
  if (!by.caller.may_send_from(media.sender))
    co_return fail(ErrorCode::kSenderNotAllowed, "the key may not use the file's sender");
  if (media.deleted_at) co_return media;
  const Time now = parts_.clock.now();
  // Asked where files are stored, one after the other: who is stored later sees the mark.
  const Leaving::Mark mark(*leaving_, media.provider_id);
  auto look = [&media](store::Connection& db) { return media::is_shared(db, media); };
  CO_TRY(const bool is_shared, co_await store::change(parts_.db, kKind, std::move(look)));
  const bool is_there = !media.provider_id.empty() && media.status(now) == Status::kAvailable;
  if (is_there && !is_shared) {
    CO_TRY(const Place place, place_of(media));
    CO_CHECK_OK(co_await delete_at_provider(place, media.provider_id));
  }
  media.deleted_at = now;
  auto body = [&](store::Connection& db) -> Result<> {
    CHECK_OK(mark_deleted(db, media, now));
    auto act = team::act_of(parts_.ids, now, by, "media.deleted", media.id.str());
    act.before = audit_of(media);
    return audit::append(db, act);
  };
  CO_CHECK_OK(co_await store::change(parts_.db, kKind, std::move(body)));
  co_return media;
}

/// Success too where the provider does not have it any more.
Task<> Library::delete_at_provider(const Place& place, std::string provider_id) {
  auto request = place.calls->compile_delete(provider_id, place.route);
  const auto done =
      co_await parts_.calls.call(place.connection, std::move(request), "delete the file");
  if (done || is_gone(done.error())) co_return Result<>{};
  co_return std::unexpected(done.error());
}

// --- out ---

Task<Contents> Library::open(identity::Caller caller, std::string id, std::string range) {
  CO_TRY(Media media, co_await find(caller, std::move(id)));
  if (media.status(parts_.clock.now()) != Status::kAvailable) co_return std::unexpected(gone());
  if (media.provider_id.empty())
    co_return fail(ErrorCode::kNotFound, "what is no message's file can't be read again");
  CO_TRY(const Place place, place_of(media));
  co_return co_await open_now(place, std::move(media), std::move(range));
}

Task<Contents> Library::open_now(const Place& place, Media media, std::string range) {
  CO_TRY(const auto slot, begin_transfer(media.workspace));
  const auto looked_up = co_await parts_.calls.call(
      place.connection, place.calls->compile_look_up(media.provider_id, place.route),
      "find the file");
  if (!looked_up)
    co_return std::unexpected(is_gone(looked_up.error()) ? gone() : looked_up.error());
  CO_TRY(const auto facts, place.calls->read_look_up(*looked_up));
  http::Url url = facts.url;
  for (int redirects = 0; redirects <= kRedirectsMax; ++redirects) {
    auto request = place.calls->compile_download(url);
    if (!range.empty()) request.headers.push_back({"Range", range});
    const auto credential = place.calls->is_providers_own(url, place.route)
                                ? connections::ProviderCalls::Credential::kToken
                                : connections::ProviderCalls::Credential::kNone;
    CO_TRY(auto answered,
           co_await parts_.calls.open(place.connection, std::move(request), credential));
    const int status = answered.head.status;
    if (status == 416 && !range.empty())
      co_return fail_field("Range", "out_of_range", "the file has no such bytes",
                           "Ask for bytes that it has, or for all of it.");
    if (status == 200 || status == 206) {
      Contents out;
      out.media = std::move(media);
      out.status = status;
      out.content_type = answered.head.header("Content-Type");
      out.length = answered.length;
      out.content_range = answered.head.header("Content-Range");
      out.body = held(std::move(answered.body), slot);
      co_return out;
    }
    if (!is_redirect(status)) break;
    auto next = redirect_of(url, answered.head.header("Location"));
    if (!next) break;
    url = *std::move(next);
  }
  co_return fail(ErrorCode::kProviderUnreachable, "the provider does not give the file's content");
}

}  // namespace flowsell::media
