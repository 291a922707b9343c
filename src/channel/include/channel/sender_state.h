#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowsell::channel {

/// What a provider says of a sender. Words are the provider's in lower case; an empty text, or
/// nullopt: it does not say. Of news, what does not change.
struct SenderState {
  std::string address;                ///< the provider's id of it
  std::string display_number;         ///< E.164
  std::string name;                   ///< that people see
  std::string name_status;            ///< "approved", "pending_review", "declined", ...
  std::string requested_name;         ///< that was asked for instead
  std::string requested_name_status;  ///< as name_status; "none": none was asked for
  std::string status;                 ///< "connected", "disconnected", "flagged", "banned", ...
  std::string quality;                ///< "green", "yellow", "red", "unknown"
  std::string throughput;             ///< "standard", "high", "not_applicable"
  std::string verification;           ///< of the number by a code: "verified", "not_verified", ...
  std::string platform;               ///< "cloud_api", "on_premise", "not_applicable"
  std::string account_mode;           ///< "live", "sandbox"
  std::string messaging_limit;        ///< of its portfolio: "tier_250", ..., "tier_unlimited"
  std::optional<bool> is_official;    ///< has the provider's mark of an official account
  std::optional<bool> has_pin;        ///< two-step verification is on
  std::optional<bool> is_on_app;      ///< it is used in the provider's own app too (coexistence)

  friend bool operator==(const SenderState&, const SenderState&) = default;
};

/// `state` with what `news` says.
SenderState with_news(SenderState state, const SenderState& news);

/// Messages a second that a sender with that state may send; nullopt: not known. Source: Meta's
/// page on throughput (November 2025): 80, 1,000 after the upgrade, 20 beside the Business app.
std::optional<std::int64_t> messages_per_second(const SenderState& state) noexcept;

/// How many people a portfolio may write to outside of their windows in a moving day.
struct MessagingLimit {
  bool is_known = false;
  std::optional<std::int64_t> people;  ///< nullopt of a known one: as many as it likes
};
MessagingLimit messaging_limit_of(std::string_view tier) noexcept;

}  // namespace flowsell::channel
