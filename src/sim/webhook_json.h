#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "journey.h"
#include "sim/whatsapp_simulator.h"

namespace flowsell::sim {

/// One thing that a webhook tells: a step of a journey.
struct Update {
  std::shared_ptr<const Journey> journey;  ///< shared by the steps that still wait
  std::size_t step = 0;
  Time at{};
};

/// The body of one webhook POST, escaped as Meta escapes (escape_as_meta). Neighbouring statuses of
/// one number share a change.
std::string webhook_body(std::span<const Update> updates, const std::vector<SimNumber>& numbers);

/// JSON text with every non-ASCII character as \uXXXX (lower case, surrogate pairs) and every '/'
/// as \/.
std::string escape_as_meta(std::string_view json);

/// An upper bound of what one update adds to a body.
std::size_t bytes_max_of(const Journey& journey) noexcept;

}  // namespace flowsell::sim
