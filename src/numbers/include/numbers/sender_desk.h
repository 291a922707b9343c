#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "channel/sender_calls.h"
#include "connections/connection_changes.h"
#include "connections/leased_keys.h"
#include "connections/provider_calls.h"
#include "connections/senders.h"
#include "metering/idempotency.h"
#include "numbers/sender_states.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::numbers {

/// What is asked of a provider about senders: each call is made once, answered by the provider's
/// answer, and put on record where it changes something. What people sent in, or the provider
/// keeps, is not stored; only states of senders are.
///
/// All calls fail as ProviderCalls::call(); with kConflict where the channel has no such call, or
/// the connection is gone. Changes may fail with kStoreUnavailable after the provider made them.
/// Thread-safe.
class SenderDesk {
 public:
  /// Takes a new sender's names for this cell, before its row is there. Fails with
  /// kAccountConnectedElsewhere where another has them.
  using Claim = std::function<Task<>(connections::SenderPtr)>;
  using Key = std::optional<metering::IdempotentCall>;
  using SenderPtr = connections::SenderPtr;

  SenderDesk(store::Database& db, connections::Senders& senders, SenderStates& states,
             connections::ProviderCalls& calls, connections::LeasedKeys& keys, IdSource& ids,
             const Clock& clock, Claim claim);

  struct Done {
    bool is_replay = false;  ///< an earlier call with the same key had done it
  };

  struct Synced {
    bool is_replay = false;
    std::vector<SenderId> added, gone;
    /// Display numbers that the account has and another connection here, too.
    std::vector<std::string> taken;
  };
  /// Reads all numbers of the account and what the provider says of each. Those that are new
  /// become senders; those that are gone stay, marked.
  Task<Synced> sync(team::By by, connections::ConnectionPtr connection, Key key);
  /// The same of an account that was connected this moment, as a part of that. What fails here is
  /// read by the next sync.
  Awaitable<void> read_first(connections::ConnectionPtr connection, connections::Acting by);

  /// `region`: where what is at rest stays; empty: anywhere.
  Task<Done> register_sender(team::By by, SenderPtr sender, Secret pin, std::string region,
                             Key key);
  Task<Done> deregister_sender(team::By by, SenderPtr sender, Key key);
  Task<> set_pin(team::By by, SenderPtr sender, Secret pin);
  Task<Done> request_code(team::By by, SenderPtr sender, channel::CodeMethod method,
                          std::string language, Key key);
  Task<Done> verify_code(team::By by, SenderPtr sender, Secret code, Key key);
  Task<Done> request_name(team::By by, SenderPtr sender, std::string name, Key key);

  Task<channel::SenderProfile> profile(SenderPtr sender);
  /// Fails with kInvalidRequest, each fault with its pointer.
  Task<Done> change_profile(team::By by, SenderPtr sender, channel::SenderProfile change, Key key);

  Task<channel::ProviderPage<std::string>> blocked(SenderPtr sender, channel::ProviderPaging page);
  /// What became of each. A replay asks again: who is blocked stays so.
  struct Blocked {
    bool is_replay = false;
    std::vector<channel::BlockResult> results;
  };
  Task<Blocked> block(team::By by, SenderPtr sender, channel::SenderCalls::Blocking what,
                      std::vector<std::string> people, Key key);

  Task<channel::ProviderPage<channel::QrCode>> qr_codes(SenderPtr sender,
                                                        channel::ProviderPaging page);
  /// Fails with kNotFound.
  Task<channel::QrCode> qr_code(SenderPtr sender, std::string code);
  struct MadeCode {
    bool is_replay = false;
    channel::QrCode code;
  };
  /// A replay looks for the code among the newest: fails with kConflict where it is not there.
  Task<MadeCode> make_qr_code(team::By by, SenderPtr sender, std::string message,
                              channel::QrImage image, Key key);
  /// A replay shows the code as it is.
  Task<MadeCode> change_qr_code(team::By by, SenderPtr sender, std::string code,
                                std::string message, Key key);
  Task<> remove_qr_code(team::By by, SenderPtr sender, std::string code);

  Task<channel::SenderAutomation> automation(SenderPtr sender);
  /// Fails with kInvalidRequest, each fault with its pointer.
  Task<> change_automation(team::By by, SenderPtr sender, channel::SenderAutomation change);

 private:
  /// A change at the provider.
  struct Change {
    std::string act;
    std::string_view what;  ///< completes "the provider refused to ..."
    std::string after;      ///< for the record, as JSON
    http::OutRequest request;
    bool changes_state = false;
    std::string requested_name = {};
  };
  /// nullopt: a replay.
  Task<std::optional<http::Exchange>> change(team::By by, SenderPtr sender, Change change, Key key);
  Task<http::Exchange> change_now(team::By by, SenderPtr sender, Change change);
  Task<http::Exchange> look(SenderPtr sender, Result<http::OutRequest> request,
                            std::string_view what);
  Task<> record(team::By by, std::string target, std::string act, std::string after);
  Task<> reread(SenderPtr sender, std::string requested_name);
  Task<std::vector<channel::SenderState>> read_all(connections::ConnectionPtr connection);
  Task<Synced> sync_now(connections::Acting by, connections::ConnectionPtr connection);
  Result<connections::ConnectionPtr> connection_of(const connections::Sender& sender) const;
  channel::SenderRoute route(const connections::Sender& sender) const;

  store::Database& db_;
  connections::Senders& senders_;
  SenderStates& states_;
  connections::ProviderCalls& calls_;
  connections::LeasedKeys& keys_;
  IdSource& ids_;
  const Clock& clock_;
  const Claim claim_;
};

/// How a sender's channel is managed. Fails with kConflict: it can't be.
Result<const channel::SenderCalls*> sender_calls_of(const channel::Adapter& adapter);

}  // namespace flowsell::numbers
