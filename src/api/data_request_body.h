#pragma once

#include <optional>
#include <string>
#include <vector>

#include "call.h"
#include "core/phone_number.h"
#include "json/reader.h"
#include "messaging/accept.h"
#include "privacy/desk.h"
#include "privacy/request.h"

namespace flowsell::api {

/// Where the installation's data requests are. Fails with kStoreUnavailable while it is starting.
Result<privacy::Desk*> desk_of(Visit& visit);

/// What is asked for, and about whom.
struct DataWish {
  privacy::Kind kind = privacy::Kind::kExport;
  privacy::Subject subject = privacy::Subject::kAccount;
  std::optional<PhoneNumber> recipient;  ///< where it is the subject
};
/// Reads the fields kind, subject and recipient.
DataWish read_data_wish(json::ObjectReader& in);
/// The same without a kind.
DataWish read_subject(json::ObjectReader& in);

/// A request, or a hold, is about that number of its workspace.
template <class Of>
void name_recipient(Of& of, const DataWish& wish, const messaging::Accept& accept) {
  if (!wish.recipient) return;
  of.recipient = wish.recipient->masked();
  const auto hash = accept.hash_of(of.workspace, wish.recipient->view());
  of.contact_hash.assign(hash.begin(), hash.end());
}

/// Who hears by mail that the deletion of their workspace was asked for, while it can be taken
/// back.
struct Owners {
  std::vector<UserId> users;
  std::string workspace;  ///< its name
};
/// Before it is asked for: it may be gone soon afterwards. Nobody for any other request.
Task<Owners> owners_to_tell(const Services& services, const privacy::Desk::Asked& asked);
Awaitable<void> tell(Visit& visit, Owners owners, const privacy::DataRequest& request);

}  // namespace flowsell::api
