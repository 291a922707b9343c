#include "graph_door/graph_door.h"

#include <array>
#include <utility>

#include "api/key_door.h"
#include "core/encoding.h"
#include "files.h"
#include "graph_call.h"
#include "graph_error.h"
#include "graph_path.h"
#include "media/library.h"
#include "nodes.h"
#include "passing.h"
#include "query.h"
#include "sending.h"
#include "telemetry/log.h"

namespace flowsell::graph_door {
namespace {

constexpr std::string_view kMedia = "media";
constexpr std::string_view kContent = "content";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kOAuth = "OAuth ";
constexpr std::array<std::string_view, 6> kStatusClasses = {"0xx", "1xx", "2xx",
                                                            "3xx", "4xx", "5xx"};

Asked asked_by(const GraphPath& path) {
  const bool is_message = path.edge == "messages" || path.edge == "marketing_messages";
  return is_message ? Asked::kMessage : Asked::kManagement;
}

/// Meta takes "OAuth" for "Bearer". The text lives in `held`.
void name_bearer(http::Request& request, std::string& held) {
  for (http::Request::Field& field : request.fields) {
    if (!equals_ignoring_case(field.name, "Authorization")) continue;
    if (!equals_ignoring_case(field.value.substr(0, kOAuth.size()), kOAuth)) continue;
    held = std::string(kBearer).append(field.value.substr(kOAuth.size()));
    field.value = held;
  }
}

/// What a number does: it sends, or takes a file to send.
Task<http::Response> answer_number(const GraphCall& call) {
  CO_TRY(auto sender, find_number(call));
  if (!sender) co_return fail(ErrorCode::kNotFound, "there is no such number");
  if (call.path.edge == kMedia) co_return co_await upload_file(call, std::move(sender));
  co_return co_await send_message(call, std::move(sender),
                                  call.path.edge == "messages" ? whatsapp::GraphEdge::kMessages
                                                               : whatsapp::GraphEdge::kMarketing);
}

Task<http::Response> answer_call(const GraphCall& call) {
  const bool is_of_number = asked_by(call.path) == Asked::kMessage || call.path.edge == kMedia;
  if (is_of_number && call.request.method == http::Method::kPost && call.path.rest.empty())
    co_return co_await answer_number(call);
  if (may_be_file(call)) {
    auto file = co_await call.services.media.find(call.caller, std::string(call.path.node));
    if (file) co_return co_await answer_file(call, *std::move(file));
    if (file.error().code != ErrorCode::kNotFound) co_return std::unexpected(file.error());
  }
  co_return co_await pass_on(call);
}

}  // namespace

class GraphDoor::Impl {
 public:
  explicit Impl(Process process) : process_(std::move(process)) {
    for (std::size_t i = 0; i < kStatusClasses.size(); ++i) {
      answers_.at(i) =
          &process_.metrics.counter("connect_graph_requests_total",
                                    "Requests at the Graph-compatible door, by class of status.",
                                    "status=\"" + std::string(kStatusClasses.at(i)) + "\"");
    }
  }

  Awaitable<http::Response> handle(http::Request& request) {
    const RequestId id = process_.ids.next<IdKind::kRequest>();
    const std::string id_text = id.str();
    const std::string trace_id = "A" + base64url_encode(id.bytes());
    request.id = id_text;
    const auto path = parse_path(request.path);
    request.wants_stream = path && path->edge == kContent && request.method == http::Method::kGet;
    http::Response response;
    if (path) {
      response = co_await answer(request, *path, trace_id);
    } else {
      response = render(no_path(request.path.substr(std::min(kRoot.size(), request.path.size()))),
                        trace_id);
    }
    finish(response, id_text, trace_id, path ? path->version : std::string_view());
    co_return response;
  }

 private:
  Awaitable<http::Response> answer(http::Request& request, GraphPath path, std::string trace_id) {
    std::string bearer;
    name_bearer(request, bearer);
    auto parameters = parse_parameters(request.query);
    const auto refused = parameters ? check_parameters(*parameters) : std::nullopt;
    // A key in an address: the caller is told why it does not count.
    if (refused && request.header("Authorization").empty()) co_return no_key(*refused, trace_id);
    auto admission = co_await api::admit_key(process_.homes, request);
    if (!admission) co_return render(error_of(admission.error(), asked_by(path)), trace_id);
    if (admission->answered) co_return *std::move(admission->answered);
    if (refused) co_return render(*refused, trace_id);
    const GraphCall call{request,
                         path,
                         std::move(parameters),
                         admission->caller->services(),
                         admission->caller->caller(),
                         process_.ids,
                         trace_id,
                         base_of(request)};
    auto answered = co_await answer_call(call);
    if (answered) co_return *std::move(answered);
    Error error = std::move(answered).error();
    if (error.code == ErrorCode::kNotFound)
      co_return render(no_object(http::method_name(request.method), path.node), trace_id);
    // What is only read is not changed by a call without an answer.
    if (error.code == ErrorCode::kProviderTimeout && request.method == http::Method::kGet)
      error.code = ErrorCode::kProviderUnreachable;
    co_return render(error_of(error, asked_by(path)), trace_id);
  }

  static http::Response no_key(const GraphError& refused, const std::string& trace_id) {
    GraphError error = error_of({ErrorCode::kMissingApiKey, {}}, Asked::kManagement);
    error.details = refused.details;
    return render(error, trace_id);
  }

  std::string base_of(const http::Request& request) const {
    if (!process_.public_url.empty()) return process_.public_url + std::string(kRoot);
    return "http://" + std::string(request.header("Host")) + std::string(kRoot);
  }

  void finish(http::Response& response, const std::string& id, const std::string& trace_id,
              std::string_view version) {
    const auto status_class = static_cast<std::size_t>(response.status / 100);
    if (response.is_relayed) return;
    response.headers.push_back({"Request-Id", id});
    response.headers.push_back({"x-fb-request-id", id});
    response.headers.push_back({"x-fb-trace-id", trace_id});
    if (!version.empty())
      response.headers.push_back({"facebook-api-version", std::string(version)});
    response.headers.push_back({"Cache-Control", "no-store"});
    if (status_class < answers_.size()) answers_.at(status_class)->add();
    if (response.status >= 500)
      log::warn("a request failed",
                {{"request_id", id}, {"route", "graph"}, {"status", response.status}});
  }

  Process process_;
  std::array<metrics::Counter*, kStatusClasses.size()> answers_{};
};

GraphDoor::GraphDoor(Process process) : impl_(std::make_unique<Impl>(std::move(process))) {}
GraphDoor::~GraphDoor() = default;

bool GraphDoor::is_for(std::string_view path) noexcept {
  return path.starts_with(kRoot) && (path.size() == kRoot.size() || path[kRoot.size()] == '/');
}

bool GraphDoor::streams(http::Method method, std::string_view target) noexcept {
  const std::string_view target_path = target.substr(0, target.find('?'));
  if (method != http::Method::kPost || !is_for(target_path)) return false;
  const auto path = parse_path(target_path);
  return path && path->edge == kMedia && path->rest.empty();
}

Awaitable<http::Response> GraphDoor::handle(http::Request& request) {
  return impl_->handle(request);
}

}  // namespace flowsell::graph_door
