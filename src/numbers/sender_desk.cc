#include "numbers/sender_desk.h"

#include <algorithm>
#include <utility>

#include "audit/audit_log.h"
#include "state_change.h"
#include "store/change.h"
#include "team/acts.h"
#include "telemetry/log.h"

namespace flowsell::numbers {
namespace {

using channel::SenderCalls;
using connections::ConnectionPtr;
using connections::SenderPtr;

constexpr std::string_view kLook = "show it";
constexpr std::int64_t kNewestMax = 25;

std::string shown_code(std::string_view code) {
  return audit::json_of({{"code", std::string(code)}});
}

/// What the provider says of an id that it does not know.
bool says_unknown(const Error& error) {
  return error.code == ErrorCode::kProviderRejected && error.provider &&
         (error.provider->code == 803 ||
          (error.provider->code == 100 && error.provider->subcode == 33));
}

}  // namespace

Result<const SenderCalls*> sender_calls_of(const channel::Adapter& adapter) {
  const auto* calls = adapter.sender_calls();
  if (calls != nullptr) return calls;
  return fail(ErrorCode::kConflict, "senders of this channel can't be managed");
}

SenderDesk::SenderDesk(store::Database& db, connections::Senders& senders, SenderStates& states,
                       connections::ProviderCalls& calls, connections::LeasedKeys& keys,
                       IdSource& ids, const Clock& clock, Claim claim)
    : db_(db),
      senders_(senders),
      states_(states),
      calls_(calls),
      keys_(keys),
      ids_(ids),
      clock_(clock),
      claim_(std::move(claim)) {}

// --- how calls are made ---

Result<ConnectionPtr> SenderDesk::connection_of(const connections::Sender& sender) const {
  auto connection = senders_.connections().find(sender.connection);
  if (!connection) return fail(ErrorCode::kConflict, "the sender's connection was removed");
  return connection;
}

channel::SenderRoute SenderDesk::route(const connections::Sender& sender) const {
  return calls_.routes().of(sender.mode, sender.address);
}

Task<http::Exchange> SenderDesk::look(SenderPtr sender, Result<http::OutRequest> request,
                                      std::string_view what) {
  CO_TRY(auto connection, connection_of(*sender));
  CO_CHECK_OK(request);
  co_return co_await calls_.call(std::move(connection), *std::move(request), what);
}

Task<> SenderDesk::record(team::By by, std::string target, std::string act, std::string after) {
  auto body = [&](store::Connection& db) -> Result<> {
    auto entry = team::act_of(ids_, clock_.now(), by, act, target);
    entry.after = after;
    return audit::append(db, entry);
  };
  co_return co_await store::change(db_, kNumbersKind, std::move(body));
}

Task<http::Exchange> SenderDesk::change_now(team::By by, SenderPtr sender, Change change) {
  auto answered = co_await look(sender, std::move(change.request), change.what);
  const bool is_unknown = !answered && answered.error().code == ErrorCode::kProviderTimeout;
  if (!answered && !is_unknown) co_return answered;
  // What may have been done is on record as well.
  if (is_unknown) {
    change.after = change.after.empty() ? R"({"outcome":"unknown"})"
                                        : R"({"outcome":"unknown",)" + change.after.substr(1);
  }
  const auto recorded =
      co_await record(by, sender->id.str(), std::move(change.act), std::move(change.after));
  if (!answered) co_return answered;
  CO_CHECK_OK(recorded);
  if (change.changes_state) {
    // It is done, whether its new state can be read or not: the next sync shows it.
    const auto reread_now = co_await reread(sender, std::move(change.requested_name));
    if (!reread_now) {
      log::warn(
          "a sender's state could not be read after a change",
          {{"sender_id", sender->id.str()}, {"code", error_info(reread_now.error().code).code}});
    }
  }
  co_return answered;
}

Task<std::optional<http::Exchange>> SenderDesk::change(team::By by, SenderPtr sender, Change change,
                                                       Key key) {
  const WorkspaceId workspace = by.caller.workspace;
  CO_TRY(const auto earlier,
         co_await keys_.take(workspace, key, sender->id.bytes(), sender->id.str()));
  if (earlier) co_return std::optional<http::Exchange>();
  auto answered = co_await change_now(std::move(by), sender, std::move(change));
  co_await keys_.end(workspace, key, sender->id.bytes(), answered.has_value());
  if (!answered) co_return std::unexpected(std::move(answered).error());
  co_return std::optional<http::Exchange>(*std::move(answered));
}

Task<> SenderDesk::reread(SenderPtr sender, std::string requested_name) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  CO_TRY(const auto answered, co_await look(sender, provider->get_sender(route(*sender)), kLook));
  CO_TRY(auto state, provider->read_sender(answered));
  state.requested_name = std::move(requested_name);
  auto body = [&, now = clock_.now()](store::Connection& db) {
    return put_state(db, {sender->workspace, sender->id}, state, now);
  };
  CO_TRY(auto known, co_await store::change(db_, kNumbersKind, std::move(body)));
  states_.put(sender->id, std::move(known));
  co_return Result<>{};
}

