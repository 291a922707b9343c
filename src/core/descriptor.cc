#include "core/descriptor.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace flowsell {

Descriptor::~Descriptor() {
  if (is_open()) ::close(fd_);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace flowsell
