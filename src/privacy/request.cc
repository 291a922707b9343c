#include "privacy/request.h"

#include <algorithm>

namespace flowsell::privacy {
namespace {

template <class Value>
struct Named {
  Value value;
  std::string_view name;
};
constexpr std::array kKinds = {Named{Kind::kExport, "export"}, Named{Kind::kDeletion, "deletion"}};
constexpr std::array kSubjects = {Named{Subject::kAccount, "account"},
                                  Named{Subject::kRecipient, "recipient"},
                                  Named{Subject::kWorkspace, "workspace"}};
constexpr std::array kStates = {
    Named{State::kReceived, "received"}, Named{State::kInReview, "in_review"},
    Named{State::kOnHold, "on_hold"},    Named{State::kApproved, "approved"},
    Named{State::kRunning, "running"},   Named{State::kDone, "done"},
    Named{State::kRefused, "refused"},   Named{State::kCancelled, "cancelled"},
};

template <class Rows, class Value>
std::string_view name_in(const Rows& rows, Value value) noexcept {
  const auto found = std::ranges::find(rows, value, [](const auto& row) { return row.value; });
  return found == rows.end() ? std::string_view() : found->name;
}
template <class Value, std::size_t N>
std::optional<Value> value_in(const std::array<Named<Value>, N>& rows,
                              std::string_view name) noexcept {
  const auto found = std::ranges::find(rows, name, [](const auto& row) { return row.name; });
  return found == rows.end() ? std::nullopt : std::optional(found->value);
}

constexpr std::array kOfAccount = {Step::kCheck, Step::kKeys,  Step::kCells, Step::kRecord,
                                   Step::kRows,  Step::kScrub, Step::kFinish};
constexpr std::array kOfRecipient = {Step::kCells, Step::kRows, Step::kScrub, Step::kFinish};
constexpr std::array kOfWorkspace = {Step::kKeys, Step::kCells, Step::kRows, Step::kScrub,
                                     Step::kFinish};

std::span<const Step> steps_of(Subject subject) noexcept {
  switch (subject) {
    case Subject::kAccount:
      return kOfAccount;
    case Subject::kRecipient:
      return kOfRecipient;
    case Subject::kWorkspace:
      return kOfWorkspace;
  }
  return kOfAccount;
}

constexpr Retained kAudit{"audit events without personal data: ids, acts, times",
                          "proof of what was done, security; logs are kept for a year at least "
                          "(DPDP Rules 2025, rule 8)"};
constexpr Retained kRequest{"this request and its certificate, without personal data",
                            "proof that it was answered"};
constexpr Retained kBackups{
    "backups that were made before",
    "they end with the operator's backup plan; who restores one repeats the deletions since "
    "(docs/operations/privacy.md)"};
constexpr Retained kPostgres{
    "bytes of deleted rows in PostgreSQL's log, its archives and standbys, where it is the "
    "database; and in its files, unless privacy.postgres_rewrite is on",
    "PostgreSQL overwrites them in its own time; no query finds them "
    "(docs/operations/privacy.md)"};
constexpr Retained kUsage{"counts of requests and messages", "quota and billing; they name nobody"};

constexpr std::array kRetainedOfAccount = {
    kAudit,
    kRequest,
    Retained{"messages and keys of workspaces that you were in",
             "they are the workspace's; of you they hold an id that stands for nobody now"},
    Retained{"attempts to sign in, by a hash of the address", "they end within an hour"},
    Retained{"the mails about this deletion, sealed, until they are sent", "a day at most"},
    kBackups,
    kPostgres,
};
constexpr std::array kRetainedOfRecipient = {
    kUsage,
    Retained{"rows of messages and events without number, hash and the provider's ids",
             "quota, billing and disputes; they name nobody"},
    Retained{"updates of providers that were not understood",
             "nothing says whom they are about; data.retention_days ends them"},
    kAudit,
    kRequest,
    kBackups,
    kPostgres,
};
constexpr std::array kRetainedOfWorkspace = {
    kUsage,
    kAudit,
    kRequest,
    Retained{"the workspace's id, without name and key", "records speak of it"},
    Retained{"our app's place at a WhatsApp Business account, where WhatsApp could not be told",
             "it was tried for two hours; the record says of which (connection.disconnected); its "
             "owner removes the app in Meta's business settings"},
    Retained{"hashes of idempotency keys, under a key that dies", "four days at most"},
    kBackups,
    kPostgres,
};

}  // namespace

std::string_view kind_name(Kind kind) noexcept { return name_in(kKinds, kind); }
std::string_view subject_name(Subject subject) noexcept { return name_in(kSubjects, subject); }
std::string_view state_name(State state) noexcept { return name_in(kStates, state); }
std::optional<Kind> kind_named(std::string_view name) noexcept { return value_in(kKinds, name); }
std::optional<Subject> subject_named(std::string_view name) noexcept {
  return value_in(kSubjects, name);
}
std::optional<State> state_named(std::string_view name) noexcept { return value_in(kStates, name); }

Step first_step(Subject subject) noexcept { return steps_of(subject).front(); }

Step next_step(Subject subject, Step step) noexcept {
  const auto steps = steps_of(subject);
  const auto next = std::ranges::upper_bound(steps, step);
  return next == steps.end() ? Step::kFinish : *next;
}

std::span<const Retained> retained(Subject subject) noexcept {
  switch (subject) {
    case Subject::kAccount:
      return kRetainedOfAccount;
    case Subject::kRecipient:
      return kRetainedOfRecipient;
    case Subject::kWorkspace:
      return kRetainedOfWorkspace;
  }
  return {};
}

}  // namespace flowsell::privacy
