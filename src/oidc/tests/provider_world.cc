#include "provider_world.h"

#include <stdexcept>

#include "core/encoding.h"
#include "json/writer.h"

namespace flowsell::oidc::testing_support {
namespace {

http::EgressOptions only(std::string address) {
  http::EgressOptions options;
  options.allowed = {std::move(address)};
  return options;
}

}  // namespace

std::map<std::string, std::string> parameters_of(std::string_view query) {
  std::map<std::string, std::string> out;
  if (const auto question = query.find('?'); question != std::string_view::npos) {
    query.remove_prefix(question + 1);
  }
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const auto equals = pair.find('=');
    out[std::string(pair.substr(0, equals))] = *percent_decode(pair.substr(equals + 1), true);
  }
  return out;
}

ProviderWorld::ProviderWorld(ClientOptions options)
    : guard(std::make_shared<http::EgressGuard>(only(peer.address()))),
      client(pool, guard, clock, std::move(options)) {
  provider.issuer = peer.url("");
  provider.client_id = "client-1";
  provider.client_secret = Secret("secret-1");
  discovery = {{"issuer", json::quoted(provider.issuer)},
               {"authorization_endpoint", json::quoted(peer.url("/authorize"))},
               {"token_endpoint", json::quoted(peer.url("/token"))},
               {"jwks_uri", json::quoted(peer.url("/keys"))},
               {"id_token_signing_alg_values_supported", R"(["RS256","ES256"])"}};
  pool.start();
}

ProviderWorld::~ProviderWorld() {
  peer.release();
  pool.stop();
}

void ProviderWorld::answer(std::string body, std::string cache_control) {
  http::Response response;
  response.body = std::move(body);
  if (!cache_control.empty()) {
    response.headers.push_back({"Cache-Control", std::move(cache_control)});
  }
  peer.then(std::move(response));
}

void ProviderWorld::answer_discovery(std::string cache_control) {
  std::string text = "{";
  for (const auto& [name, value] : discovery) {
    if (text.size() > 1) text += ',';
    text += '"' + name + "\":" + value;
  }
  answer(text + '}', std::move(cache_control));
}

void ProviderWorld::answer_tokens(const std::string& id_token) {
  answer(R"({"access_token":"access-1","token_type":"Bearer","id_token":")" + id_token + "\"}");
}

Authorization ProviderWorld::begin(BeginOptions options) {
  auto begun = testkit::run(pool, client.begin(provider, std::move(options)));
  if (!begun) throw std::runtime_error(begun.error().detail);
  return *std::move(begun);
}

TokenDraft ProviderWorld::id_token(const Attempt& attempt) const {
  const std::int64_t now = to_unix_ms(clock.now()) / 1000;
  TokenDraft draft;
  draft.payload = {{"iss", json::quoted(provider.issuer)},
                   {"sub", R"("user-1")"},
                   {"aud", R"("client-1")"},
                   {"exp", std::to_string(now + 300)},
                   {"iat", std::to_string(now)},
                   {"nonce", json::quoted(attempt.nonce)},
                   {"email", R"("ada@example.com")"}};
  return draft;
}

Callback ProviderWorld::callback(const Attempt& attempt) {
  Callback callback;
  callback.code = "code-1";
  callback.state = attempt.state;
  return callback;
}

Result<Claims> ProviderWorld::finish(const Attempt& attempt, const Callback& callback) {
  return testkit::run(pool, client.finish(provider, attempt, callback));
}

Result<Claims> ProviderWorld::sign_in(const SignIn& how) {
  const Attempt attempt = begin().attempt;
  TokenDraft token = id_token(attempt);
  for (const auto& [name, value] : how.changes.payload) token.payload[name] = value;
  for (const auto& [name, value] : how.changes.header) token.header[name] = value;
  std::erase_if(token.payload, [](const auto& claim) { return claim.second.empty(); });
  answer_tokens(token.signed_by(how.key, how.algorithm));
  for (const std::string& body : how.answers) answer(body);
  return finish(attempt);
}

std::vector<std::string> ProviderWorld::asked() {
  std::vector<std::string> out;
  for (const auto& seen : peer.wait_for(0)) out.push_back(seen.target);
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(told_));
  told_ += out.size();
  return out;
}

}  // namespace flowsell::oidc::testing_support
