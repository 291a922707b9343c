#pragma once

#include "graph/call.h"
#include "http/message.h"
#include "runtime/task.h"
#include "state/media_files.h"
#include "world.h"

namespace flowsell::sim {

/// A request whose body is, or holds, a file: read as it comes, the file into the folder of media.
struct Intake {
  Params params;        ///< with the file
  bool is_cut = false;  ///< the client went away, or a fault cuts it: nobody hears an answer
};

/// Whether such a request's body is read so.
bool has_file(http::Method method, std::string_view target);
/// Fails where what comes is refused before its end.
Awaitable<Checked<Intake>> take_in(World& world, MediaFiles& files, const http::Request& request);

}  // namespace flowsell::sim
