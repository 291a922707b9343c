#pragma once

#include <string_view>
#include <utility>

namespace flowsell {

/// A file descriptor that closes with its scope.
class Descriptor {
 public:
  Descriptor() = default;
  /// Takes what open() returned, an error's -1 too.
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Writes all of it, however many calls that takes. False: errno says why.
bool write_all(int fd, std::string_view bytes);

}  // namespace flowsell
