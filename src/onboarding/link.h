#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/id.h"
#include "core/sensitive.h"
#include "crypto/hash.h"

namespace flowsell::onboarding {

/// What stands in a link: which workspace it is of, so that any replica finds its home, and a
/// secret of 256 bits. "01kb2v5m4q8x9r3t6w7y0z1a2w" + 43 characters.
struct Link {
  WorkspaceId workspace;
  crypto::Digest hash{};  ///< of the whole text: what is stored

  static Secret make(const WorkspaceId& workspace);
  /// nullopt: it can't be one.
  static std::optional<Link> parse(std::string_view text);
};

}  // namespace flowsell::onboarding
