#include "errors.h"

#include <algorithm>
#include <array>

namespace flowsell::whatsapp {
namespace {

using namespace std::chrono_literals;
using enum channel::RetryClass;
using enum channel::RetryScope;
using std::chrono::seconds;

constexpr std::string_view kCalling =
    "Calls are not sent through this API; see Meta's page on calling errors.";
constexpr std::string_view kFlowManagement = "Correct the flow in WhatsApp Manager.";
constexpr std::string_view kGroups =
    "Check the group in WhatsApp; the API sends to groups, but does not manage them.";
constexpr std::string_view kUsername = "Choose another username in WhatsApp Manager.";
constexpr std::string_view kMigration =
    "Finish or cancel the number's migration in WhatsApp Manager.";
constexpr std::string_view kTryAgain = "Nothing to do: it is tried again.";
constexpr std::string_view kReconnect =
    "Connect the WhatsApp account again, so that it gets a new access token.";
constexpr std::string_view kPermission =
    "Grant the app the permission whatsapp_business_messaging for this WhatsApp account, then "
    "connect it again.";

constexpr ErrorRow one(std::int64_t code, std::string_view reason, channel::RetryClass retry,
                       channel::RetryScope scope, std::string_view fix, seconds wait = 0s) {
  return {code, code, reason, retry, scope, wait, fix};
}
constexpr ErrorRow range(std::int64_t first, std::int64_t last, std::string_view reason,
                         channel::RetryClass retry, channel::RetryScope scope,
                         std::string_view fix) {
  return {first, last, reason, retry, scope, 0s, fix};
}

// Where Meta says only "later", the wait is ours: long enough not to hammer, short against a
// message's life of a day.
constexpr std::array kTable = {
    one(0, "authentication_failed", kToken, kSender, kReconnect),
    one(1, "unknown_api_error", kBackoff, kLane, kTryAgain),
    one(2, "service_down", kBackoff, kSender, kTryAgain),
    one(3, "capability_missing", kFix, kSender, kPermission),
    one(4, "app_rate_limited", kBackoff, kSender,
        "Nothing to do: it is tried again when Meta allows more calls."),
    one(10, "permission_denied", kFix, kSender, kPermission),
    one(33, "number_not_found", kNo, kSender,
        "Check the phone-number id: the number was deleted or the token may not use it."),
    one(100, "invalid_parameter", kNo, kLane, "Correct the field that the provider's text names."),
    one(190, "token_invalid", kToken, kSender, kReconnect),
    range(200, 299, "permission_missing", kFix, kSender, kPermission),
    one(368, "blocked_for_policy", kWait, kSender,
        "Meta blocked the account for a policy violation: read and appeal it in Business Support.",
        1h),
    one(613, "call_permission_rate_limited", kBackoff, kLane, kTryAgain),
    one(80007, "account_rate_limited", kWait, kSender,
        "Nothing to do: it is tried again when Meta allows more calls.", 10min),
    one(80008, "account_management_rate_limited", kWait, kSender,
        "Nothing to do: it is tried again when Meta allows more calls.", 10min),
    one(130429, "throughput_limited", kBackoff, kSender,
        "Lower the sender's pace if this happens often."),
    one(130472, "recipient_in_experiment", kNo, kLane,
        "Meta withholds this marketing message from this person; send another kind of message or "
        "none."),
    one(130497, "country_restricted", kNo, kLane,
        "This account may not send to the recipient's country."),
    one(131000, "provider_internal_error", kBackoff, kLane, kTryAgain),
    one(131005, "access_denied", kFix, kSender, kPermission),
    one(131008, "parameter_missing", kNo, kLane,
        "Add the parameter that the provider's text names."),
    one(131009, "parameter_invalid", kNo, kLane,
        "Correct the parameter that the provider's text names."),
    one(131016, "service_unavailable", kBackoff, kLane, kTryAgain),
    one(131020, "group_too_small", kNo, kLane, kGroups),
    one(131021, "recipient_is_sender", kNo, kLane, "Send to another number than the sender's own."),
    one(131026, "recipient_unreachable", kNo, kLane,
        "Check the number: it may not be on WhatsApp, use an old app or have blocked you; wait a "
        "day before another try."),
    one(131030, "recipient_not_allowed", kFix, kLane,
        "A test number reaches five numbers at most: add the recipient to its list in the App "
        "Dashboard."),
    one(131031, "account_locked", kFix, kSender,
        "Unlock the account or correct its verification data with Meta."),
    one(131037, "display_name_missing", kFix, kSender,
        "Have the number's display name approved in WhatsApp Manager."),
    one(131041, "group_unknown", kNo, kLane, kGroups),
    one(131042, "payment_problem", kFix, kSender,
        "Add or correct the account's payment method in Meta's billing hub."),
    one(131044, "calling_payment_problem", kFix, kSender,
        "Add or correct the account's payment method in Meta's billing hub."),
    one(131045, "number_registration_invalid", kFix, kSender, "Register the number again."),
    one(131047, "window_closed", kNo, kLane,
        "The person has not written for 24 hours: send an approved template instead."),
    one(131048, "spam_limited", kWait, kSender,
        "Too many people blocked or reported this number: stop campaigns and check the number's "
        "quality.",
        1h),
    one(131049, "held_back_for_recipient", kWait, kLane,
        "Meta limits marketing messages for this person: wait a day or longer, then longer each "
        "time.",
        24h),
    one(131050, "recipient_opted_out", kNo, kLane,
        "The person stopped your marketing messages: send no more of them."),
    one(131051, "type_unsupported", kNo, kLane, "Send a message type that WhatsApp supports."),
    one(131052, "inbound_media_failed", kNo, kLane, "Ask the person to send the file again."),
    one(131053, "media_failed", kFix, kLane,
        "Check that the link is public, answers with the right Content-Type and is within "
        "WhatsApp's sizes."),
    one(131056, "pair_rate_limited", kBackoff, kLane,
        "Send fewer messages to this one person: one in six seconds, in bursts up to 45."),
    one(131057, "account_in_maintenance", kBackoff, kSender, kTryAgain, 60s),
    one(131059, "group_cursor_invalid", kNo, kLane,
        "Start reading the list of groups from its beginning."),
    one(131060, "message_unavailable", kNo, kLane, "Ask the person to send the message again."),
    one(131062, "user_id_unsupported", kNo, kLane,
        "This message can't go to a user id: send it to the person's phone number."),
    one(131063, "marketing_disabled", kFix, kLane,
        "This account sends marketing templates through the Marketing Messages API only: allow "
        "them on the Cloud API."),
    one(131064, "template_misclassification_limit", kFix, kSender,
        "Correct the categories of your templates; Meta lowered the limit because they were "
        "wrong."),
    range(131201, 131214, "group_error", kNo, kLane, kGroups),
    one(131215, "groups_not_eligible", kFix, kLane, "Groups need an official business account."),
    one(132000, "template_parameter_count", kNo, kLane,
        "Send as many parameters as the template has variables, all positional or all named."),
    one(132001, "template_missing", kFix, kLane,
        "Check the template's name and language, and that it is approved."),
    one(132005, "template_text_too_long", kNo, kLane,
        "Shorten the parameters: the filled-in text is too long."),
    one(132007, "template_policy", kNo, kLane,
        "Remove the characters that WhatsApp's template policy forbids."),
    one(132008, "template_parameter_invalid", kNo, kLane,
        "Correct the template parameter that the provider names."),
    one(132012, "template_parameter_format", kNo, kLane,
        "Send each parameter in the type that the template expects."),
    one(132015, "template_paused", kWait, kLane,
        "The template is paused for low quality: use another one, or improve it.", 3h),
    one(132016, "template_disabled", kNo, kLane,
        "The template was disabled for low quality: create a new one."),
    one(132018, "template_parameter_text", kNo, kLane,
        "Remove new lines, tabs and runs of more than four spaces from the parameters."),
    one(132068, "flow_blocked", kFix, kLane, kFlowManagement),
    one(132069, "flow_throttled", kWait, kLane,
        "Correct the flow: until then it takes ten messages an hour.", 1h),
    one(133000, "deregistration_incomplete", kFix, kSender,
        "Deregister the number again, then register it."),
    one(133004, "server_unavailable", kBackoff, kSender, kTryAgain),
    one(133005, "pin_mismatch", kFix, kSender,
        "Send the PIN that the number has: its owner set it. Wait some seconds before another try; "
        "after ten wrong ones WhatsApp takes none for hours. Nobody knows it? Reset it in WhatsApp "
        "Manager."),
    one(133006, "number_not_verified", kFix, kSender, "Verify the number by code first."),
    one(133008, "pin_tried_too_often", kWait, kSender,
        "Too many wrong PINs: wait a day, unless Meta names another time, then use the right one; "
        "or "
        "reset the PIN in WhatsApp Manager.",
        24h),
    one(133009, "pin_tried_too_fast", kWait, kSender,
        "The PIN was tried too fast: wait ten minutes, unless Meta names another time, then try it "
        "once.",
        10min),
    one(133010, "number_not_registered", kFix, kSender, "Register the number with WhatsApp."),
    one(133015, "number_recently_deleted", kWait, kSender,
        "Wait five minutes, then register the number.", 5min),
    one(133016, "registration_limited", kWait, kSender,
        "Wait 72 hours: a number can be registered ten times in them.", 72h),
    one(134011, "payment_terms_missing", kFix, kSender, "Accept WhatsApp's payment terms."),
    one(134100, "template_not_marketing", kFix, kLane, "Use a marketing template."),
    one(134101, "template_syncing", kBackoff, kLane, kTryAgain),
    one(134102, "template_unavailable", kFix, kLane, "Use another marketing template."),
    one(135000, "request_parameters", kNo, kLane,
        "Compare the message with the template: a parameter does not fit."),
    one(136024, "code_not_sent", kFix, kSender,
        "WhatsApp sends no code: the number may be verified already, or codes were asked for too "
        "often; wait some hours then."),
    one(136025, "code_refused", kFix, kSender,
        "WhatsApp does not take the code: it is good for ten minutes. Ask for another with "
        "request_code and send that."),
    one(137000, "identity_changed", kNo, kLane,
        "The person's identity changed: confirm it before you send again."),
    range(138000, 138018, "calling_error", kNo, kLane, kCalling),
    range(139000, 139004, "flow_management_error", kNo, kLane, kFlowManagement),
    range(139100, 139102, "block_list_error", kNo, kLane, "Correct the list of people to block."),
    one(139103, "block_list_internal_error", kBackoff, kLane, kTryAgain),
    range(147001, 147005, "username_error", kNo, kSender, kUsername),
    one(2388012, "number_migration", kNo, kSender, kMigration),
    one(2388019, "template_limit", kFix, kSender,
        "Delete templates that are not used: the account has the most allowed."),
    one(2388023, "template_language_deleting", kNo, kLane,
        "Wait four weeks or use another template name."),
    one(2388024, "template_language_exists", kNo, kLane,
        "Edit the template that exists in this language."),
    one(2388040, "template_field_too_long", kNo, kLane, "Shorten the template's field."),
    one(2388047, "template_header_format", kNo, kLane, "Correct the template's header."),
    one(2388072, "template_body_format", kNo, kLane, "Correct the template's body."),
    one(2388073, "template_footer_format", kNo, kLane, "Correct the template's footer."),
    one(2388091, "number_migration", kNo, kSender, kMigration),
    one(2388093, "number_migration", kNo, kSender, kMigration),
    one(2388103, "number_migration", kNo, kSender, kMigration),
    one(2388293, "template_too_many_variables", kNo, kLane,
        "Use fewer variables or more text in the template."),
    one(2388299, "template_variable_at_edge", kNo, kLane,
        "Move the variable away from the template's start and end."),
    one(2494100, "number_migration", kNo, kSender, kMigration),
    range(2494164, 2494179, "signup_error", kNo, kSender,
          "Correct the sign-up form in WhatsApp Manager."),
    one(2593107, "coexistence_sync_limit", kNo, kSender,
        "The app's data can be synchronized once only."),
    one(2593108, "coexistence_sync_late", kNo, kSender,
        "The app's data can be synchronized within 24 hours of onboarding only: onboard the number "
        "again."),
};

constexpr bool sorted_without_overlap() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].first > kTable[i].last) return false;
    if (i > 0 && kTable[i - 1].last >= kTable[i].first) return false;
  }
  return true;
}
static_assert(sorted_without_overlap());

