#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channel/message.h"
#include "connections/provider_calls.h"
#include "connections/senders.h"
#include "messaging/accept.h"
#include "messaging/message_table.h"
#include "metering/metering.h"
#include "numbers/sender_states.h"
#include "preflight/rate_card.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::preflight {

inline constexpr std::size_t kRecipientsMax = 10'000;

/// Messages that somebody wants to send, all from one sender and of one kind.
struct Batch {
  identity::Caller caller;
  connections::SenderPtr sender;
  std::string category;                 ///< "marketing", ...; empty: the template's
  std::string template_name, language;  ///< empty: no template
  struct Part {
    std::string country;  ///< empty: not known
    std::int64_t count = 0;
  };
  std::vector<Part> parts;
  /// Instead of parts: who they are. Used and not kept.
  std::vector<channel::Recipient> recipients;
  std::int64_t sent_this_month = 0;  ///< of that category, to each country, for volume tiers
};

/// Why some or all of them would not arrive.
struct Obstacle {
  std::string code;
  std::optional<std::int64_t> count;  ///< of the batch; nullopt: all, or not known
  bool stops_all = false;
  std::string detail, fix;
};

struct CountryCost {
  std::string country;
  std::int64_t count = 0;
  std::optional<Micros> amount;  ///< nullopt: there is no rate
};
struct Cost {
  std::string currency;
  std::string valid_from;        ///< day of the price list; empty: there is none
  std::optional<Micros> amount;  ///< nullopt: not known, see why
  std::string why;               ///< it is not known
  std::vector<CountryCost> countries;
};

/// How many people outside of their windows the portfolio may write to.
struct Headroom {
  std::string tier;                    ///< empty: not known
  std::optional<std::int64_t> people;  ///< a day; nullopt: no limit, or not known
  std::int64_t used = 0;      ///< in the last day, as far as this server sent them: at most
  bool is_used_known = true;  ///< false: `used` is a part of it
  std::int64_t needed = 0;
  std::optional<bool> fits;  ///< nullopt: not known
};

struct Forecast {
  std::int64_t count = 0;
  std::string category;
  Cost cost;
  Headroom headroom;
  std::optional<std::int64_t> per_second;  ///< nullopt: as fast as can be
  std::int64_t seconds = 0;
  Time finishes_at;
  metering::Quota quota;
  std::vector<Obstacle> obstacles;
};

/// Says what a batch would come to, without sending or storing anything. Thread-safe.
class Preflight {
 public:
  struct Options {
    metering::Limits limits;
    double messages_per_second = 80;
    std::shared_ptr<const RateCard> rate_card;  ///< nullptr: none
  };
  Preflight(store::Database& db, connections::Senders& senders, const numbers::SenderStates& states,
            connections::ProviderCalls& calls, const messaging::Accept& accept,
            const identity::SettingsMemory& settings, const Clock& clock, Options options);

  /// A template is looked up at the provider: where that can't be asked, that is an obstacle told,
  /// not a failure. Fails as the database does.
  Task<Forecast> look(Batch batch) const;

 private:
  struct Known;
  Task<Known> read(const Batch& batch) const;
  Task<> look_at_template(const Batch& batch, Forecast& forecast) const;
  void look_at_sender(const Batch& batch, const numbers::KnownState& known,
                      Forecast& forecast) const;
  void add_cost(const Batch& batch, Forecast& forecast) const;
  void add_pace(const numbers::KnownState& known, Forecast& forecast) const;

  store::Database& db_;
  connections::Senders& senders_;
  const numbers::SenderStates& states_;
  connections::ProviderCalls& calls_;
  const messaging::Accept& accept_;
  const identity::SettingsMemory& settings_;
  const Clock& clock_;
  const Options options_;
};

}  // namespace flowsell::preflight
