#pragma once

#include <chrono>

namespace flowsell::mail {

/// How long to wait after attempt number `attempt` (from 1) has failed: 15 s, 1, 5, 15, 30 minutes,
/// then an hour each time, 20 % more or less. A server that puts off strangers (greylisting) takes
/// the letter some minutes later. `unit_random` is in [0, 1).
std::chrono::milliseconds pause_after(int attempt, double unit_random);

}  // namespace flowsell::mail
