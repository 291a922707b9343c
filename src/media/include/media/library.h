#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connections/leased_keys.h"
#include "connections/provider_calls.h"
#include "connections/senders.h"
#include "http/body.h"
#include "http/client.h"
#include "media/media.h"
#include "team/by.h"

namespace flowsell::media {

class Sniffer;
class FileStream;

/// A file that comes.
struct Draft {
  std::string connection;  ///< its id; empty: the sender's
  std::string from;        ///< sender id or its number; empty: the only one, or the default
  std::string mime_type;   ///< empty: what the first bytes say
  std::string filename;
  channel::MediaPurpose purpose = channel::MediaPurpose::kMessage;
  /// It has an upload of its own, whose life at the provider begins now.
  bool is_alone = false;
  std::optional<crypto::Digest> sha256;   ///< what the caller says of it
  std::optional<std::uint64_t> size;      ///< the same
  SteadyTime end_by = SteadyTime::max();  ///< set by Library with a key, whose lease has an end
};

/// A file's bytes, as the provider gives them.
struct Contents {
  Media media;
  int status = 200;  ///< or 206
  std::string content_type;
  std::optional<std::uint64_t> length;
  std::string content_range;  ///< with 206
  std::shared_ptr<http::BodySource> body;
};

/// Files of a workspace at its providers: they go through here and are nowhere kept. Every change
/// is on the workspace's audit log. On threads of the client's pool. Thread-safe.
class Library {
 public:
  struct Parts {
    store::Database& db;
    connections::Senders& senders;
    connections::ProviderCalls& calls;
    connections::LeasedKeys& keys;
    http::Client& client;
    IdSource& ids;
    const Clock& clock;
  };
  explicit Library(Parts parts);
  ~Library();

  struct Made {
    Media media;
    bool is_replay = false;
  };
  /// Passes a file on to the provider. Fails with kInvalidRequest (its fields; what it is), with
  /// kPayloadTooLarge as soon as that is known, as `file` does, and as ProviderCalls::upload().
  Task<Made> upload(team::By by, Draft draft, http::BodySource& file,
                    std::optional<metering::IdempotentCall> call);
  /// The same of a file that is fetched, redirects and all, from public addresses only.
  Task<Made> fetch(team::By by, Draft draft, http::Url url,
                   std::optional<metering::IdempotentCall> call);
  /// The same of one that the provider has for another sender, or whose life ends.
  Task<Made> copy(team::By by, Draft draft, std::string of,
                  std::optional<metering::IdempotentCall> call);

  /// By its id or the provider's. Fails with kNotFound (another workspace's, or mode's, is not told
  /// apart from none).
  Task<Media> find(identity::Caller caller, std::string id) const;
  Task<MediaPage> list(Query query) const;
  /// At the provider too, where nothing else names the upload. Fails with kNotFound,
  /// kSenderNotAllowed, and as ProviderCalls::call().
  Task<Media> remove(team::By by, std::string id);
  /// `range`: an HTTP Range, or empty.
  Task<Contents> open(identity::Caller caller, std::string id, std::string range);

  /// Uploads anew what messages have used lately and the provider is about to forget; forgets what
  /// is over for long. How many were renewed.
  Task<std::size_t> renew_due(const std::atomic<bool>& stopping);

 private:
  struct Place;
  class Transfers;
  class Leaving;
  using Work = std::function<Task<Media>(Draft draft, const Place& place, MediaId id)>;

  Task<Made> once(team::By by, Draft draft, std::optional<metering::IdempotentCall> call,
                  Work work);
  Result<Place> place_of(const identity::Caller& caller, const Draft& draft) const;
  Result<Place> place_of(const Media& media) const;
  Result<Place> make_place(connections::SenderPtr sender) const;
  Task<Media> upload_now(team::By by, Draft draft, http::BodySource& file, const Place& place,
                         MediaId id, std::string source_url);
  Task<Media> fetch_now(team::By by, Draft draft, http::Url url, const Place& place, MediaId id);
  Task<Media> copy_now(team::By by, Draft draft, std::string of, const Place& place, MediaId id);
  Result<const channel::MediaRule*> rule_for(const Place& place, const Draft& draft,
                                             std::string_view sniffed) const;
  Task<Media> checked(const Draft& draft, FileStream& file, const Place& place, MediaId id);
  Task<std::string> send(const Place& place, const Media& media, FileStream& file,
                         std::optional<std::uint64_t> size);
  Task<std::string> send_session(const Place& place, const Media& media, FileStream& file,
                                 std::optional<std::uint64_t> size);
  Task<Media> store(team::By by, Media media, const Place& place, std::string fresh);
  Task<Media> store_alone(team::By by, Media media, const Place& place);
  Result<> insert_on_record(store::Connection& db, const team::By& by, const Media& media,
                            Time now);
  Awaitable<void> drop_at_provider(const Place& place, std::string provider_id);
  Task<> take_same(Media& media, FileStream& file, bool& is_same);
  Task<> delete_at_provider(const Place& place, std::string provider_id);
  Task<Contents> open_now(const Place& place, Media media, std::string range);
  Task<> renew(Media media);
  Result<std::shared_ptr<void>> begin_transfer(const WorkspaceId& workspace);

  const Parts parts_;
  std::unique_ptr<Sniffer> sniffer_;
  const std::shared_ptr<Transfers> transfers_;
  const std::unique_ptr<Leaving> leaving_;
};

}  // namespace flowsell::media
