// What a diagnosis asks of Meta: the token, who hears of an account, its health.
#include <array>

#include "core/encoding.h"
#include "field_copy.h"
#include "fields.h"
#include "number_calls.h"

namespace flowsell::whatsapp {
namespace {

using channel::AccountView;
using channel::HealthEntity;
using channel::SenderFacts;
using channel::TemplateFacts;
using channel::TokenView;

constexpr auto kNeededScopes = std::to_array<std::string_view>(
    {"whatsapp_business_management", "whatsapp_business_messaging"});

std::vector<std::string> texts_in(const json::Object& object, std::string_view name) {
  std::vector<std::string> texts;
  const auto* array = array_in(object, name);
  if (array == nullptr) return texts;
  for (const auto& each : *array) {
    if (each.is_string()) texts.emplace_back(std::string_view(each.get_string()));
    if (each.is_int64()) texts.push_back(std::to_string(each.get_int64()));
  }
  return texts;
}

std::vector<TokenView::Grant> grants_in(const json::Object& data) {
  std::vector<TokenView::Grant> grants;
  const auto* array = array_in(data, "granular_scopes");
  if (array == nullptr) return grants;
  for (const auto& each : *array) {
    if (const auto* grant = each.if_object())
      grants.push_back({std::string(text_in(*grant, "scope")), texts_in(*grant, "target_ids")});
  }
  return grants;
}

/// The earlier of a token's two ends; 0 is none.
std::optional<Time> end_of(const json::Object& data) {
  std::optional<Time> end;
  for (const std::string_view name : {"expires_at", "data_access_expires_at"}) {
    const auto at = read_time(data, name);
    if (at && (!end || *at < *end)) end = at;
  }
  return end;
}

HealthEntity entity_of(const json::Object& shown) {
  HealthEntity entity{word_in(shown, "entity_type"), word_in(shown, "can_send_message"), {}};
  const auto* errors = array_in(shown, "errors");
  if (errors == nullptr) return entity;
  for (const auto& each : *errors) {
    const auto* error = each.if_object();
    if (error == nullptr) continue;
    entity.faults.push_back({number_in(*error, "error_code").value_or(0),
                             std::string(text_in(*error, "error_description")),
                             std::string(text_in(*error, "possible_solution"))});
  }
  return entity;
}

std::vector<HealthEntity> health_in(const json::Object& node) {
  std::vector<HealthEntity> entities;
  const auto* health = object_in(node, "health_status");
  const auto* array = health == nullptr ? nullptr : array_in(*health, "entities");
  if (array == nullptr) return entities;
  for (const auto& each : *array)
    if (const auto* entity = each.if_object()) entities.push_back(entity_of(*entity));
  return entities;
}

}  // namespace

// --- the token ---

Result<TokenView> NumberCalls::read_token(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto* data = object_in(document.root().get_object(), "data");
  if (data == nullptr) return unreadable();
  TokenView facts;
  facts.is_valid = flag_in(*data, "is_valid").value_or(false);
  facts.app = scalar_in(*data, "app_id");
  facts.scopes = texts_in(*data, "scopes");
  facts.grants = grants_in(*data);
  facts.expires_at = end_of(*data);
  return facts;
}

std::span<const std::string_view> NumberCalls::needed_scopes() const noexcept {
  return kNeededScopes;
}

// --- the account ---

NumberCalls::Request NumberCalls::list_subscriptions(const Route& account) const {
  return graph_get("/subscribed_apps", account);
}

Result<std::vector<std::string>> NumberCalls::read_subscriptions(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto* data = array_in(document.root().get_object(), "data");
  if (data == nullptr) return unreadable();
  std::vector<std::string> apps;
  for (const auto& each : *data) {
    const auto* shown = each.if_object();
    const auto* app = shown == nullptr ? nullptr : object_in(*shown, "whatsapp_business_api_data");
    if (app != nullptr) apps.push_back(scalar_in(*app, "id"));
  }
  return apps;
}

NumberCalls::Request NumberCalls::look_at_account(const Route& account) const {
  return graph_get("?fields=id,name,account_review_status,health_status", account);
}

Result<AccountView> NumberCalls::read_account(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto& root = document.root().get_object();
  if (scalar_in(root, "id").empty()) return unreadable();
  return AccountView{std::string(text_in(root, "name")), word_in(root, "account_review_status"),
                     health_in(root)};
}

NumberCalls::Request NumberCalls::look_at_sender(const Route& sender) const {
  return graph_get("?fields=id,webhook_configuration,health_status", sender);
}

Result<SenderFacts> NumberCalls::read_sender_facts(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto& root = document.root().get_object();
  if (scalar_in(root, "id").empty()) return unreadable();
  SenderFacts facts;
  facts.health = health_in(root);
  if (const auto* shown = object_in(root, "webhook_configuration")) {
    facts.callbacks = {std::string(text_in(*shown, "application")),
                       std::string(text_in(*shown, "whatsapp_business_account")),
                       std::string(text_in(*shown, "phone_number"))};
  }
  return facts;
}

// --- templates ---

NumberCalls::Request NumberCalls::find_templates(std::string_view name,
                                                 const Route& account) const {
  return graph_get(
      "/message_templates?fields=name,language,status,category,quality_score&limit=100&name=" +
          percent_encode(name),
      account);
}

Result<std::vector<TemplateFacts>> NumberCalls::read_templates(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto* data = array_in(document.root().get_object(), "data");
  if (data == nullptr) return unreadable();
  std::vector<TemplateFacts> templates;
  for (const auto& each : *data) {
    const auto* shown = each.if_object();
    if (shown == nullptr) return unreadable();
    TemplateFacts facts{std::string(text_in(*shown, "name")),
                        std::string(text_in(*shown, "language")),
                        word_in(*shown, "status"),
                        word_in(*shown, "category"),
                        {}};
    if (const auto* quality = object_in(*shown, "quality_score"))
      facts.quality = word_in(*quality, "score");
    templates.push_back(std::move(facts));
  }
  return templates;
}

// --- the callback ---

std::string NumberCalls::challenge_of(std::string_view callback, const Secret& verify_token,
                                      std::string_view challenge) const {
  std::string url(callback);
  url += url.find('?') == std::string::npos ? '?' : '&';
  url += "hub.mode=subscribe&hub.challenge=" + percent_encode(challenge);
  url += "&hub.verify_token=" + percent_encode(verify_token.reveal());
  return url;
}

}  // namespace flowsell::whatsapp
