#include "preflight/preflight.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "consent/consents.h"
#include "consent/opt_outs.h"
#include "messaging/conversation_windows.h"
#include "messaging/send_handler.h"

namespace flowsell::preflight {
namespace {

using namespace std::chrono_literals;
using messaging::ContactHash;
using numbers::KnownState;

constexpr std::string_view kMarketing = "marketing";
/// More people than the highest limit that there is.
constexpr std::int64_t kWrittenRowsMax = 300'000;

std::int64_t count_of(const std::vector<bool>& flags, bool wanted) {
  return std::ranges::count(flags, wanted);
}

Obstacle stop(std::string code, std::string detail, std::string fix) {
  return {std::move(code), std::nullopt, true, std::move(detail), std::move(fix)};
}
Obstacle note(std::string code, std::string detail, std::string fix) {
  return {std::move(code), std::nullopt, false, std::move(detail), std::move(fix)};
}
Obstacle some(std::string code, std::int64_t count, std::string detail, std::string fix) {
  return {std::move(code), count, false, std::move(detail), std::move(fix)};
}

std::int64_t total_of(const Batch& batch) {
  if (!batch.recipients.empty()) return static_cast<std::int64_t>(batch.recipients.size());
  std::int64_t total = 0;
  for (const auto& each : batch.parts) total += each.count;
  return total;
}

}  // namespace

/// What the database knows of a batch.
struct Preflight::Known {
  metering::Quota quota;
  messaging::PeopleWritten written;
  std::vector<bool> opted_out, consents, windows;  ///< of each person once
};

Preflight::Preflight(store::Database& db, connections::Senders& senders,
                     const numbers::SenderStates& states, connections::ProviderCalls& calls,
                     const messaging::Accept& accept, const identity::SettingsMemory& settings,
                     const Clock& clock, Options options)
    : db_(db),
      senders_(senders),
      states_(states),
      calls_(calls),
      accept_(accept),
      settings_(settings),
      clock_(clock),
      options_(std::move(options)) {}

Task<Preflight::Known> Preflight::read(const Batch& batch) const {
  const WorkspaceId workspace = batch.caller.workspace;
  std::set<ContactHash> people;
  for (const auto& each : batch.recipients) people.insert(accept_.hash_of(workspace, each.view()));
  auto look = [hashes = std::vector(people.begin(), people.end()), workspace,
               mode = batch.caller.mode, sender = batch.sender->id, now = clock_.now(),
               limits = options_.limits](store::Connection& db) -> Result<Known> {
    Known known;
    TRY(known.quota, metering::read_quota(db, limits, {workspace, mode}, now));
    TRY(known.written,
        messaging::count_people_written(db, workspace, mode, now - 24h, kWrittenRowsMax));
    TRY(known.opted_out, consent::have_opted_out(db, workspace, sender, hashes));
    TRY(known.consents, consent::have_consent(db, workspace, hashes, consent::kMarketing));
    TRY(known.windows, messaging::have_open_windows(db, workspace, sender, hashes, now));
    return known;
  };
  co_return co_await db_.read(std::move(look));
}

// --- the template ---

Task<> Preflight::look_at_template(const Batch& batch, Forecast& forecast) const {
  const auto connection = senders_.connections().find(batch.sender->connection);
  const auto* provider = batch.sender->adapter->sender_calls();
  if (!connection || provider == nullptr) co_return Result<>{};
  CO_TRY(auto request, provider->find_templates(batch.template_name,
                                                calls_.route(*connection, connection->account)));
  const auto answered = co_await calls_.call(connection, std::move(request), "show the template");
  CO_CHECK_OK(answered);
  CO_TRY(const auto all, provider->read_templates(*answered));
  const auto found = std::ranges::find_if(all, [&batch](const channel::TemplateFacts& each) {
    return each.name == batch.template_name && each.language == batch.language;
  });
  if (found == all.end()) {
    forecast.obstacles.push_back(
        stop("template_not_found", "the account has no such template in that language",
             "Check name and language; WhatsApp Manager lists the account's templates."));
    co_return Result<>{};
  }
  if (found->status != "approved") {
    forecast.obstacles.push_back(
        stop("template_" + found->status, "the template is " + found->status + ", not approved",
             found->status == "paused" ? "Wait until it is not paused any more, or use another."
                                       : "Use an approved template."));
  }
  if (found->quality == "red") {
    forecast.obstacles.push_back(note("template_quality_low",
                                      "people blocked or reported what this template sends",
                                      "WhatsApp may pause it at any time: change its text."));
  }
  if (!batch.category.empty() && batch.category != found->category) {
    forecast.obstacles.push_back(note("category_differs",
                                      "WhatsApp has the template as " + found->category,
                                      "It is charged as that: the estimate goes by it."));
  }
  forecast.category = found->category;
  co_return Result<>{};
}

// --- the sender ---

void Preflight::look_at_sender(const Batch& batch, const KnownState& known,
                               Forecast& forecast) const {
  const std::string route = "/v1/senders/" + batch.sender->id.str();
  if (known.is_gone) {
    forecast.obstacles.push_back(
        stop("sender_gone", "the account has this number no more", "Send from another number."));
  } else if (!known.synced_at) {
    forecast.obstacles.push_back(
        note("sender_not_synced", "what WhatsApp says of the number was never read here",
             "Ask for it with POST /v1/connections/" + batch.sender->connection.str() + "/sync."));
  }
  const auto& state = known.state;
  if (state.status == "disconnected" || state.status == "unverified" || state.status == "pending") {
    forecast.obstacles.push_back(stop("number_not_registered", "the number is " + state.status,
                                      "Register it with POST " + route + "/register."));
  }
  if (state.status == "banned" || state.status == "restricted" || state.status == "deleted") {
    forecast.obstacles.push_back(stop("number_" + state.status, "the number is " + state.status,
                                      "Appeal in Meta's Business Support Home."));
  }
  if (state.quality == "red") {
    forecast.obstacles.push_back(
        note("quality_red", "many people blocked or reported the number in the last week",
             "Stop campaigns until it is better: WhatsApp holds messages back, and the limit does "
             "not rise."));
  }
}

// --- money and time ---

void Preflight::add_cost(const Batch& batch, Forecast& forecast) const {
  Cost& cost = forecast.cost;
  if (!options_.rate_card) {
    cost.why = "this server has no rate card";
    return;
  }
  const auto* list = options_.rate_card->at(clock_.now());
  if (list == nullptr) {
    cost.why = "the rate card is not good yet";
    return;
  }
  cost.currency = list->currency;
  cost.valid_from = format_time(list->valid_from).substr(0, 10);
  std::map<std::string, std::int64_t> counts;
  for (const auto& each : batch.parts) counts[each.country] += each.count;
  for (const auto& each : batch.recipients) ++counts[options_.rate_card->country_of(each.view())];
  Micros sum = 0;
  for (const auto& [country, count] : counts) {
    CountryCost each{country, count, std::nullopt};
    const auto* rate = country.empty() || forecast.category.empty()
                           ? nullptr
                           : rate_of(*list, country, forecast.category);
    if (rate != nullptr) {
      each.amount = cost_of(*rate, batch.sent_this_month, count);
      sum += *each.amount;
    } else if (cost.why.empty()) {
      cost.why = forecast.category.empty() ? "the category is not known"
                 : country.empty()         ? "the country of some recipients is not known"
                                           : "the rate card has no price for " + country;
    }
    cost.countries.push_back(std::move(each));
  }
  if (cost.why.empty()) cost.amount = sum;
}

void Preflight::add_pace(const KnownState& known, Forecast& forecast) const {
  const double pace =
      messaging::pace_of(options_.messages_per_second, channel::messages_per_second(known.state));
  if (pace > 0) {
    forecast.per_second = static_cast<std::int64_t>(pace);
    forecast.seconds =
        static_cast<std::int64_t>(std::ceil(static_cast<double>(forecast.count) / pace));
  }
  forecast.finishes_at = clock_.now() + std::chrono::seconds(forecast.seconds);
}

Task<Forecast> Preflight::look(Batch batch) const {
  Forecast forecast;
  forecast.count = total_of(batch);
  forecast.category = batch.category;
  CO_TRY(const Known known, co_await read(batch));
  const KnownState state = states_.find(batch.sender->id);
  look_at_sender(batch, state, forecast);
  if (!batch.template_name.empty()) {
    const auto looked = co_await look_at_template(batch, forecast);
    if (!looked) {
      forecast.obstacles.push_back(note("template_not_looked_at",
                                        "WhatsApp could not be asked: " + looked.error().detail,
                                        std::string(error_info(looked.error().code).fix)));
    }
  }
  add_cost(batch, forecast);
  add_pace(state, forecast);

  const bool is_template = !batch.template_name.empty() || forecast.category != "service";
  const auto open = count_of(known.windows, true);
  const auto closed = count_of(known.windows, false);
  if (!is_template && closed > 0) {
    forecast.obstacles.push_back(some("window_closed", closed,
                                      "have not written for 24 hours, as far as is known here",
                                      "Only templates reach them."));
  }
  if (forecast.category == kMarketing) {
    if (const auto out = count_of(known.opted_out, true); out > 0)
      forecast.obstacles.push_back(some("recipient_opted_out", out,
                                        "told WhatsApp to stop marketing from this sender",
                                        "Leave them out; a send to them is refused."));
    const auto without = count_of(known.consents, false);
    if (settings_.requires_consent(batch.caller.workspace) && without > 0)
      forecast.obstacles.push_back(some("consent_required", without,
                                        "have given no consent that is on record",
                                        "Record it with POST /v1/consents, or leave them out."));
  }
  const auto duplicates = static_cast<std::int64_t>(batch.recipients.size()) - open - closed;
  if (duplicates > 0)
    forecast.obstacles.push_back(some("duplicate_recipient", duplicates,
                                      "stand in the list more than once",
                                      "Each of them gets the message more than once."));

  Headroom& headroom = forecast.headroom;
  const auto limit = channel::messaging_limit_of(state.state.messaging_limit);
  headroom.tier = state.state.messaging_limit;
  headroom.people = limit.people;
  headroom.used = known.written.people;
  headroom.is_used_known = known.written.is_all;
  headroom.needed = !is_template ? 0 : batch.recipients.empty() ? forecast.count : closed;
  if (limit.is_known)
    headroom.fits = !limit.people || headroom.used + headroom.needed <= *limit.people;
  if (headroom.fits == false) {
    forecast.obstacles.push_back(
        some("messaging_limit",
             std::min(headroom.used + headroom.needed - *limit.people, headroom.needed),
             "are more people than the business may write to in a day outside of windows",
             "Send them on another day, or raise the limit: see docs/whatsapp/limits.md."));
  }
  forecast.quota = known.quota;
  if (forecast.count > known.quota.remaining())
    forecast.obstacles.push_back(some("quota_exhausted", forecast.count - known.quota.remaining(),
                                      "are more than the workspace's quota has left",
                                      std::string(error_info(ErrorCode::kQuotaExhausted).fix)));
  co_return forecast;
}

}  // namespace flowsell::preflight
