#include <algorithm>
#include <array>

#include "change_fields.h"
#include "field_copy.h"
#include "fields.h"
#include "message_types.h"
#include "person.h"

namespace flowsell::whatsapp {
namespace {

using channel::Notice;
using channel::NoticeKind;
using json::Object;
using json::Writer;

struct GroupField {
  std::string_view name;
  NoticeKind kind;
};
constexpr std::array kKinds = {
    GroupField{"group_lifecycle_update", NoticeKind::kGroupLifecycleUpdated},
    GroupField{"group_participants_update", NoticeKind::kGroupParticipantsUpdated},
    GroupField{"group_participant_update", NoticeKind::kGroupParticipantsUpdated},
    GroupField{"group_settings_update", NoticeKind::kGroupSettingsUpdated},
    GroupField{"group_status_update", NoticeKind::kGroupStatusUpdated},
};

constexpr std::array kGroupFields = {
    Copied{"group_id", "group_id", As::kId}, Copied{"type", "event", As::kName},
    Copied{"request_id", "request_id", As::kId}, Copied{"reason", "reason", As::kName}};
constexpr std::array kGroupContent = {
    Copied{"subject", "subject", As::kText},
    Copied{"description", "description", As::kText},
    Copied{"invite_link", "invite_link", As::kText},
    Copied{"initiated_by", "initiated_by", As::kText},
    Copied{"join_request_id", "join_request_id", As::kId},
};
constexpr std::array kPictureFields = {Copied{"mime_type", "mime_type", As::kText},
                                       Copied{"sha256", "sha256", As::kText}};
constexpr std::array kInputField = {Copied{"input", "input", As::kText}};
constexpr std::array<std::string_view, 4> kParticipants = {
    "added_participants", "removed_participants", "joined_participants", "failed_participants"};
/// A setting that was asked for: its value, and whether it was changed.
constexpr std::array<std::string_view, 3> kSettings = {"group_subject", "group_description",
                                                       "group_profile_picture"};
constexpr std::array kSettingFields = {
    Copied{"text", "text", As::kText}, Copied{"mime_type", "mime_type", As::kText},
    Copied{"sha256", "sha256", As::kText}, Copied{"update_successful", "changed", As::kFlag}};
constexpr PersonFields kMember = {"wa_id", "user_id", "parent_user_id"};

void write_member(Writer& out, const json::Value& element) {
  out.begin_object();
  if (const Object* member = element.if_object()) {
    const Person person = read_person(*member, kMember, nullptr);
    out.optional_string("number", person.number);
    write_person(out, person);
    copy_fields(out, *member, kInputField);
    write_errors(out, *member);
  } else if (element.is_string()) {
    out.optional_string("number", as_phone(std::string_view(element.get_string())));
  }
  out.end_object();
}

Writer content_of(const Object& group) {
  Writer content = object_writer();
  copy_fields(content, group, kGroupContent);
  for (const std::string_view name : kParticipants) {
    const json::Array* members = array_in(group, name);
    if (members == nullptr) continue;
    content.key(name).begin_array();
    for (const json::Value& each : *members) write_member(content, each);
    content.end_array();
  }
  for (const std::string_view name : kSettings)
    copy_object(content, name, object_in(group, name), kSettingFields);
  copy_object(content, "profile_picture", object_in(group, "profile_picture"), kPictureFields);
  write_errors(content, group);
  return content;
}

}  // namespace

bool read_groups(const Change& change, UpdateSink& sink) {
  const auto* field = std::ranges::find(kKinds, change.context.field, &GroupField::name);
  const json::Array* groups = array_in(change.value, "groups");
  if (groups == nullptr || groups->empty()) return false;
  for (const json::Value& each : *groups) {
    const Object* group = each.if_object();
    if (group == nullptr || scalar_in(*group, "type").empty()) {
      sink.unknown(each, change.context.address, std::string(change.context.field) + "/other");
      continue;
    }
    Notice notice = notice_of(change.context, field->kind);
    const Person person = read_person(*group, kMember, nullptr);
    notice.person = person.name();
    notice.at = read_time(*group, "timestamp").value_or(change.context.now);
    Writer fields = object_writer();
    copy_fields(fields, *group, kGroupFields);
    sink.notice(std::move(notice), std::move(fields), content_of(*group), each);
  }
  return true;
}

}  // namespace flowsell::whatsapp
