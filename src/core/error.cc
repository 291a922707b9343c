#include "core/error.h"

#include <array>
#include <cstddef>

namespace flowsell {
namespace {

using enum ErrorCode;

constexpr std::array kTable = {
    ErrorInfo{kInvalidRequest, "invalid_request", 400, "The request has invalid fields", false,
              "Correct the fields listed in errors and send the request again."},
    ErrorInfo{kInvalidJson, "invalid_json", 400, "The body is not valid JSON", false,
              "Send one JSON document in UTF-8, without duplicate keys."},
    ErrorInfo{kInvalidId, "invalid_id", 400, "An id is not valid here", false,
              "Use the id exactly as the API returned it; its prefix names its kind."},
    ErrorInfo{kInvalidIdempotencyKey, "invalid_idempotency_key", 400,
              "The Idempotency-Key is not valid", false,
              "Send 1 to 255 printable ASCII characters, for example a UUID."},
    ErrorInfo{kUnsupportedVersion, "unsupported_version", 400,
              "There is no such version of the API", false,
              "Send the version that the FlowSell-Version header of this answer names, or none."},
    ErrorInfo{kInvalidToken, "invalid_token", 400, "The token is not valid", false,
              "Ask for a new link: each works once, and for a limited time."},
    ErrorInfo{kWorkspaceRequired, "workspace_required", 400,
              "It is not said which workspace is meant", false,
              "Name one in the header Connect-Workspace; GET /v1/workspaces lists yours."},
    ErrorInfo{kMissingApiKey, "missing_api_key", 401, "No API key was sent", false,
              "Send the header Authorization: Bearer fsk_..., or sign in."},
    ErrorInfo{kInvalidApiKey, "invalid_api_key", 401, "The API key is not valid", false,
              "Check that the whole key was copied and that it was not revoked."},
    ErrorInfo{kInvalidCredentials, "invalid_credentials", 401,
              "The email address or the password is wrong", false,
              "Check both, or ask for a new password with POST /v1/password_resets."},
    ErrorInfo{kSecondFactorRequired, "second_factor_required", 401, "A second factor is required",
              false, "Sign in with password and code; who has no second factor sets one up first."},
    ErrorInfo{kInvalidSecondFactor, "invalid_second_factor", 401,
              "The code of the second factor is wrong", false,
              "Send the code that your authenticator shows now; each works once, recovery codes "
              "too."},
    ErrorInfo{kInvalidPasskey, "invalid_passkey", 401, "The passkey's answer is not valid", false,
              "Begin again with POST /v1/passkey_sign_ins: each challenge works once."},
    ErrorInfo{kInvalidSession, "invalid_session", 401, "The session is over", false,
              "Sign in again with POST /v1/sessions."},
    ErrorInfo{kInvalidSignature, "invalid_signature", 401, "The signature does not verify", false,
              "Sign the raw request body with the app secret."},
    ErrorInfo{kQuotaExhausted, "quota_exhausted", 402, "The request quota is used up", false,
              "Buy a request pack or wait for the next period; GET /v1/quota shows both."},
    ErrorInfo{kInsufficientScope, "insufficient_scope", 403, "The caller lacks a scope", false,
              "Use a key, or ask for a role, that has the scope named in detail."},
    ErrorInfo{kEmailNotVerified, "email_not_verified", 403, "The email address is not verified",
              false,
              "Follow the link in the mail that was sent; POST /v1/email_verifications asks for "
              "another."},
    ErrorInfo{kCrossSiteRequest, "cross_site_request", 403,
              "A browser sent the request for another site", false,
              "Send it from a page of this server, or with an API key."},
    ErrorInfo{kAddressNotAllowed, "address_not_allowed", 403,
              "The address is not on the list of the API key or the workspace", false,
              "Call from an address on the list that detail names, or change the list."},
    ErrorInfo{kSenderNotAllowed, "sender_not_allowed", 403, "The API key may not use this sender",
              false, "Name a sender that the key may use, or use another key."},
    ErrorInfo{kSsoRequired, "sso_required", 403,
              "The workspace takes sessions of its identity provider only", false,
              "Sign in through the workspace's identity provider: POST /v1/sso/sign_ins."},
    ErrorInfo{kSessionNotForWorkspace, "session_not_for_workspace", 403,
              "The session is good in its identity provider's workspace only", false,
              "Sign in with a password, or through a provider of the workspace that is meant."},
    ErrorInfo{kSsoNotAdmitted, "sso_not_admitted", 403,
              "The identity provider's word does not let this person in", false,
              "Ask the workspace's administrator for an invitation, or sign up and link the "
              "provider with POST /v1/sso/identities."},
    ErrorInfo{kSupportSessionInactive, "support_session_inactive", 403,
              "The support session lets nobody in", false,
              "Wait until the workspace approves it, or open another one."},
    ErrorInfo{kConsentRequired, "consent_required", 403,
              "The recipient has not agreed to marketing", false,
              "Record the recipient's consent with POST /v1/consents, or don't send it."},
    ErrorInfo{kRecipientOptedOut, "recipient_opted_out", 403,
              "The recipient has stopped marketing from this sender", false,
              "Don't send it: take the recipient off your list until contact.preferences_updated "
              "says resume."},
    ErrorInfo{kTermsNotAccepted, "terms_not_accepted", 403,
              "Terms or policies must be accepted first", false,
              "Accept the version that detail names with POST /v1/terms_acceptances."},
    ErrorInfo{kNotFound, "not_found", 404, "Not found", false,
              "Check the path and the id; a key sees only its own workspace and mode."},
    ErrorInfo{kMethodNotAllowed, "method_not_allowed", 405, "The method is not allowed here", false,
              "Use a method that the Allow header lists."},
    ErrorInfo{kRequestTimeout, "request_timeout", 408, "The request arrived too slowly", true,
              "Send the whole request faster."},
    ErrorInfo{kConflict, "conflict", 409, "The object's state does not allow this", false,
              "Read the object again and decide anew."},
    ErrorInfo{kAccountConnectedElsewhere, "account_connected_elsewhere", 409,
              "The account or number is connected elsewhere", false,
              "Disconnect it where it is connected, or connect another account."},
    ErrorInfo{kSsoLinkRequired, "sso_link_required", 409, "An account has this address already",
              false, "Sign in to it, and link the provider with POST /v1/sso/identities."},
    ErrorInfo{kIdempotencyInProgress, "idempotency_in_progress", 409,
              "The first request with this Idempotency-Key is still running", true,
              "Wait for the time in Retry-After and send the same request again."},
    ErrorInfo{kIdempotencyKeyUnverifiable, "idempotency_key_unverifiable", 409,
              "The first request with this Idempotency-Key can't be compared any more", false,
              "The key was used before the server was restored from a backup. Read what it made, "
              "named in detail, before you send the request under a new key."},
    ErrorInfo{kPayloadTooLarge, "payload_too_large", 413, "The body is too large", false,
              "Send a smaller body; the limit stands in detail."},
    ErrorInfo{kUriTooLong, "uri_too_long", 414, "The request target is too long", false,
              "Shorten the path and query."},
    ErrorInfo{kUnsupportedMediaType, "unsupported_media_type", 415,
              "The media type is not supported", false, "Send Content-Type: application/json."},
    ErrorInfo{kExpectationFailed, "expectation_failed", 417, "The expectation can't be met", false,
              "Only Expect: 100-continue is supported."},
    ErrorInfo{kIdempotencyKeyReused, "idempotency_key_reused", 422,
              "The Idempotency-Key was used with another request body", false,
              "Use a new key for a new request; repeat the first body to replay the first."},
    ErrorInfo{kRateLimited, "rate_limited", 429, "Too many requests", true,
              "Wait for the time in Retry-After."},
    ErrorInfo{kHeadersTooLarge, "headers_too_large", 431, "The request head is too large", false,
              "Send fewer or shorter header fields."},
    ErrorInfo{kInternal, "internal_error", 500, "An internal error occurred", true,
              "Try again with the same Idempotency-Key; if it stays, report the request id."},
    ErrorInfo{kProviderRejected, "provider_rejected", 502, "The provider refused the request",
              false, "Read provider in this answer; its fix says what to change."},
    ErrorInfo{kProviderUnreachable, "provider_unreachable", 502, "The provider can't be reached",
              true, "Try again later; nothing was sent."},
    ErrorInfo{kStoreUnavailable, "store_unavailable", 503,
              "The database can't take the request now", true,
              "Wait for the time in Retry-After and send it again with the same Idempotency-Key."},
    ErrorInfo{kOverloaded, "overloaded", 503, "The server has too much work waiting", true,
              "Wait for the time in Retry-After."},
    ErrorInfo{kShuttingDown, "shutting_down", 503, "The server is shutting down", true,
              "Send the request again; another server or the restarted one takes it."},
    ErrorInfo{kProviderTimeout, "provider_timeout", 504, "The provider did not answer in time",
              false, "It may have acted all the same: check before you try again."},
    ErrorInfo{kOutcomeUnknown, "outcome_unknown", 504,
              "The server that had the request was lost before it answered", false,
              "It may have been done: look before you send it again. With an Idempotency-Key "
              "sending it again is safe."},
};

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].id) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(kOutcomeUnknown) + 1;
}
static_assert(rows_are_in_order());

}  // namespace

const ErrorInfo& error_info(ErrorCode code) noexcept {
  return kTable[static_cast<std::size_t>(code)];
}

}  // namespace flowsell
