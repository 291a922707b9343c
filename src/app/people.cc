#include "people.h"

#include <utility>

#include "mail/smtp_transport.h"
#include "mail/templates.h"
#include "sso/ways_in.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kTidyPause = 10min;
constexpr auto kRemovalPause = 30s;
constexpr auto kTidyMax = 10s;  ///< of waiting for the end of one
constexpr std::size_t kHashedAtOnce = 2;

/// Where nothing says how to send mails: they wait until their time is over.
class NoTransport final : public mail::Transport {
 public:
  mail::Outcome send(const mail::Letter& /*letter*/) override {
    return {.end = mail::Outcome::End::kTryLater, .reason = "not_configured", .is_for_all = true};
  }
};

Result<std::unique_ptr<mail::Transport>> transport_of(const config::Settings& settings) {
  if (!settings.mail.smtp_url.empty()) {
    return mail::smtp_transport({.url = settings.mail.smtp_url,
                                 .user = settings.mail.user,
                                 .password = settings.mail.password,
                                 // Who says whose certificate it is wants to see it.
                                 .tls = settings.mail.ca_file.empty()
                                            ? mail::SmtpTls::kUnlessLoopback
                                            : mail::SmtpTls::kAlways,
                                 .ca_file = settings.mail.ca_file});
  }
  if (keeps_mails(settings)) {
    TRY(auto folder, mail::MailFolder::open(mail_folder_of(settings)));
    return std::unique_ptr<mail::Transport>(std::move(folder));
  }
  log::warn("mail.smtp_url is not set: no mail leaves, so nobody can verify an address", {});
  return std::make_unique<NoTransport>();
}

std::optional<sso::DnsServer> dns_server_of(const config::Settings& settings) {
  const config::ListenAddress& server = settings.sso.dns_server;
  if (server.address.empty()) return std::nullopt;
  return sso::DnsServer{server.address, server.port};
}

sso::GlobalOptions global_providers(const config::Settings& settings) {
  sso::GlobalOptions options;
  options.google_client_id = settings.sso.google_client_id;
  options.google_client_secret = settings.sso.google_client_secret;
  options.microsoft_client_id = settings.sso.microsoft_client_id;
  options.microsoft_client_secret = settings.sso.microsoft_client_secret;
  options.microsoft_tenants = settings.sso.microsoft_tenants;
  if (!settings.debug.google_issuer.empty()) options.google_issuer = settings.debug.google_issuer;
  if (!settings.debug.microsoft_issuer.empty())
    options.microsoft_issuer = settings.debug.microsoft_issuer;
  return options;
}

}  // namespace

bool keeps_mails(const config::Settings& settings) {
  return settings.sandbox.enabled && settings.mail.smtp_url.empty();
}

std::filesystem::path mail_folder_of(const config::Settings& settings) {
  return std::filesystem::path(settings.data.dir) / "mails";
}

Result<std::unique_ptr<People>> People::make(Process& process, store::Database& database,
                                             const std::string& base_url, bool signs) {
  const config::Settings& settings = process.settings;
  TRY(auto templates, mail::Templates::load({.folder = settings.mail.templates}));
  TRY(auto composer,
      mail::Composer::make(std::move(templates), {settings.mail.from, settings.mail.from_name}));
  TRY(auto transport, transport_of(settings));
  const std::string& public_url = settings.server.public_url;
  std::unique_ptr<People> people(new People(process, database, std::move(composer),
                                            std::move(transport),
                                            public_url.empty() ? base_url : public_url));
  if (signs)
    people->audit_signing_.emplace(process.pool, database, *process.audit_heads, process.clock);
  return people;
}

