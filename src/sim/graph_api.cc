#include "graph_api.h"

#include <fmt/format.h>

#include "core/encoding.h"
#include "core/phone_number.h"
#include "crypto/hash.h"
#include "ids.h"
#include "json/json.h"
#include "json/writer.h"

namespace flowsell::sim {
namespace {

constexpr std::string_view kBusinessUsageHeader = "X-Business-Use-Case-Usage";
constexpr std::string_view kMarketingEdge = "marketing_messages";
constexpr std::string_view kAppUsage = R"({"call_count":1,"total_cputime":1,"total_time":1})";

std::string usage_of(std::string_view waba_id, int call_count, std::int64_t regain_minutes) {
  return fmt::format(
      R"({{"{}":[{{"type":"whatsapp","call_count":{},"total_cputime":1,"total_time":1,)"
      R"("estimated_time_to_regain_access":{}}}]}})",
      waba_id, call_count, regain_minutes);
}

bool is_version(std::string_view segment) {
  if (segment.size() < 2 || segment[0] != 'v') return false;
  return segment.find_first_not_of("0123456789.", 1) == std::string_view::npos;
}

std::unexpected<GraphError> unknown_path(std::string_view path) {
  return std::unexpected(GraphError{2500, "", 0, fmt::format("Unknown path components: {}", path)});
}

std::unexpected<GraphError> unknown_object(std::string_view method, std::string_view object) {
  GraphError error{.subcode = 33};
  error.message = fmt::format(
      "Unsupported {} request. Object with ID '{}' does not exist, cannot be loaded due to missing "
      "permissions, or does "
      "not support this operation",
      method, object);
  return std::unexpected(std::move(error));
}

std::unexpected<GraphError> bad_token(int subcode, std::string message) {
  return std::unexpected(GraphError{190, "", subcode, std::move(message)});
}

std::string accepted_body(const SendRequest& send, std::string_view wamid,
                          const RecipientRole& role) {
  json::Writer out;
  out.begin_object().key("messaging_product").string("whatsapp");
  out.key("contacts").begin_array().begin_object().key("input").string(send.to);
  // A group has neither.
  if (!send.to_group) out.key(send.to_user ? "user_id" : "wa_id").string(send.person);
  out.end_object().end_array();
  out.key("messages").begin_array().begin_object().key("id").string(wamid);
  if (role.held) {
    out.key("message_status").string("held_for_quality_assessment");
  } else if (send.type == MessageType::kTemplate) {
    out.key("message_status").string("accepted");
  }
  out.end_object().end_array().end_object();
  return std::move(out).take();
}

/// What a fault does to the answer of a request that was taken.
void spoil(const FaultAction& fault, TimedResponse& taken) {
  taken.latency = fault.latency;
  if (fault.drop == FaultAction::Drop::kAfter) taken.response.status = http::kCloseUnanswered;
  if (fault.truncate) taken.response.cut_in_half = true;
  if (fault.garbage) taken.response.body = "\x1f{\"messages\":[{\"id\":\xff\xfe no JSON at all";
}

}  // namespace

GraphApi::GraphApi(World& world, WebhookSender& webhooks) : world_(world), webhooks_(webhooks) {
  for (const auto& number : world_.options.numbers) {
    const std::string_view digits = number.display_phone_number;
    sender_countries_.emplace_back(digits.substr(0, country_code_length(digits)));
    usage_headers_.push_back(usage_of(number.waba_id, 1, 0));
  }
}

GraphApi::Place GraphApi::place_of(std::string_view path) {
  Place place;
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto next = [&path] {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
    return segment;
  };
  auto segment = next();
  if (is_version(segment)) {
    place.version = segment;
    segment = next();
  } else {
    place.version = "v25.0";  // what an unversioned path is answered with
  }
  place.object = segment;
  place.edge = path;
  return place;
}

TimedResponse GraphApi::answer(const http::Request& request) {
  count(world_.stats.requests);
  const auto place = place_of(request.path);
  auto answered = handle(request, place);
  if (answered) return *std::move(answered);
  count(world_.stats.rejected);
  const auto number = world_.find_number(place.object);
  return {respond_error(answered.error(), place, static_cast<std::uint16_t>(number))};
}

Checked<TimedResponse> GraphApi::handle(const http::Request& request, const Place& place) {
  CHECK_OK(check_token(request));
  const bool is_messages = place.edge == "messages" || place.edge == kMarketingEdge;
  if (!is_messages && !place.edge.empty()) return unknown_path(request.path);
  const auto found = find_object(place);
  const bool right_method =
      request.method == (is_messages ? http::Method::kPost : http::Method::kGet);
  if (!found || !right_method) {
    return unknown_object(request.method == http::Method::kGet ? "get" : "post", place.object);
  }
  if (!is_messages) return show_number(place, *found);
  return post_message(request, place, *found);
}

Checked<> GraphApi::check_token(const http::Request& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const auto header = request.header("authorization");
  const bool has_token = header.size() > kBearer.size() &&
                         equals_ignoring_case(header.substr(0, kBearer.size()), kBearer);
  if (!has_token) {
    return bad_token(
        0, "An active access token must be used to query information about the current user.");
  }
  const auto token = header.substr(kBearer.size());
  if (token == "expired") {
    return bad_token(463,
                     "Error validating access token: Session has expired. The current time is "
                     "later than its end.");
  }
  const auto expected = world_.options.access_token.reveal();
  if (expected.empty() || crypto::constant_time_equal(token, expected)) return {};
  return bad_token(467, "Invalid OAuth access token - Cannot parse access token");
}

Checked<std::uint16_t> GraphApi::find_object(const Place& place) const {
  const auto index = world_.find_number(place.object);
  if (index == world_.options.numbers.size()) return unknown_object("get", place.object);
  return static_cast<std::uint16_t>(index);
}

Checked<TimedResponse> GraphApi::post_message(const http::Request& request, const Place& place,
                                              std::uint16_t number) {
  const auto document = json::parse(request.body);
  if (!document) return refuse(100, "The request body is not valid JSON");
  const auto edge =
      place.edge == kMarketingEdge ? SendEdge::kMarketingMessages : SendEdge::kMessages;
  TRY(auto send, check_send_request(document->root(), sender_countries_[number], edge));
  if (send.kind == SendRequest::Kind::kMarkAsRead) return mark_as_read(send, place, number);

  const auto role = send.to_user || send.to_group ? RecipientRole{} : role_of(send.person);
  if (world_.faults.any(FaultScope::kMessages)) {
    const auto fault = world_.faults.hit(FaultScope::kMessages, send.person);
    if (fault) return take_with_fault(send, place, number, role, *fault);
  }
  return take(send, place, number, role);
}

Checked<TimedResponse> GraphApi::mark_as_read(const SendRequest&, const Place& place,
                                              std::uint16_t number) {
  std::optional<FaultAction> fault;
  if (world_.faults.any(FaultScope::kReads)) fault = world_.faults.hit(FaultScope::kReads, "");
  if (fault) {
    if (auto failing = failing_answer(*fault, place, number)) {
      count(world_.stats.rejected);
      return *std::move(failing);
    }
  }
  count(world_.stats.reads);
  TimedResponse read{respond(200, R"({"success":true})", place, number, make_trace_id())};
  if (fault) spoil(*fault, read);
  return read;
}

Checked<TimedResponse> GraphApi::take(const SendRequest& send, const Place& place,
                                      std::uint16_t number, RecipientRole role) {
  if (role.error != kNoError && !role.error_later) return refuse(role.error, "");
  count(world_.stats.accepted);
  auto wamid = world_.log.add({.to = send.to,
                               .person = send.person,
                               .callback_data = send.callback_data,
                               .type = send.type,
                               .number = number,
                               .at = SystemClock().now()});
  auto body = accepted_body(send, wamid, role);
  if (world_.settings.send_statuses.load(std::memory_order_relaxed)) {
    schedule_statuses(send, number, std::move(wamid), role);
  }
  return TimedResponse{respond(200, std::move(body), place, number, make_trace_id())};
}

void GraphApi::schedule_statuses(const SendRequest& send, std::uint16_t number, std::string wamid,
                                 const RecipientRole& role) {
  auto journey = std::make_shared<Journey>();
  journey->number = number;
  journey->begin = std::chrono::steady_clock::now();
  journey->script = script_for(role, send.type, world_.settings.delays());
  if (world_.faults.any(FaultScope::kWebhooks) &&
      world_.faults.hit(FaultScope::kWebhooks, send.person, /*reorders=*/true)) {
    journey->script.reverse();
  }
  journey->wamid = std::move(wamid);
  journey->person = send.person;
  journey->callback_data = std::string(send.callback_data);
  journey->to_user = send.to_user;
  journey->to_group = send.to_group;
  journey->is_template = send.type == MessageType::kTemplate;
  journey->was_delivered = !role.not_shown_delivered;
  journey->error = role.error;
  webhooks_.add(std::move(journey));
}

Checked<TimedResponse> GraphApi::take_with_fault(const SendRequest& send, const Place& place,
                                                 std::uint16_t number, const RecipientRole& role,
                                                 const FaultAction& fault) {
  if (auto failing = failing_answer(fault, place, number)) {
    count(world_.stats.rejected);
    return *std::move(failing);
  }
  auto played = role;
  if (fault.error_later) played = {.error = fault.error, .error_later = true};
  auto taken = take(send, place, number, played);
  if (taken) spoil(fault, *taken);
  return taken;
}

/// The answer of a fault by which the request is not taken; nullopt when the fault lets it be
/// taken.
std::optional<TimedResponse> GraphApi::failing_answer(const FaultAction& fault, const Place& place,
                                                      std::uint16_t number) const {
  const auto timed = [&](http::Response response) {
    return TimedResponse{std::move(response), fault.latency};
  };
  if (fault.drop == FaultAction::Drop::kBefore) return timed({.status = http::kCloseUnanswered});
  if (fault.rate_limit) return timed(rate_limited(fault, place, number));
  if (fault.error != kNoError && !fault.error_later) {
    auto response = respond_error({fault.error, ""}, place, number);
    if (fault.http_status != 0) response.status = fault.http_status;
    return timed(std::move(response));
  }
  if (fault.http_status == 0) return std::nullopt;
  if (!fault.graph_body) {
    return timed(
        {.status = fault.http_status, .content_type = fault.content_type, .body = fault.body});
  }
  auto response = respond_error({2, ""}, place, number);
  response.status = fault.http_status;
  return timed(std::move(response));
}

http::Response GraphApi::rate_limited(const FaultAction& fault, const Place& place,
                                      std::uint16_t number) const {
  constexpr int kAccountRateLimit = 80007;
  auto response =
      respond_error({fault.error != kNoError ? fault.error : kAccountRateLimit, ""}, place, number);
  response.status = fault.http_status != 0 ? fault.http_status : 429;
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(fault.retry_after).count();
  for (auto& header : response.headers) {
    if (header.name == kBusinessUsageHeader) {
      header.value = usage_of(world_.options.numbers[number].waba_id, 100, minutes);
    }
  }
  if (fault.retry_after.count() > 0) {
    response.headers.push_back({"Retry-After", std::to_string(fault.retry_after.count())});
  }
  return response;
}

TimedResponse GraphApi::show_number(const Place& place, std::uint16_t number) const {
  const auto& shown = world_.options.numbers[number];
  json::Writer out;
  out.begin_object().key("id").string(shown.phone_number_id);
  out.key("display_phone_number").string("+" + shown.display_phone_number);
  out.key("verified_name").string("Simulated business").key("status").string("CONNECTED");
  out.key("quality_rating").string("GREEN").key("code_verification_status").string("VERIFIED");
  out.key("throughput").begin_object().key("level").string("STANDARD").end_object().end_object();
  return {respond(200, std::move(out).take(), place, number, make_trace_id())};
}

http::Response GraphApi::respond(int status, std::string body, const Place& place,
                                 std::uint16_t number, std::string trace_id) const {
  http::Response response{.status = status, .body = std::move(body)};
  response.headers.reserve(6);
  response.headers.push_back({"facebook-api-version", std::string(place.version)});
  response.headers.push_back({"X-App-Usage", std::string(kAppUsage)});
  if (number < usage_headers_.size()) {
    response.headers.push_back({std::string(kBusinessUsageHeader), usage_headers_[number]});
  }
  response.headers.push_back({"x-fb-trace-id", trace_id.substr(0, 11)});
  response.headers.push_back({"x-fb-request-id", std::move(trace_id)});
  return response;
}

http::Response GraphApi::respond_error(const GraphError& error, const Place& place,
                                       std::uint16_t number) const {
  auto trace_id = make_trace_id();
  auto body = error_body(error, trace_id);
  auto response =
      respond(http_status_of(error), std::move(body), place, number, std::move(trace_id));
  if (response.status == 401) {
    response.headers.push_back(
        {"WWW-Authenticate", R"(OAuth "Facebook Platform" "invalid_token")"});
  }
  return response;
}

}  // namespace flowsell::sim
