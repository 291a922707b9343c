// What a provider tells of people who have connected accounts with our app: that they have taken it
// away, or want what is held about them deleted (reference/whatsapp.md, 7.4).

#include "call.h"
#include "core/encoding.h"
#include "json/writer.h"
#include "paging.h"
#include "problem.h"

namespace flowsell::api {
namespace {

using connections::TokenWatch;
using ingest::ProviderDoor;

constexpr std::string_view kStatusPath = "/hooks/whatsapp/data_deletion";

/// The one field of a form.
Result<std::string> signed_request_in(const http::Request& request) {
  TRY(auto in, QueryReader::parse(request.body));
  auto text = in.text("signed_request");
  if (!text) return fail(ErrorCode::kInvalidSignature, "there is no signed_request");
  return *std::move(text);
}

/// Wherever their connections are they don't work any more, and what they have begun is let go of.
/// Nobody but a cell knows whom its tokens speak for: each is asked. What another replica answers
/// instead of us: it could not.
Task<std::optional<http::Response>> let_go(Homes& homes, const http::Request& request,
                                           connections::PersonLeft person,
                                           TokenWatch::Trace trace) {
  CO_TRY(const auto cells, co_await homes.cells(request));
  for (const std::string& cell : cells) {
    CO_TRY(auto home, co_await homes.find_cell(cell, request));
    if (home.services() == nullptr) {
      auto answer = home.take_answer();
      if (answer.status != 200) co_return std::optional(std::move(answer));
      continue;
    }
    const Services& here = *home.services();
    CO_CHECK_OK(co_await here.onboarding_door.person_left(person));
    CO_CHECK_OK(co_await here.token_watch.person_left(person, trace));
  }
  co_return std::optional<http::Response>();
}

connections::PersonLeft left(ProviderDoor::Person person) {
  return {person.mode, std::move(person.user_id), person.asked_at};
}

Task<http::Response> deauthorize(Homes& homes, const ProviderDoor& door,
                                 const http::Request& request) {
  CO_TRY(const std::string text, signed_request_in(request));
  CO_TRY(auto person, door.read_signed_request(text));
  CO_TRY(auto elsewhere,
         co_await let_go(homes, request, left(std::move(person)), TokenWatch::Trace::kStays));
  if (elsewhere) co_return *std::move(elsewhere);
  http::Response response;
  response.content_type = "text/plain";
  co_return response;
}

Task<http::Response> delete_data(Homes& homes, const ProviderDoor& door,
                                 std::function<std::string()> public_url,
                                 const http::Request& request) {
  CO_TRY(const std::string text, signed_request_in(request));
  CO_TRY(auto person, door.read_signed_request(text));
  const identity::Mode mode = person.mode;
  CO_TRY(auto elsewhere,
         co_await let_go(homes, request, left(std::move(person)), TokenWatch::Trace::kGoes));
  if (elsewhere) co_return *std::move(elsewhere);
  const std::string code = door.confirmation(mode);
  json::Writer out;
  out.begin_object();
  out.key("url").string(public_url() + std::string(kStatusPath) + "?code=" + code);
  out.key("confirmation_code").string(code).end_object();
  http::Response response;
  response.body = std::move(out).take();
  co_return response;
}

/// For the person, who follows the address.
Result<http::Response> deletion_status(const ProviderDoor& door, const http::Request& request) {
  TRY(auto in, QueryReader::parse(request.query));
  const auto at = door.confirmed_at(in.text("code").value_or(""));
  if (!at) return fail(ErrorCode::kNotFound, "there is no request with such a code");
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body =
      "Your data was deleted on " + format_time(*at) +
      ": the permission that you had given us at Meta, also of sign-ups that were not finished, "
      "and your id there. Nothing else is held about you as the person who connected a WhatsApp "
      "Business account.\n";
  return response;
}

Awaitable<http::Response> answered(Task<http::Response> work) {
  auto done = co_await std::move(work);
  if (done) co_return *std::move(done);
  co_return problem(done.error(), {});
}

Awaitable<http::Response> answered_now(Result<http::Response> done) {
  if (done) co_return *std::move(done);
  co_return problem(done.error(), {});
}

}  // namespace

void add_provider_callback_routes(Routes& routes, const Api::Process& process) {
  using http::Method;
  const ProviderDoor& door = process.whatsapp;
  routes.add_open(Method::kPost, "/hooks/whatsapp/deauthorize",
                  [&homes = process.homes, &door](const http::Request& request) {
                    return answered(deauthorize(homes, door, request));
                  });
  routes.add_open(
      Method::kPost, std::string(kStatusPath),
      [&homes = process.homes, &door, url = process.public_url](const http::Request& request) {
        return answered(delete_data(homes, door, url, request));
      });
  routes.add_open(Method::kGet, std::string(kStatusPath), [&door](const http::Request& request) {
    return answered_now(deletion_status(door, request));
  });
}

}  // namespace flowsell::api