People::People(Process& process, store::Database& database, mail::Composer composer,
               std::unique_ptr<mail::Transport> transport, const std::string& public_url)
    : composer_(std::move(composer)),
      transport_(std::move(transport)),
      postman_(database, *process.keys.spool, composer_, *transport_, process.clock,
               process.metrics),
      passwords_(
          {process.settings.accounts.password_passes, process.settings.accounts.password_mib << 20},
          kHashedAtOnce),
      accounts_(
          {database, passwords_, *process.keys.spool, process.keys.ring, process.ids, process.clock,
           [this] { postman_.wake(); }, passkeys::Passkeys::count_in, sso::ways_in},
          {process.settings.accounts.session_idle, process.settings.accounts.session_life,
           public_url, process.settings.terms.version}),
      deletions_({database, *process.keys.spool, process.ids, process.clock, process.pool,
                  audit::HeadKey::of(process.keys.ring), [this] { postman_.wake(); },
                  process.settings.privacy.review, public_url}),
      privacy_desk_({database, *process.keys.spool, process.ids, process.clock,
                     [this] { postman_.wake(); }, [this] { deletions_.wake(); }},
                    {process.settings.privacy.grace, process.settings.privacy.due,
                     process.settings.privacy.review, public_url}),
      sso_({database, accounts_, process.pool, process.guard, process.keys.ring, process.ids,
            process.clock},
           sso::dns_lookup(dns_server_of(process.settings)), global_providers(process.settings),
           public_url),
      passkeys_({database, accounts_, process.ids, process.clock},
                passkeys::RelyingParty::of(public_url, process.settings.accounts.passkey_rp_id)),
      domain_checks_(process, sso_.domain_watch()),
      operators_(database, process.ids, process.clock),
      openings_(database, process.ids, process.clock),
      removals_({database, accounts_, *process.keys.spool, process.ids, process.clock,
                 [this] { removing_.wake(); }},
                {process.settings.accounts.second_factor_removal, public_url}),
      clock_(process.clock),
      records_kept_(process.settings.audit.personal),
      tidying_(process.pool.context(0).get_executor(), "accounts' tidying", kTidyPause,
               runtime::Rounds::First::kAfterThePause, [this] { return tidy(); }),
      removing_(process.pool.context(0).get_executor(), "removals of second factors", kRemovalPause,
                runtime::Rounds::First::kAtOnce, [this] { return remove_factors(); }) {}

People::~People() { passwords_.stop(); }

void People::start(privacy::Doors& doors) {
  postman_.start();
  deletions_.start(doors);
  domain_checks_.start(doors);
  if (audit_signing_) audit_signing_->start();
  tidying_.start();
  removing_.start();
}

Awaitable<void> People::remove_factors() {
  if (const auto done = co_await removals_.round(); !done)
    log::warn("second factors could not be removed; it is tried again",
              {{"why", done.error().detail}});
}

Awaitable<void> People::tidy() {
  if (const auto done = co_await accounts_.tidy(); !done)
    log::warn("what is over of accounts could not be deleted", {{"why", done.error().detail}});
  if (const auto done = co_await sso_.sign_ins().tidy(); !done)
    log::warn("sign-ins that are over could not be deleted", {{"why", done.error().detail}});
  if (const auto done = co_await passkeys_.tidy(); !done)
    log::warn("challenges that are over could not be deleted", {{"why", done.error().detail}});
  co_await erase_old_records();
}

/// Once a day.
Awaitable<void> People::erase_old_records() {
  const Time until = std::chrono::floor<std::chrono::days>(clock_.now() - records_kept_);
  if (until <= records_until_) co_return;
  const auto erased = co_await accounts_.erase_old_records(until);
  if (!erased) {
    log::warn("old personal data of the audit log could not be erased",
              {{"why", erased.error().detail}});
    co_return;
  }
  records_until_ = until;
  if (*erased > 0) log::info("old personal data of the audit log was erased", {{"rows", *erased}});
}

void People::stop() {
  if (tidying_.is_stopping()) return;
  tidying_.stop();
  domain_checks_.stop();
  removing_.stop();
  deletions_.stop();
  postman_.stop();
  if (audit_signing_) audit_signing_->stop();
  (void)tidying_.wait(kTidyMax);
  (void)removing_.wait(kTidyMax);
}

}  // namespace flowsell::app
