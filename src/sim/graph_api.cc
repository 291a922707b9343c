#include "graph_api.h"

#include "core/phone_number.h"
#include "json/json.h"
#include "json/writer.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

constexpr std::string_view kUseCase = "whatsapp";
constexpr std::string_view kMarketingEdge = "marketing_messages";
constexpr int kOutsideWindow = 131047;
constexpr int kTierReached = 131049;

/// The calling code of a business number.
std::string_view country_of(const SimNumber& number) {
  const std::string_view digits = number.display_phone_number;
  return digits.substr(0, country_code_length(digits));
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

GraphApi::GraphApi(World& world, WebhookSender& webhooks, const Management& management)
    : world_(world), webhooks_(webhooks), management_(management) {
  for (const auto& number : world_.options.numbers)
    usages_.push_back(usage_of(kUseCase, number.waba_id, 1, 0));
}

bool GraphApi::is_send(const http::Request& request) {
  return request.method == http::Method::kPost &&
         (request.path.ends_with("/messages") || request.path.ends_with("/marketing_messages"));
}

TimedResponse GraphApi::answer(const http::Request& request) {
  count(world_.stats.requests);
  const auto place = GraphPath::of(request.path);
  const auto number = world_.find_number(place.object);
  auto answered = handle(request, place, number);
  if (answered) return *std::move(answered);
  count(world_.stats.rejected);
  return {respond_error(answered.error(), place, number)};
}

Checked<TimedResponse> GraphApi::handle(const http::Request& request, const GraphPath& place,
                                        std::size_t number) {
  CHECK_OK(check_number(request, place, number));
  return post_message(request, place, static_cast<std::uint16_t>(number));
}

/// Token, object, permission, registration: in Meta's order.
Checked<> GraphApi::check_number(const http::Request& request, const GraphPath& place,
                                 std::size_t number) const {
  const auto token = token_of_header(request.header("authorization"));
  if (token.empty()) return refuse_no_token();
  TRY(const auto caller, world_.tokens.find(token, world_.clock.now()));
  CHECK_OK(world_.apps.check_proof(*caller, token, query_value(request.query, "appsecret_proof")));
  if (number == World::kNoNumber) return refuse_object("post", place.object);
  if (!caller->has(Scope::kMessaging)) return refuse(10, "");
  if (!caller->allows(Scope::kMessaging, world_.options.numbers[number].waba_id))
    return refuse_object("post", place.object);
  if (world_.numbers.has(number, NumberStates::kUnregistered)) return refuse(133010, "");
  return {};
}

Checked<TimedResponse> GraphApi::post_message(const http::Request& request, const GraphPath& place,
                                              std::uint16_t number) {
  const auto document = json::parse(request.body);
  if (!document) return refuse(100, "The request body is not valid JSON");
  const auto edge =
      place.edge == kMarketingEdge ? SendEdge::kMarketingMessages : SendEdge::kMessages;
  const auto& sender = world_.options.numbers[number];
  TRY(auto send, check_send_request(document->root(), country_of(sender), edge));
  if (send.kind == SendRequest::Kind::kMarkAsRead) return mark_as_read(place, number);
  CHECK_OK(world_.media.check(document->root(), place.object, world_.clock.now()));
  SentAs sent_as{.body = request.body, .category = {}};
  std::vector<std::string> flows;
  if (send.type == MessageType::kTemplate &&
      world_.numbers.has(number, NumberStates::kTemplatesManaged)) {
    const auto& sent = document->root().get_object().at("template").get_object();
    TRY(auto as, management_.check_template(sender.waba_id, sent, send.to_user));
    sent_as.category = std::move(as.category);
    flows = std::move(as.flows);
  }
  if (send.type == MessageType::kInteractive) {
    if (const auto flow = flow_of_message(document->root().get_object()); !flow.empty())
      flows.emplace_back(flow);
  }
  CHECK_OK(world_.flows.admit(sender.waba_id, flows, world_.clock.now()));

  const auto role = send.to_user || send.to_group ? RecipientRole{} : role_of(send.person);
  if (world_.faults.any(FaultScope::kMessages)) {
    const auto fault = world_.faults.hit(FaultScope::kMessages, send.person);
    if (fault) return take_with_fault(send, place, number, role, *fault, sent_as);
  }
  return take(send, place, number, role, sent_as);
}

Checked<TimedResponse> GraphApi::mark_as_read(const GraphPath& place, std::uint16_t number) {
  std::optional<FaultAction> fault;
  if (world_.faults.any(FaultScope::kReads)) fault = world_.faults.hit(FaultScope::kReads, "");
  if (fault) {
    if (auto failing = failing_answer(*fault, place, number)) {
      count(world_.stats.rejected);
      return *std::move(failing);
    }
  }
  count(world_.stats.reads);
  TimedResponse read{respond(R"({"success":true})", place, number)};
  if (fault) spoil(*fault, read);
  return read;
}

Checked<TimedResponse> GraphApi::take(const SendRequest& send, const GraphPath& place,
                                      std::uint16_t number, RecipientRole role,
                                      const SentAs& sent_as) {
  if (role.error != kNoError && !role.error_later) return refuse(role.error, "");
  const auto now = world_.clock.now();
  if (world_.settings.limits.load(std::memory_order_relaxed)) {
    CHECK_OK(world_.limits.admit({number, throughput_of(number)}, send.person, now));
    if (role.error == kNoError && !is_within_tier(send, number, now))
      role = {.error = kTierReached, .error_later = true};
  }
  if (role.error == kNoError && is_outside_window(send, number, now))
    role = {.error = kOutsideWindow, .error_later = true};
  count(world_.stats.accepted);
  auto wamid = world_.log.add({.to = send.to,
                               .person = send.person,
                               .callback_data = send.callback_data,
                               .type = send.type,
                               .number = number,
                               .at = now});
  if (world_.screen.is_watched()) {
    world_.screen.add({wamid, world_.options.numbers[number].phone_number_id, send.person,
                       std::string(sent_as.body), now});
  }
  auto body = accepted_body(send, wamid, role);
  if (world_.settings.send_statuses.load(std::memory_order_relaxed)) {
    schedule_statuses(send, number, std::move(wamid), role, sent_as);
  }
  return TimedResponse{respond(std::move(body), place, number)};
}

/// Only where the setting is on: more than 24 hours have passed since the customer last wrote.
bool GraphApi::is_outside_window(const SendRequest& send, std::uint16_t number, Time now) const {
  if (!world_.settings.service_window.load(std::memory_order_relaxed)) return false;
  if (send.type == MessageType::kTemplate) return false;
  return !world_.windows.is_open(number, send.person, now);
}

int GraphApi::throughput_of(std::uint16_t number) const {
  if (world_.numbers.has(number, NumberStates::kOnBizApp)) return 20;
  return world_.numbers.has(number, NumberStates::kHighThroughput) ? 1'000 : 80;
}

/// The portfolio's limit counts people who are written to outside of a window.
bool GraphApi::is_within_tier(const SendRequest& send, std::uint16_t number, Time now) {
  return world_.windows.is_open(number, send.person, now) ||
         world_.limits.admit_person(number, send.person, now);
}

void GraphApi::schedule_statuses(const SendRequest& send, std::uint16_t number, std::string wamid,
                                 const RecipientRole& role, const SentAs& sent_as) {
  auto journey = std::make_shared<Journey>();
  journey->number = number;
  journey->begin = world_.clock.steady_now();
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
  journey->category = lower_case(sent_as.category);
  if (const auto until = world_.windows.free_until(number, send.person, world_.clock.now()))
    journey->free_until = to_unix_ms(*until) / 1000;
  webhooks_.add(std::move(journey));
}

Checked<TimedResponse> GraphApi::take_with_fault(const SendRequest& send, const GraphPath& place,
                                                 std::uint16_t number, const RecipientRole& role,
                                                 const FaultAction& fault, const SentAs& sent_as) {
  if (auto failing = failing_answer(fault, place, number)) {
    count(world_.stats.rejected);
    return *std::move(failing);
  }
  auto played = role;
  if (fault.error_later) played = {.error = fault.error, .error_later = true};
  auto taken = take(send, place, number, played, sent_as);
  if (taken) spoil(fault, *taken);
  return taken;
}

/// The answer of a fault by which the request is not taken; nullopt when the fault lets it be
/// taken.
std::optional<TimedResponse> GraphApi::failing_answer(const FaultAction& fault,
                                                      const GraphPath& place,
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

http::Response GraphApi::rate_limited(const FaultAction& fault, const GraphPath& place,
                                      std::uint16_t number) const {
  constexpr int kAccountRateLimit = 80007;
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(fault.retry_after).count();
  auto response =
      graph_refusal({fault.error != kNoError ? fault.error : kAccountRateLimit, ""}, place.version,
                    usage_of(kUseCase, world_.options.numbers[number].waba_id, 100, minutes));
  response.status = fault.http_status != 0 ? fault.http_status : 429;
  if (fault.retry_after.count() > 0) {
    response.headers.push_back({"Retry-After", std::to_string(fault.retry_after.count())});
  }
  return response;
}

http::Response GraphApi::respond(std::string body, const GraphPath& place,
                                 std::size_t number) const {
  return graph_response(200, std::move(body), place.version, usage_of_number(number));
}

http::Response GraphApi::respond_error(const GraphError& error, const GraphPath& place,
                                       std::size_t number) const {
  return graph_refusal(error, place.version, usage_of_number(number));
}

/// Empty where the call is about no number.
std::string GraphApi::usage_of_number(std::size_t number) const {
  if (number == World::kNoNumber) return {};
  if (number < usages_.size()) return usages_[number];
  return usage_of(kUseCase, world_.options.numbers[number].waba_id, 1, 0);
}

}  // namespace flowsell::sim
