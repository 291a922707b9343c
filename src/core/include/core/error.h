#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flowsell {

/// What went wrong, in the terms a caller can act on. Each has one row in the table of error.cc
/// (stable code, HTTP status, title, whether the same call may succeed later, what to do), and one
/// in docs/errors.md.
enum class ErrorCode : std::uint8_t {
  kInvalidRequest,              ///< 400: fields are wrong; `fields` says which.
  kInvalidJson,                 ///< 400: the body is not one JSON document within our limits.
  kInvalidId,                   ///< 400: an id of another kind, or not an id.
  kInvalidIdempotencyKey,       ///< 400
  kUnsupportedVersion,          ///< 400: FlowSell-Version asks for a version that does not exist.
  kInvalidToken,                ///< 400: a link's token is wrong, used or too old.
  kWorkspaceRequired,           ///< 400: the user has several workspaces and named none.
  kMissingApiKey,               ///< 401
  kInvalidApiKey,               ///< 401
  kInvalidCredentials,          ///< 401: the address or the password is wrong.
  kSecondFactorRequired,        ///< 401: right password, and no code; or what needs one has none.
  kInvalidSecondFactor,         ///< 401: the code is wrong, or was used.
  kInvalidPasskey,              ///< 401: the answer of a passkey does not verify.
  kInvalidSession,              ///< 401: there is no such session any more.
  kInvalidSignature,            ///< 401: a provider's webhook whose signature does not verify.
  kQuotaExhausted,              ///< 402
  kInsufficientScope,           ///< 403
  kEmailNotVerified,            ///< 403: right password, but the address is not known to be theirs.
  kCrossSiteRequest,            ///< 403: a browser sent it for another site.
  kAddressNotAllowed,           ///< 403: not from there, says the key or the workspace.
  kSenderNotAllowed,            ///< 403: the key may not send from that sender.
  kSsoRequired,                 ///< 403: the workspace takes its identity provider's sessions only.
  kSessionNotForWorkspace,      ///< 403: its identity provider speaks for another workspace.
  kSsoNotAdmitted,              ///< 403: signed in at the provider, and may not come in here.
  kSupportSessionInactive,      ///< 403: it waits for approval, or is over.
  kConsentRequired,             ///< 403: the recipient has not agreed to what is sent.
  kRecipientOptedOut,           ///< 403: the recipient told the provider to stop marketing.
  kTermsNotAccepted,            ///< 403: terms or policies must be accepted first.
  kNotFound,                    ///< 404
  kMethodNotAllowed,            ///< 405
  kRequestTimeout,              ///< 408: the client was too slow.
  kConflict,                    ///< 409: the object's state forbids it.
  kAccountConnectedElsewhere,   ///< 409: another connection has the provider's account or number.
  kSsoLinkRequired,             ///< 409: an account has the address; its owner must link the two.
  kIdempotencyInProgress,       ///< 409: the first call under this key still runs.
  kIdempotencyKeyUnverifiable,  ///< 409: whether the key's first body was this can't be told any
                                ///< more.
  kPayloadTooLarge,             ///< 413
  kUriTooLong,                  ///< 414
  kUnsupportedMediaType,        ///< 415
  kExpectationFailed,           ///< 417
  kIdempotencyKeyReused,        ///< 422: the same key with another body.
  kRateLimited,                 ///< 429
  kHeadersTooLarge,             ///< 431
  kInternal,                    ///< 500: a fault of ours.
  kProviderRejected,            ///< 502: the provider refused; `provider` says why.
  kProviderUnreachable,         ///< 502: no byte reached the provider.
  kStoreUnavailable,            ///< 503: our database can't take it now.
  kOverloaded,                  ///< 503: too much work waits.
  kShuttingDown,                ///< 503
  kProviderTimeout,  ///< 504: the provider did not answer in time; what it did is not known.
  kOutcomeUnknown,   ///< 504: the server that had the request was lost.
};

/// The fixed part of an error, the same for every occurrence.
struct ErrorInfo {
  ErrorCode id;
  std::string_view code;  ///< stable snake_case, promised to callers
  int http_status;
  std::string_view title;
  bool retryable;        ///< the same call may succeed later without a change
  std::string_view fix;  ///< what to do, one sentence
};
const ErrorInfo& error_info(ErrorCode code) noexcept;

/// One wrong field of a request.
struct FieldError {
  std::string pointer;  ///< JSON pointer (RFC 6901) into the request body, or the parameter's name
  std::string code;     ///< stable snake_case: required, unknown_field, wrong_type, too_long, ...
  std::string detail;   ///< never the value itself: it may be message content
  std::string fix;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// What a provider said, its numbers untouched. Its texts are shown in live answers and events,
/// never stored.
struct ProviderError {
  std::string provider;  ///< "whatsapp"
  std::int64_t code = 0;
  std::int64_t subcode = 0;  ///< 0: none given
  std::string trace_id;      ///< the provider's own id of the exchange
  std::string reason;        ///< our stable name of the code, e.g. "recipient_unreachable"
  std::string fix;           ///< what to do about it, ours
  std::string text;          ///< the provider's words; live only
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string detail;  ///< safe to show to the caller: never a secret, never message content
  std::vector<FieldError> fields = {};
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
  std::optional<ProviderError> provider = std::nullopt;
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string detail) {
  return std::unexpected(Error{code, std::move(detail)});
}

/// kInvalidRequest about one field.
inline std::unexpected<Error> fail_field(std::string pointer, std::string code, std::string detail,
                                         std::string fix) {
  Error error{ErrorCode::kInvalidRequest, detail};
  error.fields.push_back({std::move(pointer), std::move(code), std::move(detail), std::move(fix)});
  return std::unexpected(std::move(error));
}

}  // namespace flowsell

// libstdc++ 12's std::expected has no and_then, so early return is a macro.
#define FLOWSELL_CONCAT_(a, b) a##b
#define FLOWSELL_CONCAT(a, b) FLOWSELL_CONCAT_(a, b)
#define FLOWSELL_TRY_(tmp, ret, decl, expr)              \
  auto tmp = (expr);                                     \
  if (!tmp) ret std::unexpected(std::move(tmp).error()); \
  decl = *std::move(tmp)
#define FLOWSELL_CHECK_(tmp, ret, expr) \
  if (auto tmp = (expr); !tmp) ret std::unexpected(std::move(tmp).error())
/// `TRY(auto x, f());` in a function, `CO_TRY(auto x, co_await f());` in a coroutine.
#define TRY(decl, expr) FLOWSELL_TRY_(FLOWSELL_CONCAT(try_, __LINE__), return, decl, expr)
#define CO_TRY(decl, expr) FLOWSELL_TRY_(FLOWSELL_CONCAT(try_, __LINE__), co_return, decl, expr)
/// The same for Result<void>: `CHECK_OK(f());`
#define CHECK_OK(expr) FLOWSELL_CHECK_(FLOWSELL_CONCAT(check_, __LINE__), return, expr)
#define CO_CHECK_OK(expr) FLOWSELL_CHECK_(FLOWSELL_CONCAT(check_, __LINE__), co_return, expr)
