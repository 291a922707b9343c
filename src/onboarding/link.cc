#include "link.h"

#include "core/encoding.h"

namespace flowsell::onboarding {
namespace {

constexpr std::size_t kWorkspaceLength = 26;

}  // namespace

Secret Link::make(const WorkspaceId& workspace) {
  std::string text;
  base32_append(workspace.bytes(), text);
  const Secret token = crypto::random_token();
  text.append(token.reveal());
  return Secret(std::move(text));
}

std::optional<Link> Link::parse(std::string_view text) {
  if (text.size() != kWorkspaceLength + crypto::kTokenLength) return std::nullopt;
  IdBytes bytes;
  if (!base32_decode(text.substr(0, kWorkspaceLength), bytes)) return std::nullopt;
  return Link{WorkspaceId(bytes), crypto::sha256(text)};
}

}  // namespace flowsell::onboarding
