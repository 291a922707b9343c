#include "privacy/inventory.h"

#include <array>

namespace flowsell::privacy {
namespace {

constexpr std::string_view kOfTheStore = "the store's own: numbers of migrations, owners, copies";
constexpr std::string_view kOfTheVault = "keys, sealed; which replicas have which";
constexpr std::string_view kOfTheCluster = "where cells are; names nobody";
constexpr std::string_view kKeyHashes =
    "hashes under a key of the day; four days at most, then dropped as a whole";
constexpr std::string_view kSlots =
    "messages and deliveries for some milliseconds; slots that are not used are cleared first";
constexpr std::string_view kAudit =
    "account_erasure.cc, workspace_erasure.cc: its side rows go, the chain stays";
constexpr std::string_view kMessages =
    "recipient_erasure.cc for one number; exported by export.cc where they are about it";

constexpr std::array kTables = {
    // --- of people, shared ---
    HeldTable{.name = "users",
              .place = Place::kShared,
              .user_column = "id",
              .of_account = Fate::kRows,
              .columns =
                  "%id:usr_ email name !password_hash @password_changed_at "
                  "@email_verified_at terms_version @terms_accepted_at @created_at ~closed_at"},
    HeldTable{.name = "sessions",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns =
                  "%id:ses_ %user_id:usr_ !token_hash @created_at @seen_at @expires_at "
                  "address user_agent #has_second_factor provider %provider_workspace_id:ws_ "
                  "%passkey_id:pky_ last_seen_address %identity_id:idn_"},
    HeldTable{.name = "passkeys",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns = "%id:pky_ %user_id:usr_ name !credential_id !public_key ~sign_count "
                         "#backup_eligible #backed_up transports @created_at @used_at ~warned_at"},
    HeldTable{.name = "passkey_challenges",
              .place = Place::kShared,
              .of_account = Fate::kStays,
              .why = "hashes of random numbers; ten minutes at most"},
    HeldTable{.name = "email_tokens",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns = "!token_hash #purpose %user_id:usr_ email @expires_at"},
    HeldTable{.name = "known_devices",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns = "%user_id:usr_ !token_hash @seen_at"},
    HeldTable{.name = "second_factors",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns = "%user_id:usr_ !sealed_seed @created_at @enabled_at !last_step"},
    HeldTable{.name = "recovery_codes",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns = "%user_id:usr_ !code_hash"},
    HeldTable{.name = "second_factor_removals",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kRows,
              .columns = "~id %user_id:usr_ #state %requested_by:usr_ reason ticket ~factor_mark "
                         "!token_hash @created_at @effective_at @ended_at"},
    HeldTable{.name = "sso_waiting",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns = "!browser_hash %user_id:usr_ provider %identity_id:idn_ @expires_at"},
    HeldTable{.name = "sign_in_attempts",
              .place = Place::kShared,
              .of_account = Fate::kStays,
              .why = "counts under hashes of addresses and networks; an hour at most"},
    HeldTable{.name = "unknown_sign_ins",
              .place = Place::kShared,
              .of_account = Fate::kStays,
              .why = "counts of networks for ten minutes or so; then the system's record has them"},
    HeldTable{.name = "user_workspaces",
              .place = Place::kShared,
              .user_column = "user_id",
              .workspace_column = "workspace_id",
              .of_account = Fate::kRows,
              .of_workspace = Fate::kRows,
              .columns = "%user_id:usr_ %workspace_id:ws_ name #role"},
    HeldTable{.name = "mails",
              .place = Place::kShared,
              .of_account = Fate::kByHand,
              .why = "mail/queue.h: those that wait for the account's address go; the rest names "
                     "nobody. Exported without what they say"},
    HeldTable{.name = "terms_acceptances",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kRows,
              .columns = "%user_id:usr_ %id:acc_ version @accepted_at address"},
    HeldTable{
        .name = "sso_identities",
        .place = Place::kShared,
        .user_column = "user_id",
        .of_account = Fate::kKeys,
        .columns = "issuer subject %id:idn_ %user_id:usr_ provider email @created_at @used_at"},
    HeldTable{.name = "sso_attempts",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns = "!browser_hash provider %user_id:usr_ return_to terms_version !sealed "
                         "@begun_at @expires_at"},
    HeldTable{.name = "sso_providers",
              .place = Place::kShared,
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kKeys,
              .columns = "%id:idp_ %workspace_id:ws_ name issuer client_id !sealed_secret "
                         "#client_auth #role #trusts_email #is_enabled @created_at @updated_at",
              .why = "the workspace's; its secret is sealed"},
    HeldTable{.name = "sso_domain_claims",
              .place = Place::kShared,
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ domain !token @created_at",
              .why = "no person's"},
    HeldTable{.name = "sso_domains",
              .place = Place::kShared,
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "domain %workspace_id:ws_ @verified_at @looked_at #misses",
              .why = "no person's"},
    HeldTable{.name = "data_requests",
              .place = Place::kShared,
              .user_column = "user_id",
              .workspace_column = "workspace_id",
              .of_account = Fate::kStays,
              .of_workspace = Fate::kStays,
              .columns =
                  "%id:dsr_ #kind #subject #state ~step %user_id:usr_ %workspace_id:ws_ "
                  "contact ~contact_hash requested_by !token_hash !sent_to reason @created_at "
                  "@due_at @runs_after @download_until @finished_at certificate",
              .why = "proof that it was answered; names nobody once it is done"},
    HeldTable{.name = "data_request_parts",
              .place = Place::kShared,
              .of_account = Fate::kStays,
              .of_workspace = Fate::kStays,
              .why = "how far a deletion is"},
    HeldTable{.name = "legal_holds",
              .place = Place::kShared,
              .user_column = "user_id",
              .workspace_column = "workspace_id",
              .of_account = Fate::kRows,
              .of_workspace = Fate::kRows,
              .columns = "%id:aud_ #subject %user_id:usr_ %workspace_id:ws_ contact ~contact_hash "
                         "reason put_by @created_at",
              .why = "nothing is deleted that has one; of a number its mask and keyed hash until "
                     "it is lifted"},
    HeldTable{.name = "operators",
              .place = Place::kShared,
              .user_column = "user_id",
              .of_account = Fate::kKeys,
              .columns = "%user_id:usr_ #role made_by @since @disabled_at"},
    HeldTable{.name = "support_openings",
              .place = Place::kShared,
              .workspace_column = "workspace_id",
              .of_account = Fate::kStays,
              .of_workspace = Fate::kRows,
              .why =
                  "who of the staff looked into a workspace: of an operator an id that stands for "
                  "nobody"},
    // --- the audit log ---
    HeldTable{.name = "audit_events",
              .place = Place::kBoth,
              .of_account = Fate::kStays,
              .of_workspace = Fate::kStays,
              .why = "proof, without personal data; exported by export.cc"},
    HeldTable{.name = "audit_personal",
              .place = Place::kBoth,
              .of_account = Fate::kByHand,
              .of_workspace = Fate::kByHand,
              .why = kAudit},
    HeldTable{.name = "closed_accounts",
              .place = Place::kBoth,
              .of_account = Fate::kStays,
              .why = "ids of accounts whose deletion has begun: they stand for nobody"},
    HeldTable{.name = "audit_heads",
              .place = Place::kBoth,
              .of_account = Fate::kStays,
              .of_workspace = Fate::kStays,
              .why = "ends of chains: hashes"},
    // --- of workspaces, in cells ---
    HeldTable{.name = "workspaces",
              .workspace_column = "id",
              .of_workspace = Fate::kByHand,
              .columns = "%id:ws_ name !wrapped_key @created_at",
              .why = "identity/workspaces.h: name and key are destroyed, the id stays"},
    HeldTable{.name = "workspace_settings",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ #revision time_zone %live_sender:snd_ "
                         "%test_sender:snd_ #records_days #content_hours ip_allow_list "
                         "#sso_required #support_needs_approval #consent_required",
              .why = "no person's"},
    HeldTable{
        .name = "support_sessions",
        .workspace_column = "workspace_id",
        .of_account = Fate::kStays,
        .of_workspace = Fate::kKeys,
        .columns =
            "%workspace_id:ws_ %id:sup_ %operator_id:usr_ #category reason ticket reads writes "
            "#span_seconds @created_at approved_by @approved_at @expires_at ended_by @ended_at",
        .why = "the workspace's record of who of the staff looked into it"},
    HeldTable{.name = "api_keys",
              .workspace_column = "workspace_id",
              .of_account = Fate::kStays,
              .of_workspace = Fate::kRows,
              .columns = "%id:key_ %workspace_id:ws_ #mode name prefix !hash scopes @created_at "
                         "@revoked_at created_by @expires_at addresses ~senders #per_second "
                         "@last_used_at last_used_address %replaced_by:key_",
              .why = "a key is the workspace's; it holds the id of who made it. Revoked before its "
                     "row goes"},
    HeldTable{.name = "members",
              .user_column = "user_id",
              .workspace_column = "workspace_id",
              .of_account = Fate::kByHand,
              .of_workspace = Fate::kKeys,
              .columns = "%workspace_id:ws_ %user_id:usr_ #role @joined_at",
              .why = "account_erasure.cc: with a record for each"},
    HeldTable{.name = "invitations",
              .user_column = "invited_by",
              .workspace_column = "workspace_id",
              .of_account = Fate::kByHand,
              .of_workspace = Fate::kKeys,
              .columns = "%workspace_id:ws_ %id:inv_ email #role !token_hash %invited_by:usr_ "
                         "@created_at @expires_at",
              .why = "account_erasure.cc: also those to the account's address"},
    HeldTable{.name = "policy_acceptances",
              .user_column = "user_id",
              .workspace_column = "workspace_id",
              .of_account = Fate::kByHand,
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %id:acc_ version %user_id:usr_ @accepted_at address",
              .why = "account_erasure.cc: the address goes; that the workspace accepted stays"},
    HeldTable{.name = "consents",
              .workspace_column = "workspace_id",
              .of_account = Fate::kStays,
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %id:cns_ ~contact_hash contact purpose source "
                         "@obtained_at recorded_by @withdrawn_at",
              .why = kMessages},
    HeldTable{.name = "media",
              .workspace_column = "workspace_id",
              .of_account = Fate::kStays,
              .of_workspace = Fate::kRows,
              .columns =
                  "%workspace_id:ws_ %id:med_ %sender_id:snd_ #mode #direction #purpose "
                  "provider_id handle filename mime_type sniffed_type #size ~sha256 "
                  "source_url ~contact_hash @expires_at @used_at @deleted_at first_provider_id",
              .why = "what a person sent: recipient_erasure.cc; all goes 30 days after its life at "
                     "the provider"},
    HeldTable{.name = "marketing_choices",
              .workspace_column = "workspace_id",
              .of_account = Fate::kStays,
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %sender_id:snd_ ~contact_hash #stopped @chosen_at",
              .why = kMessages},
    HeldTable{
        .name = "conversation_windows",
        .workspace_column = "workspace_id",
        .of_account = Fate::kStays,
        .of_workspace = Fate::kRows,
        .columns =
            "%workspace_id:ws_ %sender_id:snd_ ~contact_hash @last_inbound_at @entry_point_at",
        .why = kMessages},
    HeldTable{.name = "retention_runs",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ #day #messages #events #deliveries #contents #is_over",
              .why = "counts; no person's"},
    HeldTable{.name = "quotas",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kStays,
              .columns = "%workspace_id:ws_ #mode #period_start #quota_limit #used",
              .why = "counts for billing"},
    HeldTable{.name = "usage_daily",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kStays,
              .columns = "%workspace_id:ws_ #mode #day #metric #count",
              .why = "counts for billing"},
    HeldTable{.name = "idempotency_keys",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .why = "hashes; no person's"},
    HeldTable{.name = "recent_send_keys", .of_workspace = Fate::kStays, .why = kKeyHashes},
    HeldTable{.name = "send_key_runs", .of_workspace = Fate::kStays, .why = kKeyHashes},
    HeldTable{.name = "send_key_parts", .of_workspace = Fate::kStays, .why = kKeyHashes},
    HeldTable{.name = "connections",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kKeys,
              .columns = "%workspace_id:ws_ %id:con_ #mode channel account business_name "
                         "!sealed_token @created_at label #status reason @reason_at #via "
                         "owner_business_id currency time_zone address #is_on_app "
                         "@token_expires_at @token_checked_at token_user #payment ~admin_notes "
                         "@updated_at @disconnected_at",
              .why = "the workspace's; its token is sealed, an operator's notes are his own"},
    HeldTable{.name = "connection_steps",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kKeys,
              .columns = "%workspace_id:ws_ %connection_id:con_ step #state code fix about "
                         "#provider_code #provider_subcode provider_trace ~note done_by @at",
              .why = "the workspace's"},
    HeldTable{
        .name = "connection_funding",
        .workspace_column = "workspace_id",
        .of_workspace = Fate::kKeys,
        .columns = "%workspace_id:ws_ %connection_id:con_ @effective_from #mode set_by @set_at",
        .why = "the workspace's"},
    HeldTable{.name = "connection_partings",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kKeys,
              .why = "of a workspace that is deleted: when providers are told so again"},
    HeldTable{.name = "onboarding_sessions",
              .workspace_column = "workspace_id",
              .of_account = Fate::kStays,
              .of_workspace = Fate::kKeys,
              .columns = "%workspace_id:ws_ %id:onb_ #mode #way #state label return_url "
                         "#allows_coexistence !token_hash created_by @created_at @updated_at "
                         "@expires_at @opened_at @ended_at failure #provider_code "
                         "#provider_subcode provider_trace account address #coexists #consent "
                         "!sealed_grant @granted_until !oauth_hash %connection_id:con_ "
                         "~busy_until grant_user @granted_at",
              .why = "the workspace's; 90 days after its end it goes"},
    HeldTable{.name = "senders",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kKeys,
              .columns = "%workspace_id:ws_ %id:snd_ %connection_id:con_ #mode channel address "
                         "display_number name @created_at @let_go_at",
              .why = "the workspace's"},
    HeldTable{.name = "sender_states",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kKeys,
              .columns = "%workspace_id:ws_ %sender_id:snd_ name name_status requested_name "
                         "requested_name_status status quality throughput verification platform "
                         "account_mode messaging_limit #is_official #has_pin #is_on_app #is_gone "
                         "@synced_at",
              .why = "the workspace's: what a provider says of its senders"},
    HeldTable{.name = "templates",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %id:tpl_ %connection_id:con_ #mode provider_id name "
                         "language category status rejected_reason quality #is_named components "
                         "#ttl_seconds #version ~known ~told_at @seen_at @created_at @updated_at "
                         "@deleted_at",
              .why = "the business's own designs; no person's"},
    HeldTable{.name = "template_versions",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %template_id:tpl_ #number category status "
                         "rejected_reason #is_named components #ttl_seconds made_by @created_at",
              .why = "the business's own designs; made_by is the id of a key, or of a user: it "
                     "stands for nobody once he is gone"},
    HeldTable{.name = "template_syncs",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %connection_id:con_ @synced_at #templates",
              .why = "times; no person's"},
    HeldTable{.name = "flow_states",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %connection_id:con_ provider_id status @told_at",
              .why = "what a provider says of the business's own flows; no person's"},
    HeldTable{.name = "flow_sends",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %connection_id:con_ provider_id %message_id:msg_ "
                         "@accepted_at",
              .why = "which messages took the places of an hour: ten of a throttled flow, and no "
                     "person"},
    HeldTable{.name = "webhook_endpoints",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kKeys,
              .columns = "%workspace_id:ws_ %id:whe_ #mode url events description #enabled "
                         "!sealed_secret @created_at #format !sealed_verify_token",
              .why = "the workspace's; its secrets are sealed"},
    HeldTable{.name = "messages",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %id:msg_ #mode #inbound %sender_id:snd_ kind contact "
                         "~contact_hash #status provider_message_id client_ref metadata "
                         "@created_at @sending_at @unknown_at @sent_at @failed_at @delivered_at "
                         "@read_at error_code #provider_code #provider_subcode provider_trace",
              .why = kMessages},
    HeldTable{.name = "events",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %id:evt_ #mode #type ~subject @at body ~pending "
                         "~key_id !sealed ~content_expires_at ~contact_hash",
              .why = kMessages},
    HeldTable{.name = "deliveries",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .columns = "%workspace_id:ws_ %id:dlv_ #mode %endpoint_id:whe_ %event_id:evt_ "
                         "#event_type #status attempts @next_attempt_at @created_at @finished_at",
              .why = "times and statuses of attempts; no person's"},
    HeldTable{.name = "queued_jobs",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kRows,
              .why = "sealed, a day at most; a deletion of a number waits for them"},
    HeldTable{.name = "claimed_jobs",
              .workspace_column = "workspace_id",
              .of_workspace = Fate::kByHand,
              .why = "under way: workspace_erasure.cc waits for them"},
    HeldTable{.name = "begun_messages", .of_workspace = Fate::kByHand, .why = kSlots},
    HeldTable{.name = "begun_deliveries", .of_workspace = Fate::kByHand, .why = kSlots},
    // --- the program's own ---
    HeldTable{.name = "schema_migrations", .place = Place::kBoth, .why = kOfTheStore},
    HeldTable{.name = "root_keys", .place = Place::kShared, .why = kOfTheVault},
    HeldTable{.name = "root_key_seals", .place = Place::kShared, .why = kOfTheVault},
    HeldTable{.name = "master_key_holders", .place = Place::kShared, .why = kOfTheVault},
    HeldTable{.name = "restores", .why = kOfTheStore},
    HeldTable{.name = "copies", .why = kOfTheStore},
    HeldTable{.name = "cluster", .place = Place::kShared, .why = kOfTheCluster},
    HeldTable{.name = "replicas", .place = Place::kShared, .why = kOfTheCluster},
    HeldTable{.name = "cells", .place = Place::kShared, .why = kOfTheCluster},
    HeldTable{.name = "routes",
              .place = Place::kShared,
              .of_workspace = Fate::kByHand,
              .why = "names of keys, senders and workspaces: privacy/doors.h withdraws them"},
    HeldTable{.name = "key_checks", .place = Place::kShared, .why = kOfTheCluster},
};

}  // namespace

std::span<const HeldTable> inventory() noexcept { return kTables; }

}  // namespace flowsell::privacy
