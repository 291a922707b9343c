#pragma once

#include <string>
#include <string_view>

#include "audit/head_file.h"
#include "core/error.h"
#include "core/time.h"
#include "privacy/request.h"

namespace flowsell::privacy {

/// That a deletion was done: one line of JSON, with what stays and the key that proves it, which is
/// the one that signs the audit log's heads: who has its public half alone can check both. What is
/// signed are the bytes before `,"signature"`, behind "flowsell-connect/deletion/1:".
std::string certificate_of(const DataRequest& request, Time finished_at, const audit::HeadKey& key);

struct Verified {
  std::string id;       ///< the request's
  std::string subject;  ///< "account usr_..."
  Time finished_at{};
  audit::PublicKey signed_by{};  ///< by whoever has this key: compare it
};
/// Fails with kInvalidSignature (it was changed, or never was one) and kInvalidRequest (it is not
/// one at all).
Result<Verified> verify_certificate(std::string_view text);

}  // namespace flowsell::privacy
