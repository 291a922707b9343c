#include "messaging/provider_updates.h"

#include <algorithm>

#include "consent/opt_outs.h"
#include "context.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "json/writer.h"
#include "media/media.h"
#include "message_error.h"
#include "messaging/conversation_windows.h"
#include "messaging/render.h"
#include "notices.h"
#include "originals.h"
#include "settle.h"

namespace flowsell::messaging {
namespace {

using channel::InboundMessage;
using channel::MessageMark;
using channel::Notice;
using channel::StatusUpdate;
using channel::UnknownUpdate;
using webhook::EventDraft;
using webhook::EventPlan;
using webhook::EventType;

/// One update with its row and event, ready for the transaction.
struct Prepared {
  enum class Kind : std::uint8_t {
    kStatus,
    kMark,
    kInbound,
    kNotice,
    kUnknown,
    kOriginal  ///< what one of the others tells, in the provider's own words
  } kind = Kind::kUnknown;
  MessageId message;
  StatusChange change;  ///< kStatus; its texts live in `error` and `provider_message_id`
  std::string provider_message_id;
  std::optional<MessageError> error;
  std::string fields_json;           ///< kStatus: what else is told of it
  MessageRow inbound;                ///< kInbound
  std::vector<ContactHash> people;   ///< kInbound, kNotice: all names of the person or group
  bool is_entry_point = false;       ///< kInbound
  std::optional<media::Media> file;  ///< kInbound
  bool opens_window = false;         ///< kNotice
  std::optional<channel::MarketingChoice> choice;    ///< kNotice
  std::optional<channel::SenderState> state;         ///< kNotice
  std::vector<SenderId> told_of;                     ///< kNotice: whose state it is
  std::optional<channel::TemplateNews> of_template;  ///< kNotice
  std::optional<channel::FlowNews> of_flow;          ///< kNotice
  EventDraft event;
  EventPlan plan;
};

struct UpdatesOp final : store::WriteOp {
  UpdatesOp(webhook::Events& e, BegunMessages& b, const crypto::Key& k, const metering::Limits& l,
            templates::Templates& of_templates, connections::SenderPtr s, Time t);
  webhook::Events& events;
  BegunMessages& begun;
  const crypto::Key& contact_key;
  const metering::Limits& limits;
  templates::Templates& templates;
  connections::SenderPtr sender;
  Time now;
  std::vector<Prepared> updates;
  std::vector<MessageId> overtaken;  ///< result: begun messages that came into the table
  std::vector<std::pair<SenderId, numbers::KnownState>> states;  ///< result: that changed
};

EventDraft draft_for(const connections::Sender& sender, EventType type, Time at) {
  EventDraft event;
  event.workspace = sender.workspace;
  event.mode = sender.mode;
  event.type = type;
  event.at = at;
  return event;
}

/// What is told of an update that was not understood.
struct Envelope {
  std::string_view field;
  std::string_view provider_id;
  Time at;
  /// Empty: it is about the account, whichever of its senders it is told to.
  std::string_view address;
  /// Tells it from others of this field and id, and is the same when it comes again.
  std::string_view mark;
};

/// The same envelope has the same subject, which is how Events::record_once() knows it again.
/// Keyed: what it is made of may be guessed.
IdBytes subject_of(const connections::Sender& sender, const crypto::Key& key,
                   const Envelope& envelope) {
  using namespace std::string_view_literals;
  const auto digest = crypto::keyed_hash(
      key.bytes(),
      {sender.adapter->name(), "\0"sv, identity::mode_name(sender.mode), "\0"sv, envelope.address,
       "\0"sv, envelope.field, "\0"sv, envelope.provider_id, "\0"sv, envelope.mark});
  return crypto::head_of<std::tuple_size_v<IdBytes>>(digest);
}

EventDraft draft_of_unknown(const connections::Sender& sender, const crypto::Key& key,
                            const Envelope& envelope) {
  EventDraft event = draft_for(sender, EventType::kProviderUnknown, envelope.at);
  event.subject = subject_of(sender, key, envelope);
  event.lane = std::hash<SenderId>{}(sender.id);
  json::Writer out;
  out.begin_object().key("provider").string(sender.adapter->name());
  out.key("field").string(envelope.field);
  out.optional_string("provider_id", envelope.provider_id);
  out.key("sender_id").string(sender.id.str()).end_object();
  event.body = fields_of(std::move(out));
  return event;
}

/// A status or mark of no message of ours: a provider tells each of a message once.
Envelope envelope_of_status(const connections::Sender& sender, std::string_view status,
                            std::string_view provider_message_id, Time at) {
  return {"messages/status", provider_message_id, at, sender.address, status};
}

EventType event_of_mark(MessageMark::Kind kind) {
  return kind == MessageMark::Kind::kPlayed ? EventType::kMessagePlayed
                                            : EventType::kMessageDeleted;
}

MessageStep step_of(const UpdatesOp& op, const Prepared& update) {
  StatusChange change = update.change;
  change.provider_message_id = update.provider_message_id;
  change.error = update.error ? &*update.error : nullptr;
  return {op.sender->workspace, update.message, change};
}

/// What became of a step whose message is not in the table: the provider's webhook may overtake the
/// answer to an attempt, which has not ended then.
Result<std::optional<ChangedMessage>> change_begun(store::Connection& db, UpdatesOp& op,
                                                   const MessageStep& step) {
  const auto begun = op.begun.find(step.workspace, step.id);
  if (!begun) return std::nullopt;
  // False where another step of this batch has put it there.
  TRY([[maybe_unused]] const bool is_new, insert_message(db, *begun));
  op.overtaken.push_back(step.id);
  return change_status(db, step.workspace, step.id, step.change);
}

/// Retention took the message, or it was another server's: nobody can be told whose it is, but it
/// is not lost silently.
Result<> tell_nobodys(store::Connection& db, UpdatesOp& op, const Prepared& update,
                      std::string_view status) {
  EventDraft nobodys = draft_of_unknown(
      *op.sender, op.contact_key,
      envelope_of_status(*op.sender, status, update.provider_message_id, update.event.at));
  EventPlan none;
  TRY([[maybe_unused]] const bool is_new, op.events.record_once(db, nobodys, none));
  return {};
}

Result<> apply_status(store::Connection& db, UpdatesOp& op, Prepared& update,
                      std::optional<ChangedMessage> changed, metering::Tally& tally) {
  const MessageStep step = step_of(op, update);
  const StatusChange& change = step.change;
  if (!changed) {
    TRY(changed, change_begun(db, op, step));
  }
  if (!changed) return tell_nobodys(db, op, update, channel::status_name(change.to));
  if (changed->moved) {
    update.event.body = render_event_body(changed->row);
    add_fields(update.event.body, update.fields_json);
    CHECK_OK(op.events.record(db, update.event, update.plan));
  }
  if (changed->is_first) tally.count({op.sender->workspace, op.sender->mode}, metric_of(change.to));
  return {};
}

/// A mark of a message that may be begun still.
Result<> apply_mark(store::Connection& db, UpdatesOp& op, Prepared& update) {
  TRY(auto row, find_message(db, op.sender->workspace, update.message));
  if (!row) {
    if (const auto begun = op.begun.find(op.sender->workspace, update.message)) row = *begun;
  }
  if (!row) return tell_nobodys(db, op, update, webhook::event_type_name(update.event.type));
  update.event.body = render_event_body(*row);
  TRY([[maybe_unused]] const bool is_new, op.events.record_once(db, update.event, update.plan));
  return {};
}

void touch_windows(const UpdatesOp& op, const Prepared& update, WindowTouches& windows) {
  // What comes from the future would keep a window open, and itself stored.
  const Time at = std::min(update.event.at, op.now);
  for (const ContactHash& contact : update.people)
    windows.add(op.sender->workspace, op.sender->id, contact, at, update.is_entry_point);
}

Result<> apply_notice(store::Connection& db, UpdatesOp& op, Prepared& update,
                      WindowTouches& windows) {
  TRY(const bool is_new, op.events.record_once(db, update.event, update.plan));
  if (update.of_template) {
    // What comes from the future would stand over all that is told later.
    const Time at = std::min(update.event.at, op.now);
    CHECK_OK(op.templates.record(db, *op.sender, *update.of_template, at, is_new));
  }
  if (!is_new) return {};
  if (update.of_flow) {
    const Time at = std::min(update.event.at, op.now);
    CHECK_OK(templates::Templates::record_flow(db, *op.sender, *update.of_flow, at));
  }
  if (update.opens_window) touch_windows(op, update, windows);
  for (const SenderId& id : update.told_of) {
    TRY(auto known, numbers::store_news(db, {op.sender->workspace, id}, *update.state));
    op.states.emplace_back(id, std::move(known));
  }
  if (!update.choice) return {};
  for (const ContactHash& contact : update.people) {
    CHECK_OK(consent::record_choice(db, {op.sender->workspace, op.sender->id, contact},
                                    *update.choice == channel::MarketingChoice::kStop,
                                    update.event.at));
  }
  return {};
}

Result<> tell_inbound(store::Connection& db, UpdatesOp& op, Prepared& update,
                      WindowTouches& windows, metering::Tally& tally) {
  CHECK_OK(op.events.record(db, update.event, update.plan));
  if (update.file) CHECK_OK(media::insert(db, *update.file));
  touch_windows(op, update, windows);
  tally.count({op.sender->workspace, op.sender->mode}, metering::Metric::kReceived);
  return {};
}

Result<> apply_updates(store::Connection& db, std::span<store::WriteOp* const> ops) {
  std::vector<MessageStep> steps;
  std::vector<const MessageRow*> inbound;
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<UpdatesOp>(each);
    for (const Prepared& update : op.updates) {
      if (update.kind == Prepared::Kind::kStatus) steps.push_back(step_of(op, update));
      if (update.kind == Prepared::Kind::kInbound) inbound.push_back(&update.inbound);
    }
  }
  TRY(auto changed, change_statuses(db, steps));
  TRY(const auto inserted, insert_messages(db, inbound));
  auto next_changed = changed.begin();
  auto next_inserted = inserted.begin();

