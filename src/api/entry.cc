#include "call.h"

// Who may enter a workspace, beside his role there.

namespace flowsell::api {

bool is_confined(const accounts::Session& session) noexcept {
  return session.voucher && !session.voucher->workspace.is_none();
}

bool is_signed_on(const accounts::Session& session, const WorkspaceId& workspace,
                  identity::Role role) noexcept {
  if (session.voucher) return session.voucher->workspace == workspace;
  return role == identity::Role::kOwner && session.has_second_factor;
}

Result<> check_address(const Services& services, const WorkspaceId& workspace,
                       const http::Request& request) {
  if (services.workspaces.settings().takes(workspace, request.remote_address)) return {};
  return fail(ErrorCode::kAddressNotAllowed, "the workspace's list does not have this address");
}

Result<> check_key(const identity::KnownKey& key, const http::Request& request, Time now) {
  if (key.is_over(now)) return fail(ErrorCode::kInvalidApiKey, "the key has expired");
  if (!key.takes(request.remote_address))
    return fail(ErrorCode::kAddressNotAllowed, "the key's list does not have this address");
  return {};
}

Result<> let_in(const Services& services, const identity::KnownKey& key,
                const http::Request& request) {
  CHECK_OK(check_key(key, request, services.clock.now()));
  CHECK_OK(check_address(services, key.caller.workspace, request));
  services.api_keys.note_use(key, request.remote_address, services.clock.now());
  return {};
}

Result<> check_entry(const Services& services, const WorkspaceId& workspace,
                     const accounts::Session& session, identity::Role role,
                     const http::Request& request) {
  CHECK_OK(check_address(services, workspace, request));
  const bool is_closed = services.workspaces.settings().of(workspace)->sso_required;
  if (!is_closed || is_signed_on(session, workspace, role)) return {};
  return fail(ErrorCode::kSsoRequired, "the session is not of its identity provider");
}

}  // namespace flowsell::api
