#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace flowsell::passkeys {

/// Reads CBOR (RFC 8949) item by item, as authenticators have to write it (CTAP 2.1, section 8):
/// lengths are definite, numbers in their shortest form, keys of a map once, nothing nested deeper
/// than kDepthMax; no floats, no tags. In what order a map has its keys is not asked: not all
/// programs between an authenticator and a server keep it. Nothing is allocated for what a length
/// only claims.
///
/// What is read are views into the bytes. nullopt: the next item is not of that kind, or not sound;
/// then nothing more can be read.
class CborReader {
 public:
  static constexpr std::size_t kDepthMax = 8;
  static constexpr std::size_t kPairsMax = 64;

  explicit CborReader(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::int64_t> integer();
  std::optional<std::string_view> byte_string();
  /// UTF-8.
  std::optional<std::string_view> text();
  /// The number of pairs that follow, at most kPairsMax.
  std::optional<std::size_t> map();
  /// The same of a map that is all there is, and sound to its last byte: so are its pairs then, and
  /// no key is there twice.
  std::optional<std::size_t> whole_map();
  /// Any one item, whole: its bytes.
  std::optional<std::string_view> item();

  std::string_view rest() const noexcept { return rest_; }

 private:
  struct Head {
    unsigned major = 0;
    std::uint64_t argument = 0;
  };
  std::optional<Head> head();
  std::optional<std::string_view> string_of(unsigned major);
  bool skip(std::size_t depth);
  bool skip_array(std::uint64_t count, std::size_t depth);
  bool skip_map(std::uint64_t count, std::size_t depth);
  std::optional<std::string_view> take(std::uint64_t size);

  std::string_view rest_;
};

}  // namespace flowsell::passkeys
