#pragma once

#include <cstdint>
#include <memory>

#include "media/library.h"

namespace flowsell::media {

/// Meta's code for what is not there, or is another's.
inline constexpr std::int64_t kNoObject = 100;

/// Whose files, and how they go to the provider.
struct Library::Place {
  connections::SenderPtr sender;
  connections::ConnectionPtr connection;
  const channel::MediaCalls* calls = nullptr;
  channel::SenderRoute route;
};

/// What kept a file from being fetched, as a fault of its address.
Result<> check_fetched(const http::Exchange& head);
/// A body that holds something as long as it lives.
std::shared_ptr<http::BodySource> held(std::unique_ptr<http::BodySource> body,
                                       std::shared_ptr<void> what);

}  // namespace flowsell::media
