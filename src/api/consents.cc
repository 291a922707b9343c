#include "consent/consents.h"

#include <algorithm>

#include "call.h"
#include "channel/message.h"
#include "headers.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using consent::Consent;
using consent::Consents;
using identity::Scope;

constexpr json::StringRule kRecipient{1, 200};
constexpr json::StringRule kPurpose{1, 40};
constexpr json::StringRule kSource{1, 200};

std::string render(const Consent& consent) {
  json::Writer out;
  out.begin_object().key("id").string(consent.id.str()).key("object").string("consent");
  out.key("recipient").string(consent.contact.masked).key("purpose").string(consent.purpose);
  out.key("source").string(consent.source);
  out.key("status").string(consent.withdrawn_at ? "withdrawn" : "live");
  out.key("obtained_at").string(format_time(consent.obtained_at));
  out.key("created_at").string(format_time(consent.id.time()));
  out.key("created_by").string(consent.recorded_by);
  write_time(out, "withdrawn_at", consent.withdrawn_at);
  out.end_object();
  return std::move(out).take();
}

bool is_purpose(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

consent::Contact contact_of(const Call& call, const channel::Recipient& recipient) {
  return {call.services.accept.hash_of(call.caller.workspace, recipient.view()),
          recipient.masked()};
}

Consents::Draft read_draft(json::ObjectReader& in, const Call& call) {
  Consents::Draft draft;
  if (const auto text = in.required_string("recipient", kRecipient)) {
    if (auto recipient = channel::Recipient::parse(*text)) {
      draft.contact = contact_of(call, *recipient);
    } else {
      in.fault("recipient", "invalid_format", recipient.error().detail,
               "Send it as the field to of a message.");
    }
  }
  draft.purpose = text_in(in, "purpose", kPurpose);
  if (!is_purpose(draft.purpose)) {
    in.fault("purpose", "invalid_format", "a purpose has lower-case letters, digits and '_'",
             "Send, for example, marketing.");
  }
  draft.source = text_in(in, "source", kSource);
  const Time now = call.services.clock.now();
  draft.obtained_at = now;
  if (const auto text = in.string("obtained_at")) {
    const auto at = parse_time(*text);
    draft.obtained_at = at.value_or(now);
    if (!at || *at > now) {
      in.fault("obtained_at", at ? "out_of_range" : "invalid_format",
               at ? "that time is still to come" : "not a time",
               "Send a time that has passed, for example 2026-11-28T09:00:00Z.");
    }
  }
  return draft;
}

Task<http::Response> record_consent(Call& call) {
  CO_TRY(auto draft,
         read_body(call.request, [&call](json::ObjectReader& in) { return read_draft(in, call); }));
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto recorded,
         co_await call.services.consents.record(call.by(), std::move(draft), once));
  http::Response response;
  response.status = recorded.is_new || recorded.is_replay ? 201 : 200;
  response.body = render(recorded.consent);
  response.headers.push_back({"Location", "/v1/consents/" + recorded.consent.id.str()});
  mark_replay(response, recorded.is_replay);
  co_return response;
}

Task<http::Response> get_consent(Call& call) {
  CO_TRY(const auto id, ConsentId::parse(call.request.params.at(0)));
  CO_TRY(const auto consent, co_await call.services.consents.find(call.caller.workspace, id));
  http::Response response;
  response.body = render(consent);
  co_return response;
}

Task<http::Response> withdraw_consent(Call& call) {
  CO_TRY(const auto id, ConsentId::parse(call.request.params.at(0)));
  CO_TRY(const auto consent, co_await call.services.consents.withdraw(call.by(), id));
  http::Response response;
  response.body = render(consent);
  co_return response;
}

Result<consent::Query> read_query(const Call& call) {
  TRY(auto in, QueryReader::parse(call.request.query));
  consent::Query query;
  query.workspace = call.caller.workspace;
  read_page(in, query);
  query.purpose = in.text("purpose");
  if (const auto text = in.text("recipient")) {
    if (const auto recipient = channel::Recipient::parse(*text)) {
      query.contact = contact_of(call, *recipient).hash;
    } else {
      in.fault("recipient", "invalid_format", recipient.error().detail,
               "Send it as the field to of a message; '+' is %2B in a query.");
    }
  }
  if (const auto status = in.text("status")) {
    query.withdrawn = *status == "withdrawn";
    if (*status != "withdrawn" && *status != "live")
      in.fault("status", "invalid_value", "no such status", "Use live or withdrawn.");
  }
  CHECK_OK(in.finish());
  return query;
}

Task<http::Response> list_consents(Call& call) {
  CO_TRY(auto query, read_query(call));
  CO_TRY(const auto page, co_await call.services.consents.list(std::move(query)));
  co_return list_response(call.request, page,
                          [](const Consent& consent) { return render(consent); });
}

}  // namespace

void add_consent_routes(Routes& routes) {
  using http::Method;
  routes.add(Method::kPost, "/v1/consents", Scope::kConsentsManage, record_consent);
  routes.add(Method::kGet, "/v1/consents", Scope::kConsentsRead, list_consents);
  routes.add(Method::kGet, "/v1/consents/{}", Scope::kConsentsRead, get_consent);
  routes.add(Method::kPost, "/v1/consents/{}/withdraw", Scope::kConsentsManage, withdraw_consent);
}

}  // namespace flowsell::api