  const auto& first = store::as<UpdatesOp>(ops.front());
  metering::Tally tally(db, first.limits, first.now);
  WindowTouches windows;
  for (store::WriteOp* each : ops) {
    auto& op = store::as<UpdatesOp>(each);
    op.overtaken.clear();
    op.states.clear();
    for (Prepared& update : op.updates) {
      update.plan.begin();
      switch (update.kind) {
        case Prepared::Kind::kStatus:
          CHECK_OK(apply_status(db, op, update, std::move(*next_changed++), tally));
          break;
        case Prepared::Kind::kInbound:
          if (*next_inserted++ == 1) CHECK_OK(tell_inbound(db, op, update, windows, tally));
          break;
        case Prepared::Kind::kMark:
          CHECK_OK(apply_mark(db, op, update));
          break;
        case Prepared::Kind::kNotice:
          CHECK_OK(apply_notice(db, op, update, windows));
          break;
        case Prepared::Kind::kOriginal:
        case Prepared::Kind::kUnknown: {
          TRY([[maybe_unused]] const bool is_new,
              op.events.record_once(db, update.event, update.plan));
          break;
        }
      }
    }
  }
  CHECK_OK(windows.store(db));
  CHECK_OK(first.events.store_recorded(db));
  return tally.finish();
}

void end_updates(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  store::as<UpdatesOp>(ops.front()).events.ended(committed);
  if (!committed) return;
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<UpdatesOp>(each);
    for (const MessageId& id : op.overtaken) op.begun.forget(id);
    const bool has_news = std::ranges::any_of(op.updates, [](const Prepared& update) {
      return update.of_template.has_value() || update.of_flow.has_value();
    });
    if (has_news) op.templates.forget(op.sender->connection);
  }
}

