#include "answers.h"

namespace flowsell::whatsapp {

std::unexpected<Error> unreadable() {
  return fail(ErrorCode::kProviderUnreachable, "the provider's answer can't be read");
}

Result<json::Document> read_object(const http::Exchange& answered) {
  auto document = json::parse(answered.body);
  if (!document || !document->root().is_object()) return unreadable();
  return document;
}

}  // namespace flowsell::whatsapp
