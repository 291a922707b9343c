#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "crypto/rotating_keys.h"
#include "mail/queue.h"
#include "mail/schema.h"
#include "mail_table.h"
#include "postgres_schema.h"
#include "sample_mail.h"
#include "store/postgres.h"
#include "testkit/database.h"
#include "testkit/temp_folder.h"

namespace flowsell::mail {

inline const store::Sql kAllOfTheTable(
    "SELECT COALESCE(hex(sealed), '') || ' ' || kind || ' ' || COALESCE(reason, '') FROM mails",
    "SELECT COALESCE(encode(sealed, 'hex'), '') || ' ' || kind || ' ' || COALESCE(reason, '') FROM "
    "mails");
inline const store::Sql kWithContent(
    "SELECT COUNT(*) FROM mails WHERE sealed IS NOT NULL OR key_id IS NOT NULL");

inline const store::Sql kStatus(
    "SELECT kind, state, attempts, created_at, settled_at, code, reason FROM mails WHERE id = ?1");

/// What a mail's row says of it.
struct MailStatus {
  std::string kind;
  MailState state{};
  int attempts = 0;  ///< begun ones
  Time created_at;
  std::optional<Time> settled_at;
  int code = 0;
  std::string reason;
};

/// The table as accounts have it: SQLite with its one writer, or a schema on PostgreSQL that nobody
/// owns and two processes write to.
class MailWorld : public testing::Test {
 protected:
  MailWorld() {
    if (testkit::tests_run_on_postgres()) {
      schema_ = std::make_unique<store::PostgresSchema>();
      first_ = open_shared();
      second_ = open_shared();
      const auto migrated = first_->migrate(migrations());
      if (!migrated) throw std::runtime_error(migrated.error().detail);
    } else {
      first_ = testkit::open_database(folder_, {migrations()});
    }
  }
  ~MailWorld() override {
    if (second_) second_->stop();
    first_->stop();
  }

  store::Database& db() { return *first_; }
  /// As another process has it, where there can be one.
  store::Database& other_db() { return second_ ? *second_ : *first_; }

  MailId put(MailKind kind = MailKind::kResetPassword, std::chrono::seconds life = kMailLifeMax) {
    Mail mail = sample_mail(kind, ids_.next_bytes());
    mail.now = clock_.now();
    mail.life = life;
    const auto queued = testkit::write(
        db(), [&](store::Connection& connection) { return enqueue(connection, *keys_, mail); });
    if (!queued) throw std::runtime_error(queued.error().detail);
    return mail.id;
  }
  std::optional<ClaimedMail> claim(store::Database& database, const Claimant& claimant = {},
                                   std::chrono::milliseconds lease = std::chrono::minutes(2)) {
    return testkit::in_transaction(database, [&](store::Connection& connection) {
      return claim_due(connection, claimant, clock_.now(), clock_.now() + lease);
    });
  }
  bool end(const ClaimedMail& mail, const Ending& ending, const Claimant& claimant = {}) {
    return testkit::in_transaction(db(), [&](store::Connection& connection) {
      return settle(connection, mail, claimant, ending, clock_.now());
    });
  }
  std::optional<Time> due() { return testkit::in_snapshot(db(), next_due); }
  std::optional<MailStatus> find(const MailId& id) {
    return testkit::in_snapshot(
        db(), [&](store::Connection& connection) -> Result<std::optional<MailStatus>> {
          std::optional<MailStatus> status;
          CHECK_OK(connection.query(
              kStatus, {store::Param::blob(blob_of(id))}, [&status](const store::Row& row) {
                status = MailStatus{std::string(row.text(0)),
                                    static_cast<MailState>(row.integer(1)),
                                    static_cast<int>(row.integer(2)),
                                    row.time(3),
                                    row.is_null(4) ? std::nullopt : std::optional(row.time(4)),
                                    static_cast<int>(row.integer(5)),
                                    std::string(row.text(6))};
              }));
          return status;
        });
  }
  MailStatus status(const MailId& id) { return find(id).value(); }
  std::int64_t with_content() { return testkit::numbers(db(), kWithContent).at(0); }
  std::unique_ptr<crypto::RotatingKeys> open_keys() {
    return *crypto::RotatingKeys::open({.folder = folder_ / "keys", .name = "spool"}, clock_.now());
  }

  testkit::TempFolder folder_;
  ManualClock clock_{kSampleTime};
  IdSource ids_{clock_};
  std::unique_ptr<crypto::RotatingKeys> keys_ = open_keys();

 private:
  std::unique_ptr<store::Database> open_shared() {
    auto opened = store::open_postgres(
        {.conninfo = Secret(schema_->conninfo()), .readers = 1, .is_shared = true});
    if (!opened) throw std::runtime_error(opened.error().detail);
    return *std::move(opened);
  }
  std::unique_ptr<store::PostgresSchema> schema_;
  std::unique_ptr<store::Database> first_;
  std::unique_ptr<store::Database> second_;
};

}  // namespace flowsell::mail
