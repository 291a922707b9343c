#pragma once

#include "http/message.h"
#include "json/reader.h"
#include "sso/sign_ins.h"

namespace flowsell::api {

inline constexpr json::StringRule kProviderKey{1, 40};
inline constexpr json::StringRule kReturnTo{1, 512};

/// Where the browser goes now, and the cookie that binds the way back to it.
http::Response begun_response(const sso::SignIns::Begun& begun);

}  // namespace flowsell::api
