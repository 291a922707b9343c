#include "mail/queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/packing.h"
#include "crypto/seal.h"
#include "mail_table.h"

namespace flowsell::mail {
namespace {

using store::Param;
using store::Sql;

const Sql kInsert(
    "INSERT INTO mails (id, kind, state, created_at, expires_at, due, attempts, key_id, sealed) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING");

// On PostgreSQL claimers pass each other by: a row that one is about to claim is none for the
// others, and one that was claimed meanwhile is looked at anew under its lock.
#define CLAIM(lock)                                                                            \
  "UPDATE mails SET due = ?2, claimed_by = ?3, attempts = attempts + 1 WHERE id = (SELECT id " \
  "FROM mails WHERE due <= ?1 ORDER BY due, id LIMIT 1" lock                                   \
  ") RETURNING id, kind, created_at, "                                                         \
  "expires_at, attempts, key_id, sealed"
const Sql kClaim(CLAIM(""), CLAIM(" FOR UPDATE SKIP LOCKED"));
#undef CLAIM

const Sql kWaiting(
    "SELECT id, kind, created_at, expires_at, attempts, key_id, sealed FROM mails WHERE state = 0 "
    "AND sealed IS NOT NULL ORDER BY id");
const Sql kDrop("DELETE FROM mails WHERE id = ?1");

const Sql kNextDue("SELECT MIN(due) FROM mails WHERE due IS NOT NULL");

const Sql kAgain(
    "UPDATE mails SET due = ?4, claimed_by = NULL, code = ?5, reason = ?6 "
    "WHERE id = ?1 AND state = 0 AND claimed_by = ?2 AND attempts = ?3");
const Sql kEnd(
    "UPDATE mails SET state = ?4, settled_at = ?5, code = COALESCE(?6, code), "
    "reason = COALESCE(?7, reason), due = NULL, claimed_by = NULL, key_id = NULL, sealed = NULL "
    "WHERE id = ?1 AND state = 0 AND claimed_by = ?2 AND attempts = ?3");
// Whoever has claimed it since: there is nothing left to send.
const Sql kSent(
    "UPDATE mails SET state = 1, settled_at = ?2, code = NULL, reason = NULL, due = NULL, "
    "claimed_by = NULL, key_id = NULL, sealed = NULL WHERE id = ?1 AND state = 0");

#define FORGET(lock)                                                                               \
  "DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE settled_at < ?1 ORDER BY settled_at " \
  "LIMIT 500" lock ")"
const Sql kForget(FORGET(""), FORGET(" FOR UPDATE SKIP LOCKED"));
#undef FORGET

constexpr std::uint8_t kForm = 1;
constexpr std::uint32_t kParamsMax = 64;

/// The row that it is sealed for.
std::string binding(const MailId& id) { return "mail " + std::string(blob_of(id)); }

Content packed(const Mail& mail) {
  std::string out;
  pack_number(out, kForm);
  pack_text(out, mail.to.reveal());
  pack_number(out, static_cast<std::uint32_t>(mail.params.size()));
  for (const auto& [name, value] : mail.params) {
    pack_text(out, name);
    pack_text(out, value.reveal());
  }
  return Content(std::move(out));
}

bool unpack(std::string_view bytes, Mail& mail) {
  Unpacker unpacker(bytes);
  if (unpacker.number<std::uint8_t>() != kForm) return false;
  mail.to = Content(std::string(unpacker.text()));
  const auto count = unpacker.number<std::uint32_t>();
  if (count > kParamsMax) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string name(unpacker.text());
    mail.params.insert_or_assign(std::move(name), Content(std::string(unpacker.text())));
  }
  return unpacker.is_whole();
}

MailId id_of(std::string_view blob) {
  MailId id{};
  if (blob.size() == id.size()) std::memcpy(id.data(), blob.data(), id.size());
  return id;
}

ClaimedMail claimed_of(const store::Row& row) {
  return {id_of(row.text(0)),
          std::string(row.text(1)),
          row.time(2),
          row.time(3),
          static_cast<int>(row.integer(4)),
          static_cast<std::uint32_t>(row.integer(5)),
          std::string(row.text(6))};
}

}  // namespace

std::string_view mail_state_name(MailState state) noexcept {
  switch (state) {
    case MailState::kWaiting:
      return "waiting";
    case MailState::kSent:
      return "sent";
    case MailState::kFailed:
      return "failed";
    case MailState::kExpired:
      return "expired";
  }
  return "";
}

