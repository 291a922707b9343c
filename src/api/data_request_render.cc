#include "data_request_render.h"

#include "json/writer.h"
#include "render.h"

namespace flowsell::api {

std::string download_of(const privacy::DataRequest& request) {
  return "/v1/data_requests/" + request.id.str() + "/export";
}

std::string render_data_request(const privacy::DataRequest& r) {
  json::Writer out;
  out.begin_object().key("id").string(r.id.str()).key("object").string("data_request");
  out.key("kind").string(privacy::kind_name(r.kind));
  out.key("subject").string(privacy::subject_name(r.subject));
  out.key("state").string(privacy::state_name(r.state));
  write_id(out, "user_id", r.user);
  write_id(out, "workspace_id", r.workspace);
  write_text(out, "recipient", r.recipient);
  out.key("requested_by").string(r.requested_by);
  write_text(out, "reason", r.reason);
  out.key("created_at").string(format_time(r.created_at));
  out.key("due_at").string(format_time(r.due_at));
  write_time(out, "runs_after", r.runs_after);
  write_time(out, "finished_at", r.finished_at);
  write_text(out, "download", r.kind == privacy::Kind::kExport ? download_of(r) : std::string());
  write_time(out, "download_until", r.download_until);
  out.key("retained").begin_array();
  if (r.kind == privacy::Kind::kDeletion) {
    for (const privacy::Retained& each : privacy::retained(r.subject)) {
      out.begin_object().key("what").string(each.what).key("why").string(each.why).end_object();
    }
  }
  out.end_array();
  write_text(out, "certificate", r.certificate);
  out.end_object();
  return std::move(out).take();
}

http::Response data_request_response(const privacy::DataRequest& request, int status,
                                     std::string_view path) {
  http::Response response;
  response.status = status;
  response.body = render_data_request(request);
  if (status == 201) response.headers.push_back({"Location", std::string(path) + request.id.str()});
  return response;
}

}  // namespace flowsell::api
