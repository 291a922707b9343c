#pragma once

#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "messaging/message_table.h"
#include "store/database.h"

namespace flowsell::messaging {

/// How long a sender may write anything to somebody who wrote to it.
inline constexpr std::chrono::hours kServiceWindow{24};
/// How long all is free to somebody who came by an ad and was answered within the service window.
inline constexpr std::chrono::hours kEntryPointWindow{72};

/// When somebody wrote to a sender last: times only, of a keyed hash.
struct ConversationWindow {
  Time last_inbound_at;
  std::optional<Time> entry_point_at;  ///< by an ad or a post, last

  bool is_open(Time now) const noexcept { return now < last_inbound_at + kServiceWindow; }
};

/// What the messages of a transaction change of windows: each once, whatever their number.
class WindowTouches {
 public:
  void add(const WorkspaceId& workspace, const SenderId& sender, const ContactHash& contact,
           Time at, bool is_entry_point);
  /// In a transaction. An earlier time changes nothing.
  Result<> store(store::Connection& db) const;

 private:
  std::map<std::tuple<WorkspaceId, SenderId, ContactHash>, ConversationWindow> windows_;
};

/// In the caller's snapshot. nullopt: they did not write, or not in the last days.
Result<std::optional<ConversationWindow>> find_window(store::Connection& db,
                                                      const WorkspaceId& workspace,
                                                      const SenderId& sender,
                                                      const ContactHash& contact);

/// Who of many people may be written to without a template, in their order.
Result<std::vector<bool>> have_open_windows(store::Connection& db, const WorkspaceId& workspace,
                                            const SenderId& sender,
                                            std::span<const ContactHash> contacts, Time now);

/// In a transaction: some of those that say nothing any more. True when there are more.
Result<bool> drop_old_windows(store::Connection& db, Time now);

}  // namespace flowsell::messaging
