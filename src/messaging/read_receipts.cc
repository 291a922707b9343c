#include "messaging/read_receipts.h"

namespace flowsell::messaging {

ReadReceipts::ReadReceipts(const MessageReader& messages, connections::Senders& senders,
                           connections::ProviderCalls& calls, connections::LeasedKeys& keys)
    : messages_(messages), senders_(senders), calls_(calls), keys_(keys) {}

Task<bool> ReadReceipts::mark_read(identity::Caller caller, MessageId id, bool typing,
                                   std::optional<metering::IdempotentCall> call) {
  CO_TRY(const auto row, co_await messages_.find(caller.workspace, id));
  if (!row || row->mode != caller.mode)
    co_return fail(ErrorCode::kNotFound, "there is no such message");
  if (!row->inbound)
    co_return fail(ErrorCode::kConflict, "only a received message can be marked as read");
  const connections::SenderPtr sender = senders_.find(row->sender);
  if (!sender)
    co_return fail(ErrorCode::kConflict, "the sender that received the message was removed");

  CO_TRY(const auto earlier, co_await keys_.take(caller.workspace, call, id.bytes(), id.str()));
  if (earlier) co_return true;
  const auto done = co_await call_provider(sender, row->provider_message_id, typing);
  co_await keys_.end(caller.workspace, call, id.bytes(), done.has_value());
  CO_CHECK_OK(done);
  co_return false;
}

Task<> ReadReceipts::call_provider(connections::SenderPtr sender, std::string provider_message_id,
                                   bool typing) {
  const auto connection = senders_.connections().find(sender->connection);
  if (!connection) co_return fail(ErrorCode::kConflict, "the sender's connection was removed");
  CO_TRY(auto request, sender->adapter->compile_read(provider_message_id, typing,
                                                     calls_.route(*connection, sender->address)));
  CO_CHECK_OK(co_await calls_.call(connection, std::move(request), "mark it as read"));
  co_return Result<>{};
}

}  // namespace flowsell::messaging
