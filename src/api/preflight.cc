#include "preflight/preflight.h"

#include <algorithm>

#include "call.h"
#include "json/writer.h"
#include "managed.h"
#include "render.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using preflight::Batch;
using preflight::Forecast;
using preflight::kCategories;
using preflight::kCountMax;

constexpr std::size_t kCountriesMax = 300;
constexpr json::StringRule kFrom{1, 64};
constexpr json::StringRule kTemplateName{1, 512};
constexpr json::StringRule kLanguage{2, 15};

// --- what is asked ---

struct Asked {
  std::string from;
  std::optional<TemplateId> template_id;
  Batch batch;
};

bool is_country(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

void read_countries(json::ObjectReader& in, Batch& batch) {
  const auto* array = in.array("countries", 1, kCountriesMax);
  if (array == nullptr) return;
  for (std::size_t i = 0; i < array->size(); ++i) {
    json::ObjectReader element((*array)[i], in.pointer_of("countries") + "/" + std::to_string(i),
                               in.faults());
    Batch::Part part;
    part.country = text_in(element, "country", {});
    if (!part.country.empty() && !is_country(part.country))
      element.fault("country", "invalid_format", "it is no country",
                    "Use its two capital letters (ISO 3166): IN.");
    element.require("count");
    part.count = element.integer("count", 1, kCountMax).value_or(0);
    element.finish();
    batch.parts.push_back(std::move(part));
  }
}

void read_recipients(json::ObjectReader& in, Batch& batch) {
  const auto* array = in.array("recipients", 1, preflight::kRecipientsMax);
  if (array == nullptr) return;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const auto& each = (*array)[i];
    auto recipient = channel::Recipient::parse(
        each.is_string() ? std::string_view(each.get_string()) : std::string_view());
    if (recipient) {
      batch.recipients.push_back(*std::move(recipient));
    } else {
      in.faults().push_back({in.pointer_of("recipients") + "/" + std::to_string(i),
                             "invalid_format", recipient.error().detail,
                             "Send it as the field to of a message."});
    }
  }
}

/// By our id of it, or by the provider's name and language.
void read_template(json::ObjectReader& in, Asked& asked) {
  const auto* value = in.find("template");
  if (value == nullptr) return;
  json::ObjectReader element(*value, in.pointer_of("template"), in.faults());
  if (const auto id = element.string("id")) {
    auto parsed = TemplateId::parse(*id);
    if (parsed) asked.template_id = *parsed;
    if (!parsed)
      element.fault("id", "invalid_id", parsed.error().detail,
                    "Use an id that GET /v1/templates lists.");
  } else {
    asked.batch.template_name = text_in(element, "name", kTemplateName);
    asked.batch.language = text_in(element, "language", kLanguage);
  }
  element.finish();
}

std::string read_category(json::ObjectReader& in) {
  const std::string category(in.string("category").value_or(""));
  if (category.empty() && in.find("template") == nullptr)
    in.fault("category", "required", "without a template nothing says what the messages are",
             "Send marketing, utility, authentication or service, or name a template.");
  if (!category.empty() && std::ranges::find(kCategories, category) == kCategories.end()) {
    in.fault("category", "invalid_value", "there is no such category",
             "Use marketing, utility, authentication, authentication_international or service.");
  }
  return category;
}

Asked read_asked(json::ObjectReader& in) {
  Asked asked;
  Batch& batch = asked.batch;
  asked.from = in.string("from", kFrom).value_or("");
  read_template(in, asked);
  batch.category = read_category(in);
  const auto count = in.integer("count", 1, kCountMax);
  if (count) batch.parts.push_back({{}, *count});
  const bool has_countries = in.find("countries") != nullptr;
  const bool has_recipients = in.find("recipients") != nullptr;
  read_countries(in, batch);
  read_recipients(in, batch);
  const bool has_count = in.find("count") != nullptr;
  if (int{has_count} + int{has_countries} + int{has_recipients} != 1)
    in.fault("count", "required", "it is not said, or said twice, who gets the messages",
             "Send one of count, countries and recipients.");
  std::int64_t total = 0;
  for (const auto& each : batch.parts) total += each.count;
  if (total > kCountMax)
    in.fault("countries", "too_many", "the counts are too many in all",
             "Ask for at most " + std::to_string(kCountMax) + " messages at once.");
  batch.sent_this_month = in.integer("sent_this_month", 0, kCountMax).value_or(0);
  return asked;
}

