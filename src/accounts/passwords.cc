#include "accounts/passwords.h"

#include <fmt/format.h>
#include <sodium.h>
#include <zxcvbn.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/encoding.h"
#include "core/random.h"

namespace flowsell::accounts {
namespace {

constexpr std::size_t kWaitingMax = 64;
/// 2^33 guesses: "safely unguessable" in zxcvbn's own words is 10^10.
constexpr double kEntropyBitsMin = 33;
/// Its time grows with the square of the length.
constexpr std::size_t kJudgedBytesMax = 100;

std::unexpected<Error> refused(std::string_view pointer, std::string_view code,
                               std::string detail) {
  return fail_field(std::string(pointer), std::string(code), std::move(detail),
                    "Use a longer one: several words that don't belong together do well.");
}

/// What no password has: its check costs what any other's does.
std::string hash_of_nothing(const PasswordCost& cost) {
  std::array<std::uint8_t, 48> bytes{};
  fill_random(bytes);
  const auto unpadded = [](std::span<const std::uint8_t> of) {
    std::string text = base64_encode(of);
    while (text.ends_with('=')) text.pop_back();
    return text;
  };
  return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", cost.memory_bytes >> 10, cost.passes,
                     unpadded(std::span(bytes).first(16)), unpadded(std::span(bytes).last(32)));
}

double entropy_bits(const Secret& password, std::span<const std::string> own_words) {
  const Secret judged(std::string(password.reveal().substr(0, kJudgedBytesMax)));
  std::vector<const char*> words;
  for (const std::string& word : own_words) words.push_back(word.c_str());
  words.push_back("flowsell");
  words.push_back(nullptr);
  return ZxcvbnMatch(std::string(judged.reveal()).c_str(), words.data(), nullptr);
}

}  // namespace

Result<> check_password(const Secret& password, std::span<const std::string> own_words,
                        std::string_view pointer) {
  const auto text = password.reveal();
  if (text.contains('\0'))
    return refused(pointer, "invalid_format", "a password can't hold a zero byte");
  const std::size_t length = count_code_points(text);
  if (length < kPasswordLengthMin) {
    return refused(pointer, "too_short",
                   "a password has at least " + std::to_string(kPasswordLengthMin) + " characters");
  }
  if (length > kPasswordLengthMax) {
    return fail_field(
        std::string(pointer), "too_long",
        "a password has at most " + std::to_string(kPasswordLengthMax) + " characters",
        "Use a shorter one.");
  }
  if (entropy_bits(password, own_words) < kEntropyBitsMin)
    return refused(pointer, "weak_password", "the password is too easily guessed");
  return {};
}

Passwords::Passwords(PasswordCost cost, std::size_t at_once)
    : cost_(cost), of_nobody_(hash_of_nothing(cost)), workers_(at_once, kWaitingMax) {}

Result<std::string> Passwords::hash_now(const Secret& password) const {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  const auto clear = password.reveal();
  if (sodium_init() < 0 ||
      crypto_pwhash_str_alg(text.data(), clear.data(), clear.size(), cost_.passes,
                            cost_.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(ErrorCode::kOverloaded, "there is no memory for a password's hash");
  return std::string(text.data());
}

Task<std::string> Passwords::hash(Secret password) {
  co_return co_await workers_.run([this, &password] { return hash_now(password); });
}

Task<Passwords::Verdict> Passwords::verify(Secret password, std::string stored) {
  const bool exists = !stored.empty();
  const std::string against = exists ? std::move(stored) : of_nobody_;
  auto work = [this, &password, &against]() -> Result<Verdict> {
    const auto clear = password.reveal();
    Verdict verdict;
    verdict.matches = crypto_pwhash_str_verify(against.c_str(), clear.data(), clear.size()) == 0;
    verdict.is_outdated =
        crypto_pwhash_str_needs_rehash(against.c_str(), cost_.passes, cost_.memory_bytes) != 0;
    return verdict;
  };
  CO_TRY(Verdict verdict, co_await workers_.run(std::move(work)));
  verdict.matches = verdict.matches && exists;
  co_return verdict;
}

}  // namespace flowsell::accounts
