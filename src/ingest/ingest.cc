#include "ingest/ingest.h"

#include <map>

#include "crypto/hash.h"
#include "telemetry/log.h"

namespace flowsell::ingest {
namespace {

std::string_view address_of(const channel::Update& update) {
  return std::visit([](const auto& each) -> std::string_view { return each.address; }, update);
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

Task<> Ingest::store(ProviderWebhook webhook) {
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
