#include "data_request_body.h"

#include <utility>

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

DataWish read_data_wish(json::ObjectReader& in) {
  const auto kind = privacy::kind_named(in.required_string("kind").value_or("export"));
  const auto subject = privacy::subject_named(in.required_string("subject").value_or("account"));
  if (!kind) in.fault("kind", "invalid_value", "there is no such kind", "Send export or deletion.");
  if (!subject) {
    in.fault("subject", "invalid_value", "there is no such subject",
             "Send account, recipient or workspace.");
  }
  if (kind == Kind::kExport && subject == Subject::kWorkspace) {
    in.fault("kind", "invalid_value", "a workspace is not exported as a whole",
             "Its owners read its messages, events and records by their lists.");
  }
  DataWish wish{kind.value_or(Kind::kExport), subject.value_or(Subject::kAccount), std::nullopt};
  if (wish.subject == Subject::kRecipient) wish.recipient = read_recipient(in);
  return wish;
}

void name_recipient(privacy::Desk::Asked& asked, const DataWish& wish,
                    const messaging::Accept& accept) {
  if (!wish.recipient) return;
  asked.recipient = wish.recipient->masked();
  const auto hash = accept.hash_of(asked.workspace, wish.recipient->view());
  asked.contact_hash.assign(hash.begin(), hash.end());
}

}  // namespace flowsell::api
