#pragma once

#include <string>
#include <string_view>

#include "core/sensitive.h"
#include "crypto/rotating_keys.h"
#include "privacy/request.h"
#include "request_table.h"
#include "store/database.h"

/// The link in a mail that stops the deletion of an account. It is for the address that the account
/// has: one that was sent to another is void.
namespace flowsell::privacy {

Secret new_link_token(const DataRequestId& id);
/// Stands for an address, beside this request only.
std::string address_mark(const DataRequestId& id, std::string_view email);
LinkMarks marks_of(const DataRequest& request, const Secret& token, std::string_view email);

struct LinkMail {
  crypto::RotatingKeys& spool;
  IdSource& ids;
  const std::string& public_url;
  Time now;
};
/// Queues the mail in the open transaction.
Result<> put_link_mail(store::Connection& db, const LinkMail& with, const DataRequest& request,
                       const std::string& email, const Secret& token);

}  // namespace flowsell::privacy
