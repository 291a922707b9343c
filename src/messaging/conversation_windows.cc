#include "messaging/conversation_windows.h"

#include <algorithm>
#include <vector>

#include "core/encoding.h"

namespace flowsell::messaging {
namespace {

using store::Param;
using store::Sql;

/// Both windows are over long before.
constexpr std::chrono::hours kKept{24 * 7};
/// Of one transaction.
constexpr std::int64_t kDroppedAtOnce = 1000;

const Sql kTouch(
    "INSERT INTO conversation_windows (workspace_id, sender_id, contact_hash, last_inbound_at, "
    "entry_point_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (workspace_id, sender_id, "
    "contact_hash) DO UPDATE SET last_inbound_at = CASE WHEN excluded.last_inbound_at > "
    "conversation_windows.last_inbound_at THEN excluded.last_inbound_at ELSE "
    "conversation_windows.last_inbound_at END, entry_point_at = CASE WHEN "
    "conversation_windows.entry_point_at IS NULL OR excluded.entry_point_at > "
    "conversation_windows.entry_point_at THEN coalesce(excluded.entry_point_at, "
    "conversation_windows.entry_point_at) ELSE conversation_windows.entry_point_at END");
const Sql kFind(
    "SELECT last_inbound_at, entry_point_at FROM conversation_windows WHERE workspace_id = ?1 AND "
    "sender_id = ?2 AND contact_hash = ?3");
const Sql kOld(
    "SELECT workspace_id, sender_id, contact_hash FROM conversation_windows WHERE last_inbound_at "
    "< ?1 ORDER BY last_inbound_at LIMIT ?2");
const Sql kDrop(
    "DELETE FROM conversation_windows WHERE workspace_id = ?1 AND sender_id = ?2 AND contact_hash "
    "= ?3");

}  // namespace

void WindowTouches::add(const WorkspaceId& workspace, const SenderId& sender,
                        const ContactHash& contact, Time at, bool is_entry_point) {
  auto& window = windows_[{workspace, sender, contact}];
  window.last_inbound_at = std::max(window.last_inbound_at, at);
  if (is_entry_point) window.entry_point_at = std::max(window.entry_point_at.value_or(at), at);
}

Result<> WindowTouches::store(store::Connection& db) const {
  constexpr std::size_t kWidth = 5;
  if (windows_.empty()) return {};
  std::vector<Param> params;
  params.reserve(windows_.size() * kWidth);
  for (const auto& [key, window] : windows_) {
    const auto& [workspace, sender, contact] = key;
    params.insert(params.end(), {workspace, sender, Param::blob(as_text(contact)),
                                 window.last_inbound_at, window.entry_point_at});
  }
  TRY([[maybe_unused]] const auto changed, db.run_each(kTouch, params, kWidth));
  return {};
}

Result<std::optional<ConversationWindow>> find_window(store::Connection& db,
                                                      const WorkspaceId& workspace,
                                                      const SenderId& sender,
                                                      const ContactHash& contact) {
  std::optional<ConversationWindow> found;
  CHECK_OK(db.query(kFind, {workspace, sender, Param::blob(as_text(contact))},
                    [&found](const store::Row& row) {
                      found = ConversationWindow{row.time(0), row.optional_time(1)};
                    }));
  return found;
}

Result<std::vector<bool>> have_open_windows(store::Connection& db, const WorkspaceId& workspace,
                                            const SenderId& sender,
                                            std::span<const ContactHash> contacts, Time now) {
  std::vector<bool> have(contacts.size());
  std::vector<Param> params;
  params.reserve(contacts.size() * 3);
  for (const ContactHash& each : contacts)
    params.insert(params.end(), {workspace, sender, Param::blob(as_text(each))});
  CHECK_OK(db.query_each(kFind, params, 3, [&](std::size_t at, const store::Row& row) {
    have[at] = ConversationWindow{row.time(0), row.optional_time(1)}.is_open(now);
  }));
  return have;
}

Result<bool> drop_old_windows(store::Connection& db, Time now) {
  struct Key {
    WorkspaceId workspace;
    SenderId sender;
    std::string contact;
  };
  std::vector<Key> old;
  CHECK_OK(db.query(kOld, {now - kKept, kDroppedAtOnce}, [&old](const store::Row& row) {
    old.push_back({row.id<WorkspaceId>(0), row.id<SenderId>(1), std::string(row.text(2))});
  }));
  for (const Key& key : old)
    CHECK_OK(db.write(kDrop, {key.workspace, key.sender, Param::blob(key.contact)}));
  return static_cast<std::int64_t>(old.size()) == kDroppedAtOnce;
}

}  // namespace flowsell::messaging
