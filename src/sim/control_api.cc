#include "control_api.h"

#include <limits>

#include "control/inbound_media.h"
#include "graph/path.h"
#include "ids.h"
#include "inbound.h"
#include "json/reader.h"
#include "json/writer.h"
#include "letters.h"
#include "web/pages.h"

namespace flowsell::sim {
namespace {

constexpr std::string_view kRoot = "/_sim/";
constexpr std::int64_t kInboundCountMax = 100'000;
constexpr std::int64_t kDelayMsMax = 86'400'000;
constexpr std::int64_t kNever = -1;

std::int64_t shown(std::uint64_t number) { return static_cast<std::int64_t>(number); }

std::string problem(const Error& error) {
  json::Writer out;
  out.begin_object().key("error").begin_object();
  out.key("message").string(error.detail).key("fields").begin_array();
  for (const auto& field : error.fields) {
    out.begin_object().key("pointer").string(field.pointer).key("detail").string(field.detail);
    out.key("fix").string(field.fix).end_object();
  }
  out.end_array().end_object().end_object();
  return std::move(out).take();
}

Result<std::uint64_t> query_number(std::string_view query, std::string_view name,
                                   std::uint64_t otherwise) {
  const auto text = query_value(query, name);
  if (text.empty()) return otherwise;
  if (const auto number = parse_number<std::uint64_t>(text)) return *number;
  return fail_field(std::string(name), "wrong_type", "is not a number", "Give a whole number.");
}

void write_message(json::Writer& out, std::string_view wamid, const TakenMessage& message,
                   const SimNumber& number) {
  out.begin_object().key("id").string(wamid).key("to").string(message.to);
  out.key("type").string(message_type_name(message.type));
  out.key("biz_opaque_callback_data").string(message.callback_data);
  out.key("phone_number_id").string(number.phone_number_id);
  out.key("at").string(format_time(message.at)).end_object();
}

std::optional<Status> parse_status(std::string_view name) {
  for (const auto status : {Status::kSent, Status::kDelivered, Status::kRead, Status::kFailed,
                            Status::kPlayed, Status::kDeleted}) {
    if (status_name(status) == name) return status;
  }
  return std::nullopt;
}

/// Settings to change, once all of them are read and sound.
class Changes {
 public:
  void read_delay(json::ObjectReader& in, std::string_view name, std::atomic<std::int64_t>& delay,
                  std::int64_t min) {
    if (const auto value = in.integer(name, min, kDelayMsMax)) delays_.emplace_back(&delay, *value);
  }
  void read_flag(json::ObjectReader& in, std::string_view name, std::atomic<bool>& flag) {
    if (const auto value = in.boolean(name)) flags_.emplace_back(&flag, *value);
  }
  void apply() const {
    for (const auto& [delay, value] : delays_) *delay = value;
    for (const auto& [flag, value] : flags_) *flag = value;
  }

