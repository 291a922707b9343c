#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/id.h"
#include "core/time.h"
#include "identity/caller.h"
#include "store/database.h"

namespace flowsell::connections {

/// How a connection stands. Numbers are stored.
enum class ConnectionStatus : std::uint8_t {
  kPending = 1,         ///< its onboarding has steps left
  kActive = 2,          ///< onboarded, as far as we know all is well
  kActionRequired = 3,  ///< it worked, and somebody has to do something: `reason` says what
  kDisconnected = 4,    ///< its token is destroyed, nothing is sent from it
};
std::string_view connection_status_name(ConnectionStatus status) noexcept;

/// By which way it came. Numbers are stored.
enum class ConnectedVia : std::uint8_t {
  kSetUp = 0,           ///< at the start, by the sandbox
  kEmbeddedSignup = 1,  ///< the provider's pop-up on our hosted page
  kOauth = 2,           ///< the provider's sign-in, by redirect
  kSystemToken = 3,     ///< a system user's token that an operator entered
};
std::string_view connected_via_name(ConnectedVia via) noexcept;

/// Whether the account's owner has given the provider a way to be paid. Numbers are stored.
enum class PaymentStatus : std::uint8_t { kUnknown = 0, kMissing = 1, kPending = 2, kReady = 3 };
std::string_view payment_status_name(PaymentStatus status) noexcept;
std::optional<PaymentStatus> payment_status_named(std::string_view name) noexcept;

/// Who pays the provider. Numbers are stored.
enum class FundingMode : std::uint8_t { kCustomerDirect = 1, kCreditLine = 2, kWallet = 3 };
std::string_view funding_mode_name(FundingMode mode) noexcept;
std::optional<FundingMode> funding_mode_named(std::string_view name) noexcept;

/// From when on who pays.
struct Funding {
  Time effective_from{};
  FundingMode mode = FundingMode::kCustomerDirect;
  std::string set_by;  ///< the operator's id as shown
  Time set_at{};
  friend bool operator==(const Funding&, const Funding&) = default;
};

/// Steps of an onboarding that the server does, in their order.
enum class ServerStep : std::uint8_t {
  kToken,         ///< the token is good, for our app, and may do what is needed
  kAccount,       ///< the account can be read
  kNumbers,       ///< its numbers are known
  kSubscription,  ///< its webhooks come to the app
  kCallback,      ///< and from there to another address, where one is set
  kRegistration,  ///< messages can be sent from its numbers
  kHistory,       ///< contacts and history of a number that stays on its owner's app
};
inline constexpr std::array kServerSteps = {ServerStep::kToken,    ServerStep::kAccount,
                                            ServerStep::kNumbers,  ServerStep::kSubscription,
                                            ServerStep::kCallback, ServerStep::kRegistration,
                                            ServerStep::kHistory};
std::string_view step_name(ServerStep step) noexcept;
/// What people do, with an operator's help: "business_verification", "display_name_review", ....
bool is_assisted_step(std::string_view name) noexcept;

/// Numbers are stored.
enum class StepState : std::uint8_t { kPending = 0, kDone = 1, kFailed = 2, kSkipped = 3 };
std::string_view step_state_name(StepState state) noexcept;
std::optional<StepState> step_state_named(std::string_view name) noexcept;

/// How far a step of an onboarding is.
struct StepRow {
  std::string name;  ///< step_name(), or an assisted one's
  StepState state = StepState::kPending;
  /// With kFailed: why, a stable name, what to do about it, and which number it was about.
  std::string code, fix, about;
  std::int64_t provider_code = 0, provider_subcode = 0;  ///< 0: none
  std::string trace_id;
  std::string note;  ///< an operator's; for operators only
  std::string by;    ///< who did it, as shown; empty: the system
  Time at{};
  friend bool operator==(const StepRow&, const StepRow&) = default;
};

/// All that is stored of a connection.
struct ConnectionRecord {
  WorkspaceId workspace;
  ConnectionId id;
  identity::Mode mode = identity::Mode::kTest;
  std::string channel;
  std::string account;        ///< the provider's id of it
  std::string business_name;  ///< as the provider tells
  std::string label;          ///< the workspace's own name for it
  std::string sealed_token;   ///< empty: none
  Time created_at{};

  ConnectionStatus status = ConnectionStatus::kPending;
  /// Stable: "token_expired", "account_disabled", ...; empty: none. With kActive: what will be
  /// trouble soon ("token_expiring").
  std::string reason;
  Time reason_at{};  ///< where there is one
  ConnectedVia via = ConnectedVia::kSetUp;
  std::string owner_business_id;
  std::string currency;
  std::string time_zone;
  std::string address;     ///< the number that was meant when it was connected; empty: all
  bool is_on_app = false;  ///< its owner goes on using the provider's own app beside it
  std::optional<Time> token_expires_at;  ///< nullopt: it has no end
  std::optional<Time> token_checked_at;
  std::string token_user;  ///< the provider's id of whom the token speaks for
  PaymentStatus payment = PaymentStatus::kUnknown;
  std::string admin_notes;  ///< for operators only
  Time updated_at{};
  std::optional<Time> disconnected_at;

  std::vector<StepRow> steps;
  std::vector<Funding> funding;  ///< oldest first

  friend bool operator==(const ConnectionRecord&, const ConnectionRecord&) = default;

  const StepRow* step(std::string_view name) const noexcept;
  StepRow& put_step(std::string_view name);
  bool is_done(ServerStep step) const noexcept;
  /// The first step that failed; nullptr: none.
  const StepRow* failed_step() const noexcept;
  /// All of the server's steps are done, or were skipped.
  bool is_onboarded() const noexcept;
  FundingMode funding_at(Time now) const noexcept;
};

/// What to do about a `reason`, in words for whoever owns the business. Empty: it is none of ours.
std::string_view fix_of_reason(std::string_view reason) noexcept;

/// In a transaction or snapshot.
Result<std::optional<ConnectionRecord>> find_connection(store::Connection& db,
                                                        const WorkspaceId& workspace,
                                                        const ConnectionId& id);
Result<std::vector<ConnectionRecord>> list_connections(store::Connection& db,
                                                       const WorkspaceId& workspace,
                                                       identity::Mode mode);
/// Every connection in the database that is not disconnected, without steps and funding.
Result<std::vector<ConnectionRecord>> all_connected(store::Connection& db);
/// Whoever has connected the account and not let go of it.
Result<std::optional<ConnectionRecord>> find_by_account(store::Connection& db, identity::Mode mode,
                                                        std::string_view channel,
                                                        std::string_view account);
/// The workspace's own connection of an account, also one that it has let go of.
Result<std::optional<ConnectionRecord>> find_own(store::Connection& db,
                                                 const WorkspaceId& workspace, identity::Mode mode,
                                                 std::string_view channel,
                                                 std::string_view account);
/// In a transaction: writes what is other than `before`; nullptr: it is new.
Result<> store_connection(store::Connection& db, const ConnectionRecord& record,
                          const ConnectionRecord* before);

enum class ConnectionView : std::uint8_t { kMembers, kOperators };
/// As the API and events show it.
std::string render(const ConnectionRecord& record, Time now, ConnectionView view);

}  // namespace flowsell::connections
