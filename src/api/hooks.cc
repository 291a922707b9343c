#include "call.h"
#include "paging.h"
#include "problem.h"

namespace flowsell::api {
namespace {

Awaitable<http::Response> take(Homes& homes, const http::Request& request) {
  const auto taken = co_await homes.take_webhook(request);
  if (!taken) co_return problem(taken.error(), {});
  http::Response response;
  response.content_type = "text/plain";
  co_return response;
}

Awaitable<http::Response> challenge(const ingest::ProviderDoor& door,
                                    const http::Request& request) {
  auto in = QueryReader::parse(request.query);
  if (!in) co_return problem(in.error(), {});
  const auto mode = in->text("hub.mode").value_or("");
  const auto token = in->text("hub.verify_token").value_or("");
  const auto text = in->text("hub.challenge").value_or("");
  const auto answer = door.answer_challenge(mode, token, text);
  if (!answer) co_return problem(answer.error(), {});
  http::Response response;
  response.content_type = "text/plain";
  response.body = *answer;
  co_return response;
}

}  // namespace

void add_hook_routes(Routes& routes, const Api::Process& process) {
  routes.add_open(
      http::Method::kPost, "/hooks/whatsapp",
      [&homes = process.homes](const http::Request& request) { return take(homes, request); });
  routes.add_open(http::Method::kGet, "/hooks/whatsapp",
                  [&door = process.whatsapp](const http::Request& request) {
                    return challenge(door, request);
                  });
}

}  // namespace flowsell::api
