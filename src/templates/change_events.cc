#include "change_events.h"

#include <functional>
#include <string>
#include <utility>

#include "json/writer.h"

namespace flowsell::templates {
namespace {

using channel::ProviderTemplate;
using webhook::EventDraft;
using webhook::EventType;

json::Writer begin_body(const connections::Connection& connection, const ProviderTemplate& of) {
  json::Writer out;
  out.begin_object().key("provider").string(connection.adapter->name());
  out.key("connection_id").string(connection.id.str());
  out.key("provider_id").string(of.provider_id).key("name").string(of.name);
  out.key("language").string(of.language);
  return out;
}

class Drafts {
 public:
  Drafts(const connections::Connection& connection, Time at) : connection_(connection), at_(at) {}

  void add(EventType type, const TemplateId& about, json::Writer body) {
    EventDraft draft;
    draft.workspace = connection_.workspace;
    draft.mode = connection_.mode;
    draft.type = type;
    draft.at = at_;
    draft.subject = about.bytes();
    draft.lane = std::hash<ConnectionId>{}(connection_.id);
    body.end_object();
    const std::string object = std::move(body).take();
    draft.body = object.substr(1, object.size() - 2);
    all_.push_back(std::move(draft));
  }
  void add_change(const SeenChange& change) {
    const ProviderTemplate& was = change.was;
    const ProviderTemplate& is = change.is;
    if (was.status != is.status || was.rejected_reason != is.rejected_reason) {
      auto body = begin_body(connection_, is);
      body.optional_string("category", is.category).key("status").string(is.status);
      body.optional_string("reason", is.rejected_reason);
      add(EventType::kTemplateStatusUpdated, change.id, std::move(body));
    }
    if (was.category != is.category && !is.category.empty()) {
      auto body = begin_body(connection_, is);
      body.optional_string("previous_category", was.category).key("category").string(is.category);
      add(EventType::kTemplateCategoryUpdated, change.id, std::move(body));
    }
    if (was.quality != is.quality && !is.quality.empty()) {
      auto body = begin_body(connection_, is);
      body.optional_string("previous_quality", was.quality).key("quality").string(is.quality);
      add(EventType::kTemplateQualityUpdated, change.id, std::move(body));
    }
    if (change.is_new_design)
      add(EventType::kTemplateComponentsUpdated, change.id, begin_body(connection_, is));
  }
  std::vector<EventDraft> take() { return std::move(all_); }

 private:
  const connections::Connection& connection_;
  Time at_;
  std::vector<EventDraft> all_;
};

}  // namespace

std::vector<EventDraft> events_of(const connections::Connection& connection,
                                  const std::vector<SeenChange>& changes, Time at) {
  Drafts drafts(connection, at);
  for (const SeenChange& each : changes) drafts.add_change(each);
  return drafts.take();
}

}  // namespace flowsell::templates
