#include "numbers/finding.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <utility>

namespace flowsell::numbers {
namespace {

using namespace std::chrono_literals;
using channel::SenderState;

constexpr auto kExpiresSoon = 14 * 24h;
constexpr auto kWebhookRecent = 24h;
constexpr std::string_view kReconnect =
    "Connect the WhatsApp account again: that gives it a new access token.";
constexpr std::string_view kAskOperator = "Ask whoever runs this server; the setting is theirs.";

/// Why a look gave nothing, in words without a secret: the provider's own words stay out.
std::string why_of(const Error& error) {
  std::string why = error.detail;
  if (error.provider)
    why += " (code " + std::to_string(error.provider->code) + ", " + error.provider->reason + ")";
  return why;
}

std::string fix_of(const Error& error) {
  if (error.provider && !error.provider->fix.empty()) return error.provider->fix;
  return std::string(error_info(error.code).fix);
}

class Report {
 public:
  explicit Report(const Seen& seen) : seen_(seen) {}

  void pass(std::string check, std::string evidence, SenderId sender = {}) {
    add(std::move(check), sender, Verdict::kPass, std::move(evidence), {});
  }
  void warn(std::string check, std::string evidence, std::string fix, SenderId sender = {}) {
    add(std::move(check), sender, Verdict::kWarn, std::move(evidence), std::move(fix));
  }
  void fails(std::string check, std::string evidence, std::string fix, SenderId sender = {}) {
    add(std::move(check), sender, Verdict::kFail, std::move(evidence), std::move(fix));
  }
  /// The look that it needs gave nothing.
  void skip(std::string check, const Error& error, SenderId sender = {}) {
    add(std::move(check), sender, Verdict::kSkipped, "it could not be looked at: " + why_of(error),
        fix_of(error));
  }
  void skip(std::string check, std::string why, std::string fix, SenderId sender = {}) {
    add(std::move(check), sender, Verdict::kSkipped, std::move(why), std::move(fix));
  }
  std::vector<Finding> take() && { return std::move(findings_); }

  void token();
  void subscription();
  void round_trip();
  void policies();
  void account();
  void sender(const SeenSender& sender);

 private:
  void add(std::string check, SenderId sender, Verdict verdict, std::string evidence,
           std::string fix) {
    findings_.push_back({std::move(check), sender, verdict, std::move(evidence), std::move(fix)});
  }
  void scopes(const channel::TokenView& token);
  void expiry(const channel::TokenView& token);
  void health(const std::string& check, std::initializer_list<std::string_view> types,
              const std::vector<channel::HealthEntity>& entities, SenderId sender = {});
  void webhooks(const SeenSender& sender);
  void state(const SeenSender& sender, const SenderState& state);
  void registration(SenderId id, const SenderState& state);
  void name(SenderId id, const SenderState& state);
  void quality(SenderId id, const SenderState& state);
  void limits(SenderId id, const SenderState& state);

