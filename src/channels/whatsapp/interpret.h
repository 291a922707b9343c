#pragma once

#include "channel/outcome.h"
#include "http/client.h"

namespace flowsell::whatsapp {

/// Adapter::interpret(): reads what Meta answered to a send. Only a 2xx with a message id is a
/// success and only a status of 400 or more with Meta's own error object is an error: a proxy's
/// page proves neither.
channel::Interpretation interpret_answer(const http::Exchange& answered);

}  // namespace flowsell::whatsapp