constexpr store::WriteKind kUpdatesKind{"status", 40, apply_updates, end_updates};

UpdatesOp::UpdatesOp(webhook::Events& e, BegunMessages& b, const crypto::Key& k,
                     const metering::Limits& l, templates::Templates& of_templates,
                     connections::SenderPtr s, Time t)
    : WriteOp(kUpdatesKind),
      events(e),
      begun(b),
      contact_key(k),
      limits(l),
      templates(of_templates),
      sender(std::move(s)),
      now(t) {}

/// Turns updates into rows and event drafts.
class Preparer {
 public:
  Preparer(const connections::Sender& sender, const crypto::Key& contact_key, Time now)
      : sender_(sender), contact_key_(contact_key), now_(now) {}

  Prepared operator()(StatusUpdate& update) const {
    if (update.message.is_none())
      return unknown(envelope_of_status(sender_, channel::status_name(update.status),
                                        update.provider_message_id, update.at));
    Prepared out;
    out.kind = Prepared::Kind::kStatus;
    out.message = update.message;
    out.change.to = update.status;
    out.change.at = update.at;
    out.provider_message_id = std::move(update.provider_message_id);
    out.event = draft(event_of(update.status), update.at, update.message.bytes());
    out.fields_json = std::move(update.fields_json);
    out.event.content = std::move(update.content_json);
    if (update.error) {
      out.error = error_of(*update.error);
      if (!update.error->text.empty()) {
        std::string content = "\"provider_detail\":" + json::quoted(update.error->text);
        add_fields(content, out.event.content.reveal());
        out.event.content = Content(std::move(content));
      }
    }
    return out;
  }

