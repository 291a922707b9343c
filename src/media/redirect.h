#pragma once

#include <string_view>

#include "core/error.h"
#include "http/url.h"

namespace flowsell::media {

/// So often one is followed, each address checked anew.
inline constexpr int kRedirectsMax = 3;

bool is_redirect(int status) noexcept;
/// Where a Location of `from` leads (RFC 3986, 5.2, without dot segments). Fails as Url::parse().
Result<http::Url> redirect_of(const http::Url& from, std::string_view location);

}  // namespace flowsell::media