// --- what is answered ---

void write_amount(json::Writer& out, const std::optional<preflight::Micros>& amount) {
  write_text(out, "amount", amount ? preflight::format_amount(*amount) : "");
}

void write_cost(json::Writer& out, const preflight::Cost& cost) {
  out.key("cost").begin_object();
  write_amount(out, cost.amount);
  write_text(out, "currency", cost.currency);
  write_text(out, "prices_of", cost.valid_from);
  write_text(out, "unknown_because", cost.why);
  out.key("countries").begin_array();
  for (const auto& each : cost.countries) {
    out.begin_object();
    write_text(out, "country", each.country);
    out.key("count").integer(each.count);
    write_amount(out, each.amount);
    out.end_object();
  }
  out.end_array().end_object();
}

void write_headroom(json::Writer& out, const preflight::Headroom& headroom) {
  out.key("headroom").begin_object();
  write_text(out, "tier", headroom.tier);
  write_number(out, "people_per_day", headroom.people);
  out.key("used").integer(headroom.used);
  out.key("used_is_complete").boolean(headroom.is_used_known);
  out.key("needed").integer(headroom.needed);
  write_flag(out, "fits", headroom.fits);
  out.end_object();
}

void write_quota(json::Writer& out, const Forecast& forecast) {
  const auto& quota = forecast.quota;
  out.key("quota").begin_object().key("limit").integer(quota.limit);
  out.key("remaining").integer(quota.remaining());
  out.key("remaining_after").integer(std::max<std::int64_t>(quota.remaining() - forecast.count, 0));
  out.key("period_end").string(format_time(quota.period_end)).end_object();
}

void write_obstacles(json::Writer& out, const Forecast& forecast) {
  out.key("obstacles").begin_array();
  for (const auto& each : forecast.obstacles) {
    out.begin_object().key("code").string(each.code);
    out.key("stops_all").boolean(each.stops_all);
    write_number(out, "count", each.count);
    out.key("detail").string(each.detail).key("fix").string(each.fix).end_object();
  }
  out.end_array();
}

std::string render(const connections::Sender& sender, const Forecast& forecast) {
  json::Writer out;
  out.begin_object().key("object").string("preflight");
  out.key("sender_id").string(sender.id.str());
  out.key("count").integer(forecast.count);
  write_text(out, "category", forecast.category);
  out.key("can_be_sent")
      .boolean(std::ranges::none_of(
          forecast.obstacles, [](const preflight::Obstacle& each) { return each.stops_all; }));
  write_cost(out, forecast.cost);
  write_headroom(out, forecast.headroom);
  out.key("pace").begin_object();
  write_number(out, "messages_per_second", forecast.per_second);
  out.key("seconds").integer(forecast.seconds);
  out.key("finishes_at").string(format_time(forecast.finishes_at)).end_object();
  write_quota(out, forecast);
  out.key("wallet_after").null();
  write_obstacles(out, forecast);
  out.end_object();
  return std::move(out).take();
}

/// The provider's name of the template whose id was sent.
Task<> name_template(const Call& call, const connections::Sender& sender, Asked& asked) {
  if (!asked.template_id) co_return Result<>{};
  auto found = co_await call.services.templates.find(call.caller, *asked.template_id);
  if (found && found->connection == sender.connection) {
    asked.batch.template_name = found->provider.name;
    asked.batch.language = found->provider.language;
    co_return Result<>{};
  }
  if (!found && found.error().code != ErrorCode::kNotFound)
    co_return std::unexpected(std::move(found).error());
  co_return fail_field("/template/id", "not_found", "the sender's account has no such template",
                       "Use an id that GET /v1/templates lists for the sender's connection.");
}

Task<http::Response> look(Call& call) {
  CO_TRY(auto asked, read_body(call.request, read_asked));
  CO_TRY(const auto sender, call.services.senders.find(call.caller, asked.from));
  CO_CHECK_OK(co_await name_template(call, *sender, asked));
  asked.batch.caller = call.caller;
  asked.batch.sender = sender;
  CO_TRY(const auto forecast, co_await call.services.preflight.look(std::move(asked.batch)));
  co_return answer(render(*sender, forecast));
}

}  // namespace

void add_preflight_routes(Routes& routes) {
  routes.add(http::Method::kPost, "/v1/preflight", identity::Scope::kMessagesSend, look);
}

}  // namespace flowsell::api