  Prepared operator()(MessageMark& update) const {
    const EventType type = event_of_mark(update.kind);
    if (update.message.is_none()) {
      return unknown(envelope_of_status(sender_, webhook::event_type_name(type),
                                        update.provider_message_id, update.at));
    }
    Prepared out;
    out.kind = Prepared::Kind::kMark;
    out.message = update.message;
    out.provider_message_id = std::move(update.provider_message_id);
    // Once for a message: it is its own subject.
    out.event = draft(type, update.at, update.message.bytes());
    return out;
  }

  Prepared operator()(InboundMessage& update) const {
    Prepared out;
    out.kind = Prepared::Kind::kInbound;
    MessageRow& row = out.inbound;
    row.workspace = sender_.workspace;
    row.mode = sender_.mode;
    row.inbound = true;
    row.sender = sender_.id;
    row.kind = update.kind;
    row.status = MessageStatus::kReceived;
    row.created_at = update.at;
    const auto contact = channel::Recipient::parse(update.from);
    row.contact = contact ? contact->masked() : std::string();
    row.contact_hash = hash(update.from);
    // The same message gives the same id: coming twice is seen by the primary key alone.
    const auto digest =
        crypto::keyed_hash(contact_key_.bytes(), {sender_.id.blob(), update.provider_message_id});
    row.id = MessageId(derived_id_bytes(update.at, std::span(digest).first<10>()));
    row.provider_message_id = std::move(update.provider_message_id);

    out.message = row.id;
    out.event =
        draft(update.is_reaction ? EventType::kMessageReaction : EventType::kMessageReceived,
              update.at, row.id.bytes());
    // A group is one conversation, whoever writes in it.
    const ContactHash conversation = update.group.empty() ? row.contact_hash : hash(update.group);
    out.event.lane = lane_of(sender_.id, conversation);
    out.people = {conversation};
    if (update.group.empty()) add_user_id(out.people, update.from, update.from_user_id);
    out.is_entry_point = update.is_entry_point;
    if (update.media) {
      out.file =
          media::received(sender_.workspace, sender_.id, sender_.mode, *update.media, update.at);
      out.file->contact = row.contact_hash;
    }
    out.event.body = inbound_body(row, update.group);
    std::string content = "\"from\":" + json::quoted(update.from);
    add_fields(content, update.fields_json.reveal());
    out.event.content = Content(std::move(content));
    return out;
  }

