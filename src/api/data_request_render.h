#pragma once

#include <string>

#include "http/message.h"
#include "privacy/request.h"

namespace flowsell::api {

/// Where the export of a request is downloaded.
std::string download_of(const privacy::DataRequest& request);

std::string render_data_request(const privacy::DataRequest& request);
/// A new one (201) with where it is read.
http::Response data_request_response(const privacy::DataRequest& request, int status,
                                     std::string_view path = "/v1/data_requests/");

}  // namespace flowsell::api
