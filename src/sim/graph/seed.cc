#include "graph/seed.h"

#include "core/encoding.h"
#include "core/phone_number.h"
#include "crypto/hash.h"
#include "graph/graph.h"

namespace flowsell::sim {
namespace {

json::Object subscription_of(std::string_view app_id) {
  json::Object apps;
  apps[app_id] = json::Object();
  return apps;
}

}  // namespace

std::string namespace_of(std::string_view account_id) {
  const auto hex = hex_encode(crypto::sha256(account_id));
  const auto part = [&](std::size_t from, std::size_t size) { return hex.substr(from, size); };
  return part(0, 8) + "_" + part(8, 4) + "_" + part(12, 4) + "_" + part(16, 4) + "_" + part(20, 12);
}

Seed::Seed(const World& world) : world_(world) {
  for (std::size_t i = 0; i < world.options.numbers.size(); ++i) {
    const auto& number = world.options.numbers[i];
    accounts_.emplace(number.waba_id, i);
    phones_.emplace(number.phone_number_id, i);
  }
}

std::optional<Node> Seed::make(std::string_view id) const {
  if (const auto phone = phones_.find(id); phone != phones_.end()) return make_phone(phone->second);
  if (const auto account = accounts_.find(id); account != accounts_.end())
    return make_account(account->second);
  if (id == world_.options.app_id) return make_app();
  if (id == world_.options.business_id) return make_business();
  return std::nullopt;
}

Node Seed::make_app() const {
  Node node{NodeKind::kApp, world_.options.app_id, {}};
  node.fields = {{"id", node.id}, {"name", "Simulated app"}, {"category", "Business"}};
  node.fields["_secret"] = world_.options.app_secret.reveal();
  node.fields["_is_default"] = true;
  return node;
}

Node Seed::make_business() const {
  Node node{NodeKind::kBusiness, world_.options.business_id, {}};
  node.fields = {{"id", node.id},
                 {"name", "Simulated business"},
                 {"timezone_id", 1},
                 {"verification_status", "verified"},
                 {"_tier", "TIER_UNLIMITED"}};
  return node;
}

Node Seed::make_account(std::size_t number) const {
  Node node{NodeKind::kAccount, world_.options.numbers[number].waba_id, {}};
  node.fields = account_fields(node.id, "Simulated account", world_.options.business_id);
  node.fields["_subscribed_apps"] = subscription_of(world_.options.app_id);
  return node;
}

Node Seed::make_phone(std::size_t number) const {
  const auto& shown = world_.options.numbers[number];
  Node node{NodeKind::kPhone, shown.phone_number_id, {}};
  node.fields = phone_fields(shown, "Simulated business");
  node.fields["status"] = "CONNECTED";
  node.fields["code_verification_status"] = "VERIFIED";
  node.fields["name_status"] = "APPROVED";
  node.fields["platform_type"] = "CLOUD_API";
  node.fields["throughput"] = {{"level", "STANDARD"}};
  node.fields["quality_rating"] = "GREEN";
  node.fields["quality_score"] = {{"score", "GREEN"}};
  node.fields["_registered"] = true;
  return node;
}

json::Object account_fields(std::string_view id, std::string_view name,
                            std::string_view business_id) {
  json::Object fields = {{"id", id},
                         {"name", name},
                         {"currency", "USD"},
                         {"timezone_id", "1"},
                         {"country", "US"},
                         {"account_review_status", "APPROVED"},
                         {"business_verification_status", "verified"},
                         {"ownership_type", "CLIENT_OWNED"},
                         {"status", "ACTIVE"}};
  fields["message_template_namespace"] = namespace_of(id);
  fields["_business"] = business_id;
  fields["_subscribed_apps"] = json::Object();
  return fields;
}

json::Object phone_fields(const SimNumber& number, std::string_view verified_name) {
  const std::string_view digits = number.display_phone_number;
  const auto country = digits.substr(0, country_code_length(digits));
  json::Object fields = {{"id", number.phone_number_id},
                         {"display_phone_number", shown_number(digits)},
                         {"verified_name", verified_name},
                         {"status", "DISCONNECTED"},
                         {"quality_rating", "UNKNOWN"},
                         {"code_verification_status", "NOT_VERIFIED"},
                         {"name_status", "PENDING_REVIEW"},
                         {"new_name_status", "NONE"},
                         {"platform_type", "NOT_APPLICABLE"},
                         {"account_mode", "LIVE"},
                         {"is_official_business_account", false},
                         {"is_on_biz_app", false},
                         {"is_preverified_number", false},
                         {"search_visibility", "VISIBLE"},
                         {"_account", number.waba_id},
                         {"_digits", digits},
                         {"_registered", false}};
  fields["quality_score"] = {{"score", "UNKNOWN"}};
  fields["throughput"] = {{"level", "NOT_APPLICABLE"}};
  fields["country_dial_code"] = country;
  return fields;
}

}  // namespace flowsell::sim
