#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace flowsell {

/// A text that must never reach a log, an error or the disk in clear. It can't be printed, formatted or compared by
/// accident; reveal() marks, and a reviewer can search for, each place that uses it. Its bytes are wiped.
template <class Tag>
class Sensitive {
 public:
  Sensitive() = default;
  explicit Sensitive(std::string text) : text_(std::move(text)) {}
  Sensitive(const Sensitive&) = default;
  Sensitive& operator=(const Sensitive& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  Sensitive(Sensitive&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Sensitive& operator=(Sensitive&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  ~Sensitive() { wipe(); }

  std::string_view reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  std::size_t size() const noexcept { return text_.size(); }

  friend std::ostream& operator<<(std::ostream&, const Sensitive&) = delete;

 private:
  void wipe() noexcept {
    volatile char* p = text_.data();
    for (std::size_t i = 0; i < text_.size(); ++i) p[i] = 0;
    text_.clear();
  }
  std::string text_;
};

/// A credential: a provider's token, a signing secret, an API key, a master key.
using Secret = Sensitive<struct SecretTag>;
/// What people write to each other: message texts, captions, parameters, links to media.
using Content = Sensitive<struct ContentTag>;

}  // namespace flowsell
