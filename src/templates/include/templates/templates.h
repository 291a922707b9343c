#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channel/message.h"
#include "channel/template_calls.h"
#include "channel/updates.h"
#include "connections/connections.h"
#include "connections/leased_keys.h"
#include "connections/provider_calls.h"
#include "connections/senders.h"
#include "core/id.h"
#include "metering/idempotency.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"
#include "templates/book.h"
#include "templates/flows.h"
#include "templates/template.h"
#include "webhook/events.h"

namespace flowsell::templates {

class FlowBook;
class Turns;
struct KnownFlow;
struct SeenChange;

/// The templates of all connections: a mirror of what their providers say of them, and what sends
/// are checked by. Thread-safe.
class Templates {
 public:
  Templates(store::Database& db, connections::Connections& connections,
            connections::ProviderCalls& calls, connections::LeasedKeys& keys, IdSource& ids,
            const Clock& clock);
  ~Templates();

  // --- of sends

  struct Allowed {
    std::string category;  ///< of the template; empty: not known, or the message is none
    std::optional<ThrottledFlow> throttled = std::nullopt;  ///< whoever accepts it counts it
  };
  /// What the provider would refuse the message for, by its template and by the flow that it names.
  /// The first send of a template may ask the provider; where it can't be asked, it decides itself.
  /// Fails with kInvalidRequest, every fault with its pointer. `message` must live until then.
  Task<Allowed> check_send(connections::SenderPtr sender, const channel::OutboundMessage& message);

  /// In a transaction: what a webhook tells of a connection's template. `is_new`: it did not come
  /// before.
  Result<> record(store::Connection& db, const connections::Sender& of,
                  const channel::TemplateNews& news, Time at, bool is_new);
  /// In a transaction: what a webhook tells of a connection's flow.
  static Result<> record_flow(store::Connection& db, const connections::Sender& of,
                              const channel::FlowNews& news, Time at);
  /// Something of the connection's templates or flows has changed: memory lets go of them.
  void forget(const ConnectionId& connection);

  /// Tells an event of its own, as webhook::Events::tell(). Before the first sync; without it
  /// nobody is told of what one finds.
  using Tell = std::function<Awaitable<void>(webhook::EventDraft)>;
  void set_tell(Tell tell) { tell_ = std::move(tell); }

  // --- of who manages them. A template is found by its caller's workspace and mode, else
  // kNotFound. What asks the provider fails as ProviderCalls::call().

  struct Made {
    Template row;
    bool is_replay = false;
  };
  /// Fails with kInvalidRequest, as the provider would, before it is asked.
  Task<Made> create(team::By by, connections::ConnectionPtr connection,
                    channel::TemplateDraft draft, std::optional<TemplateId> copied_from,
                    std::optional<metering::IdempotentCall> call);
  /// The draft of a copy for another connection. Fails with kInvalidRequest at /header_handle.
  Task<channel::TemplateDraft> draft_of(identity::Caller caller, TemplateId id, std::string name,
                                        std::string header_handle);
  /// Fails with kConflict where its status does not allow it.
  Task<Made> edit(team::By by, TemplateId id, channel::TemplateEdit edit,
                  std::optional<metering::IdempotentCall> call);
  Task<> remove(team::By by, TemplateId id);
  /// All languages of the name.
  Task<> remove_name(team::By by, connections::ConnectionPtr connection, std::string name);

  enum class Act : std::uint8_t { kArchive, kUnarchive, kUnpause };
  /// Fails with kConflict where the provider does not do it.
  Task<Made> act(team::By by, TemplateId id, Act act, std::optional<metering::IdempotentCall> call);

  /// Reads all of an account's templates; what the provider has no more is marked deleted. What
  /// changed of those that were known is told as webhooks tell it. `by`: nullopt where nobody
  /// asked.
  Task<SyncReport> sync(std::optional<team::By> by, connections::ConnectionPtr connection);
  /// The same where that was never done. What the provider does not answer is left for later.
  Task<> sync_first(connections::ConnectionPtr connection);
  struct Synced {
    SyncReport report;
    bool is_replay = false;  ///< it was done before: the report is of the last one
  };
  /// The same under an Idempotency-Key.
  Task<Synced> sync_once(team::By by, connections::ConnectionPtr connection,
                         std::optional<metering::IdempotentCall> call);

