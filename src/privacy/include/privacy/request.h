#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/id.h"
#include "core/page.h"
#include "core/time.h"

namespace flowsell::privacy {

// Numbers of all of these are stored.

enum class Kind : std::uint8_t { kExport = 1, kDeletion = 2 };
/// About what: somebody's account; one end customer's number in a workspace; a workspace.
enum class Subject : std::uint8_t { kAccount = 1, kRecipient = 2, kWorkspace = 3 };
enum class State : std::uint8_t {
  kReceived = 1,
  kInReview = 2,  ///< an operator looks at it: it waits for him
  kOnHold = 3,    ///< the law asks that the data stay, for a reason that is noted
  kApproved = 4,
  kRunning = 5,
  kDone = 6,
  kRefused = 7,
  kCancelled = 8,
};
std::string_view kind_name(Kind kind) noexcept;
std::string_view subject_name(Subject subject) noexcept;
std::string_view state_name(State state) noexcept;
std::optional<Kind> kind_named(std::string_view name) noexcept;
std::optional<Subject> subject_named(std::string_view name) noexcept;
std::optional<State> state_named(std::string_view name) noexcept;

/// The steps of a deletion, in their order. Each may be repeated; none begins before the one before
/// it has ended everywhere.
enum class Step : std::uint8_t {
  kNone = 0,
  kCheck = 1,   ///< in the cells: nothing is left without an owner
  kKeys = 2,    ///< what lets one in, and what opens what is sealed
  kCells = 3,   ///< rows in cells
  kRecord = 4,  ///< the audit log's personal data
  kRows = 5,    ///< rows that replicas share
  kScrub = 6,   ///< what the engines keep of deleted rows
  kFinish = 7,  ///< the certificate
  /// Instead of them, where people must look at it first: the account is opened again, and the
  /// deletion held.
  kReopen = 8,
};
/// The first step of a subject's deletion, and that behind `step`.
Step first_step(Subject subject) noexcept;
Step next_step(Subject subject, Step step) noexcept;

struct DataRequest {
  DataRequestId id;
  Kind kind = Kind::kExport;
  Subject subject = Subject::kAccount;
  State state = State::kReceived;
  Step step = Step::kNone;  ///< of a deletion that runs: the one that is to be done
  UserId user;              ///< whose account; none: it is about a workspace
  WorkspaceId workspace;
  std::string recipient;     ///< masked; empty once the deletion is done
  std::string contact_hash;  ///< the same, as messages have it
  std::string requested_by;  ///< "usr_...", or an operator
  std::string reason;        ///< of a hold or a refusal
  Time created_at{};
  Time due_at{};                       ///< when it should have ended
  std::optional<Time> runs_after;      ///< of a deletion: until then it can be taken back
  std::optional<Time> download_until;  ///< of an export
  std::optional<Time> finished_at;
  std::string certificate;  ///< of a deletion that is done: one line of JSON

  /// Its end is not known yet.
  bool is_open() const noexcept { return state < State::kDone; }
};
using RequestPage = Page<DataRequest, DataRequestId>;

/// Which requests.
struct RequestQuery {
  UserId of_user;         ///< about his account, or asked for by him; none: any
  WorkspaceId workspace;  ///< about it or a recipient of it; none: any
  std::optional<State> state = std::nullopt;
  bool overdue = false;  ///< open ones whose time is over
  std::optional<DataRequestId> after = std::nullopt, before = std::nullopt;
  std::size_t limit = 20;
};

/// What stays behind a deletion, and why.
struct Retained {
  std::string_view what, why;
};
std::span<const Retained> retained(Subject subject) noexcept;

}  // namespace flowsell::privacy
