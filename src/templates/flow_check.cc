// What sends ask of the flows that they name: memory, then the table; and before one is refused,
// its provider.
#include <utility>

#include "flow_table.h"
#include "store/change.h"
#include "telemetry/log.h"
#include "templates/templates.h"
#include "turns.h"

namespace flowsell::templates {
namespace {

using namespace std::chrono_literals;
using connections::SenderPtr;

constexpr store::WriteKind kKind{"flows", 9, store::apply_each<store::Change>};
constexpr auto kAskAgainAfter = 1min;  ///< as of templates: a lost webhook costs no longer
constexpr auto kLookUpMax = 3s;
constexpr std::string_view kTemplateName = "/template/name";
constexpr std::string_view kFlowId = "/interactive/action/parameters/flow_id";

bool is_refused(std::string_view status) { return status == "blocked" || status == "deprecated"; }

std::unexpected<Error> refusal_of(std::string_view pointer, std::string_view status) {
  if (status == "deprecated")
    return fail_field(std::string(pointer), "flow_deprecated",
                      "the flow behind the button is deprecated: nobody can open it",
                      "Publish a flow in its place, and send that one.");
  return fail_field(std::string(pointer), "flow_blocked",
                    "the provider has blocked the flow behind the button",
                    "Mend the flow's endpoint: the provider unblocks a flow once it is well again. "
                    "The event flow.updated tells of it.");
}

void add_flows(const channel::TemplateBlock& block, std::vector<std::string>& out) {
  for (const channel::TemplateButton& each : block.buttons)
    if (!each.flow_id.empty()) out.push_back(each.flow_id);
}

}  // namespace

Result<> Templates::record_flow(store::Connection& db, const connections::Sender& of,
                                const channel::FlowNews& news, Time at) {
  return store_flow_news(db, {of.workspace, of.connection, of.mode}, news,
                         std::chrono::floor<std::chrono::seconds>(at));
}

Task<std::optional<ThrottledFlow>> Templates::check_flows(SenderPtr sender,
                                                          const channel::TemplateSchema& schema) {
  std::vector<std::string> flows;
  add_flows(schema.message, flows);
  for (const channel::TemplateBlock& card : schema.cards) add_flows(card, flows);
  std::optional<ThrottledFlow> throttled;
  for (std::string& each : flows) {
    CO_TRY(auto found, co_await check_flow(sender, std::move(each), kTemplateName));
    if (found) throttled = std::move(found);
  }
  co_return throttled;
}

Task<std::optional<ThrottledFlow>> Templates::check_flow(SenderPtr sender,
                                                         const channel::FlowButton& button) {
  // By its name alone nobody knows which flow it is.
  if (button.flow_id.empty()) co_return std::nullopt;
  co_return co_await check_flow(sender, button.flow_id, kFlowId);
}

Task<std::optional<ThrottledFlow>> Templates::check_flow(SenderPtr sender, std::string flow,
                                                         std::string_view pointer) {
  CO_TRY(auto known, co_await known_flow(sender, flow));
  if (is_refused(known.status) && known.ask_after <= clock_.now()) {
    CO_TRY(known, co_await ask_flow(sender, flow, std::move(known)));
  }
  if (is_refused(known.status)) co_return refusal_of(pointer, known.status);
  if (known.status != "throttled") co_return std::nullopt;
  co_return ThrottledFlow{sender->workspace, sender->connection, std::move(flow),
                          std::string(pointer)};
}

Task<KnownFlow> Templates::known_flow(SenderPtr sender, const std::string& flow) {
  if (auto found = flows_->find(sender->connection, flow)) co_return *std::move(found);
  const std::uint64_t generation = flows_->generation();
  auto read = [account = Account{sender->workspace, sender->connection, sender->mode},
               flow](store::Connection& db) { return find_flow_status(db, account, flow); };
  CO_TRY(auto status, co_await db_.read(std::move(read)));
  KnownFlow known{std::move(status), Time{}};
  flows_->put(sender->connection, flow, known, generation);
  co_return known;
}

Task<KnownFlow> Templates::ask_flow(SenderPtr sender, const std::string& flow, KnownFlow known) {
  const auto connection = connections_.find(sender->connection);
  if (!connection) co_return known;
  const std::string key = std::string(sender->connection.blob()).append("flow").append(flow);
  const auto turn = co_await turns_->enter(key, clock_.steady_now() + kLookUpMax);
  if (!turn) co_return co_await known_flow(sender, flow);
  const std::uint64_t generation = flows_->generation();
  const Time asked_at = clock_.now();
  const auto& calls = *connection->adapter->template_calls();
  CO_TRY(auto request, calls.find_flow(flow, calls_.route(*connection)));
  const auto answer =
      co_await calls_.call(connection, std::move(request), "read the flow", kLookUpMax);
  auto status = answer ? calls.read_flow(*answer) : std::unexpected(answer.error());
  known.ask_after = clock_.now() + kAskAgainAfter;
  if (!status) {
    log::info("a flow could not be read from its provider: what it told last counts",
              {{"connection", connection->id.str()}, {"error", status.error().detail}});
  } else if (*status != known.status) {
    known.status = *std::move(status);
    const channel::FlowNews news{flow, known.status};
    auto body = [&](store::Connection& db) {
      return store_flow_news(db, {sender->workspace, sender->connection, sender->mode}, news,
                             std::chrono::floor<std::chrono::seconds>(asked_at));
    };
    CO_CHECK_OK(co_await store::change(db_, kKind, std::move(body)));
  }
  flows_->put(sender->connection, flow, known, generation);
  co_return known;
}

}  // namespace flowsell::templates
