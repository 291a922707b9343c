#include "cell.h"

#include "audit/audit_log.h"
#include "messaging/render.h"
#include "routes.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

/// A round ends with the provider call that it has open.
constexpr std::chrono::seconds kTokenRoundMax{20};

/// On the system's chain, which is in the database that was restored.
audit::Act act_of_restore(IdSource& ids, const store::Restore& restore, Time now) {
  auto act = audit::new_act(ids, now, audit::system_scope(), {}, {}, "backup.restored");
  act.after = audit::json_of({{"epoch", std::to_string(restore.epoch)},
                              {"backup_at", format_time(restore.backup_at)},
                              {"restored_at", format_time(restore.restored_at)}});
  return act;
}

connections::AdapterLookup adapters_of(const Process& process) {
  return [&adapter = *process.adapter](std::string_view name) {
    return name == adapter.name() ? &adapter : nullptr;
  };
}

/// A sender's pace by what its provider said of it last.
messaging::SendOptions with_known_pace(messaging::SendOptions options,
                                       const numbers::SenderStates& states) {
  options.known_pace = [&states](const SenderId& sender) {
    return channel::messages_per_second(states.find(sender).state);
  };
  return options;
}

Task<> claim_sender(connections::NameBook names, connections::SenderPtr sender) {
  connections::ProviderNames wanted;
  wanted.mode = sender->mode;
  wanted.account = sender->account;
  wanted.addresses = {sender->address};
  CO_TRY(const bool is_ours, co_await names.claim(std::move(wanted)));
  if (!is_ours)
    co_return fail(ErrorCode::kAccountConnectedElsewhere,
                   "another workspace has connected the number");
  co_return Result<>{};
}

numbers::SenderDesk::Claim claim_of_senders(const connections::NameBook& names) {
  return [names](connections::SenderPtr sender) { return claim_sender(names, std::move(sender)); };
}

numbers::Doctor::Options doctor_options(const Process& process) {
  numbers::Doctor::Options options;
  options.app = [&process](identity::Mode mode) {
    return numbers::ProviderApp{process.connector_options.app(mode),
                                process.settings.whatsapp.verify_token};
  };
  options.callback = [&process] { return process.callback_url(); };
  options.policies_version = process.settings.terms.provider_policies_version;
  return options;
}

}  // namespace

Cell::Cell(Process& process, std::unique_ptr<store::Database> database, Publish publish,
           const connections::NameBook& names, std::function<bool()> holds_lease)
    : process_(process),
      db_(std::move(database)),
      workspaces_(*db_, process.keys.ring, process.ids, process.clock,
                  process.keys.former ? &*process.keys.former : nullptr),
      api_keys_(*db_, process.ids, process.clock),
      rate_limit_(process.settings.limits.requests_per_second_per_key),
      idempotency_(*process.keys.fingerprint),
      send_keys_(*process.keys.fingerprint),
      members_(*db_, process.ids, process.clock),
      key_desk_(*db_, api_keys_, idempotency_, process.ids, process.clock,
                process.settings.terms.provider_policies_version),
      settings_desk_(*db_, workspaces_,
                     {process.settings.data.retention, process.settings.content.retention},
                     process.ids, process.clock),
      support_sessions_(*db_, idempotency_, process.ids, process.clock),
      policies_(*db_, process.ids, process.clock, process.settings.terms.provider_policies_version),
      consents_(*db_, idempotency_, process.ids, process.clock),
      limits_{process.settings.quota.live_monthly, process.settings.sandbox.test_quota},
      quotas_(limits_),
      outbox_(*db_, process.clock, process.pool, process.metrics),
      endpoints_(*db_, workspaces_, *process.guard, process.client, idempotency_, process.ids,
                 process.clock),
      events_(*db_, endpoints_, begun_deliveries_, outbox_, *process.keys.spool,
              workspaces_.settings(), process.ids, process.clock,
              process.settings.content.retention),
      deliveries_(
          *db_, begun_deliveries_, process.client, endpoints_, outbox_, *process.keys.spool,
          process.clock,
          {process.settings.outbox.concurrency_per_endpoint, process.settings.webhook.timeout,
           process.settings.webhook.retry_schedule, messaging::event_body},
          process.metrics),
      senders_(*db_, workspaces_, adapters_of(process), process.ids, process.clock),
      sender_states_([this](const SenderId& sender) { outbox_.renew_policy(sender.bytes()); }),
      messages_(*db_, begun_),
      provider_calls_(process.client, process.clock, process.send_options.routes),
      leased_keys_(*db_, idempotency_, process.clock),
      connection_changes_(*db_, senders_, events_, idempotency_, process.ids, process.clock),
      connector_(connection_changes_, provider_calls_, workspaces_, policies_, names,
                 adapters_of(process), process.ids, process.connector_options),
      connection_desk_(connection_changes_, provider_calls_, names),
      token_watch_(process.pool, connection_changes_, connector_, workspaces_),
      media_({*db_, senders_, provider_calls_, leased_keys_, process.client, process.ids,
              process.clock}),
      onboarding_({*db_, events_, idempotency_, process.ids, process.clock}),
      account_steps_(connector_, connection_changes_, *process.adapter),
      onboarding_door_(
          {*db_, events_, workspaces_, provider_calls_, account_steps_, process.ids, process.clock},
          process.signup_places),
      templates_(*db_, senders_.connections(), provider_calls_, leased_keys_, process.ids,
                 process.clock),
      send_(*db_, begun_, messages_, process.client, senders_, events_, waiters_, outbox_,
            *process.keys.spool, process.clock, limits_,
            with_known_pace(process.send_options, sender_states_), process.metrics),
      accept_(*db_, senders_, send_, outbox_, events_, send_keys_, begun_, messages_,
              process.keys.contact, workspaces_.settings(), process.ids, process.clock, quotas_,
              templates_),
      updates_(*db_, events_, begun_, process.keys.contact, process.clock, limits_, senders_,
               sender_states_, templates_),
      read_receipts_(messages_, senders_, provider_calls_, leased_keys_),
      sender_desk_(*db_, senders_, sender_states_, provider_calls_, leased_keys_, process.ids,
                   process.clock, claim_of_senders(names)),
      doctor_(*db_, senders_, sender_states_, provider_calls_, process.client, process.clock,
              doctor_options(process)),
      preflight_(*db_, senders_, sender_states_, provider_calls_, accept_, workspaces_.settings(),
                 process.clock,
                 {limits_, process.send_options.messages_per_second, process.rate_card}),
      ingest_(*process.adapter, senders_, updates_, process.metrics),
      growth_(*db_, process.settings.data.retention, process.metrics),
      retention_(*db_, workspaces_.settings(), settings_desk_.limits(), process.ids,
                 process.metrics),
      maintenance_(process.pool, *db_, *process.keys.spool, *process.keys.fingerprint, idempotency_,
                   send_keys_, begun_, begun_deliveries_, growth_, retention_, api_keys_,
                   support_sessions_, onboarding_, process.metrics, process.clock),
      audit_signing_(process.pool, *db_, *process.audit_heads, process.clock),
      media_renewals_(process.pool, media_),
      services_{*db_,
                process.clock,
                api_keys_,
                rate_limit_,
                idempotency_,
                limits_,
                process.settings.server.body_bytes_max,
                senders_,
                provider_calls_,
                leased_keys_,
                connection_changes_,
                connector_,
                connection_desk_,
                token_watch_,
                media_,
                onboarding_,
                onboarding_door_,
                templates_,
                accept_,
                messages_,
                read_receipts_,
                waiters_,
                endpoints_,
                begun_deliveries_,
                *process.keys.spool,
                workspaces_,
                members_,
                key_desk_,
                settings_desk_,
                support_sessions_,
                policies_,
                consents_,
                std::move(publish),
                sender_states_,
                sender_desk_,
                doctor_,
                preflight_} {
  outbox_.set_lease(std::move(holds_lease));
  events_.set_delivery_handler(deliveries_);
  outbox_.set_handler(outbox::JobKind::kSend, send_);
  outbox_.set_handler(outbox::JobKind::kDelivery, deliveries_);
  send_.set_token_listener([this](const ConnectionId& id, const ProviderError& error) {
    token_watch_.refused(id, error);
  });
  provider_calls_.set_listener(
      [this](const connections::ConnectionPtr& connection, const ProviderError& error) {
        token_watch_.refused(connection->id, error);
      });
  templates_.set_tell([this](webhook::EventDraft draft) { return events_.tell(std::move(draft)); });
  connection_desk_.set_on_let_go(
      {[](store::Connection& db, const WorkspaceId& workspace, const ConnectionId& connection) {
         return templates::forget_flows(db, workspace, connection);
       },
       [this](const ConnectionId& connection) { templates_.forget(connection); }});
  connector_.set_listener([this](connections::ConnectionPtr connection, connections::Acting by) {
    return sender_desk_.read_first(std::move(connection), std::move(by));
  });
  ingest_.set_account_listener(
      [this](connections::ConnectionPtr connection, channel::AccountChange change) {
        return token_watch_.account_changed(std::move(connection), change);
      });
}

