#include "audit/event.h"

#include "core/encoding.h"
#include "json/json.h"
#include "json/writer.h"
#include "text.h"

namespace flowsell::audit {
namespace {

/// A JSON object, or what stands in its place as a text, or null.
void write_object(json::Writer& out, std::string_view name, std::string_view text) {
  out.key(name);
  if (text.empty()) {
    out.null();
  } else if (const auto document = json::parse(text); document && document->root().is_object()) {
    out.value(document->root());  // not as it stands: a line of JSON Lines holds no line end
  } else {
    out.string(clean(text));
  }
}

void write_text(json::Writer& out, std::string_view name, std::string_view text) {
  out.key(name).string_or_null(clean(text));
}

}  // namespace

std::string scope_name(std::string_view scope) {
  if (scope == system_scope()) return "system";
  if (scope == operators_scope()) return "operators";
  if (scope.size() != kScopeBytes) return "x" + hex_encode(as_bytes(scope));
  std::string out;
  base32_append(AuditEventId::from_blob(scope).bytes(), out);
  return out;
}

Act new_act(IdSource& ids, Time now, std::string_view scope, Actor actor, Origin origin,
            std::string name, std::string target) {
  return {.scope = std::string(scope),
          .id = ids.next<IdKind::kAuditEvent>(),
          .at = now,
          .actor = std::move(actor),
          .origin = std::move(origin),
          .name = std::move(name),
          .target = std::move(target)};
}

std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  json::Writer out;
  out.begin_object();
  for (const auto& [name, text] : fields) out.key(name).string(text);
  out.end_object();
  return std::move(out).take();
}

std::string_view actor_kind_name(ActorKind kind) noexcept {
  switch (kind) {
    case ActorKind::kSystem:
      return "system";
    case ActorKind::kUser:
      return "user";
    case ActorKind::kApiKey:
      return "api_key";
    case ActorKind::kOperator:
      return "operator";
    case ActorKind::kSupportSession:
      return "support_session";
  }
  return "unknown";
}

std::string render(const Event& event) {
  json::Writer out;
  out.begin_object().key("id").string(event.id.str()).key("object").string("audit_event");
  out.key("sequence").integer(event.seq).key("created_at").string(format_time(event.at));
  out.key("actor").begin_object().key("type").string(actor_kind_name(event.actor.kind));
  write_text(out, "id", event.actor.id);
  out.end_object();
  write_text(out, "act", event.name);
  write_text(out, "target", event.target);
  write_object(out, "before", event.before);
  write_object(out, "after", event.after);
  write_text(out, "request_id", event.origin.request_id);
  write_text(out, "address", event.origin.address);
  write_text(out, "user_agent", event.origin.user_agent);
  write_object(out, "personal", event.personal);
  out.key("erased").boolean(event.is_erased);
  out.key("hash").string(hex_encode(event.hash)).end_object();
  return std::move(out).take();
}

}  // namespace flowsell::audit
