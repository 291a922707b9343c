#include "refusals.h"

#include <string>

namespace flowsell::team {

Error refusal_of(const metering::IdempotencyVerdict& verdict, std::string_view made) {
  using Kind = metering::IdempotencyVerdict::Kind;
  switch (verdict.kind) {
    case Kind::kReused:
      return {ErrorCode::kIdempotencyKeyReused, "this Idempotency-Key belongs to another request"};
    case Kind::kUnverifiable:
      return {
          ErrorCode::kIdempotencyKeyUnverifiable,
          "this key made " + std::string(made) + " before the server was restored from a backup"};
    default:
      return {ErrorCode::kIdempotencyInProgress, "this Idempotency-Key belongs to another request"};
  }
}

}  // namespace flowsell::team
