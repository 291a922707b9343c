#include "messaging_world.h"

#include "connections/schema.h"
#include "json/json.h"
#include "json/writer.h"
#include "media/schema.h"
#include "messaging/render.h"
#include "numbers/schema.h"
#include "templates/schema.h"

namespace flowsell::messaging {
namespace {

webhook::WorldOptions with_tables(const MessagingOptions& options) {
  webhook::WorldOptions out;
  out.more_tables = options.more_tables;
  out.more_tables.push_back(connections::migrations());
  out.more_tables.push_back(numbers::migrations());
  out.more_tables.push_back(media::migrations());
  out.more_tables.push_back(templates::migrations());
  out.more_tables.push_back(messaging::migrations());
  out.delivery.body_of = event_body;
  return out;
}

SendOptions send_options(const MessagingOptions& options, const testkit::HttpImposter& provider) {
  SendOptions out;
  out.messages_per_second = 0;
  out.concurrency = options.concurrency;
  out.pair_limit = false;
  out.timeout = options.timeout;
  out.routes.test_api_base =
      http::Url::parse(options.api_base.empty() ? provider.url("/v1") : options.api_base).value();
  return out;
}

}  // namespace

connections::Senders::Draft draft_of_sender(const identity::Caller& caller,
                                            const std::string& address, const std::string& number) {
  connections::Senders::Draft draft;
  draft.workspace = caller.workspace;
  draft.mode = caller.mode;
  draft.channel = "fake";
  draft.account = "account";
  draft.business_name = "Acme";
  draft.token = Secret("the-provider-token");
  draft.address = address;
  draft.display_number = number;
  return draft;
}

MessagingWorld::MessagingWorld(MessagingOptions wanted)
    : WebhookWorld(with_tables(wanted)),
      send_keys(*fingerprint),
      options(std::move(wanted)),
      senders(
          *db, workspaces,
          [this](std::string_view name) { return name == adapter.name() ? &adapter : nullptr; },
          ids, clock),
      provider_calls(client, clock, send_options(options, provider).routes),
      leased_keys(*db, idempotency, clock),
      templates(*db, senders.connections(), provider_calls, leased_keys, ids, clock),
      messages(*db, begun),
      send_handler(*db, begun, messages, client, senders, events, waiters, outbox, *spool, clock,
                   options.limits, send_options(options, provider), metrics),
      accept(*db, senders, send_handler, outbox, events, send_keys, begun, messages, contact_key,
             workspaces.settings(), ids, clock, quotas, templates),
      updates_in(*db, events, begun, contact_key, clock, options.limits, senders, states,
                 templates),
      library({*db, senders, provider_calls, leased_keys, client, ids, clock}),
      read_receipts(messages, senders, provider_calls, leased_keys) {
  outbox.set_handler(outbox::JobKind::kSend, send_handler);
  http::Response taken;
  taken.body = R"({"id":"pm.1"})";
  provider.otherwise(taken);
  if (options.with_sender) sender = add_sender("111", "+15550783881");
}

MessagingWorld::~MessagingWorld() {
  provider.release();
  outbox.stop(testkit::kPatience);
  pool.stop();
}

connections::SenderPtr MessagingWorld::add_sender(const std::string& address,
                                                  const std::string& number) {
  auto made = senders.create(draft_of_sender(caller, address, number));
  if (!made) throw std::runtime_error(made.error().detail);
  return *made;
}

std::string MessagingWorld::text_json(const std::string& to, const std::string& text) {
  return R"({"to":")" + to + R"(","type":"text","text":{"body":)" + json::quoted(text) + "}}";
}

metering::IdempotentCall MessagingWorld::call(const std::string& key, std::string_view body) {
  return idempotency.begin(caller.workspace, caller.mode, "POST", "/v1/messages", key, body,
                           clock.now());
}

Result<Accepted> MessagingWorld::send_json(const std::string& body,
                                           std::optional<std::string> key) {
  TRY(const auto document, json::parse(body));
  TRY(auto message, channel::parse_message(document.root()));
  std::optional<metering::IdempotentCall> idempotent;
  if (key) idempotent = call(*key, body);
  return testkit::run(pool, accept.accept(caller, accept.next_id(), std::move(message),
                                          Content(std::string(body)), std::move(idempotent)));
}

MessageRow MessagingWorld::send_and_settle(const std::string& to) {
  const auto accepted = send(to);
  if (!accepted) throw std::runtime_error(accepted.error().detail);
  if (!idle()) throw std::runtime_error("an attempt did not end");
  return row(accepted->row->id);
}

MessageRow MessagingWorld::row(const MessageId& id) {
  const auto found = testkit::run(pool, messages.find(caller.workspace, id));
  if (!found) throw std::runtime_error(found.error().detail);
  return found->value_or(MessageRow());
}

bool MessagingWorld::becomes(const MessageId& id, MessageStatus status) {
  return testkit::eventually([&] { return row(id).status == status; });
}

std::vector<std::string> MessagingWorld::event_types() {
  std::vector<std::string> types;
  auto all = events_now({.limit = 100});
  std::ranges::reverse(all);
  for (const auto& event : all) types.emplace_back(webhook::event_type_name(event.draft.type));
  return types;
}

std::array<std::int64_t, metering::kMetricCount> MessagingWorld::usage() {
  const auto today = metering::day_of(clock.now());
  const auto days = testkit::in_snapshot(*db, [&](store::Connection& connection) {
    return metering::read_usage(connection, {caller.workspace, caller.mode}, today, today);
  });
  return days.empty() ? std::array<std::int64_t, metering::kMetricCount>{} : days.front().counts;
}

channel::StatusUpdate MessagingWorld::status_of(const MessageId& id, MessageStatus status) const {
  channel::StatusUpdate update;
  update.address = sender->address;
  update.message = id;
  update.provider_message_id = "pm.1";
  update.status = status;
  update.at = clock.now();
  return update;
}

}  // namespace flowsell::messaging
