// Uploads that messages use and their provider is about to forget.
#include "file_stream.h"
#include "place.h"
#include "store/change.h"
#include "telemetry/log.h"

namespace flowsell::media {
namespace {

using namespace std::chrono_literals;

constexpr store::WriteKind kKind{"media_renewal", 96, store::apply_each<store::Change>};

/// So long before the end, so that some days of failures do no harm.
constexpr auto kRenewBefore = 4 * 24h;
constexpr auto kUsedWithin = 14 * 24h;
constexpr auto kEndedKept = 30 * 24h;

}  // namespace

Task<std::size_t> Library::renew_due(const std::atomic<bool>& stopping) {
  const Time now = parts_.clock.now();
  Due due{.until = now + kRenewBefore, .used_since = now - kUsedWithin, .after = now};
  std::size_t renewed = 0;
  // Page by page: those that fail each time keep nobody behind them waiting.
  for (bool has_more = true; has_more && !stopping;) {
    CO_TRY(const auto found, co_await parts_.db.read([&due](store::Connection& db) {
      return due_for_renewal(db, due);
    }));
    for (const Media& media : found) {
      if (stopping) break;
      const auto done = co_await renew(media);
      if (done) ++renewed;
      if (!done) {
        log::warn("a file could not be uploaded anew before its life ends",
                  {{"media_id", media.id.str()}, {"code", error_info(done.error().code).code}});
      }
      due.after = media.expires_at.value_or(due.after);
      due.after_id = media.id;
    }
    has_more = found.size() == due.limit;
  }
  auto drop = [now](store::Connection& db) { return drop_ended(db, now - kEndedKept); };
  CO_CHECK_OK(co_await store::change(parts_.db, kKind, std::move(drop)));
  co_return renewed;
}

Task<> Library::renew(Media media) {
  CO_TRY(const Place place, place_of(media));
  CO_TRY(auto contents, co_await open_now(place, media, {}));
  FileStream file(*contents.body);
  file.expect(contents.length, media.sha256);
  CO_TRY(const std::string provider_id, co_await send(place, media, file, contents.length));
  const Time end = parts_.clock.now() + kUploadLife;
  auto body = [&](store::Connection& db) { return replace_upload(db, media, provider_id, end); };
  co_return co_await store::change(parts_.db, kKind, std::move(body));
}

}  // namespace flowsell::media
