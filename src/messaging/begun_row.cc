#include "begun_row.h"

#include <cstring>

#include "core/encoding.h"
#include "core/packing.h"

namespace flowsell::messaging {

void pack_begun(const MessageRow& row, std::string& out) {
  out.append(row.workspace.blob()).append(row.id.blob()).append(row.sender.blob());
  out.append(as_text(row.contact_hash));
  pack_number(out, static_cast<std::uint8_t>(row.mode));
  pack_number(out, to_unix_ms(row.created_at));
  for (const std::string* text : {&row.kind, &row.contact, &row.client_ref, &row.metadata_json})
    pack_text(out, *text);
}

std::optional<MessageRow> unpack_begun(std::string_view packed) {
  Unpacker in(packed);
  MessageRow row;
  row.workspace = in.id<WorkspaceId>();
  row.id = in.id<MessageId>();
  row.sender = in.id<SenderId>();
  const auto hash = in.take(row.contact_hash.size());
  if (!hash.empty()) std::memcpy(row.contact_hash.data(), hash.data(), hash.size());
  row.mode = static_cast<identity::Mode>(in.number<std::uint8_t>());
  row.created_at = from_unix_ms(in.number<std::int64_t>());
  for (std::string* text : {&row.kind, &row.contact, &row.client_ref, &row.metadata_json})
    *text = in.text();
  if (!in.is_whole()) return std::nullopt;
  row.status = MessageStatus::kSending;
  row.sending_at = row.created_at;
  return row;
}

}  // namespace flowsell::messaging
