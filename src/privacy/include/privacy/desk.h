#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "core/sensitive.h"
#include "crypto/rotating_keys.h"
#include "privacy/export.h"
#include "privacy/legal_hold.h"
#include "privacy/request.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::privacy {

/// What an operator does to a deletion that has not begun.
enum class OperatorStep : std::uint8_t {
  kReview,   ///< it waits for him
  kHold,     ///< with a reason: it waits until it is released
  kRelease,  ///< back into review
  kApprove,  ///< it runs when its time has come
  kRefuse,   ///< with a reason
};
std::optional<OperatorStep> operator_step_named(std::string_view name) noexcept;

struct DeskOptions {
  std::chrono::hours grace{72};     ///< in which a deletion can be taken back
  std::chrono::hours due{30 * 24};  ///< when a request should have ended
  /// Deletions wait until an operator has approved them.
  bool review = false;
  std::string public_url;  ///< what links in mails begin with
};

/// Takes requests about what is held, and knows how each stands. The database is the one that
/// replicas share. Thread-safe.
class Desk {
 public:
  static constexpr std::chrono::hours kDownloadLife{7 * 24};
  /// Of one user: a company answers its customers' requests, and each may be open for a month. Wide
  /// enough for who works through them by hand, and an end for a program that goes wrong.
  static constexpr std::int64_t kOpenPerUserMax = 1'000;
  static constexpr std::int64_t kPerUserAndDayMax = 200;

  /// All outlive it.
  struct Rooms {
    store::Database& db;
    crypto::RotatingKeys& spool;
    IdSource& ids;
    const Clock& clock;
    std::function<void()> mail_waits;  ///< called when one does
    std::function<void()> work_waits;  ///< the same of a deletion
  };
  Desk(Rooms rooms, DeskOptions options);

  struct Asked {
    DataRequestId id;
    Kind kind = Kind::kExport;
    Subject subject = Subject::kAccount;
    UserId user;            ///< whose account; none: it is about a workspace
    WorkspaceId workspace;  ///< none: it is about an account
    std::string recipient = {}, contact_hash = {};  ///< of a recipient: masked, as messages have it
    audit::Actor by;
    /// Where an operator asks for somebody: what goes on the operators' own record.
    std::optional<audit::Act> also = std::nullopt;
  };
  IdSource& ids() noexcept { return rooms_.ids; }
  DataRequestId new_id() { return rooms_.ids.next<IdKind::kDataRequest>(); }
  /// Whoever asks has proven who he is, and may. An export can be downloaded at once. A deletion of
  /// an account is told to its address, with a link that stops it. Fails with kNotFound (no such
  /// account), kConflict (a deletion of the same is open already, the user is a workspace's last
  /// owner, or has too many open) and kRateLimited (too many of one user within a day).
  Task<DataRequest> ask(Asked asked, audit::Origin from);

  /// Fails with kNotFound.
  Task<DataRequest> find(DataRequestId id) const;
  /// The request that a mail's link is for. Fails with kInvalidToken: also where it was sent to an
  /// address that the account has left.
  Task<DataRequest> find_by_link(Secret token) const;
  /// An account has another address: the link of its deletion goes there.
  void address_changed() { rooms_.work_waits(); }
  using Query = RequestQuery;
  Task<RequestPage> list(Query query) const;

  /// What replicas share about an account; see export.h.
  Task<ExportPart> export_account(DataRequest request, std::vector<std::string> more,
                                  ExportCursor from = {}) const;
  /// What a workspace holds about one of its members; see export.h.
  Task<ExportPart> export_member(store::Database& cell, DataRequest request, accounts::User user,
                                 WorkspaceId workspace, ExportCursor from = {}) const;
  /// A workspace; see export.h.
  Task<ExportPart> export_workspace(store::Database& cell, DataRequest request,
                                    ExportCursor from = {}) const;
  /// Before a request about a workspace is asked: puts it on the workspace's record too, which is
  /// in its cell.
  Task<> note_in_workspace(store::Database& cell, Asked asked, audit::Origin from);
  /// Fails with kConflict: it is no export, or the time for its download is over.
  Result<> check_download(const DataRequest& request) const;
  /// Puts on record that one is downloaded. Fails as check_download().
  Task<> note_download(DataRequest request, audit::Actor by, audit::Origin from);
  /// Fails with kConflict where it is no deletion, or has begun.
  Task<DataRequest> cancel(DataRequest request, audit::Actor by, audit::Origin from);
  /// Fails with kConflict where it stands otherwise, and kInvalidRequest without a reason that is
  /// needed.
  struct Stepped {
    OperatorStep step = OperatorStep::kReview;
    std::string reason = {};
    audit::Actor by;
    audit::Origin from = {};
    std::optional<audit::Act> also = std::nullopt;  ///< as Asked::also
  };
  Task<DataRequest> step(DataRequest request, Stepped stepped);

  // --- legal holds (hold_desk.cc) ---

  struct Holding {
    LegalHold hold;  ///< without id, operator and time
    audit::Actor by;
    audit::Origin from = {};
    audit::Act also;  ///< what goes on the operators' own record
  };
  /// Deletions of it that have not begun are on hold from here on. Fails with kNotFound (no such
  /// account) and kConflict: it is held already, or its deletion runs.
  Task<LegalHold> put_hold(Holding wanted);
  /// Deletions of it go back into review. Fails with kNotFound.
  Task<> lift_hold(AuditEventId id, audit::Actor by, audit::Origin from, audit::Act also);
  Task<HoldPage> list_holds(HoldQuery query) const;

 private:
  DataRequest request_of(const Asked& asked) const;
  static Result<std::optional<Error>> check_count(store::Connection& db, const audit::Actor& by,
                                                  Time now);
  static Result<> check_reason(const std::string& reason);
  Task<DataRequest> moved(DataRequest request, bool is_moved);

  const Rooms rooms_;
  const DeskOptions options_;
};

}  // namespace flowsell::privacy