constexpr std::string_view kSeeMeta = "Look the code up on Meta's page of error codes.";
constexpr ErrorRow kUnknownLimit = {-1, -1, "unknown_limit", kBackoff, kSender, 0s, kSeeMeta};
constexpr ErrorRow kUnknownOutage = {-1, -1, "unknown_outage", kBackoff, kLane, 0s, kSeeMeta};
constexpr ErrorRow kUnknownError = {-1, -1, "unknown_error", kNo, kLane, 0s, kSeeMeta};

constexpr std::int64_t kInvalidParameter = 100;
constexpr std::int64_t kObjectUnknown = 33;
// Smaller subcodes (460, 2018...) are numbered apart from the codes: only the long ones share their
// table.
constexpr std::int64_t kSharedSubcodeMin = 2'000'000;

bool subcode_tells_more(std::int64_t code, std::int64_t subcode) {
  return code == kInvalidParameter && (subcode == kObjectUnknown || subcode >= kSharedSubcodeMin);
}

}  // namespace

std::span<const ErrorRow> error_table() noexcept { return kTable; }

const ErrorRow* find_error(std::int64_t code) noexcept {
  const auto* after = std::ranges::upper_bound(kTable, code, {}, &ErrorRow::first);
  if (after == kTable.begin()) return nullptr;
  const ErrorRow* row = after - 1;
  return code <= row->last ? row : nullptr;
}

const ErrorRow& classify(std::int64_t code, std::int64_t subcode, int http_status) noexcept {
  const ErrorRow* row = subcode_tells_more(code, subcode) ? find_error(subcode) : nullptr;
  if (row == nullptr) row = find_error(code);
  if (row != nullptr) return *row;
  if (http_status == 429) return kUnknownLimit;
  return http_status >= 500 && http_status <= 599 ? kUnknownOutage : kUnknownError;
}

}  // namespace flowsell::whatsapp
