#include "media_renewals.h"

#include "telemetry/log.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 1h;
constexpr auto kRoundMax = 10s;  ///< of waiting for the end of one

}  // namespace

MediaRenewals::MediaRenewals(runtime::IoPool& pool, media::Library& library)
    : library_(library),
      rounds_(pool.context(0).get_executor(), "media renewals", kPause,
              runtime::Rounds::First::kAtOnce, [this] { return round(); }) {}

void MediaRenewals::wait() {
  if (!rounds_.wait(kRoundMax)) log::warn("a file is still being uploaded anew");
}

Awaitable<void> MediaRenewals::round() {
  const auto renewed = co_await library_.renew_due(rounds_.is_stopping());
  if (!renewed) log::warn("files at providers could not be looked through");
  if (renewed && *renewed > 0)
    log::info("files uploaded anew", {{"count", static_cast<std::int64_t>(*renewed)}});
}

}  // namespace flowsell::app
