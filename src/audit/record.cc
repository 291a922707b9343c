#include "record.h"

#include <algorithm>
#include <utility>

#include "core/encoding.h"
#include "json/json.h"
#include "json/writer.h"
#include "text.h"

namespace flowsell::audit {
namespace {

constexpr auto kLastKind = static_cast<std::int64_t>(ActorKind::kSupportSession);

ActorKind actor_kind_of(std::int64_t stored) {
  return static_cast<ActorKind>(stored >= 0 && stored <= kLastKind ? stored : 0xFF);
}

std::string text_in(const json::Value& object, std::string_view name) {
  const auto* value = object.is_object() ? object.as_object().if_contains(name) : nullptr;
  const auto* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : std::string();
}

void read_origin(std::string_view data, Origin& out) {
  const auto document = json::parse(data);
  if (!document) return;
  out.address = text_in(document->root(), "address");
  out.user_agent = text_in(document->root(), "user_agent");
}

std::string hex(std::string_view bytes) { return hex_encode(as_bytes(bytes)); }

void write_kept(json::Writer& out, std::string_view name, const Kept& kept) {
  out.key(name);
  if (kept.commitment.empty() && !kept.is_there) {
    out.null();
    return;
  }
  out.begin_object().key("commitment").string(hex(kept.commitment));
  if (kept.is_there) out.key("salt").string(hex(kept.salt)).key("data").string(clean(kept.data));
  out.end_object();
}

}  // namespace

Event event_of(const Record& record) {
  const EventColumns& columns = record.columns;
  Event event{.seq = columns.seq,
              .id = AuditEventId::from_blob(columns.id),
              .at = from_unix_ms(columns.at),
              .actor = {actor_kind_of(columns.actor_kind), std::string(columns.actor_id)},
              .origin = {.request_id = std::string(columns.request_id)},
              .name = std::string(columns.act),
              .target = std::string(columns.target),
              .before = std::string(columns.before),
              .after = std::string(columns.after),
              .personal = std::string(record.personal.data)};
  read_origin(record.origin.data, event.origin);
  event.is_erased = record.origin.is_erased() || record.personal.is_erased();
  if (record.hash.size() == event.hash.size())
    std::ranges::copy(as_bytes(record.hash), event.hash.begin());
  return event;
}

std::string export_line(const Record& record) {
  std::string line = render(event_of(record));
  line.pop_back();  // its brace: the proof follows
  json::Writer proof;
  proof.begin_object().key("scope").string(hex(record.columns.scope));
  proof.key("before").string(clean(record.columns.before));
  proof.key("after").string(clean(record.columns.after));
  write_kept(proof, "origin", record.origin);
  write_kept(proof, "personal", record.personal);
  proof.end_object();
  return line + ",\"proof\":" + std::move(proof).take() + "}\n";
}

/// Reads what export_line() writes, and leaves what is not of that form empty: such a record does
/// not give the same line again.
struct RecordReader {
  const json::Value& root;
  ParsedRecord& out;

  static std::string bytes_in(const json::Value& object, std::string_view name) {
    return hex_decode(text_in(object, name)).value_or("");
  }
  const json::Value& object_in(const json::Value& object, std::string_view name) const {
    static const json::Value kNone;
    const auto* value = object.is_object() ? object.as_object().if_contains(name) : nullptr;
    return value != nullptr ? *value : kNone;
  }
  static ParsedRecord::Part part_of(const json::Value& object) {
    ParsedRecord::Part part;
    part.commitment = bytes_in(object, "commitment");
    part.salt = bytes_in(object, "salt");
    part.data = text_in(object, "data");
    part.is_there = object.is_object() && object.as_object().contains("data");
    return part;
  }

  bool read() const {
    const auto* seq = object_in(root, "sequence").if_int64();
    const auto at = parse_time(text_in(root, "created_at"));
    const auto id = AuditEventId::parse(text_in(root, "id"));
    if (seq == nullptr || !at || !id) return false;
    out.seq_ = *seq;
    out.at_ = to_unix_ms(*at);
    out.id_ = id->blob();
    read_actor(object_in(root, "actor"));
    out.act_ = text_in(root, "act");
    out.target_ = text_in(root, "target");
    out.request_id_ = text_in(root, "request_id");
    out.hash_ = bytes_in(root, "hash");
    read_proof(object_in(root, "proof"));
    return out.scope_.size() == kScopeBytes;
  }

  void read_actor(const json::Value& actor) const {
    const std::string kind = text_in(actor, "type");
    out.actor_kind_ = -1;
    for (std::int64_t n = 0; n <= kLastKind; ++n) {
      if (actor_kind_name(actor_kind_of(n)) == kind) out.actor_kind_ = n;
    }
    out.actor_id_ = text_in(actor, "id");
  }

  void read_proof(const json::Value& proof) const {
    out.scope_ = bytes_in(proof, "scope");
    out.before_ = text_in(proof, "before");
    out.after_ = text_in(proof, "after");
    out.origin_ = part_of(object_in(proof, "origin"));
    out.personal_ = part_of(object_in(proof, "personal"));
  }
};

std::optional<ParsedRecord> ParsedRecord::parse(std::string_view line) {
  const auto document = json::parse(line);
  if (!document || !document->root().is_object()) return std::nullopt;
  ParsedRecord record;
  if (!RecordReader{document->root(), record}.read()) return std::nullopt;
  return record;
}

Record ParsedRecord::view() const {
  return {.columns = {.scope = scope_,
                      .seq = seq_,
                      .id = id_,
                      .at = at_,
                      .actor_kind = actor_kind_,
                      .actor_id = actor_id_,
                      .act = act_,
                      .target = target_,
                      .before = before_,
                      .after = after_,
                      .request_id = request_id_,
                      .origin_commitment = origin_.commitment,
                      .personal_commitment = personal_.commitment},
          .origin = origin_.view(),
          .personal = personal_.view(),
          .hash = hash_};
}

}  // namespace flowsell::audit
