#include "links.h"

#include <optional>

#include "http/url.h"
#include "json/json.h"
#include "json/writer.h"
#include "query.h"

namespace flowsell::graph_door {
namespace {

/// The provider's address as one of ours; nullopt: it is none.
std::optional<std::string> led_here(std::string_view link, std::string_view base) {
  // Where the version begins: the simulator's address and Meta's have nothing before it.
  const auto scheme = link.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const auto path = link.find('/', scheme + 3);
  if (path == std::string_view::npos) return std::nullopt;
  const auto question = std::min(link.find('?', path), link.size());
  auto parameters = parse_parameters(link.substr(std::min(question + 1, link.size())));
  if (!parameters) return std::nullopt;
  std::erase_if(*parameters, [](const auto& each) { return !refusal_of_name(each.first).empty(); });
  std::string out(base);
  out.append(link.substr(path, question - path));
  if (!parameters->empty()) out.append("?").append(parameters_text(*parameters));
  return out;
}

}  // namespace

std::string rewrite_links(std::string body, std::string_view base) {
  if (body.find("\"paging\"") == std::string::npos) return body;
  const auto document = json::parse(body);
  const json::Object* root = document ? document->root().if_object() : nullptr;
  const json::Value* paging = root == nullptr ? nullptr : root->if_contains("paging");
  if (paging == nullptr || !paging->is_object()) return body;
  json::Object links(paging->get_object());
  for (const std::string_view name : {"next", "previous"}) {
    const json::Value* link = links.if_contains(name);
    if (link == nullptr || !link->is_string()) continue;
    const auto ours = led_here(link->get_string(), base);
    if (ours) {
      links[name] = boost::json::string(*ours);
    } else {
      links.erase(name);
    }
  }
  json::Writer out;
  out.begin_object();
  for (const auto& [name, value] : *root) {
    out.any_key(name);
    if (name == "paging") {
      out.value(json::Value(links));
    } else {
      out.value(value);
    }
  }
  out.end_object();
  return std::move(out).take();
}

}  // namespace flowsell::graph_door