Result<SealedMail> seal_mail(crypto::RotatingKeys& spool, const Mail& mail) {
  CHECK_OK(check(mail));
  const auto key = spool.current(mail.now);
  return SealedMail{
      .id = mail.id,
      .kind = mail.kind,
      .created_at = mail.now,
      .expires_at = mail.now + std::min<std::chrono::seconds>(mail.life, kMailLifeMax),
      .key_id = key.id,
      .sealed = crypto::seal(key.key, binding(mail.id), packed(mail).reveal())};
}

Result<> enqueue(store::Connection& db, const SealedMail& mail) {
  return db.write(kInsert, {Param::blob(blob_of(mail.id)), mail_kind_name(mail.kind),
                            static_cast<int>(MailState::kWaiting), mail.created_at, mail.expires_at,
                            mail.created_at, 0, static_cast<std::int64_t>(mail.key_id),
                            Param::blob(mail.sealed)});
}

Result<> enqueue(store::Connection& db, crypto::RotatingKeys& spool, const Mail& mail) {
  TRY(const SealedMail sealed, seal_mail(spool, mail));
  return enqueue(db, sealed);
}

Result<std::optional<ClaimedMail>> claim_due(store::Connection& db, const Claimant& claimant,
                                             Time now, Time until) {
  std::optional<ClaimedMail> claimed;
  CHECK_OK(db.query(kClaim, {now, until, Param::blob(blob_of(claimant))},
                    [&claimed](const store::Row& row) { claimed = claimed_of(row); }));
  return claimed;
}

Result<std::vector<WaitingMail>> waiting_for(store::Connection& db,
                                             const crypto::RotatingKeys& spool,
                                             std::string_view address) {
  std::vector<WaitingMail> found;
  CHECK_OK(db.query(kWaiting, {}, [&](const store::Row& row) {
    // What can't be opened is never sent either, and its text is lost with its key.
    const auto mail = open_mail(spool, claimed_of(row));
    if (mail && mail->to.reveal() == address)
      found.push_back({mail->id, mail->kind, row.time(2), row.time(3)});
  }));
  return found;
}

Result<> drop_mails(store::Connection& db, std::span<const WaitingMail> mails) {
  for (const WaitingMail& mail : mails) CHECK_OK(db.write(kDrop, {Param::blob(blob_of(mail.id))}));
  return {};
}

Result<std::optional<Time>> next_due(store::Connection& db) {
  std::optional<Time> due;
  CHECK_OK(db.query(kNextDue, {}, [&due](const store::Row& row) {
    if (!row.is_null(0)) due = row.time(0);
  }));
  return due;
}

Result<bool> settle(store::Connection& db, const ClaimedMail& mail, const Claimant& claimant,
                    const Ending& ending, Time now) {
  const Param id = Param::blob(blob_of(mail.id));
  const Param code = ending.code == 0 ? Param(nullptr) : Param(ending.code);
  const Param reason = Param::text_or_null(ending.reason);
  std::int64_t changed = 0;
  if (ending.state == MailState::kSent) {
    TRY(changed, db.run(kSent, {id, now}));
  } else if (ending.state == MailState::kWaiting) {
    TRY(changed, db.run(kAgain, {id, Param::blob(blob_of(claimant)), mail.attempt, ending.next,
                                 code, reason}));
  } else {
    TRY(changed, db.run(kEnd, {id, Param::blob(blob_of(claimant)), mail.attempt,
                               static_cast<int>(ending.state), now, code, reason}));
  }
  return changed == 1;
}

Result<std::int64_t> forget_settled(store::Connection& db, Time before) {
  return db.run(kForget, {before});
}

Result<Mail> open_mail(const crypto::RotatingKeys& spool, const ClaimedMail& mail) {
  const auto kind = mail_kind_of(mail.kind);
  if (!kind) return fail(ErrorCode::kInternal, "a mail of a kind that this program does not know");
  const auto key = spool.find(mail.key_id);
  if (!key) return fail(ErrorCode::kNotFound, "the spool key's life is over");
  TRY(std::string bytes, crypto::open(*key, binding(mail.id), mail.sealed));
  const Content content(std::move(bytes));
  Mail out;
  out.id = mail.id;
  out.kind = *kind;
  out.now = mail.created_at;
  const bool is_whole = unpack(content.reveal(), out);
  if (!is_whole)
    return fail(ErrorCode::kInternal, "a sealed mail of a form that this program does not know");
  return out;
}

}  // namespace flowsell::mail