Cell::~Cell() = default;

Result<> Cell::load() {
  CHECK_OK(growth_.prepare(process_.clock.now()));
  TRY(restore_, store::find_restore(*db_, process_.clock.now()));
  if (restore_) {
    idempotency_.set_restored_at(restore_->restored_at);
    send_keys_.set_restored_at(restore_->restored_at);
  }
  CHECK_OK(workspaces_.load_keys());
  CHECK_OK(workspaces_.settings().load(*db_));
  CHECK_OK(senders_.load());
  CHECK_OK(sender_states_.load(*db_));
  CHECK_OK(endpoints_.load());
  Result<> loaded;
  CHECK_OK(db_->read_now([&](store::Connection& connection) {
    loaded = idempotency_.load_days(connection);
    if (loaded) loaded = send_keys_.load(connection);
  }));
  return loaded;
}

Result<> Cell::recover() {
  if (!restore_ || restore_->is_settled) return outbox_.recover();
  // Its chains are older than what was signed: those signatures stay, under another name.
  TRY(const auto former, process_.audit_heads->begin_anew(process_.clock.now()));
  log::warn("the signed ends of the audit log are kept apart: the database is older",
            {{"file", former.filename().string()}});
  log::warn("this database was restored from a backup: nothing unfinished in it is done again",
            {{"epoch", restore_->epoch},
             {"backup_at", format_time(restore_->backup_at)},
             {"restored_at", format_time(restore_->restored_at)}});
  CHECK_OK(outbox_.recover(outbox::FoundIn::kBackup));
  return store::settle_restore(*db_, process_.clock.now(), [this](store::Connection& db) {
    return audit::append(db, act_of_restore(process_.ids, *restore_, process_.clock.now()));
  });
}

void Cell::start() {
  outbox_.start();
  maintenance_.start();
  token_watch_.start();
  media_renewals_.start();
  audit_signing_.start();
}

void Cell::close() {
  outbox_.close();
  maintenance_.stop();
  token_watch_.stop();
  media_renewals_.stop();
}

void Cell::end() {
  outbox_.abandon();
  token_watch_.wait(kTokenRoundMax);
  media_renewals_.wait();
  // A database that is away would keep it waiting.
  if (db_->healthy()) maintenance_.last_round();
  audit_signing_.stop();
  db_->stop();
}

}  // namespace flowsell::app
