// What Meta tells of templates. Their texts are the business's own, and nobody's words.
#include <algorithm>
#include <array>

#include "change_fields.h"
#include "field_copy.h"
#include "fields.h"

namespace flowsell::whatsapp {
namespace {

using channel::NoticeKind;
using json::Object;
using json::Writer;

/// "en_US": some payloads have a hyphen there.
std::string language_of(const Object& value) {
  std::string language = scalar_in(value, "message_template_language");
  std::ranges::replace(language, '-', '_');
  return language;
}

/// Which template; false when the value does not say.
bool begin_template(Writer& out, const Object& value) {
  const std::string id = scalar_in(value, "message_template_id");
  const std::string name = scalar_in(value, "message_template_name");
  if (id.empty() && name.empty()) return false;
  out.optional_string("provider_id", id).optional_string("name", name);
  out.optional_string("language", language_of(value));
  return true;
}

channel::TemplateNews news_of(const Object& value) {
  channel::TemplateNews news;
  news.provider_id = scalar_in(value, "message_template_id");
  news.name = scalar_in(value, "message_template_name");
  news.language = language_of(value);
  return news;
}

/// Some events are no states: what it is after them is to be asked.
void set_status(channel::TemplateNews& news, std::string event) {
  constexpr std::array<std::string_view, 4> kNoStates = {"unarchived", "locked", "unlocked",
                                                         "limit_exceeded"};
  if (event == "reinstated") event = "approved";
  news.is_partial = std::ranges::find(kNoStates, event) != kNoStates.end();
  if (news.is_partial || event == "flagged") event.clear();
  news.status = std::move(event);
}

/// Adds the notice of a change, with what of it is stored.
bool tell_of(const Change& change, NoticeKind kind, channel::TemplateNews news, Writer fields,
             UpdateSink& sink) {
  channel::Notice notice = notice_of(change.context, kind);
  notice.of_template = std::move(news);
  sink.notice(std::move(notice), std::move(fields), object_writer(), change.whole);
  return true;
}

constexpr std::array kStatusFields = {
    Copied{"message_template_category", "category", As::kName},
    Copied{"event", "status", As::kName},
    Copied{"reason", "reason", As::kReason},
};
constexpr std::array kPauseFields = {Copied{"title", "title", As::kName},
                                     Copied{"description", "description", As::kText}};
constexpr std::array kRejectionFields = {Copied{"reason", "reason", As::kText},
                                         Copied{"recommendation", "recommendation", As::kText}};
constexpr std::array kDisableFields = {Copied{"disable_date", "date", As::kText}};
constexpr std::array kQualityFields = {
    Copied{"previous_quality_score", "previous_quality", As::kName},
    Copied{"new_quality_score", "quality", As::kName}};
constexpr std::array kComponentFields = {Copied{"message_template_title", "header", As::kText},
                                         Copied{"message_template_element", "body", As::kText},
                                         Copied{"message_template_footer", "footer", As::kText}};
constexpr std::array kButtonFields = {
    Copied{"message_template_button_type", "type", As::kName},
    Copied{"message_template_button_text", "text", As::kText},
    Copied{"message_template_button_url", "url", As::kText},
    Copied{"message_template_button_phone_number", "phone_number", As::kText}};
constexpr std::array kCategoryFields = {
    Copied{"previous_category", "previous_category", As::kName},
    Copied{"new_category", "category", As::kName},
    Copied{"correct_category", "coming_category", As::kName},
    Copied{"category_update_timestamp", "changes_at", As::kTime}};

}  // namespace

bool read_template_status(const Change& change, UpdateSink& sink) {
  const Object& value = change.value;
  Writer fields = object_writer();
  if (!begin_template(fields, value) || scalar_in(value, "event").empty()) return false;
  copy_fields(fields, value, kStatusFields);
  copy_object(fields, "rejection", object_in(value, "rejection_info"), kRejectionFields);
  copy_object(fields, "pause", object_in(value, "other_info"), kPauseFields);
  copy_object(fields, "disabled", object_in(value, "disable_info"), kDisableFields);
  channel::TemplateNews news = news_of(value);
  set_status(news, stated_in(value, "event"));
  news.rejected_reason = stated_in(value, "reason");
  news.category = stated_in(value, "message_template_category");
  return tell_of(change, NoticeKind::kTemplateStatusUpdated, std::move(news), std::move(fields),
                 sink);
}

bool read_template_quality(const Change& change, UpdateSink& sink) {
  Writer fields = object_writer();
  if (!begin_template(fields, change.value) || scalar_in(change.value, "new_quality_score").empty())
    return false;
  copy_fields(fields, change.value, kQualityFields);
  channel::TemplateNews news = news_of(change.value);
  news.quality = stated_in(change.value, "new_quality_score");
  return tell_of(change, NoticeKind::kTemplateQualityUpdated, std::move(news), std::move(fields),
                 sink);
}

bool read_template_components(const Change& change, UpdateSink& sink) {
  Writer fields = object_writer();
  if (!begin_template(fields, change.value)) return false;
  copy_fields(fields, change.value, kComponentFields);
  copy_list(fields, "buttons", array_in(change.value, "message_template_buttons"), kButtonFields);
  channel::TemplateNews news = news_of(change.value);
  news.is_partial = true;
  return tell_of(change, NoticeKind::kTemplateComponentsUpdated, std::move(news), std::move(fields),
                 sink);
}

bool read_template_category(const Change& change, UpdateSink& sink) {
  Writer fields = object_writer();
  if (!begin_template(fields, change.value) || scalar_in(change.value, "new_category").empty())
    return false;
  copy_fields(fields, change.value, kCategoryFields);
  // Of a warning, new_category is still the one that it has.
  channel::TemplateNews news = news_of(change.value);
  news.category = stated_in(change.value, "new_category");
  return tell_of(change, NoticeKind::kTemplateCategoryUpdated, std::move(news), std::move(fields),
                 sink);
}

}  // namespace flowsell::whatsapp