 private:
  std::vector<std::pair<std::atomic<std::int64_t>*, std::int64_t>> delays_;
  std::vector<std::pair<std::atomic<bool>*, bool>> flags_;
};

/// {"upload_fault": {"after_bytes": N, "do": "refuse"}}, or "cut": of the next file only.
std::optional<UploadFault> read_upload_fault(json::ObjectReader& in) {
  const auto* value = in.find("upload_fault");
  if (value == nullptr) return std::nullopt;
  json::ObjectReader fault(*value, in.pointer_of("upload_fault"), in.faults());
  UploadFault out;
  out.after_bytes =
      static_cast<std::uint64_t>(fault.integer("after_bytes", 0, INT64_MAX).value_or(0));
  const auto act = fault.required_string("do");
  out.is_refusal = act == "refuse";
  if (act && *act != "refuse" && *act != "cut")
    fault.fault("do", "invalid_value", "no such fault", "Use refuse or cut.");
  fault.finish();
  return out;
}

}  // namespace

ControlApi::ControlApi(World& world, WebhookSender& webhooks, Management& management,
                       Signup& signup)
    : world_(world),
      webhooks_(webhooks),
      management_(management),
      signup_(signup),
      platform_(world, management),
      inbound_serial_(quick_random()) {}

Awaitable<http::Response> ControlApi::answer(const http::Request& request) {
  if (request.path == "/_sim/phone" && request.method == http::Method::kGet) {
    co_return http::Response{.content_type = "text/html; charset=utf-8",
                             .body = std::string(phone_page())};
  }
  auto body = co_await handle(request);
  if (body) co_return http::Response{.status = 200, .body = *std::move(body)};
  co_return http::Response{.status = error_info(body.error().code).http_status,
                           .body = problem(body.error())};
}

Task<std::string> ControlApi::handle(const http::Request& request) {
  if (!request.path.starts_with(kRoot)) co_return fail(ErrorCode::kNotFound, "no such call");
  const auto name = request.path.substr(kRoot.size());
  if (request.method == http::Method::kGet) {
    if (name == "messages") co_return messages(request.query);
    if (name == "stats") co_return stats();
    if (name == "settings") co_return settings();
    if (name == "faults") co_return world_.faults.list();
    if (name == "phone/messages") {
      CO_TRY(const auto after, query_number(request.query, "after", 0));
      co_return world_.screen.list(after);
    }
  }
  if (request.method == http::Method::kDelete && name == "faults") {
    world_.faults.clear();
    co_return world_.faults.list();
  }
  if (request.method != http::Method::kPost) co_return fail(ErrorCode::kNotFound, "no such call");
  if (name == "reset") co_return reset();
  if (name == "inbound_media") {
    auto kept = inbound_media(&world_, &management_, &request);
    CO_TRY(const auto message, co_await std::move(kept));
    CO_TRY(const auto parsed, json::parse(message));
    co_return send_inbound(parsed.root());
  }
  CO_TRY(const auto document, json::parse(request.body));
  if (name == "settings") co_return co_await change_settings(document.root());
  if (const auto call = PlatformControl::find(name)) {
    auto done = (platform_.*call)(document.root());
    co_return co_await std::move(done);
  }
  co_return post(name, document.root());
}

Result<std::string> ControlApi::post(std::string_view name, const json::Value& body) {
  if (name == "faults") return world_.faults.add(body);
  if (name == "inbound") return send_inbound(body);
  if (name == "webhook") return send_webhook(body);
  if (name == "statuses") return send_status(body);
  if (name == "signup") return signup_.preset(body);
  return fail(ErrorCode::kNotFound, "no such call");
}

Result<std::string> ControlApi::messages(std::string_view query) const {
  TRY(const auto after, query_number(query, "after", 0));
  TRY(const auto limit, query_number(query, "limit", std::numeric_limits<std::uint64_t>::max()));
  const auto to = person_of(query_value(query, "to"));
  std::uint64_t matching = 0;
  std::uint64_t written = 0;
  std::uint64_t next = after;
  json::Writer list;
  list.begin_array();
  // Only a count of one recipient's messages needs to see them all.
  const auto from = to.empty() ? after : 0;
  world_.log.each(from,
                  [&](std::uint64_t position, std::string_view wamid, const TakenMessage& message) {
                    if (!to.empty() && message.person != to) return true;
                    ++matching;
                    if (position < after || written == limit) return !to.empty();
                    write_message(list, wamid, message, world_.options.numbers[message.number]);
                    ++written;
                    next = position + 1;
                    return true;
                  });
  list.end_array();
  const auto all = to.empty() ? world_.log.taken() : matching;
  json::Writer out;
  out.begin_object().key("count").integer(shown(all)).key("next").integer(shown(next));
  out.key("messages").raw(list.text()).end_object();
  return std::move(out).take();
}

std::string ControlApi::stats() const {
  const auto& stats = world_.stats;
  json::Writer out;
  out.begin_object();
  out.key("requests").integer(shown(stats.requests));
  out.key("accepted").integer(shown(stats.accepted));
  out.key("rejected").integer(shown(stats.rejected));
  out.key("reads").integer(shown(stats.reads));
  out.key("webhooks_sent").integer(shown(stats.webhooks_sent));
  out.key("webhooks_failed").integer(shown(stats.webhooks_failed));
  out.key("webhooks_dropped").integer(shown(stats.webhooks_dropped));
  out.key("webhooks_waiting").integer(shown(webhooks_.waiting()));
  out.key("updates_sent").integer(shown(stats.updates_sent));
  out.end_object();
  return std::move(out).take();
}

std::string ControlApi::settings() const {
  const auto& settings = world_.settings;
  json::Writer out;
  out.begin_object();
  out.key("send_statuses")
      .boolean(settings.send_statuses)
      .key("batching")
      .boolean(settings.batching);
  out.key("limits").boolean(settings.limits);
  out.key("service_window").boolean(settings.service_window);
  out.key("sent_after_ms").integer(settings.sent_after_ms);
  out.key("delivered_after_ms").integer(settings.delivered_after_ms);
  out.key("read_after_ms").integer(settings.read_after_ms);
  out.key("retry_after_ms").integer(settings.retry_after_ms);
  out.end_object();
  return std::move(out).take();
}

Task<std::string> ControlApi::change_settings(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  auto& settings = world_.settings;
  Changes changes;
  changes.read_flag(in, "send_statuses", settings.send_statuses);
  changes.read_flag(in, "batching", settings.batching);
  changes.read_flag(in, "limits", settings.limits);
  changes.read_flag(in, "service_window", settings.service_window);
  changes.read_delay(in, "sent_after_ms", settings.sent_after_ms, kNever);
  changes.read_delay(in, "delivered_after_ms", settings.delivered_after_ms, kNever);
  changes.read_delay(in, "read_after_ms", settings.read_after_ms, kNever);
  changes.read_delay(in, "retry_after_ms", settings.retry_after_ms, 0);
  const auto upload_fault = read_upload_fault(in);
  const auto url = in.string("webhook_url", {.max = 2048});
  const auto verify_token = in.string("verify_token", {.min = 1, .max = 256});
  if (verify_token && (!url || url->empty())) {
    in.fault("verify_token", "not_allowed", "is for a webhook_url", "Give both.");
  }
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  if (verify_token) {
    CO_CHECK_OK(co_await webhooks_.set_verified_url(std::string(*url), std::string(*verify_token)));
  } else if (url) {
    CO_CHECK_OK(webhooks_.set_url(*url));
  }
  if (url) {
    const std::string callback(*url);
    auto moved = management_.change([&](Graph& graph) -> Result<> {
      graph.world.options.webhook_url = callback;
      auto& app = graph.app({});
      app.fields.erase("_subscription");
      graph.registry.touch(app);
      return {};
    });
    CO_CHECK_OK(co_await std::move(moved));
  }
  changes.apply();
  if (upload_fault) world_.upload_fault.set(upload_fault);
  co_return this->settings();
}

Result<std::uint16_t> ControlApi::number_of(std::string_view phone_number_id) const {
  if (phone_number_id.empty()) return std::uint16_t{0};
  const auto index = world_.find_number(phone_number_id);
  if (index != World::kNoNumber) return static_cast<std::uint16_t>(index);
  return fail_field("/phone_number_id", "unknown", "is no number of this simulator",
                    "Use one that it was started with.");
}

Result<std::string> ControlApi::send_inbound(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const auto number_id = in.string("phone_number_id").value_or("");
  const auto count = in.integer("count", 1, kInboundCountMax).value_or(1);
  const auto fixed_id = in.string("id", {.min = 1, .max = 256});
  const auto message = read_inbound(in);
  in.finish();
  CHECK_OK(json::as_result(std::move(faults)));
  TRY(const auto number, number_of(number_id));
  const bool by_ad = body.get_object().contains("referral");
  world_.windows.open(number, message.person, world_.clock.now(), by_ad);

  json::Writer ids;
  ids.begin_array();
  std::string first;
  for (std::int64_t i = 0; i < count; ++i) {
    auto wamid = fixed_id
                     ? std::string(*fixed_id)
                     : make_wamid(message.person, WamidKind::kInbound, scramble(inbound_serial_++));
    webhooks_.tell(number, "messages", message.change_json(wamid), message.person);
    ids.string(wamid);
    if (i == 0) first = std::move(wamid);
  }
  ids.end_array();
  json::Writer out;
  out.begin_object().key("id").string(first).key("ids").raw(ids.text()).end_object();
  return std::move(out).take();
}

Result<std::string> ControlApi::send_webhook(const json::Value& body) {
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const auto number_id = in.string("phone_number_id").value_or("");
  const auto field = in.required_string("field", {.min = 1, .max = 64});
  const auto* value = in.require("value");
  if (value && !value->is_object())
    in.fault("value", "wrong_type", "is not an object", "Give an object.");
  if (field == "messages")
    in.fault("field", "invalid_value", "is not for this call", "Use /_sim/inbound.");
  in.finish();
  CHECK_OK(json::as_result(std::move(faults)));
  TRY(const auto number, number_of(number_id));
  webhooks_.tell(number, *field, std::move(json::Writer().value(*value)).take());
  return R"({"success":true})";
}

Result<std::string> ControlApi::send_status(const json::Value& body) {
  constexpr int kSomethingWentWrong = 131000;
  std::vector<FieldError> faults;
  json::ObjectReader in(body, "", faults);
  const auto id = in.required_string("message_id", {.min = 1, .max = 256});
  const auto status = parse_status(in.required_string("status").value_or("sent"));
  if (!status)
    in.fault("status", "invalid_value", "is no status",
             "Use sent, delivered, read, failed, played or deleted.");
  const auto error = in.integer("error", 1, 9'999'999).value_or(kSomethingWentWrong);
  const auto number_id = in.string("phone_number_id").value_or("");
  const auto to = person_of(in.string("to", {.max = 160}).value_or(""));
  const auto callback_data = in.string("biz_opaque_callback_data", {.max = 512});
  in.finish();
  CHECK_OK(json::as_result(std::move(faults)));
  TRY(const auto number, number_of(number_id));

  auto journey = std::make_shared<Journey>();
  journey->number = number;
  journey->begin = world_.clock.steady_now();
  journey->script.add(*status, std::chrono::milliseconds(0));
  const bool ours = world_.log.with(*id, [&](const TakenMessage& message) {
    journey->number = message.number;
    journey->person = std::string(message.person);
    journey->callback_data = std::string(message.callback_data);
    journey->is_template = message.type == MessageType::kTemplate;
  });
  if (!ours && to.empty())
    return fail(ErrorCode::kNotFound, "no message of that id; to invent one, give `to`");
  if (!to.empty()) journey->person = to;
  if (callback_data) journey->callback_data = std::string(*callback_data);
  journey->to_user = journey->person.find('.') != std::string::npos;
  journey->wamid = std::string(*id);
  journey->was_delivered = true;
  journey->error = static_cast<int>(error);
  webhooks_.add(std::move(journey));
  return R"({"success":true})";
}

std::string ControlApi::reset() {
  webhooks_.clear();
  world_.log.clear();
  world_.windows.clear();
  world_.limits.clear();
  world_.faults.clear();
  world_.stats.clear();
  return R"({"success":true})";
}

}  // namespace flowsell::sim
