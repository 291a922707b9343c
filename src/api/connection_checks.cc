// A connection's numbers read anew, and what is wrong with it.
#include <algorithm>

#include "call.h"
#include "headers.h"
#include "json/writer.h"
#include "managed.h"
#include "numbers/doctor.h"
#include "numbers/sender_desk.h"
#include "render.h"

namespace flowsell::api {
namespace {

using numbers::Finding;
using numbers::Verdict;

void write_ids(json::Writer& out, std::string_view name, const std::vector<SenderId>& ids) {
  out.key(name).begin_array();
  for (const auto& each : ids) out.string(each.str());
  out.end_array();
}

Task<http::Response> sync(Call& call) {
  CO_TRY(const auto connection, co_await named_connection(call, Use::kChange));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto synced, co_await call.services.sender_desk.sync(call.by(), connection, key));
  json::Writer out;
  out.begin_object().key("object").string("connection_sync");
  out.key("connection_id").string(connection->id.str());
  write_ids(out, "added", synced.added);
  write_ids(out, "gone", synced.gone);
  out.key("taken").begin_array();
  for (const auto& each : synced.taken) out.string(each);
  out.end_array().key("senders").begin_array();
  for (const auto& each : call.services.senders.list(connection->workspace, connection->mode)) {
    if (each->connection == connection->id) out.raw(render_sender(call.services, *each));
  }
  out.end_array().end_object();
  co_return answer(std::move(out).take(), synced.is_replay);
}

/// What stands for all: the worst of them.
std::string_view overall(const std::vector<Finding>& findings) {
  const auto has = [&findings](Verdict verdict) {
    return std::ranges::find(findings, verdict, &Finding::verdict) != findings.end();
  };
  if (has(Verdict::kFail)) return "fail";
  return has(Verdict::kWarn) || has(Verdict::kSkipped) ? "warn" : "pass";
}

Task<http::Response> diagnose(Call& call) {
  CO_TRY(const auto connection, co_await named_connection(call, Use::kLook));
  CO_TRY(const auto findings, co_await call.services.doctor.diagnose(connection));
  json::Writer out;
  out.begin_object().key("object").string("diagnosis");
  out.key("connection_id").string(connection->id.str());
  out.key("status").string(overall(findings));
  out.key("checked_at").string(format_time(call.services.clock.now()));
  out.key("checks").begin_array();
  for (const auto& each : findings) {
    out.begin_object().key("check").string(each.check);
    write_id(out, "sender_id", each.sender);
    out.key("status").string(numbers::verdict_name(each.verdict));
    out.key("evidence").string(each.evidence);
    write_text(out, "fix", each.fix);
    out.end_object();
  }
  out.end_array().end_object();
  co_return answer(std::move(out).take());
}

}  // namespace

void add_connection_check_routes(Routes& routes) {
  using enum identity::Scope;
  routes.add(http::Method::kPost, "/v1/connections/{}/sync", kConnectionsManage, sync);
  routes.add(http::Method::kPost, "/v1/connections/{}/diagnose", kConnectionsManage, diagnose);
}

}  // namespace flowsell::api
