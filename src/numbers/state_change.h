#pragma once

#include "numbers/sender_states.h"
#include "store/change.h"

namespace flowsell::numbers {

inline constexpr store::WriteKind kNumbersKind{"numbers", 7, store::apply_each<store::Change>};

/// In a transaction: `state` is all that the provider says of the sender now. A name that was asked
/// for is not said, and stays until none is.
Result<KnownState> put_state(store::Connection& db, const StateKey& key, channel::SenderState state,
                             Time now);

}  // namespace flowsell::numbers
