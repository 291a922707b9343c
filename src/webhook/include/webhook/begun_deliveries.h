#pragma once

#include <string>
#include <vector>

#include "outbox/begun_rows.h"
#include "store/database.h"
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
  /// [transaction] Adds a delivery of this transaction.
  Result<BegunDelivery> add(store::Connection& db, RowPtr delivery);
  /// Those that a list shows, in no order.
  std::vector<RowPtr> matching(const DeliveryQuery& query) const;

  /// [transaction] What the last process left behind, those too that have a row. Fails with
  /// kInternal when it can't be read.
  static Result<std::vector<NewDelivery>> left(store::Connection& db);
  static Result<> clear_left(store::Connection& db);

 private:
  std::string item_;
};

}  // namespace flowsell::webhook