  Prepared operator()(Notice& update) const {
    Prepared out;
    out.kind = Prepared::Kind::kNotice;
    const EventType type = event_of(update.kind);
    const std::string mark = mark_of(update.at, update.digest);
    out.event =
        draft(type, update.at,
              subject_of(sender_, contact_key_,
                         {webhook::event_type_name(type), {}, update.at, update.address, mark}));
    out.event.lane = std::hash<SenderId>{}(sender_.id);
    if (!update.person.empty()) {
      out.people = {hash(update.person)};
      add_user_id(out.people, update.person, update.user_id);
      out.event.contact_hash = out.people.front();
      out.event.lane = lane_of(sender_.id, out.people.front());
    }
    out.opens_window = update.opens_window;
    out.choice = update.choice;
    out.state = update.state;
    out.of_template = std::move(update.of_template);
    out.of_flow = std::move(update.of_flow);
    out.event.body = body_of(update, sender_);
    out.event.content = content_of(update);
    return out;
  }

  Prepared operator()(UnknownUpdate& update) const {
    const std::string mark = mark_of(update.at, update.digest);
    return unknown({update.field, update.provider_id, update.at, update.address, mark});
  }

 private:
  EventDraft draft(EventType type, Time at, const IdBytes& subject) const {
    EventDraft event = draft_for(sender_, type, at == Time{} ? now_ : at);
    event.subject = subject;
    return event;
  }

  Prepared unknown(Envelope envelope) const {
    if (envelope.at == Time{}) envelope.at = now_;
    Prepared out;
    out.kind = Prepared::Kind::kUnknown;
    out.event = draft_of_unknown(sender_, contact_key_, envelope);
    return out;
  }

  static std::string mark_of(Time at, const std::array<std::uint8_t, 32>& digest) {
    std::string mark = std::to_string(to_unix_ms(at));
    return mark.append(as_text(digest));
  }

  ContactHash hash(std::string_view name) const {
    return contact_hash(contact_key_, sender_.workspace, name);
  }

  /// By whatever name somebody is written to, it is the same person.
  void add_user_id(std::vector<ContactHash>& people, std::string_view name,
                   std::string_view user_id) const {
    if (!user_id.empty() && user_id != name) people.push_back(hash(user_id));
  }

  static std::string inbound_body(const MessageRow& row, std::string_view group) {
    json::Writer out;
    out.begin_object().key("id").string(row.id.str()).key("status").string("received");
    out.key("type").string(row.kind).key("from_masked").string(row.contact);
    out.key("sender_id").string(row.sender.str());
    out.optional_string("group_id", group);
    out.key("provider_message_id").string(row.provider_message_id).end_object();
    return fields_of(std::move(out));
  }

  const connections::Sender& sender_;
  const crypto::Key& contact_key_;
  Time now_;
};

/// A message of ours that an update tells of, and the event of it.
struct Told {
  MessageId message;
  EventType type;
};

std::optional<Told> message_told_of(const channel::Update& update) {
  if (const auto* status = std::get_if<StatusUpdate>(&update); status && !status->message.is_none())
    return Told{status->message, event_of(status->status)};
  const auto* mark = std::get_if<MessageMark>(&update);
  if (mark == nullptr || mark->message.is_none()) return std::nullopt;
  return Told{mark->message, event_of_mark(mark->kind)};
}

std::vector<MessageId> messages_told_of(const std::vector<channel::Update>& updates) {
  std::vector<MessageId> ids;
  for (const channel::Update& update : updates) {
    if (const auto about = message_told_of(update)) ids.push_back(about->message);
  }
  return ids;
}

}  // namespace

ProviderUpdates::ProviderUpdates(store::Database& db, webhook::Events& events, BegunMessages& begun,
                                 const crypto::Key& contact_key, const Clock& clock,
                                 metering::Limits limits, const connections::Senders& senders,
                                 numbers::SenderStates& states, templates::Templates& templates)
    : db_(db),
      events_(events),
      begun_(begun),
      contact_key_(contact_key),
      clock_(clock),
      limits_(limits),
      senders_(senders),
      states_(states),
      templates_(templates) {}

