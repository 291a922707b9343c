#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/sensitive.h"
#include "runtime/workers.h"

namespace flowsell::accounts {

/// What a guess costs. OWASP's Password Storage Cheat Sheet asks for 19 MiB and 2 passes at least.
struct PasswordCost {
  std::uint64_t passes = 2;
  std::size_t memory_bytes = std::size_t{64} << 20;
};

inline constexpr std::size_t kPasswordLengthMin = 12;
inline constexpr std::size_t kPasswordLengthMax = 256;

/// Whether people may choose it: its length (NIST SP 800-63B, 3.1.1.2: nothing is asked about its
/// characters), and how soon it is guessed from lists of common passwords, words, names, keyboard
/// walks and `own_words` (their name, their address). Fails with a fault of the field `pointer`,
/// which never quotes it.
Result<> check_password(const Secret& password, std::span<const std::string> own_words,
                        std::string_view pointer);

/// Argon2id (RFC 9106) on threads of its own. Thread-safe.
class Passwords {
 public:
  /// `at_once`: how many are computed together; each has memory_bytes.
  Passwords(PasswordCost cost, std::size_t at_once);

  /// The text to store: it names its own cost. Fails with kOverloaded.
  Task<std::string> hash(Secret password);
  /// The same, blocking; for start-up and tools.
  Result<std::string> hash_now(const Secret& password) const;

  struct Verdict {
    bool matches = false;
    bool is_outdated = false;  ///< it was stored at another cost: to be hashed anew
  };
  /// `stored` empty: there is no such password; it costs the same, and never matches.
  Task<Verdict> verify(Secret password, std::string stored);

  void stop() { workers_.stop(); }

 private:
  const PasswordCost cost_;
  std::string of_nobody_;  ///< what a missing one is compared with
  runtime::Workers workers_;
};

}  // namespace flowsell::accounts
