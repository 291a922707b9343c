#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::mail {

/// Table of this room: mails. Numbers from 80.
std::span<const store::Migration> migrations();

}  // namespace flowsell::mail