/// Whose state a notice changes: the number's that it names, else all of the account.
std::vector<SenderId> ProviderUpdates::told_of(const channel::Notice& notice,
                                               const connections::Sender& sender) const {
  if (is_of_sender(notice, sender)) return {sender.id};
  // It was told to some sender of the account where the number is none of ours.
  if (!notice.display_number.empty()) return {};
  std::vector<SenderId> all;
  for (const auto& each : senders_.list(sender.workspace, sender.mode))
    if (each->connection == sender.connection) all.push_back(each->id);
  return all;
}

Task<> ProviderUpdates::find_lanes(connections::SenderPtr sender,
                                   std::vector<channel::Update>& updates, Lanes& lanes) {
  // The conversation of a status stands in the message's row only; it is read where an endpoint
  // will be told.
  std::vector<MessageId> ids;
  for (const channel::Update& update : updates) {
    const auto about = message_told_of(update);
    if (!about || !events_.wanted(sender->workspace, sender->mode, about->type)) continue;
    if (const auto begun = begun_.find(sender->workspace, about->message)) {
      lanes[begun->id] = lane_of(begun->sender, begun->contact_hash);
    } else {
      ids.push_back(about->message);
    }
  }
  if (ids.empty()) co_return Result<>{};
  auto read = [&ids, &lanes, workspace = sender->workspace](store::Connection& db) -> Result<> {
    TRY(const auto found, find_conversations(db, workspace, ids));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (found[i]) lanes[ids[i]] = lane_of(found[i]->sender, found[i]->contact);
    }
    return {};
  };
  co_return co_await db_.read(read);
}

Task<> ProviderUpdates::apply(connections::SenderPtr sender, std::vector<channel::Update> updates) {
  UpdatesOp op(events_, begun_, contact_key_, limits_, templates_, sender, clock_.now());
  const Preparer prepare(*sender, contact_key_, op.now);
  op.updates.reserve(updates.size());
  const bool tells_originals = events_.wants_originals(sender->workspace, sender->mode);
  AboutMessages abouts;
  Lanes lanes;
  if (tells_originals) {
    auto ids = messages_told_of(updates);
    CO_TRY(abouts, co_await find_about(db_, begun_, sender->workspace, std::move(ids)));
    for (const auto& [id, about] : abouts) lanes[id] = about.lane;
  } else {
    CO_CHECK_OK(co_await find_lanes(sender, updates, lanes));
  }
  states_.note_webhook(sender->id, op.now);
  for (channel::Update& update : updates) {
    const auto* notice = std::get_if<channel::Notice>(&update);
    std::vector<SenderId> told;
    if (notice != nullptr && notice->state) told = told_of(*notice, *sender);
    channel::Source source;
    if (tells_originals) source = channel::source_of(update);
    Prepared prepared = std::visit(prepare, update);
    prepared.told_of = std::move(told);
    if (const auto lane = lanes.find(prepared.message); lane != lanes.end())
      prepared.event.lane = lane->second;
    if (source.body) {
      const auto about = abouts.find(prepared.message);
      Content original = sender->adapter->original(
          source, about == abouts.end() ? std::string_view() : about->second.callback_data);
      Prepared words;
      words.kind = Prepared::Kind::kOriginal;
      words.event = original_event(*sender, contact_key_, prepared.event, std::move(original));
      if (!prepared.people.empty()) words.event.contact_hash = prepared.people.front();
      if (about != abouts.end()) words.event.contact_hash = about->second.contact;
      words.plan = events_.plan(words.event);
      if (!words.plan.empty()) op.updates.push_back(std::move(words));
    }
    prepared.plan = events_.plan(prepared.event);
    op.updates.push_back(std::move(prepared));
  }
  CO_CHECK_OK(co_await db_.commit(op));
  for (auto& [id, known] : op.states) states_.put(id, std::move(known));
  const auto executor = co_await net::this_coro::executor;
  for (Prepared& update : op.updates)
    events_.launch(update.event, std::move(update.plan), executor);
  co_return Result<>{};
}

}  // namespace flowsell::messaging
