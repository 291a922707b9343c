#include "audit_query.h"

#include "paging.h"

namespace flowsell::api {

Result<audit::Query> read_audit_query(const http::Request& request) {
  TRY(auto in, QueryReader::parse(request.query));
  audit::Query query;
  read_page(in, query);
  query.actor_id = in.text("actor_id").value_or("");
  query.act = in.text("act").value_or("");
  query.target = in.text("target").value_or("");
  query.from = in.time("created[gte]");
  query.to = in.time("created[lt]");
  CHECK_OK(in.finish());
  return query;
}

}  // namespace flowsell::api
