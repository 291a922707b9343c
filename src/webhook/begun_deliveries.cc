#include "webhook/begun_deliveries.h"

#include <optional>

#include "core/packing.h"

namespace flowsell::webhook {
namespace {

const store::Sql kWrite(FLOWSELL_WRITE_SLOT("begun_deliveries"));
const store::Sql kClear(FLOWSELL_CLEAR_SLOT("begun_deliveries"));
const store::Sql kClearAll(FLOWSELL_CLEAR_SLOTS("begun_deliveries"));
const store::Sql kRead(FLOWSELL_READ_SLOTS("begun_deliveries"));
constexpr outbox::BegunSlots::Table kTable{kWrite, kClear, kClearAll, kRead, '1'};

void pack(const NewDelivery& delivery, std::string& out) {
  out.append(delivery.id.blob()).append(delivery.workspace.blob());
  out.append(delivery.endpoint.blob()).append(delivery.event.blob());
  pack_number(out, to_unix_ms(delivery.at));
  pack_number(out, delivery.lane);
  for (const auto flag :
       {static_cast<std::uint8_t>(delivery.mode), static_cast<std::uint8_t>(delivery.type),
        static_cast<std::uint8_t>(delivery.has_content),
        static_cast<std::uint8_t>(delivery.is_open)})
    pack_number(out, flag);
}

std::optional<NewDelivery> unpack(std::string_view packed) {
  Unpacker in(packed);
  NewDelivery delivery;
  delivery.id = in.id<DeliveryId>();
  delivery.workspace = in.id<WorkspaceId>();
  delivery.endpoint = in.id<EndpointId>();
  delivery.event = in.id<EventId>();
  delivery.at = from_unix_ms(in.number<std::int64_t>());
  delivery.lane = in.number<outbox::Lane>();
  delivery.mode = static_cast<identity::Mode>(in.number<std::uint8_t>());
  delivery.type = static_cast<EventType>(in.number<std::uint8_t>());
  delivery.has_content = in.number<std::uint8_t>() != 0;
  delivery.is_open = in.number<std::uint8_t>() != 0;
  if (!in.is_whole()) return std::nullopt;
  return delivery;
}

}  // namespace

BegunDeliveries::BegunDeliveries() : BegunRows(kTable) {}

Result<BegunDelivery> BegunDeliveries::add(store::Connection& db, RowPtr delivery) {
  item_.clear();
  pack(*delivery, item_);
  return BegunRows::add(db, std::move(delivery), item_);
}

std::vector<BegunDeliveries::RowPtr> BegunDeliveries::matching(const DeliveryQuery& query) const {
  return all([&query](const NewDelivery& delivery) { return shows(query, delivery); });
}

Result<std::vector<NewDelivery>> BegunDeliveries::left(store::Connection& db) {
  TRY(const auto items, outbox::BegunSlots::left(db, kTable));
  std::vector<NewDelivery> deliveries;
  for (const std::string& item : items) {
    auto delivery = unpack(item);
    if (!delivery) return fail(ErrorCode::kInternal, "a begun delivery can't be read");
    deliveries.push_back(*std::move(delivery));
  }
  return deliveries;
}

Result<> BegunDeliveries::clear_left(store::Connection& db) {
  return outbox::BegunSlots::clear_left(db, kTable);
}

}  // namespace flowsell::webhook
