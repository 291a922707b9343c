#include "webhook/begun_deliveries.h"

#include <optional>

#include "core/packing.h"

namespace flowsell::webhook {
namespace {

const store::Sql kWrite(FLOWSELL_WRITE_SLOT("begun_deliveries"));
const store::Sql kClear(FLOWSELL_CLEAR_SLOT("begun_deliveries"));
const store::Sql kClearAll(FLOWSELL_CLEAR_SLOTS("begun_deliveries"));
const store::Sql kRead(FLOWSELL_READ_SLOTS("begun_deliveries"));

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

constexpr outbox::BegunForm<NewDelivery> kForm{
    {kWrite, kClear, kClearAll, kRead, '1'}, pack, unpack};

}  // namespace

BegunDeliveries::BegunDeliveries() : BegunRows(kForm) {}

std::vector<DeliveryPtr> BegunDeliveries::matching(const DeliveryQuery& query) const {
  return all([&query](const NewDelivery& delivery) { return shows(query, delivery); });
}

}  // namespace flowsell::webhook
