#include "acts.h"

#include "audit/audit_log.h"
#include "store/change.h"
#include "team/acts.h"

namespace flowsell::graph_door {
namespace {

constexpr store::WriteKind kKind{"graph_calls", 9, store::apply_each<store::Change>};

}  // namespace

team::By by_of(const GraphCall& call) {
  team::By by;
  by.caller = call.caller;
  by.origin = api::origin_of(call.request);
  return by;
}

Task<> record_call(const GraphCall& call, std::string target, std::string edge) {
  auto act = team::act_of(call.ids, call.services.clock.now(), by_of(call), "graph.called",
                          std::move(target));
  act.after = audit::json_of({{"method", http::method_name(call.request.method)}, {"edge", edge}});
  auto body = [act = std::move(act)](store::Connection& db) { return audit::append(db, act); };
  co_return co_await store::change(call.services.db, kKind, std::move(body));
}

}  // namespace flowsell::graph_door
