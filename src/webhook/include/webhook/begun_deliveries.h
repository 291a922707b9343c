#pragma once

#include <vector>

#include "outbox/begun_rows.h"
#include "webhook/deliveries.h"

namespace flowsell::webhook {

using BegunDelivery = outbox::Begun<NewDelivery>;

/// Deliveries that commit with their event, and get their rows later: those whose first attempt
/// began at once, with its end; those that an endpoint has no room for, with their jobs, in a
/// transaction of their own, so that the event's is not held up. After a crash all that have no row
/// are queued. For its functions see BegunRows.
class BegunDeliveries : public outbox::BegunRows<NewDelivery> {
 public:
  BegunDeliveries();
  /// Those that a list shows, in no order.
  std::vector<DeliveryPtr> matching(const DeliveryQuery& query) const;
};

}  // namespace flowsell::webhook
