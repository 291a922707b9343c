#include "acts.h"

#include "json/writer.h"

namespace flowsell::privacy {

audit::Act act_of(IdSource& ids, Time now, std::string scope, const audit::Actor& actor,
                  const audit::Origin& origin, std::string name, std::string target) {
  audit::Act act;
  act.scope = std::move(scope);
  act.id = ids.next<IdKind::kAuditEvent>();
  act.at = now;
  act.actor = actor;
  act.origin = origin;
  act.name = std::move(name);
  act.target = std::move(target);
  return act;
}

std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  json::Writer out;
  out.begin_object();
  for (const auto& [name, text] : fields) out.key(name).string(text);
  out.end_object();
  return std::move(out).take();
}

}  // namespace flowsell::privacy
