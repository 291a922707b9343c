#include "graph/tokens.h"

#include "crypto/hash.h"

namespace flowsell::sim {
namespace {

constexpr std::int64_t kCodeSeconds = 30;

json::Array array_of(const std::vector<std::string>& texts) {
  json::Array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

json::Array granular_of(const Consent& consent) {
  json::Array granular;
  for (const auto& scope : consent.scopes) {
    json::Object grant = {{"scope", scope}};
    if (!consent.accounts.empty() && scope.starts_with("whatsapp_business"))
      grant["target_ids"] = array_of(consent.accounts);
    granular.push_back(std::move(grant));
  }
  return granular;
}

}  // namespace

std::vector<std::string> usual_scopes() {
  return {"whatsapp_business_management", "whatsapp_business_messaging"};
}

std::string make_token(Graph& graph, const Consent& consent) {
  auto token = "EAA" + crypto::random_base62(120);
  json::Object fields = {{"type", "SYSTEM_USER"},
                         {"app_id", consent.app_id},
                         {"user_id", graph.registry.new_id()},
                         {"issued_at", graph.now_seconds()}};
  fields["expires_at"] =
      consent.expires_in_seconds == 0 ? 0 : graph.now_seconds() + consent.expires_in_seconds;
  fields["scopes"] = array_of(consent.scopes);
  fields["granular_scopes"] = granular_of(consent);
  graph.registry.add(NodeKind::kToken, token, std::move(fields));
  return token;
}

std::string make_code(Graph& graph, const Consent& consent, std::int64_t age_seconds) {
  auto code = "AQ" + crypto::random_base62(180);
  json::Object fields = {{"app_id", consent.app_id},
                         {"expires_at", graph.now_seconds() + kCodeSeconds - age_seconds},
                         {"redirect_uri", consent.redirect_uri},
                         {"expires_in", consent.expires_in_seconds}};
  fields["scopes"] = array_of(consent.scopes);
  fields["accounts"] = array_of(consent.accounts);
  graph.registry.add(NodeKind::kCode, code, std::move(fields));
  return code;
}

}  // namespace flowsell::sim
