#include "data_request_body.h"

#include <utility>

#include "telemetry/log.h"

namespace flowsell::api {
namespace {

using privacy::Kind;
using privacy::Subject;

constexpr json::StringRule kNumber{8, 16};

std::optional<PhoneNumber> read_recipient(json::ObjectReader& in) {
  const auto text = in.required_string("recipient", kNumber);
  if (!text) return std::nullopt;
  auto number = PhoneNumber::parse(*text);
  if (number) return *std::move(number);
  in.fault("recipient", "invalid_format", number.error().detail,
           "Send a number in E.164 form, such as +919876543210.");
  return std::nullopt;
}

}  // namespace

Result<privacy::Desk*> desk_of(Visit& visit) {
  if (privacy::Desk* const desk = visit.homes.privacy_desk()) return desk;
  return fail(ErrorCode::kStoreUnavailable, "the server is starting");
}

DataWish read_subject(json::ObjectReader& in) {
  const auto subject = privacy::subject_named(in.required_string("subject").value_or("account"));
  if (!subject) {
    in.fault("subject", "invalid_value", "there is no such subject",
             "Send account, recipient or workspace.");
  }
  DataWish wish;
  wish.subject = subject.value_or(Subject::kAccount);
  if (wish.subject == Subject::kRecipient) wish.recipient = read_recipient(in);
  return wish;
}

DataWish read_data_wish(json::ObjectReader& in) {
  const auto kind = privacy::kind_named(in.required_string("kind").value_or("export"));
  if (!kind) in.fault("kind", "invalid_value", "there is no such kind", "Send export or deletion.");
  DataWish wish = read_subject(in);
  wish.kind = kind.value_or(Kind::kExport);
  return wish;
}

Task<Owners> owners_to_tell(const Services& services, const privacy::Desk::Asked& asked) {
  Owners owners;
  if (asked.kind != Kind::kDeletion || asked.subject != Subject::kWorkspace) co_return owners;
  CO_TRY(owners.users,
         co_await services.members.with_roles(asked.workspace, {identity::Role::kOwner}));
  CO_TRY(owners.workspace, co_await services.workspaces.name_of(asked.workspace));
  co_return owners;
}

Awaitable<void> tell(Visit& visit, Owners owners, const privacy::DataRequest& request) {
  if (owners.users.empty()) co_return;
  // The name comes last: what is too long for a mail is cut off there.
  std::string what =
      "Somebody asked for the deletion of a workspace. Until it runs an owner can "
      "take it back: request " +
      request.id.str() + ", of the workspace " + owners.workspace;
  // The request stands, whatever becomes of the mail.
  const auto told =
      co_await visit.accounts.tell(std::move(owners.users), std::move(what), visit.origin());
  if (!told) {
    log::warn("owners could not be told of a deletion",
              {{"request", request.id.str()}, {"why", told.error().detail}});
  }
}

}  // namespace flowsell::api
