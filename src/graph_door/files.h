#pragma once

#include "connections/senders.h"
#include "graph_call.h"
#include "media/media.h"
#include "runtime/task.h"

namespace flowsell::graph_door {

/// Whether a path may name a file: nothing is looked up.
bool may_be_file(const GraphCall& call) noexcept;

/// POST /{phone-number-id}/media: the file goes on to the provider as it comes. Fails as
/// media::Library::upload().
Task<http::Response> upload_file(const GraphCall& call, connections::SenderPtr sender);
/// GET and DELETE of a file that is the caller's, and GET of its bytes, at an address of this
/// door's: the provider's own needs its token.
Task<http::Response> answer_file(const GraphCall& call, media::Media file);

}  // namespace flowsell::graph_door
