#include "call.h"

namespace flowsell::api {

void add_all_routes(Routes& routes, const Api::Process& process) {
  add_message_routes(routes);
  add_webhook_endpoint_routes(routes);
  add_event_routes(routes);
  add_delivery_routes(routes);
  add_sender_routes(routes);
  add_connection_routes(routes);
  add_admin_connection_routes(routes, process);
  add_sender_profile_routes(routes);
  add_sender_list_routes(routes);
  add_connection_check_routes(routes);
  add_preflight_routes(routes);
  add_media_routes(routes);
  add_template_routes(routes);
  add_quota_routes(routes);
  add_session_routes(routes);
  add_user_routes(routes);
  add_second_factor_routes(routes);
  add_passkey_routes(routes);
  add_second_factor_removal_routes(routes);
  add_workspace_routes(routes);
  add_member_routes(routes);
  add_api_key_routes(routes);
  add_audit_routes(routes, process);
  add_data_request_routes(routes);
  add_sso_sign_in_routes(routes);
  add_sso_identity_routes(routes);
  add_sso_provider_routes(routes);
  add_sso_domain_routes(routes);
  add_support_session_routes(routes);
  add_admin_data_request_routes(routes);
  add_admin_support_routes(routes);
  add_admin_operator_routes(routes);
  add_admin_user_routes(routes);
  add_admin_workspace_routes(routes);
  add_consent_routes(routes);
  add_terms_routes(routes, process);
  add_retention_run_routes(routes);
  add_onboarding_routes(routes);
  add_hook_routes(routes, process);
  add_provider_callback_routes(routes, process);
  add_sandbox_routes(routes, process);
  add_health_routes(routes, process);
}

}  // namespace flowsell::api
