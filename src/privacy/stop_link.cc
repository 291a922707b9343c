#include "stop_link.h"

#include "core/encoding.h"
#include "crypto/hash.h"
#include "mail/queue.h"
#include "mail/texts.h"

namespace flowsell::privacy {
namespace {

std::string hash_text(std::string_view of) { return std::string(as_text(crypto::sha256(of))); }

}  // namespace

Secret new_link_token(const DataRequestId& id) {
  return Secret(id.str() + std::string(crypto::random_token().reveal()));
}

std::string address_mark(const DataRequestId& id, std::string_view email) {
  return hash_text(id.str().append(" ").append(email));
}

LinkMarks marks_of(const DataRequest& request, const Secret& token, std::string_view email) {
  return {hash_text(token.reveal()), address_mark(request.id, email)};
}

Result<> put_link_mail(store::Connection& db, const LinkMail& with, const DataRequest& request,
                       const std::string& email, const Secret& token) {
  mail::Mail mail;
  mail.id = with.ids.next_bytes();
  mail.kind = mail::MailKind::kAccountDeletionRequested;
  mail.to = Content(email);
  mail.params.emplace("when", mail::minute_text(request.created_at));
  mail.params.emplace("deleted_on", mail::minute_text(*request.runs_after));
  mail.params.emplace("link", mail::token_link(with.public_url, "/keep-account", token));
  mail.now = with.now;
  return mail::enqueue(db, with.spool, mail);
}

}  // namespace flowsell::privacy
