#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "audit/head_file.h"

namespace flowsell::audit {

constexpr std::size_t kLineBytesMax = 1024;  ///< ours are of some 350

/// A signed head as it stands in the file, with its line end. What is signed are the bytes before
/// `,"signature"`, behind "flowsell-connect/audit-head/1:".
std::string line_of(const SignedHead& head, const HeadKey& key);

/// A line without its end. One text for one head: anything but what line_of() writes is unreadable.
std::expected<SignedHead, BadLine::Why> parse_line(std::string_view line,
                                                   std::span<const PublicKey> keys);

/// Takes the bytes of a file, in parts of any size, apart.
class HeadLines {
 public:
  explicit HeadLines(std::span<const PublicKey> keys) : keys_(keys) {}

  void add(std::string_view bytes);
  /// There are no more. A last line without its end, and lines at the end that can't be read, are
  /// what a power cut leaves of a write: torn. An attacker who spoils the last line gains no more
  /// than by taking it away.
  void finish();

  std::size_t lines() const noexcept { return lines_; }
  bool is_torn() const noexcept { return is_torn_; }
  /// It has more bad lines than anything that was a file of heads.
  bool is_hopeless() const noexcept { return bad_.size() + unsure_.size() > kBadLinesMax; }
  std::unordered_map<std::string, SignedHead>& newest() noexcept { return newest_; }
  std::vector<BadLine>& bad() noexcept { return bad_; }

 private:
  static constexpr std::size_t kBadLinesMax = 1000;
  void end_line();
  void take(SignedHead head);
  void take_bad(BadLine::Why why);

  std::span<const PublicKey> keys_;
  std::string line_;  ///< so far, kLineBytesMax + 1 bytes at most
  std::size_t lines_ = 0;
  bool is_torn_ = false;
  std::unordered_map<std::string, SignedHead> newest_;
  std::vector<BadLine> bad_;
  std::vector<BadLine> unsure_;  ///< unreadable; bad as soon as a readable one stands behind them
};

}  // namespace flowsell::audit