  /// One of which the provider has more to say is read from it first.
  Task<Template> find(identity::Caller caller, TemplateId id);
  Task<TemplatePage> list(Query query) const;
  Task<std::vector<Version>> versions(identity::Caller caller, TemplateId id);
  Task<channel::TemplateLibrary> library(connections::ConnectionPtr connection,
                                         channel::LibrarySearch search);
  /// Fails with kConflict: its design is not known.
  Result<channel::TemplateSchema> schema_of(const Template& row) const;

 private:
  JudgedPtr judge(const Template& row) const;
  Task<JudgedPtr> look_up(connections::SenderPtr sender, std::string name, std::string language);
  Task<JudgedPtr> ask_provider(connections::SenderPtr sender, std::string name,
                               std::string language, JudgedPtr known_so_far);
  /// What the provider has answered.
  struct Fetched {
    Time asked_at;
    std::vector<channel::ProviderTemplate> templates;
    std::optional<std::int64_t> of_account;  ///< how many it has in all; none: it does not say
  };
  /// Gives a row the answer where a webhook came between that is not surely newer.
  static void settle(Template& row, const Fetched& answer);
  /// Reads the templates of a name, in all languages, and stores them.
  Task<Fetched> fetch_name(connections::ConnectionPtr connection, std::string name);
  Task<std::optional<Template>> read_by_name(connections::SenderPtr sender, std::string name,
                                             std::string language) const;

  Task<std::optional<ThrottledFlow>> check_flows(connections::SenderPtr sender,
                                                 const channel::TemplateSchema& schema);
  Task<std::optional<ThrottledFlow>> check_flow(connections::SenderPtr sender,
                                                const channel::FlowButton& button);
  Task<std::optional<ThrottledFlow>> check_flow(connections::SenderPtr sender, std::string flow,
                                                std::string_view pointer);
  Task<KnownFlow> known_flow(connections::SenderPtr sender, const std::string& flow);
  Task<KnownFlow> ask_flow(connections::SenderPtr sender, const std::string& flow, KnownFlow known);

  Task<Template> find_row(identity::Caller caller, TemplateId id) const;
  Task<Template> find_by_name_of(connections::ConnectionPtr connection, std::string name,
                                 std::string language) const;
  Result<connections::ConnectionPtr> connection_of(const Template& row) const;
  /// `changes`: gets what became of rows that were known; nullptr: nobody asks.
  Task<SyncReport> store(connections::ConnectionPtr connection,
                         std::vector<channel::ProviderTemplate> templates, Time asked_at,
                         std::vector<SeenChange>* changes = nullptr);
  Task<> tell_changes(connections::ConnectionPtr connection, std::vector<SeenChange> changes,
                      Time at);
  Task<Fetched> refresh(connections::ConnectionPtr connection, std::string provider_id);
  Task<Template> refreshed(identity::Caller caller, connections::ConnectionPtr connection,
                           Template row);
  Task<TemplateId> make(team::By by, connections::ConnectionPtr connection,
                        channel::TemplateDraft draft, TemplateId fresh,
                        std::optional<TemplateId> copied_from);
  Task<> change(team::By by, connections::ConnectionPtr connection, Template row,
                channel::TemplateEdit edit);
  Task<> do_act(team::By by, connections::ConnectionPtr connection, Template row, Act act);

  store::Database& db_;
  connections::Connections& connections_;
  connections::ProviderCalls& calls_;
  connections::LeasedKeys& keys_;
  IdSource& ids_;
  const Clock& clock_;
  Book book_;
  Tell tell_;
  std::unique_ptr<FlowBook> flows_;
  std::unique_ptr<Turns> turns_;
};

}  // namespace flowsell::templates