// --- registration ---

Task<SenderDesk::Done> SenderDesk::register_sender(team::By by, SenderPtr sender, Secret pin,
                                                   std::string region, Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{.act = "sender.registered", .what = "register the number", .changes_state = true};
  CO_TRY(change.request, provider->register_sender(pin, region, route(*sender)));
  if (!region.empty()) change.after = audit::json_of({{"region", region}});
  CO_TRY(const auto done, co_await this->change(std::move(by), sender, std::move(change), key));
  co_return Done{!done.has_value()};
}

Task<SenderDesk::Done> SenderDesk::deregister_sender(team::By by, SenderPtr sender, Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{
      .act = "sender.deregistered", .what = "deregister the number", .changes_state = true};
  CO_TRY(change.request, provider->deregister_sender(route(*sender)));
  CO_TRY(const auto done, co_await this->change(std::move(by), sender, std::move(change), key));
  co_return Done{!done.has_value()};
}

Task<> SenderDesk::set_pin(team::By by, SenderPtr sender, Secret pin) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{.act = "sender.pin_changed", .what = "change the PIN", .changes_state = true};
  CO_TRY(change.request, provider->set_pin(pin, route(*sender)));
  CO_CHECK_OK(co_await change_now(std::move(by), sender, std::move(change)));
  co_return Result<>{};
}

Task<SenderDesk::Done> SenderDesk::request_code(team::By by, SenderPtr sender,
                                                channel::CodeMethod method, std::string language,
                                                Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{.act = "sender.code_requested", .what = "send a code"};
  CO_TRY(change.request, provider->request_code(method, language, route(*sender)));
  CO_TRY(const auto done, co_await this->change(std::move(by), sender, std::move(change), key));
  co_return Done{!done.has_value()};
}

Task<SenderDesk::Done> SenderDesk::verify_code(team::By by, SenderPtr sender, Secret code,
                                               Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{.act = "sender.verified", .what = "take the code", .changes_state = true};
  CO_TRY(change.request, provider->verify_code(code, route(*sender)));
  CO_TRY(const auto done, co_await this->change(std::move(by), sender, std::move(change), key));
  co_return Done{!done.has_value()};
}

Task<SenderDesk::Done> SenderDesk::request_name(team::By by, SenderPtr sender, std::string name,
                                                Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{.act = "sender.name_requested",
                .what = "review the name",
                .after = audit::json_of({{"name", name}}),
                .changes_state = true,
                .requested_name = name};
  CO_TRY(change.request, provider->request_name(name, route(*sender)));
  CO_TRY(const auto done, co_await this->change(std::move(by), sender, std::move(change), key));
  co_return Done{!done.has_value()};
}

// --- what people see ---

Task<channel::SenderProfile> SenderDesk::profile(SenderPtr sender) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  CO_TRY(const auto answered,
         co_await look(sender, provider->get_profile(route(*sender)), "show the profile"));
  co_return provider->read_profile(answered);
}

Task<SenderDesk::Done> SenderDesk::change_profile(team::By by, SenderPtr sender,
                                                  channel::SenderProfile profile, Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  CO_CHECK_OK(provider->check_profile(profile));
  Change change{.act = "sender.profile_changed", .what = "change the profile"};
  CO_TRY(change.request, provider->set_profile(profile, route(*sender)));
  CO_TRY(const auto done, co_await this->change(std::move(by), sender, std::move(change), key));
  co_return Done{!done.has_value()};
}

Task<channel::SenderAutomation> SenderDesk::automation(SenderPtr sender) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  CO_TRY(const auto answered, co_await look(sender, provider->get_automation(route(*sender)),
                                            "show what conversations offer"));
  co_return provider->read_automation(answered);
}

Task<> SenderDesk::change_automation(team::By by, SenderPtr sender,
                                     channel::SenderAutomation automation) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  CO_CHECK_OK(provider->check_automation(automation));
  Change change{.act = "sender.automation_changed", .what = "change what conversations offer"};
  CO_TRY(change.request, provider->set_automation(automation, route(*sender)));
  CO_CHECK_OK(co_await change_now(std::move(by), sender, std::move(change)));
  co_return Result<>{};
}

// --- people who are blocked ---

