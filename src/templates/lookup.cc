// What a send asks: memory, then the table, then the provider.
#include <utility>

#include "flow_table.h"
#include "json/reader.h"
#include "telemetry/log.h"
#include "template_table.h"
#include "templates/send_check.h"
#include "templates/templates.h"
#include "turns.h"

namespace flowsell::templates {
namespace {

using namespace std::chrono_literals;
using channel::ProviderTemplate;
using connections::ConnectionPtr;
using connections::SenderPtr;
using Verdict = Judged::Verdict;

constexpr auto kApprovedFor = 1h;     ///< then the table is read again
constexpr auto kRefusedFor = 1min;    ///< then the provider is asked again
constexpr auto kUnansweredFor = 10s;  ///< the same
constexpr auto kLookUpMax = 3s;       ///< longer no send waits for its template
constexpr std::size_t kPagesMax = 5;

JudgedPtr judged(Verdict verdict) {
  return std::make_shared<const Judged>(Judged{verdict, {}, {}});
}

std::unexpected<Error> not_approved(std::string_view status) {
  if (status == "paused")
    return fail_field("/template/name", "template_paused",
                      "the provider has paused the template for its quality",
                      "Wait until the pause is over, or send another template.");
  if (status == "disabled")
    return fail_field("/template/name", "template_disabled",
                      "the provider has disabled the template for its quality",
                      "Send another template.");
  return fail_field("/template/name", "template_not_approved",
                    "the template is not approved: it is " + std::string(status),
                    "Send it once GET /v1/templates shows it as approved.");
}

/// The provider's optimised way is for marketing only.
void check_way(const Judged& known, const channel::OutboundMessage& message,
               std::vector<FieldError>& faults) {
  const bool has_policy = message.product_policy != channel::ProductPolicy::kUnstated;
  if ((!has_policy && !message.message_activity_sharing) || known.category == "marketing") return;
  faults.push_back({has_policy ? "/product_policy" : "/message_activity_sharing", "not_allowed",
                    "is for templates of category marketing, and this one is " + known.category,
                    "Leave it out."});
}

Result<> check_judged(const Judged& known, const channel::OutboundMessage& message, Time now) {
  if (known.verdict == Verdict::kMissing) {
    return fail_field("/template/name", "template_not_found",
                      "the account has no such template in this language",
                      "Use a name and a language that GET /v1/templates lists.");
  }
  if (known.verdict != Verdict::kThere) return {};
  if (known.status != "approved") return not_approved(known.status);
  if (!known.schema) return {};
  auto faults = check_send(*known.schema, std::get<channel::Template>(message.body), now);
  if (known.schema->needs_phone && message.to.phone() == nullptr) {
    faults.push_back({"/to", "needs_phone",
                      "a template with a one-time code goes to a telephone number only",
                      "Send to the person's number."});
  }
  check_way(known, message, faults);
  return json::as_result(std::move(faults));
}

}  // namespace

Templates::Templates(store::Database& db, connections::Connections& connections,
                     connections::ProviderCalls& calls, connections::LeasedKeys& keys,
                     IdSource& ids, const Clock& clock)
    : db_(db),
      connections_(connections),
      calls_(calls),
      keys_(keys),
      ids_(ids),
      clock_(clock),
      flows_(std::make_unique<FlowBook>()),
      turns_(std::make_unique<Turns>()) {}

Templates::~Templates() = default;

void Templates::forget(const ConnectionId& connection) {
  book_.forget(connection);
  flows_->forget(connection);
}

Task<Templates::Allowed> Templates::check_send(SenderPtr sender,
                                               const channel::OutboundMessage& message) {
  Allowed allowed;
  if (sender->adapter->template_calls() == nullptr) co_return allowed;
  if (const auto* words = std::get_if<channel::Interactive>(&message.body)) {
    const auto* button = std::get_if<channel::FlowButton>(&words->action);
    if (button != nullptr) {
      CO_TRY(allowed.throttled, co_await check_flow(sender, *button));
    }
    co_return allowed;
  }
  const auto* of = std::get_if<channel::Template>(&message.body);
  if (of == nullptr) co_return allowed;
  auto known = book_.find({sender->connection, of->name, of->language}, clock_.now());
  if (!known) {
    CO_TRY(known, co_await look_up(sender, of->name, of->language));
  }
  CO_CHECK_OK(check_judged(*known, message, clock_.now()));
  if (known->schema) {
    CO_TRY(allowed.throttled, co_await check_flows(sender, *known->schema));
  }
  allowed.category = known->category;
  co_return allowed;
}

Result<> Templates::record(store::Connection& db, const connections::Sender& of,
                           const channel::TemplateNews& news, Time at, bool is_new) {
  const Account account{of.workspace, of.connection, of.mode};
  if (!is_new) return doubt_news(db, account, news);
  return store_news(db, account, news, std::chrono::floor<std::chrono::seconds>(at),
                    ids_.next<IdKind::kTemplate>(), clock_.now());
}

JudgedPtr Templates::judge(const Template& row) const {
  Judged out{Verdict::kThere, row.provider.status, row.provider.category};
  if (auto schema = schema_of(row))
    out.schema = std::make_shared<const channel::TemplateSchema>(*std::move(schema));
  return std::make_shared<const Judged>(std::move(out));
}

Task<std::optional<Template>> Templates::read_by_name(SenderPtr sender, std::string name,
                                                      std::string language) const {
  auto read = [account = Account{sender->workspace, sender->connection, sender->mode}, &name,
               &language](store::Connection& db) {
    return find_by_name(db, account, name, language);
  };
  co_return co_await db_.read(read);
}

Task<JudgedPtr> Templates::look_up(SenderPtr sender, std::string name, std::string language) {
  const TemplateKey key{sender->connection, name, language};
  const std::uint64_t generation = book_.generation();
  CO_TRY(const auto row, co_await read_by_name(sender, name, language));
  JudgedPtr so_far = row ? judge(*row) : judged(Verdict::kUnknown);
  if (row && !row->is_stale() && row->provider.status == "approved") {
    book_.put(key, so_far, clock_.now() + kApprovedFor, generation);
    co_return so_far;
  }
  auto turn = co_await turns_->enter(key_of(key), clock_.steady_now() + kLookUpMax);
  // Whoever had the turn before has found it, or has not.
  if (auto found = book_.find(key, clock_.now())) co_return found;
  if (!turn) co_return so_far;
  co_return co_await ask_provider(sender, name, language, std::move(so_far));
}

Task<JudgedPtr> Templates::ask_provider(SenderPtr sender, std::string name, std::string language,
                                        JudgedPtr so_far) {
  const TemplateKey key{sender->connection, name, language};
  const std::uint64_t before = book_.generation();
  const auto connection = connections_.find(sender->connection);
  if (!connection) co_return so_far;
  const auto fetched = co_await fetch_name(connection, name);
  if (!fetched) {
    log::info("a template could not be read from its provider: its sends are not checked",
              {{"connection", connection->id.str()}, {"error", fetched.error().detail}});
    book_.put(key, so_far, clock_.now() + kUnansweredFor, before);
    co_return so_far;
  }
  const std::uint64_t generation = book_.generation();
  CO_TRY(auto row, co_await read_by_name(sender, name, language));
  if (row) {
    settle(*row, *fetched);
    auto found = judge(*row);
    const bool is_good = !row->is_stale() && row->provider.status == "approved";
    book_.put(key, found, clock_.now() + (is_good ? kApprovedFor : kRefusedFor), generation);
    co_return found;
  }
  // A simulator's account without templates takes every name; at a real provider there is none.
  if (fetched->of_account == 0 && sender->mode == identity::Mode::kTest) {
    auto taken = judged(Verdict::kTaken);
    book_.put_all(sender->connection, taken, clock_.now() + kRefusedFor, generation);
    co_return taken;
  }
  auto missing = judged(Verdict::kMissing);
  book_.put(key, missing, clock_.now() + kRefusedFor, generation);
  co_return missing;
}

Task<Templates::Fetched> Templates::fetch_name(ConnectionPtr connection, std::string name) {
  const auto& calls = *connection->adapter->template_calls();
  channel::TemplateSearch search;
  search.name = name;
  search.counts_all = true;
  Fetched fetched{.asked_at = clock_.now(), .templates = {}, .of_account = {}};
  for (std::size_t page = 0; page < kPagesMax; ++page) {
    CO_TRY(auto request, calls.list(search, connection->account, calls_.route(*connection)));
    CO_TRY(const auto answer,
           co_await calls_.call(connection, std::move(request), "list the templates", kLookUpMax));
    CO_TRY(auto read, calls.read_list(answer));
    if (read.of_account) fetched.of_account = read.of_account;
    // The provider looks for a part of the name.
    for (ProviderTemplate& each : read.templates)
      if (each.name == name) fetched.templates.push_back(std::move(each));
    if (read.next.empty()) break;
    search.after = std::move(read.next);
  }
  CO_CHECK_OK(co_await store(connection, fetched.templates, fetched.asked_at));
  co_return fetched;
}

}  // namespace flowsell::templates
