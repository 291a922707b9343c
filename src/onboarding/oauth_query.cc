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

}  // namespace

Result<OauthAnswer> read_oauth_query(std::string_view query) {
  if (query.size() > kQueryBytesMax) return refuse();
  std::map<std::string, std::string> values;
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    auto name = percent_decode(take_until(value, '='), true);
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