Task<channel::ProviderPage<std::string>> SenderDesk::blocked(SenderPtr sender,
                                                             channel::ProviderPaging page) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  CO_TRY(const auto answered, co_await look(sender, provider->list_blocked(page, route(*sender)),
                                            "list who is blocked"));
  co_return provider->read_blocked(answered);
}

Task<SenderDesk::Blocked> SenderDesk::block(team::By by, SenderPtr sender,
                                            SenderCalls::Blocking what,
                                            std::vector<std::string> people, Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  CO_TRY(auto request, provider->block(what, people, route(*sender)));
  const bool blocks = what == SenderCalls::Blocking::kBlock;
  const std::string_view aim = blocks ? "block them" : "unblock them";
  Change change{.act = blocks ? "sender.users_blocked" : "sender.users_unblocked",
                .what = aim,
                .after = R"({"people":)" + std::to_string(people.size()) + "}",
                .request = request};
  CO_TRY(auto answered, co_await this->change(std::move(by), sender, std::move(change), key));
  Blocked out{.is_replay = !answered.has_value(), .results = {}};
  if (!answered) {
    CO_TRY(answered, co_await look(sender, std::move(request), aim));
  }
  CO_TRY(out.results, provider->read_blocking(*answered));
  co_return out;
}

// --- QR codes ---

Task<channel::ProviderPage<channel::QrCode>> SenderDesk::qr_codes(SenderPtr sender,
                                                                  channel::ProviderPaging page) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  CO_TRY(const auto answered,
         co_await look(sender, provider->list_qr_codes(page, route(*sender)), "list QR codes"));
  co_return provider->read_qr_codes(answered);
}

Task<channel::QrCode> SenderDesk::qr_code(SenderPtr sender, std::string code) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  const auto answered =
      co_await look(sender, provider->get_qr_code(code, route(*sender)), "show the QR code");
  if (!answered && says_unknown(answered.error()))
    co_return fail(ErrorCode::kNotFound, "the sender has no such QR code");
  CO_CHECK_OK(answered);
  co_return provider->read_qr_code(*answered);
}

Task<SenderDesk::MadeCode> SenderDesk::make_qr_code(team::By by, SenderPtr sender,
                                                    std::string message, channel::QrImage image,
                                                    Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{.act = "qr_code.created", .what = "make a QR code"};
  CO_TRY(change.request, provider->put_qr_code({}, message, image, route(*sender)));
  CO_TRY(const auto answered, co_await this->change(std::move(by), sender, std::move(change), key));
  MadeCode made{.is_replay = !answered.has_value(), .code = {}};
  if (answered) {
    CO_TRY(made.code, provider->read_qr_code(*answered));
    co_return made;
  }
  CO_TRY(auto page, co_await qr_codes(sender, {.limit = kNewestMax, .after = {}, .before = {}}));
  const auto found = std::ranges::find(page.rows, message, &channel::QrCode::message);
  if (found == page.rows.end())
    co_return fail(ErrorCode::kConflict, "the QR code that this key made was changed or deleted");
  made.code = std::move(*found);
  co_return made;
}

Task<SenderDesk::MadeCode> SenderDesk::change_qr_code(team::By by, SenderPtr sender,
                                                      std::string code, std::string message,
                                                      Key key) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{.act = "qr_code.changed", .what = "change the QR code", .after = shown_code(code)};
  CO_TRY(change.request,
         provider->put_qr_code(code, message, channel::QrImage::kNone, route(*sender)));
  const auto answered = co_await this->change(std::move(by), sender, std::move(change), key);
  if (!answered && says_unknown(answered.error()))
    co_return fail(ErrorCode::kNotFound, "the sender has no such QR code");
  CO_CHECK_OK(answered);
  MadeCode made{.is_replay = !answered->has_value(), .code = {}};
  if (*answered) {
    CO_TRY(made.code, provider->read_qr_code(**answered));
  } else {
    CO_TRY(made.code, co_await qr_code(sender, code));
  }
  co_return made;
}

Task<> SenderDesk::remove_qr_code(team::By by, SenderPtr sender, std::string code) {
  CO_TRY(const auto* provider, sender_calls_of(*sender->adapter));
  Change change{.act = "qr_code.deleted", .what = "delete the QR code", .after = shown_code(code)};
  CO_TRY(change.request, provider->delete_qr_code(code, route(*sender)));
  const auto answered = co_await change_now(std::move(by), sender, std::move(change));
  if (!answered && says_unknown(answered.error()))
    co_return fail(ErrorCode::kNotFound, "the sender has no such QR code");
  CO_CHECK_OK(answered);
  co_return Result<>{};
}

}  // namespace flowsell::numbers
