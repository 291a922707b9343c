#include "oauth_query.h"

#include <map>
#include <utility>

#include "core/encoding.h"

namespace flowsell::onboarding {
namespace {

constexpr std::size_t kQueryBytesMax = 8 * 1024;

std::unexpected<Error> refuse() {
  return fail(ErrorCode::kInvalidToken, "what the browser brings back can't be read");
}

/// The text before `mark`, which is taken away with it; all of it where there is none.
std::string_view cut(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return head;
}

}  // namespace

Result<OauthAnswer> read_oauth_query(std::string_view query) {
  if (query.size() > kQueryBytesMax) return refuse();
  std::map<std::string, std::string> values;
  while (!query.empty()) {
    std::string_view value = cut(query, '&');
    auto name = percent_decode(cut(value, '='), true);
    auto text = percent_decode(value, true);
    if (!name || !text) return refuse();
    if (!values.emplace(*std::move(name), *std::move(text)).second) return refuse();
  }
  OauthAnswer answer;
  answer.state = values["state"];
  answer.is_denied = values.contains("error") || values.contains("error_code");
  answer.code = Secret(std::move(values["code"]));
  return answer;
}

}  // namespace flowsell::onboarding
