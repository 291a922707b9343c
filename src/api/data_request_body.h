#pragma once

#include <optional>

#include "core/phone_number.h"
#include "json/reader.h"
#include "messaging/accept.h"
#include "privacy/desk.h"
#include "privacy/request.h"

namespace flowsell::api {

/// What is asked for, and about whom.
struct DataWish {
  privacy::Kind kind = privacy::Kind::kExport;
  privacy::Subject subject = privacy::Subject::kAccount;
  std::optional<PhoneNumber> recipient;  ///< where it is the subject
};
/// Reads the fields kind, subject and recipient.
DataWish read_data_wish(json::ObjectReader& in);

/// The request is about that number of its workspace.
void name_recipient(privacy::Desk::Asked& asked, const DataWish& wish,
                    const messaging::Accept& accept);

}  // namespace flowsell::api
