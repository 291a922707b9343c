#pragma once

#include <cstring>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace flowsell {

/// A text that must never reach a log, an error or the disk in clear. It can't be printed,
/// formatted or compared by accident; reveal() marks, and a reviewer can search for, each place
/// that uses it. Its bytes are wiped.
template <class Tag>
class Sensitive {
 public:
  Sensitive() = default;
  explicit Sensitive(std::string text) : text_(std::move(text)) { wipe(text); }
  Sensitive(const Sensitive&) = default;
  Sensitive& operator=(const Sensitive& other) {
    if (this != &other) {
      wipe(text_);
      text_ = other.text_;
    }
    return *this;
  }
  Sensitive(Sensitive&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
  Sensitive& operator=(Sensitive&& other) noexcept {
    if (this != &other) {
      wipe(text_);
      text_ = std::move(other.text_);
      wipe(other.text_);
    }
    return *this;
  }
  ~Sensitive() { wipe(text_); }

  std::string_view reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  std::size_t size() const noexcept { return text_.size(); }

  friend std::ostream& operator<<(std::ostream&, const Sensitive&) = delete;

 private:
  /// All of the capacity: a short text that was moved from still stands in its old place.
  static void wipe(std::string& text) noexcept {
    text.resize(text.capacity());
    std::memset(text.data(), 0, text.size());
    __asm__ __volatile__(""
                         :
                         : "r"(text.data())
                         : "memory");  // or the compiler drops a memset that nobody reads
    text.clear();
  }
  std::string text_;
};

/// A credential: a provider's token, a signing secret, an API key, a master key.
using Secret = Sensitive<struct SecretTag>;
/// What people write to each other: message texts, captions, parameters, links to media.
using Content = Sensitive<struct ContentTag>;

}  // namespace flowsell