  const Seen& seen_;
  std::vector<Finding> findings_;
};

// --- the token ---

void Report::token() {
  if (!seen_.has_app) {
    const std::string why = "the app's id or its secret is not known to this server";
    const std::string fix =
        "Set whatsapp.app_id and whatsapp.app_secret. " + std::string(kAskOperator);
    for (const char* check : {"token_valid", "token_scopes", "token_expiry"}) skip(check, why, fix);
    return;
  }
  if (!seen_.token) {
    for (const char* check : {"token_valid", "token_scopes", "token_expiry"})
      skip(check, seen_.token.error());
    return;
  }
  const auto& facts = *seen_.token;
  if (!facts.is_valid) {
    fails("token_valid", "WhatsApp says that the access token is not valid any more",
          std::string(kReconnect));
  } else if (!facts.app.empty() && facts.app != seen_.app) {
    fails("token_valid", "the access token belongs to app " + facts.app + ", not to " + seen_.app,
          "Connect the account with this server's own app.");
  } else {
    pass("token_valid", "WhatsApp takes the access token");
  }
  scopes(facts);
  expiry(facts);
}

void Report::scopes(const channel::TokenView& token) {
  std::string missing;
  std::string elsewhere;
  for (const auto& scope : seen_.needed_scopes) {
    if (std::ranges::find(token.scopes, scope) == token.scopes.end()) {
      missing.append(missing.empty() ? "" : ", ").append(scope);
      continue;
    }
    const auto grant = std::ranges::find(token.grants, scope, &channel::TokenView::Grant::scope);
    if (grant != token.grants.end() && !grant->accounts.empty() &&
        std::ranges::find(grant->accounts, seen_.account) == grant->accounts.end())
      elsewhere.append(elsewhere.empty() ? "" : ", ").append(scope);
  }
  constexpr std::string_view kFix =
      "Connect the account again, and leave every permission ticked that WhatsApp asks for.";
  if (!missing.empty()) {
    fails("token_scopes", "the access token lacks " + missing, std::string(kFix));
  } else if (!elsewhere.empty()) {
    fails("token_scopes", "the access token has " + elsewhere + " for other accounts only",
          std::string(kFix));
  } else {
    pass("token_scopes", "the access token has every permission that is needed");
  }
}

void Report::expiry(const channel::TokenView& token) {
  if (!token.expires_at) return pass("token_expiry", "the access token does not expire");
  const std::string at = format_time(*token.expires_at);
  if (*token.expires_at <= seen_.now) {
    fails("token_expiry", "the access token expired at " + at, std::string(kReconnect));
  } else if (*token.expires_at < seen_.now + kExpiresSoon) {
    warn("token_expiry", "the access token expires at " + at,
         "Connect the WhatsApp account again before that, or nothing is sent any more.");
  } else {
    pass("token_expiry", "the access token is good until " + at);
  }
}

// --- webhooks ---

void Report::subscription() {
  if (!seen_.subscriptions) return skip("app_subscribed", seen_.subscriptions.error());
  const auto& all = *seen_.subscriptions;
  const auto ours = std::ranges::find(all, seen_.app);
  const std::string fix =
      "Connect the account again: that subscribes the app to it. Until then no messages and no "
      "statuses come in.";
  if (seen_.app.empty() && !all.empty()) {
    warn("app_subscribed",
         std::to_string(all.size()) +
             " app(s) are subscribed to the account; which is this "
             "server's own is not known",
         "Set whatsapp.app_id. " + std::string(kAskOperator));
  } else if (ours == all.end()) {
    fails("app_subscribed",
          all.empty() ? "no app is subscribed to the account"
                      : "only other apps are subscribed to the account",
          fix);
  } else {
    pass("app_subscribed", "this server's app is subscribed to the account");
  }
}

void Report::round_trip() {
  if (!seen_.is_challenged) {
    return skip("webhook_round_trip",
                "this server has no verify token, so nobody can prove its "
                "address for webhooks",
                "Set whatsapp.verify_token. " + std::string(kAskOperator));
  }
  if (seen_.round_trip)
    return pass("webhook_round_trip", seen_.callback +
                                          " answered a challenge that only this "
                                          "server could answer");
  fails("webhook_round_trip", seen_.callback + ": " + seen_.round_trip.error().detail,
        "WhatsApp must reach this address from the internet, by https. Check server.public_url, "
        "the name's DNS entry, and the proxy in front. " +
            std::string(kAskOperator));
}

void Report::policies() {
  if (!seen_.needs_policies)
    return pass("policies_accepted", "nothing has to be accepted for this connection");
  if (!seen_.policies) return skip("policies_accepted", seen_.policies.error());
  if (*seen_.policies) return pass("policies_accepted", "the provider's policies are accepted");
  fails("policies_accepted", "nobody has accepted the provider's policies for the workspace",
        "An owner accepts them with POST /v1/terms/acceptances.");
}

// --- the account ---

void Report::health(const std::string& check, std::initializer_list<std::string_view> types,
                    const std::vector<channel::HealthEntity>& entities, SenderId sender) {
  std::string evidence;
  std::string fix;
  bool is_blocked = false;
  bool is_limited = false;
  for (const auto& entity : entities) {
    if (std::ranges::find(types, entity.type) == types.end()) continue;
    is_blocked = is_blocked || entity.verdict == "blocked";
    is_limited = is_limited || entity.verdict == "limited";
    for (const auto& fault : entity.faults) {
      evidence.append(evidence.empty() ? "" : " ");
      evidence += entity.type + ": " + fault.description + " (" + std::to_string(fault.code) + ")";
      if (fix.find(fault.solution) == std::string::npos)
        fix.append(fix.empty() ? "" : " ").append(fault.solution);
    }
  }
  if (!is_blocked && !is_limited)
    return pass(check, "WhatsApp reports nothing that keeps messages back", sender);
  if (evidence.empty()) evidence = is_blocked ? "WhatsApp blocks it" : "WhatsApp limits it";
  if (fix.empty()) fix = "See the account in WhatsApp Manager.";
  if (is_blocked) return fails(check, std::move(evidence), std::move(fix), sender);
  warn(check, std::move(evidence), std::move(fix), sender);
}

void Report::account() {
  if (!seen_.facts) {
    skip("account_review", seen_.facts.error());
    skip("account_health", seen_.facts.error());
    return;
  }
  const auto& review = seen_.facts->review_status;
  if (review == "approved" || review.empty()) {
    pass("account_review", "the account is approved");
  } else if (review == "rejected") {
    fails("account_review", "WhatsApp rejected the account in its review",
          "Read why in Meta's Business Support Home, and appeal there.");
  } else {
    warn("account_review", "the account's review is " + review,
         "Wait for the review; it may want documents in Meta's business settings.");
  }
  health("account_health", {"waba", "business", "app"}, seen_.facts->health);
}

// --- senders ---

void Report::sender(const SeenSender& sender) {
  if (!seen_.numbers) {
    for (const char* check : {"sender_registered", "display_name", "quality", "limits"})
      skip(check, seen_.numbers.error(), sender.id);
  } else {
    const auto found = std::ranges::find(*seen_.numbers, sender.address, &SenderState::address);
    if (found == seen_.numbers->end()) {
      fails("sender_registered", "the account has the number " + sender.display_number + " no more",
            "Was it moved or deleted? Connect the account that has it now.", sender.id);
    } else {
      state(sender, *found);
    }
  }
  if (!sender.facts) {
    skip("sender_health", sender.facts.error(), sender.id);
    skip("webhook_destination", sender.facts.error(), sender.id);
  } else {
    health("sender_health", {"phone_number"}, sender.facts->health, sender.id);
    const auto& used = sender.facts->callbacks.used();
    if (used == seen_.callback) {
      pass("webhook_destination", "webhooks go to " + used, sender.id);
    } else if (used.empty()) {
      warn("webhook_destination", "WhatsApp does not say where the number's webhooks go",
           "Set the app's callback address in Meta's App Dashboard to " + seen_.callback + ".",
           sender.id);
    } else {
      // An address of somebody else's may hold what lets one in.
      const auto url = http::Url::parse(used);
      fails(
          "webhook_destination",
          "webhooks of the number go to " + (url ? url->origin() : std::string("another address")),
          "They should go to " + seen_.callback +
              ": remove the override, or change the app's callback address.",
          sender.id);
    }
  }
  webhooks(sender);
}

void Report::webhooks(const SeenSender& sender) {
  if (sender.webhook_at && seen_.now - *sender.webhook_at < kWebhookRecent) {
    pass("webhook_recent", "the last one came at " + format_time(*sender.webhook_at), sender.id);
  } else {
    const Time since = sender.webhook_at.value_or(seen_.started_at);
    warn("webhook_recent",
         std::string(sender.webhook_at ? "the last one came at " : "none has come since ") +
             format_time(since),
         "Write to " + sender.display_number +
             " from a phone: it should be in GET /v1/messages within seconds.",
         sender.id);
  }
}

void Report::state(const SeenSender& sender, const SenderState& state) {
  registration(sender.id, state);
  name(sender.id, state);
  quality(sender.id, state);
  limits(sender.id, state);
}

void Report::registration(SenderId id, const SenderState& state) {
  const std::string evidence = "status " + (state.status.empty() ? "unknown" : state.status) +
                               ", number " +
                               (state.verification.empty() ? "unknown" : state.verification);
  if (state.status == "connected") return pass("sender_registered", evidence, id);
  if (state.status == "flagged" || state.status == "rate_limited" || state.status == "restricted")
    return warn("sender_registered", evidence,
                "WhatsApp holds the number back because of its quality: send what people ask for, "
                "and look at blocks and reports in WhatsApp Manager.",
                id);
  if (state.status == "banned")
    return fails("sender_registered", evidence, "Appeal in Meta's Business Support Home.", id);
  if (state.status == "deleted")
    return fails("sender_registered", evidence, "Connect the account that has the number now.", id);
  if (state.verification == "not_verified" || state.verification == "expired")
    return fails("sender_registered", evidence,
                 "Verify the number: POST /v1/senders/" + id.str() +
                     "/request_code, then /verify_code with the code, then /register.",
                 id);
  fails("sender_registered", evidence,
        "Register the number: POST /v1/senders/" + id.str() + "/register with its PIN.", id);
}

void Report::name(SenderId id, const SenderState& state) {
  const std::string evidence =
      "display name " + (state.name.empty() ? std::string("unknown") : "\"" + state.name + "\"") +
      ": " + (state.name_status.empty() ? "unknown" : state.name_status);
  if (state.name_status == "approved" || state.name_status == "available_without_review")
    return pass("display_name", evidence, id);
  if (state.name_status == "declined" || state.name_status == "expired")
    return fails("display_name", evidence,
                 "Ask for another name with POST /v1/senders/" + id.str() +
                     "/display_name; it must name the business as people know it.",
                 id);
  warn("display_name", evidence, "Wait for the review; it takes a day or two.", id);
}

void Report::quality(SenderId id, const SenderState& state) {
  const std::string evidence =
      "quality " + (state.quality.empty() ? std::string("unknown") : state.quality);
  if (state.quality == "red")
    return fails("quality", evidence,
                 "Too many people blocked or reported the number in the last week: stop "
                 "campaigns, and write only to those who asked for it.",
                 id);
  if (state.quality == "yellow")
    return warn("quality", evidence,
                "Some people blocked or reported the number: send less, and let people opt out.",
                id);
  pass("quality", evidence, id);
}

void Report::limits(SenderId id, const SenderState& state) {
  const auto limit = channel::messaging_limit_of(state.messaging_limit);
  const auto pace = channel::messages_per_second(state);
  std::string evidence =
      !limit.is_known ? "how many people may be written to a day is not known"
      : limit.people  ? std::to_string(*limit.people) +
                           " people a day outside of windows, shared by all numbers of the business"
                     : "no limit of people a day";
  evidence +=
      pace ? "; " + std::to_string(*pace) + " messages a second" : "; the pace is not known";
  constexpr std::int64_t kSmallest = 250;
  if (limit.people && *limit.people <= kSmallest)
    return warn("limits", evidence,
                "Verify the business in Meta's business settings: the limit is 2,000 then.", id);
  pass("limits", evidence, id);
}

}  // namespace

std::string_view verdict_name(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "fail";
    case Verdict::kSkipped:
      return "skipped";
  }
  return "";
}

std::vector<Finding> findings_of(const Seen& seen) {
  Report report(seen);
  report.token();
  report.policies();
  report.subscription();
  report.round_trip();
  report.account();
  for (const auto& sender : seen.senders) report.sender(sender);
  return std::move(report).take();
}

}  // namespace flowsell::numbers
