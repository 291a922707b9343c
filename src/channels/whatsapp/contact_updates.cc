// What Meta tells of people: what they want, and whom the business has in its address book.
#include <array>
#include <optional>

#include "change_fields.h"
#include "field_copy.h"
#include "fields.h"
#include "person.h"

namespace flowsell::whatsapp {
namespace {

using channel::MarketingChoice;
using channel::Notice;
using channel::NoticeKind;
using json::Object;
using json::Writer;

constexpr PersonFields kChooser = {"wa_id", "user_id", "parent_user_id"};
constexpr std::array kChoiceFields = {Copied{"category", "category", As::kName},
                                      Copied{"value", "value", As::kName}};
constexpr std::array kChoiceContent = {Copied{"detail", "detail", As::kText},
                                       Copied{"signup_id", "signup_id", As::kId}};

std::optional<MarketingChoice> choice_of(const Object& preference) {
  const std::string value = plain_name(scalar_in(preference, "value"));
  if (plain_name(scalar_in(preference, "category")) != "marketing_messages") return std::nullopt;
  if (value == "stop") return MarketingChoice::kStop;
  // Who signs up, or takes the stop back, wants it.
  if (value == "resume" || value == "signup") return MarketingChoice::kResume;
  return std::nullopt;
}

void read_preference(const json::Value& element, const Change& change, UpdateSink& sink) {
  const Object* preference = element.if_object();
  Person person;
  if (preference != nullptr) person = read_person(*preference, kChooser, change.context.contacts);
  if (person.name().empty() || scalar_in(*preference, "value").empty())
    return sink.unknown(element, change.context.address, "user_preferences/other");
  Notice notice =
      notice_about(person, change.context, NoticeKind::kContactPreferencesUpdated, *preference);
  notice.choice = choice_of(*preference);
  Writer fields = object_writer();
  copy_fields(fields, *preference, kChoiceFields);
  Writer content = object_writer();
  copy_fields(content, *preference, kChoiceContent);
  write_person(content, person);
  sink.notice(std::move(notice), std::move(fields), std::move(content), element);
}

constexpr std::array kActionFields = {Copied{"action", "action", As::kName}};
constexpr std::array kContactContent = {Copied{"full_name", "full_name", As::kText},
                                        Copied{"first_name", "first_name", As::kText}};
constexpr PersonFields kSynced = {"phone_number", "user_id", "parent_user_id"};

void read_synced(const json::Value& element, const Change& change, UpdateSink& sink) {
  const Object* item = element.if_object();
  const Object* contact = item == nullptr ? nullptr : object_in(*item, "contact");
  Person person;
  if (contact != nullptr) person = read_person(*contact, kSynced, nullptr);
  if (person.name().empty() || scalar_in(*item, "action").empty())
    return sink.unknown(element, change.context.address, "smb_app_state_sync/other");
  Notice notice = notice_of(change.context, NoticeKind::kContactSynced);
  notice.person = person.name();
  const Object* metadata = object_in(*item, "metadata");
  if (metadata != nullptr)
    notice.at = read_time(*metadata, "timestamp").value_or(change.context.now);
  Writer fields = object_writer();
  copy_fields(fields, *item, kActionFields);
  Writer content = object_writer();
  copy_fields(content, *contact, kContactContent);
  write_person(content, person);
  sink.notice(std::move(notice), std::move(fields), std::move(content), element);
}

}  // namespace

bool read_preferences(const Change& change, UpdateSink& sink) {
  const json::Array* preferences = array_in(change.value, "user_preferences");
  if (preferences == nullptr || preferences->empty()) return false;
  for (const json::Value& each : *preferences) read_preference(each, change, sink);
  return true;
}

bool read_contacts_sync(const Change& change, UpdateSink& sink) {
  const json::Array* synced = array_in(change.value, "state_sync");
  if (synced == nullptr || synced->empty()) return false;
  for (const json::Value& each : *synced) read_synced(each, change, sink);
  return true;
}

}  // namespace flowsell::whatsapp
