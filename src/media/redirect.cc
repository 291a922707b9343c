#include "redirect.h"

#include <string>

namespace flowsell::media {

bool is_redirect(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<http::Url> redirect_of(const http::Url& from, std::string_view location) {
  location = location.substr(0, location.find('#'));
  if (location.contains("://")) return http::Url::parse(location);
  if (location.starts_with("//"))
    return http::Url::parse((from.tls ? "https:" : "http:") + std::string(location));
  std::string target(location);
  const std::string path = from.target.substr(0, from.target.find('?'));
  if (target.starts_with('?')) {
    target.insert(0, path);
  } else if (!target.starts_with('/')) {
    target.insert(0, path.substr(0, path.rfind('/') + 1));
  }
  return http::Url::parse(from.origin() + target);
}

}  // namespace flowsell::media
