#include "graph/health.h"

namespace flowsell::sim {
namespace {

constexpr std::string_view kAvailable = "AVAILABLE";
constexpr std::string_view kLimited = "LIMITED";
constexpr std::string_view kBlocked = "BLOCKED";

struct Fault {
  std::string_view verdict;
  int code;
  std::string_view description;
  std::string_view solution;
};

json::Object entity_of(std::string_view type, std::string_view id,
                       const std::vector<Fault>& faults) {
  std::string_view verdict = kAvailable;
  json::Array errors;
  for (const auto& fault : faults) {
    if (verdict != kBlocked) verdict = fault.verdict;
    errors.push_back(json::Object{{"error_code", fault.code},
                                  {"error_description", fault.description},
                                  {"possible_solution", fault.solution}});
  }
  json::Object entity = {{"entity_type", type}, {"id", id}, {"can_send_message", verdict}};
  if (!errors.empty()) entity["errors"] = std::move(errors);
  return entity;
}

json::Object of_phone(const Node& phone) {
  std::vector<Fault> faults;
  if (phone.text("code_verification_status") != "VERIFIED") {
    faults.push_back({kBlocked, 141000, "The phone number is not verified.",
                      "Verify the phone number by request_code and verify_code."});
  }
  if (!phone.flag("_registered")) {
    faults.push_back({kBlocked, 141000, "The phone number is not registered.",
                      "Register the phone number with a PIN."});
  }
  if (phone.text("name_status") == "DECLINED") {
    faults.push_back({kLimited, 141001, "The display name was not approved.",
                      "Edit the display name and ask for another review."});
  }
  if (phone.text("quality_rating") == "RED") {
    faults.push_back({kLimited, 141003, "The phone number's quality is low.",
                      "Send what people ask for; look at blocks and reports."});
  }
  return entity_of("PHONE_NUMBER", phone.id, faults);
}

json::Object of_account(const Node& account) {
  std::vector<Fault> faults;
  if (account.text("account_review_status") == "REJECTED") {
    faults.push_back({kBlocked, 141004, "The WhatsApp Business Account was rejected in review.",
                      "Appeal in Business Support Home."});
  }
  if (account.text("status") == "DISABLED") {
    faults.push_back({kBlocked, 141005, "The WhatsApp Business Account is disabled.",
                      "Appeal in Business Support Home."});
  }
  if (account.flag("_no_payment_method")) {
    faults.push_back({kBlocked, 141006,
                      "There is an error with your payment method. This will block business "
                      "initiated conversations.",
                      "Add a valid payment method."});
  }
  return entity_of("WABA", account.id, faults);
}

json::Object of_business(const Node& business) {
  std::vector<Fault> faults;
  if (business.text("verification_status") != "verified") {
    faults.push_back({kLimited, 141010, "The Business has not passed business verification.",
                      "Visit business settings and start or resolve the verification request."});
  }
  return entity_of("BUSINESS", business.id, faults);
}

json::Object of_template(const Node& node) {
  std::vector<Fault> faults;
  if (node.text("status") != "APPROVED") {
    faults.push_back(
        {kBlocked, 141015, "The message template is not approved.", "Use an approved template."});
  }
  return entity_of("MESSAGE_TEMPLATE", node.id, faults);
}

std::string_view worst_of(const json::Array& entities) {
  std::string_view worst = kAvailable;
  for (const auto& entity : entities) {
    const auto verdict = text_in(entity.get_object(), "can_send_message");
    if (verdict == kBlocked) return kBlocked;
    if (verdict == kLimited) worst = kLimited;
  }
  return worst;
}

}  // namespace

json::Object health_of(Graph& graph, const Call& call, const Node& node) {
  json::Array entities;
  if (node.kind == NodeKind::kTemplate) entities.push_back(of_template(node));
  if (node.kind == NodeKind::kPhone) entities.push_back(of_phone(node));
  if (const auto* account = graph.account_of(node)) entities.push_back(of_account(*account));
  if (const auto* business = graph.business_of(node)) entities.push_back(of_business(*business));
  entities.push_back(entity_of("APP", graph.app_of(call).id, {}));
  json::Object health = {{"can_send_message", worst_of(entities)}};
  health["entities"] = std::move(entities);
  return health;
}

}  // namespace flowsell::sim
