#include "ingest/ingest.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <map>

#include "channel/account_calls.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "telemetry/log.h"

namespace flowsell::ingest {
namespace {

std::string_view address_of(const channel::Update& update) {
  return std::visit([](const auto& each) -> std::string_view { return each.address; }, update);
}

/// What only we can make of a code's head.
std::string mark_of(const Secret& app_secret, std::string_view head) {
  const auto digest = crypto::hmac_sha256(app_secret.reveal(), {"data-deletion:", head});
  return hex_encode(std::span(digest).first<12>());
}

}  // namespace

Subject subject_of(const channel::Update& update) {
  const auto address = address_of(update);
  if (!address.empty()) return {address, {}};
  if (const auto* notice = std::get_if<channel::Notice>(&update)) return {{}, notice->account};
  const auto* unknown = std::get_if<channel::UnknownUpdate>(&update);
  return {{}, unknown != nullptr ? std::string_view(unknown->provider_id) : std::string_view()};
}

ProviderDoor::ProviderDoor(const channel::Adapter& adapter, std::string signature_header,
                           std::vector<ProviderApp> apps, const Clock& clock,
                           metrics::Registry& metrics)
    : adapter_(adapter),
      signature_header_(std::move(signature_header)),
      apps_(std::move(apps)),
      clock_(clock),
      taken_(metrics.counter("connect_provider_updates_total",
                             "Updates in verified provider webhooks.")),
      refused_(metrics.counter("connect_provider_webhooks_refused_total",
                               "Provider webhooks that did not verify.")) {}

Result<std::string> ProviderDoor::answer_challenge(std::string_view mode, std::string_view token,
                                                   std::string_view challenge) const {
  for (const ProviderApp& app : apps_) {
    if (mode == "subscribe" && !app.verify_token.empty() &&
        crypto::constant_time_equal(token, app.verify_token.reveal())) {
      return std::string(challenge);
    }
  }
  return fail(ErrorCode::kInvalidSignature, "the verify token is not ours");
}

const ProviderApp* ProviderDoor::signer_of(const http::Request& request) const {
  const auto signature = request.header(signature_header_);
  for (const ProviderApp& app : apps_) {
    if (!app.app_secret.empty() && adapter_.verify(request.body, signature, app.app_secret))
      return &app;
  }
  return nullptr;
}

Result<ProviderWebhook> ProviderDoor::open(const http::Request& request) {
  const ProviderApp* signer = signer_of(request);
  if (signer == nullptr) {
    refused_.add();
    return fail(ErrorCode::kInvalidSignature, "the body is not signed with this app's secret");
  }
  TRY(auto updates, adapter_.parse(request.body, clock_.now()));
  taken_.add(updates.size());
  return ProviderWebhook{signer->mode, std::move(updates)};
}

Result<ProviderDoor::Person> ProviderDoor::read_signed_request(
    std::string_view signed_request) const {
  const channel::AccountCalls* const wire = adapter_.account_calls();
  for (const ProviderApp& app : apps_) {
    if (wire == nullptr || app.app_secret.empty()) continue;
    auto told = wire->read_signed_request(signed_request, app.app_secret);
    if (!told) continue;
    if (std::chrono::abs(clock_.now() - told->issued_at) > kSignedLife)
      return fail(ErrorCode::kInvalidSignature,
                  "the request was signed more than a day ago, or by another clock (issued_at)");
    return Person{app.mode, std::move(told->user_id), told->issued_at};
  }
  return fail(ErrorCode::kInvalidSignature, "the request is not signed with this app's secret");
}

std::string ProviderDoor::confirmation(identity::Mode mode) const {
  const auto app = std::ranges::find(apps_, mode, &ProviderApp::mode);
  assert(app != apps_.end());  // it has verified the request
  const std::string head =
      std::to_string(to_unix_ms(clock_.now()) / 1000) + "-" + crypto::random_base62(12);
  return head + "-" + mark_of(app->app_secret, head);
}

std::optional<Time> ProviderDoor::confirmed_at(std::string_view code) const {
  const auto end = code.rfind('-');
  if (end == code.npos) return std::nullopt;
  const std::string_view head = code.substr(0, end);
  const bool is_ours = std::ranges::any_of(apps_, [&](const ProviderApp& app) {
    return !app.app_secret.empty() &&
           crypto::constant_time_equal(mark_of(app.app_secret, head), code.substr(end + 1));
  });
  std::int64_t seconds = 0;
  const auto read = std::from_chars(head.data(), head.data() + head.size(), seconds);
  if (!is_ours || read.ec != std::errc{}) return std::nullopt;
  return from_unix_ms(seconds * 1000);
}

Ingest::Ingest(const channel::Adapter& adapter, connections::Senders& senders,
               messaging::ProviderUpdates& updates, metrics::Registry& metrics)
    : adapter_(adapter),
      senders_(senders),
      updates_(updates),
      unroutable_(metrics.counter("connect_provider_updates_unroutable_total",
                                  "Updates about an address that no sender has.")) {}

connections::SenderPtr Ingest::sender_of(const channel::Update& update, identity::Mode mode) const {
  const Subject subject = subject_of(update);
  if (!subject.address.empty())
    return senders_.find_by_address(adapter_.name(), mode, subject.address);
  // About the account as a whole: told to the workspace that connected it.
  if (subject.account.empty()) return nullptr;
  auto sender = senders_.find_by_account(adapter_.name(), mode, subject.account);
  const auto* notice = std::get_if<channel::Notice>(&update);
  if (!sender || notice == nullptr || notice->display_number.empty()) return sender;
  // Of one number of the account, which the provider names as people see it.
  for (auto& each : senders_.list(sender->workspace, mode)) {
    if (each->account == subject.account && each->display_number == notice->display_number)
      return each;
  }
  return sender;
}

Task<> Ingest::tell_accounts(const ProviderWebhook& webhook) {
  for (const channel::Update& update : webhook.updates) {
    const auto* notice = std::get_if<channel::Notice>(&update);
    if (!on_account_ || notice == nullptr || !notice->account_change) continue;
    const auto connection =
        senders_.connections().find_by_account(adapter_.name(), webhook.mode, notice->account);
    if (connection) CO_CHECK_OK(co_await on_account_(connection, *notice->account_change));
  }
  co_return Result<>{};
}

Task<> Ingest::store(ProviderWebhook webhook) {
  CO_CHECK_OK(co_await tell_accounts(webhook));
  std::map<connections::SenderPtr, std::vector<channel::Update>> by_sender;
  for (channel::Update& update : webhook.updates) {
    by_sender[sender_of(update, webhook.mode)].push_back(std::move(update));
  }
  for (auto& [sender, mine] : by_sender) {
    if (!sender) {
      // Nobody here to tell it to; said aloud, since a number that was connected elsewhere looks
      // like this.
      unroutable_.add(mine.size());
      log::warn("a provider's updates are about no sender of ours",
                {{"address", address_of(mine.front())}, {"updates", std::uint64_t{mine.size()}}});
      continue;
    }
    for (std::size_t first = 0; first < mine.size(); first += kChunk) {
      const auto last = std::min(mine.size(), first + kChunk);
      std::vector<channel::Update> chunk(
          std::make_move_iterator(mine.begin() + static_cast<std::ptrdiff_t>(first)),
          std::make_move_iterator(mine.begin() + static_cast<std::ptrdiff_t>(last)));
      CO_CHECK_OK(co_await updates_.apply(sender, std::move(chunk)));
    }
  }
  co_return Result<>{};
}

}  // namespace flowsell::ingest
