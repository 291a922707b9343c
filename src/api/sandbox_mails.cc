#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "core/encoding.h"
#include "json/writer.h"
#include "mail/letter.h"
#include "mail/mail_folder.h"
#include "paging.h"
#include "runtime/workers.h"

namespace flowsell::api {
namespace {

constexpr std::size_t kReadersWaitingMax = 64;

/// Which mails are asked for: newest first, from behind one on.
struct MailQuery {
  std::string to;
  std::string after;
  std::size_t limit = 0;
};

struct FoundMail {
  std::string id;
  mail::ReadLetter letter;
};

struct MailPage {
  std::vector<FoundMail> rows;
  bool has_more = false;
};

/// The mails of a sandbox, which lie in files.
class SandboxMails {
 public:
  explicit SandboxMails(const mail::MailFolder& folder) : folder_(folder) {}

  Task<MailPage> list(MailQuery query) {
    co_return co_await workers_.run([this, &query] { return list_now(query); });
  }
  Task<FoundMail> find(std::string id) {
    co_return co_await workers_.run([this, &id] { return find_now(id); });
  }

 private:
  Result<MailPage> list_now(const MailQuery& query) const {
    TRY(const auto ids, folder_.list());
    MailPage page;
    for (const std::string& id : ids) {
      if (!query.after.empty() && id >= query.after) continue;
      auto found = find_now(id);
      // One that is gone meanwhile, or that somebody else put there.
      if (!found) continue;
      if (!query.to.empty() && !equals_ignoring_case(found->letter.to, query.to)) continue;
      page.has_more = page.rows.size() == query.limit;
      if (page.has_more) break;
      page.rows.push_back(*std::move(found));
    }
    return page;
  }

  Result<FoundMail> find_now(const std::string& id) const {
    TRY(const Content data, folder_.read(id));
    TRY(auto letter, mail::read_letter(data.reveal()));
    return FoundMail{id, std::move(letter)};
  }

  const mail::MailFolder& folder_;
  runtime::Workers workers_{1, kReadersWaitingMax};
};

/// `whole`: with what it says.
std::string mail_json(const FoundMail& found, bool whole) {
  json::Writer out;
  out.begin_object().key("id").string(found.id).key("object").string("mail");
  if (const auto id = mail::parse_mail_id(found.id))
    out.key("created_at").string(format_time(mail::time_of(*id)));
  out.key("from").string(found.letter.from).key("to").string(found.letter.to);
  out.key("subject").string(found.letter.subject);
  if (whole) out.key("text").string(found.letter.text).key("html").string(found.letter.html);
  out.end_object();
  return std::move(out).take();
}

Result<MailQuery> read_query(const http::Request& request) {
  TRY(auto in, QueryReader::parse(request.query));
  MailQuery query{.to = in.text("to").value_or(""),
                  .after = in.text("after").value_or(""),
                  .limit = in.limit()};
  if (!query.after.empty() && !mail::parse_mail_id(query.after))
    in.fault("after", "invalid_id", "ids of mails begin with mail_",
             "Use an id as the API returned it.");
  CHECK_OK(in.finish());
  return query;
}

Task<http::Response> list_mails(Visit& visit, SandboxMails& mails) {
  CO_TRY(auto query, read_query(visit.request));
  CO_TRY(const MailPage page, co_await mails.list(std::move(query)));
  std::vector<std::string> items;
  items.reserve(page.rows.size());
  for (const FoundMail& found : page.rows) items.push_back(mail_json(found, /*whole=*/false));
  std::optional<NextPage> next;
  if (page.has_more) next = NextPage{"after", page.rows.back().id};
  co_return list_response(visit.request, items, next);
}

Task<http::Response> get_mail(Visit& visit, SandboxMails& mails) {
  std::string id = visit.request.params.at(0);
  if (!mail::parse_mail_id(id))
    co_return fail(ErrorCode::kInvalidId, "expected an id that begins with mail_");
  CO_TRY(const FoundMail found, co_await mails.find(std::move(id)));
  http::Response response;
  response.body = mail_json(found, /*whole=*/true);
  co_return response;
}

}  // namespace

void add_sandbox_routes(Routes& routes, const Api::Process& process) {
  if (process.sandbox_mails == nullptr) return;
  using http::Method;
  const auto mails = std::make_shared<SandboxMails>(*process.sandbox_mails);
  routes.add_visit(Method::kGet, "/v1/sandbox/mails",
                   [mails](Visit& visit) { return list_mails(visit, *mails); });
  routes.add_visit(Method::kGet, "/v1/sandbox/mails/{}",
                   [mails](Visit& visit) { return get_mail(visit, *mails); });
}

}  // namespace flowsell::api
