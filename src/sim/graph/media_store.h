#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace flowsell::sim {

/// New media of a number: the bytes in their file, the node beside it. Kept 30 days, or 7 when a
/// customer sent it.
Checked<Node*> keep_media(Graph& graph, const Node& phone, std::string_view mime_type, Spool& spool,
                          bool from_customer);
/// The media, unless it has expired.
Node* find_media(Graph& graph, std::string_view id);
/// Where its bytes are for the next 5 minutes.
std::string media_url(Graph& graph, std::string_view origin, std::string_view id);
/// The answer to a GET of such a URL: 401 without a good token, 404 when it is none or no longer.
http::Response download(Graph& graph, const http::Request& request);

/// The path of those URLs.
inline constexpr std::string_view kDownloadPath = "/whatsapp_business/attachments/";

}  // namespace flowsell::sim
